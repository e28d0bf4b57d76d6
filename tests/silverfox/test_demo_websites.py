"""Websites are on for the fake dealer web only as long as it is there."""

from pathlib import Path

import pytest
from django.utils import timezone

from dealerships.models import Dealership
from foundation.errors import Refused
from scrapers.models import RobotsFile, ScrapeRun, Website
from scrapers.operations.loading import load_websites
from silverfox.demo.website_operations import (
    NOTE,
    refuse_without_demo,
    switch_off_behind_fake_web,
    switch_on_for_fake_web,
)
from tests.scrapers.runs import CADILLAC, JAGUAR, SMALL, load_shop, start, website_of

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
