"""How long the records of work and of signing in are kept, and what of them stays."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_q.models import Failure, Success

from foundation.models import AuditEntry, TokenBucket
from foundation.retention import remove_rows
from inventory.models import InventoryImport, UnmatchedName
from jobs.models import Incarnation, Job, ScheduleRun, WorkerHeartbeat
from jobs.operations.scheduling import fire
from jobs.schedules import all_schedules
from orders.operations.retention import apply_retention
from tests.command_line import run_command
from tests.factories import make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, import_file
from tests.pages import sign_in

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def retain(*, after: int = 0, dry_run: bool = False) -> dict[str, int]:
    """What is removed by a run that many days from now, per class that has any."""
    now = timezone.now() + timedelta(days=after)
    return {item.name: item.count for item in apply_retention(now=now, dry_run=dry_run) if item.count}


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def make_job(state: str, days: float, *, subject_id: int = 0) -> Job:
    return Job.objects.create(kind="verify_artifacts", subject_id=subject_id, state=state, finished_at=ago(days))


def test_ended_jobs_go_after_90_days_and_failures_stay_until_the_work_was_done() -> None:
    kept = [make_job("done", 89), make_job("failed", 400), make_job("running", 400, subject_id=1)]
    for state in ("done", "cancelled"):
        make_job(state, 91, subject_id=2)
    make_job("failed", 400, subject_id=3)
    kept.append(make_job("done", 1, subject_id=3))
    assert (retain(dry_run=True), Job.objects.count()) == ({"jobs": 3}, 7)
    assert retain() == {"jobs": 3}
    assert set(Job.objects.values_list("pk", flat=True)) == {job.pk for job in kept}


def test_a_failure_stays_while_the_work_was_only_cancelled_later() -> None:
    failed = make_job("failed", 400)
    make_job("cancelled", 1)
    retain()
    assert Job.objects.filter(pk=failed.pk).exists()


def test_of_a_schedule_the_last_slot_stays_so_that_it_does_not_begin_anew() -> None:
    schedule = next(item for item in all_schedules() if item.kind == "apply_retention")
    for days in (400, 300):
        ScheduleRun.objects.create(schedule=schedule.name, slot=ago(days))
    assert retain() == {"slots of schedules": 1}
    assert fire(schedule=schedule, now=timezone.now()) is True


def test_starts_of_the_queue_go_90_days_after_their_end_with_their_heartbeats() -> None:
    for ended in (None, ago(89), ago(91)):
        start = Incarnation.objects.create(
            host="shop", supervisor_pid=1, version="1", started_at=ago(400), seen_at=ago(91), ended_at=ended
        )
        WorkerHeartbeat.objects.create(incarnation=start, at=ago(91), host="shop", pid=2, version="1")
    assert retain() == {"starts of the queue": 1}
    assert (Incarnation.objects.count(), WorkerHeartbeat.objects.count()) == (2, 2)


def results(function: str, *days: float) -> Iterator[dict[str, Any]]:
    for each in days:
        yield {"id": uuid.uuid4().hex, "name": "x", "func": function, "started": ago(each), "stopped": ago(each)}


def test_the_queue_keeps_a_thousand_results_of_each_function_and_failures_for_30_days() -> None:
    Success.objects.bulk_create(Success(**item) for item in results("jobs.executor.run", *range(1003)))
    Success.objects.bulk_create(Success(**item) for item in results("other", 5000, 5001))
    Failure.objects.bulk_create(Failure(**item, success=False) for item in results("other", 29, 31))
    assert retain() == {"results of the queue": 3, "failures of the queue": 1}
    assert Success.objects.filter(func="jobs.executor.run", stopped__gt=ago(999.5)).count() == 1000
    assert (Success.objects.filter(func="other").count(), Failure.objects.count()) == (2, 1)


def test_ended_sessions_go_every_night_and_live_ones_stay() -> None:
    ended, live = sign_in(role="viewer"), sign_in(role="staff")
    Session.objects.filter(pk=ended.session.session_key).update(expire_date=ago(0))
    assert retain() == {"ended sessions": 1}
    assert (ended.get("/").status_code, live.get("/").status_code) == (302, 200)


def test_what_protects_the_sign_in_goes_after_90_days() -> None:
    User.objects.create_user("ann", password=PASSWORD)
    for password in ("wrong", PASSWORD):
        Client().post("/accounts/login/", {"username": "ann", "password": password})
    AccessFailureLog.objects.create(username="ann")
    AccessAttempt.objects.create(username="bob", failures_since_start=1)
    Session.objects.all().delete()
    assert retain(after=89) == {}
    assert set(retain(after=91)) == {"failed sign-ins", "counted sign-ins", "sign-ins", "full token buckets"}
    models = (AccessFailureLog, AccessAttempt, AccessLog, TokenBucket)
    assert [model._base_manager.count() for model in models] == [0] * 4
    assert AuditEntry.objects.filter(action="account.signed_in").exists()


def unmatched_import(name: str) -> InventoryImport:
    return import_file(make_csv(rows=[make_row(number=1, location=name)]))


def test_an_import_without_a_dataset_goes_after_24_months_and_its_account_stays() -> None:
    make_dealership(name=ELM)
    with_dataset, without = unmatched_import(ELM), unmatched_import("Nobody's Lot")
    assert "imports without a dataset" not in retain(after=729)
    assert retain(after=731)["imports without a dataset"] == 1
    assert list(InventoryImport.objects.all()) == [with_dataset]
    assert UnmatchedName.objects.count() == 0
    entry = AuditEntry.objects.get(action="import.removed")
    assert (entry.object_id, entry.object_name) == (str(without.pk), without.source)
    assert (entry.before["sha256"], entry.before["rows_unmatched"]) == (without.sha256, 1)


def test_an_import_that_another_one_refers_to_waits_for_it() -> None:
    first = unmatched_import("Nobody's Lot")
    again = InventoryImport.objects.create(
        source="again", sha256=first.sha256, collected_at=timezone.now(), status="failed", reread_of=first
    )
    InventoryImport.objects.update(stored_name="", created_at=ago(731))
    InventoryImport.objects.filter(pk=again.pk).update(created_at=ago(729))
    assert "imports without a dataset" not in retain()
    InventoryImport.objects.update(created_at=ago(731))
    assert [retain()["imports without a dataset"] for _ in range(2)] == [1, 1]
    assert InventoryImport.objects.count() == 0


def test_rows_go_in_pieces_and_a_run_that_was_broken_off_goes_on() -> None:
    class EnoughError(Exception):
        pass

    def stop() -> None:
        raise EnoughError

    TokenBucket.objects.bulk_create(
        TokenBucket(action="login", key=str(number), tokens=1, filled_at=ago(91)) for number in range(2500)
    )
    buckets = TokenBucket.objects.all()
    with pytest.raises(EnoughError):
        remove_rows("buckets", buckets, dry_run=False, beat=stop)
    assert buckets.count() == 1500
    pieces: list[int] = []
    removed = remove_rows("buckets", buckets, dry_run=False, beat=lambda: pieces.append(buckets.count()))
    assert (removed.count, pieces) == (1500, [500, 0])


@pytest.mark.django_db(transaction=True)
def test_the_command_tells_count_and_bytes_of_every_class() -> None:
    make_job("done", 91)
    document = run_command("retention", "--dry-run", "--json").document
    sizes = {item["name"]: (item["count"], item["bytes"]) for item in document["classes"]}
    assert len(sizes) == 20
    assert (sizes["jobs"][0], 50 < sizes["jobs"][1] < 1000) == (1, True)
    assert sizes["ended sessions"] == (0, 0)
    assert "jobs: 1 would be removed, " in run_command("retention", "--dry-run").out
