"""DealerOn: pages with tagging data, the list as JSON in cards, and the vehicle pages of the HTML variant.

Settings: `dealer` (the site's number), `scope` (`Name:value` of the query that restricts it), `odd`, `outside`.
"""

import json
import re
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

from scrapers.fake_web.answers import Answer, Request, as_html, as_json, not_found, page, script_json
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.pages import CODED_STATUSES, json_ld, vehicle_page
from scrapers.fake_web.platforms import dealeron_cards
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import Cut, View

PAGE_SIZE = 12
_ADS_EVERY = 5
_PAGES = {"searchall": ("all", 1), "searchnew": ("new", 2), "searchused": ("used", 3)}
_LIST = re.compile(r"/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/(\d+)/(\d+)")
_SEARCH = re.compile(r"/(searchall|searchnew|searchused)\.aspx", re.IGNORECASE)
_VEHICLE = re.compile(r"/(?:new|used|certified)-.*-([A-Z0-9]{17})", re.IGNORECASE)


def path_of(lot: Lot, vehicle: Vehicle) -> str:
    words = (vehicle.year, vehicle.make, vehicle.model, vehicle.trim)
    return "/" + "-".join(
        [_type_of(vehicle), quote_plus(lot.city), *(quote_plus(str(word)) for word in words), vehicle.vin]
    )


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        v_type="Certified Pre-Owned" if vehicle.condition == "certified" else _type_of(vehicle).capitalize(),
        year=str(vehicle.year),
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        ext_color=vehicle.color,
        status=dealeron_cards.status_text(vehicle) or CODED_STATUSES[vehicle.state],
        price=dealeron_cards.shown_price(vehicle),
        msrp=str(vehicle.msrp) if vehicle.is_new and vehicle.msrp else "",
        body=vehicle.body,
        fuel_type=vehicle.fuel,
        date_in_stock=dealeron_cards.date_text(vehicle),
        vehicle_url=lot.site + path_of(lot, vehicle),
        rooftop=vehicle.rooftop,
    )


def answer(view: View, request: Request) -> Answer | None:
    if match := _SEARCH.fullmatch(request.path):
        return _search_page(view, request, *_PAGES[match[1].lower()])
    if match := _LIST.fullmatch(request.path):
        return _list(view, request, *match.groups())
    if match := _VEHICLE.fullmatch(request.path):
        return _vehicle_page(view, match[1])
    return as_html(_home(view.lot)) if request.path in {"/", "/default.aspx"} else None


def _type_of(vehicle: Vehicle) -> str:
    return "new" if vehicle.is_new else "used"


def _page_id(lot: Lot, number: int) -> str:
    return str(1_600_000 + 10 * lot.number + number)


def _vehicles(view: View, request: Request, kind: str) -> list[Vehicle]:
    """What the query lists: unknown parameters are ignored, and only the exact scope restricts."""
    name, _, value = view.lot.setting("scope").partition(":")
    is_scoped = not name or request.parameter(name) == value
    vehicles = view.listed if is_scoped else view.everything
    return [vehicle for vehicle in vehicles if kind in {"all", _type_of(vehicle)}]


def _cut(view: View, request: Request, kind: str) -> Cut:
    """The page that `pt` names; what is no page of the list counts as page 1."""
    vehicles = _vehicles(view, request, kind)
    size = min(max(request.number("pn", PAGE_SIZE), 1), PAGE_SIZE)
    number = request.number("pt", 1)
    start = max(number - 1, 0) * size
    cut = view.cut(vehicles, start, size)
    return cut if number <= cut.pages else view.cut(vehicles, 0, size)


def _list(view: View, request: Request, dealer: str, page_id: str) -> Answer:
    lot = view.lot
    kinds = {_page_id(lot, number): kind for kind, number in _PAGES.values()}
    if dealer != lot.setting("dealer") or page_id not in kinds:
        return as_json({"Message": "The page does not exist."}, status=404)
    if view.has("needs_base_filter") and not request.parameter("baseFilter"):
        return as_json({"Message": "baseFilter is required."}, status=422)
    cut = _cut(view, request, kinds[page_id])
    return as_json(
        {
            "ConditionalBlockHtml": "<div class='conditionalBlocks'></div>",
            "Paging": _paging(cut, request),
            "SrpScrollType": 1,
            "DisplayCards": _cards(lot, cut),
            "TpiScripts": [],
            "TdgSaveHeartVehicles": None,
            "SuggestionRedirectModel": {"HasRedirect": False, "HasSuggestion": False},
        }
    )


def _paging(cut: Cut, request: Request) -> dict[str, Any]:
    return {
        "PaginationDataModel": {
            "PageEnd": min(cut.start + cut.size, cut.total),
            "PageNumber": cut.number,
            "PageSize": cut.size,
            "PageStart": cut.start if cut.rows else 0,
            "TotalPages": cut.pages,
            "TotalCount": cut.total,
        },
        "NumberOfVehiclesToShowModel": {
            size: f"/searchall.aspx?host={quote(request.host)}&pn={size}" for size in ("12", "24", "48", "96")
        },
    }


def _cards(lot: Lot, cut: Cut) -> list[dict[str, Any]]:
    """The page's cards; an advertisement stands between those of every second page."""
    cards: list[dict[str, Any]] = []
    for position, vehicle in enumerate(cut.rows):
        if position == _ADS_EVERY and cut.number % 2:
            cards.append({"IsAdCard": True, "AdCard": {}, "VehicleCard": None})
        card = dealeron_cards.card(lot, vehicle, lot.site + path_of(lot, vehicle))
        cards.append({"IsAdCard": False, "AdCard": None, "VehicleCard": card})
    return cards


def _tagging(lot: Lot, number: int, page_type: str, count: int) -> str:
    document = {
        "dealerId": lot.setting("dealer"),
        "pageId": _page_id(lot, number),
        "pageType": page_type,
        "items": [],
        "itemCount": count,
    }
    script = f'<script id="dealeron_tagging_data" type="application/json">{script_json(document)}</script>\n'
    return script + '<link rel="stylesheet" href="/resources/vhcliaa/pages/main.css">\n'


def _home(lot: Lot) -> str:
    body = f'<div data-website-id="do-{lot.setting("dealer")}"><a href="/searchall.aspx">All vehicles</a></div>'
    return page(escape(lot.name), body, head=_tagging(lot, 9, "home", 0))


def _search_page(view: View, request: Request, kind: str, number: int) -> Answer:
    cut = _cut(view, request, kind)
    head = _tagging(view.lot, number, "itemlist", cut.total)
    links = [
        {"@type": "ListItem", "position": n, "url": view.lot.site + path_of(view.lot, vehicle), "name": vehicle.name}
        for n, vehicle in enumerate(cut.rows, start=1)
    ]
    items = {"@type": "ItemList", "itemListElement": links}
    if view.lot.platform == "dealeron_html":
        head += _srp_model(view.lot, kind, number, items, cut.total)
    else:
        head += json_ld({"@context": "https://schema.org", **items})
    body = f'<div data-website-id="do-{view.lot.setting("dealer")}" class="srp"></div>'
    return as_html(page(escape(view.lot.name), body, head=head))


def _srp_model(lot: Lot, kind: str, number: int, items: dict[str, Any], total: int) -> str:
    model = {
        "DealerId": lot.setting("dealer"),
        "PageId": _page_id(lot, number),
        "BaseFilter": f"type='{kind[0]}'" if kind != "all" else "",
        "PageVehicleType": kind,
        "ItemListJson": json.dumps(items),
        "SearchResultsListModel": {"ResultsCount": total},
    }
    return f'<script id="dlron-srp-model" type="application/json">{script_json(model)}</script>\n'


def _vehicle_page(view: View, vin: str) -> Answer:
    lot, vehicle = view.lot, view.find(lambda v: v.vin, vin)
    if vehicle is None:
        return not_found()
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in _attributes(vehicle).items())
    return vehicle_page(vehicle, lot.site + path_of(lot, vehicle), body=f'<div class="vdp vdp--mod"{attributes}></div>')


def _attributes(vehicle: Vehicle) -> dict[str, str]:
    flags = dealeron_cards.flags(vehicle)
    return {
        "vin": vehicle.vin,
        "stocknum": vehicle.stock,
        "dotagging-item-number": vehicle.stock,
        "vehicletype": _type_of(vehicle),
        "cpo": str(vehicle.condition == "certified"),
        "year": str(vehicle.year),
        "make": vehicle.make,
        "model": vehicle.model,
        "trim": vehicle.trim,
        "extcolor": vehicle.color,
        "intransit": str(flags["VehicleInTransit"]),
        "instock": str(flags["VehicleInStock"]),
        "inproduction": str(flags["VehicleInProduction"]),
        "price": "0" if vehicle.odd else str(vehicle.price),
        "msrp": str(vehicle.msrp if vehicle.is_new else 0),
        "bodystyle": vehicle.body,
        "dotagging-item-fuel-type": vehicle.fuel,
        "dotagging-item-inventory-date": dealeron_cards.date_text(vehicle),
        "odometer": str(vehicle.miles),
        "modelcode": vehicle.code,
    }
