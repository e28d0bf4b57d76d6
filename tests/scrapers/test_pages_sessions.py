"""The page of a session while its runs are open and afterwards, and cancelling."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from foundation.models import AuditEntry
from inventory.models import Dataset
from scrapers.models import ScrapeRun, ScrapeSession
from scrapers.operations.running import work_on_runs
from tests.factories import make_vehicles
from tests.pages import HTMX, part, sign_in, words
from tests.scrapers.fake_dealers import FakeDealers
from tests.scrapers.kept_runs import attach_import, make_run, make_session, make_website
from tests.scrapers.runs import STEHOUWER, TWIN_CITY, load_shop, website_of

pytestmark = pytest.mark.django_db


def page_of(client: Client, session: ScrapeSession) -> Any:
    return client.get(reverse("website_session", args=[session.pk]))


def row(response: Any, name: str) -> str:
    return part(response, f">{name}</a>", "</tr>")


def test_the_page_polls_while_a_run_is_open_and_stops_by_itself(staff: Client) -> None:
    session = make_session()
    done = make_run(make_website(), session=session)
    run = make_run(make_website(name="Oak Hill Cars"), state="running", session=session, requests=7, vehicles=84)
    progress = reverse("website_session_progress", args=[session.pk])
    for _ in range(2):
        assert 'hx-trigger="every 2s"' in page_of(staff, session).content.decode()
    part_of_it = staff.get(progress, headers=HTMX)
    assert part_of_it.content.decode().strip().startswith('<section class="stack"')
    assert "2 websites: 1 open, 1 done." in words(part_of_it)
    assert "Oak Hill Cars Reading 7" in row(part_of_it, "Oak Hill Cars")
    ScrapeRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now())
    ended = staff.get(progress, headers=HTMX)
    assert (ended.status_code, ended.content, ended["HX-Refresh"]) == (286, b"", "true")
    after = page_of(staff, session).content.decode()
    assert ("every 2s" in after, reverse("website_run", args=[done.pk]) in after) == (False, True)


def test_each_run_that_is_not_done_says_why_and_what_to_do(staff: Client) -> None:
    session = make_session()
    failed, paused = make_website(), make_website(name="Oak Hill Cars")
    make_run(failed, state="failed", session=session, error_code="E_TIMEOUT", error_text="No answer. Try later.")
    make_run(
        paused, state="queued", session=session, not_before=timezone.now() + timedelta(minutes=5), error_text="429."
    )
    held = make_website(name="Pine Motors")
    make_vehicles(dealership=held.dealership)
    Dataset.objects.update(status="held", gates=[{"severity": "hold_staff", "message": "Too few."}])
    dataset = Dataset.objects.get()
    run = make_run(held, state="held", session=session, reason="Too few. Look at the dataset.")
    attach_import(run, dataset.inventory_import)
    page = page_of(staff, session)
    assert row(page, "Elm Street Motors").endswith("No answer. Try later. E_TIMEOUT Read again Elm Street Motors")
    assert "Goes on " in row(page, "Oak Hill Cars")
    assert row(page, "Oak Hill Cars").endswith("429. Cancel Oak Hill Cars")
    assert row(page, "Pine Motors").endswith("Too few. Look at the dataset. Compare Pine Motors")
    assert reverse("import_dataset", args=[dataset.pk]) in page.content.decode()


def test_a_run_is_cancelled_once_and_the_trail_tells_by_whom(staff: Client) -> None:
    session = make_session()
    run = make_run(make_website(), state="queued", session=session)
    cancel = reverse("website_run_cancel", args=[run.pk])
    assert "The run of Elm Street Motors is cancelled." in words(staff.post(cancel, follow=True))
    run.refresh_from_db()
    assert (run.state, run.ended_at is not None) == ("cancelled", True)
    entry = AuditEntry.objects.get(action="scrape.cancelled")
    assert (entry.actor_name, entry.object_id, entry.object_name) == ("staff", str(run.pk), "Elm Street Motors")
    again = staff.post(cancel)
    assert (again.status_code, "has ended as cancelled already" in words(again)) == (409, True)
    assert AuditEntry.objects.filter(action="scrape.cancelled").count() == 1


def test_a_run_that_is_being_read_ends_when_its_worker_looks(staff: Client) -> None:
    session = make_session()
    run = make_run(make_website(), state="running", session=session)
    said = words(staff.post(reverse("website_run_cancel", args=[run.pk]), follow=True))
    assert "ends as soon as its worker looks" in said
    assert "Is being cancelled" in said
    run.refresh_from_db()
    assert (run.state, run.cancel_requested) == ("running", True)


def test_everything_open_is_cancelled_after_a_question(staff: Client) -> None:
    session = make_session()
    make_run(make_website(), session=session)
    for name in ("Oak Hill Cars", "Pine Motors"):
        make_run(make_website(name=name), state="queued", session=session)
    address = reverse("website_session_cancel", args=[session.pk])
    assert "Cancel 2 open runs of session" in words(staff.get(address))
    assert ScrapeRun.objects.open().count() == 2
    assert "2 runs cancelled" in words(staff.post(address, follow=True))
    assert sorted(session.runs.values_list("state", flat=True)) == ["cancelled", "cancelled", "done"]
    again = staff.post(address)
    assert (again.status_code, "has ended already" in words(again)) == (409, True)


def test_viewers_watch_and_change_nothing() -> None:
    session, viewer = make_session(), sign_in(role="viewer")
    run = make_run(make_website(), state="queued", session=session)
    page = page_of(viewer, session).content.decode().partition("<main")[2].partition("</main>")[0]
    assert "Elm Street Motors" in page
    assert (reverse("website_run_cancel", args=[run.pk]) in page, "Cancel" in page) == (False, False)
    assert reverse("website_run", args=[run.pk]) not in page
    assert viewer.post(reverse("website_run_cancel", args=[run.pk])).status_code == 403
    assert viewer.post(reverse("website_session_cancel", args=[session.pk])).status_code == 403


def test_a_session_whose_runs_are_no_longer_kept_says_so(staff: Client) -> None:
    assert "Its runs are no longer kept." in words(page_of(staff, make_session()))


@pytest.mark.parametrize("count", [1, 15])
@pytest.mark.parametrize(("name", "queries"), [("website_session", 6), ("website_session_progress", 5)])
def test_the_questions_to_the_database_do_not_grow_with_the_runs(
    staff: Client, count: int, name: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    session = make_session()
    for number in range(count):
        make_run(make_website(name=f"Motors {number}"), state="running", session=session)
    with django_assert_num_queries(queries):
        staff.get(reverse(name, args=[session.pk]))


def test_a_dealership_without_its_website_keeps_its_row(staff: Client) -> None:
    session, website = make_session(), make_website()
    make_run(website, state="failed", session=session, error_text="No answer.")
    website.delete()
    said = words(page_of(staff, session))
    assert "Elm Street Motors Failed" in said
    assert "Read again" not in said


@pytest.mark.django_db(transaction=True)
def test_websites_are_read_from_the_button_to_the_inventory(
    fake_web: FakeDealers, settings: Settings, tmp_path: Path
) -> None:
    settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{fake_web.port}"
    load_shop(tmp_path)
    fake_web.knob("status", site="stehouwerauto.com", status=403)
    staff = sign_in(role="staff")
    chosen = [website_of(name).pk for name in (TWIN_CITY, STEHOUWER)]
    page = staff.post(reverse("website_read"), {"websites": chosen}, follow=True)
    assert "2 websites: 2 open, 0 done." in words(page)
    work_on_runs()
    session = ScrapeSession.objects.get()
    assert staff.get(reverse("website_session_progress", args=[session.pk])).status_code == 286
    page = page_of(staff, session)
    assert f"{TWIN_CITY} Done" in row(page, TWIN_CITY)
    assert "refuses to be read by programs (403)" in row(page, STEHOUWER)
    own = len(fake_web.expected(TWIN_CITY))
    assert f"1 failed, 1 done. {own} vehicles." in words(page)
    assert f"{own} vehicles" in part(staff.get(reverse("website_list")), f">{TWIN_CITY}</a>", "</tr>")
    start = words(staff.get("/"))
    assert f"{STEHOUWER}: the website was not read." in start
    run = session.runs.get(dealership__name=TWIN_CITY)
    answer = staff.get(reverse("website_page", args=[run.pk, 1]))
    assert (answer.status_code, "Body, as text" in words(answer)) == (200, True)
