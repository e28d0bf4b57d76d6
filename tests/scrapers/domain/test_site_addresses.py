import pytest

from scrapers.domain.shapes import Answer, Kind, Request, Site
from scrapers.domain.site_addresses import bare_host, own_url, was_sent_elsewhere

SITE = Site(platform="jsonld", base_url="https://www.elm-motors.test")


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/used/1", "https://www.elm-motors.test/used/1"),
        ("used/1", "https://www.elm-motors.test/used/1"),
        (" /used/1\n", "https://www.elm-motors.test/used/1"),
        ("http://www.elm-motors.test/used/1", "https://www.elm-motors.test/used/1"),
        ("https://elm-motors.test/used/1", "https://elm-motors.test/used/1"),
        ("https://WWW.ELM-MOTORS.TEST/used/1?a=b", "https://WWW.ELM-MOTORS.TEST/used/1?a=b"),
        ("https://www.oak-motors.test/used/1", ""),
        ("//www.oak-motors.test/used/1", ""),
        ("https://elm-motors.test.evil.test/", ""),
        ("https://elm-motors.test@evil.test/", ""),
        ("javascript:alert(1)", ""),
        ("ftp://www.elm-motors.test/used/1", ""),
        ("http://[", ""),
        ("", ""),
        ("  ", ""),
    ],
)
def test_only_addresses_on_the_site_itself_count(path: str, url: str) -> None:
    assert own_url(SITE, path) == url


def test_a_host_is_told_without_www() -> None:
    assert bare_host("https://www.Elm-Motors.test:8443/x") == "elm-motors.test"
    assert [bare_host(text) for text in ("", "/x", "http://[")] == ["", "", ""]


@pytest.mark.parametrize(
    ("asked", "answered", "sent"),
    [
        ("https://www.elm.test/used/1", "https://www.elm.test/used/1", False),
        ("https://www.elm.test/used/1", "https://elm.test/Used/1/?utm=x", False),
        ("https://www.elm.test/used/1", "https://www.elm.test/used/", True),
        ("https://www.elm.test/used/1", "https://www.elm.test/", True),
    ],
)
def test_a_page_that_leads_elsewhere_is_noticed(asked: str, answered: str, sent: bool) -> None:
    request = Request(kind=Kind.DETAIL, url=asked)
    assert was_sent_elsewhere(request, Answer(status=200, url=answered)) is sent
