"""Dealr: lists as HTML inside JSON, and vehicle pages whose structured data has no VIN."""

import re
from html import escape

from scrapers.fake_web.answers import Answer, Request, as_html, as_json, not_found, page
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.pages import slug, vehicle_page
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import View

_PAGE_SIZE = 50
_BLOCK = "blocks/inventory/srp/inventory-list.twig"
_VEHICLE = re.compile(r"/inventory/[\w-]+/(\d+)/?")
_BODY_TYPES = {"suv": "Suv", "sport utility": "Suv", "truck": "Truck", "crew cab": "Truck"}


def path_of(lot: Lot, vehicle: Vehicle) -> str:
    return f"/inventory/{slug(vehicle.year, vehicle.make, vehicle.model, vehicle.trim)}/{vehicle.number_on_site}"


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    """What the pages tell; they do not say whether a vehicle is new, and a guess would be wrong."""
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        year=str(vehicle.year),
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        price="" if vehicle.odd else str(vehicle.price),
        fuel_type=vehicle.fuel,
        vehicle_url=lot.site + path_of(lot, vehicle),
    )


def answer(view: View, request: Request) -> Answer | None:
    if request.path == "/functions/getInventorySubset":
        return _subset(view, request)
    if match := _VEHICLE.fullmatch(request.path):
        vehicle = view.find(lambda v: v.number_on_site, match[1])
        return _vehicle_page(view.lot, vehicle) if vehicle else not_found()
    if request.path in {"/", "/inventory"}:
        body = f'<div class="dealr-inventory-list" data-block="{_BLOCK}"></div>'
        return as_html(page(escape(view.lot.name), body))
    return None


def _subset(view: View, request: Request) -> Answer:
    if request.parameter("blockKey") != _BLOCK:
        return as_json({"error": "Unknown block"}, status=400)
    wanted = request.parameter("body_type")
    vehicles = [vehicle for vehicle in view.listed if not wanted or _body_type(vehicle) == wanted]
    cut = view.cut(vehicles, (max(request.number("page", 1), 1) - 1) * _PAGE_SIZE, _PAGE_SIZE)
    makes = sorted({vehicle.make for vehicle in vehicles})
    counts = [{"count": sum(vehicle.make == make for vehicle in vehicles), "val": make} for make in makes]
    cards = "".join(_card(view.lot, vehicle) for vehicle in cut.rows)
    return as_json({"filters": {"matches": cut.total, "pages": cut.pages, "make": counts}, "list": cards})


def _body_type(vehicle: Vehicle) -> str:
    body = vehicle.body.lower()
    return next((kind for word, kind in _BODY_TYPES.items() if word in body), "Car")


def _card(lot: Lot, vehicle: Vehicle) -> str:
    inquiry = escape(f"{vehicle.vin}|{vehicle.year}|{vehicle.make}|{vehicle.model}")
    return (
        f'<div class="dealr-inventory-list__vehicle" vehicle-inquiry="{inquiry}">'
        f'<a class="dealr-inventory-list__vehicle__photo-container" href="{path_of(lot, vehicle)[1:]}"></a></div>'
    )


def _vehicle_page(lot: Lot, vehicle: Vehicle) -> Answer:
    offer = {
        "@type": "Offer",
        "priceSpecification": {"@type": "UnitPriceSpecification"},
        "itemOffered": {
            "@type": "Car",
            "name": f"{vehicle.name} {vehicle.trim}",
            "model": vehicle.model,
            "manufacturer": {"name": vehicle.make},
            "fuelType": vehicle.fuel,
        },
    }
    if not vehicle.odd:
        offer["priceSpecification"] = {"@type": "UnitPriceSpecification", "price": str(vehicle.price)}
    dealer = {"@context": "https://schema.org", "@type": "AutoDealer", "name": lot.name, "makesOffer": offer}
    body = f'<div class="vin-container">VIN: {vehicle.vin}</div>'
    if vehicle.stock:
        body += f'<div class="stock-container">Stock: {escape(vehicle.stock)}</div>'
    return vehicle_page(vehicle, lot.site + path_of(lot, vehicle), body=body, ld=dealer)
