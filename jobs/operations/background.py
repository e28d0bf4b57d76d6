"""Work without a row of its own: a `Job` row stands for it, with claims and retries like any other."""

import logging
from contextvars import ContextVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from foundation import context
from foundation.errors import Refused, SilverFoxError
from jobs import claims
from jobs.executor import enqueue
from jobs.models import CLAIM_COLUMNS, Job
from jobs.registry import Work, find_job, register_work

logger = logging.getLogger(__name__)
RUN_JOB = "run_job"
_heartbeat: ContextVar[claims.Heartbeat | None] = ContextVar("heartbeat", default=None)


def _move(job: Job, state: str, *, action: str, detail: str) -> None:
    job.state = state
    job.finished_at = None if state in {Job.State.QUEUED, Job.State.RUNNING} else timezone.now()
    job.save(update_fields=["state", "finished_at", *CLAIM_COLUMNS])


register_work(Work(kind=RUN_JOB, model=Job, move=_move))


def start_job(*, kind: str, subject_id: int = 0) -> Job:
    """Have the work of `kind` done for a subject in the background; gives its row, or that of the same work unfinished.

    The row and the doorbell belong to the current transaction. Raises `LookupError` for an unknown kind.
    """
    find_job(kind)
    unfinished = [Job.State.QUEUED, Job.State.RUNNING]
    job = None
    with transaction.atomic():
        # The one in the way may end between the two statements.
        while job is None:
            Job.objects.bulk_create([Job(kind=kind, subject_id=subject_id)], ignore_conflicts=True)
            job = Job.objects.filter(kind=kind, subject_id=subject_id, state__in=unfinished).first()
        if job.enqueued_at is None:
            enqueue(RUN_JOB, job.pk)
    return job


def run_job(*, job_id: int) -> None:
    """Do the work of a `Job` row, once however often it is asked; what went wrong stands on the row and is raised.

    A refusal of the work is its result: the row is failed with the reason, and nothing is raised.
    """
    job = Job.objects.get(pk=job_id)
    token = claims.claim(job)
    if token is None:
        logger.info("job not mine", extra={"job_id": job_id, "state": job.state})
        return
    with context.bound(job=f"{job.kind} {job.subject_id}", job_id=job.pk):
        _work(job, token)


def _work(job: Job, token: UUID) -> None:
    holder = _heartbeat.set(claims.Heartbeat(job, token))
    claims.enter("work")
    try:
        _finish(job, token, _text(job, find_job(job.kind)(job.subject_id)))
    except claims.CancelRequested:
        claims.cancel(job, token)
    except claims.LostLease:
        logger.warning("job taken over by another worker")
    except SilverFoxError as error:
        claims.fail(job, token, code=error.code, text=error.message)
        logger.warning("job failed", extra={"reason": error.message})
    finally:
        _heartbeat.reset(holder)


def _text(job: Job, result: object) -> str:
    if result is not None and not isinstance(result, str):
        raise TypeError(f"the work {job.kind} gave a {type(result).__name__} as its result, not a short text")
    return result or ""


def _finish(job: Job, token: UUID, result: str) -> None:
    with transaction.atomic():
        locked = claims.release(job, token, Job.State.DONE, action="finish")
        locked.result = result
        locked.save(update_fields=["result"])


def keep_alive() -> None:
    """To be called between units of long work: renews the lease of the job that runs here, if one does.

    Raises `LostLease` and `CancelRequested`; outside of a job it does nothing.
    """
    heartbeat = _heartbeat.get()
    if heartbeat is not None:
        heartbeat()


def retry_job(*, job: Job) -> Job:
    """Queue a failed job again with all its attempts. Raises `Refused` when it has not failed."""
    with transaction.atomic():
        locked = claims.lock(job)
        if locked.state != Job.State.FAILED:
            raise Refused(f"Job {job.pk} is {locked.state}; only a failed job can be tried again.", code="not_failed")
        claims.start_over(locked)
        _move(locked, Job.State.QUEUED, action="retry", detail="")
        enqueue(RUN_JOB, locked.pk)
    return locked


def cancel_job(*, job: Job) -> Job:
    """End a job that waits, or have its worker end it at its next heartbeat. Raises `Refused` when it has ended."""
    with transaction.atomic():
        locked = claims.lock(job)
        if locked.state == Job.State.QUEUED:
            _move(locked, Job.State.CANCELLED, action="cancel", detail="")
        elif locked.state == Job.State.RUNNING:
            locked.cancel_requested = True
            locked.save(update_fields=["cancel_requested"])
        else:
            raise Refused(f"Job {job.pk} is {locked.state} already.", code="has_ended")
    return locked
