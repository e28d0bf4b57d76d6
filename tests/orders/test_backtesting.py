import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership
from dealerships.operations import load_dealerships
from foundation.errors import BadInput
from orders.operations.backtesting import backtest, summarise
from tests.command_line import run_command
from tests.factories import log_vins, make_csv, make_dealership, make_order, make_row, make_vehicles, make_vin

pytestmark = pytest.mark.django_db
SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared")
REAL_CASES = SHARED / "data" / "backtest"
VINS = [make_vin(number=number) for number in range(1, 9)]


def table_contents() -> dict[str, tuple[int, str]]:
    """Rows and a checksum of every table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        tables = [name for (name,) in cursor.fetchall()]
        contents = {}
        for table in tables:
            cursor.execute(f'SELECT count(*), md5(string_agg(t::text, $$|$$ ORDER BY t::text)) FROM "{table}" t')  # noqa: S608 - names from the catalogue
            contents[table] = cursor.fetchone()
    return contents


def write_case(
    folder: Path,
    *,
    printed: list[str],
    logged: list[str],
    location: str = "Elm Street Motors",
    types: tuple[str, ...] = ("Used",),
) -> Path:
    """A case of eight vehicles: number 8 is in transit, the others are on the lot."""
    folder.mkdir(parents=True)
    rows = [
        make_row(number=number, location=location, Type=types[number % len(types)], Status="On-Lot")
        for number in range(1, 9)
    ]
    rows[7]["Status"] = "In Transit"
    (folder / "inventory.csv").write_bytes(make_csv(rows=rows))
    (folder / "vinlog_before.csv").write_text("ORDER,VIN\n" + "".join(f"40001,{vin}\n" for vin in logged))
    expected = {"location": location, "order_number": "45001", "expected_vins": printed}
    (folder / "expected.json").write_text(json.dumps(expected))
    return folder


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    write_case(tmp_path / "cases" / "exact", printed=VINS[2:7], logged=VINS[:2])
    write_case(tmp_path / "cases" / "other", printed=[VINS[0], VINS[4], VINS[7]], logged=VINS[4:7])
    return tmp_path / "cases"


WANTED = {
    "exact": 1,
    "total": 2,
    "cases": [
        {"case": "exact", "expected": 5, "selected": 5, "missing": [], "extra": [], "exact": True},
        {
            "case": "other",
            "expected": 3,
            "selected": 4,
            "missing": sorted([VINS[4], VINS[7]]),
            "extra": sorted(VINS[1:4]),
            "exact": False,
        },
    ],
}


def test_a_case_is_exact_when_it_selects_the_printed_vins_and_otherwise_names_the_differences(cases: Path) -> None:
    make_dealership()
    assert summarise(backtest(directory=cases)) == WANTED


def fill_with_the_opposite() -> None:
    """Inventory, log and open orders that would give another answer for every vehicle of the cases."""
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=8, Status="In Transit")
    log_vins(dealership=dealership, vins=VINS[2:5])
    make_vehicles(dealership=dealership, count=8, Model="Compass")
    make_order(dealership=dealership)
    other = make_dealership(name="Oak Street Motors")
    log_vins(dealership=other, vins=VINS)


@pytest.mark.parametrize("fill", [make_dealership, fill_with_the_opposite], ids=["empty", "full"])
def test_the_database_has_no_influence_and_is_left_as_it_was(cases: Path, fill: Callable[[], object]) -> None:
    fill()
    before = table_contents()
    assert summarise(backtest(directory=cases)) == WANTED
    assert table_contents() == before


@pytest.mark.django_db(transaction=True)
def test_the_command_leaves_the_database_as_it_was_and_exits_1_while_a_case_differs(cases: Path) -> None:
    fill_with_the_opposite()
    before, uploads = table_contents(), sorted(Path(settings.UPLOADS_DIR).iterdir())
    answer = run_command("backtest", cases, "--json")
    assert (answer.exit_code, answer.document, answer.err) == (1, WANTED, "")
    assert (table_contents(), sorted(Path(settings.UPLOADS_DIR).iterdir())) == (before, uploads)
    missing, extra = " ".join(sorted([VINS[4], VINS[7]])), " ".join(sorted(VINS[1:4]))
    assert run_command("backtest", cases).out.splitlines() == [
        "exact  exact: 5 selected, 5 expected",
        f"WRONG  other: 4 selected, 3 expected, missing {missing}, extra {extra}",
        "1 of 2 exact",
    ]


def test_the_rules_of_the_dealership_decide(cases: Path) -> None:
    make_dealership(excluded_makes=["Jeep"])
    assert [result.selected for result in backtest(directory=cases)] == [0, 0]


def test_the_rules_of_today_decide_and_not_those_of_an_earlier_save(cases: Path) -> None:
    dealership = make_dealership(year_min=2030)
    Dealership.objects.filter(pk=dealership.pk).update(year_min=None)
    assert summarise(backtest(directory=cases)) == WANTED


@pytest.mark.parametrize(("group", "numbers"), [("used", [2, 4, 6]), ("new", [1, 3, 5, 7])])
def test_with_separate_orders_the_group_is_that_of_the_printed_vehicles(
    tmp_path: Path, group: str, numbers: list[int]
) -> None:
    make_dealership(separate_orders=True)
    printed = [make_vin(number=number) for number in numbers]
    write_case(tmp_path / "cases" / group, printed=printed, logged=[], types=("Used", "New"))
    [result] = backtest(directory=tmp_path / "cases")
    assert (result.is_exact, result.selected, ConditionGroup(group).value) == (True, len(numbers), result.case)


def test_a_dealership_with_the_longest_name_can_be_replayed(tmp_path: Path) -> None:
    name = "Elm " * 24 + "Elms"
    make_dealership(name=name, short_code="ELM", file_name="Elm")
    write_case(tmp_path / "cases" / "long", printed=VINS[:7], logged=[], location=name)
    assert [result.is_exact for result in backtest(directory=tmp_path / "cases")] == [True]


def test_folders_that_hold_no_case_are_bad_input_and_change_nothing(cases: Path, tmp_path: Path) -> None:
    make_dealership()
    before = table_contents()
    faults: list[tuple[str, Callable[[Path], object]]] = [
        ("has no inventory.csv", lambda case: (case / "inventory.csv").unlink()),
        ("expected.json needs location and expected_vins", lambda case: (case / "expected.json").write_text("[1]")),
        ("expected.json needs location and expected_vins", lambda case: (case / "expected.json").write_bytes(b"\xff")),
        ("There is no dealership 'Nobody'", lambda case: (case / "expected.json").write_text(
            '{"location": "Nobody", "expected_vins": []}'
        )),
        ("The header lacks the columns", lambda case: (case / "inventory.csv").write_text("a,b\n1,2\n")),
        ("has no row of this dealership", lambda case: (case / "inventory.csv").write_bytes(
            make_csv(rows=[make_row(number=1, location="Nobody")])
        )),
        ("No vehicle is left", lambda case: (case / "inventory.csv").write_bytes(
            make_csv(rows=[make_row(number=1, location="Elm Street Motors", Vin="x")])
        )),
        ("The file is empty", lambda case: (case / "vinlog_before.csv").write_text("")),
    ]  # fmt: skip
    for number, (message, spoil) in enumerate(faults):
        directory = tmp_path / f"bad{number}"
        spoil(write_case(directory / "case", printed=[], logged=[]))
        with pytest.raises(BadInput, match=message) as raised:
            backtest(directory=directory)
        assert raised.value.message.startswith("Case case")
    with pytest.raises(BadInput, match="holds no case"):
        backtest(directory=cases / "exact")
    with pytest.raises(BadInput, match="is no folder"):
        backtest(directory=tmp_path / "nowhere")
    assert table_contents() == before


@pytest.mark.slow
@pytest.mark.skipif(not REAL_CASES.is_dir(), reason="needs the real orders in ../shared/data beside the project")
def test_every_real_order_is_reproduced_vehicle_for_vehicle() -> None:
    load_dealerships()
    before = table_contents()
    results = backtest(directory=REAL_CASES)
    assert [result.case for result in results if not result.is_exact] == []
    assert len(results) == len([path for path in REAL_CASES.iterdir() if path.is_dir()])
    assert table_contents() == before
