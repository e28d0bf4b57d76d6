"""Toyota SmartPath: a service beside the dealer's website, asked for one store and one type at a time.

Parameters: `dealer` (the store's code), `zip`, `region`, `lead_id` (any UUID). The service lies on `smartpath.` and
the website's domain. Rooftop: `dealerCd`, the store's code. The service has been seen to answer only browsers that
carry its cookies; where it refuses, the dealership's inventory comes as a file.
"""

import uuid
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from scrapers.domain.readings import count_of
from scrapers.domain.shapes import Answer, CannotReadError, Detection, Kind, Page, Request, ScrapedVehicle, Site
from scrapers.domain.site_addresses import bare_host
from scrapers.domain.texts import first_amount, first_text, pick, text_of

PLATFORM = "smartpath"
API_DOMAINS: tuple[str, ...] = ()

_TYPES = {"new": "New", "used": "Used"}
_PAGE_SIZE = 15
_MARKERS = ("smartpath.", "/consumerapi/retail/inventory", "dealer[]=")


def detect(html: str) -> Detection | None:
    """A page that calls the service names its path or its host."""
    shown = sum(marker in html for marker in _MARKERS)
    return Detection(platform=PLATFORM, confidence=30 * shown) if shown > 1 else None


def first(site: Site) -> tuple[Request, ...]:
    """The first page of the new and of the used vehicles."""
    return tuple(_list_request(site, kind, 1) for kind in _TYPES)


def refresh(site: Site) -> tuple[Request, ...]:
    """Nothing that was learned could be wrong."""
    return ()


def kind_of(text: str) -> Kind:
    return Kind.LIST


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """The vehicles of one page. Raises `CannotReadError` without `vehicleSummary`."""
    document = answer.json()
    rows = pick(document, "vehicleSummary")
    if not isinstance(rows, list):
        raise CannotReadError("E_STRUCTURE", "The answer has no list vehicleSummary.")
    asked = parse_qs(urlsplit(request.url).query)
    kind, number = asked.get("type", [""])[0], count_of(pick(document, "pagination.pageNo")) or 1
    pages = count_of(pick(document, "pagination.totalPages"))
    is_last = not rows or pages is None or number >= pages
    return Page(
        list_name=kind,
        vehicles=tuple(_vehicle(row, kind, asked.get("dealer[]", [""])[0]) for row in rows if isinstance(row, dict)),
        rows=len(rows),
        total_declared=count_of(pick(document, "pagination.totalRecords")),
        page_number=number,
        pages_declared=pages,
        page_size=count_of(pick(document, "pagination.pageSize")),
        next_requests=() if is_last else (_list_request(site, kind, number + 1),),
    )


def _list_request(site: Site, kind: str, number: int) -> Request:
    query = {
        "dealer[]": site.setting("dealer"),
        "zipCode": site.setting("zip"),
        "region": site.setting("region"),
        **site.scope,
        "pageNo": number,
        "pageSize": site.page_size or _PAGE_SIZE,
        "leadid": site.setting("lead_id") or uuid.uuid5(uuid.NAMESPACE_URL, site.base_url),
        "includeInvPooling": "false",
        "brand": "T",
        "type": kind,
    }
    url = f"https://smartpath.{bare_host(site.base_url)}/consumerapi/retail/inventory?{urlencode(query)}"
    headers = {"Accept": "application/json", "Referer": f"{site.base_url}/"}
    return Request(kind=Kind.LIST, url=url, headers=headers)


def _vehicle(row: dict[str, Any], kind: str, dealer: str) -> ScrapedVehicle:
    return ScrapedVehicle(
        vin=text_of(row.get("vin")),
        stock=first_text(row, ["stockNum", "stockNumber"]),
        v_type=_TYPES.get(kind, ""),
        year=text_of(row.get("year")),
        make=text_of(row.get("brand")),
        model=first_text(row, ["model.marketingName", "model.modelDescription"]),
        ext_color=text_of(pick(row, "extColor.marketingName")),
        status=_status(row),
        price=first_amount([text_of(pick(row, f"price.{name}")) for name in ("sellingPrice", "advertizedPrice")]),
        msrp=text_of(pick(row, "price.totalMsrp")),
        body=text_of(row.get("bodyStyle")),
        fuel_type=text_of(pick(row, "engine.fuelType")),
        date_in_stock=text_of(row.get("acquiredDate")),
        # Vehicles in build carry no code yet; the service was asked for this store's vehicles alone.
        rooftop=text_of(row.get("dealerCd")) or dealer,
        model_code=text_of(pick(row, "model.modelCd")),
    )


def _status(row: dict[str, Any]) -> str:
    if row.get("isPreSold") is True:
        return "Pre-Sold"
    if first_text(row, ["eta.currFromDate", "eta.currToDate"]):
        return "In Transit"
    return "Being Built" if row.get("isTempVin") is True else text_of(row.get("holdStatus"))
