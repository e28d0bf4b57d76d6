import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dealerships.models import Dealership
from foundation.errors import BadInput
from orders.models import VinLogEntry, VinLogImport
from orders.operations.completing import void_order
from orders.operations.vin_logs import export_vin_log, export_vin_logs, import_vin_log, read_log_file, write_log_file
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles, make_vin

pytestmark = pytest.mark.django_db
VINS = [make_vin(number=number) for number in range(1, 7)]
GROUPED = f"ORDER,VIN\n40001,{VINS[0]}\n,{VINS[1]}\n,\nBASELINE 1.24,{VINS[2]}\n,{VINS[0]}\nnote,no vin here\n"


@pytest.fixture
def dealership() -> Dealership:
    return make_dealership()


def load(dealership: Dealership, text: str, **options: object) -> dict[str, int]:
    """The numbers of an import's account."""
    document = import_vin_log(
        dealership=dealership,
        data=text.encode(),
        file_name="log.csv",
        **options,  # type: ignore[arg-type]
    ).document()
    numbers = {name: value for name, value in document.items() if isinstance(value, int)}
    return {**numbers, "problems": len(document["problems"])}


def entries(dealership: Dealership) -> list[tuple[str, str, bool]]:
    return list(VinLogEntry.objects.for_dealership(dealership).values_list("label", "vin", "is_baseline"))


def test_every_row_is_accounted_for_and_the_import_keeps_its_account(dealership: Dealership) -> None:
    assert load(dealership, GROUPED) == {
        "rows_read": 6,
        "entries_added": 4,
        "already_logged": 0,
        "blank_rows": 1,
        "orders": 2,
        "problems": 1,
    }
    assert entries(dealership) == [
        ("40001", VINS[0], False),
        ("40001", VINS[1], False),
        ("BASELINE 1.24", VINS[2], True),
        ("BASELINE 1.24", VINS[0], True),
    ]
    kept = VinLogImport.objects.get()
    assert (kept.rows_read, kept.entries_added, kept.already_logged, kept.blank_rows) == (6, 4, 0, 1)
    assert [problem["row"] for problem in kept.problems] == [7]


def test_a_second_import_adds_nothing_and_a_longer_file_adds_its_new_rows(dealership: Dealership) -> None:
    load(dealership, GROUPED)
    assert load(dealership, GROUPED)["entries_added"] == 0
    longer = load(dealership, f"{GROUPED}40009,{VINS[3]}\n")
    assert (longer["entries_added"], longer["already_logged"]) == (1, 4)


def test_repeats_inside_a_file_are_prints_of_their_own(dealership: Dealership) -> None:
    twice = f"ORDER,VIN\n40001,{VINS[0]}\n,{VINS[0]}\n40002,{VINS[0]}\n"
    assert load(dealership, twice)["entries_added"] == 3
    assert load(dealership, twice)["entries_added"] == 0


def test_a_dry_run_tells_the_same_and_stores_nothing(dealership: Dealership) -> None:
    preview = load(dealership, GROUPED, dry_run=True)
    assert (VinLogEntry.objects.count(), VinLogImport.objects.count()) == (0, 0)
    assert load(dealership, GROUPED) == preview


def test_a_chosen_list_of_a_sheet_with_two_is_read_alone(dealership: Dealership) -> None:
    sheet = "ORDER,SOCO VINS,,ORDER,MANCHESTER VINS\n" + "".join(
        f"400{n},{VINS[n]},,500{n},{VINS[n + 3]}\n" for n in range(3)
    )
    assert load(dealership, sheet, columns=(4, 5))["entries_added"] == 3
    assert entries(dealership) == [(f"500{n}", VINS[n + 3], False) for n in range(3)]
    assert load(dealership, sheet)["entries_added"] == 3


def test_columns_that_a_sheet_does_not_have_are_refused(dealership: Dealership) -> None:
    with pytest.raises(BadInput):
        load(dealership, GROUPED, columns=(1, 9))


def test_the_logs_of_two_dealerships_are_apart(dealership: Dealership) -> None:
    other = make_dealership(name="Oak Street Motors")
    load(dealership, GROUPED)
    assert load(other, GROUPED)["entries_added"] == 4


def test_entries_of_an_order_count_as_logged_when_a_log_file_names_them(dealership: Dealership) -> None:
    vins = make_vehicles(dealership=dealership)
    finish_order(order=make_order(dealership=dealership), order_number="45001")
    again = load(dealership, f"ORDER,VIN\n45001,{vins[0]}\n,{vins[1]}\n45002,{vins[2]}\n")
    assert (again["entries_added"], again["already_logged"]) == (1, 2)


def test_an_import_names_its_user(dealership: Dealership) -> None:
    user = User.objects.create_user("ann")
    load(dealership, GROUPED, actor=user)
    assert set(VinLogEntry.objects.values_list("created_by", flat=True)) == {user.pk}


def test_an_export_imports_as_the_same_entries_elsewhere(dealership: Dealership) -> None:
    load(dealership, GROUPED)
    load(dealership, f"VIN,ORDER_NUMBER,ORDER_DATE\n{VINS[4]},=1+1,2025-03-04\n{VINS[4]},'quoted,\n{VINS[5]},,\n")
    text, rows = export_vin_log(dealership=dealership)
    other = make_dealership(name="Oak Street Motors")
    copied = load(other, text)
    assert (rows, copied["rows_read"], copied["entries_added"]) == (7, 7, 7)
    assert entries(other) == entries(dealership)
    dates = VinLogEntry.objects.for_dealership(other).values_list("date", flat=True)
    assert list(dates) == list(VinLogEntry.objects.for_dealership(dealership).values_list("date", flat=True))
    assert load(dealership, text)["entries_added"] == 0


def test_voided_entries_are_not_exported(dealership: Dealership) -> None:
    make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    assert export_vin_log(dealership=dealership)[1] == 3
    void_order(order=order, reason="wrong paper")
    assert export_vin_log(dealership=dealership) == ("VIN,ORDER_NUMBER,ORDER_DATE,BASELINE\r\n", 0)


def test_many_logs_in_one_file_import_each_at_its_own_dealership(dealership: Dealership) -> None:
    other = make_dealership(name="O'Hara & Sons")
    log_vins(dealership=dealership, vins=VINS[:2])
    log_vins(dealership=other, vins=VINS[1:4], label="40002")
    text, rows = export_vin_logs(dealerships=[dealership, other])
    assert (rows, len(list(csv.reader(io.StringIO(text))))) == (5, 6)
    for owner, entries_of_owner in ((dealership, 2), (other, 3)):
        account = load(owner, text)
        assert (account["rows_read"], account["already_logged"]) == (entries_of_owner, entries_of_owner)


def test_the_empty_logs_of_all_import_as_nothing(dealership: Dealership) -> None:
    text, rows = export_vin_logs(dealerships=[dealership, make_dealership(name="Oak Street Motors")])
    assert (rows, load(dealership, text)["rows_read"]) == (0, 0)


def test_a_file_that_is_not_there_or_too_large_is_bad_input(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(25 * 1024 * 1024 + 1)
    for path in (tmp_path / "missing.csv", tmp_path, large):
        with pytest.raises(BadInput):
            read_log_file(path)
    with pytest.raises(BadInput, match="cannot be written"):
        write_log_file(tmp_path / "missing" / "log.csv", "")


CELLS = st.one_of(
    st.sampled_from([*VINS, "", "ORDER", "VIN", "BASELINE", "40001", "5/9/25"]),
    st.sampled_from(["WVGAV7AX7AW51328", "2025-05-23 00:00:00", "GENERIC_ORDER_1"]),
    st.text(max_size=12),
)


@given(rows=st.lists(st.lists(CELLS, max_size=5), max_size=12))
@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sheet_is_refused_or_reconciles_and_adds_nothing_the_second_time(
    dealership: Dealership, rows: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    data = text.getvalue().encode("utf-8", "surrogatepass")
    before = VinLogEntry.objects.count()
    try:
        first = import_vin_log(dealership=dealership, data=data, file_name="log.csv")
    except BadInput:
        return
    account = first.document()
    assert account["rows_read"] == (
        account["entries_added"] + account["already_logged"] + account["blank_rows"] + len(account["problems"])
    )
    assert VinLogEntry.objects.count() == before + account["entries_added"]
    again = import_vin_log(dealership=dealership, data=data, file_name="log.csv").document()
    assert (again["entries_added"], again["already_logged"]) == (
        0,
        account["entries_added"] + account["already_logged"],
    )
    assert Counter(problem["code"] for problem in again["problems"]) == Counter(
        problem["code"] for problem in account["problems"]
    )
