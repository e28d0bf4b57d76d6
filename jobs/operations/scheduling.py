"""Schedules: each slot is served once, however many look, and after an outage only the latest one."""

import logging
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from jobs.models import ScheduleRun
from jobs.operations.background import start_job
from jobs.schedules import Schedule, all_schedules

logger = logging.getLogger(__name__)


def fire_schedules() -> int:
    """Start the jobs of all schedules that are due by the clock of the database; gives how many were started."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now = cursor.fetchone()[0]
    return sum(fire(schedule=schedule, now=now) for schedule in all_schedules())


def fire(*, schedule: Schedule, now: datetime) -> bool:
    """Serve the latest slot of a schedule unless it was; True when its job was started.

    A schedule that is seen for the first time begins with its next slot, so that a new installation does not do at
    noon what belongs to the night. While its last job is unfinished no second one runs beside it.
    """
    slot = schedule.when.latest_slot(now, timezone.get_default_timezone())
    runs = ScheduleRun.objects.filter(schedule=schedule.name)
    if runs.filter(slot__gte=slot).exists():
        return False
    with transaction.atomic():
        is_new = not runs.exists()
        if not _serve(schedule, slot) or is_new:
            return False
        runs.filter(slot=slot).update(job=start_job(kind=schedule.kind))
    logger.info("schedule", extra={"schedule": schedule.name, "slot": slot.isoformat()})
    return True


def _serve(schedule: Schedule, slot: datetime) -> bool:
    """Whether this call is the one that serves the slot; a simultaneous one waits for its commit and gets a no."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO jobs_schedulerun (schedule, slot, fired_at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING",
            [schedule.name, slot],
        )
        return bool(cursor.rowcount)
