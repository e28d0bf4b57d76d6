"""A worker's part of the reading: several websites at once, each by its own pace, for a few minutes."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from foundation import context
from foundation.errors import SilverFoxError
from jobs import claims
from jobs.executor import enqueue
from scrapers.fetching import Fetcher, Limits
from scrapers.models import ScrapeRun, Website
from scrapers.operations.claiming import SCRAPE_JOB
from scrapers.operations.reading import PausedError, Reading, UnreadableError
from scrapers.operations.settling import settle_run
from scrapers.operations.websites import adapter_of, hosts_of, services_of, site_of

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 8
SLICE_SECONDS = 240


def work_on_runs(*, first: int | None = None, session_id: int | None = None) -> int:
    """Read websites that wait, up to eight at a time, until none is due or the slice is over; gives how many.

    `first` is the run that was rung for; with `session_id` only runs of that session are taken. What does not come to
    its end goes on in another slice, from where it is.
    """
    crew = _Crew(first, session_id)
    with ThreadPoolExecutor(min(MOST_AT_ONCE, max(1, crew.waiting().count()))) as pool:
        works = [pool.submit(crew.work) for _ in range(MOST_AT_ONCE)]
    return sum(work.result() for work in works)


class _Crew:
    """Threads that take one waiting run after the other, each once in a slice: a paused one waits for the next."""

    def __init__(self, first: int | None, session_id: int | None) -> None:
        self._first, self._session_id = first, session_id
        self._ends_at = time.monotonic() + SLICE_SECONDS / settings.JOBS_TIME_SCALE
        self._lock = threading.Lock()
        self._seen: set[int] = set()

    def waiting(self) -> QuerySet[ScrapeRun]:
        is_free = Q(state=ScrapeRun.State.QUEUED) | Q(state=ScrapeRun.State.RUNNING, lease_until__lt=Now())
        is_due = Q(not_before__isnull=True) | Q(not_before__lte=Now())
        runs = ScrapeRun.objects.filter(is_free, is_due, cancel_requested=False)
        return runs.filter(session=self._session_id) if self._session_id else runs

    def work(self) -> int:
        taken = 0
        try:
            while time.monotonic() < self._ends_at and (run_id := self._next()) is not None:
                taken += work_on_run(run_id=run_id, ends_at=self._ends_at)
        finally:
            connection.close()
        return taken

    def _next(self) -> int | None:
        with self._lock:
            in_order = self.waiting().exclude(pk__in=self._seen).order_by("pk").values_list("pk", flat=True)
            run_id = self._first or in_order.first()
            self._first = None
            if run_id is not None:
                self._seen.add(run_id)
            return run_id


def work_on_run(*, run_id: int, ends_at: float) -> bool:
    """Take a waiting run as far as it comes until `ends_at` (monotonic seconds); False when it is not to be had.

    Whatever ends it stands on the run: nothing is raised but faults of the program and of the database.
    """
    run = ScrapeRun.objects.select_related("session__created_by", "dealership", "inventory_import").get(pk=run_id)
    token = claims.claim(run)
    if token is None:
        return False
    with context.bound(run_id=run.pk):
        try:
            _work(run, token, ends_at)
        except claims.LostLease:
            logger.warning("website taken over by another worker")
        except claims.CancelRequested:
            claims.cancel(run, token)
        except PausedError as pause:
            _put_back(run, token, seconds=pause.seconds, reason=pause.reason)
        except UnreadableError as error:
            _fail(run, token, code=error.code, text=error.text)
        except SilverFoxError as error:
            _fail(run, token, code=error.code, text=error.message)
    return True


def _work(run: ScrapeRun, token: UUID, ends_at: float) -> None:
    website = Website.objects.select_related("dealership").get(dealership=run.dealership)
    adapter, site = adapter_of(website), site_of(website)
    if run.inventory_import is None:
        claims.enter("read")
        fetcher = Fetcher(hosts=hosts_of(website), services=services_of(website), limits=_limits(website, run))
        with _commits_not_waited_for(), fetcher:
            reading = Reading(run, token, website=website, adapter=adapter, site=site, fetcher=fetcher)
            reading.begin()
            while not reading.is_finished:
                if time.monotonic() >= ends_at:
                    raise PausedError(0, "The worker's slice is over.")
                reading.step()
    claims.enter("hand over")
    settle_run(run=run, token=token, website=website, site=site)


def _limits(website: Website, run: ScrapeRun) -> Limits:
    """What one run may read and how long it may take over it, in the scale of the background work."""
    usual, scale = Limits(), settings.JOBS_TIME_SCALE
    return replace(
        usual,
        run_bytes=max(1, website.most_megabytes * 1_000_000 - run.read_bytes),
        seconds=usual.seconds / scale,
        connect=usual.connect / scale,
        read=usual.read / scale,
        write=usual.write / scale,
        pool=usual.pool / scale,
    )


@contextmanager
def _commits_not_waited_for() -> Iterator[None]:
    """A server that loses its power may forget the last pages; they are read again, which costs less than waiting for
    the disk at every step of every website."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


def _put_back(run: ScrapeRun, token: UUID, *, seconds: float, reason: str) -> None:
    with transaction.atomic():
        try:
            claims.put_back(run, token, seconds=seconds, reason=reason)
        except (claims.LostLease, claims.CancelRequested):
            claims.cancel(run, token)
            return
        if not seconds:
            enqueue(SCRAPE_JOB, run.pk)
    logger.info("website put back", extra={"seconds": round(seconds), "reason": reason})


def _fail(run: ScrapeRun, token: UUID, *, code: str, text: str) -> None:
    claims.fail(run, token, code=code, text=text)
    logger.warning("website not read", extra={"code": code, "reason": text})
