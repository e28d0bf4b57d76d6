"""robots.txt is read once a day, kept, obeyed and overridden with a reason only."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F

from scrapers.domain.failures import FetchError
from scrapers.domain.robots import Verdict
from scrapers.fetching import Fetcher, Guard, Limits
from scrapers.models import RobotsFile
from scrapers.operations.robots import may_fetch
from tests.scrapers.loopback_web import Act, Web, page, raw, redirect, serving

SITE = "www.dealer.test"
FORBIDS = b"User-agent: *\nDisallow: /used/\nCrawl-delay: 4\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        server.pages["/robots.txt"] = page(FORBIDS, 200, Content_Type="text/plain")
        yield server


def ask(web: Web, path: str = "/new/", override_reason: str = "") -> Verdict:
    guard = Guard(ports={web.port}, resolver=lambda _: ["127.0.0.1"], may_connect=lambda _: True)
    with Fetcher(hosts=[SITE], guard=guard, limits=Limits(seconds=2, response_bytes=1_000_000)) as fetcher:
        return may_fetch(fetcher=fetcher, url=f"http://{SITE}:{web.port}{path}", override_reason=override_reason)


def later(**time: float) -> None:
    """As if the files had been read so much earlier."""
    passed = timedelta(**time)
    RobotsFile.objects.update(tried_at=F("tried_at") - passed, fetched_at=F("fetched_at") - passed)


def test_the_file_is_obeyed_and_kept(web: Web) -> None:
    new, used = ask(web, "/new/"), ask(web, "/used/1?a=b")
    assert (new.allowed, new.crawl_delay, used.allowed) == (True, 4.0, False)
    assert used.reason == (
        f"{SITE}:{web.port} does not want programs to read this (robots.txt forbids /used/1). Ask the website's owner,"
        " or let a manager write down the reason for reading it all the same."
    )
    file = RobotsFile.objects.get()
    assert (file.host, file.status, file.body) == (f"{SITE}:{web.port}", 200, FORBIDS.decode())


def test_it_is_read_once_a_day(web: Web) -> None:
    for _ in range(3):
        ask(web)
    later(hours=23, minutes=59)
    ask(web)
    assert len(web.asked) == 1
    later(minutes=2)
    web.pages["/robots.txt"] = page(b"User-agent: SilverFox\nDisallow: /\n")
    assert not ask(web).allowed
    assert [got.path for got in web.asked] == ["/robots.txt"] * 2


def test_it_is_asked_for_by_the_product_s_own_name(web: Web) -> None:
    ask(web)
    assert web.asked[0].headers["user-agent"].startswith("SilverFox/")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_without_a_file_everything_is_allowed(web: Web, status: int) -> None:
    web.pages["/robots.txt"] = page(FORBIDS, status)
    assert ask(web, "/used/1").allowed
    file = RobotsFile.objects.get()
    assert (file.status, file.body, file.fetched_at) == (status, "", file.tried_at)


def test_a_file_that_leads_away_or_never_ends_is_none(web: Web) -> None:
    away = redirect(f"http://www.elsewhere.test:{web.port}/robots.txt")
    for act in (away, redirect("/robots.txt"), page(b"#" * 1_000_001)):
        web.pages["/robots.txt"] = act
        assert ask(web, "/used/1").allowed
        later(days=2)
    assert len(web.asked) == 1 + 4 + 1


@pytest.mark.parametrize("act", [page(b"", 500), page(b"", 503), page(b"", 429), raw(), raw(b"HTTP/1.1 200 OK\r\n")])
def test_a_host_that_fails_at_once_is_a_failure_of_the_host(web: Web, act: Act) -> None:
    web.pages["/robots.txt"] = act
    for _ in range(2):
        with pytest.raises(FetchError):
            ask(web)
    assert (len(web.asked), RobotsFile.objects.count()) == (2, 0)
    web.pages["/robots.txt"] = page(FORBIDS)
    assert ask(web).allowed


def test_while_a_host_fails_its_earlier_copy_holds_for_a_month(web: Web) -> None:
    ask(web)
    web.pages["/robots.txt"] = page(b"", 503)
    later(days=2)
    assert (ask(web, "/new/").allowed, ask(web, "/used/1").allowed, len(web.asked)) == (True, False, 2)
    file = RobotsFile.objects.get()
    assert (file.status, file.body) == (200, FORBIDS.decode())
    assert file.fetched_at < file.tried_at
    later(days=29)
    verdict = ask(web, "/new/")
    assert (verdict.allowed, "cannot be read" in verdict.reason) == (False, True)


def test_a_written_reason_overrides_the_file_without_asking_for_it(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scrapers"):
        assert ask(web, "/used/1", override_reason="agreed with the owner").allowed
    assert (web.asked, RobotsFile.objects.count()) == ([], 0)
    [record] = caplog.records
    assert (record.message, vars(record)["reason"]) == ("robots.txt is overridden", "agreed with the owner")


def test_every_verdict_is_logged(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scrapers"):
        ask(web, "/new/")
        ask(web, "/used/1")
    assert [vars(record)["allowed"] for record in caplog.records if record.message == "robots.txt"] == [True, False]


def test_a_file_is_kept_up_to_the_size_that_has_to_be_understood_also_with_odd_characters(web: Web) -> None:
    web.pages["/robots.txt"] = page(b"\xef\xbb\xbf" + FORBIDS + b"#\0\xff" + b"x" * 600_000)
    assert not ask(web, "/used/1").allowed
    assert len(RobotsFile.objects.get().body) < 512_001
