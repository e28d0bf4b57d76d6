"""What a dataset would change: its vehicles beside those of the dataset in use."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from inventory.models import Dataset


@dataclass(frozen=True)
class Comparison:
    """`vehicles` of the dataset; with another one in use also its `vehicles_before` and the difference by VIN."""

    vehicles: int
    on_lot: int
    price_median: Decimal | None
    active: Dataset | None = None
    vehicles_before: int = 0
    on_lot_before: int = 0
    price_median_before: Decimal | None = None
    new: int = 0
    gone: int = 0
    repriced: int = 0


_FIGURES = """
    SELECT count(*), count(*) FILTER (WHERE lot_status = 'on_lot'),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY price)
    FROM inventory_vehicle WHERE dataset_id = %s
"""
_DIFFERENCE = """
    SELECT count(*) FILTER (WHERE before.vin IS NULL), count(*) FILTER (WHERE after.vin IS NULL),
           count(*) FILTER (WHERE before.price IS DISTINCT FROM after.price
                            AND before.vin IS NOT NULL AND after.vin IS NOT NULL)
    FROM (SELECT vin, price FROM inventory_vehicle WHERE dataset_id = %s) AS after
    FULL JOIN (SELECT vin, price FROM inventory_vehicle WHERE dataset_id = %s) AS before USING (vin)
"""


def compare_with_active(*, dataset: Dataset) -> Comparison:
    """The figures of a dataset, and how it differs from the one in use unless it is that one itself."""
    active = Dataset.objects.active().filter(dealership_id=dataset.dealership_id).exclude(pk=dataset.pk).first()
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [dataset.pk])
        vehicles, on_lot, median = cursor.fetchone()
        if active is None:
            return Comparison(vehicles, on_lot, median)
        cursor.execute(_FIGURES, [active.pk])
        before = cursor.fetchone()
        cursor.execute(_DIFFERENCE, [dataset.pk, active.pk])
        return Comparison(vehicles, on_lot, median, active, *before, *cursor.fetchone())
