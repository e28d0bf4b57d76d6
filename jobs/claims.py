"""Who works on a row, and until when that is believed.

Every time that decides is the database's, every change is conditional or made under the row's lock.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from foundation.connections import is_connection_lost
from jobs.models import Claimable
from jobs.registry import Work, work_of

MOST_ATTEMPTS = 5
MOST_CLAIMS = 15
# The first attempts that lose their worker are repeated at once.
_ATTEMPTS_WITHOUT_PAUSE = 2
# What PostgreSQL says of a serialisation failure, a deadlock and its own stop: the same again may well succeed.
_TRANSIENT = {"40001", "40P01", "57P01", "57P02", "57P03"}
_MOST_TRANSIENT_ATTEMPTS = 3
INCARNATION_VARIABLE = "SILVERFOX_INCARNATION"
# Outlives the work, so that a failure that is recorded behind it still names it; the next claim begins anew.
_stage: ContextVar[str] = ContextVar("stage", default="")

Row = TypeVar("Row", bound=Claimable)
Renew = Callable[[Claimable, uuid.UUID], None]


class LostLease(Exception):
    """Another worker owns the row now; this one stops without further effects."""


class CancelRequested(Exception):
    """Somebody asked to cancel the work; its owner stops without publishing anything."""


def lease_end() -> Any:
    """When a lease that is taken or renewed now ends, as an expression for the database."""
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def incarnation_id() -> int | None:
    """The supervisor's incarnation that this process belongs to; None outside its queue."""
    number = os.environ.get(INCARNATION_VARIABLE, "").partition(":")[0]
    return int(number) if number else None


def claim(row: Claimable, **also: Any) -> uuid.UUID | None:
    """Become the owner of a queued row, or of a running one whose lease ran out; None when it is not to be had.

    The start is counted before any work, so that a row which kills its worker comes to an end. `also` are values that
    the same statement sets. Whatever the answer, the row is read again, apart from what it refers to.
    """
    work, token = work_of(type(row)), uuid.uuid4()
    enter("claim")
    with transaction.atomic():
        claimed = (
            _claimable(work)
            .filter(pk=row.pk)
            .update(
                token=token,
                lease_until=lease_end(),
                attempts=F("attempts") + 1,
                claims_total=F("claims_total") + 1,
                not_before=None,
                owner_host=socket.gethostname(),
                owner_pid=os.getpid(),
                incarnation=incarnation_id(),
                **also,
            )
        )
        row.refresh_from_db(fields=[field.name for field in row._meta.concrete_fields if not field.is_relation])
        if not claimed:
            return None
        if work.state_of(row) == work.queued:
            work.move(row, work.running, action="start", detail=f"attempt {row.attempts}")
    return token


def enter(stage: str) -> None:
    """Note which part of the work begins, in a short word; a failure from now on names it."""
    _stage.set(stage)


def stage() -> str:
    """Which part of the work goes on, or ended last."""
    return _stage.get()


def _claimable(work: Work) -> QuerySet[Any]:
    is_free = state_is(work, work.queued) | (state_is(work, work.running) & Q(lease_until__lt=Now()))
    is_due = Q(not_before__isnull=True) | Q(not_before__lte=Now())
    return rows_of(work).filter(
        is_free & is_due, cancel_requested=False, attempts__lt=MOST_ATTEMPTS, claims_total__lt=MOST_CLAIMS
    )


def rows_of(work: Work) -> QuerySet[Any]:
    return work.model._base_manager.all()


def state_is(work: Work, state: str) -> Q:
    return Q(**{work.state_field: state})


def note_rung(row: Claimable) -> None:
    """Count a queued row as rung for now, though its caller does the work itself."""
    rows_of(work_of(type(row))).filter(pk=row.pk).update(enqueued_at=Now())


def has_live_lease(row: Claimable) -> bool:
    """Whether an owner of the row is still believed in."""
    work = work_of(type(row))
    return rows_of(work).filter(state_is(work, work.running), pk=row.pk, lease_until__gte=Now()).exists()


def renew(row: Claimable, token: uuid.UUID) -> None:
    """Prolong the lease. Raises `LostLease` when somebody else owns the row, `CancelRequested` when it is to end."""
    work = work_of(type(row))
    mine = rows_of(work).filter(state_is(work, work.running), pk=row.pk, token=token)
    if mine.filter(cancel_requested=False).update(lease_until=lease_end()):
        return
    raise CancelRequested if mine.exists() else LostLease


def fence(row: Row, token: uuid.UUID) -> Row:
    """The row locked until the transaction ends, still owned by `token`; raises like `renew` otherwise.

    To be called first in the transaction that publishes: a worker that was frozen meanwhile cannot get past it.
    """
    locked = lock(row)
    work = work_of(type(row))
    if locked.token != token or work.state_of(locked) != work.running:
        raise LostLease
    if locked.cancel_requested:
        raise CancelRequested
    return locked


def lock(row: Row) -> Row:
    """The row as it is now, locked until the transaction ends."""
    locked: Row = type(row)._base_manager.select_for_update().get(pk=row.pk)
    return locked


def let_go(locked: Claimable) -> None:
    """End the ownership on a locked row; whoever changes its state next saves that."""
    _set(locked, token=None, lease_until=None, owner_host="", owner_pid=None, incarnation=None, cancel_requested=False)


def _set(row: Claimable, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def release(row: Row, token: uuid.UUID, state: str, *, action: str, detail: str = "") -> Row:
    """End the work on a row with a state of success. Raises `LostLease` and `CancelRequested` like `fence`."""
    with transaction.atomic():
        locked = fence(row, token)
        let_go(locked)
        _set(locked, error_stage="", error_code="", error_text="")
        work_of(type(row)).move(locked, state, action=action, detail=detail)
    return locked


def fail(row: Claimable, token: uuid.UUID, *, code: str, text: str, error: Exception | None = None) -> bool:
    """End the work on a row with its stage and reason; False when it has another owner by now and nothing was done.

    A deadlock, a serialisation failure or a lost database (`error`) is no verdict on the row: it is queued again up to
    three attempts.
    """
    with transaction.atomic():
        locked = lock(row)
        work = work_of(type(row))
        if locked.token != token or work.state_of(locked) != work.running:
            return False
        let_go(locked)
        _set(locked, error_stage=_stage.get(), error_code=code, error_text=text)
        if is_transient(error) and locked.attempts < _MOST_TRANSIENT_ATTEMPTS:
            _queue_again(work, locked, text)
        else:
            work.move(locked, work.failed, action="fail", detail=text)
    return True


def is_transient(error: BaseException | None) -> bool:
    """Whether the database was lost, or refused only because of what others did at the same moment."""
    code = getattr(getattr(error, "__cause__", None), "pgcode", None)
    return is_connection_lost(error) if code is None else code in _TRANSIENT


def fail_own(work: Work, pk: int, *, code: str, text: str, error: Exception | None = None) -> bool:
    """`fail` for a row that this very process owns, when its job ended without settling it."""
    own = rows_of(work).filter(state_is(work, work.running), owner_host=socket.gethostname(), owner_pid=os.getpid())
    row = own.filter(pk=pk, token__isnull=False).first()
    return row is not None and fail(row, row.token, code=code, text=text, error=error)


def cancel(row: Claimable, token: uuid.UUID, *, detail: str = "") -> bool:
    """End the work on a row as somebody asked for it; False when the row has another owner by now."""
    with transaction.atomic():
        locked = lock(row)
        work = work_of(type(row))
        if locked.token != token or work.state_of(locked) != work.running:
            return False
        let_go(locked)
        work.move(locked, work.cancelled, action="cancel", detail=detail or "stopped before anything was published")
    return True


def take_back(work: Work, locked: Claimable, *, reason: str, refund: bool) -> bool:
    """End the ownership of a locked running row whose worker is gone; True when it waits for a worker again.

    `refund` gives the attempt back, because the supervisor ended the worker. A row that somebody asked to cancel is
    cancelled, and one that has used up its attempts fails.
    """
    is_cancelled = locked.cancel_requested
    let_go(locked)
    if is_cancelled:
        work.move(locked, work.cancelled, action="cancel", detail=reason)
        return False
    if refund:
        _set(locked, attempts=max(0, locked.attempts - 1))
    if is_exhausted(locked):
        give_up(work, locked, reason=reason)
        return False
    _queue_again(work, locked, reason)
    return True


def put_back(row: Row, token: uuid.UUID, *, seconds: float = 0, reason: str) -> Row:
    """Queue a row again whose owner ends its part of long work by itself, due in so many seconds.

    It has got on, so it has all its attempts again. Raises `LostLease` and `CancelRequested` like `fence`.
    """
    with transaction.atomic():
        locked = fence(row, token)
        let_go(locked)
        due = Now() + timedelta(seconds=seconds) if seconds else None
        _set(locked, attempts=0, claims_total=0, not_before=due, enqueued_at=None)
        work = work_of(type(row))
        work.move(locked, work.queued, action="put back", detail=reason)
    return locked


def _queue_again(work: Work, locked: Claimable, reason: str) -> None:
    pause = _pause_after(locked.attempts)
    _set(locked, not_before=Now() + pause if pause else None, enqueued_at=None)
    work.move(locked, work.queued, action="queue again", detail=reason)


def _pause_after(attempts: int) -> timedelta:
    """The back-off: none after the first two attempts, then doubling."""
    if attempts <= _ATTEMPTS_WITHOUT_PAUSE:
        return timedelta()
    return timedelta(seconds=settings.BACKOFF_SECONDS * 2 ** (attempts - _ATTEMPTS_WITHOUT_PAUSE - 1))


def is_exhausted(row: Claimable) -> bool:
    return row.attempts >= MOST_ATTEMPTS or row.claims_total >= MOST_CLAIMS


def give_up(work: Work, locked: Claimable, *, reason: str) -> None:
    """Fail a locked row that no worker may start any more, with what went wrong last."""
    last = locked.error_text or reason
    text = f"Given up after {locked.attempts} attempts and {locked.claims_total} starts. {last}"
    _set(locked, error_code="E_GAVE_UP", error_text=text)
    work.move(locked, work.failed, action="give up", detail=text)


def start_over(locked: Claimable) -> None:
    """Give a locked row that a person wants tried again all its attempts; whoever changes its state next saves that."""
    _set(locked, attempts=0, claims_total=0, not_before=None, cancel_requested=False)
    _set(locked, error_stage="", error_code="", error_text="")


class Heartbeat:
    """Call it between units of work: it renews the lease whenever a sixth of its time has passed.

    Raises like `renew`, so the work stops within a unit of work when it was lost or is to be cancelled.
    """

    def __init__(self, row: Claimable, token: uuid.UUID, *, renew_by: Renew = renew) -> None:
        self._row, self._token, self._renew = row, token, renew_by
        self._due = time.monotonic() + settings.LEASE_SECONDS / 6

    def __call__(self) -> None:
        if time.monotonic() >= self._due:
            self._renew(self._row, self._token)
            self._due = time.monotonic() + settings.LEASE_SECONDS / 6


@contextmanager
def work_apart() -> Iterator[Callable[..., Any]]:
    """Gives a way to call something on a connection of its own, for work that is one long transaction: others see at
    once what the called wrote."""

    with ThreadPoolExecutor(1) as thread:
        try:
            yield lambda work, *arguments, **named: thread.submit(work, *arguments, **named).result()
        finally:
            # Each thread has a connection of its own behind this name, so it is looked up there.
            thread.submit(lambda: connection.close()).result()  # noqa: PLW0108
