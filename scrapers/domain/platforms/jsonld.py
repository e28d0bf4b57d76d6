"""Any website by its sitemap and the JSON-LD of its vehicles' pages: a request per vehicle, so never the first choice.

Parameters: `sitemap` (path or address of the sitemap; without it `robots.txt` is asked), `url_text` (texts joined by
blanks; the address of a vehicle's page has one of them. Without it an address counts that holds a VIN, or a word such
as `used` before a model year).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from scrapers.domain.json_ld import Documents, is_decoy, read_documents, scripts_of, vehicle_of, vehicles_in
from scrapers.domain.readings import html_of
from scrapers.domain.shapes import Answer, Detection, Kind, Page, Request, ScrapedVehicle, Site, not_json
from scrapers.domain.site_addresses import own_url, was_sent_elsewhere
from scrapers.domain.sitemaps import MOST_URLS, Sitemap, is_sitemap, read_sitemap, sitemaps_of_robots

PLATFORM = "jsonld"
API_DOMAINS: tuple[str, ...] = ()

_MOST_SITEMAPS = 50
_SITEMAP_PATH = "/sitemap.xml"
_VIN = re.compile(r"(?<![A-Z0-9])(?=[A-Z]*[0-9])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])", re.IGNORECASE | re.ASCII)
_WORD = re.compile(r"(?<![a-z])(?:new|used|certified|cpo|pre-?owned|demo)(?![a-z])", re.IGNORECASE | re.ASCII)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)", re.ASCII)
_LONGEST_URL = 2_000
_LONGEST_NAME = 80
_SOLD = re.compile(r"\b(?:just|been|is|was) sold\b|\bno longer available\b", re.IGNORECASE)


def detect(html: str) -> Detection | None:
    """A page with a vehicle in JSON-LD can be read, though any adapter of its own platform is better."""
    return Detection(platform=PLATFORM, confidence=10) if vehicles_in(_documents(html).documents) else None


def first(site: Site) -> tuple[Request, ...]:
    """The configured sitemap, else the file that names the sitemaps."""
    path = site.setting("sitemap")
    return (_sitemap_request([site.url(path)], MOST_URLS) if path else _sitemap_request([site.url("/robots.txt")]),)


def refresh(site: Site) -> tuple[Request, ...]:
    """The usual sitemap, for a website without `robots.txt` or whose sitemap has moved."""
    return (_sitemap_request([site.url(_SITEMAP_PATH)]),)


def kind_of(text: str) -> Kind:
    head = text.lstrip("\ufeff \t\r\n")[:2000].lower()
    is_list = "<urlset" in head or "<sitemapindex" in head or not head.startswith("<")
    return Kind.SITEMAP if is_list else Kind.DETAIL


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """Sitemaps give the pages of vehicles, those the vehicles."""
    if request.kind == Kind.SITEMAP:
        return _read_sitemap(site, request, answer)
    return _read_vehicle_page(site, request, answer)


def _sitemap_request(urls: list[str], left: int = MOST_URLS, seen: list[str] | None = None) -> Request:
    """The first of the sitemaps that wait; the note carries the others, and how many pages may still be asked for."""
    note = {"waiting": urls[1:], "left": left, "seen": seen or urls}
    return Request(kind=Kind.SITEMAP, url=urls[0], note=note)


def _read_sitemap(site: Site, request: Request, answer: Answer) -> Page:
    left = request.note.get("left", MOST_URLS)
    sitemap = _content(site, answer, left)
    new = [url for place in sitemap.sitemaps if (url := own_url(site, place))]
    seen = list(request.note.get("seen", [request.url]))
    new = [url for url in dict.fromkeys(new) if url not in seen][: max(0, _MOST_SITEMAPS - len(seen))]
    waiting = [*request.note.get("waiting", []), *new]
    left -= len(sitemap.pages)
    name = urlsplit(request.url).path.strip("/")[-_LONGEST_NAME:]
    details = [Request(kind=Kind.DETAIL, url=url, note={"list": name}) for url in sitemap.pages]
    following = [_sitemap_request(waiting, left, seen + new)] if waiting and left > 0 else []
    total = len(sitemap.pages) + sitemap.left_out
    # An index, or a sitemap of other pages than vehicles', is no list.
    return Page(
        list_name=name if total else "",
        total_declared=total or None,
        next_requests=(*details, *following),
        warnings=_warnings(sitemap, found=len(new)),
    )


def _content(site: Site, answer: Answer, left: int) -> Sitemap:
    if not is_sitemap(answer.body):
        return Sitemap(sitemaps=sitemaps_of_robots(answer.text()) or (site.url(_SITEMAP_PATH),))
    sitemap = read_sitemap(answer.body, wanted=_is_wanted(site), most=left)
    return sitemap._replace(pages=tuple(dict.fromkeys(own_url(site, page) for page in sitemap.pages)))


def _warnings(sitemap: Sitemap, *, found: int) -> tuple[str, ...]:
    warnings = []
    if sitemap.left_out:
        warnings.append(f"{sitemap.left_out:,} pages of the sitemap are more than {MOST_URLS:,} and were left out.")
    if found < len(sitemap.sitemaps):
        warnings.append(f"{len(sitemap.sitemaps) - found:,} further sitemaps lie elsewhere or were listed before.")
    return tuple(warnings)


def _is_wanted(site: Site) -> Callable[[str], bool]:
    texts = site.setting("url_text").casefold().split()

    def is_wanted(url: str) -> bool:
        if len(url) > _LONGEST_URL or not own_url(site, url):
            return False
        return any(text in url.casefold() for text in texts) if texts else _looks_like_a_vehicle(url)

    return is_wanted


def _looks_like_a_vehicle(url: str) -> bool:
    path = urlsplit(url).path
    word = _WORD.search(path)
    return bool(_VIN.search(path) or (word and _YEAR.search(path, word.end())))


def _read_vehicle_page(site: Site, request: Request, answer: Answer) -> Page:
    text = answer.text()
    documents = _documents(text)
    vehicles, decoys = _vehicles(site, answer.url, documents)
    list_name = str(request.note.get("list", ""))
    remarks = _remarks(documents, decoys=decoys)
    if vehicles:
        return Page(list_name=list_name, vehicles=vehicles, rows=len(vehicles), warnings=remarks)
    if was_sent_elsewhere(request, answer) or _SOLD.search(text):
        return Page(list_name=list_name, gone=1, warnings=remarks)
    challenge = not_json(text)
    if challenge.code == "E_CHALLENGE" and not documents.documents:
        raise challenge
    return Page(list_name=list_name, warnings=(*remarks, "A page shows no vehicle."))


def _documents(text: str) -> Documents:
    return read_documents(scripts_of(html_of(text)))


def _vehicles(site: Site, url: str, documents: Documents) -> tuple[tuple[ScrapedVehicle, ...], int]:
    """The vehicles that a page is about, and how many decoys it has."""
    read = [vehicle_of(offered) for offered in vehicles_in(documents.documents)]
    honest = [vehicle for vehicle in read if not is_decoy(vehicle.vin)]
    with_vin = [vehicle for vehicle in honest if vehicle.vin] or honest[:1]
    # A page may show other vehicles beside its own; the address tells which one it is about.
    subject = [v for v in with_vin if v.vin.casefold() in url.casefold()] if len(with_vin) > 1 else with_vin
    chosen = subject or with_vin
    linked = [vehicle._replace(vehicle_url=own_url(site, vehicle.vehicle_url) or url) for vehicle in chosen]
    return tuple(linked), len(read) - len(honest)


def _remarks(documents: Documents, *, decoys: int) -> tuple[str, ...]:
    counted: Mapping[str, Any] = {
        "JSON-LD script cannot be read": documents.unreadable,
        "vehicle has a VIN of one repeated character": decoys,
    }
    return tuple(f"{count} {what}." for what, count in counted.items() if count)
