"""A process that reads websites is killed: another goes on where it was, and asks for nothing twice but what was in
flight."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from scrapers.models import ScrapePage, ScrapeRun, Website
from scrapers.operations.running import MOST_AT_ONCE, work_on_runs
from tests.faults.shop import wait_until
from tests.programs import started_program
from tests.scrapers.fake_dealers import FakeDealers, fake_dealers
from tests.scrapers.runs import SMALL, active_vins, load_shop, start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Record = Callable[[str, object], None]
LEASE_SECONDS = 3


def asked_twice(web: FakeDealers) -> int:
    """How many requests came more than once; robots.txt may be read by every process that knows of no copy yet."""
    asked = [r for r in web.requests() if not r["path"].endswith("/robots.txt")]
    counted = Counter((r["host"], r["method"], r["path"], str(r["body"])) for r in asked)
    return sum(count - 1 for count in counted.values())


def read_by_a_killed_program(web: FakeDealers, folder: Path, names: tuple[str, ...], *, after: int) -> int:
    """A worker reads the websites and is killed with all its processes; this process goes on. Gives the pages kept."""
    load_shop(folder, names)
    everyone = list(Website.objects.values_list("dealership__name", flat=True))
    start(*everyone)
    environment = {"SCRAPER_FAKE_WEB": f"127.0.0.1:{web.port}", "LEASE_SECONDS": str(LEASE_SECONDS), "WORKERS": "1"}
    with started_program("manage.py", "worker", **environment):
        wait_until(lambda: ScrapePage.objects.count() >= after, 90)
    kept = ScrapePage.objects.count()
    assert ScrapeRun.objects.open().exists()
    wait_until(lambda: bool(work_on_runs()) and not ScrapeRun.objects.open().exists(), 600)
    return kept


def assert_read_once_and_exactly(web: FakeDealers) -> None:
    ends = ScrapeRun.objects.exclude(state="done").values_list("dealership__name", "state", "error_text", "reason")
    assert list(ends) == []
    for website in Website.objects.select_related("dealership"):
        domain = website.base_url.removeprefix("https://www.")
        assert active_vins(website.dealership.name) == sorted(vehicle.vin for vehicle in web.expected(domain))
    assert asked_twice(web) <= MOST_AT_ONCE


@pytest.fixture
def _quick(settings: Settings) -> None:
    settings.LEASE_SECONDS = LEASE_SECONDS


@pytest.mark.usefixtures("_quick")
def test_a_session_goes_on_where_its_killed_worker_was(
    fake_web: FakeDealers, settings: Settings, tmp_path: Path, record_property: Record
) -> None:
    settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{fake_web.port}"
    kept = read_by_a_killed_program(fake_web, tmp_path, SMALL, after=12)
    record_property("measured", f"{kept} pages kept at the kill, {asked_twice(fake_web)} requests twice")
    assert_read_once_and_exactly(fake_web)


@pytest.mark.faults
@pytest.mark.fault("S09", "kill -9 in the middle of a session of 40 websites", "goes on; nothing twice but in flight")
@pytest.mark.usefixtures("_quick")
def test_a_session_of_forty_goes_on_where_its_killed_worker_was(
    settings: Settings, tmp_path: Path, record_property: Record
) -> None:
    with fake_dealers(scale=0.5) as web:
        settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{web.port}"
        kept = read_by_a_killed_program(web, tmp_path, (), after=150)
        record_property("measured", f"{kept} pages kept at the kill, {asked_twice(web)} requests twice")
        assert_read_once_and_exactly(web)
