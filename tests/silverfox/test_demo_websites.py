"""Websites are on for the fake dealer web only as long as it is there."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from dealerships.domain.rules import Condition
from dealerships.models import Dealership
from dealerships.operations import find_dealership
from foundation.errors import Refused
from inventory.domain.facts import INVENTORY_HEADER
from inventory.models import Dataset, Vehicle
from scrapers.fake_web.given import load_given
from scrapers.fake_web.lots import find_lot
from scrapers.models import RobotsFile, ScrapeRun, Website
from scrapers.operations.loading import load_websites
from silverfox.demo.catalogue import load_plans
from silverfox.demo.lots import Seller, build_lot
from silverfox.demo.website_operations import (
    NOTE,
    refuse_without_demo,
    switch_off_behind_fake_web,
    switch_on_for_fake_web,
    write_lots,
)
from tests.command_line import run_command
from tests.inventory.arrivals import import_file
from tests.scrapers.fake_dealers import fake_dealers
from tests.scrapers.runs import CADILLAC, JAGUAR, SMALL, load_shop, read, start, website_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def websites(db: None, tmp_path: Path) -> None:
    """Four websites as they are loaded: off."""
    load_shop(tmp_path)
    Website.objects.update(enabled=False, probed_at=None, enabled_at=None)


@pytest.mark.usefixtures("websites")
def test_all_are_on_with_the_reason_and_off_behind_it() -> None:
    before = list(Website.objects.values())
    assert switch_on_for_fake_web() == len(SMALL)
    assert set(Website.objects.values_list("enabled", "permission_note")) == {(True, NOTE)}
    assert switch_off_behind_fake_web() == len(SMALL)
    assert list(Website.objects.values()) == before
    assert switch_off_behind_fake_web() == 0


@pytest.mark.usefixtures("websites")
def test_what_the_fake_told_is_forgotten_and_what_waits_is_cancelled() -> None:
    now = timezone.now()
    RobotsFile.objects.create(host="www.jaguarranchomirage.com", tried_at=now, fetched_at=now, status=200)
    switch_on_for_fake_web()
    Website.objects.update(learned={"key": "of the fake"})
    start(JAGUAR)
    switch_off_behind_fake_web()
    assert list(ScrapeRun.objects.values_list("state", flat=True)) == ["cancelled"]
    assert not RobotsFile.objects.exists()
    assert {str(learned) for learned in Website.objects.values_list("learned", flat=True)} == {"{}"}


@pytest.mark.usefixtures("websites")
def test_a_website_with_a_note_of_a_person_stays_off() -> None:
    Website.objects.filter(dealership__name=CADILLAC).update(permission_note="Asked on Monday.")
    assert switch_on_for_fake_web() == len(SMALL) - 1
    switch_off_behind_fake_web()
    assert (website_of(CADILLAC).enabled, website_of(CADILLAC).permission_note) == (False, "Asked on Monday.")


@pytest.mark.usefixtures("websites")
def test_nothing_is_switched_while_a_website_is_read_for_work() -> None:
    now = timezone.now()
    Website.objects.filter(dealership__name=JAGUAR).update(enabled=True, probed_at=now, enabled_at=now)
    with pytest.raises(Refused, match="read for work: Jaguar Rancho Mirage. Switch them off first"):
        switch_on_for_fake_web()
    assert Website.objects.filter(enabled=True).count() == 1
    assert switch_off_behind_fake_web() == 0
    assert website_of(JAGUAR).enabled


@pytest.mark.usefixtures("websites")
def test_an_installation_without_the_demo_is_left_alone() -> None:
    with pytest.raises(Refused, match="this installation holds none"):
        refuse_without_demo()


@pytest.mark.usefixtures("websites")
def test_the_website_of_a_renamed_dealership_is_loaded_like_before(tmp_path: Path) -> None:
    Dealership.objects.filter(name=JAGUAR).update(name="Jaguar of the Valley")
    assert load_websites(path=tmp_path / "sites.csv").unchanged == len(SMALL)
    assert Website.objects.count() == len(SMALL)


# One of each platform, a website that shows nothing off the lot, and two that share vehicles with a sister.
EVERY_KIND = (
    "Bommarito Cadillac", JAGUAR, "Joe Machens Toyota", "KIA of Columbia", "Porsche St. Louis",
    "Rusty Drewing Chevy BGMC", "Tom Stehouwer Auto Sales", "Twin City Toyota", "Weber Chevrolet",
)  # fmt: skip


def fill_lots() -> None:
    """The demo's lots of these dealerships, shortened, in use."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(INVENTORY_HEADER)
    for plan in load_plans():
        if plan.dealership in EVERY_KIND:
            host = find_dealership(name=plan.dealership).approved_hosts[0]
            seller = Seller(name=plan.dealership, host=host, conditions=frozenset({Condition.PRE_OWNED}))
            short = replace(plan, vehicles=max(plan.vehicles // 4, 40))
            writer.writerows(build_lot(short, seller, today=timezone.localdate()).standing)
    import_file(text.getvalue().encode())


@pytest.mark.django_db(transaction=True)
def test_what_is_read_from_the_fake_dealer_web_passes_the_gates_and_is_used(tmp_path: Path, settings: Settings) -> None:
    load_shop(tmp_path, EVERY_KIND)
    Website.objects.update(enabled=False, probed_at=None, enabled_at=None)
    fill_lots()
    switch_on_for_fake_web()
    assert write_lots(tmp_path / "lots.json") == Vehicle.objects.active().count()
    before = dict(Dataset.objects.active().values_list("dealership__name", "pk"))
    with fake_dealers(given=load_given(tmp_path / "lots.json"), first_day=timezone.localdate()) as web:
        settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{web.port}"
        runs = read(*EVERY_KIND)
    ended = {name: (run.state, run.error_text or run.reason) for name, run in zip(EVERY_KIND, runs, strict=True)}
    assert ended == dict.fromkeys(EVERY_KIND, ("done", ""))
    for dataset in Dataset.objects.active().select_related("dealership"):
        name, difference = dataset.dealership.name, dataset.difference
        assert (difference["dataset"], difference["new"]) == (before[name], 0), name
        # What is not on the lot is not shown where the website shows no such vehicles.
        assert difference["gone"] == 0 or name == "KIA of Columbia", name


def test_a_website_that_no_vehicles_are_given_for_invents_its_own(tmp_path: Path) -> None:
    (tmp_path / "lots.json").write_text("{}", encoding="utf-8")
    with fake_dealers(given=load_given(tmp_path / "lots.json")) as given, fake_dealers() as invented:
        assert given.expected(JAGUAR) == invented.expected(JAGUAR)
    assert load_given(tmp_path / "lots.json").of(find_lot(JAGUAR)) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"no site": []}', '{"columbiabmw.com": [1]}', '{"columbiabmw.com": [{"vin": "X"}]}', "\ufeff{}"],
)
def test_a_file_that_holds_no_lots_is_refused_with_the_remedy(text: str, tmp_path: Path) -> None:
    (tmp_path / "lots.json").write_text(text, encoding="utf-8")
    answer = run_command("fake_dealers", "--lots", str(tmp_path / "lots.json"))
    assert answer.exit_code == 2
    assert "holds no lots" in answer.err
    assert "Leave --lots out for invented ones." in answer.err


@pytest.mark.django_db(transaction=True)
def test_lots_that_are_not_there_are_refused() -> None:
    answer = run_command("fake_dealers", "--lots", "/nowhere/lots.json")
    assert (answer.exit_code, "/nowhere/lots.json cannot be read" in answer.err) == (2, True)


def test_the_file_names_what_a_website_can_show_and_nothing_else(tmp_path: Path) -> None:
    load_shop(tmp_path, EVERY_KIND)
    Website.objects.update(enabled=False)
    fill_lots()
    switch_on_for_fake_web()
    write_lots(tmp_path / "lots.json")
    lots = json.loads((tmp_path / "lots.json").read_text(encoding="utf-8"))
    assert len(lots) == len(EVERY_KIND)
    states = {row["state"] for rows in lots.values() for row in rows}
    assert states == {"on_lot", "in_transit", "courtesy"}
