"""Programs that are killed while they import or activate: nothing half done is ever seen, and all can be repeated."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from inventory.models import Dataset, InventoryImport, RawVehicle, Vehicle
from inventory.operations.activation import activate_dataset
from inventory.operations.importing import run_import
from tests.factories import ensure_mappings, make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, import_file, import_lot, in_a_thread, register, rows_at
from tests.inventory.dying_program import LAST_OF_ACTIVATION
from tests.programs import run_program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def in_use() -> Dataset:
    ensure_mappings()
    make_dealership(name=ELM)
    return import_lot(ELM, 6)


def killed_at(place: str, *command: str) -> None:
    program = run_program("-m", "tests.inventory.dying_program", place, *command)
    assert program.returncode == -signal.SIGKILL, program.stderr


def states() -> list[str]:
    return list(Dataset.objects.order_by("pk").values_list("status", flat=True))


def test_a_program_killed_while_it_stages_leaves_nothing_in_the_way(in_use: Dataset, tmp_path: Path) -> None:
    content = make_csv(rows=rows_at(ELM, 7))
    path = tmp_path / "lots.csv"
    path.write_bytes(content)
    rows = RawVehicle.objects.count()
    killed_at("ANALYZE inventory_rawvehicle", "import_inventory", str(path))
    assert InventoryImport.objects.latest("pk").rows_read == 0
    assert (Dataset.objects.get(), RawVehicle.objects.count(), Vehicle.objects.count()) == (in_use, rows, rows)
    import_file(content)
    assert states() == ["archived", "active"]


@pytest.mark.parametrize(
    ("place", "outcome"), [(LAST_OF_ACTIVATION, ["active", "staged"]), ("commit", ["archived", "active"])]
)
def test_a_program_killed_while_it_activates_leaves_the_old_dataset_in_use(
    place: str, outcome: list[str], in_use: Dataset
) -> None:
    dataset = import_lot(ELM, 7, stage_only=True)
    killed_at(place, "activate_dataset", ELM)
    assert states() == outcome
    if place != "commit":
        activate_dataset(dataset=dataset)
    assert states() == ["archived", "active"]


def test_others_see_how_far_a_long_reading_is() -> None:
    make_dealership(name=ELM)
    # So many that it takes some seconds.
    rows = (make_row(number=number, location=ELM) for number in range(1, 40_001))
    item = register(make_csv(rows=rows))
    seen: set[int] = set()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(in_a_thread(lambda: run_import(inventory_import=item)))
        while not reading.done():
            seen.add(InventoryImport.objects.values_list("rows_so_far", flat=True).get(pk=item.pk))
            sleep(0.05)
        reading.result()
    item.refresh_from_db()
    assert item.rows_read == 40_000
    assert [rows for rows in seen if 0 < rows < 40_000]
