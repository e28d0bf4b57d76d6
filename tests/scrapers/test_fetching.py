"""One attempt to read an answer, against real servers on loopback."""

import gzip
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from scrapers.domain.shapes import Kind, Request
from scrapers.fetching import Fetched, Fetcher, FetchError, Guard, Limits
from tests.scrapers.loopback_web import Act, Handler, Web, page, raw, redirect, serving

SITE = "www.dealer.test"
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


def guard_of(*servers: Web) -> Guard:
    """Every name leads to loopback, and loopback may be connected to, as the public internet is in production."""
    ports = {server.port for server in servers}
    return Guard(ports=ports, resolver=lambda _: ["127.0.0.1"], may_connect=lambda address: address == "127.0.0.1")


def fetcher_of(web: Web, limits: Limits | None = None, hosts: tuple[str, ...] = (SITE,), agent: str = "") -> Fetcher:
    return Fetcher(hosts=hosts, user_agent=agent, limits=limits, guard=guard_of(web))


def asked(web: Web, path: str = "/", host: str = SITE) -> Request:
    return Request(kind=Kind.LIST, url=f"http://{host}:{web.port}{path}")


def fetch(web: Web, path: str = "/", limits: Limits | None = None) -> Fetched:
    with fetcher_of(web, limits) as fetcher:
        return fetcher.fetch(asked(web, path))


def failure(web: Web, act: Act | None = None, limits: Limits | None = None) -> FetchError:
    if act:
        web.pages["/"] = act
    with pytest.raises(FetchError) as caught:
        fetch(web, "/", limits)
    assert caught.value.message.startswith((SITE, "http://"))
    return caught.value


def test_an_answer_is_told_with_its_address_headers_and_body(web: Web) -> None:
    web.pages["/list?page=2"] = page(b'{"a": 1}', 200, Content_Type="application/json", ETag='"x"')
    got = fetch(web, "/list?page=2")
    assert (got.answer.status, got.answer.url) == (200, f"http://{SITE}:{web.port}/list?page=2")
    assert got.answer.headers["content-type"] == "application/json"
    assert got.answer.headers["etag"] == '"x"'
    assert (got.answer.json(), got.received) == ({"a": 1}, 8)
    assert 0 < got.seconds < 5


def test_the_product_says_honestly_who_it_is_and_sends_nothing_that_was_not_asked_for(
    web: Web, settings: Settings
) -> None:
    settings.SCRAPER_CONTACT = "shop@example.org"
    web.pages["/"] = page()
    fetch(web)
    assert web.asked[0].headers == {
        "host": f"{SITE}:{web.port}",
        "accept": "*/*",
        "user-agent": f"SilverFox/{settings.VERSION} (shop@example.org)",
        "accept-encoding": "gzip",
        "connection": "keep-alive",
    }


def test_an_adapter_says_method_headers_and_body_but_not_how_the_line_is_used(web: Web) -> None:
    web.pages["/search"] = page(b"{}")
    of_the_line = {"Host": "evil.test", "Cookie": "a=b", "Accept-Encoding": "br", "Content-Length": "3"}
    headers = {"Content-Type": "application/json", "x-api-key": "k", "User-Agent": "Mozilla/5.0"} | of_the_line
    headers["Accept"] = "application/json"
    url = f"http://{SITE}:{web.port}/search"
    with fetcher_of(web) as fetcher:
        fetcher.fetch(Request(kind=Kind.LIST, url=url, method="POST", headers=headers, body='{"ü": 1}'))
    [got] = web.asked
    assert (got.method, got.body.decode()) == ("POST", '{"ü": 1}')
    assert got.headers == {
        "host": f"{SITE}:{web.port}",
        "accept": "application/json",
        "user-agent": "Mozilla/5.0",
        "content-type": "application/json",
        "x-api-key": "k",
        "accept-encoding": "gzip",
        "connection": "keep-alive",
        "content-length": "9",
    }


def test_connections_stay_open_within_a_run_and_cookies_are_never_sent_back(web: Web) -> None:
    web.pages["/"] = page(b"x", 200, Set_Cookie="session=1; Path=/")
    with fetcher_of(web, agent="Another") as fetcher:
        answers = [fetcher.fetch(asked(web)).answer for _ in range(3)]
    assert len({request.client_port for request in web.asked}) == 1
    assert {request.headers["user-agent"] for request in web.asked} == {"Another"}
    assert [request.headers.get("cookie") for request in web.asked] == [None] * 3
    assert ["set-cookie" in answer.headers for answer in answers] == [False] * 3


def test_a_proxy_of_the_environment_is_not_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        web.pages["/"] = page()
        fetch(web)
        assert (len(web.asked), proxy.asked) == (1, [])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "E_HTTP"),
        (401, "E_REFUSED"),
        (403, "E_FORBIDDEN"),
        (404, "E_NOT_FOUND"),
        (410, "E_NOT_FOUND"),
        (422, "E_HTTP"),
        (429, "E_TOO_MANY_REQUESTS"),
        (500, "E_HTTP_5XX"),
        (503, "E_HTTP_5XX"),
        (304, "E_HTTP"),
    ],
)
def test_other_statuses_are_failures_and_ask_only_once(web: Web, status: int, code: str) -> None:
    error = failure(web, page(b"" if status == 304 else b"no", status, Retry_After="17"))
    assert (error.code, error.status, error.retry_after, len(web.asked)) == (code, status, 17.0, 1)


def test_a_moment_to_come_again_is_told_in_seconds(web: Web) -> None:
    def act(handler: Handler) -> None:
        handler.send_response_only(503)
        handler.send_header("Date", "Sat, 28 Nov 2026 12:00:00 GMT")
        handler.send_header("Retry-After", "Sat, 28 Nov 2026 12:02:00 GMT")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    assert failure(web, act).retry_after == 120.0


def test_packed_bodies_are_unpacked_also_in_several_parts_and_with_padding(web: Web) -> None:
    web.pages["/"] = page(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0", 200, Content_Encoding="GZIP")
    web.pages["/plain"] = page(b"plain", 200, Content_Encoding="identity")
    web.pages["/empty"] = page(b"", 200, Content_Encoding="gzip")
    assert fetch(web).answer.body == b"one two"
    assert fetch(web, "/plain").answer.body == b"plain"
    assert fetch(web, "/empty").answer.body == b""


def test_received_bytes_are_those_on_the_line(web: Web) -> None:
    packed = gzip.compress(b"a" * 100_000)
    web.pages["/"] = page(packed, 200, Content_Encoding="gzip")
    got = fetch(web)
    assert (len(got.answer.body), got.received) == (100_000, len(packed))


def test_a_packed_body_that_ends_too_early_or_is_damaged_is_never_taken_for_whole(web: Web) -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 400, mtime=0))
    damaged = bytes(packed[:40]) + b"\xff\xff" + bytes(packed[42:])
    for body in (packed[:-1], packed[: len(packed) // 2], packed[:5], damaged, b"<html>"):
        assert failure(web, page(bytes(body), 200, Content_Encoding="gzip")).code == "E_TRUNCATED"


def test_other_packings_are_refused_by_name(web: Web) -> None:
    error = failure(web, page(b"x", 200, Content_Encoding="br"))
    assert (error.code, "(br)" in error.message) == ("E_ENCODING", True)


def test_a_body_shorter_than_announced_is_truncated(web: Web) -> None:
    assert failure(web, raw(HEAD, b"Content-Length: 10\r\n\r\nabc")).code == "E_TRUNCATED"
    assert failure(web, raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")).code == "E_TRUNCATED"


def test_a_connection_that_is_reset_in_mid_body_is_truncated(web: Web) -> None:
    def act(handler: Handler) -> None:
        handler.wfile.write(HEAD + b"Content-Length: 100000\r\n\r\nabc")
        handler.wfile.flush()
        time.sleep(0.1)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True

    assert failure(web, act).code == "E_TRUNCATED"


def test_a_server_that_hangs_up_without_a_word_cannot_be_reached(web: Web) -> None:
    assert failure(web, raw()).code == "E_CONNECT"


def test_what_is_no_http_is_told(web: Web) -> None:
    assert failure(web, raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")).code == "E_TRUNCATED"


def test_a_closed_port_cannot_be_reached(web: Web) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    guard = Guard(ports={port}, resolver=lambda _: ["127.0.0.1"], may_connect=lambda _: True)
    with Fetcher(hosts=[SITE], guard=guard) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(Request(kind=Kind.LIST, url=f"http://{SITE}:{port}/"))
    assert (caught.value.code, "refused" in caught.value.message) == ("E_CONNECT", True)


def test_too_many_and_too_long_headers_are_refused(web: Web) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(201))
    long = b"X-Long: " + b"y" * 70_000 + b"\r\n"
    for headers in (many, long):
        assert failure(web, raw(HEAD, headers, b"Content-Length: 0\r\n\r\n")).code == "E_TOO_LARGE"


def test_endless_headers_are_refused_while_they_come(web: Web) -> None:
    error = failure(web, raw(HEAD, b"X-Long: ", b"y" * 400_000))
    assert (error.code, "endless headers" in error.message) == ("E_TOO_LARGE", True)


def test_a_body_is_taken_up_to_its_limit_and_not_a_byte_more(web: Web) -> None:
    limits = Limits(response_bytes=1_000_000)
    web.pages["/"] = page(b"a" * 1_000_000)
    assert len(fetch(web, limits=limits).answer.body) == 1_000_000
    error = failure(web, page(b"a" * 1_000_001), limits)
    assert (error.code, "more than 1.0 MB" in error.message, error.status) == ("E_TOO_LARGE", True, 200)
    packed = gzip.compress(b"a" * 1_000_001)
    assert failure(web, page(packed, 200, Content_Encoding="gzip"), limits).code == "E_TOO_LARGE"


def test_all_answers_of_a_run_together_have_a_limit_too(web: Web) -> None:
    web.pages["/"] = page(b"a" * 400_000)
    with fetcher_of(web, Limits(run_bytes=1_000_000)) as fetcher:
        fetcher.fetch(asked(web))
        fetcher.fetch(asked(web))
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(asked(web))
    assert (caught.value.code, "0.2 MB left for this run" in caught.value.message) == ("E_TOO_LARGE", True)


def dripping(first: bytes, drop: bytes, pause: float) -> Act:
    def act(handler: Handler) -> None:
        handler.wfile.write(first)
        while True:
            handler.wfile.write(drop)
            time.sleep(pause)

    return act


@pytest.mark.parametrize(
    "first",
    [HEAD + b"Content-Length: 100000\r\n\r\n", HEAD + b"X-Slow: ", b"HTTP/1.1 "],
    ids=["body", "headers", "status line"],
)
def test_a_slow_drip_ends_at_the_deadline_wherever_it_drips(web: Web, first: bytes) -> None:
    began = time.monotonic()
    error = failure(web, dripping(first, b"1", 0.05), Limits(seconds=2.0))
    assert error.code == "E_DEADLINE"
    assert 2.0 <= time.monotonic() - began < 3.0


def test_the_deadline_is_one_for_all_redirects_together(web: Web) -> None:
    def slow(handler: Handler) -> None:
        time.sleep(0.8)
        redirect("/")(handler)

    began = time.monotonic()
    assert failure(web, slow, Limits(seconds=2.0)).code == "E_DEADLINE"
    assert 2.0 <= time.monotonic() - began < 3.0


def test_an_answer_that_does_not_begin_in_time_is_a_timeout(web: Web) -> None:
    began = time.monotonic()
    error = failure(web, lambda _: time.sleep(3), Limits(read=0.5))
    assert (error.code, error.status) == ("E_TIMEOUT", None)
    assert 0.5 <= time.monotonic() - began < 1.5


def test_a_name_that_nobody_resolves_in_time_is_a_timeout(web: Web) -> None:
    def resolver(_: str) -> list[str]:
        time.sleep(2)
        return ["127.0.0.1"]

    guard = Guard(ports={web.port}, resolver=resolver, may_connect=lambda _: True)
    began = time.monotonic()
    with Fetcher(hosts=[SITE], limits=Limits(connect=0.3), guard=guard) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(asked(web))
    assert (caught.value.code, web.asked) == ("E_TIMEOUT", [])
    assert time.monotonic() - began < 1.5


def test_a_name_that_is_not_known_cannot_be_reached(web: Web) -> None:
    def unknown(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def without_address(_: str) -> list[str]:
        return []

    for resolver in (unknown, without_address):
        guard = Guard(ports={web.port}, resolver=resolver, may_connect=lambda _: True)
        with Fetcher(hosts=[SITE], guard=guard) as fetcher, pytest.raises(FetchError) as caught:
            fetcher.fetch(asked(web))
        assert (caught.value.code, "its name" in caught.value.message) == ("E_CONNECT", True)


def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(web: Web) -> None:
    guard = Guard(
        ports={web.port}, resolver=lambda _: ["127.0.0.9", "127.0.0.1"], may_connect=lambda a: a.startswith("127.")
    )
    web.pages["/"] = page(b"here")
    with Fetcher(hosts=[SITE], guard=guard) as fetcher:
        assert fetcher.fetch(asked(web)).answer.body == b"here"


@pytest.mark.parametrize(
    "headers", [{"x-api-key": "a\r\nHost: evil"}, {"x-api-key": "schlüssel"}, {"x y": "a"}, {"x-api-key": " a"}]
)
def test_a_damaged_key_is_never_sent(web: Web, headers: dict[str, str]) -> None:
    with fetcher_of(web) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(Request(kind=Kind.LIST, url=f"http://{SITE}:{web.port}/", headers=headers))
    assert (caught.value.code, web.asked) == ("E_REQUEST", [])
    assert "schl" not in caught.value.message


def test_a_fetcher_goes_on_after_a_failure(web: Web) -> None:
    web.pages |= {"/": page(b"x", 500), "/slow": dripping(HEAD, b"1", 0.05), "/good": page(b"good")}
    with fetcher_of(web, Limits(seconds=0.5)) as fetcher:
        for path in ("/", "/slow"):
            with pytest.raises(FetchError):
                fetcher.fetch(asked(web, path))
        assert fetcher.fetch(asked(web, "/good")).answer.body == b"good"
