"""Invented VIN logs in the layouts that the shop's sheets have."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

_BASELINE_SHARE = 0.45
_REPRINT_SHARE = 0.08
_SMALLEST_ORDER, _LARGEST_ORDER = 4, 24
_DAYS_BETWEEN_ORDERS = 6
Group = tuple[str, date, list[str]]


def build_log(printed: Sequence[str], gone: Sequence[str], *, number: int, first_label: int, today: date) -> bytes:
    """The log of a dealership that has printed these VINs, the oldest first, among vehicles that are gone.

    A baseline comes first, then orders with labels from `first_label` on, some with reprints. Every other dealership
    by its `number` keeps one column per fact; the others keep groups with the label on the first row.
    """
    rng = random.Random(f"demo log {number}")  # noqa: S311 - the same every time, nothing secret
    vins = _mixed(printed, gone, rng)
    split = int(len(vins) * _BASELINE_SHARE)
    orders = list(_orders(vins[split:], rng))
    start = today - timedelta(days=_DAYS_BETWEEN_ORDERS * (len(orders) + 1))
    groups: list[Group] = [("BASELINE", start, vins[:split])]
    for position, order in enumerate(orders, start=1):
        day = start + timedelta(days=_DAYS_BETWEEN_ORDERS * position)
        groups.append((str(first_label + position), day, order))
    rows = _columns(groups) if number % 2 else _groups(groups)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _mixed(printed: Sequence[str], gone: Sequence[str], rng: random.Random) -> list[str]:
    """Vehicles that are gone stand among the older ones."""
    vins = list(printed)
    for vin in gone:
        vins.insert(rng.randrange(len(vins) // 2 + 1), vin)
    return vins


def _orders(vins: Sequence[str], rng: random.Random) -> Iterator[list[str]]:
    position = 0
    while position < len(vins):
        size = rng.randint(_SMALLEST_ORDER, _LARGEST_ORDER)
        reprints = [vin for vin in vins[max(position - _LARGEST_ORDER, 0) : position] if rng.random() < _REPRINT_SHARE]
        yield [*vins[position : position + size], *reprints]
        position += size


def _columns(groups: Sequence[Group]) -> Iterator[list[str]]:
    yield ["VIN", "ORDER_NUMBER", "ORDER_DATE"]
    for label, day, vins in groups:
        for vin in vins:
            yield [vin, label, day.isoformat()]


def _groups(groups: Sequence[Group]) -> Iterator[list[str]]:
    yield ["ORDER", "VINS"]
    for label, _, vins in groups:
        for position, vin in enumerate(vins):
            yield [label if position == 0 else "", vin]
        yield ["", ""]
