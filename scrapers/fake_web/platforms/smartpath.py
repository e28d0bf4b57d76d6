"""Toyota SmartPath on a host of its own, beside a website by Dealer eProcess. The label is the dealer's number."""

from typing import Any

from scrapers.fake_web.answers import Answer, Request, as_json, not_found
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.pages import CODED_STATUSES
from scrapers.fake_web.platforms import dealereprocess
from scrapers.fake_web.platforms.dealereprocess import path_of
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import View

__all__ = ["answer", "host_of", "path_of", "read"]

_PATH = "/consumerapi/retail/inventory"
_DEFAULT_PAGE, _LARGEST_PAGE = 15, 100
# Only what is still to come is told.
_WORDS = {**CODED_STATUSES, "on_lot": "", "courtesy": "", "in_production": "In Transit", "allocated": "In Transit"}


def host_of(lot: Lot) -> str:
    return f"smartpath.{lot.domain}"


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        v_type="New" if vehicle.is_new else "Used",
        year=str(vehicle.year),
        make=vehicle.make.upper(),
        model=_name(vehicle),
        ext_color=vehicle.color,
        status=_WORDS[vehicle.state],
        price="" if vehicle.odd else str(vehicle.price),
        msrp=str(vehicle.msrp or ""),
        body=vehicle.body,
        fuel_type=vehicle.fuel,
        date_in_stock=vehicle.since.isoformat() if vehicle.since else "",
        rooftop=vehicle.rooftop,
    )


def answer(view: View, request: Request) -> Answer | None:
    if request.host != host_of(view.lot):
        return dealereprocess.answer(view, request)
    if request.path != _PATH:
        return not_found()
    size = min(max(request.number("pageSize", _DEFAULT_PAGE), 1), _LARGEST_PAGE)
    cut = view.cut(_vehicles(view, request), (max(request.number("pageNo", 1), 1) - 1) * size, size)
    return as_json(
        {
            "pagination": {
                "pageNo": cut.number,
                "pageSize": size,
                "totalPages": cut.pages,
                "totalRecords": cut.total,
            },
            "vehicleSummary": [_row(vehicle) for vehicle in cut.rows],
        }
    )


def _vehicles(view: View, request: Request) -> list[Vehicle]:
    """The dealer's vehicles; with inventory pooling, or when the restriction is lost, those of other stores too."""
    is_pooled = request.parameter("includeInvPooling") == "true" or view.has("rooftop_lost")
    dealers = {value for name, value in request.query if name == "dealer[]"}
    kind = request.parameter("type")
    return [
        vehicle
        for vehicle in view.listed
        if (is_pooled or vehicle.rooftop in dealers) and (not kind or vehicle.is_new == (kind == "new"))
    ]


def _name(vehicle: Vehicle) -> str:
    return f"{vehicle.model} {vehicle.trim}"


def _row(vehicle: Vehicle) -> dict[str, Any]:
    is_coming = vehicle.state in {"in_transit", "in_production", "allocated"}
    prices = {"totalMsrp": vehicle.msrp, "baseMsrp": vehicle.msrp - 1500} if vehicle.msrp else {}
    return {
        "vin": vehicle.vin,
        # The key's name differs between vehicles.
        "stockNum" if vehicle.number % 3 else "stockNumber": vehicle.stock,
        "year": vehicle.year,
        "brand": vehicle.make.upper(),
        "marketingSeries": vehicle.model,
        "isTempVin": bool(vehicle.final_vin),
        "isPreSold": False,
        "dealerCd": vehicle.rooftop,
        "model": {
            "modelCd": vehicle.code,
            "marketingName": _name(vehicle),
            "modelDescription": f"{_name(vehicle)} AWD",
        },
        "extColor": {"colorCd": "0040", "marketingName": vehicle.color},
        "price": prices if vehicle.odd else {"sellingPrice": vehicle.price, **prices},
        "bodyStyle": vehicle.body,
        "engine": {"engineCd": "A25", "name": "2.5L", "fuelType": vehicle.fuel},
        "acquiredDate": vehicle.since.isoformat() if vehicle.since else None,
        "eta": {
            "currFromDate": "2026-09-01" if is_coming else None,
            "currToDate": "2026-09-12" if is_coming else None,
        },
    }
