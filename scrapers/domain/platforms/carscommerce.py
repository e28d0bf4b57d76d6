"""Dealer Inspire websites whose listing pages ask the search service of Cars Commerce.

Settings, all optional:

listing_path    the page that names the service; `/new-vehicles/`
lists           names of the lists, with commas between; `all`
NAME_filters    what restricts one list, as `type_slug=New&type_slug=Used`

Learned from the page: `api_url`, `ccid`, `api_key`, `statuses`. `scope` restricts every list in the service's own
facets. A rooftop's label is named by `dealer.location`, `dealer.name`, `extra_fields.lightning.locations.Location` or
`extra_fields.custom_location`; without a name by the first of them that says anything. The status keys of the site are
looked for among the extra fields and beside them, before `lightning.statusLabel` and `lightning.status`.
"""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote

from scrapers.domain.page_settings import is_plain, script_object, service_host
from scrapers.domain.readings import count_of, is_json, link_of
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
from scrapers.domain.texts import first_amount, first_text, pick, text_of

PLATFORM = "carscommerce"
API_DOMAINS: tuple[str, ...] = ("carscommerce.inc",)

_LEARNED = {"api_url": "apiUrl", "ccid": "ccid", "api_key": "apiKey"}
_STATUSES = "publish,modified,pend-sale"
_FIELDS = (
    "vin", "stock", "type", "year", "make", "model", "trim", "model_number", "date_in_stock", "mileage", "vdp_url",
    "is_certified", "source_id", "styles", "mechanical", "pricing", "dealer", "media", "extra_fields", "status",
)  # fmt: skip
_ROOFTOPS = (
    "dealer.location",
    "dealer.name",
    "extra_fields.lightning.locations.Location",
    "extra_fields.custom_location",
)
_LOT_STATUSES = ("extra_fields.lightning.statusLabel", "extra_fields.lightning.status")
# `low_price` is none of them: it carries masked figures.
_PRICES = ("pricing.our_price", "pricing.price", "pricing.internet_price", "pricing.sale_price")
# Masked prices are tiny numbers.
_LEAST_PRICE = 1000
_PAGE_SIZE, _LARGEST_PAGE = 100, 200
_UNCERTIFIED = {"", "used", "pre-owned"}


def detect(html: str) -> Detection | None:
    if "SEARCH_SERVICE" not in html or "carscommerce" not in html.lower():
        return None
    return Detection(platform=PLATFORM, confidence=95 if script_object(html, "SEARCH_SERVICE") else 70)


def first(site: Site) -> tuple[Request, ...]:
    known = all(site.setting(name) for name in _LEARNED) and _is_own_service(site.setting("api_url"))
    return _lists(site) if known else (_config(site, refused=False),)


def refresh(site: Site) -> tuple[Request, ...]:
    return (_config(site, refused=True),)


def kind_of(text: str) -> Kind:
    return Kind.LIST if is_json(text) else Kind.CONFIG


def parse(site: Site, request: Request, answer: Answer) -> Page:
    if request.kind == Kind.CONFIG:
        return _page_told(site, answer.text(), refused=request.note.get("refused", False))
    return _listings(site, request, answer.json())


def _config(site: Site, *, refused: bool) -> Request:
    url = site.url(site.setting("listing_path", "/new-vehicles/"))
    return Request(kind=Kind.CONFIG, url=url, note={"refused": refused})


def _page_told(site: Site, html: str, *, refused: bool) -> Page:
    service = script_object(html, "SEARCH_SERVICE")
    if service is None:
        raise wrong_page(
            html,
            "The listing page has no SEARCH_SERVICE that can be read. Probe the website: its platform may be another.",
        )
    told = {name: text_of(service.get(key)) for name, key in _LEARNED.items()}
    # What the service refused as configured gives way to what the page says today.
    now = site.taught(told, outdated=told if refused else ())
    absent = [_LEARNED[name] for name in _LEARNED if not is_plain(now.setting(name))]
    if absent:
        raise CannotReadError("E_STRUCTURE", f"SEARCH_SERVICE of the listing page has no usable {', '.join(absent)}.")
    if not _is_own_service(now.setting("api_url")):
        message = f"The search service {now.setting('api_url')[:200]} is not one of Cars Commerce."
        raise CannotReadError("E_STRUCTURE", message)
    statuses = service.get("visibleStatusValues")
    if isinstance(statuses, list):
        told["statuses"] = ",".join(filter(None, map(text_of, statuses)))
    return Page(next_requests=_lists(now.taught(told)), learned=told)


def _is_own_service(url: str) -> bool:
    return any(f".{service_host(url)}".endswith(f".{domain}") for domain in API_DOMAINS)


def _lists(site: Site) -> tuple[Request, ...]:
    url = f"{site.setting('api_url').rstrip('/')}/api/v1/listings/{quote(site.setting('ccid'), safe='')}/search"
    headers = {
        "x-api-key": site.setting("api_key"),
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Origin": site.base_url,
        "Referer": f"{site.base_url}/",
    }
    request = Request(kind=Kind.LIST, url=url, method="POST", headers=headers)
    return tuple(_asking(request, _search(site, name), list_name=name, seen=0) for name in site.lists("all"))


def _search(site: Site, name: str) -> dict[str, Any]:
    own = {facet: [value] for facet, value in site.scope.items()}
    return {
        "page": 1,
        "perPage": min(site.page_size or _PAGE_SIZE, _LARGEST_PAGE),
        "filters": {"status": site.setting("statuses", _STATUSES).split(",")},
        "facetFilters": own | parse_qs(site.setting(f"{name}_filters")),
        "requestedFields": list(_FIELDS),
    }


def _asking(request: Request, search: dict[str, Any], *, list_name: str, seen: int) -> Request:
    return replace(request, body=json.dumps(search), note={"list": list_name, "seen": seen})


def _listings(site: Site, request: Request, document: Any) -> Page:
    listings, total = _read_data(document)
    name, seen = request.note.get("list", "all"), request.note.get("seen", 0) + len(listings)
    search = json.loads(request.body) if request.body else _search(site, name)
    # Counted by what came: a service that gives smaller pages than it was asked for is still read to its end.
    more = bool(listings) and (seen < total if total is not None else len(listings) >= search["perPage"])
    follower = _asking(request, {**search, "page": search["page"] + 1}, list_name=name, seen=seen)
    return Page(
        list_name=name,
        vehicles=tuple(_vehicle(site, listing) for listing in listings),
        rows=len(listings),
        total_declared=total,
        page_number=search["page"],
        page_size=search["perPage"],
        next_requests=(follower,) if more else (),
    )


def _read_data(document: Any) -> tuple[list[Any], int | None]:
    """The listings and their declared total; some stores give a bare list, which declares none."""
    data = pick(document, "data")
    if isinstance(data, list):
        return data, None
    listings, total = pick(data, "listings"), count_of(pick(data, "total_vehicle_count"))
    if listings is None and total == 0:
        return [], 0
    if not isinstance(listings, list):
        raise CannotReadError("E_STRUCTURE", "The answer of the search service has no list data.listings.")
    return listings, total


def _vehicle(site: Site, listing: Any) -> ScrapedVehicle:
    def say(*paths: str) -> str:
        return first_text(listing, paths)

    images = pick(listing, "media.images")
    return ScrapedVehicle(
        vin=say("vin"),
        stock=say("stock"),
        v_type=_type(listing),
        year=say("year"),
        make=say("make"),
        model=say("model"),
        trim=say("trim"),
        ext_color=say("styles.exterior_color"),
        status=say(*_status_paths(site)),
        price=first_amount(map(say, _PRICES), least=_LEAST_PRICE),
        msrp=first_amount([say("pricing.msrp")], least=_LEAST_PRICE),
        body=say("styles.body_type"),
        fuel_type=say("mechanical.fuel_type"),
        date_in_stock=say("date_in_stock"),
        vehicle_url=link_of(site, say("vdp_url")),
        rooftop=say(site.rooftop.source) if site.rooftop.source else say(*_ROOFTOPS),
        mileage=say("mileage"),
        model_code=say("model_number"),
        photo_count=str(len(images)) if isinstance(images, list) else "",
    )


def _type(listing: Any) -> str:
    word = first_text(listing, ["type"])
    is_certified = pick(listing, "is_certified") is True and word.casefold() in _UNCERTIFIED
    return "Certified Pre-Owned" if is_certified else word


def _status_paths(site: Site) -> list[str]:
    """Where the lot status stands: the site's own keys, then the label before its code.

    The listing's `status` is none: it says whether the listing is published.
    """
    keys = [key for key in site.status_keys if key != "status" and not key.startswith("lightning.")]
    return [*(path for key in keys for path in (f"extra_fields.{key}", key)), *_LOT_STATUSES]
