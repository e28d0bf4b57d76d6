"""One command reads every website; each vehicle arrives as a person reads it, and orders are made from it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from dealerships.models import Dealership
from inventory.models import RawVehicle, Vehicle
from orders.models import OrderLine
from scrapers.domain.texts import amount_of
from scrapers.fake_web.reading import Reading
from scrapers.models import Website
from tests.command_line import run_command
from tests.scrapers.fake_dealers import FakeDealers, fake_dealers
from tests.scrapers.runs import load_shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# The fields of a reading and the columns of the rows that were handed over.
COLUMNS = {
    "vin": "vin", "stock": "stock", "v_type": "type", "year": "year", "make": "make", "model": "model", "trim": "trim",
    "ext_color": "ext_color", "status": "status", "price": "price", "msrp": "msrp", "body": "body_style",
    "fuel_type": "fuel_type", "date_in_stock": "date_in_stock", "vehicle_url": "vehicle_url",
}  # fmt: skip


@pytest.fixture(scope="module")
def small_web() -> Iterator[FakeDealers]:
    with fake_dealers(scale=0.3) as running:
        yield running


def texts_of(reading: Reading) -> dict[str, str]:
    """What the import is to be given: as read, but a price that is only a discount is none."""
    price, msrp = amount_of(reading.price), amount_of(reading.msrp)
    is_discount = price is not None and msrp is not None and Decimal(str(price)) < Decimal("0.4") * Decimal(str(msrp))
    return {COLUMNS[name]: text for name, text in reading._asdict().items() if name in COLUMNS} | (
        {"price": ""} if is_discount else {}
    )


def read_all(web: FakeDealers, settings: Settings, folder: Path) -> dict[str, Any]:
    settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{web.port}"
    load_shop(folder, ())
    done = run_command("scrape", "--all", "--json")
    runs = done.document["runs"]
    assert (done.exit_code, len(runs)) == (0, 40)
    assert {run["status"] for run in runs} == {"done"}
    return {run["dealership"]: run for run in runs}


def assert_exact(web: FakeDealers) -> int:
    """Every dealership's rows are what its website lists of its own vehicles, field by field; gives their number."""
    count = 0
    for website in Website.objects.select_related("dealership"):
        domain = website.base_url.removeprefix("https://www.")
        expected = {reading.vin: texts_of(reading) for reading in web.expected(domain)}
        rows = RawVehicle.objects.filter(dataset__dealership=website.dealership)
        got = {row["vin"]: row for row in rows.values(*COLUMNS.values())}
        assert got == expected, website.dealership.name
        count += len(got)
    return count


def assert_orders_of_own_vehicles() -> int:
    """A CAO of each dealership that has rules holds vehicles of its own website only; gives the number of lines."""
    for dealership in Dealership.objects.filter(conditions__isnull=False, website__isnull=False):
        if Vehicle.objects.active().for_dealership(dealership).exists():
            run_command("create_order", "cao", dealership.name, "--yes", "--json")
    lines = list(OrderLine.objects.values_list("order__dealership", "vin"))
    own = set(Vehicle.objects.active().values_list("dataset__dealership", "vin"))
    assert set(lines) <= own
    return len(lines)


def test_every_website_is_read_exactly_and_orders_are_made_of_it(
    small_web: FakeDealers, transactional_db: None, settings: Settings, tmp_path: Path
) -> None:
    runs = read_all(small_web, settings, tmp_path)
    vehicles = assert_exact(small_web)
    assert vehicles == sum(run["vehicles"] for run in runs.values()) > 3_000
    assert assert_orders_of_own_vehicles() > 100


@pytest.mark.proofs
def test_every_website_is_read_exactly_at_its_real_size(
    fake_web: FakeDealers, transactional_db: None, settings: Settings, tmp_path: Path
) -> None:
    runs = read_all(fake_web, settings, tmp_path)
    assert assert_exact(fake_web) == sum(run["vehicles"] for run in runs.values()) > 10_000
    assert assert_orders_of_own_vehicles() > 1000
