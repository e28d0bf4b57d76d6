"""Sitemaps: the addresses of a website's pages, and of further sitemaps, read with limits."""

import gzip
import io
import re
import zlib
from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from scrapers.domain.readings import unknown_page
from scrapers.domain.shapes import CannotReadError

MOST_URLS = 5_000
LARGEST_SITEMAP = 20_000_000
_GZIP = b"\x1f\x8b"
_ROBOTS_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Sitemap(NamedTuple):
    """What one sitemap lists.

    pages      addresses of wanted pages, each once, in the sitemap's order
    sitemaps   addresses of further sitemaps, each once
    left_out   how many wanted pages are more than the limit
    """

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    left_out: int = 0


def read_sitemap(body: bytes, *, wanted: Callable[[str], bool], most: int = MOST_URLS) -> Sitemap:
    """The content of a sitemap or of an index of sitemaps, packed by gzip or plain.

    `wanted` says which pages count; at most `most` of them are given. Raises `CannotReadError` for what is no sitemap,
    is larger than 20 MB unpacked, or holds entities or a document type.
    """
    root = _root(_unpack(body))
    places = list(dict.fromkeys(_places(root)))
    if _name(root) == "sitemapindex":
        return Sitemap(sitemaps=tuple(places))
    pages = [url for url in places if wanted(url)]
    return Sitemap(pages=tuple(pages[:most]), left_out=max(0, len(pages) - most))


def sitemaps_of_robots(text: str) -> tuple[str, ...]:
    """The sitemaps that a `robots.txt` names, each once."""
    return tuple(dict.fromkeys(_ROBOTS_LINE.findall(text)))


def is_sitemap(body: bytes) -> bool:
    """Whether a body begins as a sitemap does: packed, or with a tag."""
    return body.startswith(_GZIP) or body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _unpack(body: bytes) -> bytes:
    if body.startswith(_GZIP):
        try:
            body = gzip.GzipFile(fileobj=io.BytesIO(body)).read(LARGEST_SITEMAP + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise CannotReadError("E_STRUCTURE", "The sitemap is a damaged gzip file.") from error
    if len(body) > LARGEST_SITEMAP:
        raise CannotReadError("E_STRUCTURE", "The sitemap is larger than 20 MB.")
    return body


def _root(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise unknown_page(body[:4000].decode("utf-8", "replace"), "The sitemap is no readable XML.") from error
    if _name(root) not in {"urlset", "sitemapindex"}:
        text = body[:4000].decode("utf-8", "replace")
        raise unknown_page(text, f"The sitemap begins with <{_name(root)[:40]}> instead of <urlset>.")
    return root


def _places(root: Element) -> list[str]:
    """The texts of `loc` of each entry; those of images and videos lie deeper and are other addresses."""
    places = [child.text or "" for entry in root for child in entry if _name(child) == "loc"]
    return [place.strip() for place in places if place.strip()]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
