"""DealerOn: a listing page tells the ids of its list, a JSON list gives the vehicles as cards.

Parameters
    lists            names of the lists, with commas between them: `all` (default), `new`, `used`
    store_code       the store's code in the path of the list; learned, `vhcliaa` when no page tells it
    base_filter      the filter that some stores insist on (422 without it), in base64 as the site's own links carry it
Learned
    store_code, dealer_id, and page_id_all, page_id_new, page_id_used of the lists
Elsewhere in the `Site`
    scope            on the listing page and on every call of the list: `Location`, `Dealership`
    page_size        sent as `pn` (12 by default); the store may answer with another
    rooftop.source   a key of the card, such as `DealerLocatedAtId`; by default the location's label. The dealer's name
                     is no rooftop: it stays the owner of the site on the cards of siblings
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from bs4 import BeautifulSoup

from scrapers.domain.readings import count_of, html_of, is_true, link_of, script_of, unknown_page
from scrapers.domain.shapes import Answer, CannotReadError, Detection, Kind, Page, Request, ScrapedVehicle, Site
from scrapers.domain.texts import first_amount, first_text, pick, text_of

PLATFORM = "dealeron"
API_DOMAINS: tuple[str, ...] = ()

TAGGING, MODEL = "dealeron_tagging_data", "dlron-srp-model"
PAGE_SIZE = 12
_STORE_CODE = "vhcliaa"
_RESOURCES = re.compile(r"/resources/([\w-]+)/pages/")
_LISTING_TYPES = ("itemlist", "custom")
_TYPE_WORDS = {"new": "New", "used": "Used"}
_LABELS = ("VehicleLocationLabel", "VehicleLocation")


class ListIds(NamedTuple):
    """What the address of a JSON list is made of."""

    name: str
    store_code: str
    dealer_id: str
    page_id: str
    base_filter: str = ""


def detect(html: str) -> Detection | None:
    """DealerOn by its tagging data, its resources or its website id."""
    found = {"store_code": code} if (code := store_code(html)) else {}
    if TAGGING in html:
        return Detection(platform=PLATFORM, confidence=95, found=found)
    return Detection(platform=PLATFORM, confidence=60, found=found) if found or 'data-website-id="do-' in html else None


def first(site: Site) -> tuple[Request, ...]:
    """The lists whose ids are known, and the listing pages of the others."""
    return tuple(
        list_request(site, ids) if (ids := _known_ids(site, name)) else page_request(site, name, kind=Kind.CONFIG)
        for name in dict.fromkeys(site.lists("all"))
    )


def refresh(site: Site) -> tuple[Request, ...]:
    """The listing pages again, if the ids of a list came from an earlier run."""
    names = dict.fromkeys(site.lists("all"))
    learned = any(_known_ids(site, name) for name in names)
    return tuple(page_request(site, name, kind=Kind.CONFIG) for name in names) if learned else ()


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """What a listing page or an answer of the list tells."""
    return _parse_listing(site, request, answer) if request.kind == Kind.CONFIG else parse_list(site, request, answer)


def kind_of(text: str) -> Kind:
    """A listing page is configuration, JSON is a list."""
    return Kind.LIST if text.lstrip("\ufeff \r\n\t").startswith("{") else Kind.CONFIG


def store_code(html: str) -> str:
    """The store's code as the page's own resources carry it; empty where none do."""
    resources = _RESOURCES.search(html)
    return resources[1] if resources else ""


def page_request(site: Site, name: str, *, kind: Kind, page: int = 1, note: Mapping[str, Any] | None = None) -> Request:
    """A page of a listing as people see it."""
    query = urlencode({**site.scope, "pt": page}, quote_via=quote)
    return Request(
        kind=kind, url=site.url(f"/search{quote(name)}.aspx?{query}"), note={"name": name, "page": page, **(note or {})}
    )


def list_request(site: Site, ids: ListIds, *, page: int = 1, shown: int = 0) -> Request:
    """A page of a JSON list; `shown` is how many cards the pages before it ended with."""
    path = "/".join(quote(part, safe="") for part in (ids.dealer_id, ids.page_id))
    query = {"pt": page, "host": urlsplit(site.base_url).netloc, "pn": site.page_size or PAGE_SIZE}
    query |= {"displayCardsShown": shown, **({"baseFilter": ids.base_filter} if ids.base_filter else {}), **site.scope}
    code = quote(ids.store_code, safe="")
    url = f"/api/{code}/vehicle-pages/cosmos/srp/vehicles/{path}?{urlencode(query, quote_via=quote)}"
    note = {**dict(zip(ids._fields, ids, strict=True)), "page": page}
    return Request(kind=Kind.LIST, url=site.url(url), headers={"Accept": "application/json"}, note=note)


def refuse_wrong_page(page: BeautifulSoup) -> None:
    """Raise `CannotReadError` E_WRONG_PAGE for a page that says of itself that it is no listing."""
    tagging = script_of(page, TAGGING)
    page_type = text_of(pick(tagging, "pageType"))
    if tagging is not None and page_type.casefold() not in _LISTING_TYPES:
        message = f"The website answered with a page of type '{page_type}' where its list of vehicles should be."
        raise CannotReadError("E_WRONG_PAGE", message)


def parse_list(site: Site, request: Request, answer: Answer) -> Page:
    """The vehicles of one page of a JSON list.

    Raises `CannotReadError`: no cards or paging in the answer; E_PAGE_REPEAT for another page than the one asked for.
    """
    document = answer.json()
    cards, paging = pick(document, "DisplayCards"), pick(document, "Paging.PaginationDataModel")
    if not isinstance(cards, list) or not isinstance(paging, Mapping):
        message = "The list has no DisplayCards or no Paging.PaginationDataModel: DealerOn has changed its answers."
        raise CannotReadError("E_STRUCTURE", message)
    pages = count_of(paging.get("TotalPages"))
    number = count_of(paging.get("PageNumber"))
    asked = count_of(request.note.get("page")) or number or 1
    name = text_of(request.note.get("name"))
    if number is not None and number != asked:
        if pages is None or asked <= pages:
            message = f"Page {asked} of the list was asked for and page {number} came back: it would never end."
            raise CannotReadError("E_PAGE_REPEAT", message)
        # Vehicles were sold while the list was read, and a page past its end shows another one.
        return Page(list_name=name, total_declared=count_of(paging.get("TotalCount")), pages_declared=pages)
    vehicles = [_vehicle(site, pick(card, "VehicleCard")) for card in cards if not is_true(pick(card, "IsAdCard"))]
    is_last = not cards or (pages is not None and asked >= pages)
    return Page(
        list_name=name,
        vehicles=tuple(vehicles),
        rows=len(vehicles),
        total_declared=count_of(paging.get("TotalCount")),
        page_number=asked,
        pages_declared=pages,
        page_size=count_of(paging.get("PageSize")),
        next_requests=() if is_last else _next_page(site, request, asked + 1, count_of(paging.get("PageEnd")) or 0),
    )


def type_word(text: str, *, is_certified: bool) -> str:
    """The type in the words of the import: certified stays certified, other words stay the site's own."""
    return "Certified Pre-Owned" if is_certified else _TYPE_WORDS.get(text.casefold(), text)


def status_word(*, in_production: Any, in_transit: Any, in_stock: Any) -> str:
    """The lot status that three truths tell; the furthest from the lot counts."""
    words = (("In Production", in_production), ("In Transit", in_transit), ("On-Lot", in_stock))
    return next((word for word, value in words if is_true(value)), "")


def _known_ids(site: Site, name: str) -> ListIds | None:
    dealer_id, page_id = site.setting("dealer_id"), site.setting(f"page_id_{name}")
    code = site.setting("store_code", _STORE_CODE)
    return ListIds(name, code, dealer_id, page_id, site.setting("base_filter")) if dealer_id and page_id else None


def _parse_listing(site: Site, request: Request, answer: Answer) -> Page:
    text = answer.text()
    page = html_of(text)
    refuse_wrong_page(page)
    tagging = script_of(page, TAGGING)
    dealer_id, page_id = text_of(pick(tagging, "dealerId")), text_of(pick(tagging, "pageId"))
    if not dealer_id or not page_id:
        raise unknown_page(text, f"The listing page has no script {TAGGING} with a dealerId and a pageId.")
    name = text_of(request.note.get("name")) or "all"
    code = site.parameters.get("store_code") or store_code(text) or _STORE_CODE
    ids = ListIds(name, code, dealer_id, page_id, site.setting("base_filter"))
    learned = {"store_code": code, "dealer_id": dealer_id, f"page_id_{name}": page_id}
    return Page(list_name=name, next_requests=(list_request(site, ids),), learned=learned)


def _next_page(site: Site, request: Request, page: int, shown: int) -> tuple[Request, ...]:
    """The page after; none for a saved answer, which does not tell what it was asked with."""
    if not request.note.get("page_id"):
        return ()
    ids = ListIds(*(text_of(request.note.get(name)) for name in ListIds._fields))
    return (list_request(site, ids, page=page, shown=shown),)


def _vehicle(site: Site, card: Any) -> ScrapedVehicle:
    condition = first_text(card, ("VehicleCondition", "VehicleType"))
    is_certified = is_true(pick(card, "VehicleCpo"))
    is_new = not is_certified and first_text(card, ("VehicleType", "VehicleCondition")).casefold() == "new"
    prices = (text_of(pick(card, "TaggingPrice")), text_of(pick(card, "VehicleInternetPrice")), _library_price(card))
    return ScrapedVehicle(
        vin=text_of(pick(card, "VehicleVin")),
        stock=text_of(pick(card, "VehicleStockNumber")),
        v_type=type_word(condition, is_certified=is_certified),
        year=text_of(pick(card, "VehicleYear")),
        make=text_of(pick(card, "VehicleMake")),
        model=text_of(pick(card, "VehicleModel")),
        trim=text_of(pick(card, "VehicleTrim")),
        ext_color=text_of(pick(card, "ExteriorColorLabel")),
        status=_status(card),
        price=first_amount(prices),
        # On cards of used vehicles it repeats the asking price.
        msrp=first_amount((text_of(pick(card, "VehicleMsrp")),)) if is_new else "",
        body=text_of(pick(card, "VehicleBodyStyle")),
        fuel_type=text_of(pick(card, "VehicleFuelType")),
        date_in_stock=text_of(pick(card, "VehicleTaggingInventoryDate")),
        vehicle_url=link_of(site, pick(card, "VehicleDetailUrl")),
        rooftop=first_text(card, (site.rooftop.source,) if site.rooftop.source else _LABELS),
        mileage=first_text(card, ("VehicleMileage", "Mileage")),
        model_code=text_of(pick(card, "VehicleModelCode")),
        photo_count=text_of(pick(card, "VehiclePhotoCount")),
    )


def _status(card: Any) -> str:
    shown = text_of(pick(card, "VehicleStatusModel.StatusText"))
    return (html_of(shown).get_text(" ", strip=True) if shown else "") or status_word(
        in_production=pick(card, "VehicleInProduction"),
        in_transit=pick(card, "VehicleInTransit"),
        in_stock=pick(card, "VehicleInStock"),
    )


def _library_price(card: Any) -> str:
    """The calculated price among those that a card carries encoded: `MSRP:54998.0;...;calc_INTERNET PRICE:52100.0`."""
    try:
        decoded = base64.b64decode(text_of(pick(card, "VehiclePriceLibrary"))).decode("utf-8", errors="replace")
    except ValueError:
        return ""
    entries = [entry.rpartition(":") for entry in decoded.split(";")]
    return first_amount(
        amount.strip()
        for name, _, amount in entries
        if name.strip().casefold().startswith("calc_") and "price" in name.casefold()
    )
