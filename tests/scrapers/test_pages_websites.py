"""The page of all websites, the page of one, and the button that has them read."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from foundation.models import AuditEntry
from inventory.models import Dataset
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.sessions import cancel_run
from tests.factories import make_dealership, make_vehicles
from tests.pages import part, sign_in, words
from tests.scrapers.kept_runs import attach_import, keep_answer, make_run, make_website

pytestmark = pytest.mark.django_db
LIST, READ = reverse("website_list"), reverse("website_read")


def row(response: Any, name: str) -> str:
    return part(response, f">{name}</a>", "</tr>")


def ask(client: Client, *websites: Website, **fields: Any) -> Any:
    return client.post(READ, {"websites": [website.pk for website in websites], **fields})


def let_turns_come_back(website: Website) -> None:
    for run in ScrapeRun.objects.open().filter(dealership=website.dealership):
        cancel_run(run=run)


# All of them


def test_without_a_website_the_page_says_how_one_comes_there(staff: Client) -> None:
    said = words(staff.get(LIST))
    assert "No website is configured yet. Run manage.py load_websites" in said
    assert "probe_dealer" in said
    assert "Read all" not in said


def test_each_website_stands_with_its_last_run_and_the_age_of_its_inventory(staff: Client) -> None:
    elm, oak = make_website(), make_website(name="Oak Hill Cars", platform="carscommerce")
    make_vehicles(dealership=elm.dealership, collected_at=timezone.now() - timedelta(hours=40))
    make_run(elm, state="failed", error_code="E_FORBIDDEN", error_text="It refuses (403). Run it again tomorrow.")
    make_run(oak, vehicles=301, reported_total=1302)
    page = staff.get(LIST)
    assert "Elm Street Motors Failed" in row(page, "Elm Street Motors")
    assert "40 h old DealerOn" in row(page, "Elm Street Motors")
    assert row(page, "Elm Street Motors").endswith("It refuses (403). Run it again tomorrow. E_FORBIDDEN")
    assert "301 vehicles 1,302 None yet Dealer Inspire" in row(page, "Oak Hill Cars")
    assert page.content.index(b"Elm Street") < page.content.index(b"Oak Hill")


def test_a_trial_is_not_the_last_run(staff: Client) -> None:
    elm = make_website()
    make_run(elm, state="failed", session=ScrapeSession.objects.create(trigger="command", is_dry_run=True))
    assert "Not read yet" in row(staff.get(LIST), "Elm Street Motors")


def test_a_held_dataset_is_told_with_the_way_to_the_decision(staff: Client) -> None:
    elm = make_website()
    make_vehicles(dealership=elm.dealership)
    gates = [{"severity": "hold_staff", "message": "Half of the lot is gone."}]
    Dataset.objects.update(status="held", gates=gates)
    held = Dataset.objects.get()
    make_run(elm, state="held")
    for page in (staff.get(LIST), staff.get(reverse("website_detail", args=[elm.pk]))):
        assert "Half of the lot is gone." in words(page)
        assert reverse("import_dataset", args=[held.pk]) in page.content.decode()


@pytest.mark.parametrize(
    ("show", "names"),
    [
        ("all", ["Ash", "Birch", "Cedar", "Dogwood"]),
        ("trouble", ["Ash"]),
        ("reading", ["Birch"]),
        ("on", ["Ash", "Birch", "Dogwood"]),
        ("off", ["Cedar"]),
        ("stale", ["Dogwood"]),
        ("nonsense", ["Ash", "Birch", "Cedar", "Dogwood"]),
    ],
)
def test_the_list_can_be_narrowed_by_state(staff: Client, show: str, names: list[str]) -> None:
    ash, birch, _, dogwood = (
        make_website(name=name, enabled=name != "Cedar") for name in ["Ash", "Birch", "Cedar", "Dogwood"]
    )
    make_run(ash, state="failed")
    make_run(birch, state="running")
    make_vehicles(dealership=dogwood.dealership, collected_at=timezone.now() - timedelta(hours=37))
    expected = {*names, *(["Dogwood"] if show == "trouble" else [])}
    page = staff.get(LIST, {"show": show}).content.decode()
    assert set(re.findall(r">(Ash|Birch|Cedar|Dogwood)</a>", page)) == expected


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", "Ash Birch Cedar"),
        ("-name", "Cedar Birch Ash"),
        ("-vehicles", "Birch Cedar Ash"),
        ("-read", "Cedar Birch Ash"),
        ("state", "Ash Birch Cedar"),
        ("time", "Cedar Ash Birch"),
        ("platform", "Cedar Ash Birch"),
        ("nonsense", "Ash Birch Cedar"),
    ],
)
def test_the_list_can_be_sorted(staff: Client, sort: str, order: str) -> None:
    ash, birch, cedar = (make_website(name=name) for name in ["Ash", "Birch", "Cedar"])
    Website.objects.filter(pk=cedar.pk).update(scrape_at="03:00", platform="carscommerce")
    make_run(ash, state="failed", ago=timedelta(hours=3))
    make_run(birch, vehicles=500, ago=timedelta(hours=2))
    make_run(cedar, vehicles=400, ago=timedelta(hours=1))
    page = staff.get(LIST, {"sort": sort}).content.decode()
    assert re.findall(r">(Ash|Birch|Cedar)</a>", page) == order.split()
    is_known = sort != "nonsense"
    direction = "descending" if sort.startswith("-") else "ascending"
    assert page.count(f'aria-sort="{direction}"') == 1
    assert is_known or 'aria-sort="ascending"' in page


@pytest.mark.parametrize("count", [2, 20])
def test_the_questions_to_the_database_do_not_grow_with_the_websites(
    staff: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        website = make_website(name=f"Motors {number}")
        make_run(website, state="failed", error_text="No answer.")
        make_vehicles(dealership=website.dealership, first=10 * number + 1)
    with django_assert_num_queries(10):
        staff.get(LIST)


def test_viewers_see_everything_and_have_no_button() -> None:
    elm = make_website()
    make_run(elm, state="failed")
    viewer = sign_in(role="viewer")
    for address in (LIST, reverse("website_detail", args=[elm.pk])):
        page = viewer.get(address).content.decode()
        assert ("Elm Street Motors" in page, READ in page, "/admin/" in page) == (True, False, False)
    assert ask(viewer, elm).status_code == 403
    assert not ScrapeRun.objects.open().exists()


# Having them read


def test_one_website_is_read_at_once_and_the_trail_tells_who_asked(staff: Client) -> None:
    elm = make_website()
    answer = ask(staff, elm)
    session = ScrapeSession.objects.get()
    assert answer["Location"] == reverse("website_session", args=[session.pk])
    assert (session.trigger, session.created_by and session.created_by.username) == ("person", "staff")
    entry = AuditEntry.objects.get(action="scrape.started")
    assert (entry.actor_name, entry.object_id, entry.detail) == ("staff", str(session.pk), "Elm Street Motors")


def test_nothing_ticked_is_told_and_reads_nothing(staff: Client) -> None:
    make_website()
    for typed in ({}, {"websites": ["x", "9" * 40, "-1", "\u0661"]}, {"websites": ["999999"]}):
        answer = staff.post(READ, typed)
        assert (answer.status_code, "No website was chosen." in words(answer)) == (422, True)
    assert not ScrapeSession.objects.exists()


def test_many_are_read_after_a_confirmation_only(staff: Client) -> None:
    websites = [make_website(name=f"Motors {number}") for number in range(6)]
    off = make_website(name="Off Motors", enabled=False)
    asked = ask(staff, *websites)
    assert (asked.status_code, "Read 6 websites now?" in words(asked)) == (200, True)
    every = staff.post(READ, {"which": "all"})
    assert ("Read 6 websites now?" in words(every), "Off Motors" in words(every)) == (True, False)
    assert not ScrapeSession.objects.exists()
    staff.post(READ, {"which": "all", "confirmed": "yes"})
    assert ScrapeRun.objects.count() == 6
    assert not ScrapeRun.objects.filter(dealership=off.dealership).exists()


def test_those_that_are_due_are_read_as_the_schedule_would_and_are_then_not_due(staff: Client) -> None:
    website = make_website()
    make_website(name="Later Motors", enabled_at=timezone.now())
    page = staff.get(LIST)
    assert "Read the 1 due" in words(page)
    assert staff.post(READ, {"which": "due", "confirmed": "yes"}).status_code == 302
    assert ScrapeSession.objects.get().trigger == "schedule"
    cancel_run(run=ScrapeRun.objects.get(dealership=website.dealership))
    again = staff.post(READ, {"which": "due", "confirmed": "yes"})
    assert (again.status_code, "No website is due." in words(again)) == (422, True)


def test_a_website_that_is_off_or_being_read_is_refused_with_the_reason(staff: Client) -> None:
    off, busy = make_website(enabled=False), make_website(name="Oak Hill Cars")
    answer = ask(staff, off)
    assert (answer.status_code, "Not switched on: Elm Street Motors." in words(answer)) == (409, True)
    make_run(busy, state="queued")
    for _ in range(6):
        answer = ask(staff, busy)
        assert (answer.status_code, "being read already" in words(answer)) == (409, True)


def test_a_refusal_costs_no_turn_and_a_busy_website_stops_no_other(staff: Client) -> None:
    busy, free = make_website(name="Busy Motors"), make_website(name="Free Motors")
    run = make_run(busy, state="queued")
    for _ in range(4):
        page = ask(staff, busy, free)
        assert page.status_code == 302
        let_turns_come_back(free)
    cancel_run(run=run)
    assert ask(staff, busy).status_code == 302


def test_a_website_may_be_read_four_times_within_an_hour(staff: Client) -> None:
    elm, oak = make_website(), make_website(name="Oak Hill Cars")
    for _ in range(4):
        assert ask(staff, elm).status_code == 302
        let_turns_come_back(elm)
    answer = ask(staff, elm)
    assert (answer.status_code, 0 < int(answer["Retry-After"]) <= 900) == (429, True)
    said = words(answer)
    assert "Elm Street Motors: a website may be read 4 times within an hour. Try again in 15 minutes" in said
    assert words(ask(sign_in(role="manager"), elm)) == said
    both = ask(staff, elm, oak)
    assert both.status_code == 302
    assert [run.dealership.name for run in ScrapeRun.objects.open()] == ["Oak Hill Cars"]
    assert "Elm Street Motors: a website may be read 4 times within an hour. These were left out." in words(
        staff.get(both["Location"])
    )


# One of them


def test_the_settings_of_a_website_stand_in_words_without_its_keys(staff: Client) -> None:
    elm = make_website(
        platform="algolia_legacy",
        parameters={"api_key": "s3cr3t", "app": "ABC"},
        learned={"index": "elm_production"},
        rooftop_match="contains",
        rooftop_text="Elm & Sons",
        robots_override="The owner agreed on May 2.",
        permission_note="By phone.",
    )
    page = staff.get(reverse("website_detail", args=[elm.pk]))
    said = words(page)
    assert "Vehicles whose label contains “Elm & Sons” confirmed" in said
    assert "app = ABC api_key = (kept secret)" in said
    assert "Every day at 04:00" in said
    assert "It is read although its robots.txt asks otherwise: The owner agreed on May 2." in said
    assert "s3cr3t" not in page.content.decode()
    link = reverse("admin:scrapers_website_change", args=[elm.pk])
    manager = sign_in(role="manager").get(reverse("website_detail", args=[elm.pk])).content.decode()
    assert (link in page.content.decode(), link in manager) == (False, True)


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({"probed_at": None, "enabled": False}, "Probe it first: manage.py probe_dealer https://www.elm-street-motors"),
        ({"rooftop_confirmed": False, "enabled": False}, "A manager compares its rooftop rule with the website"),
        ({"enabled": False}, "A manager switches it on."),
    ],
)
def test_a_website_that_is_off_says_what_is_missing(staff: Client, fields: dict[str, Any], step: str) -> None:
    elm = make_website(**fields)
    page = words(staff.get(reverse("website_detail", args=[elm.pk])))
    assert step in page
    assert "Read it now" not in page


def test_the_counts_of_the_runs_are_drawn_and_told(staff: Client) -> None:
    elm = make_website()
    for hours, vehicles in ((5, 118), (4, 121), (3, 120)):
        make_run(elm, ago=timedelta(hours=hours), vehicles=vehicles)
    make_run(elm, state="held", vehicles=31, ago=timedelta(hours=1))
    make_run(elm, state="queued")
    page = staff.get(reverse("website_detail", args=[elm.pk])).content.decode()
    drawing = page[page.index('<svg class="chart"') : page.index("</svg>", page.index('<svg class="chart"'))]
    assert re.findall(r">(\d+)</text>", drawing) == ["31", "120", "121", "118"]
    assert 'role="img"' in drawing
    assert "31, not in use." in drawing
    assert "the usual count, 120" in page
    assert "style=" not in drawing
    assert "As a table" in page


def test_every_run_leads_to_its_session_and_to_what_came_of_it(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    elm = make_website()
    make_vehicles(dealership=elm.dealership)
    for number in range(25):
        make_run(elm, state="failed", error_text=f"Reason {number}.", ago=timedelta(days=25 - number))
    run = make_run(elm)
    attach_import(run, Dataset.objects.get().inventory_import)
    keep_answer(run)
    with django_assert_max_num_queries(14):
        page = staff.get(reverse("website_detail", args=[elm.pk]))
    text = page.content.decode()
    assert reverse("website_session", args=[run.session_id]) in text
    assert reverse("website_run", args=[run.pk]) in text
    assert reverse("import_dataset", args=[Dataset.objects.get().pk]) in text
    assert "1 to 20 of 26" in words(page)
    assert "Reason 0." in words(staff.get(reverse("website_detail", args=[elm.pk]), {"page": "2"}))


def test_a_website_that_is_not_there_is_not_found(staff: Client) -> None:
    assert staff.get(reverse("website_detail", args=[make_dealership().pk + 999])).status_code == 404
