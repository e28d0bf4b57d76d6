"""What a website answered, for diagnosis: escaped, cut off, without keys, to staff only."""

import gzip
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from foundation.models import AuditEntry
from scrapers.domain.addresses import without_secrets
from scrapers.files import delete_snapshots_of, snapshot_path
from scrapers.models import ScrapePage, ScrapeRun
from tests.pages import content_of, sign_in, words
from tests.scrapers.kept_runs import keep_answer, make_run, make_website

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> ScrapeRun:
    return make_run(make_website())


def ask(client: Client, page: ScrapePage, name: str = "website_page") -> Any:
    return client.get(reverse(name, args=[page.run_id, page.number]))


def test_a_run_lists_its_answers_with_address_status_size_seconds_vehicles_and_warnings(
    staff: Client, run: ScrapeRun
) -> None:
    address = without_secrets("https://www.elm-street-motors.example/api?page=1&api_key=s3cr3t")
    keep_answer(run, url=address, total_declared=120, warnings=["A price was no number."], body=b"x" * 2048)
    page = staff.get(reverse("website_run", args=[run.pk]))
    assert "1 , what the website answered list all GET https://www.elm-street-motors.example/api?page=1" in words(page)
    assert "200 2.0\xa0KB 0.4 1 of 120 A price was no number." in words(page).replace("2.0 KB", "2.0\xa0KB")
    assert "s3cr3t" not in page.content.decode()


def test_a_failed_run_tells_its_reason_and_stage(staff: Client) -> None:
    run = make_run(
        make_website(), state="failed", error_code="E_NOT_JSON", error_text="It was a web page.", error_stage="read"
    )
    said = words(staff.get(reverse("website_run", args=[run.pk])))
    assert "It was a web page. Stage: read, code: E_NOT_JSON" in said
    assert "No answer of the website is on record." in said


@pytest.mark.parametrize("count", [2, 40])
def test_the_questions_to_the_database_do_not_grow_with_the_answers(
    staff: Client, run: ScrapeRun, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, count + 1):
        keep_answer(run, number=number)
    with django_assert_num_queries(7):
        staff.get(reverse("website_run", args=[run.pk]))


def test_an_answer_is_shown_as_text_and_never_as_a_page(staff: Client, run: ScrapeRun) -> None:
    body = b"<html><script>alert(1)</script>\r\n<b>Caf\xc3\xa9</b> \x1b[31m \x00 \xe2\x80\xaegnp.exe</html>"
    answer = ask(staff, keep_answer(run, body=body))
    page = answer.content.decode()
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "&lt;html&gt;&lt;script&gt;alert(1)&lt;/script&gt;\n&lt;b&gt;Café&lt;/b&gt;" in page
    assert "<script>alert(1)" not in page
    assert [letter in page for letter in ("\x1b", "\x00", "\u202e")] == [False] * 3
    assert "no-store" in answer["Cache-Control"]


def test_a_long_answer_is_cut_off_and_says_so(staff: Client, run: ScrapeRun) -> None:
    answer = ask(staff, keep_answer(run, body=b"<" * 100_000 + b"THE END"))
    page = answer.content.decode()
    assert page.count("&lt;") == 100_000
    assert "THE END" not in page
    assert "the download has all of it" in words(answer)


def test_an_answer_can_be_taken_home_as_it_was_kept(staff: Client, run: ScrapeRun) -> None:
    page = keep_answer(run, body=b"<p>All of it</p>")
    answer = ask(staff, page, "website_page_file")
    data = content_of(answer)
    assert answer["Content-Disposition"] == f'attachment; filename="run_{run.pk}_page_1.snapshot.gz"'
    assert (answer["Content-Type"], "no-store" in answer["Cache-Control"]) == ("application/gzip", True)
    head, _, body = gzip.decompress(data).partition(b"\n")
    assert (json.loads(head)["status"], body) == (200, b"<p>All of it</p>")
    assert AuditEntry.objects.get(action="file.downloaded").object_name.endswith("_page_1.snapshot.gz")


def test_downloads_are_limited(staff: Client, run: ScrapeRun) -> None:
    page = keep_answer(run)
    answers = []
    for _ in range(31):
        answers.append(ask(staff, page, "website_page_file"))
        if answers[-1].streaming:
            content_of(answers[-1])
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]


def test_an_answer_that_is_gone_or_damaged_is_told(staff: Client, run: ScrapeRun) -> None:
    removed, lost, damaged = keep_answer(run, snapshot=""), keep_answer(run, number=2), keep_answer(run, number=3)
    snapshot_path(lost.snapshot).unlink()
    snapshot_path(damaged.snapshot).write_bytes(b"no gzip")
    for page, words_of_it in ((removed, "no longer kept"), (lost, "is gone"), (damaged, "is damaged")):
        for name in ("website_page", "website_page_file"):
            answer = ask(staff, page, name)
            assert (answer.status_code, words_of_it in words(answer)) == (410, True), (name, words_of_it)
    delete_snapshots_of(run.pk)


def test_answers_are_for_staff_only(run: ScrapeRun) -> None:
    page, viewer = keep_answer(run), sign_in(role="viewer")
    answers = [ask(viewer, page), ask(viewer, page, "website_page_file")]
    answers.append(viewer.get(reverse("website_run", args=[run.pk])))
    assert [answer.status_code for answer in answers] == [403] * 3


def test_an_answer_is_found_below_its_own_run_only(staff: Client, run: ScrapeRun) -> None:
    other = make_run(make_website(name="Oak Hill Cars"))
    keep_answer(run)
    assert staff.get(reverse("website_page", args=[other.pk, 1])).status_code == 404
    assert staff.get(reverse("website_page", args=[run.pk, 2])).status_code == 404
    assert staff.get(reverse("website_run", args=[999_999])).status_code == 404
