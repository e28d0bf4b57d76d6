import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ
from pytest_django import Settings

from foundation.errors import BadInput, Refused
from jobs import claims, executor, registry
from jobs.models import Job
from jobs.operations.background import RUN_JOB, cancel_job, keep_alive, retry_job, run_job, start_job
from jobs.operations.incarnations import begin_incarnation, end_incarnation
from jobs.operations.sweeping import refund_leases, sweep
from jobs.registry import job, register_work

pytestmark = pytest.mark.django_db
done: list[int] = []


@pytest.fixture(autouse=True)
def _kinds_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_jobs", dict(registry._jobs))
    monkeypatch.setattr(registry, "_sweeps", {})
    done.clear()
    job("note")(done.append)


@pytest.fixture
def row() -> Job:
    return start_job(kind="note", subject_id=7)


def change(row: Job, **values: object) -> None:
    Job.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()


def long_ago(**units: int) -> object:
    return Now() - timedelta(**units)


def rings() -> list[tuple[str, int]]:
    return [entry.task["args"] for entry in OrmQ.objects.order_by("pk")]


def states(row: Job) -> tuple[str, int, int]:
    row.refresh_from_db()
    return (row.state, row.attempts, row.claims_total)


# Claims


def test_a_claim_makes_one_owner_and_counts_before_the_work(row: Job) -> None:
    token = claims.claim(row)
    assert (row.token, row.state, row.attempts, row.claims_total) == (token, "running", 1, 1)
    assert (claims.claim(row), claims.has_live_lease(row)) == (None, True)


def test_an_expired_lease_lets_another_worker_take_over_and_the_first_can_do_nothing_more(row: Job) -> None:
    first = claims.claim(row)
    assert first is not None
    change(row, lease_until=long_ago(seconds=1))
    second = claims.claim(row)
    assert second not in {None, first}
    with pytest.raises(claims.LostLease):
        claims.renew(row, first)
    with pytest.raises(claims.LostLease):
        claims.release(row, first, "done", action="finish")
    assert claims.fail(row, first, code="E", text="late") is False
    assert states(row) == ("running", 2, 2)


@pytest.mark.parametrize(
    "values",
    [{"attempts": 5}, {"claims_total": 15}, {"not_before": Now() + timedelta(minutes=1)}, {"state": "done"}],
    ids=["attempts spent", "starts spent", "pauses", "not waiting"],
)
def test_a_row_that_may_not_start_is_not_to_be_had(row: Job, values: dict[str, object]) -> None:
    change(row, **values)
    assert claims.claim(row) is None


def test_a_renewal_moves_the_end_of_the_lease(row: Job) -> None:
    token = claims.claim(row)
    assert token is not None
    change(row, lease_until=long_ago(seconds=1))
    claims.renew(row, token)
    assert claims.has_live_lease(row)


def test_the_fence_lets_nobody_past_who_is_to_stop(row: Job) -> None:
    token = claims.claim(row)
    assert token is not None
    change(row, cancel_requested=True)
    with pytest.raises(claims.CancelRequested), transaction.atomic():
        claims.fence(row, token)
    with pytest.raises(claims.LostLease), transaction.atomic():
        claims.fence(row, uuid.uuid4())


def test_a_failure_stands_on_the_row_and_frees_it(row: Job) -> None:
    token = claims.claim(row)
    assert token is not None
    assert claims.fail(row, token, code="E_X", text="Broken.")
    row.refresh_from_db()
    assert (row.state, row.error_code, row.error_text, row.token, row.owner_host) == (
        "failed",
        "E_X",
        "Broken.",
        None,
        "",
    )


class Deadlock(Exception):
    pgcode = "40P01"


def test_a_deadlock_is_tried_again_twice_and_then_fails(row: Job) -> None:
    seen = []
    for _ in range(3):
        token = claims.claim(row)
        assert token is not None
        error = DatabaseError("deadlock detected")
        error.__cause__ = Deadlock()
        claims.fail(row, token, code="E_UNEXPECTED", text="deadlock detected", error=error)
        seen.append(states(row)[0])
    assert seen == ["queued", "queued", "failed"]


def test_work_of_a_model_is_registered_once() -> None:
    with pytest.raises(ValueError, match="^Work of Job or of kind 'other' is registered already.$"):
        register_work(registry.Work(kind="other", model=Job))
    with pytest.raises(LookupError):
        registry.work_of(OrmQ)


# Sweeps


def test_a_row_that_lost_its_worker_is_rung_for_at_once_twice_then_pauses_and_then_fails(row: Job) -> None:
    pauses = []
    for _ in range(5):
        OrmQ.objects.all().delete()
        change(row, not_before=None)
        assert claims.claim(row) is not None
        change(row, lease_until=long_ago(seconds=1))
        sweep()
        row.refresh_from_db()
        pauses.append((row.state, len(rings()), row.not_before is not None))
    assert pauses == [
        ("queued", 1, False),
        ("queued", 1, False),
        ("queued", 0, True),
        ("queued", 0, True),
        ("failed", 0, False),
    ]
    row.refresh_from_db()
    assert row.error_code == "E_GAVE_UP"
    assert row.error_text == "Given up after 5 attempts and 5 starts. Its worker was lost."


def test_the_pauses_double(row: Job, settings: Settings) -> None:
    settings.BACKOFF_SECONDS = 1000
    lengths = []
    for attempts in (2, 3):
        change(row, state="running", attempts=attempts + 1, not_before=None, lease_until=long_ago(seconds=1))
        sweep()
        lengths.append(Job.objects.filter(not_before__gt=Now() + timedelta(seconds=900 * 2 ** (attempts - 2))).count())
        assert not Job.objects.filter(not_before__gt=Now() + timedelta(seconds=1000 * 2 ** (attempts - 2))).exists()
    assert lengths == [1, 1]


def test_a_live_lease_is_left_alone(row: Job) -> None:
    claims.claim(row)
    assert (sweep(), states(row)) == ({}, ("running", 1, 1))


def test_a_waiting_row_is_rung_for_again_when_nobody_heard_the_bell(row: Job) -> None:
    OrmQ.objects.all().delete()
    assert sweep() == {}
    change(row, enqueued_at=long_ago(seconds=121))
    assert (sweep(), rings()) == ({"run_job: rung again": 1}, [("run_job", row.pk)])
    assert sweep() == {}


def test_what_waits_at_the_end_of_a_queue_is_rung_for_again_at_once(row: Job) -> None:
    OrmQ.objects.all().delete()
    assert sweep() == {}
    end_incarnation(incarnation=begin_incarnation(), ending="lost")
    assert sweep() == {"run_job: rung again": 1}
    assert rings() == [(RUN_JOB, row.pk)]


def test_a_row_is_rung_for_when_its_pause_is_over_and_not_before(row: Job) -> None:
    change(row, enqueued_at=None, not_before=Now() + timedelta(seconds=5))
    assert sweep() == {}
    change(row, not_before=long_ago(seconds=1))
    assert sweep() == {"run_job: rung again": 1}


def test_a_waiting_row_that_nobody_may_start_fails_visibly(row: Job) -> None:
    change(row, claims_total=15, attempts=2)
    assert sweep() == {"run_job: given up": 1}
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("failed", "E_GAVE_UP")


def test_a_row_to_be_cancelled_that_lost_its_worker_is_cancelled(row: Job) -> None:
    claims.claim(row)
    change(row, cancel_requested=True, lease_until=long_ago(seconds=1))
    sweep()
    assert states(row)[0] == "cancelled"


def test_a_refund_gives_the_attempt_back_but_not_the_start(row: Job) -> None:
    claims.claim(row)
    change(row, incarnation=4)
    OrmQ.objects.all().delete()
    assert (refund_leases(incarnation=3, reason="Ended."), refund_leases(incarnation=4, reason="Ended.")) == (0, 1)
    assert (states(row), rings()) == (("queued", 0, 1), [("run_job", row.pk)])


def test_a_row_that_kills_its_workers_stops_although_each_attempt_was_refunded(row: Job) -> None:
    for _ in range(15):
        assert claims.claim(row) is not None
        change(row, incarnation=4)
        refund_leases(incarnation=4, reason="The queue was ended.")
    row.refresh_from_db()
    assert (row.state, row.error_code, row.claims_total) == ("failed", "E_GAVE_UP", 15)


def test_a_sweep_that_fails_keeps_no_other_from_running(caplog: pytest.LogCaptureFixture) -> None:
    @registry.sweep("broken")
    def _broken() -> int:
        raise ZeroDivisionError

    registry.sweep("whole")(lambda: 3)
    assert sweep() == {"whole": 3}
    assert [record.message for record in caplog.records] == ["sweep failed", "sweep"]
    with pytest.raises(ValueError, match="^Two sweeps are registered as 'whole'.$"):
        registry.sweep("whole")(lambda: 0)


# Work without a row of its own


def test_unfinished_work_of_the_same_subject_is_not_started_twice(row: Job) -> None:
    assert start_job(kind="note", subject_id=7).pk == row.pk
    assert start_job(kind="note", subject_id=8).pk != row.pk
    assert len(rings()) == 2


def test_a_job_is_done_once_and_keeps_its_result(row: Job) -> None:
    job("count")(lambda subject_id: f"{subject_id} counted")
    counted = start_job(kind="count", subject_id=3)
    for pk in (row.pk, row.pk, counted.pk):
        executor.run(RUN_JOB, pk)
    counted.refresh_from_db()
    assert (done, counted.state, counted.result, counted.token) == ([7], "done", "3 counted", None)
    assert start_job(kind="note", subject_id=7).pk != row.pk


def test_a_refusal_fails_the_job_and_a_retry_gives_it_all_attempts_again() -> None:
    @job("refuse")
    def _refuse(subject_id: int) -> None:
        raise BadInput(f"Subject {subject_id} is unreadable.", code="unreadable")

    row = start_job(kind="refuse", subject_id=5)
    run_job(job_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error_code, row.error_text) == ("failed", "unreadable", "Subject 5 is unreadable.")
    assert row.error_stage == "work"
    change(row, attempts=5, claims_total=15)
    retried = retry_job(job=row)
    assert (states(retried), retried.error_text, retried.error_stage) == (("queued", 0, 0), "", "")
    with pytest.raises(Refused):
        retry_job(job=row)


@pytest.mark.parametrize(
    ("error", "code", "raised"),
    [
        (SystemExit(3), "E_EXIT", executor.JobFailedError),
        (TimeoutException(), "E_TIMEOUT", TimeoutException),
        (ZeroDivisionError(), "E_UNEXPECTED", ZeroDivisionError),
    ],
    ids=["exit", "time limit", "fault"],
)
def test_whatever_ends_the_work_stands_on_the_row(error: BaseException, code: str, raised: type[BaseException]) -> None:
    @job("break")
    def _break(subject_id: int) -> None:
        raise error

    row = start_job(kind="break")
    with pytest.raises(raised):
        executor.run(RUN_JOB, row.pk)
    row.refresh_from_db()
    assert (row.state, row.error_code, row.token) == ("failed", code, None)


def test_a_running_job_is_cancelled_at_its_next_heartbeat(settings: Settings) -> None:
    settings.LEASE_SECONDS = 0

    @job("long")
    def _long(subject_id: int) -> None:
        keep_alive()
        cancel_job(job=Job.objects.get(kind="long"))
        keep_alive()
        done.append(subject_id)

    row = start_job(kind="long")
    run_job(job_id=row.pk)
    assert (states(row)[0], done) == ("cancelled", [])
    with pytest.raises(Refused):
        cancel_job(job=row)


def test_a_waiting_job_is_cancelled_at_once(row: Job) -> None:
    cancel_job(job=row)
    run_job(job_id=row.pk)
    assert (states(row)[0], done) == ("cancelled", [])


def test_a_row_put_back_by_its_owner_has_all_its_attempts(row: Job) -> None:
    token = claims.claim(row)
    assert token is not None
    claims.put_back(row, token, seconds=60, reason="its part is done")
    assert states(row) == ("queued", 0, 0)
    assert (claims.claim(row), row.not_before is not None, row.enqueued_at) == (None, True, None)
    with pytest.raises(claims.LostLease):
        claims.put_back(row, token, reason="late")
