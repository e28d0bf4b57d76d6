"""A website is read to its end and becomes the inventory in use, or says why it does not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone
from pytest_django import Settings

from foundation.errors import Refused
from inventory.models import Dataset, InventoryImport
from jobs.models import Job
from scrapers.models import HostPace, RobotsFile, ScrapePage, ScrapeRequest, ScrapeRun, ScrapeSession, Website
from scrapers.operations.running import work_on_runs
from scrapers.operations.sessions import cancel_run, run_document, start_due_session
from tests.faults.shop import wait_until
from tests.scrapers.fake_dealers import FakeDealers
from tests.scrapers.runs import (
    CADILLAC,
    JAGUAR,
    STEHOUWER,
    TWIN_CITY,
    active_vins,
    outcome,
    read,
    read_one,
    rows_of,
    start,
    website_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_the_website_lists_becomes_the_inventory_in_use(shop: FakeDealers) -> None:
    run = read_one(JAGUAR)
    expected = shop.expected(JAGUAR)
    assert (run.state, run.vehicles, run.error_text, run.reason) == ("done", len(expected), "", "")
    assert active_vins(JAGUAR) == sorted(vehicle.vin for vehicle in expected)
    document = run_document(run)
    assert (document["status"], document["requests"], document["reported_total"]) == (
        "done",
        run.requests,
        len(expected),
    )
    assert run.inventory_import is not None
    assert (run.inventory_import.origin, run.inventory_import.foreign_rows) == ("website", 0)


def test_vehicles_of_other_rooftops_are_counted_and_left_out(shop: FakeDealers) -> None:
    run = read_one(CADILLAC)
    own, listed = shop.expected(CADILLAC), shop.listed(CADILLAC)
    assert (run.state, run.vehicles, run.reported_total) == ("done", len(own), len(listed))
    assert run.foreign_rows == len(listed) - len(own) > 400
    assert active_vins(CADILLAC) == sorted(vehicle.vin for vehicle in own)


def test_address_and_name_come_from_the_configuration(shop: FakeDealers) -> None:
    website = website_of(JAGUAR)
    rows = rows_of(read_one(JAGUAR)).values()
    assert {(row.street_address, row.locality, row.location) for row in rows} == {
        (website.street_address, website.locality, JAGUAR)
    }


def test_every_answer_is_kept_with_its_place(shop: FakeDealers) -> None:
    run = read_one(TWIN_CITY)
    pages = list(run.pages.all())
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    assert all(page.snapshot and page.sha256 and page.status == 200 for page in pages)
    assert (run.requests, run.read_bytes) == (len(pages), sum(page.body_bytes for page in pages))
    assert ScrapeRequest.objects.count() == 0


def test_two_days_are_two_imports_and_the_second_is_in_use(shop: FakeDealers) -> None:
    read_one(JAGUAR)
    shop.go_to_day(1)
    assert read_one(JAGUAR).state == "done"
    assert active_vins(JAGUAR) == sorted(vehicle.vin for vehicle in shop.expected(JAGUAR))
    assert list(Dataset.objects.order_by("pk").values_list("status", flat=True)) == ["archived", "active"]


def test_a_dry_run_imports_nothing(shop: FakeDealers) -> None:
    run = read_one(JAGUAR, is_dry_run=True)
    assert (run.state, InventoryImport.objects.count(), Dataset.objects.count()) == ("done", 0, 0)
    assert "Nothing was imported: this was a dry run." in run.reason
    assert run.vehicles == len(shop.expected(JAGUAR))


def test_a_dealership_is_read_by_one_run_at_a_time(shop: FakeDealers) -> None:
    first = start(JAGUAR)
    with pytest.raises(Refused, match="being read already"):
        start(JAGUAR)
    second = start(JAGUAR, TWIN_CITY)
    assert [run.dealership.name for run in second.runs.all()] == [TWIN_CITY]
    assert ScrapeSession.objects.count() == 2
    assert first.runs.count() == 1


def test_a_website_that_is_off_is_not_read(shop: FakeDealers) -> None:
    Website.objects.filter(dealership__name=JAGUAR).update(enabled=False)
    with pytest.raises(Refused, match="Not switched on: Jaguar Rancho Mirage"):
        start(JAGUAR)
    assert (ScrapeRun.objects.count(), shop.requests()) == (0, [])


def test_a_website_that_was_never_probed_cannot_be_switched_on(shop: FakeDealers) -> None:
    with pytest.raises(IntegrityError, match="website_enabled_after_a_look"):
        Website.objects.update(enabled=True, probed_at=None)


def test_a_waiting_run_is_cancelled_at_once(shop: FakeDealers) -> None:
    run = start(JAGUAR).runs.get()
    cancel_run(run=run)
    work_on_runs()
    assert outcome(run) == ("cancelled", "")
    assert shop.requests() == []
    with pytest.raises(Refused, match="has ended as cancelled already"):
        cancel_run(run=run)


def test_a_running_one_ends_at_its_next_heartbeat(shop: FakeDealers, settings: Settings) -> None:
    settings.LEASE_SECONDS = 0.6
    shop.knob("slow_first_byte", host="www.stehouwerauto.com", seconds=0.3)
    run = start(STEHOUWER).runs.get()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(work_on_runs)
        wait_until(ScrapePage.objects.exists, 20)
        cancel_run(run=run)
        work.result()
    assert outcome(run) == ("cancelled", "")
    assert Dataset.objects.count() == 0


def test_the_schedule_reads_each_website_once_a_day_at_its_time(shop: FakeDealers) -> None:
    now = timezone.localtime().replace(hour=9, minute=0)
    Website.objects.exclude(dealership__name__in=[JAGUAR, TWIN_CITY]).update(enabled=False)
    Website.objects.filter(enabled=True).update(enabled_at=now - timedelta(days=1), scrape_at="04:00")
    Website.objects.filter(dealership__name=TWIN_CITY).update(scrape_at="10:30")
    session = start_due_session(now=now - timedelta(days=0))
    assert session is not None
    assert sorted(run.dealership.name for run in session.runs.all()) == [JAGUAR, TWIN_CITY]
    ScrapeRun.objects.update(created_at=now, state="done")
    assert start_due_session(now=now + timedelta(minutes=5)) is None
    later = start_due_session(now=now + timedelta(hours=2))
    assert later is not None
    assert [run.dealership.name for run in later.runs.all()] == [TWIN_CITY]


def test_a_website_that_was_just_switched_on_waits_for_its_next_time(shop: FakeDealers) -> None:
    now = timezone.now()
    Website.objects.update(enabled_at=now)
    assert start_due_session(now=now) is None


def test_a_worker_rung_for_one_run_takes_the_waiting_others_along(shop: FakeDealers) -> None:
    runs = [run for name in (JAGUAR, TWIN_CITY) for run in start(name).runs.all()]
    assert work_on_runs(first=runs[0].pk) == 2
    assert [outcome(run)[0] for run in runs] == ["done", "done"]


def test_the_fake_web_is_read_without_pauses_and_real_websites_never(shop: FakeDealers, settings: Settings) -> None:
    settings.SCRAPER_REAL_PACE = True
    begun = timezone.now()
    run = read_one(TWIN_CITY)
    least = 1.5 * (run.requests - 1)
    assert (timezone.now() - begun).total_seconds() > least
    assert HostPace.objects.get(host="twincitytoyota.com").next_allowed_at > begun + timedelta(seconds=least)


def test_runs_know_no_job_of_their_own(shop: FakeDealers) -> None:
    read(JAGUAR)
    assert Job.objects.count() == 0


def test_an_address_that_robots_txt_forbids_further_on_is_not_asked_for(shop: FakeDealers) -> None:
    RobotsFile.objects.create(
        host="www.stehouwerauto.com",
        tried_at=(now := timezone.now()),
        fetched_at=now,
        status=200,
        body="User-agent: *\nDisallow: /inventory/\n",
    )
    run = read_one(STEHOUWER)
    assert outcome(run) == ("failed", "E_ROBOTS")
    assert "robots.txt forbids /inventory/" in run.error_text
    assert [request["path"] for request in shop.requests() if "/inventory/" in request["path"].partition("?")[0]] == []
    Website.objects.filter(dealership__name=STEHOUWER).update(robots_override="agreed with the owner")
    assert read_one(STEHOUWER).state == "done"
