"""Redirects are followed within the site, a few times, without secrets for others."""

from collections.abc import Iterator

import pytest

from scrapers.domain.shapes import Answer, Kind, Request
from scrapers.fetching import Fetcher, FetchError, Guard
from tests.scrapers.loopback_web import Act, Handler, Web, page, redirect, serving

SITE, BARE, SISTER = "www.dealer.test", "dealer.test", "www.sister.test"
APPROVED = [SITE, "shop.dealer.test", SISTER]
SECRETS = {"X-Api-Key": "k", "Authorization": "Bearer t", "X-Algolia-API-Key": "a"}


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


def ask(web: Web, path: str = "/", *, method: str = "GET", body: str = "", **headers: str) -> Answer:
    guard = Guard(
        ports={web.port}, resolver=lambda _: ["127.0.0.1"], may_connect=lambda address: address == "127.0.0.1"
    )
    request = Request(
        kind=Kind.LIST,
        url=f"http://{SITE}:{web.port}{path}",
        method=method,
        body=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    with Fetcher(hosts=APPROVED, services=["service.test"], guard=guard) as fetcher:
        return fetcher.fetch(request).answer


def refusal(web: Web, act: Act) -> FetchError:
    web.pages["/"] = act
    with pytest.raises(FetchError) as caught:
        ask(web)
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_site_is_followed_and_the_last_address_told(web: Web, status: int) -> None:
    web.pages |= {"/": redirect("/new/?a=b#part", status), "/new/?a=b": page(b"new")}
    answer = ask(web)
    assert (answer.body, answer.url) == (b"new", f"http://{SITE}:{web.port}/new/?a=b")


def test_hosts_with_and_without_www_and_approved_ones_of_the_site_are_followed(web: Web) -> None:
    web.pages |= {
        "/": redirect(f"http://{BARE}:{web.port}/bare"),
        "/bare": redirect(f"//shop.dealer.test:{web.port}/shop"),
        "/shop": page(b"shop"),
    }
    assert ask(web).body == b"shop"
    assert [request.headers["host"].split(":")[0] for request in web.asked] == [SITE, BARE, "shop.dealer.test"]


def test_three_redirects_are_followed_and_no_fourth(web: Web) -> None:
    web.pages |= {f"/{number}": redirect(f"/{number + 1}") for number in range(4)} | {"/4": page(b"end")}
    assert ask(web, "/1").body == b"end"
    with pytest.raises(FetchError) as caught:
        ask(web, "/0")
    assert (caught.value.code, "more than 3 times" in caught.value.message) == ("E_REDIRECT", True)


def test_a_loop_ends(web: Web) -> None:
    assert refusal(web, redirect("/")).code == "E_REDIRECT"
    assert len(web.asked) == 4


@pytest.mark.parametrize(
    "host", ["other.test", SISTER, "app.service.test", "hidden.dealer.test", "dealer.test.evil.test"]
)
def test_no_redirect_leaves_the_site_or_reaches_a_host_that_is_not_approved(web: Web, host: str) -> None:
    """Not even to the dealership's other site or to a platform's service, each of which may be asked by itself."""
    error = refusal(web, redirect(f"http://{host}:{web.port}/"))
    assert (error.code, error.status, host in error.message, len(web.asked)) == ("E_REDIRECT", 302, True, 1)


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://www.dealer.test/",
        "http://user@www.dealer.test:{port}/",
        "http://www.dealer.test:22/",
        "http://www.dealer.test:6379/",
        "http://169.254.169.254:{port}/latest/meta-data/",
        "http://[::1]:{port}/",
        "http://[::1",
        "http://www.dealer.test:{port}\\@evil.test/",
        "/" + "a" * 2_000,
    ],
)
def test_every_redirect_is_checked_like_an_address_that_is_asked(web: Web, location: str) -> None:
    error = refusal(web, redirect(location.format(port=web.port)))
    assert (error.code, len(web.asked)) == ("E_SSRF", 1)


def test_a_redirect_without_a_place_ends(web: Web) -> None:
    assert refusal(web, page(b"", 302)).code == "E_REDIRECT"


def test_secrets_stay_with_the_host_that_they_are_for(web: Web) -> None:
    web.pages |= {"/": redirect("/same"), "/same": redirect(f"http://{BARE}:{web.port}/other"), "/other": page()}
    ask(web, Accept="a/b", **SECRETS)
    sent = [{name for name in request.headers if name in {"x-api-key", "authorization", "x-algolia-api-key"}}
            for request in web.asked]  # fmt: skip
    assert [len(names) for names in sent] == [3, 3, 0]
    assert [request.headers["accept"] for request in web.asked] == ["a/b"] * 3


def test_a_secret_does_not_come_back_with_a_second_redirect(web: Web) -> None:
    web.pages |= {"/": redirect(f"http://{BARE}:{web.port}/other"), "/other": redirect(f"http://{SITE}:{web.port}/back"),
                  "/back": page()}  # fmt: skip
    ask(web, **SECRETS)
    assert ["x-api-key" in request.headers for request in web.asked] == [True, False, False]


@pytest.mark.parametrize(("status", "method", "body"), [(302, "GET", b""), (303, "GET", b""), (307, "POST", b"q")])
def test_a_search_that_is_led_on_becomes_a_plain_request_unless_it_is_to_stay_one(
    web: Web, status: int, method: str, body: bytes
) -> None:
    web.pages |= {"/": redirect("/next", status), "/next": page()}
    ask(web, method="POST", body="q", Content_Type="text/x", **SECRETS)
    got = web.asked[1]
    assert (got.method, got.body, "content-type" in got.headers) == (method, body, method == "POST")


def test_the_body_of_a_redirect_is_not_waited_for(web: Web) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/next")
        handler.send_header("Content-Length", "1000000000")
        handler.end_headers()

    web.pages |= {"/": endless, "/next": page(b"next")}
    assert ask(web).body == b"next"
