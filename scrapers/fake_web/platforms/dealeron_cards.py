"""The vehicle cards of DealerOn's list: what the pages use of their 119 keys, and some of the rest."""

import base64
from typing import Any

from scrapers.fake_web.lots import Lot
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import CHANGED_STATE, CHANGED_WORD

_LOCATED_AT = 15_000
_STATUS_TEXTS = {"courtesy": "Courtesy Vehicle", CHANGED_STATE: CHANGED_WORD}


def date_text(vehicle: Vehicle) -> str:
    return f"{vehicle.since:%Y/%m/%d}" if vehicle.since else ""


def status_text(vehicle: Vehicle) -> str:
    """What the site shows instead of the word for its flags; mostly nothing."""
    return _STATUS_TEXTS.get(vehicle.state, "")


def shown_price(vehicle: Vehicle) -> str:
    """The price that a visitor sees."""
    return {"": str(vehicle.price), "library": f"{vehicle.price}.0", "minus": "-1000"}.get(vehicle.odd, "")


def flags(vehicle: Vehicle) -> dict[str, bool]:
    return {
        "VehicleInStock": vehicle.state in {"on_lot", "courtesy"},
        "VehicleInTransit": vehicle.state == "in_transit",
        "VehicleInProduction": vehicle.state == "in_production",
    }


def card(lot: Lot, vehicle: Vehicle, url: str) -> dict[str, Any]:
    """One card. `DealerName` and `DealerId` stay the website's, also for vehicles of a sibling."""
    return {
        **_prices(vehicle),
        **flags(vehicle),
        **_facts(vehicle),
        "VehicleImageModel": {"HasInventoryOrStockPhotos": True, "VehicleDetailUrl": url, "DealerName": lot.name},
        "VehicleDetailUrl": url,
        "ShowMileage": True,
        "Mileage": f"{vehicle.miles:,} mi",
        "VehicleStatusModel": {
            "VehicleEtaHtml": None,
            "VehicleStatusHtml": None,
            "HasStatusInfo": bool(status_text(vehicle)),
            "HasVehicleEtaHtml": False,
            "StatusText": status_text(vehicle) or None,
        },
        "VehicleCondition": "New" if vehicle.is_new else "Used",
        "VehicleLocationLabel": vehicle.rooftop,
        "VehicleLocation": vehicle.rooftop,
        "DealerId": int(lot.setting("dealer")),
        "DealerLocatedAtId": located_at(lot, vehicle),
        "DealerName": lot.name,
        "VehicleComments": f"{_name(vehicle)} at {lot.name}.",
    }


def _name(vehicle: Vehicle) -> str:
    return f"{vehicle.name} {vehicle.trim}"


def _facts(vehicle: Vehicle) -> dict[str, Any]:
    """What the card says of the vehicle itself."""
    return {
        "ExteriorColorLabel": vehicle.color,
        "InteriorColorLabel": "",
        "VehicleGenericColor": vehicle.color.split()[0],
        "VehicleBodyStyle": vehicle.body,
        "VehicleCpo": vehicle.condition == "certified",
        "VehicleEngine": "4 Cyl",
        "VehicleFuelType": vehicle.fuel,
        "VehicleId": 0,
        "VehicleMake": vehicle.make,
        "VehicleModel": vehicle.model,
        "VehicleModelCode": vehicle.code,
        "VehicleName": _name(vehicle),
        "VehiclePhotoCount": 1 + vehicle.number % 30,
        "VehicleStockNumber": vehicle.stock,
        "VehicleTaggingInventoryDate": date_text(vehicle),
        "VehicleTransmission": "Automatic",
        "VehicleTrim": vehicle.trim,
        "VehicleType": "new" if vehicle.is_new else "used",
        "VehicleVin": vehicle.vin,
        "VehicleYear": vehicle.year,
    }


def located_at(lot: Lot, vehicle: Vehicle) -> int:
    """The number of the store that has the vehicle; the website's own is its dealer number."""
    if vehicle.rooftop == lot.label:
        return int(lot.setting("dealer"))
    return _LOCATED_AT + 10 * lot.number + lot.sibling_labels.index(vehicle.rooftop) if lot.sibling_labels else 14_999


def _prices(vehicle: Vehicle) -> dict[str, Any]:
    """The prices; on used vehicles the MSRP repeats the asking price."""
    amounts = {"": vehicle.price, "minus": -1000}
    amount = amounts.get(vehicle.odd, 0)
    prices: dict[str, Any] = {
        "TaggingPrice": str(amount) if amount or vehicle.odd == "zero" else "",
        "VehicleInternetPrice": float(amount),
        "VehicleMsrp": float(vehicle.msrp if vehicle.is_new else amount),
    }
    if vehicle.odd == "library":
        library = f"MSRP:{vehicle.msrp}.0;Selling Price:{vehicle.price}.0;calc_INTERNET PRICE:{vehicle.price}.0;"
        prices["VehiclePriceLibrary"] = base64.b64encode(library.encode()).decode()
    return prices
