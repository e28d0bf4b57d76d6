"""The queue: a doorbell that says "look at this row now". No other module knows which queue it is.

The rows themselves own claims, leases and retries, so a lost or doubled ring harms nothing.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet, Window
from django.db.models.functions import Now, RowNumber
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.exceptions import TimeoutException
from django_q.models import Failure, OrmQ, Success
from django_q.tasks import async_task

from foundation import context
from jobs.claims import fail_own, rows_of
from jobs.registry import find_job, find_work

logger = logging.getLogger(__name__)


class JobFailedError(Exception):
    """The work of a row ended in a way that the queue would not have recorded."""


def enqueue(kind: str, pk: int) -> None:
    """Ask a worker to do the work of `kind` for the row `pk`; raises `LookupError` for an unknown kind.

    The doorbell is one INSERT in the current transaction: a worker hears it after the commit, and never after a
    rollback. A row of work notes when it was rung for.
    """
    find_job(kind)
    work = find_work(kind)
    if work is not None:
        rows_of(work).filter(pk=pk).update(enqueued_at=Now())
    # The request that asked for the work is named in what the work logs and records.
    origin = [context.request_id()] if context.request_id() else []
    async_task("jobs.executor.run", kind, pk, *origin, task_name=f"{kind} {pk}")


class _NotingBroker(ORM):  # type: ignore[misc]  # it ships no types
    """The queue's own broker, which also keeps the number of the entry that it made last."""

    entry = 0

    def enqueue(self, task: Any) -> int:
        self.entry = int(super().enqueue(task))
        return self.entry


def send_beat(incarnation: int) -> int:
    """Ask a worker to answer with a heartbeat; gives the number of the queue's entry.

    The supervisor sees by the answer that work is done, and by the entry's end that the queue knows of it.
    """
    broker = _NotingBroker(Conf.CLUSTER_NAME)
    answer = "jobs.operations.heartbeats.answer_beat"
    async_task(answer, incarnation, task_name=f"beat {incarnation}", save=False, broker=broker)
    return broker.entry


def unfinished(entries: Iterable[int]) -> set[int]:
    """Those of the queue's entries that it does not know to have ended."""
    return set(OrmQ.objects.filter(pk__in=list(entries)).values_list("pk", flat=True))


def successes_over_limit() -> QuerySet[Any]:
    """The queue's records of what went well, beyond the newest thousand of each function."""
    rank = Window(RowNumber(), partition_by=F("func"), order_by=[F("stopped").desc(), F("id")])
    successes: QuerySet[Any] = Success.objects.order_by().annotate(rank=rank)
    return successes.filter(rank__gt=settings.Q_CLUSTER["save_limit"])


def failures_before(moment: datetime) -> QuerySet[Any]:
    """The queue's records of what went wrong before then; the queue itself keeps them for ever."""
    failures: QuerySet[Any] = Failure.objects.filter(stopped__lt=moment)
    return failures


def run(kind: str, pk: int, request_id: str = "") -> None:
    """Do the work of `kind` for the row `pk`, in a worker; an error stands on the row before it goes on to the queue.

    The result is always None: one that cannot be pickled would make the queue repeat the work without end. So would
    a SystemExit, which becomes `JobFailedError`; the queue's own time limit passes, it has the worker replaced.
    """
    with context.bound(request_id=request_id, job=f"{kind} {pk}"):
        _run(kind, pk)


def _run(kind: str, pk: int) -> None:
    function = find_job(kind)
    started = time.monotonic()
    try:
        function(pk)
    except TimeoutException:
        limit = f"It took longer than {settings.JOB_TIMEOUT_SECONDS:.0f} seconds and was ended. Retry it."
        _note_failure(kind, pk, "E_TIMEOUT", limit)
        raise
    except SystemExit as stop:
        reason = f"The job {kind} {pk} tried to end its worker (exit code {stop.code})."
        _note_failure(kind, pk, "E_EXIT", reason)
        raise JobFailedError(reason) from stop
    except Exception as error:
        reason = f"Unexpected {type(error).__name__}: {error}. Retry it; if it fails again, the log has the details."
        _note_failure(kind, pk, "E_UNEXPECTED", reason, error)
        raise
    duration_ms = round((time.monotonic() - started) * 1000)
    logger.info("job done", extra={"kind": kind, "pk": pk, "duration_ms": duration_ms})


def _note_failure(kind: str, pk: int, code: str, text: str, error: Exception | None = None) -> None:
    work = find_work(kind)
    if work is not None:
        fail_own(work, pk, code=code, text=text, error=error)
