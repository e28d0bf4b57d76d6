"""Measures the import: staging a file against `bulk_create` of its rows, and memory against the size of the file."""

import json
import resource
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from dealerships.models import Dealership
from inventory.domain.facts import RAW_FIELD_NAMES, RawFields, VehicleFacts
from inventory.domain.normalisation import normalise
from inventory.domain.sheets import RowFault, open_sheet
from inventory.models import FACT_NAMES, Dataset, InventoryImport, RawVehicle, Vehicle
from inventory.operations.importing import load_mappings, stage_rows
from silverfox.benchmarks.comparing import Comparison, compare, seconds
from silverfox.benchmarks.data import DEALERSHIPS, dealership_name, write_rows
from silverfox.benchmarks.own_database import manage_here

RATIO = 4
MOST_MEMORY_MIB = 30
_BATCH = 2000
_KIB_PER_MIB = 1024


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def compare_imports(*, rows: int, rounds: int) -> tuple[Comparison, float]:
    """From a file to raw vehicles and vehicles, by us and by `bulk_create`; the database stays as it was.

    Both read and normalise the same file and end with the checks that a commit makes; the seconds of reading and
    normalising alone come as well. Problems, duplicates and statistics are our work only.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, rows)
        comparison = compare(
            ours=("stage_rows: read, normalise, COPY", lambda: _stage(path)),
            peer=("read, normalise, bulk_create", lambda: _bulk_create(path)),
            rounds=rounds,
            target=RATIO,
            tidy=_vacuum,
        )
        return comparison, seconds(lambda: deque(_read(path), maxlen=0).clear())


def measure_memory(*, rows: int) -> float:
    """The most MiB that a process of its own needed at any time to stage so many rows."""
    connection.ensure_connection()  # the new process finds a server that runs
    command, environment = manage_here("benchmark", "import", "--only-memory", "--json", "--rows", str(rows))
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return float(json.loads(done.stdout)["peak_mib"])


def stage_and_weigh(*, rows: int) -> float:
    """Stage so many rows in this process and give the most MiB that it has needed since its start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, rows)
        _stage(path)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MIB


def _stage(path: Path) -> None:
    """Stage the file as an import would, check what a commit would check, and roll back."""
    with rolled_back(), path.open("rb") as stream:
        make_dealerships()
        stage_rows(inventory_import=make_import(), stream=stream)
        _check_constraints()


def make_dealerships() -> list[Dealership]:
    """The dealerships that the generated rows name."""
    codes = {f"BENCHMARK_{number}": dealership_name(number) for number in range(DEALERSHIPS)}
    return [Dealership.objects.create(name=name, short_code=code, file_name=code) for code, name in codes.items()]


def make_import() -> InventoryImport:
    """An import of now, without a file."""
    return InventoryImport.objects.create(source="benchmark", collected_at=timezone.now())


def _vacuum() -> None:
    """Clear away what was rolled back, so that every round begins alike; a transaction around it all rules that out."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM inventory_rawvehicle, inventory_vehicle, inventory_importproblem")


def _check_constraints() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _read(path: Path) -> Iterator[tuple[int, RawFields, VehicleFacts]]:
    mappings, year = load_mappings(), timezone.localdate().year
    with path.open("rb") as stream:
        for number, raw in open_sheet(stream):
            if isinstance(raw, RowFault):
                continue
            facts = normalise(number, raw, mappings, year_now=year, approved_hosts=frozenset()).facts
            if facts:
                yield number, raw, facts


def _bulk_create(path: Path) -> None:
    with rolled_back():
        item = make_import()
        datasets = {
            dealership.name: Dataset.objects.create(
                inventory_import=item, dealership=dealership, collected_at=item.collected_at
            )
            for dealership in make_dealerships()
        }
        rows = _read(path)
        while batch := list(islice(rows, _BATCH)):
            RawVehicle.objects.bulk_create(
                RawVehicle(
                    dataset=datasets[raw.location], row_number=number, **dict(zip(RAW_FIELD_NAMES, raw, strict=True))
                )
                for number, raw, _ in batch
            )
            Vehicle.objects.bulk_create(
                Vehicle(dataset=datasets[raw.location], row_number=number, **dict(zip(FACT_NAMES, facts, strict=True)))
                for number, raw, facts in batch
            )
        _check_constraints()
