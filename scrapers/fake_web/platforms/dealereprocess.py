"""Dealer eProcess: search pages with cards, and vehicle pages whose script names everything.

Settings: `slug` (of the search address). The label is the store's number, which the parameter `lc` asks for.
"""

import re
from html import escape

from scrapers.fake_web.answers import Answer, Request, as_html, not_found, page
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.pages import CODED_STATUSES, dollars, json_ld, slug, structured_data, vehicle_page
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import View

_DEFAULT_PAGE, _LARGEST_PAGE = 12, 48
_SEARCH = re.compile(r"/(?:search/(?P<slug>[\w-]+)|(?P<kind>new|used)-inventory)/?")
_VEHICLE = re.compile(r"/auto/[\w-]+/(\d+)/?")
_CONDITIONS = {"new": ("new", "demo"), "used": ("used", "certified"), "pre_owned": ("used", "certified")}
_AVAILABILITY = {"on_lot": "in_stock", "courtesy": "in_stock", "in_production": "allocated"}
_TYPE_WORDS = {"new": "New", "demo": "New", "used": "Used", "certified": "Certified"}


def path_of(lot: Lot, vehicle: Vehicle) -> str:
    kind = {"used": "used", "certified": "certified"}.get(vehicle.condition, "new")
    words = slug(kind, vehicle.year, vehicle.make, vehicle.model, vehicle.trim)
    return f"/auto/{words}/{vehicle.number_on_site}/"


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    """What the lists tell: status for new vehicles by the list that holds them, the structured data's word for
    certified ones; body and date are on their pages."""
    words = {**CODED_STATUSES, "in_production": "Allocated"}
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        v_type="Refurbished" if vehicle.condition == "certified" else _TYPE_WORDS[vehicle.condition],
        year=str(vehicle.year),
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        ext_color=vehicle.color,
        status=words[vehicle.state] if vehicle.is_new else "",
        price="" if vehicle.odd else str(vehicle.price),
        msrp=dollars(vehicle.msrp) if vehicle.msrp else "",
        fuel_type=vehicle.fuel,
        vehicle_url=lot.site + path_of(lot, vehicle),
        rooftop=vehicle.rooftop,
    )


def answer(view: View, request: Request) -> Answer | None:
    lot = view.lot
    if (match := _SEARCH.fullmatch(request.path)) and match["slug"] in {None, lot.setting("slug")}:
        return _search_page(view, request, match["kind"] or request.parameter("tp"))
    if match := _VEHICLE.fullmatch(request.path):
        vehicle = view.find(lambda v: v.number_on_site, match[1])
        return _vehicle_page(lot, vehicle) if vehicle else not_found()
    if request.path == "/":
        link = f'<a href="/search/{lot.setting("slug")}/?tp=new">New</a><div class="carbon"></div>'
        return as_html(page(escape(lot.name), link))
    return None


def _availability(vehicle: Vehicle) -> str:
    return _AVAILABILITY.get(vehicle.state, vehicle.state)


def _vehicles(view: View, request: Request, kind: str) -> list[Vehicle]:
    store, availability = request.parameter("lc"), request.parameter("av")
    store = "" if view.has("rooftop_lost") else store
    return [
        vehicle
        for vehicle in view.listed
        if vehicle.condition in _CONDITIONS.get(kind, tuple(_TYPE_WORDS))
        and (not store or vehicle.rooftop == store)
        and (not availability or _availability(vehicle) == availability)
    ]


def _search_page(view: View, request: Request, kind: str) -> Answer:
    size = min(max(request.number("ct", _DEFAULT_PAGE), 1), _LARGEST_PAGE)
    vehicles = _vehicles(view, request, kind)
    cut = view.cut(vehicles, (max(request.number("p", 1), 1) - 1) * size, size)
    cards = "\n".join(_card(view.lot, vehicle) for vehicle in cut.rows)
    body = (
        f'<div class="srp_results carbon" data-vehicle_count="{cut.total}">'
        f'<span class="pagination_settings__page_count">{cut.pages}</span>\n{cards}\n</div>'
    )
    return as_html(page(f"{escape(view.lot.name)} inventory", body))


def _card(lot: Lot, vehicle: Vehicle) -> str:
    path = path_of(lot, vehicle)
    car = structured_data(vehicle, path) | {"@type": "Vehicle", "vehicleInteriorColor": "Black"}
    car["offers"]["sku"] = vehicle.stock
    del car["sku"], car["bodyType"]
    name = escape(f"{vehicle.name} {vehicle.trim}")
    prices = [("MSRP", vehicle.msrp), ("Our Price", 0 if vehicle.odd else vehicle.price)]
    shown = "".join(f"<dt>{label}</dt><dd>{dollars(amount)}</dd>" for label, amount in prices if amount)
    transit = '<span class="intransit">In Transit</span>' if vehicle.state == "in_transit" else ""
    return (
        f'<div class="vehicle_item">{json_ld(car)}'
        f'<h2 class="vehicle_title"><a class="vehicle_item__vehicle_link" href="{path}">{name}</a></h2>{transit}\n'
        f'<div class="veh_pricing_container"><dl>{shown}</dl></div></div>'
    )


def _vehicle_page(lot: Lot, vehicle: Vehicle) -> Answer:
    fields = {
        "vin": vehicle.vin,
        "stock": vehicle.stock,
        "year": str(vehicle.year),
        "make": vehicle.make,
        "model": vehicle.model,
        "trim": vehicle.trim,
        "color_ext": vehicle.color,
        "location_id": vehicle.rooftop,
        "type": _TYPE_WORDS[vehicle.condition],
        "body_style": vehicle.body,
        "engine_fuel": vehicle.fuel,
        "date_instock": vehicle.since.isoformat() if vehicle.since else "",
        "price": "" if vehicle.odd else str(vehicle.price),
    }
    values = ", ".join(f'vehicle_{name}: ["{value}"]' for name, value in fields.items())
    body = f'<script id="shift_digital_session_id">var sd = {{page: {{{values}}}}};</script>'
    return vehicle_page(vehicle, lot.site + path_of(lot, vehicle), body=body)
