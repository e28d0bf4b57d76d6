"""How much a lot may change, and how long a file may take."""

import pytest
from django.db import transaction
from pytest_django import Settings

from foundation.errors import BadInput
from inventory.models import Dataset, RawVehicle
from inventory.operations.importing import run_import
from tests.factories import make_csv, make_dealership
from tests.inventory.arrivals import ELM, import_file, import_lot, register, rows_at
from tests.inventory.bad_inputs import GOOD

pytestmark = pytest.mark.django_db


def test_case_103_a_lot_of_20_is_compared_by_number() -> None:
    make_dealership(name=ELM)
    import_lot(ELM, 20)
    assert [import_lot(ELM, count).status for count in (36, 34)] == ["held", "active"]


def test_cases_78_and_104_a_lot_of_500_is_compared_by_percentages() -> None:
    make_dealership(name=ELM)
    rows = rows_at(ELM, 1001)
    import_file(make_csv(rows=rows[:500]))
    found = {}
    for count in (12, 349, 350, 700, 701, 1000, 1001):
        with transaction.atomic():
            dataset = import_file(make_csv(rows=rows[:count])).datasets.get()
            found[count] = (dataset.status, [(gate["code"], gate["severity"]) for gate in dataset.gates])
            transaction.set_rollback(True)
    assert found == {
        12: ("held", [("G_COLLAPSE", "hold_manager")]),
        349: ("held", [("G_SHRINK", "hold_staff")]),
        350: ("active", []),
        700: ("active", []),
        701: ("held", [("G_RISE", "hold_staff")]),
        1000: ("held", [("G_RISE", "hold_staff")]),
        1001: ("held", [("G_GROWTH", "hold_manager")]),
    }


def test_reading_ends_when_its_time_is_over_and_nothing_stays(settings: Settings) -> None:
    make_dealership(name=ELM)
    settings.IMPORT_SECONDS = 0
    inventory_import = register(GOOD)
    with pytest.raises(BadInput) as raised:
        run_import(inventory_import=inventory_import)
    inventory_import.refresh_from_db()
    refusal = raised.value
    assert (refusal.code, inventory_import.error_code) == ("E_TIMEOUT", "E_TIMEOUT")
    assert refusal.message.startswith("Reading the file took more than 0 seconds and was ended in row 2. Split it")
    assert (Dataset.objects.count(), RawVehicle.objects.count()) == (0, 0)


def test_a_file_name_with_nul_is_kept_without_it() -> None:
    assert register(GOOD, file_name="lo\0ts.csv").source == "lots.csv"
