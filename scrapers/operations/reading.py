"""Reading a website: one request after another, each answer kept before it is understood, each step on record."""

import hashlib
import logging
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs import claims
from scrapers.domain.addresses import registrable_domain, without_secrets
from scrapers.domain.failures import FetchError
from scrapers.domain.retrying import after_failure
from scrapers.domain.shapes import Adapter, CannotReadError, Kind, Page, Request, Site
from scrapers.fetching import Fetched, Fetcher
from scrapers.files import StoredSnapshot, store_snapshot
from scrapers.models import ScrapePage, ScrapeRequest, ScrapeRun, Website
from scrapers.operations import pacing, robots

logger = logging.getLogger(__name__)
MOST_LIST_PAGES = 500
_PAGES_BEYOND_DECLARED = 2
# Longer pauses end the slice, so that the worker has its hands free.
_LONGEST_PAUSE_SECONDS = 20
_SLOWEST_PACE_SECONDS = 10
_LIST_DEADLINE, _DETAIL_DEADLINE = timedelta(minutes=15), timedelta(minutes=60)
_REFUSALS = {401, 403, 404, 422}
_GONE = {404, 410}
_MOST_COUNTED = 1_000_000


class PausedError(Exception):
    """The run has to wait so long that its slice ends; it goes on by itself."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds, self.reason = seconds, reason


class UnreadableError(Exception):
    """The run cannot come to a good end; `code` and `text` say why and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Reading:
    """One slice of a run that this worker owns. `step` makes the first of the requests that are still to be made."""

    def __init__(
        self, run: ScrapeRun, token: UUID, *, website: Website, adapter: Adapter, site: Site, fetcher: Fetcher
    ) -> None:
        self._run, self._token = run, token
        self._website, self._adapter, self._site, self._fetcher = website, adapter, site, fetcher
        self._beat = claims.Heartbeat(run, token)
        self._crawl_delays: dict[str, float] = {}
        self._pending: list[ScrapeRequest] = []
        self._pages_kept = 0
        # Of each list of this round: how many pages were read, and the fingerprint of the last one.
        self._lists: dict[str, tuple[int, str]] = {}

    @property
    def is_finished(self) -> bool:
        return not self._pending

    def begin(self) -> None:
        """Take up the requests that are still to be made; a round that has not begun begins with its first ones."""
        self._pending, self._pages_kept = list(self._run.pending.all()), self._run.pages.count()
        if self._run.round_started_at is None:
            self._begin_round(self._adapter.first(self._site))
        lists = self._run.pages.filter(round=self._run.round, kind=Kind.LIST)
        for name, fingerprint in lists.values_list("list_name", "fingerprint"):
            self._count_page(name, fingerprint)

    def step(self) -> None:
        """Make the next request and keep what it told.

        Raises `PausedError` and `UnreadableError`, and `LostLease` or `CancelRequested` when the run is no longer ours.
        """
        self._beat()
        self._refuse_lateness()
        request = Request.from_document(self._pending[0].document)
        try:
            fetched = self._fetch(request)
        except FetchError as error:
            if error.status in _GONE and request.kind in {Kind.DETAIL, Kind.PRICE}:
                self._leave_out(request, error)
            else:
                self._after_failure(request, error)
            return
        self._keep(request, fetched)

    def _refuse_lateness(self) -> None:
        is_by_vehicle = self._pending[-1].document["kind"] in {Kind.DETAIL, Kind.PRICE}
        limit = _DETAIL_DEADLINE if is_by_vehicle else _LIST_DEADLINE
        begun = self._run.round_started_at
        if begun and timezone.now() - begun > limit:
            minutes = int(limit.total_seconds() // 60)
            words = f"The website was not read within {minutes} minutes. Look at its answers, or make the pace faster."
            raise UnreadableError("E_DEADLINE", words)

    # Asking

    def _fetch(self, request: Request) -> Fetched:
        host = urlsplit(request.url).hostname or ""
        self._obey_robots(request.url, host)
        self._wait_for_turn(host)
        try:
            with pacing.hold_host(host=host):
                return self._fetcher.fetch(request)
        except pacing.HostBusy as busy:
            raise PausedError(busy.seconds, f"{host} is being read for another dealership.") from busy

    def _obey_robots(self, url: str, host: str) -> None:
        if host in self._crawl_delays:
            return
        self._wait_for_turn(host)
        verdict = robots.may_fetch(fetcher=self._fetcher, url=url, override_reason=self._website.robots_override)
        if not verdict.allowed:
            raise UnreadableError("E_ROBOTS", verdict.reason)
        self._crawl_delays[host] = min(verdict.crawl_delay or 0, _SLOWEST_PACE_SECONDS)

    def _wait_for_turn(self, host: str) -> None:
        pace = pace_of(self._website)
        seconds = max(pace, self._crawl_delays.get(host, 0)) if pace else 0
        wait = pacing.reserve(host=host, seconds=seconds, at_most=_LONGEST_PAUSE_SECONDS)
        if wait > _LONGEST_PAUSE_SECONDS:
            raise PausedError(wait, f"{host} asks for more time between requests.")
        self._wait(wait)

    def _wait(self, seconds: float) -> None:
        """Sleep, and stay the owner meanwhile."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, 1))
            self._beat()

    # When that fails

    def _after_failure(self, request: Request, error: FetchError) -> None:
        run = self._run
        first_tried_at = run.first_tried_at or timezone.now()
        self._note(tries=run.tries + 1, first_tried_at=first_tried_at, requests=run.requests + 1)
        _log(request, status=error.status, code=error.code, attempt=run.tries)
        elapsed = (timezone.now() - first_tried_at).total_seconds()
        retry = after_failure(error, attempts=run.tries, elapsed=elapsed, luck=random.random())  # noqa: S311 - jitter
        if retry is None:
            self._refresh_or_end(request, error)
            return
        seconds = retry.seconds / settings.JOBS_TIME_SCALE
        if error.retry_after:
            pacing.postpone(host=urlsplit(request.url).hostname or "", seconds=seconds)
        if retry.ends_slice:
            raise PausedError(seconds, error.message)
        self._wait(seconds)

    def _refresh_or_end(self, request: Request, error: FetchError) -> None:
        """Begin again where the platform tells its key, once; a host that forbids is asked nothing more in this run."""
        may_help = (
            error.status in _REFUSALS and request.kind in {Kind.LIST, Kind.SITEMAP} and not self._run.has_refreshed
        )
        again = self._adapter.refresh(self._site) if may_help else ()
        forbids = error.status == 403
        if again and not (forbids and _same_domain(request.url, again[0].url)):
            logger.info("website's key read again", extra={"code": error.code})
            self._begin_round(again, has_refreshed=True)
            return
        raise UnreadableError(error.code, error.message)

    def _begin_round(self, requests: tuple[Request, ...], **values: Any) -> None:
        number = self._run.round + (self._run.round_started_at is not None)
        with transaction.atomic():
            self._note(round=number, round_started_at=timezone.now(), tries=0, first_tried_at=None, **values)
            self._run.pending.all().delete()
            self._pending = self._add(requests, last=len(requests))
        self._lists.clear()

    def _add(self, requests: Sequence[Request], *, last: int) -> list[ScrapeRequest]:
        """Put requests on record, the last of them at that position."""
        first = last - len(requests) + 1
        rows = [
            ScrapeRequest(run=self._run, position=first + number, document=request.document())
            for number, request in enumerate(requests)
        ]
        return ScrapeRequest.objects.bulk_create(rows)

    def _note(self, **values: Any) -> None:
        """Keep values of the run that this worker still owns; raises like `claims.fence`, and locks the row like it."""
        mine = ScrapeRun.objects.filter(
            pk=self._run.pk, token=self._token, state=ScrapeRun.State.RUNNING, cancel_requested=False
        )
        if not mine.update(**values):
            with transaction.atomic():
                claims.fence(self._run, self._token)
            raise claims.LostLease
        for name, value in values.items():
            setattr(self._run, name, value)

    # Keeping the answer

    def _keep(self, request: Request, fetched: Fetched) -> None:
        number, answer = self._pages_kept + 1, fetched.answer
        snapshot = store_snapshot(
            run_id=self._run.pk, page_number=number, request=request, answer=answer, at=timezone.now()
        )
        _log(request, status=answer.status, code="", attempt=self._run.tries + 1, fetched=fetched)
        row = _page_row(self._run, number, request, fetched, snapshot)
        try:
            page = self._adapter.parse(self._site, request, answer)
        except CannotReadError as error:
            self._record(row, Page())
            raise UnreadableError(error.code, error.message) from error
        _fill(row, page)
        self._record(row, page)
        self._refuse_repetition(row)

    def _leave_out(self, request: Request, error: FetchError) -> None:
        """A vehicle whose own page is gone was sold since its list was read."""
        _log(request, status=error.status, code=error.code, attempt=self._run.tries + 1)
        row = ScrapePage(
            run=self._run,
            number=self._pages_kept + 1,
            round=self._run.round,
            kind=request.kind,
            method=request.method,
            url=without_secrets(request.url),
            status=error.status or 0,
            seconds=0,
            received_bytes=0,
            body_bytes=0,
            gone=1,
        )
        self._record(row, Page())

    def _record(self, row: ScrapePage, page: Page) -> None:
        """The answer and what follows it, in one step: a run that is continued never asks for it again."""
        run = self._run
        with transaction.atomic():
            self._note(
                tries=0,
                first_tried_at=None,
                requests=run.requests + 1,
                read_bytes=run.read_bytes + row.body_bytes,
                vehicles=run.vehicles + len(row.vehicles),
                warnings=[*run.warnings, *row.warnings][:100],
            )
            row.save(force_insert=True)
            made = self._pending.pop(0)
            made.delete()
            self._pending[:0] = self._add(page.next_requests, last=made.position)
            if page.learned:
                self._learn(page.learned)
        self._pages_kept = row.number

    def _learn(self, learned: Mapping[str, str]) -> None:
        locked = Website.objects.select_for_update().get(pk=self._website.pk)
        merged = {**locked.learned, **learned}
        Website.objects.filter(pk=locked.pk).update(learned=merged)
        self._site = replace(self._site, learned=merged)

    def _refuse_repetition(self, row: ScrapePage) -> None:
        if row.kind != Kind.LIST:
            return
        _, before = self._lists.get(row.list_name, (0, ""))
        count = self._count_page(row.list_name, row.fingerprint)
        if before and row.fingerprint == before:
            words = (
                "The website gave the same page twice; it ignores the page number. Probe it and mend its parameters."
            )
            raise UnreadableError("E_PAGE_REPEAT", words)
        most = MOST_LIST_PAGES
        if row.pages_declared is not None:
            most = min(most, row.pages_declared + _PAGES_BEYOND_DECLARED)
        if count > most:
            words = f"The website goes on behind the {most:,} pages that it may have. Probe it and mend its parameters."
            raise UnreadableError("E_PAGING", words)

    def _count_page(self, list_name: str, fingerprint: str) -> int:
        count = self._lists.get(list_name, (0, ""))[0] + 1
        self._lists[list_name] = count, fingerprint
        return count


def pace_of(website: Website) -> float:
    """Seconds between two requests; the fake dealer web needs no politeness unless that is what is measured."""
    is_polite = settings.SCRAPER_REAL_PACE or not settings.SCRAPER_FAKE_WEB
    return float(website.pace_seconds) if is_polite else 0.0


def _same_domain(url: str, other: str) -> bool:
    first, second = (registrable_domain(urlsplit(text).hostname or "") for text in (url, other))
    return first == second


def _page_row(run: ScrapeRun, number: int, request: Request, fetched: Fetched, snapshot: StoredSnapshot) -> ScrapePage:
    return ScrapePage(
        run=run,
        number=number,
        round=run.round,
        kind=request.kind,
        method=request.method,
        url=without_secrets(request.url),
        status=fetched.answer.status,
        seconds=fetched.seconds,
        received_bytes=fetched.received,
        body_bytes=len(fetched.answer.body),
        snapshot=snapshot.name,
        sha256=snapshot.sha256,
    )


def _fill(row: ScrapePage, page: Page) -> None:
    row.list_name, row.rows, row.gone = page.list_name[:80], page.rows, page.gone
    row.total_declared, row.page_number = _count(page.total_declared), _count(page.page_number)
    row.pages_declared, row.page_size = _count(page.pages_declared), _count(page.page_size)
    row.vehicles = [[_storable(text) for text in vehicle] for vehicle in page.vehicles]
    row.warnings = [_storable(text) for text in page.warnings]
    row.fingerprint = fingerprint_of(row.vehicles)


def fingerprint_of(vehicles: Sequence[Sequence[str]]) -> str:
    """What two pages with the same vehicles have in common: their VINs, or all texts where none has one."""
    vins = [vehicle[0] for vehicle in vehicles]
    texts = vins if any(vins) else ["\t".join(vehicle) for vehicle in vehicles]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest() if texts else ""


def _count(number: int | None) -> int | None:
    """A number that a website stated, unless it is none that could be true."""
    return number if number is not None and 0 <= number <= _MOST_COUNTED else None


def _storable(text: str) -> str:
    """The text without what no database takes: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _log(request: Request, *, status: int | None, code: str, attempt: int, fetched: Fetched | None = None) -> None:
    parts = urlsplit(without_secrets(request.url))
    facts = {"host": parts.hostname, "path": parts.path, "status": status, "attempt": attempt, "code": code}
    if fetched:
        facts |= {"bytes": fetched.received, "duration_ms": round(fetched.seconds * 1000)}
    logger.info("website asked", extra=facts)
