"""Team Velocity: two JSON feeds, with a look-up of the lot status per vehicle; or the sitemap and its vehicle pages.

The feeds tell no lot status. It is looked up for the rooftop's vehicles that are not known to stand on the lot; known
ones keep the status of the active dataset, so a run of an unchanged lot needs the feeds alone.

Parameters
    route            `feed` (default) or `sitemap`: every vehicle's page and its price, two requests per vehicle
    status_lookup    where a status is looked up: `api` (default), `page` (the vehicle's page), `no`
    account_id       the store's account; learned from the home page, or from each vehicle page
Learned
    account_id
Elsewhere in the `Site`
    scope            on the pages of the feeds
    rooftop.source   a key of the feed's vehicle or of the page's JSON-LD; by default the dealer's or seller's name
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

from bs4 import BeautifulSoup

from scrapers.domain.readings import count_of, html_of, is_true, link_of, loaded, unknown_page
from scrapers.domain.rooftops import is_own
from scrapers.domain.shapes import Answer, CannotReadError, Detection, Kind, Page, Request, ScrapedVehicle, Site
from scrapers.domain.sitemaps import read_sitemap
from scrapers.domain.texts import first_amount, first_text, pick, text_of

PLATFORM = "teamvelocity"
API_DOMAINS: tuple[str, ...] = ()

_JSON = {"Accept": "application/json"}
_KEYS = {"yourPrice": Kind.PRICE, "cashMSRP": Kind.PRICE, "inTransit": Kind.DETAIL, "inProduction": Kind.DETAIL}
_TYPES = {"new": "New", "used": "Used", "cpo": "Certified Pre-Owned"}
_VDP_SITEMAP = "inventoryvdpsitemap"
_VDP = re.compile(r"/viewdetails/([a-z]+)/([a-z0-9]{6,20})(?:[/?#]|$)", re.IGNORECASE | re.ASCII)
_ACCOUNT = re.compile(r"\baccountId\s*=\s*[\"']?(\d{1,12})", re.ASCII)
_TRIM = re.compile(r"\btrim\s*=\s*'((?:[^'\\]|\\.)*)'")
_BADGES = re.compile(r"\bvehicleBadgesInfo\s*=\s*(['\"])(.*?)\1", re.DOTALL)
_STOCK = re.compile(r"\bStock\s*(?:(?:#|No\.?|Number)\s*:?|:)\s*([A-Z0-9][A-Z0-9-]*)", re.IGNORECASE | re.ASCII)
_SOLD = "this vehicle was just sold"


def detect(html: str) -> Detection | None:
    """Team Velocity by its vehicle pages, badges and sitemap; the account alone says little."""
    account = _ACCOUNT.search(html)
    found = {"account_id": account[1]} if account else {}
    marks = [mark in html for mark in ("vehicleBadgesInfo", "/viewdetails/", _VDP_SITEMAP)]
    confidence = 95 if marks[0] else 85 if any(marks) else 40 if account else 0
    return Detection(platform=PLATFORM, confidence=confidence, found=found) if confidence else None


def first(site: Site) -> tuple[Request, ...]:
    """The feeds; the home page before them where its account is needed; or the sitemap."""
    if site.setting("route") == "sitemap":
        return (Request(kind=Kind.SITEMAP, url=site.url("/sitemap.xml")),)
    account = site.setting("account_id")
    if _lookup_place(site) == "api" and not account:
        return (Request(kind=Kind.CONFIG, url=site.url("/")),)
    return _feeds(site, account)


def refresh(site: Site) -> tuple[Request, ...]:
    """Nothing helps: a store that refuses its feeds is read by the sitemap only when the configuration says so."""
    return ()


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """What the home page, a feed, a status look-up, a sitemap, a vehicle page or a price tells."""
    readers = {Kind.CONFIG: _parse_home, Kind.LIST: _parse_feed, Kind.SITEMAP: _parse_sitemap, Kind.PRICE: _parse_price}
    if request.kind == Kind.DETAIL:
        look_up = {"api": _parse_api_status, "page": _parse_page_status}
        place = request.note.get("lookup") or ("api" if answer.body.lstrip().startswith(b"{") else "")
        return look_up.get(place, _parse_vehicle_page)(site, request, answer)
    return readers[request.kind](site, request, answer)


def kind_of(text: str) -> Kind:
    """Sitemaps are XML, feeds and prices JSON, other pages show a vehicle."""
    document = loaded(text.removeprefix("\ufeff"))
    if isinstance(document, Mapping):
        return next((kind for name, kind in _KEYS.items() if name in document), Kind.LIST)
    return Kind.SITEMAP if re.search("<(?:sitemapindex|urlset)[ >]", text) else Kind.DETAIL


def _lookup_place(site: Site) -> str:
    return site.setting("status_lookup", "api")


def _feeds(site: Site, account: str) -> tuple[Request, ...]:
    return tuple(_feed(site, name, 1, account) for name in ("new", "used"))


def _feed(site: Site, name: str, page: int, account: str, before: Sequence[str] = ()) -> Request:
    query = urlencode({**site.scope, "page": page}, quote_via=quote)
    note = {"name": name, "page": page, "account_id": account, "before": list(before)}
    return Request(kind=Kind.LIST, url=site.url(f"/inventory-{name}.json?{query}"), headers=_JSON, note=note)


def _parse_home(site: Site, request: Request, answer: Answer) -> Page:
    text = answer.text()
    account = _ACCOUNT.search(text)
    if not account:
        message = "The home page names no accountId. Configure account_id, or status_lookup as page or no."
        raise unknown_page(text, message)
    return Page(next_requests=_feeds(site, account[1]), learned={"account_id": account[1]})


def _parse_feed(site: Site, request: Request, answer: Answer) -> Page:
    """One page of a feed: the vehicles whose status is known or not asked for, and look-ups for the others.

    Raises `CannotReadError` E_PAGE_REPEAT when it holds the same vehicles as the page before.
    """
    document = answer.json()
    entries = pick(document, "vehicles")
    if not isinstance(entries, list):
        raise CannotReadError("E_STRUCTURE", "The feed has no list 'vehicles': Team Velocity has changed its feeds.")
    name, account = text_of(request.note.get("name")), text_of(request.note.get("account_id"))
    asked, pages = count_of(request.note.get("page")) or 0, count_of(pick(document, "totalPages"))
    vehicles = [_feed_vehicle(site, name, entry) for entry in entries]
    vins = [vehicle.vin for vehicle in vehicles]
    if any(vins) and vins == request.note.get("before"):
        message = f"Page {asked} of the feed '{name}' holds the same vehicles as the page before."
        raise CannotReadError("E_PAGE_REPEAT", message)
    lookups = [_lookup(site, name, account, vehicle) for vehicle in vehicles]
    named = text_of(pick(document, "nextPage"))
    has_more = asked and entries and (named or asked < (pages or 0))
    following = (_feed(site, name, asked + 1, account, vins),) if has_more else ()
    if not asked and (url := link_of(site, named)):
        # A saved answer does not tell which page it is, only which one follows.
        following = (Request(kind=Kind.LIST, url=url, headers=_JSON),)
    return Page(
        list_name=name,
        vehicles=tuple(vehicle for vehicle, lookup in zip(vehicles, lookups, strict=True) if not lookup),
        rows=len(vehicles),
        total_declared=count_of(pick(document, "totalVehicles")),
        page_number=asked or None,
        pages_declared=pages,
        page_size=count_of(pick(document, "pageSize")),
        next_requests=following + tuple(filter(None, lookups)),
    )


def _feed_vehicle(site: Site, name: str, entry: Any) -> ScrapedVehicle:
    vin = text_of(pick(entry, "vin"))
    images = pick(entry, "imageUrls")
    is_certified = is_true(pick(entry, "certified"))
    return ScrapedVehicle(
        vin=vin,
        stock=text_of(pick(entry, "stockNumber")),
        v_type=_TYPES["cpo"] if is_certified else text_of(pick(entry, "inventoryType")) or _TYPES.get(name, ""),
        year=text_of(pick(entry, "year")),
        make=text_of(pick(entry, "make")),
        model=text_of(pick(entry, "model")),
        trim=text_of(pick(entry, "trim")),
        ext_color=text_of(pick(entry, "exteriorColor")),
        status=site.known.get(vin.upper(), ""),
        price=first_amount((text_of(pick(entry, "sellingPrice")),)),
        msrp=first_amount((text_of(pick(entry, "msrp")),)),
        body=text_of(pick(entry, "bodyStyle")),
        fuel_type=text_of(pick(entry, "fuelType")),
        date_in_stock=site.known_dates.get(vin.upper(), ""),
        vehicle_url=link_of(site, pick(entry, "vdpUrl")),
        rooftop=text_of(pick(entry, site.rooftop.source or "dealerName")),
        mileage=text_of(pick(entry, "miles")),
        photo_count=str(len(images)) if isinstance(images, list) else "",
    )


def _lookup(site: Site, name: str, account: str, vehicle: ScrapedVehicle) -> Request | None:
    """The request that tells a vehicle's status; None where it is known, of no use or cannot be asked for."""
    place = _lookup_place(site)
    if not vehicle.vin or vehicle.vin.upper() in site.known or not is_own(vehicle.rooftop, site.rooftop):
        return None
    note = {"name": name, "lookup": place, "vehicle": list(vehicle)}
    if place == "api" and account:
        query = urlencode({"vin": vehicle.vin, "accountid": account})
        return Request(kind=Kind.DETAIL, url=site.url(f"/api/Inventory/vehicle?{query}"), headers=_JSON, note=note)
    if place == "page" and vehicle.vehicle_url:
        return Request(kind=Kind.DETAIL, url=vehicle.vehicle_url, note=note)
    return None


def _half_read(request: Request) -> ScrapedVehicle:
    """The vehicle that a request carries with it; an empty one for a saved answer."""
    return ScrapedVehicle(*map(text_of, request.note.get("vehicle", ())))


def _parse_api_status(site: Site, request: Request, answer: Answer) -> Page:
    document = _object_of(answer)
    in_production, in_transit = document.get("inProduction"), document.get("inTransit")
    # Only a no to both says that it stands on the lot: the answer has no word for it.
    is_here = {text_of(in_production).casefold(), text_of(in_transit).casefold()} == {"false"}
    words = (("In Production", is_true(in_production)), ("In Transit", is_true(in_transit)), ("On-Lot", is_here))
    status = next((word for word, holds in words if holds), "")
    vehicle = _half_read(request)._replace(status=status, date_in_stock=text_of(document.get("dateInStock")))
    return Page(list_name=text_of(request.note.get("name")), vehicles=(vehicle,))


def _object_of(answer: Answer) -> Mapping[str, Any]:
    """What the website knows about one vehicle; nothing when it answers null."""
    document = answer.json()
    if document is not None and not isinstance(document, Mapping):
        raise CannotReadError("E_STRUCTURE", "The answer about one vehicle is no object: Team Velocity has changed it.")
    return document or {}


def _parse_page_status(site: Site, request: Request, answer: Answer) -> Page:
    text = answer.text()
    name = text_of(request.note.get("name"))
    if _is_gone(request, answer, text):
        return Page(list_name=name, gone=1)
    if not _BADGES.search(text) and not _ACCOUNT.search(text):
        raise unknown_page(text, "The vehicle page has neither badges nor an account: it is no page of Team Velocity.")
    return Page(list_name=name, vehicles=(_half_read(request)._replace(status=_badge_status(text)),))


def _badge_status(text: str) -> str:
    """The lot status by the badges of a vehicle page; empty where they are missing."""
    found = _BADGES.search(text)
    badges = loaded(unescape(found[2])) if found else None
    words = (
        ("InProduction.InProductionStatus", "In Production"),
        ("InTransit.InTransitStatus", "In Transit"),
        ("InStock.InStockStatus", "On-Lot"),
        ("IsReserved.IsReservedStatus", "Reserved"),
    )
    return next((word for path, word in words if is_true(pick(badges, path))), "")


def _parse_sitemap(site: Site, request: Request, answer: Answer) -> Page:
    """The vehicle sitemaps that an index names, or the vehicle pages that one of these names."""
    sitemap = read_sitemap(answer.body, wanted=_is_vehicle_page)
    if sitemap.sitemaps:
        return Page(next_requests=_vehicle_sitemaps(sitemap.sitemaps))
    name = text_of(request.note.get("name")) or "sitemap"
    details = tuple(Request(kind=Kind.DETAIL, url=url, note={"name": name}) for url in sitemap.pages)
    total = len(sitemap.pages) + sitemap.left_out
    return Page(list_name=name, rows=len(sitemap.pages), total_declared=total, next_requests=details)


def _vehicle_sitemaps(urls: Iterable[str]) -> tuple[Request, ...]:
    found = [url for url in urls if _VDP_SITEMAP in url.casefold()]
    if not found:
        message = f"The index of sitemaps names no {_VDP_SITEMAP}: Team Velocity has changed its sitemaps."
        raise CannotReadError("E_STRUCTURE", message)
    return tuple(Request(kind=Kind.SITEMAP, url=url, note={"name": url.rpartition("/")[2]}) for url in found)


def _parse_vehicle_page(site: Site, request: Request, answer: Answer) -> Page:
    """The vehicle of its page, to be completed by its price; gone when the page says that it was sold."""
    text = answer.text()
    name = text_of(request.note.get("name"))
    if _is_gone(request, answer, text):
        return Page(list_name=name, gone=1)
    page, address = html_of(text), _VDP.search(request.url)
    word, vin = (address[1].casefold(), address[2].upper()) if address else ("", "")
    car, account = _car(page, vin), _ACCOUNT.search(text)
    if not car and not account:
        raise unknown_page(text, "The vehicle page has neither a vehicle in JSON-LD nor an account.")
    warnings: tuple[str, ...] = () if car else (f"A vehicle page of '{name}' holds no JSON-LD of its vehicle.",)
    vehicle = _page_vehicle(site, request.url, car, page, text)
    vehicle = vehicle._replace(vin=vehicle.vin or vin, v_type=_TYPES.get(word, word))
    account_id = site.setting("account_id") or (account[1] if account else "")
    if not account_id or not vehicle.vin:
        warnings += (f"The price of a vehicle of '{name}' cannot be asked for: its page names no account or no VIN.",)
        return Page(list_name=name, vehicles=(vehicle,), warnings=warnings)
    return Page(list_name=name, next_requests=(_price_request(site, name, account_id, vehicle),), warnings=warnings)


def _is_gone(request: Request, answer: Answer, text: str) -> bool:
    """Whether a vehicle page says that the vehicle was sold, or its address led to another page."""
    was_led_away = _is_vehicle_page(request.url) and not _is_vehicle_page(answer.url)
    return _SOLD in text or was_led_away


def _is_vehicle_page(url: str) -> bool:
    return bool(_VDP.search(url))


def _car(page: BeautifulSoup, vin: str) -> Mapping[str, Any]:
    """The JSON-LD of the vehicle with this VIN, or of any when there is none to compare; empty where it is missing."""
    documents = (loaded(script.get_text()) for script in page.find_all("script", type="application/ld+json"))
    for car in (entry for document in documents for entry in _objects(document)):
        named = text_of(car.get("vehicleIdentificationNumber")).upper()
        if named and named == (vin or named):
            return car
    return {}


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON-LD document: itself or the entries of a list, each with those of its graph."""
    for entry in document if isinstance(document, list) else [document]:
        graph = pick(entry, "@graph")
        for candidate in (entry, *(graph if isinstance(graph, list) else ())):
            if isinstance(candidate, Mapping):
                yield candidate


def _page_vehicle(site: Site, url: str, car: Mapping[str, Any], page: BeautifulSoup, text: str) -> ScrapedVehicle:
    trim, stock = _TRIM.search(text), _STOCK.search(page.get_text(" "))
    return ScrapedVehicle(
        vin=text_of(car.get("vehicleIdentificationNumber")),
        stock=stock[1] if stock else "",
        year=text_of(car.get("vehicleModelDate")),
        make=first_text(car, ("brand", "brand.name")),
        model=first_text(car, ("model", "model.name")),
        trim=unescape(trim[1].replace("\\'", "'")).strip() if trim else "",
        ext_color=text_of(car.get("color")),
        status=_badge_status(text),
        body=text_of(car.get("bodyType")),
        fuel_type=first_text(car, ("offers.fuelType", "fuelType")),
        vehicle_url=link_of(site, url),
        rooftop=text_of(pick(car, site.rooftop.source or "offers.seller.name")),
        mileage=first_text(car, ("mileageFromOdometer", "mileageFromOdometer.value")),
    )


def _price_request(site: Site, name: str, account: str, vehicle: ScrapedVehicle) -> Request:
    query = urlencode({"accountId": account, "vin": vehicle.vin, "styleid": ""})
    url = site.url(f"/api/Inventory/getPaymentSettingDetails?{query}")
    return Request(kind=Kind.PRICE, url=url, headers=_JSON, note={"name": name, "vehicle": list(vehicle)})


def _parse_price(site: Site, request: Request, answer: Answer) -> Page:
    document = _object_of(answer)
    price, msrp = text_of(document.get("yourPrice")), text_of(document.get("cashMSRP"))
    vehicle = _half_read(request)._replace(price=first_amount((price,)), msrp=first_amount((msrp,)))
    return Page(list_name=text_of(request.note.get("name")), vehicles=(vehicle,))
