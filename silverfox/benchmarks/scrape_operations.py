"""Measures how websites are read from the fake dealer web: minutes, memory, what time goes to, and every vehicle.

It works in the database that it finds, which therefore must be one of the measurement's own.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.utils import timezone

from dealerships.models import Dealership
from dealerships.operations import load_dealerships
from foundation.errors import Refused
from inventory.models import RawVehicle
from inventory.operations.importing import run_import
from scrapers.domain import platforms
from scrapers.fetching import Fetcher
from scrapers.files import store_snapshot
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.loading import load_websites
from scrapers.operations.running import work_on_run, work_on_runs
from scrapers.operations.sessions import next_due_at, start_session
from scrapers.operations.settling import settle_run
from silverfox.benchmarks.comparing import seconds
from silverfox.benchmarks.fake_web import PEER_THREADS, FakeWebClient
from silverfox.benchmarks.own_database import is_own
from silverfox.benchmarks.watching import watched_memory, watched_time

GOAL_SECONDS, GOAL_SECONDS_AT_REAL_PACE = 60, 600
PEER = f"httpx in {PEER_THREADS} threads: the same requests, nothing read"
# Requests of one website and day, as the platforms are known to need.
USUAL_REQUESTS = {
    "carscommerce": "2-6",
    "dealercom": "2-7 by POST, 10-35 by GET",
    "dealereprocess": "5-20",
    "dealeron": "15-57",
    "dealeron_html": "22, or about 256 by HTML",
    "dealr": "1-3 and 1 per vehicle",
    "smartpath": "1-20",
    "teamvelocity": "6-8, and 1 per vehicle whose status is not known yet",
}
FETCHING, PARSING, SNAPSHOTS, IMPORT = "fetching", "parsing", "snapshots", "import"
DATABASE, REST = "database", "the rest"
PARTS = (FETCHING, PARSING, SNAPSHOTS, IMPORT, DATABASE, REST)
_PARTS_BY_CODE: dict[CodeType, str] = {
    Fetcher.fetch.__code__: FETCHING,
    store_snapshot.__code__: SNAPSHOTS,
    run_import.__code__: IMPORT,
    settle_run.__code__: IMPORT,
}
_DATABASE_CODE = str(Path(django.__file__).with_name("db"))
_PLATFORMS_CODE = str(Path(platforms.__file__).parent)
_GOOD = {ScrapeRun.State.DONE.value, ScrapeRun.State.HELD.value}
_LOOK_SECONDS = 0.2
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Day:
    """All websites read once; `answers` are those of the fake dealer web, each robots.txt included.

    `cpu_seconds` are what this process computed, which a busy machine does not lengthen.
    """

    seconds: float
    cpu_seconds: float
    runs: Sequence[ScrapeRun]
    answers: int
    lost: int
    foreign: int

    @property
    def vehicles(self) -> int:
        return sum(run.vehicles for run in self.runs)

    def document(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "requests": self.answers,
            "vehicles": self.vehicles,
            "vehicles_per_second": round(self.vehicles / self.seconds, 1),
            "held": sum(run.state == ScrapeRun.State.HELD for run in self.runs),
            "lost": self.lost,
            "foreign": self.foreign,
        }


@dataclass(frozen=True, kw_only=True)
class ScrapeMeasurement:
    """Two days of all websites; `memory` is the most bytes of the process that read the first.

    `shares` are parts of one and `floor` is the peer's time; at real pace there is neither.
    """

    first: Day
    second: Day
    memory: int
    shares: dict[str, float]
    floor: float | None

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "websites": len(self.first.runs),
            "first_day": self.first.document(),
            "second_day": self.second.document(),
            "memory_mb": round(self.memory / _BYTES_PER_MB, 1),
            "requests_by_platform": requests_by_platform(self.first.runs, self.second.runs),
            "slowest": slowest(self.first.runs),
        }
        if self.floor is None:
            return {**found, "goal_seconds": GOAL_SECONDS_AT_REAL_PACE}
        times = round(self.first.seconds / self.floor, 2)
        peer = {"name": PEER, "seconds": round(self.floor, 6), "ours_to_peer": times}
        shares = {part: round(share, 3) for part, share in self.shares.items()}
        return {**found, "goal_seconds": GOAL_SECONDS, "peer": peer, "shares": shares}


def measure_scrape(*, websites: int) -> ScrapeMeasurement:
    """Read so many websites of the fake dealer web on two days: as a worker does, then one after the other.

    Then a plain client makes the requests of the first day once more; at real pace it does not, and the second day is
    read like the first. Raises `Refused` in a database that is not the measurement's own, without a fake dealer web,
    and when a vehicle is lost, foreign or not read.
    """
    if not is_own() or not settings.SCRAPER_FAKE_WEB or Dealership.objects.exists():
        words = "Websites are measured in an empty database of its own, from the fake dealer web only."
        raise Refused(words, code="not_own_database")
    load_dealerships()
    load_websites()
    now = timezone.now()
    measured = Website.objects.filter(pk__in=Website.objects.values("pk")[:websites])
    measured.update(enabled=True, probed_at=now, enabled_at=now)
    web = FakeWebClient(settings.SCRAPER_FAKE_WEB)
    try:
        return _measure(web)
    finally:
        web.close()


def _measure(web: FakeWebClient) -> ScrapeMeasurement:
    with watched_memory(os.getpid()) as memory:
        first = _read_day(web, 0, _read_together)
        asked = web.requests()
    if settings.SCRAPER_REAL_PACE:
        second, shares, floor = _read_day(web, 1, _read_together), dict[str, float](), None
    else:
        with watched_time(_part_of) as parts:
            second = _read_day(web, 1, _read_one_by_one)
        total = sum(parts.values())
        shares = {part: parts[part] / total for part in sorted(parts, key=lambda part: -parts[part])}
        web.go_to_day(0)
        floor = seconds(lambda: web.fetch_again(asked))
    return ScrapeMeasurement(first=first, second=second, memory=memory[os.getpid()], shares=shares, floor=floor)


def _read_day(web: FakeWebClient, day: int, read: Callable[[ScrapeSession], None]) -> Day:
    web.go_to_day(day)
    websites = list(Website.objects.enabled().select_related("dealership"))
    expected = {site.dealership_id: web.expected_vins(urlsplit(site.base_url).netloc) for site in websites}
    web.forget_requests()
    begun, computed = time.perf_counter(), time.process_time()
    session = start_session(websites=websites, trigger=ScrapeSession.Trigger.COMMAND)
    read(session)
    taken, computed = time.perf_counter() - begun, time.process_time() - computed
    runs = list(session.runs.select_related("dealership").order_by("dealership__name"))
    lost, foreign = require_exact(runs, expected)
    answers = len(web.requests())
    return Day(seconds=taken, cpu_seconds=computed, runs=runs, answers=answers, lost=lost, foreign=foreign)


def _read_together(session: ScrapeSession) -> None:
    """As a worker does, slice after slice."""
    while next_due_at(session=session) is not None:
        if not work_on_runs(session_id=session.pk):
            time.sleep(_LOOK_SECONDS)


def _read_one_by_one(session: ScrapeSession) -> None:
    """In this thread alone, the only one whose stack is looked at."""
    for run in session.runs.order_by("pk"):
        work_on_run(run_id=run.pk, ends_at=time.monotonic() + GOAL_SECONDS)


def require_exact(runs: Sequence[ScrapeRun], expected: Mapping[int, set[str]]) -> tuple[int, int]:
    """How many vehicles are lost and how many are foreign: none of both.

    Raises `Refused` unless every run has ended with all vehicles of its own dealership, and no others.
    """
    unread = [
        f"{run.dealership}: {run.error_text or run.reason or run.state}" for run in runs if run.state not in _GOOD
    ]
    if unread:
        raise Refused(f"{len(unread)} of {len(runs)} websites were not read. {' '.join(unread)}", code="not_done")
    lost, foreign = count_vehicles(runs, expected)
    if lost or foreign:
        raise Refused(f"Of the vehicles {lost:,} are lost, and {foreign:,} are foreign.", code="not_exact")
    return lost, foreign


def count_vehicles(runs: Sequence[ScrapeRun], expected: Mapping[int, set[str]]) -> tuple[int, int]:
    """Count on the rows themselves: expected vehicles without one, and those that no website of theirs lists."""
    lost = foreign = 0
    for run in runs:
        rows = RawVehicle.objects.filter(dataset__inventory_import=run.inventory_import_id)
        found = list(rows.values_list("dataset__dealership", "vin"))
        own = {vin for dealership, vin in found if dealership == run.dealership_id} & expected[run.dealership_id]
        lost += len(expected[run.dealership_id]) - len(own)
        foreign += len(found) - len(own)
    return lost, foreign


def requests_by_platform(first: Sequence[ScrapeRun], second: Sequence[ScrapeRun]) -> dict[str, dict[str, Any]]:
    """The fewest and the most requests of one website of each platform on both days, beside what is usual."""
    return {
        platform: {
            "websites": len(_requests(first, platform)),
            "first_day": [min(_requests(first, platform)), max(_requests(first, platform))],
            "second_day": [min(_requests(second, platform)), max(_requests(second, platform))],
            "usual": USUAL_REQUESTS.get(platform, ""),
        }
        for platform in sorted({run.platform for run in first})
    }


def _requests(runs: Sequence[ScrapeRun], platform: str) -> list[int]:
    return [run.requests for run in runs if run.platform == platform]


def slowest(runs: Sequence[ScrapeRun]) -> dict[str, Any]:
    """The website that takes longest when each waits its pace between two requests, and how long that is."""
    paces = {website.dealership_id: float(website.pace_seconds) for website in Website.objects.all()}
    run = max(runs, key=lambda run: run.requests * paces[run.dealership_id])
    pace = paces[run.dealership_id]
    return {
        "dealership": run.dealership.name,
        "requests": run.requests,
        "pace_seconds": pace,
        "minutes": round(run.requests * pace / 60, 2),
    }


def _part_of(codes: Sequence[CodeType]) -> str:
    for code in codes:
        if part := _PARTS_BY_CODE.get(code):
            return part
        if code.co_filename.startswith(_PLATFORMS_CODE):
            return PARSING
    return DATABASE if any(code.co_filename.startswith(_DATABASE_CODE) for code in codes) else REST
