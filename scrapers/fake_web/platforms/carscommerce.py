"""Dealer Inspire as it is now: a search page that names the Cars Commerce search service, and that service.

Settings: `ccid`, the words for types and states, `lightning_on_lot`, `status` (absent: the site tells none), `odd`.
"""

import re
from typing import Any

from scrapers.fake_web.answers import Answer, Request, as_html, as_json, not_found, page, script_json
from scrapers.fake_web.lots import Lot, load_lots
from scrapers.fake_web.pages import slug, status_word, structured_data, type_word, vehicle_page
from scrapers.fake_web.platforms import algolia_legacy
from scrapers.fake_web.platforms.algolia_legacy import path_of
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import View

API_HOST = "websites-search.api.carscommerce.inc"
_API = f"https://{API_HOST}"
_LISTINGS = re.compile(r"/api/v1/listings/(\w+)(/search)?")
_VEHICLE = re.compile(r"/inventory/[\w-]*?-([a-z0-9]{17})/?", re.IGNORECASE)
_SEARCH_PAGES = {"/", "/new-vehicles/", "/used-vehicles/", "/new-vehicles", "/used-vehicles"}
_DEFAULT_PAGE, _LARGEST_PAGE = 20, 200
_STATUSES = ("publish", "publish", "publish", "modified", "publish", "pend-sale")
_REQUESTED = [
    "vin", "stock", "type", "year", "make", "model", "trim", "model_number", "mileage", "date_in_stock", "vdp_url",
    "status", "is_certified", "styles", "mechanical", "pricing", "dealer", "extra_fields",
]  # fmt: skip
# What stands in the prices of a vehicle without one: a mask that means nothing.
_MASKS = (85, 122)


def lot_of(request: Request) -> Lot | None:
    match = _LISTINGS.fullmatch(request.path)
    return next((lot for lot in load_lots() if match and lot.setting("ccid") == match[1]), None)


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    price = "" if vehicle.odd else str(vehicle.price)
    return algolia_legacy.read(lot, vehicle)._replace(status=_status_label(lot, vehicle) or "", price=price)


def api_key(view: View) -> str:
    """The public key of the site; it changes when the fault `rotate_key` is set."""
    rotation = view.faults.get("rotate_key", {}).get("to", "2") if view.has("rotate_key") else "1"
    return f"public-{view.lot.setting('ccid')}-{rotation}"


def answer(view: View, request: Request) -> Answer | None:
    if request.host == API_HOST:
        return _search(view, request) if request.path.endswith("/search") else not_found()
    if request.path in _SEARCH_PAGES:
        return as_html(_search_page(view))
    if match := _VEHICLE.fullmatch(request.path):
        vehicle = view.find(lambda v: v.vin, match[1])
        return _vehicle_page(view.lot, vehicle) if vehicle else not_found()
    return None


def _search_page(view: View) -> str:
    if view.has("legacy"):
        return algolia_legacy.search_page(view.lot)
    ccid = view.lot.setting("ccid")
    service = {
        "apiUrl": _API,
        "ccid": ccid,
        "apiKey": api_key(view),
        "search": f"{_API}/api/v1/listings/{ccid}",
        "visibleStatusValues": ["publish", "modified", "pend-sale"],
    }
    field_map = {
        "indexed": {
            "type": "type_slug",
            "model": "model_slug",
            "trim": "trim_slug",
            "body": "body_type",
            "ext_color_generic": "exterior_color_generic",
        },
        "requestedFields": _REQUESTED,
    }
    head = (
        f"<script>\nvar SEARCH_SERVICE = {script_json(service)};\n"
        f"var SEARCH_SERVICE_FIELD_MAP = {script_json(field_map)};\n</script>\n"
    )
    return page(f"{view.lot.name} inventory", '<div id="search-results"></div>', head=head)


def _vehicle_page(lot: Lot, vehicle: Vehicle) -> Answer:
    url = lot.site + path_of(lot, vehicle)
    car = structured_data(vehicle, url)
    offer = {**car["offers"], "@id": "#offer"}
    product = {**car, "@type": ["Product", "Car"], "offers": {"@id": "#offer"}}
    return vehicle_page(vehicle, url, ld={"@context": "https://schema.org", "@graph": [product, offer]})


def _search(view: View, request: Request) -> Answer:
    if view.has("legacy"):
        return as_json({"message": "Not found"}, status=404)
    if request.headers.get("x-api-key") != api_key(view):
        return as_json({"message": "Unauthorized"}, status=401)
    wanted = request.document()
    if request.method != "POST" or not isinstance(wanted, dict):
        return as_json({"message": "Bad request"}, status=400)
    size = min(_whole(wanted.get("perPage"), _DEFAULT_PAGE), _LARGEST_PAGE)
    cut = view.cut(_matching(view, wanted), (_whole(wanted.get("page"), 1) - 1) * size, size)
    fields = set(wanted.get("requestedFields") or ())
    listings = [_asked(listing(view.lot, vehicle), fields) for vehicle in cut.rows]
    if view.has("bare_list"):
        return as_json({"data": listings, "meta": {}})
    data = {"ccid": view.lot.setting("ccid"), "listings": listings, "total_vehicle_count": cut.total}
    return as_json({"data": data, "meta": {}})


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default


def _asked(full: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in full.items() if name in fields} if fields else full


def _matching(view: View, wanted: dict[str, Any]) -> list[Vehicle]:
    filters = wanted.get("filters") or {}
    types, statuses = filters.get("type_slug"), filters.get("status")
    return [
        vehicle
        for vehicle in view.listed
        if (not types or type_word(view.lot, vehicle) in types) and (not statuses or _status(vehicle) in statuses)
    ]


def _status(vehicle: Vehicle) -> str:
    """The publication state, which says nothing about the lot."""
    return _STATUSES[vehicle.number % len(_STATUSES)]


def _status_label(lot: Lot, vehicle: Vehicle) -> str | None:
    if not lot.setting("status"):
        return None
    return lot.setting(f"lightning_{vehicle.state}") or status_word(lot, vehicle)


def listing(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    """One vehicle of the service's answer."""
    return {
        **_facts(lot, vehicle),
        **_build(vehicle),
        "pricing": _pricing(vehicle),
        "media": {"images": [f"https://vehicle-images.example.test/{vehicle.token}/1.jpg"]},
        "dealer": {
            "id": 900 + lot.number,
            "ccid": lot.setting("ccid"),
            "name": lot.name,
            "website": lot.site,
            "location": vehicle.rooftop,
            "zipcode": lot.postal_code,
            "city": lot.city,
            "state": lot.region,
        },
        "extra_fields": _extra_fields(lot, vehicle),
        "features": [],
    }


def _facts(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    return {
        "vin": vehicle.vin,
        "stock": vehicle.stock,
        "type": type_word(lot, vehicle),
        "year": vehicle.year,
        "make": vehicle.make,
        "model": vehicle.model,
        "trim": vehicle.trim,
        "model_number": vehicle.code,
        "mileage": vehicle.miles,
        "date_in_stock": f"{vehicle.since:%m/%d/%Y}" if vehicle.since else None,
        "vdp_url": lot.site + path_of(lot, vehicle),
        "status": _status(vehicle),
        "is_certified": vehicle.condition == "certified",
        "source_id": "12345",
    }


def _build(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "styles": {
            "style_name": f"{vehicle.trim} {vehicle.body}".strip(),
            "body_type": vehicle.body,
            "exterior_color": vehicle.color,
            "exterior_color_generic": vehicle.color.split()[0],
            "interior_color": "Black",
        },
        "mechanical": {
            "engine": "2.0L I-4",
            "drivetrain": "AWD",
            "fuel_type": vehicle.fuel,
            "transmission": "Automatic",
            "engine_cylinders": 4,
            "city_mpg": 27,
        },
    }


def _extra_fields(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    label = _status_label(lot, vehicle)
    return {
        "lightning": {
            "status": slug(label) if label else None,
            "statusLabel": label,
            "statusETA": None,
            "locations": {"Location": vehicle.rooftop},
        },
        "custom_location": None,
    }


def _pricing(vehicle: Vehicle) -> dict[str, Any]:
    """The prices; `low_price` is always a mask, and a hidden price is one everywhere."""
    mask = _MASKS[vehicle.number % len(_MASKS)]
    price = {"": vehicle.price, "blank": None}.get(vehicle.odd, mask)
    return {
        "msrp": vehicle.msrp or None,
        "our_price": price,
        "price": price,
        "internet_price": None,
        "sale_price": None,
        "low_price": mask,
    }
