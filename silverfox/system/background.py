"""Whether background work is done: the worker lives, nothing waits too long, nothing is stuck or has failed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from jobs.claims import rows_of, state_is
from jobs.models import Incarnation, Job, WorkerHeartbeat
from jobs.registry import Work, all_works
from orders.domain.states import OrderState
from orders.models import Order, OrderEvent
from silverfox.system.verdicts import MOST_NAMED, Check, in_words, judged

LONGEST_WAIT = timedelta(minutes=10)
LONGEST_WITHOUT_OWNER = timedelta(minutes=5)
MANY_ATTEMPTS = 3
MANY_WAITING = 200
_SUPERVISOR_BEATS_MISSED = 6
_START = "Start it: manage.py worker (manage.py run starts it too). If it runs, read its log and restart it."


def background_checks(now: datetime) -> Iterator[Check]:
    """Every check of the worker and its work, as of `now`."""
    yield from worker_checks(now)
    yield _waiting(now)
    yield _stuck(now)
    yield _repeated()
    yield _failed_orders()
    yield _failed_jobs()


def worker_checks(now: datetime) -> Iterator[Check]:
    """Whether a worker answers and its supervisor lives."""
    yield _worker(now)
    yield _supervisor(now)


def _worker(now: datetime) -> Check:
    """A beat goes through the queue every few seconds; a busy worker answers late, and its leases explain that."""
    last = WorkerHeartbeat.objects.aggregate(at=Max("at"))["at"]
    if last is None:
        return judged("worker", "has never answered", person=True, remedy=_START)
    is_late = now - last > timedelta(seconds=settings.WEDGE_SECONDS)
    is_busy = is_late and any(
        rows_of(work).filter(_is_running(work), lease_until__gte=now).exists() for work in all_works()
    )
    value = f"answered {in_words(now - last)} ago"
    return judged("worker", value, person=is_late and not is_busy, warning=is_busy, remedy=_START)


def _supervisor(now: datetime) -> Check:
    seen = Incarnation.objects.filter(ended_at=None).aggregate(at=Max("seen_at"))["at"]
    if seen is None:
        return judged("supervisor", "does not run", person=True, remedy=_START)
    longest = timedelta(seconds=_SUPERVISOR_BEATS_MISSED * settings.SUPERVISOR_HEARTBEAT_SECONDS)
    return judged("supervisor", f"seen {in_words(now - seen)} ago", person=now - seen > longest, remedy=_START)


def _is_running(work: Work) -> Q:
    return state_is(work, work.running)


def _waiting(now: datetime) -> Check:
    """How much waits and since when; for an order since it was queued, not since it was prepared."""
    queued = OrderEvent.objects.filter(order=OuterRef("pk"), to_state=OrderState.QUEUED).order_by("-pk")
    count, oldest = 0, now
    for work in all_works():
        since = Coalesce(Subquery(queued.values("at")[:1]), "created_at") if work.model is Order else "created_at"
        waits = (
            rows_of(work)
            .filter(state_is(work, work.queued))
            .aggregate(number=Count("pk"), since=Min(since, output_field=DateTimeField()))
        )
        count, oldest = count + waits["number"], min(oldest, waits["since"] or now)
    value = f"{count}, the oldest since {in_words(now - oldest)}" if count else "none"
    is_long = now - oldest > LONGEST_WAIT
    remedy = f"Work should not wait for {in_words(LONGEST_WAIT)}: see whether the worker runs."
    return judged("waiting work", value, person=is_long, warning=count > MANY_WAITING, remedy=remedy)


def _stuck(now: datetime) -> Check:
    """Running work whose worker is gone; the sweep takes it back within a minute."""
    expired, oldest = 0, now
    for work in all_works():
        lost = rows_of(work).filter(_is_running(work), lease_until__lt=now)
        found = lost.aggregate(number=Count("pk"), since=Min("lease_until"))
        expired, oldest = expired + found["number"], min(oldest, found["since"] or now)
    value = f"{expired} without a worker since {in_words(now - oldest)}" if expired else "none"
    is_long = now - oldest > LONGEST_WITHOUT_OWNER
    return judged(
        "stuck work",
        value,
        person=is_long,
        warning=expired > 0,
        remedy="The worker's sweep takes it up again; if it stays, restart the worker.",
    )


def _repeated() -> Check:
    details = [
        f"{work.model.__name__} {pk}: {attempts} attempts. {reason}".strip()
        for work in all_works()
        for pk, attempts, reason in rows_of(work)
        .filter(state_is(work, work.queued) | _is_running(work), attempts__gte=MANY_ATTEMPTS)
        .order_by("pk")
        .values_list("pk", "attempts", "error_text")[:MOST_NAMED]
    ]
    remedy = "It is tried five times, with pauses. Look at its reason before it is given up."
    value = f"{len(details)} started {MANY_ATTEMPTS} times or more" if details else "none"
    return judged("repeated work", value, warning=bool(details), remedy=remedy, details=details)


def _failed_orders() -> Check:
    failed = Order.objects.filter(state=OrderState.FAILED).order_by("pk").select_related("dealership")
    details = [f"Order {order.pk} of {order.dealership}: {order.error_text}" for order in failed[:MOST_NAMED]]
    remedy = "Each order's page tells why; mend that and retry, or send it back to review."
    return judged("failed orders", str(failed.count()), person=bool(details), remedy=remedy, details=details)


def _failed_jobs() -> Check:
    """Those that no later job of the same kind and subject has replaced."""
    later = Job.objects.filter(kind=OuterRef("kind"), subject_id=OuterRef("subject_id"), pk__gt=OuterRef("pk"))
    failed = Job.objects.filter(~Exists(later), state=Job.State.FAILED).order_by("pk")
    details = [f"Job {job.pk}, {job.kind}: {job.error_text}" for job in failed[:MOST_NAMED]]
    remedy = "The page Jobs shows each with its reason; retry it there when that is mended."
    return judged("failed jobs", str(failed.count()), warning=bool(details), remedy=remedy, details=details)
