"""Certificates are always verified, for the name that was asked for, also on connections to checked addresses."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapers.domain.shapes import Kind, Request
from scrapers.fetching import Fetched, Fetcher, FetchError, Guard
from tests.scrapers.loopback_web import Web, page, serving

SITE = "www.dealer.test"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the site, signed by itself, with its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    names = ["-subj", f"/CN={SITE}", "-addext", f"subjectAltName=DNS:{SITE}"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*made, "-keyout", path, "-out", path.with_suffix(".crt")], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.fixture
def web(certificate: Path) -> Iterator[Web]:
    with serving(certificate=certificate) as server:
        server.pages["/"] = page(b"read")
        yield server


def fetch(web: Web, host: str, certificates: Path | None) -> Fetched:
    guard = Guard(
        ports={web.port},
        resolver=lambda _: ["127.0.0.1"],
        may_connect=lambda _: True,
        certificates=str(certificates) if certificates else None,
    )
    with Fetcher(hosts=[host], guard=guard) as fetcher:
        return fetcher.fetch(Request(kind=Kind.LIST, url=f"https://{host}:{web.port}/"))


def test_a_checked_address_is_asked_under_its_own_name(web: Web, certificate: Path) -> None:
    assert fetch(web, SITE, certificate.with_suffix(".crt")).answer.body == b"read"
    assert web.server_names == [SITE]
    assert web.asked[0].headers["host"] == f"{SITE}:{web.port}"


def test_a_certificate_that_nobody_vouches_for_is_refused(web: Web) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(web, SITE, None)
    assert (caught.value.code, web.asked) == ("E_TLS", [])
    assert "self-signed certificate" in caught.value.message


def test_a_certificate_for_another_name_is_refused(web: Web, certificate: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(web, "www.other.test", certificate.with_suffix(".crt"))
    assert (caught.value.code, web.asked) == ("E_TLS", [])
    assert "www.other.test" in caught.value.message


def test_a_server_that_speaks_no_tls_is_not_asked_in_the_clear() -> None:
    with serving() as plain:
        plain.pages["/"] = page()
        with pytest.raises(FetchError) as caught:
            fetch(plain, SITE, None)
        assert (caught.value.code, plain.asked) == ("E_CONNECT", [])
