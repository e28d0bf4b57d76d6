"""What waits at every dealership, with a number of queries that does not grow with the dealerships."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils import timezone

from dealerships.domain.rules import Condition, ConditionGroup
from dealerships.models import Dealership
from inventory.models import Dataset, InventoryImport, UnmatchedName
from inventory.operations.activation import is_stale
from orders.domain.day import DayState, day_state, urgency
from orders.models import Order, VinLogEntry
from orders.operations.lot_counts import LotCount, count_lots

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Overview:
    """One dealership on the day's page; `waiting` counts the vehicles that a CAO would print now, by condition."""

    dealership: Dealership
    state: DayState
    is_due: bool
    dataset: Dataset | None
    is_stale: bool
    held: Dataset | None
    on_lot: int
    waiting: Counter[Condition]
    last_order: Order | None
    open_orders: tuple[Order, ...]

    @property
    def to_print(self) -> int:
        return self.waiting.total()

    def waiting_of(self, group: ConditionGroup) -> int:
        """How many of them an order of that condition group would print."""
        return sum(self.waiting[condition] for condition in group.conditions)

    @property
    def by_urgency(self) -> tuple[int, int, str]:
        return urgency(self.state), -self.to_print, self.dealership.name


@dataclass(frozen=True)
class Log:
    """How large a dealership's VIN log is and when it last grew."""

    entries: int
    last_entry_at: datetime | None


def survey_dealerships(*, now: datetime) -> list[Overview]:
    """Every active dealership with its inventory, what waits, its open and its last order, the most urgent first."""
    dealerships = list(Dealership.objects.active().select_related("template_new", "template_used"))
    datasets, held = _datasets()
    counts = count_lots(dealerships=dealerships, today=timezone.localdate(now))
    open_orders, last_orders = _open_orders(), _last_orders()
    today = WEEKDAYS[timezone.localtime(now).weekday()]
    overviews = [
        _overview(
            dealership,
            now=now,
            is_due=today in dealership.schedule_days,
            dataset=datasets.get(dealership.pk),
            held=held.get(dealership.pk),
            count=counts.get(dealership.pk, LotCount()),
            last_order=last_orders.get(dealership.pk),
            open_orders=tuple(open_orders.get(dealership.pk, ())),
        )
        for dealership in dealerships
    ]
    return sorted(overviews, key=lambda overview: overview.by_urgency)


def _overview(
    dealership: Dealership,
    *,
    now: datetime,
    is_due: bool,
    dataset: Dataset | None,
    held: Dataset | None,
    count: LotCount,
    last_order: Order | None,
    open_orders: tuple[Order, ...],
) -> Overview:
    completed_at = last_order.completed_at if last_order else None
    state = day_state(
        open_states=[order.state for order in open_orders],
        has_held_dataset=held is not None,
        has_inventory=dataset is not None,
        has_rules=dealership.conditions is not None,
        waiting=count.waiting.total(),
        is_done_today=completed_at is not None and timezone.localdate(completed_at) == timezone.localdate(now),
    )
    return Overview(
        dealership=dealership,
        state=state,
        is_due=is_due,
        dataset=dataset,
        is_stale=dataset is not None and is_stale(dataset=dataset, now=now),
        held=held,
        on_lot=count.on_lot,
        waiting=count.waiting,
        last_order=last_order,
        open_orders=open_orders,
    )


def _datasets() -> tuple[dict[int, Dataset], dict[int, Dataset]]:
    """The active and the newest held dataset by dealership id."""
    active: dict[int, Dataset] = {}
    held: dict[int, Dataset] = {}
    for dataset in Dataset.objects.filter(status__in=[Dataset.Status.ACTIVE, Dataset.Status.HELD]).order_by("id"):
        (active if dataset.status == Dataset.Status.ACTIVE else held)[dataset.dealership_id] = dataset
    return active, held


def _open_orders() -> dict[int, list[Order]]:
    orders: defaultdict[int, list[Order]] = defaultdict(list)
    for order in Order.objects.open().annotate(vehicles=Count("lines", filter=Q(lines__included=True))):
        orders[order.dealership_id].append(order)
    return orders


def _last_orders() -> dict[int, Order]:
    newest = Order.objects.done().order_by("dealership_id", "-completed_at", "-id").distinct("dealership_id")
    vehicles = Count("lines", filter=Q(lines__included=True))
    orders = Order.objects.filter(pk__in=newest.values("pk")).annotate(vehicles=vehicles)
    return {order.dealership_id: order for order in orders}


def unmatched_names_of_last_import() -> list[UnmatchedName]:
    """The dealership names of the newest import that nobody knows or ignores yet, the most rows first."""
    newest = InventoryImport.objects.filter(status=InventoryImport.Status.DONE).order_by("-id").values("pk")[:1]
    return list(UnmatchedName.objects.open().filter(inventory_import__in=newest))


def log_of(*, dealership: Dealership) -> Log:
    figures = VinLogEntry.objects.in_force().for_dealership(dealership).aggregate(n=Count("id"), at=Max("created_at"))
    return Log(figures["n"], figures["at"])
