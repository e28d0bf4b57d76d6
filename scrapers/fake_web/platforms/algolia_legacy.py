"""Dealer Inspire as it was: a search page that names an Algolia application, and that application's indices.

Settings: `app`, `index`, `index_new`, `facet` (which key holds the rooftop), `status` (which key the lot status),
`used_facet` (a facet that is true for used vehicles only), `odd`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from scrapers.fake_web.answers import Answer, Request, as_json, page, script_json
from scrapers.fake_web.lots import Lot, load_lots
from scrapers.fake_web.pages import slug, status_word, type_word
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import View

HOST_END = "-dsn.algolia.net"
_MOST_HITS = 1000
_QUERY = re.compile(r"/1/indexes/([^/]+)/(?:query|queries)")
_SPAN = '<span class="callforprice">Please call for price</span>'
_PHRASES = {"call": "Please call for price", "call_span": _SPAN, "blank": "Please call for price"}


def path_of(lot: Lot, vehicle: Vehicle) -> str:
    words = slug(type_word(lot, vehicle), vehicle.year, vehicle.make, vehicle.model, vehicle.trim, vehicle.vin)
    return f"/inventory/{words}/"


def read(lot: Lot, vehicle: Vehicle) -> Reading:
    return Reading(
        vin=vehicle.vin,
        stock=vehicle.stock,
        v_type=type_word(lot, vehicle),
        year=str(vehicle.year),
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        ext_color=vehicle.color,
        status=status_word(lot, vehicle) if lot.setting("status") else "",
        price="Please call for price" if vehicle.odd else str(vehicle.price),
        msrp=str(vehicle.msrp or ""),
        body=vehicle.body,
        fuel_type=vehicle.fuel,
        date_in_stock=f"{vehicle.since:%m/%d/%Y}" if vehicle.since else "",
        vehicle_url=lot.site + path_of(lot, vehicle),
        rooftop=vehicle.rooftop,
    )


def key_of(lot: Lot) -> str:
    """The public search key of the site's application."""
    return f"search-{lot.setting('app')}"


def lot_of(request: Request) -> Lot | None:
    """The website whose index is asked; only an application's own indices are found."""
    app = request.host.removesuffix(HOST_END)
    named = [query.get("indexName") for query in _queries(request)]
    for lot in load_lots():
        indices = {lot.setting("index"), lot.setting("index_new")} - {""}
        if lot.setting("app") == app and indices & set(named):
            return lot
    return None


def search_page(lot: Lot) -> str:
    """The page on which a browser finds application, key and index."""
    app, index = lot.setting("app").upper(), lot.setting("index")
    settings = {"appId": app, "apiKeySearch": key_of(lot), "indexName": index}
    head = f"<script>var algoliaConfig = {script_json(settings)};\nvar inventoryLightningSettings = {{}};</script>\n"
    body = (
        f'<div id="sb-algolia-helper" data-app-id="{app}" data-search-key="{key_of(lot)}" data-index="{index}"></div>'
    )
    return page(f"{lot.name} inventory", body, head=head)


def answer(view: View, request: Request) -> Answer:
    if not _may_search(view.lot, request):
        return as_json({"message": "Invalid Application-ID or API key", "status": 403}, status=403)
    results = [_result(view, query) for query in _queries(request)]
    return as_json({"results": results} if request.path.endswith("/queries") else results[0])


def _may_search(lot: Lot, request: Request) -> bool:
    app = request.parameter("x-algolia-application-id") or request.headers.get("x-algolia-application-id", "")
    key = request.parameter("x-algolia-api-key") or request.headers.get("x-algolia-api-key", "")
    return app.lower() == lot.setting("app") and key == key_of(lot)


def _queries(request: Request) -> list[dict[str, str]]:
    """The searches of the body, each as its parameters with `indexName`."""
    match, document = _QUERY.fullmatch(request.path), request.document()
    if not match or not isinstance(document, Mapping):
        return []
    asked = [{**document, "indexName": match[1]}] if match[1] != "*" else document.get("requests") or []
    return [{**dict(parse_qsl(query.get("params", ""))), "indexName": query["indexName"]} for query in asked]


def _result(view: View, query: Mapping[str, str]) -> dict[str, Any]:
    size = min(max(int(query.get("hitsPerPage", 20)), 1), _MOST_HITS)
    number = max(int(query.get("page", 0)), 0)
    vehicles = _matching(view, query.get("facetFilters", "[]"))
    cut = view.cut(vehicles, number * size, size)
    # Beyond its limit an index shows nothing, however many it counts.
    rows = cut.rows[: max(0, _MOST_HITS - cut.start)]
    return {
        "hits": [hit(view.lot, vehicle) for vehicle in rows],
        "nbHits": cut.total,
        "page": number,
        "nbPages": -(-min(cut.total, _MOST_HITS) // size),
        "hitsPerPage": size,
        "exhaustiveNbHits": True,
        "query": "",
        "params": "",
        "index": query["indexName"],
        "processingTimeMS": 2,
    }


def _matching(view: View, facet_filters: str) -> list[Vehicle]:
    """The vehicles that have, of every group of facets, at least one; a facet that no vehicle has finds nothing."""
    groups = [group if isinstance(group, list) else [group] for group in json.loads(facet_filters)]
    pairs = [[facet.partition(":")[::2] for facet in group] for group in groups]
    # A restriction to the rooftop that is lost lists whatever the index holds.
    if view.has("rooftop_lost"):
        facet = view.lot.setting("facet")
        pairs = [group for group in pairs if all(name != facet for name, _ in group)]
    listed = view.listed
    if not pairs:
        return listed
    return [vehicle for vehicle in listed if _has_all(_facets(view.lot, vehicle), pairs)]


def _has_all(facets: Mapping[str, str], pairs: list[list[tuple[str, str]]]) -> bool:
    return all(any(facets.get(name, "").casefold() == value.casefold() for name, value in group) for group in pairs)


def _facets(lot: Lot, vehicle: Vehicle) -> dict[str, str]:
    facets = {"type": type_word(lot, vehicle), "make": vehicle.make, lot.setting("facet"): vehicle.rooftop}
    if lot.setting("status"):
        facets[lot.setting("status")] = status_word(lot, vehicle)
    if lot.setting("used_facet") and not vehicle.is_new:
        facets[lot.setting("used_facet")] = "true"
    return facets


def hit(lot: Lot, vehicle: Vehicle) -> dict[str, Any]:
    """One vehicle of an answer."""
    word = status_word(lot, vehicle)
    status, facet = lot.setting("status"), lot.setting("facet")
    lightning: dict[str, Any] = {"locations": {"Location": vehicle.rooftop}}
    if status.startswith("lightning."):
        code = {"status": word} if status == "lightning.status" else {"status": slug(word), "statusLabel": word}
        lightning = {**code, "statusETA": "", "class": "", **lightning}
    return {
        "objectID": vehicle.vin,
        "vin": vehicle.vin,
        "stock": vehicle.stock,
        "type": type_word(lot, vehicle),
        "year": vehicle.year,
        "make": vehicle.make,
        "model": vehicle.model,
        "trim": vehicle.trim,
        "title_vrp": f"{vehicle.name} {vehicle.trim}",
        "body": vehicle.body,
        "ext_color": vehicle.color,
        "int_color": "Black",
        "fueltype": vehicle.fuel,
        "drivetrain": "AWD",
        "model_number": vehicle.code,
        "miles": f"{vehicle.miles:,}",
        "our_price": _PHRASES.get(vehicle.odd, vehicle.price),
        "msrp": _msrp(vehicle),
        "date_in_stock": f"{vehicle.since:%m/%d/%Y}" if vehicle.since else "",
        "link": f"{lot.site}{path_of(lot, vehicle)}",
        "thumbnail": f"https://vehicle-images.example.test/{vehicle.token}/t.jpg",
        **({} if facet.startswith("lightning.") else {facet or "Location": vehicle.rooftop}),
        "days_in_stock": 12,
        "certified": int(vehicle.condition == "certified"),
        "engine_description": "2.5L",
        "transmission_description": "Automatic",
        "lightning": lightning,
        **({status: word} if status and not status.startswith("lightning.") else {}),
    }


def _msrp(vehicle: Vehicle) -> int | str:
    if not vehicle.msrp:
        return ("", 0)[vehicle.number % 2]
    return (vehicle.msrp, str(vehicle.msrp))[vehicle.number % 2]
