"""The starts of the queue on record: begun, seen, ended, and what the workers of each still own."""

import os
import socket

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from jobs import claims
from jobs.executor import send_beat
from jobs.models import Incarnation, WorkerHeartbeat
from jobs.operations.sweeping import refund_leases
from jobs.registry import all_works

# Any number that no other advisory lock of this database has.
_SUPERVISOR_LOCK = 5_317_002


class SupervisorLock:
    """Held by the one supervisor of a database, on a connection of its own; it goes with that connection."""

    def __init__(self) -> None:
        self._connection = connection.copy()

    def take(self) -> bool:
        """Whether the lock is held now: taken before and still there, or taken again."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = %s",
                [_SUPERVISOR_LOCK],
            )
            if cursor.fetchone()[0]:
                return True
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_SUPERVISOR_LOCK])
            return bool(cursor.fetchone()[0])

    def release(self) -> None:
        self._connection.close()


def begin_incarnation() -> Incarnation:
    """Put a new start of the queue on record, before it starts."""
    return Incarnation.objects.create(
        host=socket.gethostname(),
        supervisor_pid=os.getpid(),
        version=settings.VERSION,
        started_at=Now(),
        seen_at=Now(),
    )


def note_group(*, incarnation: Incarnation, group_id: int) -> None:
    Incarnation.objects.filter(pk=incarnation.pk).update(group_id=group_id)


def note_seen(*, incarnation: Incarnation) -> None:
    """The supervisor's own heartbeat."""
    Incarnation.objects.filter(pk=incarnation.pk).update(seen_at=Now())


def end_incarnation(*, incarnation: Incarnation, ending: str) -> int:
    """Put the end of a start on record and queue again what its workers owned, without spending an attempt.

    What else waits may have been rung for in the memory of these processes, so the next sweep rings for it again. To be
    called when none of them lives. Gives the number of rows that wait again.
    """
    reason = "Its worker was ended by the supervisor; the attempt does not count."
    with transaction.atomic():
        taken = refund_leases(incarnation=incarnation.pk, reason=reason)
        for work in all_works():
            claims.rows_of(work).filter(claims.state_is(work, work.queued)).update(enqueued_at=None)
        unended = Incarnation.objects.filter(pk=incarnation.pk, ended_at=None)
        unended.update(ended_at=Now(), ending=ending)
    return taken


def forget_incarnation(*, incarnation: Incarnation) -> None:
    """Put the end of a start on another computer on record; what its workers owned ends with its leases."""
    Incarnation.objects.filter(pk=incarnation.pk).update(ended_at=Now(), ending=Incarnation.Ending.LOST)


def unended_incarnations() -> list[Incarnation]:
    """The starts that no supervisor put an end to; with the supervisor's lock in hand theirs is lost."""
    return list(Incarnation.objects.filter(ended_at=None))


def beat(*, incarnation: Incarnation) -> int:
    """Send a beat through the queue and give its entry there; `last_sign` tells when a worker answers."""
    return send_beat(incarnation.pk)


def last_sign(*, incarnation: Incarnation) -> object:
    """When a worker of the incarnation answered a beat last; None before the first time."""
    return WorkerHeartbeat.objects.filter(incarnation=incarnation).values_list("at", flat=True).first()


def has_live_leases(*, incarnation: Incarnation) -> bool:
    """Whether a worker of the incarnation owns work, as far as anyone knows: then the queue may be merely busy."""
    return any(
        claims.rows_of(work)
        .filter(claims.state_is(work, work.running), incarnation=incarnation.pk, lease_until__gte=Now())
        .exists()
        for work in all_works()
    )
