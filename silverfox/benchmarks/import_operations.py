"""Measures the import: staging a file against `bulk_create` of its rows, and memory against the size of the file."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dealerships.models import Dealership
from inventory.domain.facts import RAW_FIELD_NAMES, RawFields, VehicleFacts
from inventory.domain.normalisation import normalise
from inventory.domain.sheets import RowFault, open_sheet
from inventory.models import FACT_NAMES, Dataset, InventoryImport, RawVehicle, Vehicle
from inventory.operations.importing import load_mappings, stage_rows
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.data import DEALERSHIPS, dealership_name, write_rows

RATIO = 4
MOST_MEMORY_MIB = 30
_BATCH = 2000
_KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    raw: RawFields
    facts: VehicleFacts


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def compare_imports(*, rows: int, rounds: int) -> Comparison:
    """Staging a file, reading and normalising included, against `bulk_create` of its rows, read and normalised before.

    Both fill the table of raw vehicles and the table of vehicles and end with the checks that a commit makes. The
    database stays as it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, rows)
        parsed = _parse(path)
        return compare(
            ours=("stage_rows: read, normalise, COPY", lambda: stage_file(path)),
            peer=("bulk_create: the same rows, ready in memory", lambda: _bulk_create(parsed)),
            rounds=rounds,
            target=RATIO,
        )


def measure_memory(*, rows: int) -> float:
    """The most MiB that a process of its own needed at any time to stage so many rows."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark", "import", "--only-memory", "--json"]
    done = subprocess.run(
        [*command, "--rows", str(rows)], env=_environment(), stdout=subprocess.PIPE, check=True, text=True
    )
    return float(json.loads(done.stdout)["peak_mib"])


def stage_and_weigh(*, rows: int) -> float:
    """Stage so many rows in this process and give the most MiB that it has needed since its start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, rows)
        stage_file(path)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MIB


def stage_file(path: Path) -> None:
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


def _check_constraints() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _parse(path: Path) -> list[_Row]:
    mappings, year, parsed = load_mappings(), timezone.localdate().year, []
    with path.open("rb") as stream:
        for number, raw in open_sheet(stream):
            if isinstance(raw, RowFault):
                continue
            result = normalise(number, raw, mappings, year_now=year, approved_hosts=frozenset())
            if result.facts:
                parsed.append(_Row(number, raw, result.facts))
    return parsed


def _bulk_create(parsed: list[_Row]) -> None:
    with rolled_back():
        item = make_import()
        datasets = {
            dealership.name: Dataset.objects.create(
                inventory_import=item, dealership=dealership, collected_at=item.collected_at
            )
            for dealership in make_dealerships()
        }
        RawVehicle.objects.bulk_create(
            (
                RawVehicle(
                    dataset=datasets[row.raw.location],
                    row_number=row.number,
                    **dict(zip(RAW_FIELD_NAMES, row.raw, strict=True)),
                )
                for row in parsed
            ),
            batch_size=_BATCH,
        )
        Vehicle.objects.bulk_create(
            (
                Vehicle(
                    dataset=datasets[row.raw.location],
                    row_number=row.number,
                    **dict(zip(FACT_NAMES, row.facts, strict=True)),
                )
                for row in parsed
            ),
            batch_size=_BATCH,
        )
        _check_constraints()


def _environment() -> dict[str, str]:
    """What a new process needs to reach the database of this one, also where tests have made one of their own."""
    database = connection.settings_dict
    query = urlencode({"host": database["HOST"], **database["OPTIONS"]} if database["HOST"] else database["OPTIONS"])
    port = f":{database['PORT']}" if database["PORT"] else ""
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{quote(database['USER'])}@{port}/{quote(database['NAME'])}?{query}",
        "PGPASSWORD": database["PASSWORD"],
        "SECRET_KEY": settings.SECRET_KEY,
    }
