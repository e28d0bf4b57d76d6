"""Every numbered bad input, through the operation, the page and the command: a verdict, a code, a sentence, no harm."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from pytest_django import DjangoDbBlocker

from dealerships.models import DealershipAlias
from foundation.errors import BadInput
from inventory.models import Dataset, ImportProblem, InventoryImport, RawVehicle, Vehicle
from inventory.operations.importing import run_import
from tests.factories import make_dealership
from tests.inventory.arrivals import ELM, OAK, account_of, gates_of, import_lot, register
from tests.inventory.bad_inputs import FILES, Case
from tests.inventory.bad_rows import ROWS, STRANGE_PLACES
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
TESTS = Path(__file__).resolve().parents[1]
CASES = [*FILES, *ROWS]
ELSEWHERE = {
    30: "inventory/test_importing.py::test_an_endless_stream_is_refused_at_the_limit",
    31: "inventory/test_commands.py::test_200_001_rows_are_refused",
    40: "inventory/test_importing.py::test_the_name_of_a_file_never_decides_where_it_is_kept",
    41: "inventory/test_bad_inputs.py::test_the_page_tells_what_became_of_it",
    52: "orders/domain/test_selection.py::test_the_log_and_open_orders_remove_last",
    78: "inventory/test_limits.py::test_cases_78_and_104_a_lot_of_500_is_compared_by_percentages",
    80: "inventory/test_importing.py::test_the_same_bytes_are_imported_once",
    81: "inventory/test_activation.py::test_an_older_file_after_a_newer_one_is_held",
    82: "inventory/test_activation.py::test_gates_are_judged_again_at_activation_against_the_dataset_in_use_then",
    83: "inventory/test_importing.py::test_different_files_for_the_same_dealerships_can_be_imported_at_the_same_time",
    84: "inventory/test_interrupted_import.py::test_a_program_killed_while_it_stages_leaves_nothing_in_the_way",
    85: "inventory/test_interrupted_import.py::test_a_program_killed_while_it_activates_leaves_the_old_dataset_in_use",
    86: "inventory/test_importing.py::test_a_database_error_far_into_the_file_leaves_no_rows_and_a_reason",
    87: "inventory/test_importing.py::test_an_upload_that_breaks_off_is_not_kept",
    88: "inventory/test_pages.py::test_a_viewer_cannot_upload",
    89: "orders/test_list_orders.py::test_no_entries_or_too_many_are_bad_input",
    90: "orders/domain/test_vin_log.py::test_what_is_no_vin_is_a_problem_with_its_row_and_its_label_still_applies",
    103: "inventory/test_limits.py::test_case_103_a_lot_of_20_is_compared_by_number",
    104: "inventory/test_limits.py::test_cases_78_and_104_a_lot_of_500_is_compared_by_percentages",
}


@pytest.fixture(scope="module")
def lot_in_use(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Dataset]:
    """Six vehicles in use at Elm, made once: every case below rolls back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        elm = make_dealership(name=ELM)
        make_dealership(name=OAK)
        for place in STRANGE_PLACES:
            DealershipAlias.objects.create(dealership=elm, text=place)
        yield import_lot(ELM, 6)
        transaction.set_rollback(True)


def in_use() -> list[Dataset]:
    return list(Dataset.objects.active().filter(dealership__name=ELM))


def test_every_number_of_the_list_has_its_test() -> None:
    assert sorted({case.number for case in CASES} | set(ELSEWHERE)) == list(range(1, 105))
    for where in ELSEWHERE.values():
        path, _, name = where.partition("::")
        assert f"def {name}(" in (TESTS / path).read_text(encoding="utf-8"), where


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_operation_gives_the_verdict(case: Case, lot_in_use: Dataset) -> None:
    staged = [table.objects.count() for table in (Dataset, RawVehicle, Vehicle, ImportProblem)]
    inventory_import = register(case.content)
    if case.status == "refused":
        refusal = refusal_of(inventory_import)
        assert (inventory_import.status, inventory_import.error_code) == ("failed", case.codes[0])
        assert (refusal.code, case.says in refusal.message) == (case.codes[0], True), refusal.message
        assert re.search(r"\. [A-Z]", refusal.message), "a remedy follows what is wrong"
        assert [table.objects.count() for table in (Dataset, RawVehicle, Vehicle, ImportProblem)] == staged
    else:
        check_account(case, inventory_import)
    changed = case.status == "active"
    assert [dataset.inventory_import_id for dataset in in_use()] == [
        inventory_import.pk if changed else lot_in_use.inventory_import_id
    ]


def refusal_of(inventory_import: InventoryImport) -> BadInput:
    with pytest.raises(BadInput) as refusal:
        run_import(inventory_import=inventory_import)
    inventory_import.refresh_from_db()
    return refusal.value


def check_account(case: Case, inventory_import: InventoryImport) -> None:
    run_import(inventory_import=inventory_import)
    unmatched = case.rows if case.status == "unmatched" else 0
    accepted = case.rows - case.rejected - unmatched
    assert account_of(inventory_import) == (case.rows, accepted, case.rejected, unmatched)
    if case.status == "unmatched":
        assert inventory_import.unmatched_names.get().name == case.says
        return
    dataset = inventory_import.datasets.get(dealership__name=ELM)
    assert dataset.status == case.status
    if case.status != "active":
        assert gates_of(dataset) == list(case.codes)
        assert case.says in dataset.gates[0]["message"]
        return
    check_row_8(case, inventory_import)


def check_row_8(case: Case, inventory_import: InventoryImport) -> None:
    problems = list(inventory_import.problems.filter(row_number=8))
    assert [(problem.column, problem.code) for problem in problems] == [(case.column, code) for code in case.codes]
    said = " ".join([*inventory_import.notices, *(problem.message for problem in problems)])
    assert case.says in said
    for problem in problems:
        assert problem.message.endswith(".")
        assert problem.code.startswith("W_") or re.search(r"\. [A-Z]", problem.message), "a remedy"
    vehicle = Vehicle.objects.filter(dataset__inventory_import=inventory_import, row_number__gte=8).first()
    assert (vehicle is None) == (case.rejected == 1 and case.number != 91)
    assert {name: getattr(vehicle, name) for name in case.facts} == case.facts


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_page_tells_what_became_of_it(case: Case, lot_in_use: Dataset, run_queued_jobs: Callable[[], int]) -> None:
    staff = sign_in(role="staff")
    # Whatever the browser says of it: the content decides.
    file = SimpleUploadedFile("../../CON.csv", case.content, content_type="image/png")
    answer = staff.post("/imports/upload/", {"file": file})
    if not case.content:
        assert (answer.status_code, "The file is empty." in words(answer)) == (422, True)
        return
    assert answer.status_code == 302
    run_queued_jobs()
    page = staff.get(answer["Location"])
    assert page.status_code == 200
    assert [code for code in case.codes if code not in words(page)] == []
    if case.status in {"refused", "held", "rejected", "unmatched"}:
        assert case.says in words(page)
        assert in_use() == [lot_in_use]
