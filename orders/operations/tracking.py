"""Everything that is known of one VIN, over all dealerships: lots, inventories, orders and log entries."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db.models import Count, Max, Model, Q, QuerySet
from django.db.models.functions import Right

from dealerships.models import Dealership
from inventory.domain.vin import VIN_END
from inventory.models import Dataset, FirstSeen, RawVehicle, Vehicle
from orders.domain.states import OrderState
from orders.domain.vehicle_history import Inventory, Step, history_of
from orders.models import OrderLine, VinLogEntry
from orders.operations.selecting import LotVerdict, explain_on_every_lot

Row = TypeVar("Row", bound=Model)
_UNDECIDED = [Dataset.Status.STAGED, Dataset.Status.HELD]
_RELEASED = {OrderState.DONE, OrderState.VOIDED}


@dataclass(frozen=True)
class Moment:
    """One line of a vehicle's history: a step between inventories, a line of an order, or a log entry."""

    at: datetime
    dealership: Dealership
    step: Step | None = None
    line: OrderLine | None = None
    entry: VinLogEntry | None = None


@dataclass(frozen=True)
class RemovedRows:
    """Inventories of the vehicle's dealerships whose rows are kept no more."""

    datasets: int
    newest: datetime | None


@dataclass(frozen=True)
class TrackedVehicle:
    """What is known of a VIN; `sightings` are its rows in kept inventories, the newest of an active one first."""

    vin: str
    first_seen: list[FirstSeen]
    lots: list[LotVerdict]
    sightings: list[Vehicle]
    moments: list[Moment]
    lines: int
    entries: list[VinLogEntry]
    removed: RemovedRows

    @property
    def is_known(self) -> bool:
        return bool(self.first_seen or self.moments)

    @property
    def last_seen(self) -> Vehicle | None:
        """Its row in the newest inventory that holds it."""
        return max(self.sightings, key=lambda vehicle: vehicle.dataset.collected_at, default=None)

    @property
    def logged(self) -> list[VinLogEntry]:
        """Its log entries in force, the newest first."""
        return [entry for entry in self.entries if entry.voided_at is None]


def track_vehicle(*, vin: str, today: date) -> TrackedVehicle:
    """Everything about a VIN; `is_known` is false where no inventory, order or log ever held it."""
    first_seen = list(_of(FirstSeen.objects.all(), vin).select_related("dealership").order_by("first_seen_date"))
    owners = [row.dealership_id for row in first_seen]
    # Of others only what waits for a decision: whatever orders once used is in first-seen dates.
    datasets = list(
        Dataset.objects.filter(Q(dealership__in=owners) | Q(status__in=_UNDECIDED))
        .exclude(status=Dataset.Status.REMOVED)
        .select_related("dealership")
    )
    sightings = _sightings(vin, datasets)
    lines = list(
        _of(OrderLine.objects.all(), vin).select_related("order__dealership", "order__created_by").order_by("-order")
    )
    entries = list(
        _of(VinLogEntry.objects.all(), vin)
        .select_related("dealership", "created_by", "voided_by", "order")
        .order_by("-id")
    )
    removed = Dataset.objects.filter(dealership__in=owners, status=Dataset.Status.REMOVED)
    counted = removed.aggregate(datasets=Count("pk"), newest=Max("collected_at"))
    return TrackedVehicle(
        vin=vin,
        first_seen=first_seen,
        lots=explain_on_every_lot(vin=vin, today=today),
        sightings=sightings,
        moments=_moments(_steps(datasets, sightings), lines, entries),
        lines=len(lines),
        entries=entries,
        removed=RemovedRows(**counted),
    )


def _of(rows: QuerySet[Row], vin: str) -> QuerySet[Row]:
    """Those of a VIN: its end is what the index holds, the whole decides."""
    ended: Any = rows.alias(vin_end=Right("vin", VIN_END))
    found: QuerySet[Row] = ended.filter(vin_end=vin[-VIN_END:], vin=vin)
    return found


def _sightings(vin: str, datasets: list[Dataset]) -> list[Vehicle]:
    vehicles = Vehicle.objects.filter(vin=vin, dataset__in=[dataset.pk for dataset in datasets])
    found = list(vehicles.select_related("dataset__dealership"))
    return sorted(
        found, key=lambda v: (v.dataset.status == Dataset.Status.ACTIVE, v.dataset.collected_at), reverse=True
    )


def _steps(datasets: list[Dataset], sightings: list[Vehicle]) -> list[tuple[Step, Dealership]]:
    dealerships = {dataset.dealership_id: dataset.dealership for dataset in datasets}
    inventories = [Inventory(d.pk, d.dealership_id, d.collected_at, d.activated_at is not None) for d in datasets]
    steps = history_of(inventories, {vehicle.dataset_id: vehicle.facts() for vehicle in sightings})
    return [(step, dealerships[step.inventory.dealership_id]) for step in steps]


def _moments(steps: list[tuple[Step, Dealership]], lines: list[OrderLine], entries: list[VinLogEntry]) -> list[Moment]:
    """All of it in one order of time, newest first; an order stands at its completion, before that at its start."""
    moments = [Moment(step.inventory.collected_at, dealership, step=step) for step, dealership in steps]
    moments += [Moment(_time_of(line), line.order.dealership, line=line) for line in lines]
    moments += [Moment(entry.created_at, entry.dealership, entry=entry) for entry in entries]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def _time_of(line: OrderLine) -> datetime:
    order = line.order
    return order.completed_at if order.completed_at and order.state in _RELEASED else order.created_at


def site_texts(*, vehicle: Vehicle) -> dict[str, str]:
    """What the website said, word for word, by the names of its columns."""
    raw = RawVehicle.objects.filter(dataset=vehicle.dataset_id, row_number=vehicle.row_number).first()
    return raw.texts() if raw else {}
