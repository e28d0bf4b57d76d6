"""What a dataset would change or has changed: its vehicles beside those of another dataset of its dealership."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from inventory.models import Dataset, Vehicle

_NO_PRICE = Value(Decimal(-1))


@dataclass(frozen=True)
class Comparison:
    """`vehicles` of the dataset; beside another one also its `vehicles_before` and the difference by VIN."""

    vehicles: int
    on_lot: int
    price_median: Decimal | None
    other: Dataset | None = None
    vehicles_before: int = 0
    on_lot_before: int = 0
    price_median_before: Decimal | None = None
    new: int = 0
    gone: int = 0
    repriced: int = 0
    moved: int = 0


_FIGURES = """
    SELECT count(*), count(*) FILTER (WHERE lot_status = 'on_lot'),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY price)
    FROM inventory_vehicle WHERE dataset_id = %s
"""
_DIFFERENCE = """
    SELECT count(*) FILTER (WHERE before.vin IS NULL), count(*) FILTER (WHERE after.vin IS NULL),
           count(*) FILTER (WHERE before.price IS DISTINCT FROM after.price
                            AND before.vin IS NOT NULL AND after.vin IS NOT NULL),
           count(*) FILTER (WHERE before.condition <> after.condition)
    FROM (SELECT vin, price, condition FROM inventory_vehicle WHERE dataset_id = %s) AS after
    FULL JOIN (SELECT vin, price, condition FROM inventory_vehicle WHERE dataset_id = %s) AS before USING (vin)
"""
_COUNTED = ("new", "gone", "repriced", "moved")


def active_beside(dataset: Dataset) -> Dataset | None:
    """The dataset of its dealership that is in use, unless it is that one itself."""
    return Dataset.objects.active().filter(dealership_id=dataset.dealership_id).exclude(pk=dataset.pk).first()


def compared_with(dataset: Dataset) -> Dataset | None:
    """What a dataset is looked at beside: the one in use, and for that one itself the one whose place it took."""
    if dataset.status != Dataset.Status.ACTIVE:
        return active_beside(dataset)
    return Dataset.objects.filter(pk=dataset.difference.get("dataset")).first()


def measure_difference(*, dataset: Dataset, other: Dataset | None) -> dict[str, int]:
    """How a dataset differs from another one of its dealership, to be kept with it; empty without another one.

    `dataset` is the other one's id and `before` its vehicles; `new` and `gone` are VINs that only one of them has,
    `repriced` and `moved` vehicles of both with another price or another condition.
    """
    if other is None:
        return {}
    counts = zip(_COUNTED, _difference(dataset, other), strict=True)
    return {"dataset": other.pk, "before": other.rows_accepted, **dict(counts)}


def _difference(dataset: Dataset, other: Dataset) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCE, [dataset.pk, other.pk])
        counts: tuple[int, ...] = cursor.fetchone()
    return counts


def compare_dataset(*, dataset: Dataset) -> Comparison:
    """The figures of a dataset, and how it differs from the one that it is looked at beside, if there is one."""
    other = compared_with(dataset)
    if other is None or other.status == Dataset.Status.REMOVED:
        return Comparison(*_figures(dataset))
    new, gone, repriced, moved = _difference(dataset, other)
    return Comparison(*_figures(dataset), other, *_figures(other), new, gone, repriced, moved)


def _figures(dataset: Dataset) -> tuple[int, int, Decimal | None]:
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [dataset.pk])
        vehicles, on_lot, price_median = cursor.fetchone()
    return vehicles, on_lot, price_median


def list_difference(*, dataset: Dataset, other: Dataset, what: str) -> QuerySet[Vehicle]:
    """The vehicles behind one figure of a difference (`new`, `gone`, `repriced` or `moved`), by stock number and VIN.

    Those of both datasets have `price_before` and `condition_before`.
    """
    here, there = (other, dataset) if what == "gone" else (dataset, other)
    twin = Vehicle.objects.filter(dataset=there, vin=OuterRef("vin"))
    vehicles = Vehicle.objects.filter(dataset=here).order_by("stock", "vin")
    if what in {"new", "gone"}:
        return vehicles.filter(~Exists(twin))
    both = vehicles.filter(Exists(twin)).annotate(
        price_before=Subquery(twin.values("price")[:1]), condition_before=Subquery(twin.values("condition")[:1])
    )
    if what == "moved":
        return both.exclude(condition=F("condition_before"))
    now, before = Coalesce("price", _NO_PRICE), Coalesce("price_before", _NO_PRICE)
    return both.annotate(price_now=now, price_then=before).exclude(price_now=F("price_then"))
