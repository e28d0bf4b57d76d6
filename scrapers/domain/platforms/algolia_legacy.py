"""Dealer Inspire websites whose listing pages still ask an application of Algolia.

Settings, all optional:

app             the application, as it stands in its host name
index           the index of every list that names no other
listing_path    the page that tells the application, its index and its key; `/new-vehicles/`
lists           names of the lists, with commas between; `all`
NAME_index      the index of one list
NAME_filters    what restricts one list, as `type=Used&type=Certified Used&wholesale_units=true`: one of the values of a
                name that is repeated, and every name

Learned from the page: `app`, `index`, `api_key`. `scope` restricts every list in the index's own facets. A rooftop's
label is named by `Location`, `location` or `lightning.locations.Location`; without a name by the first of them that
says anything. The status keys of the site stand for `lightning.statusLabel` and `lightning.status`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from scrapers.domain.page_settings import is_plain, script_object
from scrapers.domain.readings import count_of, html_of, is_json, link_of
from scrapers.domain.shapes import (
    Answer,
    CannotReadError,
    Detection,
    Kind,
    Page,
    Request,
    ScrapedVehicle,
    Site,
    wrong_page,
)
from scrapers.domain.texts import first_amount, first_text, pick, text_of, without_tags

PLATFORM = "algolia_legacy"
API_DOMAINS: tuple[str, ...] = ("algolia.net",)

_VARIABLES = ("algoliaConfig", "inventoryLightningSettings")
_NAMES = {
    "app": ("appId", "data-app-id"),
    "api_key": ("apiKeySearch", "apiKey", "searchKey", "data-search-key"),
    "index": ("inventoryIndex", "indexName", "index", "data-index"),
}
# The application becomes a part of a host name.
_APPLICATION = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_ROOFTOPS = ("Location", "location", "lightning.locations.Location")
_LOT_STATUSES = ("lightning.statusLabel", "lightning.status")
_TYPES = ("New", "Used", "Certified Used", "Certified Pre-Owned", "Pre-Owned", "CarBravo", "Demo")
_PAGE_SIZE = 250
# An index gives no more hits than these to one search, however many pages are asked for.
_MOST_HITS = 1000


def detect(html: str) -> Detection | None:
    if not any(mark in html for mark in (*_VARIABLES, "sb-algolia-helper", "algolia.net")):
        return None
    told = _told_by(html)
    found = {name: told[name] for name in ("app", "index") if told[name]}
    return Detection(platform=PLATFORM, confidence=90 if told["api_key"] else 60, found=found)


def first(site: Site) -> tuple[Request, ...]:
    has_index = all(_index(site, name) for name in site.lists("all"))
    known = _APPLICATION.fullmatch(site.setting("app")) and site.setting("api_key") and has_index
    return _lists(site) if known else (_config(site, refused=False),)


def refresh(site: Site) -> tuple[Request, ...]:
    return (_config(site, refused=True),)


def kind_of(text: str) -> Kind:
    return Kind.LIST if is_json(text) else Kind.CONFIG


def parse(site: Site, request: Request, answer: Answer) -> Page:
    if request.kind == Kind.CONFIG:
        return _page_told(site, answer.text(), refused=request.note.get("refused", False))
    return _read(site, request, answer.json())


def _config(site: Site, *, refused: bool) -> Request:
    url = site.url(site.setting("listing_path", "/new-vehicles/"))
    return Request(kind=Kind.CONFIG, url=url, note={"refused": refused})


def _told_by(html: str) -> dict[str, str]:
    """What the page says of its application, its key and its index; empty texts where it does not."""
    helper = html_of(html).select_one("#sb-algolia-helper") if "sb-algolia-helper" in html else None
    sources = [script_object(html, name) or {} for name in _VARIABLES] + ([helper.attrs] if helper else [])
    return {
        setting: next(filter(None, (text_of(source.get(key)) for key in keys for source in sources)), "")
        for setting, keys in _NAMES.items()
    }


def _page_told(site: Site, html: str, *, refused: bool) -> Page:
    told = {name: value for name, value in _told_by(html).items() if value}
    # What the service refused as configured gives way to what the page says today.
    own_indexes = [f"{name}_index" for name in site.lists("all")] if "index" in told else []
    now = site.taught(told, outdated=[*told, *own_indexes] if refused else ())
    if not now.setting("api_key"):
        raise wrong_page(
            html,
            "The listing page tells no key for Algolia. Probe the website: its platform may be another.",
        )
    if not is_plain(now.setting("api_key")) or not _APPLICATION.fullmatch(now.setting("app")):
        raise CannotReadError("E_STRUCTURE", "The listing page names no usable application and key of Algolia.")
    absent = [name for name in now.lists("all") if not _index(now, name)]
    if absent:
        raise CannotReadError(
            "E_STRUCTURE", f"Neither the settings nor the listing page name the index of list {absent[0]}."
        )
    return Page(next_requests=_lists(now), learned=told)


def _index(site: Site, name: str) -> str:
    return site.setting(f"{name}_index") or site.setting("index")


def _lists(site: Site) -> tuple[Request, ...]:
    app = site.setting("app")
    request = Request(
        kind=Kind.LIST,
        url=f"https://{app.lower()}-dsn.algolia.net/1/indexes/*/queries",
        method="POST",
        headers={
            "X-Algolia-Application-Id": app.upper(),
            "X-Algolia-API-Key": site.setting("api_key"),
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
    )
    return tuple(_asking(request, _search(site, name)) for name in site.lists("all"))


def _search(site: Site, name: str) -> dict[str, Any]:
    """One list's search: its filters are alternatives in groups, and every group must hold."""
    facets = [
        *((facet, [value]) for facet, value in site.scope.items()),
        *parse_qs(site.setting(f"{name}_filters")).items(),
    ]
    return {
        "list": name,
        "index": _index(site, name),
        "filters": [[f"{facet}:{value}" for value in values] for facet, values in facets],
        "size": min(site.page_size or _PAGE_SIZE, _MOST_HITS),
        "page": 0,
        "total": None,
    }


def _asking(request: Request, search: Mapping[str, Any]) -> Request:
    """The request for a page of a search, which its note describes in full."""
    params = {
        "facetFilters": json.dumps(search["filters"]),
        "hitsPerPage": search["size"],
        "page": search["page"],
        "facets": '["type"]',
        "maxValuesPerFacet": 250,
    }
    query = {"indexName": search["index"], "params": urlencode(params, quote_via=quote)}
    return replace(request, body=json.dumps({"requests": [query]}), note=dict(search))


def _read(site: Site, request: Request, document: Any) -> Page:
    results = pick(document, "results")
    result = results[0] if isinstance(results, list) and results else None
    if not isinstance(pick(result, "hits"), list):
        raise CannotReadError("E_STRUCTURE", "The answer of the search has no list results[0].hits.")
    search = {**_search(site, "all"), **request.note}
    total = count_of(pick(result, "nbHits"))
    is_cut = search["page"] == 0 and total is not None and total > _MOST_HITS
    parts = _parts(search, pick(result, "facets.type")) if is_cut and search["total"] is None else []
    if parts:
        # Its hits come again with the parts; given here too they would look like a page that repeats.
        asked = tuple(_asking(request, {**search, "filters": filters, "total": total}) for filters in parts)
        return Page(list_name=search["list"], total_declared=total, next_requests=asked)
    return _page(site, request, search, result, is_cut=is_cut)


def _parts(search: Mapping[str, Any], counts: Any) -> list[list[list[str]]]:
    """The filters of a list that is too long for one search, by type; empty when it is of one type already."""
    typed = [group for group in search["filters"] if group[0].startswith("type:")]
    others = [group for group in search["filters"] if group not in typed]
    terms = [f"type:{word}" for word in (counts if isinstance(counts, Mapping) and counts else _TYPES)]
    wanted = [term for term in terms if all(term in group for group in typed)]
    return [[*others, [term]] for term in wanted] if len(wanted) > 1 else []


def _page(site: Site, request: Request, search: Mapping[str, Any], result: Any, *, is_cut: bool) -> Page:
    hits, pages, number = result["hits"], count_of(pick(result, "nbPages")), search["page"] + 1
    is_part = search["total"] is not None
    more = bool(hits) and (number < pages if pages is not None else len(hits) >= search["size"])
    warning = f"A search of list {search['list']} ends after {_MOST_HITS:,} vehicles. Restrict its lists further."
    return Page(
        list_name=search["list"],
        vehicles=tuple(_vehicle(site, hit) for hit in hits),
        rows=len(hits),
        total_declared=search["total"] if is_part else count_of(pick(result, "nbHits")),
        page_number=None if is_part else number,
        pages_declared=None if is_part else pages,
        page_size=search["size"],
        next_requests=(_asking(request, {**search, "page": number}),) if more else (),
        warnings=(warning,) if is_cut else (),
    )


def _vehicle(site: Site, hit: Any) -> ScrapedVehicle:
    def say(*paths: str) -> str:
        return first_text(hit, paths)

    return ScrapedVehicle(
        vin=say("vin", "objectID"),
        stock=say("stock"),
        v_type=say("type"),
        year=say("year"),
        make=say("make"),
        model=say("model"),
        trim=say("trim"),
        ext_color=say("ext_color"),
        status=say(*(site.status_keys or _LOT_STATUSES)),
        price=first_amount([without_tags(say("our_price"))]),
        msrp=first_amount([say("msrp")]),
        body=say("body"),
        fuel_type=say("fueltype"),
        date_in_stock=say("date_in_stock"),
        vehicle_url=link_of(site, say("link")),
        rooftop=say(site.rooftop.source) if site.rooftop.source else say(*_ROOFTOPS),
        mileage=say("miles"),
        model_code=say("model_number"),
    )
