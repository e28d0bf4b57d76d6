"""The sweep: what lost its worker, its doorbell or its last step is taken up again. Safe to run twice, also at once."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from foundation.connections import is_connection_lost
from jobs import claims
from jobs.executor import enqueue
from jobs.models import Claimable
from jobs.registry import Sweep, Work, all_sweeps, all_works

logger = logging.getLogger(__name__)
# Any number that no other advisory lock of this database has.
_SWEEP_LOCK = 5_317_001
_MOST_ROWS = 500


def sweep() -> dict[str, int]:
    """Run every sweep once; gives what each of them mended. Empty when another process is sweeping now.

    A sweep that fails is logged and keeps none of the others from running; only a database that is gone ends all.
    """
    with _only_one_sweeper() as is_mine:
        mended = {name: count for name, mend in _sweeps() if is_mine and (count := _run(name, mend))}
    if mended:
        logger.warning("sweep", extra={"mended": mended})
    return mended


def _sweeps() -> Iterator[tuple[str, Sweep]]:
    for work in all_works():
        yield f"{work.kind}: taken back", partial(take_back_expired, work)
        yield f"{work.kind}: given up", partial(give_up_exhausted, work)
        yield f"{work.kind}: rung again", partial(ring_again, work)
    yield from all_sweeps()


def _run(name: str, mend: Sweep) -> int:
    try:
        return mend()
    except Exception as error:
        if is_connection_lost(error):
            raise
        logger.exception("sweep failed", extra={"sweep": name})
        return 0


@contextmanager
def _only_one_sweeper() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_SWEEP_LOCK])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_SWEEP_LOCK])


def take_back_expired(work: Work) -> int:
    """Queue running rows whose lease ran out; after the second attempt with a pause, after the last they fail."""
    expired = claims.rows_of(work).filter(claims.state_is(work, work.running), lease_until__lt=Now())
    return _take_back(work, expired, reason="Its worker was lost.", refund=False)


def refund_leases(*, incarnation: int, reason: str) -> int:
    """Queue again what the workers of an incarnation owned that the supervisor ended; that spends no attempt."""
    taken = 0
    for work in all_works():
        owned = claims.rows_of(work).filter(claims.state_is(work, work.running), incarnation=incarnation)
        taken += _take_back(work, owned, reason=reason, refund=True)
    return taken


def _take_back(work: Work, rows: QuerySet[Claimable], *, reason: str, refund: bool) -> int:
    with transaction.atomic():
        locked = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:_MOST_ROWS])
        for row in locked:
            waits = claims.take_back(work, row, reason=reason, refund=refund)
            if waits and not row.not_before:
                enqueue(work.kind, row.pk)
    return len(locked)


def give_up_exhausted(work: Work) -> int:
    """Fail queued rows that no worker may start any more."""
    spent = Q(attempts__gte=claims.MOST_ATTEMPTS) | Q(claims_total__gte=claims.MOST_CLAIMS)
    waiting = claims.rows_of(work).filter(claims.state_is(work, work.queued), spent)
    with transaction.atomic():
        locked = list(waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:_MOST_ROWS])
        for row in locked:
            claims.give_up(work, row, reason="Each time its worker was ended.")
    return len(locked)


def ring_again(work: Work) -> int:
    """Ring for queued rows that are due and were not rung for since, or not for two minutes."""
    silent = (
        Q(enqueued_at__isnull=True)
        | Q(enqueued_at__lt=Now() - timedelta(seconds=settings.DOORBELL_SECONDS))
        | Q(enqueued_at__lt=F("not_before"))
    )
    is_due = Q(not_before__isnull=True) | Q(not_before__lte=Now())
    waiting = claims.rows_of(work).filter(claims.state_is(work, work.queued), silent, is_due)
    with transaction.atomic():
        keys = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:_MOST_ROWS]
        rung = list(keys.values_list("pk", flat=True))
        for pk in rung:
            enqueue(work.kind, pk)
    return len(rung)
