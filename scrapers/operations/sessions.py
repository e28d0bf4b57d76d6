"""Sessions: websites that are read together, started, cancelled, told of."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from foundation.auditing import record
from foundation.errors import Refused
from jobs import claims
from jobs.executor import enqueue
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.claiming import SCRAPE_JOB, move_run
from scrapers.operations.websites import adapter_of, due_websites

_ASKED_BY_VEHICLE, _MANY = {"teamvelocity", "dealr", "jsonld"}, 1_000


def start_session(
    *,
    websites: Iterable[Website],
    trigger: str,
    actor: User | None = None,
    is_dry_run: bool = False,
) -> ScrapeSession:
    """Have these websites read; one that is being read already is left to that run.

    Raises `Refused` when a website is not switched on, and when every one of them is being read already.
    """
    wanted = _longest_first(websites)
    _refuse_disabled(wanted)
    with transaction.atomic():
        session = ScrapeSession.objects.create(trigger=trigger, created_by=actor, is_dry_run=is_dry_run)
        rows = [ScrapeRun(session=session, dealership=w.dealership, platform=w.platform) for w in wanted]
        # A run that is open stands in the way of its dealership's new one, and of no other.
        ScrapeRun.objects.bulk_create(rows, ignore_conflicts=True)
        runs = list(session.runs.select_related("dealership").order_by("pk"))
        if not runs:
            names = ", ".join(website.dealership.name for website in wanted) or "No website"
            raise Refused(f"{names}: being read already. Wait for that run, or cancel it.", code="already_running")
        for run in runs:
            enqueue(SCRAPE_JOB, run.pk)
        _record_start(session, runs, actor)
    return session


def _record_start(session: ScrapeSession, runs: Iterable[ScrapeRun], actor: User | None) -> None:
    record(
        "scrape.started",
        object_type="scrape session",
        object_id=session.pk,
        object_name=f"Scrape session {session.pk}",
        actor=actor,
        actor_name=session.trigger,
        detail=", ".join(run.dealership.name for run in runs),
    )


def _longest_first(websites: Iterable[Website]) -> list[Website]:
    """The order in which they are begun, so that nobody waits at the end for a long one that was begun last.

    What a website took last time tells how long it is; some platforms are asked for each vehicle when it is new to us.
    """
    took = dict(latest_runs().values_list("dealership", "requests"))

    def requests(website: Website) -> int:
        return took.get(website.dealership_id, _MANY if website.platform in _ASKED_BY_VEHICLE else 0)

    return sorted(websites, key=requests, reverse=True)


def _refuse_disabled(websites: Iterable[Website]) -> None:
    for website in websites:
        adapter_of(website)
    off = [website.dealership.name for website in websites if not website.enabled]
    if off:
        words = f"Not switched on: {', '.join(off)}. Probe the website (probe_dealer), then switch it on."
        raise Refused(words, code="not_enabled")


def start_due_session(*, now: datetime) -> ScrapeSession | None:
    """Have every website read whose time of day has come; None when there is none, or all are being read."""
    being_read = set(ScrapeRun.objects.open().values_list("dealership", flat=True))
    free = [website for website in due_websites(now=now) if website.dealership_id not in being_read]
    if not free:
        return None
    return start_session(websites=free, trigger=ScrapeSession.Trigger.SCHEDULE)


def cancel_run(*, run: ScrapeRun, actor: User | None = None) -> ScrapeRun:
    """End a run that waits, or have its worker end it at its next heartbeat. Raises `Refused` when it has ended."""
    with transaction.atomic():
        locked = claims.lock(run)
        if locked.state == ScrapeRun.State.QUEUED:
            move_run(locked, ScrapeRun.State.CANCELLED, action="cancel", detail="")
        elif locked.state == ScrapeRun.State.RUNNING:
            locked.cancel_requested = True
            locked.save(update_fields=["cancel_requested"])
        else:
            words = f"The run of {run.dealership} has ended as {locked.get_state_display().lower()} already."
            raise Refused(words, code="has_ended")
        record(
            "scrape.cancelled",
            object_type="scrape run",
            object_id=run.pk,
            object_name=run.dealership.name,
            actor=actor,
            before={"state": run.state},
            detail=f"session {run.session_id}",
        )
    return locked


def cancel_session(*, session: ScrapeSession, actor: User | None = None) -> int:
    """Cancel every run of the session that is open; gives how many. Raises `Refused` when none is."""
    cancelled = 0
    for run in session.runs.open().select_related("dealership"):
        # One that ended a moment ago is as it is.
        with suppress(Refused):
            cancel_run(run=run, actor=actor)
            cancelled += 1
    if not cancelled:
        raise Refused(f"Every run of session {session.pk} has ended already.", code="has_ended")
    return cancelled


def next_due_at(*, session: ScrapeSession) -> datetime | None:
    """When the first of the session's paused runs goes on; None when none is open."""
    found = session.runs.open().aggregate(at=Min("not_before"), open=Count("pk"))
    if not found["open"]:
        return None
    at: datetime = found["at"] or timezone.now()
    return at


def session_document(session: ScrapeSession) -> dict[str, Any]:
    """The session as one document, its runs in the order of the dealerships' names."""
    runs = session.runs.select_related("dealership", "inventory_import").order_by("dealership__name")
    return {"session_id": session.pk, "runs": [run_document(run) for run in runs]}


def run_document(run: ScrapeRun) -> dict[str, Any]:
    """What is known of one run; `seconds` from its start to its end or to now."""
    return {
        "dealership": run.dealership.name,
        "platform": run.platform,
        "status": run.state,
        "requests": run.requests,
        "vehicles": run.vehicles,
        "reported_total": run.reported_total,
        "seconds": seconds_of(run),
        "reason": run.error_text or run.reason,
    }


def seconds_of(run: ScrapeRun) -> float | None:
    """How long a run took so far; None before its start."""
    if run.started_at is None:
        return None
    return round(((run.ended_at or timezone.now()) - run.started_at).total_seconds(), 1)


def latest_runs() -> QuerySet[ScrapeRun]:
    """Of every dealership the run that was started last."""
    return ScrapeRun.objects.order_by("dealership_id", "-pk").distinct("dealership_id")
