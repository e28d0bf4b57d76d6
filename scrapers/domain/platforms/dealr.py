"""Dealr: JSON that wraps the HTML of a list, and one page per vehicle.

Parameters: `block_key` (the block that lists vehicles). The host of the base address must be the one that answers: a
redirect between `www` and the bare domain drops the query. Whether a vehicle is new or used is not stated anywhere.
"""

import re
from urllib.parse import urlencode

from bs4 import Tag

from scrapers.domain.json_ld import read_documents, scripts_of, vehicle_of, vehicles_in
from scrapers.domain.readings import count_of, html_of, unknown_page
from scrapers.domain.shapes import Answer, CannotReadError, Detection, Kind, Page, Request, ScrapedVehicle, Site
from scrapers.domain.site_addresses import own_url, was_sent_elsewhere
from scrapers.domain.texts import pick, text_of

PLATFORM = "dealr"
API_DOMAINS: tuple[str, ...] = ()

_BLOCK_KEY = "blocks/inventory/srp/inventory-list.twig"
_PAGE_SIZE = 50
_CARD = ".dealr-inventory-list__vehicle"
_LINK = "a.dealr-inventory-list__vehicle__photo-container[href]"
_VIN_ATTRIBUTES = ("vehicle-inquiry", "data-cg-vin", "data-vin")
_NAME = re.compile(r"((?:19|20)\d\d)\s+(.+)", re.ASCII | re.DOTALL)


def detect(html: str) -> Detection | None:
    """Class names, and the function that serves the list."""
    shown = [marker in html for marker in ("dealr-inventory-list", "getInventorySubset", "vehicle-inquiry")]
    return Detection(platform=PLATFORM, confidence=30 * sum(shown)) if any(shown[:2]) else None


def first(site: Site) -> tuple[Request, ...]:
    """The first page of the one list."""
    return (_list_request(site, 1),)


def refresh(site: Site) -> tuple[Request, ...]:
    """Nothing that was learned could be wrong."""
    return ()


def kind_of(text: str) -> Kind:
    return Kind.LIST if text.lstrip("\ufeff \t\r\n").startswith("{") else Kind.DETAIL


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """A list gives the pages of its vehicles, those the vehicles."""
    if request.kind == Kind.LIST:
        return _read_list(site, request, answer)
    return _read_vehicle_page(request, answer)


def _list_request(site: Site, number: int) -> Request:
    query = urlencode({"page": number, "blockKey": site.setting("block_key", _BLOCK_KEY), **site.scope}, safe="/")
    return Request(
        kind=Kind.LIST,
        url=site.url(f"/functions/getInventorySubset?{query}"),
        headers={"Accept": "application/json"},
        note={"page": number},
    )


def _read_list(site: Site, request: Request, answer: Answer) -> Page:
    document = answer.json()
    text = pick(document, "list")
    if not isinstance(text, str):
        raise CannotReadError("E_STRUCTURE", "The answer has no text `list` that holds the vehicles.")
    number = int(request.note.get("page", 1))
    pages = count_of(pick(document, "filters.pages"))
    cards = [_half_read(site, card) for card in html_of(text).select(_CARD)]
    if not cards and "<" in text:
        raise unknown_page(text, f"The list holds no element {_CARD}.")
    following = [_list_request(site, number + 1)] if cards and number < (pages or 0) else []
    linked = [card for card in cards if card.vehicle_url]
    return Page(
        list_name="all",
        # What has no page of its own is known by its card alone.
        vehicles=tuple(card for card in cards if not card.vehicle_url),
        rows=len(cards),
        total_declared=count_of(pick(document, "filters.matches")),
        page_number=number,
        pages_declared=pages,
        page_size=_PAGE_SIZE,
        next_requests=(*(_detail_request(card) for card in linked), *following),
    )


def _half_read(site: Site, card: Tag) -> ScrapedVehicle:
    link = card.select_one(_LINK)
    vin, year, make, model, *_ = *_inquiry(card), "", "", "", ""
    url = own_url(site, str(link["href"])) if link else ""
    return ScrapedVehicle(vin=vin, year=year, make=make, model=model, vehicle_url=url)


def _inquiry(card: Tag) -> list[str]:
    """VIN, year, make and model as far as an attribute of the card or of an element in it tells them."""
    for name in _VIN_ATTRIBUTES:
        holder = card if card.has_attr(name) else card.select_one(f"[{name}]")
        if holder and (text := str(holder.get(name, "")).strip()):
            return [part.strip() for part in text.split("|")]
    return []


def _detail_request(card: ScrapedVehicle) -> Request:
    return Request(kind=Kind.DETAIL, url=card.vehicle_url, note={"vehicle": list(card)})


def _read_vehicle_page(request: Request, answer: Answer) -> Page:
    tree = html_of(answer.text())
    offered = vehicles_in(read_documents(scripts_of(tree)).documents)
    vin, stock = _labelled(tree.select_one(".vin-container")), _labelled(tree.select_one(".stock-container"))
    if not vin and not offered:
        if was_sent_elsewhere(request, answer):
            return Page(list_name="all", gone=1)
        raise unknown_page(answer.text(), "The page has neither a VIN in .vin-container nor a vehicle in JSON-LD.")
    told = vehicle_of(offered[0]) if offered else ScrapedVehicle()
    half_read = ScrapedVehicle(*map(text_of, request.note.get("vehicle", ())))
    merged = ScrapedVehicle._make(new or old for new, old in zip(told, half_read, strict=True))
    name = text_of(offered[0].node.get("name")) if offered else ""
    vehicle = _named(merged, name)._replace(
        vin=vin or merged.vin, stock=stock or merged.stock, v_type="", vehicle_url=half_read.vehicle_url or answer.url
    )
    return Page(list_name="all", vehicles=(vehicle,), rows=0 if request.note else 1)


def _named(vehicle: ScrapedVehicle, name: str) -> ScrapedVehicle:
    """The vehicle with the year and the trim that its name tells: `2022 Ford F-150 XLT`."""
    match = _NAME.fullmatch(" ".join(name.split()))
    if not match:
        return vehicle
    known = f"{vehicle.make} {vehicle.model} ".lstrip()
    trim = match[2][len(known) :] if f"{match[2]} ".casefold().startswith(known.casefold()) else ""
    return vehicle._replace(year=vehicle.year or match[1], trim=vehicle.trim or trim)


def _labelled(element: Tag | None) -> str:
    """The text of an element behind its label: `VIN: ...`."""
    text = element.get_text(" ", strip=True) if element else ""
    return text.partition(":")[2].strip() if ":" in text else text
