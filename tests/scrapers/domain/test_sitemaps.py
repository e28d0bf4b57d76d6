import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.shapes import CannotReadError
from scrapers.domain.sitemaps import Sitemap, is_sitemap, read_sitemap, sitemaps_of_robots

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NO_GZIP_HEADER = b"\x1f\x8bthis only begins as a packed file does"


def urlset(*urls: str) -> bytes:
    entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-01-01</lastmod></url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NAMESPACE}>{entries}</urlset>'.encode()


def index(*urls: str) -> bytes:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f"<sitemapindex {NAMESPACE}>{entries}</sitemapindex>".encode()


def read(body: bytes, most: int = 5_000) -> Sitemap:
    return read_sitemap(body, wanted=lambda url: "/used/" in url, most=most)


def refusal(body: bytes) -> tuple[str, str]:
    with pytest.raises(CannotReadError) as caught:
        read(body)
    return caught.value.code, caught.value.message


def test_the_wanted_pages_of_a_urlset_are_given_once_in_its_order() -> None:
    body = urlset("https://e.test/used/2", "https://e.test/about", " https://e.test/used/1\n", "https://e.test/used/2")
    assert read(body) == Sitemap(pages=("https://e.test/used/2", "https://e.test/used/1"))


def test_an_index_gives_its_sitemaps_whatever_pages_are_wanted() -> None:
    body = index("https://e.test/a.xml", "https://e.test/b.xml", "https://e.test/a.xml")
    assert read(body) == Sitemap(sitemaps=("https://e.test/a.xml", "https://e.test/b.xml"))


def test_a_packed_sitemap_is_known_by_its_first_bytes() -> None:
    body = gzip.compress(urlset("https://e.test/used/1"))
    assert is_sitemap(body)
    assert read(body).pages == ("https://e.test/used/1",)


def test_pages_beyond_the_limit_are_counted_and_left_out() -> None:
    body = urlset(*(f"https://e.test/used/{number}" for number in range(7)))
    sitemap = read(body, most=5)
    assert (len(sitemap.pages), sitemap.left_out) == (5, 2)
    assert read(body, most=0) == Sitemap(left_out=7)


def test_addresses_of_images_are_not_pages() -> None:
    image = "<url><loc>https://e.test/used/1</loc><image><loc>https://e.test/used/1.jpg</loc></image></url>"
    assert read(f"<urlset>{image}</urlset>".encode()).pages == ("https://e.test/used/1",)


def test_entries_without_an_address_are_passed_over() -> None:
    assert read(b"<urlset><url/><url><loc/></url><url><loc> </loc></url></urlset>") == Sitemap()


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset>&a;</urlset>", "E_STRUCTURE", "no readable XML"),
        (b'<!DOCTYPE urlset SYSTEM "file:///etc/passwd"><urlset/>', "E_STRUCTURE", "no readable XML"),
        (b"<urlset><url>", "E_STRUCTURE", "no readable XML"),
        (b"", "E_STRUCTURE", "no readable XML"),
        (b"<rss><channel/></rss>", "E_STRUCTURE", "<rss> instead of <urlset>"),
        (b"<html><head><title>Just a moment...</title></head></html>", "E_CHALLENGE", "check for robots"),
        (NO_GZIP_HEADER, "E_STRUCTURE", "damaged gzip file"),
        (gzip.compress(urlset("https://e.test/used/1"))[:-12], "E_STRUCTURE", "damaged gzip file"),
        (gzip.compress(b" " * 20_000_001), "E_STRUCTURE", "larger than 20 MB"),
        (b" " * 20_000_001, "E_STRUCTURE", "larger than 20 MB"),
    ],
    ids=["entity", "external", "cut", "empty", "other", "challenge", "no-gzip", "cut-gzip", "bomb", "large"],
)
def test_what_is_no_sitemap_is_refused_with_its_reason(body: bytes, code: str, words: str) -> None:
    told, message = refusal(body)
    assert (told, words in message) == (code, True), message


def test_robots_txt_names_sitemaps_in_any_case_and_once() -> None:
    text = (
        "User-agent: *\r\nDisallow: /admin\r\nSitemap: https://e.test/a.xml\r\n sitemap:/b.xml # x\nSITEMAP: /b.xml\n"
    )
    assert sitemaps_of_robots(text) == ("https://e.test/a.xml", "/b.xml")
    assert sitemaps_of_robots("User-agent: *\nSitemap:\n") == ()
    assert not is_sitemap(text.encode())


@given(st.binary(max_size=200) | st.binary(max_size=200).map(gzip.compress) | st.text(max_size=99).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(CannotReadError):
        assert isinstance(read(body), Sitemap)
