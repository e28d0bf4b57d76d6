import logging
from collections.abc import Callable

import pytest
from django.db import transaction
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ

from foundation import context
from jobs import executor, registry

done: list[int] = []


@pytest.fixture(autouse=True)
def _jobs_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_jobs", dict(registry._jobs))
    done.clear()
    registry.job("note")(done.append)


class ForcedRollback(Exception):
    pass


def test_one_kind_cannot_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="^Two jobs are registered as 'note'.$"):
        registry.job("note")(done.append)


def test_a_registered_function_stays_what_it_was() -> None:
    def work(pk: int) -> None:
        done.append(pk)

    assert registry.job("other")(work) is work


@pytest.mark.django_db
def test_enqueue_rings_for_one_row() -> None:
    executor.enqueue("note", 7)
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"], task["name"]) == ("jobs.executor.run", ("note", 7), "note 7")


@pytest.mark.django_db
def test_enqueue_refuses_an_unknown_kind() -> None:
    with pytest.raises(LookupError, match="^No job is registered as 'nothing'; registered are .*note"):
        executor.enqueue("nothing", 7)
    assert OrmQ.objects.count() == 0


def ring_and_roll_back() -> None:
    with transaction.atomic():
        executor.enqueue("note", 7)
        raise ForcedRollback


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_has_not_rung() -> None:
    with pytest.raises(ForcedRollback):
        ring_and_roll_back()
    assert OrmQ.objects.count() == 0


def test_run_does_the_work_and_logs_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "jobs.executor"):
        executor.run("note", 7)
    assert done == [7]
    assert [(r.message, r.__dict__["kind"], r.__dict__["pk"]) for r in caplog.records] == [("job done", "note", 7)]


def test_run_gives_nothing_back_whatever_the_job_returns() -> None:
    registry.job("talkative")(str)
    assert executor.run("talkative", 7) is None  # type: ignore[func-returns-value]


def test_a_job_that_ends_its_worker_has_failed() -> None:
    def leave(pk: int) -> None:
        raise SystemExit(3)

    registry.job("leave")(leave)
    with pytest.raises(executor.JobFailedError, match=r"^The job leave 7 tried to end its worker \(exit code 3\).$"):
        executor.run("leave", 7)


def test_the_time_limit_of_the_queue_passes_so_that_the_worker_is_replaced() -> None:
    def hang(pk: int) -> None:
        raise TimeoutException

    registry.job("hang")(hang)
    with pytest.raises(TimeoutException):
        executor.run("hang", 7)


def test_an_error_of_the_job_is_left_as_it_is() -> None:
    def fail(pk: int) -> None:
        raise ZeroDivisionError

    registry.job("fail")(fail)
    with pytest.raises(ZeroDivisionError):
        executor.run("fail", 7)


@pytest.mark.django_db
def test_the_work_knows_the_request_that_asked_for_it(run_queued_jobs: Callable[[], int]) -> None:
    seen: list[object] = []
    registry.job("trace")(lambda pk: seen.append((pk, context.request_id(), context.facts()["job"])))
    with context.bound(request_id="asked-1234"):
        executor.enqueue("trace", 7)
    run_queued_jobs()
    assert seen == [(7, "asked-1234", "trace 7")]
