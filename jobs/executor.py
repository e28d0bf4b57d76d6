"""The queue: a doorbell that says "look at this row now". No other module knows which queue it is.

The rows themselves own claims, leases and retries, so a lost or doubled ring harms nothing.
"""

import logging
import time

from django_q.exceptions import TimeoutException
from django_q.tasks import async_task

from jobs.registry import find_job

logger = logging.getLogger(__name__)


class JobFailedError(Exception):
    """The work of a row ended in a way that the queue would not have recorded."""


def enqueue(kind: str, pk: int) -> None:
    """Ask a worker to do the work of `kind` for the row `pk`; raises `LookupError` for an unknown kind.

    The doorbell is one INSERT in the current transaction: a worker hears it after the commit, and never after a
    rollback.
    """
    find_job(kind)
    async_task("jobs.executor.run", kind, pk, task_name=f"{kind} {pk}")


def run(kind: str, pk: int) -> None:
    """Do the work of `kind` for the row `pk`, in a worker.

    The result is always None: one that cannot be pickled would make the queue repeat the work without end. So would
    a SystemExit, which becomes `JobFailedError`; the queue's own time limit passes, it has the worker replaced.
    """
    function = find_job(kind)
    started = time.monotonic()
    try:
        function(pk)
    except TimeoutException:
        raise
    except SystemExit as stop:
        raise JobFailedError(f"The job {kind} {pk} tried to end its worker (exit code {stop.code}).") from stop
    duration_ms = round((time.monotonic() - started) * 1000)
    logger.info("job done", extra={"kind": kind, "pk": pk, "duration_ms": duration_ms})
