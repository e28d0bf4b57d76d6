"""No address but the public internet's is ever connected to, whatever it is called and whoever leads there.

A server listens that would answer, the host is approved and the port allowed: only the address rule stands in the way.
"""

import itertools
from collections.abc import Iterator

import pytest

from scrapers.domain.shapes import Kind, Request
from scrapers.fetching import Fetcher, FetchError, Guard
from tests.scrapers.loopback_web import Web, page, redirect, serving

SITE = "www.dealer.test"
LOOPBACK = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0.0.0.0",
    "0",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]
ELSEWHERE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::127.0.0.1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[::ffff:169.254.169.254]",
]
BEHIND_A_NAME = [
    *(address.strip("[]") for address in (*LOOPBACK, *ELSEWHERE) if address[0].isdigit() or ":" in address),
    "fe80::1%lo",
]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with serving("::") as server:
        server.pages["/"] = page(b"secret")
        yield server


@pytest.fixture(autouse=True)
def _nobody_asked_yet(web: Web) -> None:
    web.asked.clear()


def request_to(web: Web, host: str = SITE, scheme: str = "http") -> Request:
    return Request(kind=Kind.LIST, url=f"{scheme}://{host}:{web.port}/")


def refusal(guard: Guard, request: Request, *hosts: str) -> FetchError:
    with Fetcher(hosts=hosts or [SITE], guard=guard) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(request)
    return caught.value


@pytest.mark.parametrize("host", LOOPBACK)
def test_the_server_would_answer_without_the_rule(web: Web, host: str) -> None:
    guard = Guard(ports={web.port}, may_connect=lambda _: True)
    url = f"http://{host}:{web.port}/"
    with Fetcher(hosts=[host.strip("[]")], guard=guard) as fetcher:
        assert fetcher.fetch(Request(kind=Kind.LIST, url=url)).answer.body == b"secret"


@pytest.mark.parametrize("host", [*LOOPBACK, *ELSEWHERE])
def test_no_notation_of_an_address_gets_through(web: Web, host: str) -> None:
    error = refusal(Guard(ports={web.port}), request_to(web, host), host.strip("[]"))
    assert (error.code, web.asked) == ("E_SSRF", [])
    assert "public internet" in error.message


@pytest.mark.parametrize("address", BEHIND_A_NAME)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_name_leads_to_such_an_address(web: Web, address: str, scheme: str) -> None:
    guard = Guard(ports={web.port}, resolver=lambda _: [address])
    error = refusal(guard, request_to(web, scheme=scheme))
    assert (error.code, web.asked) == ("E_SSRF", [])
    assert address in error.message


def test_one_bad_address_refuses_the_whole_name_wherever_it_stands(web: Web) -> None:
    # The good one is this server, so that the order of the addresses could make a difference.
    good, bad = "127.0.0.1", "10.0.0.1"
    for found in itertools.permutations([good, good, bad]):
        guard = Guard(ports={web.port}, resolver={SITE: found}.__getitem__, may_connect=lambda a: a == good)
        error = refusal(guard, request_to(web))
        assert (error.code, bad in error.message, web.asked) == ("E_SSRF", True, [])


def test_a_name_that_changes_its_address_behind_the_check_gains_nothing(web: Web) -> None:
    """Resolved once for a connection: a second answer, which a connection by name would get, is never asked for."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    guard = Guard(ports={web.port}, resolver=lambda _: next(answers), may_connect=lambda a: a == "127.0.0.1")
    web.pages["/closing"] = page(b"secret", 200, Connection="close")
    with Fetcher(hosts=[SITE], guard=guard) as fetcher:
        for _ in range(2):
            fetcher.fetch(request_to(web))
        fetcher.fetch(Request(kind=Kind.LIST, url=f"http://{SITE}:{web.port}/closing"))
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(request_to(web))
    assert (caught.value.code, "127.0.0.2" in caught.value.message, len(web.asked)) == ("E_SSRF", True, 3)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://www.dealer.test:{port}/",
        "ftp://www.dealer.test:{port}/",
        "http://user:password@www.dealer.test:{port}/",
        "http://www.dealer.test\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@www.dealer.test/",
        "http://www.dealer.test:22/",
        "http://www.dealer.test:6379/",
        "http://www.dealer.test/",
        "http://www.dealer.test.:{port}/",
        "http://evil.test:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://www.dealer.test:{port}@evil.test/",
        "http://www.dealer.test%00.evil.test:{port}/",
        "http://www.dealer.test:{port}/" + "a" * 2_000,
        "http://www.dealer.test:{port}/\r\nx-evil: 1",
        "//www.dealer.test:{port}/",
        "",
    ],
)
def test_other_hosts_ports_schemes_and_tricks_are_refused(web: Web, url: str) -> None:
    guard = Guard(ports={web.port}, resolver=lambda _: ["127.0.0.1"], may_connect=lambda _: True)
    error = refusal(guard, Request(kind=Kind.LIST, url=url.format(port=web.port)))
    assert (error.code, web.asked) == ("E_SSRF", [])
    assert "password" not in error.message.replace("a user or a password", "")


def test_the_scheme_may_be_written_large(web: Web) -> None:
    guard = Guard(ports={web.port}, resolver=lambda _: ["127.0.0.1"], may_connect=lambda _: True)
    with Fetcher(hosts=[SITE], guard=guard) as fetcher:
        got = fetcher.fetch(Request(kind=Kind.LIST, url=f"HTTP://{SITE.upper()}:{web.port}/"))
    assert got.answer.body == b"secret"


def test_in_production_only_the_usual_ports_are_asked(web: Web) -> None:
    guard = Guard(resolver=lambda _: ["127.0.0.1"], may_connect=lambda _: True)
    error = refusal(guard, request_to(web))
    assert (error.code, f"port {web.port}" in error.message, web.asked) == ("E_SSRF", True, [])


@pytest.mark.parametrize("host", [*LOOPBACK, *ELSEWHERE, "inside.dealer.test"], ids=lambda host: f"to {host}")
def test_no_redirect_leads_to_such_an_address(host: str) -> None:
    """Every target is approved as a host, and the first host is a public one that may be connected to."""
    with serving("::") as front, serving("::") as inner:
        front.pages["/"] = redirect(f"http://{host}:{inner.port}/")
        inner.pages["/"] = page(b"secret")
        known = {SITE: ["203.0.113.7"], "inside.dealer.test": ["10.0.0.1"]}
        guard = Guard(
            ports={front.port, inner.port},
            # The front server takes the part of a public one.
            resolver=lambda name: ["127.0.0.1"] if name == SITE else known.get(name, ["127.0.0.1", "10.0.0.1"]),
            may_connect=lambda address: address == "127.0.0.1",
        )
        error = refusal(guard, request_to(front), SITE, host.strip("[]"))
        assert error.code in {"E_SSRF", "E_REDIRECT"}
        assert (len(front.asked), inner.asked) == (1, [])
