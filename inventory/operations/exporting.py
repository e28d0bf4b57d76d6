"""The active inventory as a file that imports as the same rows."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dealerships.models import Dealership
from foundation.errors import BadInput
from inventory.domain.facts import INVENTORY_HEADER, RAW_FIELD_NAMES
from inventory.models import Dataset, RawVehicle, Vehicle


def export_inventory(*, dealerships: Sequence[Dealership], path: Path) -> int:
    """Write the accepted rows of the active datasets, verbatim, in the shop's 21 columns; gives their number.

    Raises `BadInput` when the file cannot be written.
    """
    datasets = Dataset.objects.active().filter(dealership__in=dealerships).order_by("dealership__name")
    rows = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(INVENTORY_HEADER)
            for dataset in datasets:
                rows += _write_rows(writer, dataset)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}. Name a file that can.") from error
    return rows


def _write_rows(writer: Any, dataset: Dataset) -> int:
    accepted = Vehicle.objects.filter(dataset=dataset).values("row_number")
    texts: Iterable[tuple[str, ...]] = (
        RawVehicle.objects.filter(dataset=dataset, row_number__in=accepted)
        .order_by("row_number")
        .values_list(*RAW_FIELD_NAMES)
        .iterator(chunk_size=2000)
    )
    rows = 0
    for row in texts:
        writer.writerow(row)
        rows += 1
    return rows
