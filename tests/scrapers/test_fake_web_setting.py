"""The one exception of the address rule: a setting that puts a fake dealer web in the place of every website."""

import logging
from collections.abc import Iterator

import pytest
from django.core import checks
from pytest_django import Settings

from foundation.errors import BadInput
from scrapers.domain.shapes import Kind, Request
from scrapers.fetching import Fetcher, FetchError, Guard
from silverfox import environment
from tests.scrapers.loopback_web import Web, page, redirect, serving
from tests.silverfox.installation import throw_away_installation

SITE = "www.dealer.test"


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with serving() as server:
        settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{server.port}"
        yield server


def request(url: str) -> Request:
    return Request(kind=Kind.LIST, url=url)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_approved_host_is_the_fake_one_and_keeps_its_name(web: Web, scheme: str) -> None:
    web.pages["/a?b=c"] = page(b"fake")
    with Fetcher(hosts=[SITE], services=["algolia.net"]) as fetcher:
        for host in (SITE, "dealer.test", "app-dsn.algolia.net"):
            answer = fetcher.fetch(request(f"{scheme}://{host}/a?b=c")).answer
            assert (answer.body, answer.url) == (b"fake", f"{scheme}://{host}/a?b=c")
    assert [got.headers["host"] for got in web.asked] == [SITE, "dealer.test", "app-dsn.algolia.net"]


def test_no_name_is_resolved_and_nobody_else_is_asked(web: Web) -> None:
    def resolver(host: str) -> list[str]:
        raise AssertionError(host)

    web.pages |= {"/": redirect("https://dealer.test/end"), "/end": page(b"end")}
    with Fetcher(hosts=[SITE], guard=Guard(resolver=resolver)) as fetcher:
        assert fetcher.fetch(request(f"https://{SITE}/")).answer.body == b"end"


def test_its_use_is_warned_of(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Fetcher(hosts=[SITE]):
        pass
    assert [record.message for record in caplog.records] == ["every website is replaced by the fake dealer web"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://evil.test/",
        "http://www.dealer.test:22/",
        "http://user@www.dealer.test/",
    ],
)
def test_all_other_rules_stay(web: Web, url: str) -> None:
    web.pages |= {"/": redirect(url), "/latest/meta-data/": page(b"secret")}
    with Fetcher(hosts=[SITE]) as fetcher:
        for asked in (url, f"https://{SITE}/"):
            with pytest.raises(FetchError) as caught:
                fetcher.fetch(request(asked))
            assert caught.value.code in {"E_SSRF", "E_REDIRECT"}
    assert [got.path for got in web.asked] == ["/"]


def test_without_the_setting_loopback_is_refused(web: Web, settings: Settings) -> None:
    settings.SCRAPER_FAKE_WEB = ""
    guard = Guard(resolver=lambda _: ["127.0.0.1"])
    with Fetcher(hosts=[SITE], guard=guard) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(request(f"http://{SITE}/"))
    assert (caught.value.code, web.asked) == ("E_SSRF", [])


@pytest.mark.parametrize("value", ["10.0.0.1:8000", "www.dealer.test:80", "localhost:80", "0.0.0.0:80"])
def test_no_fetcher_is_made_for_another_machine_even_if_the_setting_slipped_through(
    settings: Settings, value: str
) -> None:
    settings.SCRAPER_FAKE_WEB = value
    with pytest.raises(ValueError, match="has to be an address of this machine"):
        Fetcher(hosts=[SITE])


@pytest.mark.parametrize(
    "value",
    ["10.0.0.1:8000", "localhost:8000", "example.com:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000",
     "127.0.0.1:http", "http://127.0.0.1:8000", "8000", "127.0.0.2:80", "0.0.0.0:80"],
)  # fmt: skip
def test_only_a_port_of_this_machine_is_taken(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SCRAPER_FAKE_WEB", value)
    with pytest.raises(BadInput, match=r"use 127\.0\.0\.1 and a port"):
        environment.fake_web("SCRAPER_FAKE_WEB", in_production=False)


def test_a_port_of_this_machine_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("127.0.0.1:8123", "[::1]:8123", ""):
        monkeypatch.setenv("SCRAPER_FAKE_WEB", value)
        assert environment.fake_web("SCRAPER_FAKE_WEB", in_production=False) == value


def test_the_deployment_check_refuses_it(settings: Settings) -> None:
    settings.SCRAPER_FAKE_WEB = "127.0.0.1:8123"
    found = checks.run_checks(include_deployment_checks=True, tags=[checks.Tags.security])
    [error] = [item for item in found if item.id == "silverfox.E006"]
    assert (error.level, error.msg) == (checks.ERROR, "SCRAPER_FAKE_WEB leads every website to 127.0.0.1:8123.")


@pytest.mark.slow
def test_an_installation_that_lets_other_machines_in_does_not_start_with_it() -> None:
    with throw_away_installation() as installation:
        fake = {"SCRAPER_FAKE_WEB": "127.0.0.1:8123"}
        own = installation.manage("check", **fake)
        shown = installation.manage("check", ALLOWED_HOSTS="silverfox.example.com", **fake)
        debugged = installation.manage("check", ALLOWED_HOSTS="silverfox.example.com", DEBUG="1", **fake)
    assert (own.returncode, debugged.returncode) == (0, 0)
    assert shown.returncode != 0
    assert "SCRAPER_FAKE_WEB is set, and ALLOWED_HOSTS lets other machines in" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_contact_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRAPER_CONTACT", "inventory@example.org, +1 555 0100")
    assert environment.printable("SCRAPER_CONTACT", "x") == "inventory@example.org, +1 555 0100"
    for value in ("über@example.org", "a\nb"):
        monkeypatch.setenv("SCRAPER_CONTACT", value)
        with pytest.raises(BadInput, match="SCRAPER_CONTACT holds other characters"):
            environment.printable("SCRAPER_CONTACT", "x")
