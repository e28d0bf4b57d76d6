"""Dealer.com's two descriptions of a vehicle: the flat one for tracking, and the one that the page shows."""

from typing import Any

from scrapers.fake_web.lots import Lot, load_lots
from scrapers.fake_web.pages import dollars
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import CHANGED_STATE, CHANGED_WORD

PHRASES = {"call": "Please Call", "call_code": "PLEASE_CALL", "blank": ""}
_STATUSES = {
    "on_lot": "live",
    "courtesy": "live",
    "in_transit": "in_transit",
    "allocated": "in_transit",
    "in_production": "in_transit_at_factory",
    CHANGED_STATE: CHANGED_WORD,
}
_CONDITIONS = {"new": "New", "demo": "New", "used": "Used", "certified": "Certified Pre-Owned"}
_BOOK_VALUE = 1.1


def link(vehicle: Vehicle) -> str:
    kind = {"used": "used", "certified": "certified"}.get(vehicle.condition, "new")
    make, model = vehicle.make.replace(" ", "+"), vehicle.model.replace(" ", "+")
    return f"/{kind}/{make}/{vehicle.year}-{make}-{model}-{vehicle.token}.htm"


def date_text(vehicle: Vehicle) -> str:
    return f"{vehicle.since:%m/%d/%Y}" if vehicle.since else ""


def account_of(lot: Lot, vehicle: Vehicle) -> str:
    """The account of the store that has the vehicle."""
    known = {other.label: other.setting("account") for other in load_lots() if other.platform == "dealercom"}
    return known.get(vehicle.rooftop) or "".join(filter(str.isalnum, vehicle.rooftop.lower()))


def tracking(lot: Lot, vehicle: Vehicle, position: int) -> dict[str, Any]:
    """One row of `trackingData`."""
    return {
        "address": {
            "accountName": vehicle.rooftop,
            "city": lot.city,
            # As the platform does it: the postal code stands for the country.
            "country": lot.postal_code,
            "postalCode": lot.postal_code,
            "state": lot.region,
        },
        "certified": vehicle.condition == "certified",
        "indexPosition": position,
        lot.setting("year", "modelYear"): vehicle.year,
        "odometer": vehicle.miles,
        "images": [{"id": 0, "uri": f"https://pictures.dealer.com/t/{vehicle.token}x.jpg"}],
        "optionCodes": [""],
        "pricing": _pricing(vehicle),
        **_flat_prices(lot, vehicle),
        **_build(vehicle),
        "accountId": account_of(lot, vehicle),
        "inventoryDate": date_text(vehicle),
        "inventoryType": "new" if vehicle.is_new else vehicle.condition,
        "link": link(vehicle),
        "make": vehicle.make,
        "model": vehicle.model,
        "modelCode": vehicle.code,
        "newOrUsed": "new" if vehicle.is_new else "used",
        "status": _STATUSES[vehicle.state],
        "stockNumber": vehicle.stock,
        "transmission": "8-Speed Automatic",
        "trim": vehicle.trim,
        "uuid": vehicle.token,
        "vin": vehicle.vin,
        "estimatedDeliveryDate": "",
    }


def _build(vehicle: Vehicle) -> dict[str, str]:
    return {
        "bodyStyle": vehicle.body,
        "chromeId": str(400_000 + vehicle.number),
        "classification": "primary",
        "doors": "4 door",
        "driveLine": "AWD",
        "engine": "4 Cylinder",
        "engineSize": "2.0L",
        "exteriorColor": vehicle.color,
        "fuelType": vehicle.fuel,
    }


def _pricing(vehicle: Vehicle) -> dict[str, str]:
    """The prices as shown; a hidden one leaves a phrase in one place and nothing in the others."""
    pricing = {"msrp": dollars(vehicle.msrp)} if vehicle.msrp else {}
    if not vehicle.odd:
        return {"internetPrice": dollars(vehicle.price), "finalPrice": dollars(vehicle.price), **pricing}
    return {"internetPrice": PHRASES[vehicle.odd], **pricing} if PHRASES[vehicle.odd] else pricing


def _flat_prices(lot: Lot, vehicle: Vehicle) -> dict[str, str]:
    """The prices beside the others; for used vehicles the retail value is that of a book."""
    if vehicle.odd:
        return {}
    retail = vehicle.msrp if vehicle.is_new else int(vehicle.price * _BOOK_VALUE)
    flat = {"askingPrice": f"{vehicle.price}.0", "internetPrice": dollars(vehicle.price)}
    if retail:
        flat["retailValue"] = f"{retail}.0"
    if lot.setting("flat_prices"):
        flat["salePrice"] = f"{vehicle.price}.0"
        flat |= {"msrp": f"{vehicle.msrp}.0"} if vehicle.msrp else {}
    return flat


def listing(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    """One row of `inventory` as it stands beside `trackingData`: without the VIN, which is found by `uuid`."""
    return {
        "condition": _CONDITIONS[vehicle.condition],
        "attributes": _attributes({"odometer": f"{vehicle.miles:,} miles", **_shown(vehicle)}),
        "images": [],
        "title": [f"{vehicle.year} {vehicle.make}", f"{vehicle.model} {vehicle.trim}"],
        "pricing": _shown_pricing(vehicle),
        "accountId": account_of(lot, vehicle),
        "link": link(vehicle),
        "model": vehicle.model,
        "modelCode": vehicle.code,
        "uuid": vehicle.token,
        "offSite": False,
        "fuelType": vehicle.fuel,
        "classification": "primary",
        "status": 1,
        "type": 1,
    }


def full_listing(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    """One row of `inventory` where it is the only description."""
    tracking_pricing = {} if vehicle.odd else {"salePrice": dollars(vehicle.price)}
    if vehicle.msrp:
        tracking_pricing["msrp"] = dollars(vehicle.msrp)
    return {
        **listing(lot, vehicle),
        "attributes": _attributes({"vin": vehicle.vin, **_shown(vehicle)}),
        "year": vehicle.year,
        "make": vehicle.make,
        "trim": vehicle.trim,
        "bodyStyle": vehicle.body,
        "status": _STATUSES[vehicle.state],
        "trackingPricing": tracking_pricing,
    }


def _shown(vehicle: Vehicle) -> dict[str, str]:
    shown = {"exteriorColor": vehicle.color, "transmission": "8-Speed Automatic"}
    return shown | ({"stockNumber": vehicle.stock} if vehicle.stock else {})


def _attributes(shown: dict[str, str]) -> list[dict[str, str]]:
    labels = {"vin": "VIN", "stockNumber": "Stock Number", "exteriorColor": "Exterior Color"}
    return [
        {"name": name, "label": labels.get(name, name.title()), "value": value, "labeledValue": value}
        for name, value in shown.items()
    ]


def _shown_pricing(vehicle: Vehicle) -> dict[str, Any]:
    entries = []
    if vehicle.msrp:
        msrp = {"isFinalPrice": False, "label": "MSRP", "type": "RETAIL", "typeClass": "msrp"}
        entries.append({**msrp, "value": dollars(vehicle.msrp)})
    if text := PHRASES.get(vehicle.odd, dollars(vehicle.price)):
        price = {"isFinalPrice": True, "label": "Price", "type": "TOTAL", "typeClass": "internetPrice"}
        entries.append({**price, "value": text})
    retail = {} if vehicle.odd else {"retailPrice": dollars(vehicle.price)}
    return {**retail, "dPrice": entries, "vehicle": {"category": "AUTO"}}
