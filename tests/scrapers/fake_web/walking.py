"""Reads whole websites of the fake dealer web as simply as possible, without any adapter."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from scrapers.fake_web.answers import Answer, Request
from scrapers.fake_web.lots import Lot, find_lot
from scrapers.fake_web.web import FakeWeb

MOST_PAGES = 200
API_HOST = "websites-search.api.carscommerce.inc"


def ask(web: FakeWeb, host: str, target: str, *, method: str = "GET", **extra: Any) -> Answer:
    """One request, without a socket."""
    return web.reply(Request(method=method, host=host, target=target, **extra)).answer


def load(web: FakeWeb, host: str, target: str, **extra: Any) -> Any:
    """The JSON of an answer."""
    answer = ask(web, host, target, **extra)
    assert answer.status == 200, answer.body[:200]
    return json.loads(answer.body.decode("utf-8-sig"))


def tagging(web: FakeWeb, lot: Lot, path: str = "/searchall.aspx?pt=1") -> dict[str, Any]:
    """The tagging data of a DealerOn page."""
    html = ask(web, lot.host, path).body.decode()
    found = re.search(r'id="dealeron_tagging_data" type="application/json">(.*?)</script>', html)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def dealeron_list(web: FakeWeb, lot: Lot, number: int, **query: str) -> dict[str, Any]:
    """One page of DealerOn's list; `query` is added."""
    data = tagging(web, lot)
    path = f"/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/{data['dealerId']}/{data['pageId']}"
    page: dict[str, Any] = load(web, lot.host, f"{path}?{urlencode({'pt': number, 'pn': 12, **query})}")
    return page


def vehicle_cards(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The cards of a page that are no advertisements."""
    return [card["VehicleCard"] for card in page["DisplayCards"] if not card["IsAdCard"]]


def scope_of(lot: Lot) -> dict[str, str]:
    """The query that restricts a DealerOn website to its rooftop."""
    name, _, value = lot.setting("scope").partition(":")
    return {name: value} if name else {}


def search(web: FakeWeb, lot: Lot, **wanted: Any) -> Any:
    """A search of the Cars Commerce service with the key that the website's page names."""
    html = ask(web, lot.host, "/new-vehicles/").body.decode()
    found = re.search(r"SEARCH_SERVICE = (\{.*?\});", html)
    assert found
    service = json.loads(found[1])
    return load(
        web,
        API_HOST,
        f"/api/v1/listings/{service['ccid']}/search",
        method="POST",
        headers={"x-api-key": service["apiKey"]},
        body=json.dumps({"perPage": 100, **wanted}).encode(),
    )


def algolia(web: FakeWeb, lot: Lot, *, facets: list[list[str]], page: int = 0, size: int = 250) -> dict[str, Any]:
    """A search of the Algolia index."""
    app = lot.setting("app")
    parameters = urlencode({"facetFilters": json.dumps(facets), "hitsPerPage": size, "page": page})
    body = {"requests": [{"indexName": lot.setting("index"), "params": parameters}]}
    target = f"/1/indexes/*/queries?x-algolia-application-id={app}&x-algolia-api-key=search-{app}"
    document = load(web, f"{app}-dsn.algolia.net", target, method="POST", body=json.dumps(body).encode())
    result: dict[str, Any] = document["results"][0]
    return result


def widget(web: FakeWeb, host: str, alias: str, start: int, account: str = "") -> dict[str, Any]:
    """One page of a Dealer.com widget."""
    query = urlencode({"start": start, **({"accountId": account} if account else {})})
    path = f"/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_{alias}:inventory-data-bus1/getInventory?{query}"
    page: dict[str, Any] = load(web, host, path)
    return page


def posted(web: FakeWeb, lot: Lot, start: int, size: int = 100) -> dict[str, Any]:
    """One page of Dealer.com's list by POST."""
    body = {
        "siteId": lot.setting("account"),
        "pageAlias": "INVENTORY_LISTING_DEFAULT_AUTO_ALL",
        "inventoryParameters": {"start": [str(start)]},
        "preferences": {"pageSize": str(size)},
    }
    path = "/api/widget/ws-inv-data/getInventory"
    page: dict[str, Any] = load(web, lot.host, path, method="POST", body=json.dumps(body).encode())
    return page


def vins_of(web: FakeWeb, name: str) -> list[str]:
    """The VINs that a website's own lists show, in their order, the rooftop's scope kept."""
    lot = find_lot(name)
    return [vin for page in _WALKS[lot.platform](web, lot) for vin in page]


def _numbered(pages: Callable[[int], list[str]], first: int = 1) -> Iterator[list[str]]:
    """Pages by number until an empty one; a list that goes on for ever fails."""
    for number in range(first, first + MOST_PAGES):
        vins = pages(number)
        if not vins:
            return
        yield vins
    raise AssertionError("The list has no end.")


def _dealeron(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    for number in range(1, MOST_PAGES):
        page = dealeron_list(web, lot, number, **scope_of(lot))
        yield [card["VehicleVin"] for card in vehicle_cards(page)]
        model = page["Paging"]["PaginationDataModel"]
        if model["PageNumber"] == model["TotalPages"]:
            return
    raise AssertionError("The list has no end.")


def _dealercom(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    starts = range(0, 100 * MOST_PAGES, 100)
    if lot.setting("only_post"):
        for start in starts:
            rows = posted(web, lot, start)["inventory"]
            if not rows:
                return
            yield [a["value"] for row in rows for a in row["attributes"] if a["name"] == "vin"]
    start = 0
    while rows := widget(web, lot.host, "ALL", start)["pageInfo"]["trackingData"]:
        start += len(rows)
        yield [row["vin"] for row in rows]


def _carscommerce(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    return _numbered(lambda n: [row["vin"] for row in search(web, lot, page=n)["data"]["listings"]])


def _teamvelocity(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    for kind in ("new", "used"):
        path = f"/inventory-{kind}.json"
        while path:
            page = load(web, lot.host, path)
            yield [vehicle["vin"] for vehicle in page["vehicles"]]
            path = page["nextPage"]


def _dealereprocess(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    path = f"/search/{lot.setting('slug')}/?lc={lot.label}&ct=48"
    return _numbered(
        lambda n: re.findall(
            r'"vehicleIdentificationNumber":"(\w+)"', ask(web, lot.host, f"{path}&p={n}").body.decode()
        )
    )


def _smartpath(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    path = f"/consumerapi/retail/inventory?dealer[]={lot.label}&pageSize=15&includeInvPooling=false"
    return _numbered(
        lambda n: [v["vin"] for v in load(web, f"smartpath.{lot.domain}", f"{path}&pageNo={n}")["vehicleSummary"]]
    )


def _dealr(web: FakeWeb, lot: Lot) -> Iterator[list[str]]:
    block = quote("blocks/inventory/srp/inventory-list.twig")
    path = f"/functions/getInventorySubset?blockKey={block}"
    return _numbered(lambda n: re.findall(r'vehicle-inquiry="(\w+)\|', load(web, lot.host, f"{path}&page={n}")["list"]))


_WALKS: dict[str, Callable[[FakeWeb, Lot], Iterator[list[str]]]] = {
    "dealeron": _dealeron,
    "dealeron_html": _dealeron,
    "dealercom": _dealercom,
    "carscommerce": _carscommerce,
    "teamvelocity": _teamvelocity,
    "dealereprocess": _dealereprocess,
    "smartpath": _smartpath,
    "dealr": _dealr,
}
