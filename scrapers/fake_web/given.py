"""Vehicles that the fake dealer web is given in the place of invented ones: those of an inventory that is in use."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import md5
from pathlib import Path
from typing import Any

from scrapers.fake_web.lots import Lot, find_lot
from scrapers.fake_web.vehicles import Vehicle

_MILES = 10


class GivenLots:
    """Vehicles by website; a website that none were given for goes on inventing them."""

    def __init__(self, vehicles: Mapping[int, tuple[Vehicle, ...]]) -> None:
        self._by_lot = dict(vehicles)

    def of(self, lot: Lot) -> tuple[Vehicle, ...] | None:
        return self._by_lot.get(lot.number)


def load_given(path: Path) -> GivenLots:
    """The lots of a file: by domain, a list of vehicles with the names of `Vehicle` for what is known of each.

    Raises `OSError` when it cannot be read, and `ValueError` or `LookupError` when it holds something else.
    """
    lots = {find_lot(domain): rows for domain, rows in json.loads(path.read_text(encoding="utf-8")).items()}
    return GivenLots({lot.number: tuple(_vehicles(lot, rows)) for lot, rows in lots.items()})


def _vehicles(lot: Lot, rows: Sequence[Mapping[str, Any]]) -> list[Vehicle]:
    """A website that shows nothing that is not on the lot leaves those out."""
    shown = [row for row in rows if row["state"] == "on_lot" or lot.setting("off_lot") != "0"]
    return [_vehicle(lot, number, row) for number, row in enumerate(shown, start=1)]


def _vehicle(lot: Lot, number: int, row: Mapping[str, Any]) -> Vehicle:
    values = dict(row)
    since = values.pop("since")
    return Vehicle(
        number=number,
        odd="" if row["price"] else "blank",
        since=date.fromisoformat(since) if since else None,
        miles=_MILES,
        code=row["vin"][:8],
        token=md5(row["vin"].encode(), usedforsecurity=False).hexdigest(),
        rooftop=lot.label,
        **values,
    )
