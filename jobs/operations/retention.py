"""What the background work leaves behind, removed when its time is over; what runs, waits or has failed stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from foundation.retention import Removed, remove_rows
from jobs.executor import failures_before, successes_over_limit
from jobs.models import Incarnation, Job, ScheduleRun

# As long as the logs are to be kept, which tell what these rows were about.
WORK_DAYS = 90
FAILURE_DAYS = 30


def remove_old_work(*, now: datetime, beat: Callable[[], None], dry_run: bool = False) -> list[Removed]:
    """Delete, or with `dry_run` count, old jobs, served slots of schedules, starts of the queue and its results.

    The last slot of a schedule stays, or the schedule would begin anew; a heartbeat goes with its start of the queue.
    """
    before = now - timedelta(days=WORK_DAYS)
    later = ScheduleRun.objects.filter(schedule=OuterRef("schedule"), slot__gt=OuterRef("slot"))
    classes: dict[str, QuerySet[Any]] = {
        "jobs": _ended_jobs(before),
        "slots of schedules": ScheduleRun.objects.filter(Exists(later), slot__lt=before),
        "starts of the queue": Incarnation.objects.filter(ended_at__lt=before),
        "results of the queue": successes_over_limit(),
        "failures of the queue": failures_before(now - timedelta(days=FAILURE_DAYS)),
    }
    return [remove_rows(name, rows, dry_run=dry_run, beat=beat) for name, rows in classes.items()]


def _ended_jobs(before: datetime) -> QuerySet[Job]:
    """A failed job waits for somebody until a later one has done the same work."""
    done_later = Job.objects.filter(
        kind=OuterRef("kind"), subject_id=OuterRef("subject_id"), pk__gt=OuterRef("pk"), state=Job.State.DONE
    )
    has_ended = Q(state__in=[Job.State.DONE, Job.State.CANCELLED])
    return Job.objects.filter(has_ended | Q(Exists(done_later), state=Job.State.FAILED), finished_at__lt=before)
