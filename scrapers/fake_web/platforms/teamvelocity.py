"""Team Velocity: two feeds, the vehicle service with the lot status, and the sitemap with vehicle pages.

Settings: `account`, `no_badges` (share of vehicles whose page tells no status), `off_lot`, `odd`.
"""

import re
from html import escape
from typing import Any

from scrapers.fake_web.answers import Answer, Request, as_html, as_json, page, script_json
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.pages import CODED_STATUSES, json_ld, sitemap, sitemap_index, slug, vehicle_page
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import CHANGED_STATE, Cut, View

_PAGE_SIZE = 50
_FEED = re.compile(r"/inventory-(new|used)\.json")
_VEHICLE = re.compile(r"/viewdetails/(?:new|used|cpo)/([a-z0-9]{17})(?:/[\w-]*)?/?", re.IGNORECASE)
_SEGMENTS = {"new": "new", "demo": "new", "used": "used", "certified": "cpo"}
_TYPE_WORDS = {"new": "New", "demo": "New", "used": "Used", "certified": "Certified Pre-Owned"}


def path_of(lot: Lot, vehicle: Vehicle) -> str:
    words = slug(vehicle.year, vehicle.make, vehicle.model)
    return f"/viewdetails/{_SEGMENTS[vehicle.condition]}/{vehicle.vin.lower()}/{words}"


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        v_type=_TYPE_WORDS[vehicle.condition],
        year=str(vehicle.year),
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        ext_color=vehicle.color,
        status=CODED_STATUSES[vehicle.state] if vehicle.badges else "",
        price="" if vehicle.odd else str(vehicle.price),
        msrp=str(vehicle.msrp or ""),
        body=vehicle.body,
        fuel_type=vehicle.fuel,
        date_in_stock=_date_text(vehicle),
        vehicle_url=lot.site + path_of(lot, vehicle),
        rooftop=vehicle.rooftop,
    )


def answer(view: View, request: Request) -> Answer | None:
    path = request.path
    if match := _FEED.fullmatch(path):
        return _feed(view, request, match[1])
    if match := _VEHICLE.fullmatch(path):
        vehicle = view.find(lambda v: v.vin, match[1])
        return _vehicle_page(view.lot, vehicle) if vehicle else as_html(_sold())
    if path in {"/", "/inventory/new", "/inventory/used"}:
        return as_html(_search_page(view))
    return _service(view, request) or _sitemap(view, path)


def _service(view: View, request: Request) -> Answer | None:
    documents = {"vehicle": _vehicle_document, "getPaymentSettingDetails": _payment_document}
    document = documents.get(request.path.removeprefix("/api/Inventory/"))
    if document is None:
        return None
    vehicle = view.find(lambda v: v.vin, request.parameter("vin"))
    if vehicle is None or request.parameter("accountId") != view.lot.setting("account"):
        return as_json({"message": "Vehicle not found"}, status=404)
    return as_json(document(vehicle))


def _sitemap(view: View, path: str) -> Answer | None:
    site = view.lot.site
    match path:
        case "/sitemap.xml":
            names = ("sitemaps/inventoryvdpsitemap.xml", "sitemaps/pagesitemap.xml", "inventorysitemap.xml")
            return sitemap_index([f"{site}/{name}" for name in names])
        case "/sitemaps/inventoryvdpsitemap.xml":
            return sitemap([site + path_of(view.lot, vehicle) for vehicle in view.listed])
        case "/sitemaps/pagesitemap.xml":
            return sitemap([f"{site}/inventory/new", f"{site}/about-us"])
        case "/inventorysitemap.xml":
            return sitemap([f"{site}/inventory-new.json", f"{site}/inventory-used.json"])
    return None


def _date_text(vehicle: Vehicle) -> str:
    return vehicle.since.isoformat() if vehicle.since else ""


def _feed(view: View, request: Request, kind: str) -> Answer:
    number = request.number("page", 1)
    vehicles = [vehicle for vehicle in view.listed if vehicle.is_new == (kind == "new")]
    cut = view.cut(vehicles, (max(number, 1) - 1) * _PAGE_SIZE, _PAGE_SIZE)
    return as_json(
        {
            "totalVehicles": cut.total,
            "totalPages": cut.pages,
            "nextPage": f"/inventory-{kind}.json?page={cut.number + 1}" if cut.number < cut.pages else None,
            "pageSize": _PAGE_SIZE,
            "vehicles": [_row(view.lot, vehicle) for vehicle in cut.rows],
        }
    )


def _row(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    return {
        "vin": vehicle.vin,
        "year": vehicle.year,
        "make": vehicle.make,
        "model": vehicle.model,
        "trim": vehicle.trim,
        "bodyStyle": vehicle.body,
        "driveTrain": "AWD",
        "transmission": "Automatic",
        "fuelType": vehicle.fuel,
        "exteriorColor": vehicle.color,
        "interiorColor": "Black",
        "engine": "3.5L V6",
        "engineCylinders": 6,
        "miles": vehicle.miles,
        "sellingPrice": 0 if vehicle.odd else vehicle.price,
        "msrp": vehicle.msrp,
        "cityMpg": 18,
        "highwayMpg": 23,
        "certified": vehicle.condition == "certified",
        "inventoryType": "New" if vehicle.is_new else "Used",
        "stockNumber": vehicle.stock,
        "dealerName": vehicle.rooftop,
        "dealerZip": lot.postal_code,
        "dealerCity": lot.city,
        "dealerState": lot.region,
        "dealerDomain": lot.host,
        "imageUrls": None,
        "vdpUrl": lot.site + path_of(lot, vehicle),
    }


def _vehicle_document(vehicle: Vehicle) -> dict[str, Any]:
    told = vehicle.badges and vehicle.state != CHANGED_STATE
    return {
        "inTransit": vehicle.state == "in_transit" if told else None,
        "inProduction": vehicle.state == "in_production" if told else None,
        "reserved": False if told else None,
        "eta": None,
        "dateInStock": _date_text(vehicle) or None,
        "clientName": vehicle.rooftop,
    }


def _payment_document(vehicle: Vehicle) -> dict[str, Any]:
    return {"yourPrice": 0 if vehicle.odd else vehicle.price, "cashMSRP": vehicle.msrp}


def _vehicle_page(lot: Lot, vehicle: Vehicle) -> Answer:
    """The vehicle's page: structured data without a price, and the badges in a script."""
    car = {
        "@context": "https://schema.org",
        "@type": "Car",
        "name": f"{vehicle.name} {vehicle.trim}",
        "vehicleIdentificationNumber": vehicle.vin,
        "vehicleModelDate": str(vehicle.year),
        "brand": vehicle.make,
        "model": vehicle.model,
        "color": vehicle.color,
        "bodyType": vehicle.body,
        "offers": {
            "@type": "Offer",
            "availability": "InStock",
            "priceCurrency": "USD",
            "fuelType": vehicle.fuel,
        },
    }
    head = (
        f"<script>var accountId = '{lot.setting('account')}'; var inventoryVdpName = '{vehicle.name}'; "
        f"trim = '{vehicle.trim}'; vehicleBadgesInfo = '{escape(_badges(vehicle))}';</script>\n"
    )
    stock = f'<span class="stock">Stock #: {escape(vehicle.stock)}</span>' if vehicle.stock else ""
    return vehicle_page(vehicle, lot.site + path_of(lot, vehicle), head=head, body=stock, ld=car)


def _badges(vehicle: Vehicle) -> str:
    if not vehicle.badges or vehicle.state == CHANGED_STATE:
        return "{}"
    return script_json(
        {
            "InStock": {"InStockStatus": vehicle.state in {"on_lot", "courtesy"}},
            "InTransit": {"InTransitStatus": vehicle.state == "in_transit"},
            "InProduction": {"InProductionStatus": vehicle.state == "in_production"},
            "IsReserved": {"IsReservedStatus": False},
        }
    )


def _sold() -> str:
    return page("Vehicle sold", "<h1>So sorry, this vehicle was just sold</h1>")


def _search_page(view: View) -> str:
    lot: Lot = view.lot
    cut: Cut = view.cut(view.listed, 0, _PAGE_SIZE)
    links = "\n".join(f'<a href="{path_of(lot, vehicle)}">{escape(vehicle.name)}</a>' for vehicle in cut.rows)
    head = f"<script>var accountId = '{lot.setting('account')}';</script>\n"
    return page(escape(lot.name), links, head=head + json_ld({"@type": "AutoDealer", "name": lot.name}))
