"""How many vehicles stand on each dealership's lot and how many a CAO would print, counted again only after a change.

A count is kept in this process with the mark of all that it was made from: the dataset in use and its events (every
change of vehicles is one), the rules, the day, and where the dealership's log and its open orders stood. Whoever adds
to a log holds the dealership's row, so its newest entry and its void ones tell every change of it. The mark is read
before the vehicles: a count that is newer than its mark is only made once more.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum

from dealerships.domain.rules import Condition, ConditionGroup
from dealerships.models import Dealership
from inventory.domain.facts import LotStatus
from inventory.models import Dataset
from orders.domain.selection import select
from orders.models import OpenVin, VinLogEntry
from orders.operations.selecting import load_unprinted


@dataclass(frozen=True)
class LotCount:
    """`waiting` counts the vehicles that a CAO would print now, by condition."""

    on_lot: int = 0
    waiting: Counter[Condition] = field(default_factory=Counter)


_counted: dict[int, tuple[Any, LotCount]] = {}


def count_lots(*, dealerships: Iterable[Dealership], today: date) -> dict[int, LotCount]:
    """The counts of every dealership with an active dataset by its id; queries do not grow with the dealerships."""
    by_id = {dealership.pk: dealership for dealership in dealerships}
    marks = {pk: (mark, by_id[pk].filter_rules(), today) for pk, mark in _marks().items() if pk in by_id}
    counts = {pk: _counted[pk][1] for pk, mark in marks.items() if pk in _counted and _counted[pk][0] == mark}
    changed = [by_id[pk] for pk in marks if pk not in counts]
    if changed:
        fresh = _count(changed, today)
        _counted.update((pk, (marks[pk], count)) for pk, count in fresh.items())
        counts |= fresh
    return counts


def _marks() -> dict[int, tuple[Any, ...]]:
    """What changes when the vehicles, the log or the open orders of a dealership do."""
    log = VinLogEntry.objects.filter(dealership=OuterRef("dealership")).order_by()
    newest = log.order_by("-id").values("id")[:1]
    voided = log.filter(voided_at__isnull=False).values("dealership").annotate(n=Count("id")).values("n")
    datasets = Dataset.objects.active().order_by().annotate(happened=Count("events"))
    rows = datasets.annotate(newest=Subquery(newest), voided=Subquery(voided))
    held = {
        pk: (n, total) for pk, n, total in OpenVin.objects.values_list("dealership").annotate(Count("id"), Sum("id"))
    }
    columns = ("dealership_id", "id", "happened", "newest", "voided")
    return {pk: (*mark, held.get(pk)) for pk, *mark in rows.values_list(*columns)}


def _count(dealerships: Iterable[Dealership], today: date) -> dict[int, LotCount]:
    by_id = {dealership.pk: dealership for dealership in dealerships}
    on_lot = (
        Dataset.objects.active()
        .filter(dealership__in=by_id)
        .order_by()
        .annotate(on_lot=Count("vehicles", filter=Q(vehicles__lot_status=LotStatus.ON_LOT)))
    )
    waiting: dict[int, Counter[Condition]] = {}
    for pk, candidates in load_unprinted(dealerships=[d for d in by_id.values() if d.conditions]).items():
        rules = by_id[pk].filter_rules()
        selected = select(candidates, rules, ConditionGroup.ALL, today=today).selected if rules else ()
        waiting[pk] = Counter(candidate.facts.condition for candidate in selected)
    return {pk: LotCount(n, waiting.get(pk, Counter())) for pk, n in on_lot.values_list("dealership_id", "on_lot")}
