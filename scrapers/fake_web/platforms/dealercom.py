"""Dealer.com: list widgets by GET for each condition and one by POST, with two descriptions of every vehicle.

Settings: `account`, `size` (of a page by GET), `cap` (of a page by POST), `year` (the key of the model year),
`only_post`, `flat_prices` (prices stand at the top too), `used_on` (the domain that lists its used vehicles), `odd`.
"""

import re
from collections.abc import Mapping
from typing import Any

from scrapers.fake_web.answers import Answer, Request, as_html, as_json, not_found, page, script_json
from scrapers.fake_web.lots import Lot, find_lot
from scrapers.fake_web.pages import CODED_STATUSES, dollars, vehicle_page
from scrapers.fake_web.platforms import dealercom_rows
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import CHANGED_STATE, CHANGED_WORD, Cut, View
from scrapers.fake_web.world import is_elsewhere

_WIDGET = re.compile(
    r"/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_(NEW|USED|ALL|CERTIFIED_USED):inventory-data-bus1/getInventory"
)
_POST_PATH = "/api/widget/ws-inv-data/getInventory"
_PAGES = re.compile(r"/(?:(?:new|used|all|certified)-inventory/index\.htm)?")
_VEHICLE = re.compile(r"/(?:new|used|certified)/[^/]+/[^/]*-([0-9a-f]{32})\.htm")
_ALIASES = {"NEW": ("new", "demo"), "USED": ("used", "certified"), "CERTIFIED_USED": ("certified",)}
_LARGEST_PAGE = 100
_MARKETING_STATUSES = {**CODED_STATUSES, "in_production": "Being Built", "allocated": "In Transit"}
# The page turns a code into words.
_SHOWN_PHRASES = {**dealercom_rows.PHRASES, "call_code": "Please Call"}
_TYPE_WORDS = {"new": "New", "demo": "New", "used": "Used", "certified": "Certified Pre-Owned"}


def path_of(lot: Lot, vehicle: Vehicle) -> str:
    return dealercom_rows.link(vehicle)


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    site = find_lot(lot.setting("used_on")).site if is_elsewhere(lot, vehicle) else lot.site
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        v_type=_TYPE_WORDS[vehicle.condition],
        year=str(vehicle.year),
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        ext_color=vehicle.color,
        status=CHANGED_WORD if vehicle.state == CHANGED_STATE else _MARKETING_STATUSES[vehicle.state],
        price=_SHOWN_PHRASES.get(vehicle.odd, dollars(vehicle.price)),
        msrp=dollars(vehicle.msrp) if vehicle.msrp else "",
        body=vehicle.body,
        fuel_type=vehicle.fuel,
        date_in_stock=dealercom_rows.date_text(vehicle),
        vehicle_url=site + path_of(lot, vehicle),
        rooftop=vehicle.rooftop,
    )


def answer(view: View, request: Request) -> Answer | None:
    lot = view.lot
    if (match := _WIDGET.fullmatch(request.path)) and not lot.setting("only_post"):
        return _widget(view, request, match[1])
    if request.path == _POST_PATH and request.method == "POST":
        return _posted(view, request)
    if _PAGES.fullmatch(request.path):
        return as_html(_search_page(view))
    if match := _VEHICLE.fullmatch(request.path):
        vehicle = view.find(lambda v: v.token, match[1])
        return vehicle_page(vehicle, lot.site + path_of(lot, vehicle)) if vehicle else not_found()
    return None


def _vehicles(view: View, alias: str, account: str) -> list[Vehicle]:
    """The vehicles of a list; an account restricts it to one store unless the restriction is lost."""
    wanted = _ALIASES.get(alias, tuple(_TYPE_WORDS))
    account = "" if view.has("rooftop_lost") else account
    return [
        vehicle
        for vehicle in view.listed
        if vehicle.condition in wanted and (not account or dealercom_rows.account_of(view.lot, vehicle) == account)
    ]


def _widget(view: View, request: Request, alias: str) -> Answer:
    lot = view.lot
    vehicles = _vehicles(view, alias, request.parameter("accountId"))
    cut = view.cut(vehicles, request.number("start", 0), int(lot.setting("size")))
    tracking = [
        dealercom_rows.tracking(lot, vehicle, cut.start + position)
        for position, vehicle in enumerate(cut.rows, start=1)
    ]
    rows = [dealercom_rows.listing(lot, vehicle) for vehicle in cut.rows]
    return as_json(_document(view, cut, {"trackingData": tracking}, rows), byte_order_mark=True)


def _posted(view: View, request: Request) -> Answer:
    """The list by POST. Where that is the only one it describes vehicles in `inventory` alone, otherwise as by GET."""
    lot, wanted = view.lot, request.document()
    if not isinstance(wanted, Mapping) or wanted.get("siteId") != lot.setting("account"):
        return as_json({"message": "Unknown site"}, status=400)
    alias = str(wanted.get("pageAlias", "")).removeprefix("INVENTORY_LISTING_DEFAULT_AUTO_")
    parameters, preferences = wanted.get("inventoryParameters") or {}, wanted.get("preferences") or {}
    size = min(max(_whole(preferences.get("pageSize"), 18), 1), int(lot.setting("cap", str(_LARGEST_PAGE))))
    start = _whole((parameters.get("start") or ["0"])[0], 0)
    account = str((parameters.get("accountId") or [""])[0])
    cut = view.cut(_vehicles(view, alias, account), start, size)
    if lot.setting("only_post"):
        return as_json(_document(view, cut, {}, [dealercom_rows.full_listing(lot, vehicle) for vehicle in cut.rows]))
    tracking = [
        dealercom_rows.tracking(lot, vehicle, cut.start + position)
        for position, vehicle in enumerate(cut.rows, start=1)
    ]
    rows = [dealercom_rows.listing(lot, vehicle) for vehicle in cut.rows]
    return as_json(_document(view, cut, {"trackingData": tracking}, rows))


def _whole(text: Any, default: int) -> int:
    return int(text) if str(text).isascii() and str(text).isdigit() else default


def _document(view: View, cut: Cut, more: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    lot = view.lot
    labels = {dealercom_rows.account_of(lot, vehicle): vehicle.rooftop for vehicle in cut.rows}
    return {
        "pageInfo": {
            "totalCount": cut.total,
            "pageSize": cut.size,
            "pageStart": cut.start,
            "enableMyCars": True,
            **more,
        },
        "inventory": rows,
        "incentives": {},
        "accounts": {
            account: {
                "name": label,
                "address": {
                    "accountName": label,
                    "city": lot.city,
                    "country": "US",
                    "firstLineAddress": lot.street,
                    "postalCode": lot.postal_code,
                    "state": lot.region,
                },
                "phone": "555-0100",
            }
            for account, label in labels.items()
        },
    }


def _search_page(view: View) -> str:
    """The page on which a browser finds the ids of the list, with the state that it starts from."""
    lot = view.lot
    properties = {
        "siteId": lot.setting("account"),
        "pageAlias": "INVENTORY_LISTING_DEFAULT_AUTO_ALL",
        "pageId": "v9_INVENTORY_SEARCH_RESULTS_AUTO_ALL_V1_1",
        "windowId": "inventory-data-bus1",
        "widgetName": "ws-inv-data",
    }
    head = (
        "<script>\nvar DDC = {WidgetData: {}, WS: {state: {}}};\n"
        f'DDC.WidgetData["inventory-data-bus1"] = {script_json({"props": properties})};\n'
        "DDC.WS.state['ws-inv-data']={};\n"
        "DDC.WS.state['ws-inv-data']['inventory-data-bus1']="
        f"{script_json({'WIS': {'inventory': [], 'siteId': lot.setting('account')}})};\n</script>\n"
    )
    body = '<div data-widget-id="inventory-data-bus1" data-api="/apis/widget/"></div>'
    return page(f"{lot.name} inventory", body, head=head)
