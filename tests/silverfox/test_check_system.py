"""Each check is made to fire by the fault itself, and the command says so to people and programs."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from inventory.models import Dataset, InventoryImport
from jobs import claims
from jobs.models import Incarnation, Job, WorkerHeartbeat
from orders.models import Batch, Order, OrderEvent
from orders.operations.completing import approve_order
from scrapers.models import Website
from silverfox.system.checks import run_checks
from silverfox.system.resources import judge_disk
from silverfox.system.verdicts import Check, Verdict, in_bytes, in_words
from tests.command_line import run_command
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.programs import ROOT
from tests.scrapers.kept_runs import make_run, make_session, make_website

WARNING, PERSON, OK = Verdict.WARNING, Verdict.PERSON, Verdict.OK


def ago(**units: float) -> datetime:
    return timezone.now() - timedelta(**units)


def start_worker(*, answered: datetime | None = None, seen: datetime | None = None) -> Incarnation:
    """The rows of a worker that runs, as it and its supervisor write them."""
    now = timezone.now()
    values = {"host": "shop", "version": settings.VERSION}
    incarnation = Incarnation.objects.create(supervisor_pid=1, started_at=now, seen_at=seen or now, **values)
    WorkerHeartbeat.objects.create(incarnation=incarnation, at=answered or now, pid=2, **values)
    return incarnation


@pytest.fixture
def order(db: None) -> Order:
    """A shop at work: a worker, fresh inventory, one done order."""
    start_worker()
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return finish_order(order=make_order(dealership=dealership))


def move_event(event: OrderEvent, at: datetime) -> None:
    """Give an event another time, in spite of the trigger that keeps events as they are."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE orders_orderevent DISABLE TRIGGER USER")
    OrderEvent.objects.filter(pk=event.pk).update(at=at)


def check(name: str) -> Check:
    (found,) = [check for check in run_checks() if check.name == name]
    return found


def test_a_shop_at_work_needs_nobody(order: Order) -> None:
    assert {check.name: check.value for check in run_checks(verify=True) if check.verdict != OK} == {}


def worker_silent(order: Order) -> None:
    WorkerHeartbeat.objects.update(at=ago(seconds=91))


def worker_busy(order: Order) -> None:
    worker_silent(order)
    job = Job.objects.create(kind="long")
    assert claims.claim(job)


def worker_unknown(order: Order) -> None:
    WorkerHeartbeat.objects.all().delete()


def supervisor_silent(order: Order) -> None:
    Incarnation.objects.update(seen_at=ago(seconds=31))


def supervisor_ended(order: Order) -> None:
    Incarnation.objects.update(ended_at=timezone.now(), ending=Incarnation.Ending.STOPPED)


def job_waits(order: Order) -> None:
    job = Job.objects.create(kind="note")
    Job.objects.filter(pk=job.pk).update(created_at=ago(minutes=11))


def many_wait(order: Order) -> None:
    Job.objects.bulk_create(Job(kind="note", subject_id=number) for number in range(201))


def order_waits(order: Order) -> None:
    make_vehicles(dealership=order.dealership, first=11)
    waiting = approve_order(order=make_order(dealership=order.dealership), order_number="45002")
    move_event(waiting.events.get(action="queue"), ago(minutes=11))


def lease_over(order: Order, **units: float) -> None:
    Job.objects.create(kind="lost", state="running", token=uuid.uuid4(), lease_until=ago(**units))


def lease_just_over(order: Order) -> None:
    lease_over(order, seconds=5)


def lease_long_over(order: Order) -> None:
    lease_over(order, minutes=6)


def third_attempt(order: Order) -> None:
    Job.objects.create(kind="hard", attempts=3, error_text="No answer.")


def order_failed(order: Order) -> None:
    make_vehicles(dealership=order.dealership, first=11)
    failed = make_order(dealership=order.dealership)
    Order.objects.filter(pk=failed.pk).update(state="failed", error_text="The disk is full.")


def job_failed(order: Order) -> None:
    Job.objects.create(kind="note", state="failed", error_text="No answer.")


def dataset_held(order: Order) -> None:
    make_vehicles(dealership=order.dealership, first=31)
    newest = Dataset.objects.active().get()
    gates = [{"severity": "hold_manager", "message": "Half of the lot is gone."}]
    Dataset.objects.filter(pk=newest.pk).update(status="held", gates=gates, created_at=ago(hours=3))
    Dataset.objects.filter(status="archived").update(status="active")


def dataset_held_long(order: Order) -> None:
    dataset_held(order)
    Dataset.objects.held().update(created_at=ago(hours=5))


def inventory_old(order: Order) -> None:
    Dataset.objects.update(collected_at=ago(hours=37))


def inventory_missing(order: Order) -> None:
    make_dealership(name="Oak Street Motors")


def import_long_ago(order: Order) -> None:
    InventoryImport.objects.update(finished_at=ago(hours=37))


def import_failed(order: Order, count: int = 1) -> None:
    failed = {"source": "lots.csv", "collected_at": timezone.now(), "status": "failed", "error_text": "No header."}
    InventoryImport.objects.bulk_create(InventoryImport(sha256=str(number), **failed) for number in range(count))


def imports_failed(order: Order) -> None:
    import_failed(order, count=2)


def failing_website(order: Order, count: int = 1, code: str = "E_TIMEOUT") -> Website:
    website = make_website(dealership=order.dealership)
    for _ in range(count):
        make_run(website, state="failed", error_code=code, error_text="No answer.")
    return website


def website_fails(order: Order) -> None:
    failing_website(order)


def website_fails_again(order: Order) -> None:
    failing_website(order, count=2)


def website_is_cancelled_and_tried(order: Order) -> None:
    website = failing_website(order)
    make_run(website, state="cancelled")
    make_run(website, session=make_session(is_dry_run=True))
    make_run(website, state="queued")


def website_forbids(order: Order) -> None:
    failing_website(order, code="E_FORBIDDEN")


def attempt_failed(order: Order) -> None:
    order.events.create(action="fail", from_state="processing", to_state="failed")


def batch_drifted(order: Order) -> None:
    Batch.objects.create(chosen_by="by name", state="processing")


def image_lost(order: Order) -> None:
    (Path(settings.ORDERS_DIR) / order.artifacts.filter(kind="qr")[0].path).unlink()


FAULTS: list[tuple[Callable[[Order], None], str, Verdict, str]] = [
    (worker_silent, "worker", PERSON, "answered 91 s ago"),
    (worker_busy, "worker", WARNING, "answered 91 s ago"),
    (worker_unknown, "worker", PERSON, "has never answered"),
    (supervisor_silent, "supervisor", PERSON, "seen 31 s ago"),
    (supervisor_ended, "supervisor", PERSON, "does not run"),
    (job_waits, "waiting work", PERSON, "1, the oldest since 11 min"),
    (order_waits, "waiting work", PERSON, "1, the oldest since 11 min"),
    (many_wait, "waiting work", WARNING, "201, the oldest since 0 s"),
    (lease_just_over, "stuck work", WARNING, "1 without a worker since 5 s"),
    (lease_long_over, "stuck work", PERSON, "1 without a worker since 6 min"),
    (third_attempt, "repeated work", WARNING, "1 started 3 times or more"),
    (order_failed, "failed orders", PERSON, "1"),
    (job_failed, "failed jobs", WARNING, "1"),
    (dataset_held, "held datasets", WARNING, "1, the oldest for 3 h"),
    (dataset_held_long, "held datasets", PERSON, "1, the oldest for 5 h"),
    (inventory_old, "stale inventory", PERSON, "1"),
    (inventory_missing, "stale inventory", WARNING, "1"),
    (import_long_ago, "last import", WARNING, "37 h ago"),
    (import_failed, "import success", WARNING, "50 % of 2 within 7 days"),
    (imports_failed, "import success", PERSON, "33 % of 3 within 7 days"),
    (website_fails, "websites not read", WARNING, "1, 0 of them 2 times in a row"),
    (website_fails_again, "websites not read", PERSON, "1, 1 of them 2 times in a row"),
    (website_is_cancelled_and_tried, "websites not read", WARNING, "1, 0 of them 2 times in a row"),
    (website_forbids, "websites that shut programs out", WARNING, "1"),
    (attempt_failed, "production", WARNING, "orders done 1, attempts failed 1 within 7 days"),
    (batch_drifted, "batches are what their orders make", WARNING, "broken in 1 place"),
    (image_lost, "files on record are on disk", PERSON, "broken in 1 place"),
]


NAMED: list[tuple[Callable[[Order], None], str, str]] = [
    (order_failed, "failed orders", "of Elm Street Motors: The disk is full."),
    (job_failed, "failed jobs", ", note: No answer."),
    (dataset_held, "held datasets", "Elm Street Motors: Half of the lot is gone."),
    (inventory_old, "stale inventory", "Elm Street Motors: 37 h old"),
    (inventory_missing, "stale inventory", "Oak Street Motors: none in use"),
    (import_failed, "import success", "of lots.csv: No header."),
    (third_attempt, "repeated work", ": 3 attempts. No answer."),
    (website_fails, "websites not read", "Elm Street Motors: No answer."),
    (website_forbids, "websites that shut programs out", "Elm Street Motors: No answer."),
    (attempt_failed, "production", ", attempts failed 1"),
]


def check_after(fault: Callable[[Order], None], order: Order, name: str) -> Check:
    """The check with that one fault, which is taken back."""
    with transaction.atomic():
        fault(order)
        found = check(name)
        transaction.set_rollback(True)
    return found


def test_every_fault_is_told_with_its_remedy(order: Order) -> None:
    for fault, name, verdict, value in FAULTS:
        found = check_after(fault, order, name)
        assert (found.verdict, found.value, bool(found.remedy)) == (verdict, value, True), fault.__name__


def test_a_fault_names_what_it_is_about(order: Order) -> None:
    for fault, name, detail in NAMED:
        (line,) = check_after(fault, order, name).details
        assert line.endswith(detail), fault.__name__


@pytest.mark.django_db
def test_settings_that_cannot_be_relied_on_are_told(settings: Settings) -> None:
    settings.WEDGE_SECONDS = 1
    (found,) = [check for check in run_checks() if check.name == "settings"]
    assert (found.verdict, found.value) == (WARNING, "1 remark")
    assert found.details[0].startswith("jobs.E002: WEDGE_SECONDS is less")


def test_a_failed_job_is_forgiven_when_a_later_one_has_done_its_work(order: Order) -> None:
    job_failed(order)
    Job.objects.create(kind="note", state="done")
    assert check("failed jobs").value == "0"


def test_a_website_that_was_read_since_or_is_off_needs_nobody(order: Order) -> None:
    website = failing_website(order, count=2, code="E_FORBIDDEN")
    make_run(website)
    names = ("websites not read", "websites that shut programs out")
    assert [check(name).verdict for name in names] == [OK, OK]
    make_run(website, state="failed", error_code="E_FORBIDDEN")
    Website.objects.update(enabled=False)
    assert [check(name).verdict for name in names] == [OK, OK]


def test_production_tells_the_seconds_of_each_dealership(order: Order) -> None:
    completed = order.events.get(action="complete").at
    move_event(order.events.get(action="start"), completed - timedelta(seconds=4))
    assert check("production").details == [
        "Elm Street Motors: orders done 1 (mean 4.0 s, slowest 4.0 s), attempts failed 0"
    ]


@pytest.mark.parametrize(("free", "verdict"), [(900_000_000, PERSON), (1_000_000_000, WARNING), (10_000_000_000, OK)])
def test_a_disk_needs_a_person_below_one_gigabyte_and_is_a_warning_below_a_tenth(free: int, verdict: Verdict) -> None:
    assert judge_disk(free=free, total=100_000_000_000).verdict == verdict


def test_durations_and_sizes_are_told_in_one_unit() -> None:
    durations = [timedelta(seconds=119), timedelta(minutes=119), timedelta(hours=71), timedelta(hours=72)]
    assert [in_words(duration) for duration in durations] == ["119 s", "119 min", "71 h", "3 days"]
    assert [in_bytes(size) for size in (0, 4_200, 3_240_000, 1_100_000_000)] == ["0 kB", "4 kB", "3.2 MB", "1.1 GB"]


@pytest.mark.django_db
def test_without_its_tables_only_the_migrations_are_told() -> None:
    ((app, newest),) = MigrationLoader(connection).graph.leaf_nodes("orders")
    MigrationRecorder(connection).record_unapplied(app, newest)
    checks = run_checks()
    assert [check.name for check in checks] == ["settings", "free disk", "database", "migrations"]
    assert (checks[-1].verdict, list(checks[-1].details)) == (PERSON, [f"orders.{newest}"])


def test_the_number_of_queries_does_not_grow_with_the_data(
    order: Order, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(3):
        dealership = make_dealership(name=f"Lot {number}")
        make_vehicles(dealership=dealership, first=100 * (number + 1))
        finish_order(order=make_order(dealership=dealership), order_number=f"4600{number}")
    order_failed(order)
    with django_assert_max_num_queries(60):  # type: ignore[attr-defined]
        run_checks()


# The command


@pytest.mark.django_db(transaction=True)
def test_the_command_prints_one_document_and_exits_by_the_worst_verdict() -> None:
    start_worker()
    answer = run_command("check_system", "--json")
    assert (answer.exit_code, answer.err) == (0, "")
    assert {tuple(check) for check in answer.document["checks"]} == {("name", "verdict", "value", "remedy", "details")}
    assert len({check["name"] for check in answer.document["checks"]}) == len(answer.document["checks"])
    assert answer.document["verdict"] == "warning"
    WorkerHeartbeat.objects.all().delete()
    answer = run_command("check_system", "--json")
    assert (answer.exit_code, answer.document["verdict"]) == (1, "needs a person")


@pytest.mark.django_db(transaction=True)
def test_the_table_has_a_line_per_check_with_the_remedy_below() -> None:
    Job.objects.create(kind="note", state="failed", error_text="No\nanswer \N{PILE OF POO}.")
    start_worker()
    answer = run_command("check_system", "--verify")
    assert answer.exit_code == 0
    assert answer.out.isascii()
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    at = lines.index("failed jobs WARNING 1")
    assert lines[at + 1].endswith(", note: No answer \\U0001f4a9.")
    assert lines[at + 2] == "> The page Jobs shows each with its reason; retry it there when that is mended."
    assert "files on record are unaltered OK holds" in lines
    assert lines[-1].endswith(" 0 needs a person.")


def test_a_database_that_is_down_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check_system", "--json"],
        cwd=ROOT,
        env={
            "PATH": "",
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/nowhere",
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": "fox.example",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr, document["verdict"]) == (1, "", "needs a person")
    database = document["checks"][-1]
    assert (database["name"], database["verdict"]) == ("database", "needs a person")
    assert "127.0.0.1" in database["value"]
    assert database["remedy"] == "See the server that DATABASE_URL names. Nothing else can be checked."
