"""Every website of the shipped table, read over HTTP from the fake dealer web by the adapter that the table names."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.rooftops import split_rooftops
from scrapers.domain.shapes import Answer, ScrapedVehicle, Site
from scrapers.domain.sites import SiteRow, read_sites
from scrapers.fake_web.reading import Reading
from scrapers.operations.loading import SHIPPED_TABLE
from tests.scrapers.fake_dealers import FakeDealers

with SHIPPED_TABLE.open(encoding="utf-8", newline="") as lines:
    ROWS = read_sites(lines, platforms=ADAPTERS)
INSPIRED = [row for row in ROWS if row.platform == "carscommerce"]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


def read_whole(client: httpx.Client, port: int, site: Site) -> tuple[list[ScrapedVehicle], int]:
    """All vehicles of a website, and what its lists declare in total, by asking what the adapter asks for."""
    adapter = ADAPTERS[site.platform]
    vehicles: list[ScrapedVehicle] = []
    totals: dict[str, int] = {}
    waiting = list(adapter.first(site))
    while waiting:
        request = waiting.pop(0)
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {**request.headers, "Host": parts.netloc}
        url = f"http://127.0.0.1:{port}{path}"
        response = client.request(request.method, url, headers=headers, content=request.body or None)
        assert response.status_code == 200, request.url
        answer = Answer(status=200, url=request.url, headers=dict(response.headers), body=response.content)
        page = adapter.parse(site, request, answer)
        site = replace(site, learned={**site.learned, **page.learned})
        vehicles += page.vehicles
        if page.total_declared is not None:
            totals[page.list_name] = page.total_declared
        waiting = [*page.next_requests, *waiting]
    return vehicles, sum(totals.values())


def assert_read_as_a_person_reads(client: httpx.Client, port: int, site: Site, expected: list[Reading]) -> None:
    vehicles, declared = read_whole(client, port, site)
    own, others = split_rooftops(vehicles, site.rooftop)
    assert len(own) + len(others) == declared
    read = {vehicle.vin: Reading(*vehicle[: len(Reading._fields)]) for vehicle in own}
    assert read == {reading.vin: reading for reading in expected}


def test_a_reading_has_the_first_fields_of_a_vehicle() -> None:
    assert Reading._fields == ScrapedVehicle._fields[: len(Reading._fields)]


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.dealership)
def test_a_website_is_read_by_its_platform_to_what_a_person_reads(
    fake_web: FakeDealers, client: httpx.Client, row: SiteRow
) -> None:
    expected = fake_web.expected(row.base_url.removeprefix("https://www."))
    assert_read_as_a_person_reads(client, fake_web.port, row.site(), expected)


@pytest.mark.slow
@pytest.mark.parametrize("row", INSPIRED, ids=lambda row: row.dealership)
def test_a_website_that_has_not_moved_is_read_by_its_old_service(
    fake_web: FakeDealers, client: httpx.Client, row: SiteRow
) -> None:
    domain = row.base_url.removeprefix("https://www.")
    fake_web.knob("legacy", site=domain)
    expected = fake_web.expected(domain, platform="algolia_legacy")
    assert_read_as_a_person_reads(client, fake_web.port, row.site("algolia_legacy"), expected)
