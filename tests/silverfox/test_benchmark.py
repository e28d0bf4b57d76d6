"""The measurements run, name both sides and leave the database as it was; how long anything takes is not tested."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from inventory.domain.sheets import open_sheet
from inventory.domain.vin import has_valid_check_digit
from inventory.models import Dataset, FirstSeen, ImportProblem, InventoryImport, RawVehicle, Vehicle
from orders.domain.qr import qr_text, read_image
from orders.models import Artifact, Order, OrderLine, VinLogEntry
from orders.operations.selecting import load_candidates
from silverfox.benchmarks import (
    batch_operations,
    cao_operations,
    import_operations,
    naive,
    page_operations,
    qr_operations,
    review_operations,
)
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.data import make_vin, write_rows
from silverfox.benchmarks.watching import watched_time
from silverfox.management.commands.benchmark import describe_batch, describe_pages, describe_review
from tests import factories
from tests.orders.batches import make_lots, start
from tests.orders.domain.content import make_content, make_gladiator, make_line
from tests.programs import run_program

TABLES = (
    Artifact,
    Dealership,
    Dataset,
    Order,
    FirstSeen,
    ImportProblem,
    InventoryImport,
    RawVehicle,
    Vehicle,
    VinLogEntry,
)


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


def test_qr_codes_are_measured_against_both_usual_ways(capsys: pytest.CaptureFixture[str]) -> None:
    answer = document(capsys, "qr", "--codes", "2", "--rounds", "1")
    found = [(item["ours"]["name"], item["peer"]["name"], item["target_ratio"]) for item in answer["comparisons"]]
    assert (answer["part"], answer["codes"]) == ("qr", 2)
    assert found == [
        ("qr_png", "qrcode, its own image, resized", 8),
        ("qr_png", "qrcode, RGB, LANCZOS", 18),
        ("qr_png, decoded and compared", "qrcode, its own image, resized", 3),
    ]
    assert run(capsys, "qr", "--codes", "2", "--rounds", "1").splitlines()[0] == "2 QR codes in one process:"


def test_the_measured_addresses_are_as_long_as_real_ones_and_all_ways_draw_them() -> None:
    texts = qr_operations.make_texts(30)
    assert (min(map(len, texts)), max(map(len, texts)), len(set(texts))) == (95, 108, 30)
    for draw in (naive.one_bit_png, naive.rgb_png, qr_operations.verified_png):
        facts = read_image(draw(texts[0]))
        assert (facts.size, facts.dpi, facts.texts) == ((388, 388), (300, 300), (texts[0],))


def test_orders_are_measured_and_database_and_disk_stay_as_they_were(
    counts: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = document(capsys, "order", "--orders", "2", "--lines", "3", "--rounds", "2")
    assert (answer["part"], answer["orders"], answer["lines"], answer["rounds"]) == ("order", 2, 3, 2)
    assert answer["ours"]["name"] == "complete_order: files, proof, VIN log"
    assert answer["peer"]["name"] == "qrcode, csv, zipfile: files only"
    assert answer["target_ratio"] == 5
    assert row_counts() == counts
    assert [path for path in Path(settings.ORDERS_DIR).rglob("*") if path.is_file()] == []


def test_the_peer_of_orders_writes_a_table_a_code_per_line_and_a_zip_of_them(tmp_path: Path) -> None:
    content = make_content(make_line(), make_gladiator(seq=2))
    naive.write_order(content, tmp_path / "order")
    images = [f"{line.vin}.png" for line in content.lines]
    assert {path.name for path in (tmp_path / "order").iterdir()} == {"order.csv", "order.zip", *images}
    assert len((tmp_path / "order" / "order.csv").read_text().splitlines()) == 3
    with zipfile.ZipFile(tmp_path / "order" / "order.zip") as archive:
        assert set(archive.namelist()) == {"order.csv", *images}
    for line, name in zip(content.lines, images, strict=True):
        assert read_image((tmp_path / "order" / name).read_bytes()).texts == (qr_text(line, content.settings),)


def test_a_batch_is_measured_by_a_worker_in_a_database_and_a_folder_of_its_own(counts: dict[str, int]) -> None:
    before = set(Path(settings.ORDERS_DIR).parent.iterdir())
    size = ("--dealerships", "3", "--vehicles", "2")
    done = run_program("manage.py", "benchmark", "batch", *size, "--json", patience_seconds=600)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["part"], answer["dealerships"], answer["vehicles"]) == ("batch", 3, 2)
    assert answer["vin_log"] == {"lines": 6, "codes": 6, "lost": 0, "doubled": 0}
    assert (answer["goal_seconds"], answer["goal_mb"], answer["target_ratio"]) == (180, 400, 5)
    assert min(answer["preparing_seconds"], answer["producing_seconds"]) > 0
    assert answer["ours"]["median_seconds"] == pytest.approx(answer["producing_seconds"], abs=0.001)
    assert answer["peer"]["name"] == "qrcode, csv, zipfile in 2 processes: files only"
    # The supervisor; the queue's first process, its sentinel, two workers, the monitor and the pusher.
    assert len(answer["memory_mb"]["queue"]) == 6
    assert all(20 < peak < 1000 for peak in [answer["memory_mb"]["supervisor"], *answer["memory_mb"]["queue"]])
    assert set(answer["shares"]) <= set(batch_operations.PARTS)
    assert sum(answer["shares"].values()) == pytest.approx(1, abs=0.01)
    assert row_counts() == counts
    assert set(Path(settings.ORDERS_DIR).parent.iterdir()) == before
    assert databases_of_measurements() == []


def databases_of_measurements() -> list[str]:
    with connection.cursor() as cursor:
        name = f"{connection.settings_dict['NAME']}_benchmark"
        cursor.execute("SELECT datname FROM pg_database WHERE datname = %s", [name])
        return [name for (name,) in cursor.fetchall()]


def test_a_batch_is_not_measured_where_a_user_works(db: None) -> None:
    with pytest.raises(Refused, match=r"in an empty database of its own only\.$"):
        batch_operations.measure_batch(dealerships=1, vehicles=1)


def test_the_words_about_a_batch_tell_its_goals_and_what_its_time_goes_to() -> None:
    sides = {"ours": {"name": "ours", "median_seconds": 30.0}, "peer": {"name": "peer", "median_seconds": 90.0}}
    found = {
        "dealerships": 36,
        "vehicles": 60,
        "preparing_seconds": 6.0,
        "producing_seconds": 30.0,
        "goal_seconds": 180,
        "memory_mb": {"supervisor": 79.6, "queue": [120.2, 80.0]},
        "goal_mb": 400,
        "shares": {"drawing codes": 0.4, "the rest": 0.6},
        "vin_log": {"lines": 2160, "codes": 2160, "lost": 0, "doubled": 0},
        "target_ratio": 5,
        **sides,
    }
    assert describe_batch(found).splitlines() == [
        "Batch of 36 dealerships x 60 vehicles, 2,160 QR codes:",
        "  preparing 0.10 min, producing 0.50 min, together 0.60 min (goal 3 or less)",
        "  ours     30.0000 s",
        "  peer     90.0000 s",
        "  1 rounds in turns, medians; ratio 3.0 (target 5 or more)",
        "Most memory of a process: supervisor 80 MB; processes of the queue 120, 80 MB (goal less than 400 each)",
        "Time of an order: drawing codes 40%, the rest 60%",
        "VIN log: 2,160 lines, each logged once: 0 lost, 0 doubled.",
    ]


def test_a_review_is_measured_in_a_database_of_its_own(counts: dict[str, int]) -> None:
    size = ("--vehicles", "6", "--log-entries", "20", "--rounds", "2")
    done = run_program("manage.py", "benchmark", "review", *size, "--json", patience_seconds=600)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["part"], answer["lines"], answer["log_entries"], answer["rounds"]) == ("review", 6, 20, 2)
    assert (answer["ours"]["name"], answer["peer"]["name"]) == (
        "the rows of the page, one edited at a time",
        "ModelFormset of the same rows",
    )
    assert answer["goals"] == {"page_ms": 100, "open_row_ms": 30, "save_row_ms": 30, "page_bytes": 300_000}
    assert min(answer["page_ms"], answer["open_row_ms"], answer["save_row_ms"]) > 0
    assert (5_000 < answer["page_bytes"] < 50_000, answer["target_ratio"]) == (True, 20)
    assert row_counts() == counts
    assert databases_of_measurements() == []


def test_a_review_is_not_measured_where_a_user_works(db: None) -> None:
    with pytest.raises(Refused, match=r"in an empty database of its own only\.$"):
        review_operations.measure_review(lines=1, log_entries=1, rounds=1)


def test_pages_are_measured_in_a_database_of_their_own(counts: dict[str, int]) -> None:
    size = ("--dealerships", "4", "--vehicles", "3", "--log-entries", "2", "--lines", "5", "--rounds", "2")
    done = run_program("manage.py", "benchmark", "pages", *size, "--json", patience_seconds=600)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["part"], answer["dealerships"], answer["lines"], answer["rounds"]) == ("pages", 4, 5, 2)
    assert (answer["goal_ms"], answer["goal_bytes"]) == (100, 300_000)
    assert {page["page"] for page in answer["pages"]} >= {
        "Today, 6 dealerships",
        "New order, LIST of 5 entries",
        "New batch, 4 named",
        "Batch of 2 orders",
        "Review of 5 lines",
        "Order of 5 lines with its files",
        "Vehicle",
    }
    assert [page for page in answer["pages"] if page["ms"] <= 0 or page["bytes"] < 5_000] == []
    assert row_counts() == counts
    assert databases_of_measurements() == []


def test_pages_are_not_measured_where_a_user_works(db: None) -> None:
    with pytest.raises(Refused, match=r"in an empty database of its own only\.$"):
        page_operations.measure_pages(dealerships=1, vehicles=1, log_entries=1, lines=1, rounds=1)


def test_the_words_about_pages_tell_their_goals() -> None:
    size = {"dealerships": 200, "vehicles": 300, "log_entries": 300, "lines": 500, "rounds": 3}
    goals = {"goal_ms": 100, "goal_bytes": 300_000}
    pages = [{"page": "Today, 202 dealerships", "ms": 81.25, "bytes": 243_100}]
    assert describe_pages({**size, **goals, "pages": pages}) == (
        "Pages of a shop with 200 dealerships, 300 vehicles and 300 log entries each; medians of 3 requests "
        "(goals: less than 100 ms, less than 300,000 bytes):\n"
        "     81.2 ms   243,100 bytes  Today, 202 dealerships"
    )


def test_the_words_about_a_review_tell_its_goals() -> None:
    sides = {"ours": {"name": "ours", "median_seconds": 0.015}, "peer": {"name": "peer", "median_seconds": 0.45}}
    times = {"page_ms": 70.5, "open_row_ms": 12.25, "save_row_ms": 20.0, "page_bytes": 251_000}
    goals = {"page_ms": 100, "open_row_ms": 30, "save_row_ms": 30, "page_bytes": 300_000}
    size = {"lines": 500, "log_entries": 30_000, "rounds": 9, "target_ratio": 20}
    assert describe_review({**size, **times, "goals": goals, **sides}).splitlines() == [
        "Review of 500 lines, VIN log of 30,000 entries:",
        "  the page: 70.5 ms (goal less than 100), 251,000 bytes (goal less than 300,000)",
        "  opening a row: 12.2 ms (goal less than 30)",
        "  saving a row: 20.0 ms (goal less than 30)",
        "  ours      0.0150 s",
        "  peer      0.4500 s",
        "  9 rounds in turns, medians; ratio 30.0 (target 20 or more)",
    ]


def test_lines_that_are_not_logged_or_are_logged_again_are_counted(db: None) -> None:
    [dealership] = make_lots(1, vehicles=3)
    batch = start([dealership])
    lines = list(OrderLine.objects.filter(order__batch=batch).order_by("seq"))
    for vin in (lines[0].vin, lines[1].vin, lines[1].vin):
        VinLogEntry.objects.create(dealership=dealership, vin=vin, label="1", source=VinLogEntry.Source.IMPORT)
    found = batch_operations.count_logged(batch)
    assert found == batch_operations.Logged(lines=3, codes=0, lost=1, doubled=1)
    with pytest.raises(Refused, match="1 are not logged, 1 are logged again"):
        batch_operations.require_logged(batch, 3)


def test_the_time_of_work_is_told_by_the_code_that_runs() -> None:
    with watched_time(lambda codes: "waiting" if wait_for.__code__ in codes else "other") as parts:
        wait_for(0.2)
        begun = time.process_time()
        while time.process_time() - begun < 0.1:
            sum(range(1000))
    assert parts["waiting"] >= 0.15
    assert parts["other"] >= 0.05


def wait_for(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


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


@pytest.mark.parametrize(
    "argument",
    [
        "--rows",
        "--vehicles",
        "--dealerships",
        "--log-entries",
        "--codes",
        "--orders",
        "--lines",
        "--rounds",
        "--websites",
    ],
)
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
