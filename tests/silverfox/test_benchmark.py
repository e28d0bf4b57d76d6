"""The measurements run, name both sides and leave the database as it was; how long anything takes is not tested."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dealerships.models import Dealership
from foundation.errors import BadInput
from inventory.domain.sheets import open_sheet
from inventory.domain.vin import has_valid_check_digit
from inventory.models import Dataset, FirstSeen, ImportProblem, InventoryImport, RawVehicle, Vehicle
from orders.models import VinLogEntry
from orders.operations.selecting import load_candidates
from silverfox.benchmarks import cao_operations, import_operations
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.data import make_vin, write_rows
from tests import factories

TABLES = (Dealership, Dataset, FirstSeen, ImportProblem, InventoryImport, RawVehicle, Vehicle, VinLogEntry)


@pytest.fixture
def counts(db: None) -> dict[str, int]:
    """The rows of a database in use, before a measurement."""
    factories.make_vehicles(dealership=factories.make_dealership(), count=2)
    return row_counts()


def row_counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in TABLES}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("benchmark", *arguments)
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(capsys, *arguments, "--json"))
    return answer


def test_both_ways_run_in_turns_and_medians_give_the_ratio() -> None:
    calls: list[str] = []
    comparison = compare(
        ours=("a", lambda: calls.append("a")), peer=("b", lambda: calls.append("b")), rounds=3, target=2
    )
    assert calls == ["a", "b", "a", "b", "a", "b"]
    assert (len(comparison.ours_seconds), len(comparison.peer_seconds)) == (3, 3)
    medians = Comparison(ours="a", peer="b", ours_seconds=[1, 2, 9], peer_seconds=[1, 8, 9], target=2)
    assert medians.ratio == 4


def test_the_import_is_measured_and_the_database_stays_as_it_was(
    counts: dict[str, int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_operations, "measure_memory", lambda *, rows: 70.0 + rows / 100)
    answer = document(capsys, "import", "--rows", "100", "--rounds", "1")
    assert set(answer["ours"]) == set(answer["peer"]) == {"name", "median_seconds"}
    assert answer["ours"]["name"] == "stage_rows: read, normalise, COPY"
    assert answer["peer"]["name"] == "read, normalise, bulk_create"
    assert (answer["rows"], answer["rounds"], answer["target_ratio"]) == (100, 1, 4)
    assert answer["memory"] == {"rows": {"10": 70.1, "100": 71.0}, "difference_mib": 0.9, "target_mib": 30}
    assert row_counts() == counts


def test_the_text_names_both_sides_and_the_ratio(counts: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "cao", "--vehicles", "10", "--log-entries", "30", "--rounds", "1").splitlines()
    assert lines[0] == "CAO of 10 vehicles, VIN log of 30 entries:"
    assert [line.rsplit(maxsplit=2)[0] for line in lines[1:3]] == [
        "  load_candidates and select",
        "  one query of the VIN log per VIN",
    ]
    assert lines[3].startswith("  1 rounds in turns, medians; ratio ")
    assert row_counts() == counts


def test_a_new_process_weighs_the_import_of_its_rows(db: None) -> None:
    assert 20 < import_operations.measure_memory(rows=50) < 1000
    assert InventoryImport.objects.count() == 0


def test_the_generated_file_has_its_rows_at_several_dealerships(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv", 40)
    with (tmp_path / "rows.csv").open("rb") as stream:
        rows = [row for _, row in open_sheet(stream)]
    assert len(rows) == 40
    assert len({row.location for row in rows if hasattr(row, "location")}) == 10


def test_generated_vins_are_valid_and_differ() -> None:
    vins = [make_vin(number) for number in (*range(500), 1_000_000, 9_999_999)]
    assert [vin for vin in vins if not has_valid_check_digit(vin)] == []
    assert len(set(vins)) == len(vins)


@pytest.mark.parametrize("argument", ["--rows", "--vehicles", "--log-entries", "--rounds"])
def test_a_number_below_one_is_refused(db: None, argument: str) -> None:
    with pytest.raises(BadInput, match=f"{argument} must be 1 or more"):
        call_command("benchmark", "import", argument, "0")


def test_both_ways_select_the_same_vehicles(db: None) -> None:
    dataset = cao_operations.make_lot(vehicles=20, log_entries=60)
    today = timezone.localdate()
    at_once = cao_operations.select_at_once(dataset, today)
    assert at_once == cao_operations.select_one_by_one(dataset, today)
    assert len(at_once.selected) == 2
    assert VinLogEntry.objects.count() == 60


# A CAO must stay quick however long the log grows, so no plan of it may read the whole log.


def plan_nodes(plan: dict[str, Any]) -> list[tuple[str, str]]:
    own = [(plan["Node Type"], plan.get("Relation Name", ""))]
    return own + [node for child in plan.get("Plans", []) for node in plan_nodes(child)]


def test_no_query_of_a_cao_reads_the_whole_vin_log(db: None) -> None:
    """On the benchmark's own data: of a small log, reading all of it would be right."""
    dataset = cao_operations.make_lot(vehicles=600, log_entries=30_000)
    with CaptureQueriesContext(connection) as queries:
        load_candidates(dealership=dataset.dealership, dataset=dataset)
    nodes = []
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            nodes += plan_nodes(cursor.fetchone()[0][0]["Plan"])
    of_the_log = {kind for kind, relation in nodes if relation == "orders_vinlogentry"}
    assert of_the_log
    assert "Seq Scan" not in of_the_log
