"""Every platform's lists end, show exactly the lot, and keep the platform's habits."""

import json
import re
from collections import Counter
from urllib.parse import urlencode

import pytest

from scrapers.fake_web.lots import find_lot, load_lots
from scrapers.fake_web.web import FakeWeb
from scrapers.fake_web.world import is_elsewhere
from tests.scrapers.fake_web.walking import (
    API_HOST,
    algolia,
    ask,
    dealeron_list,
    load,
    posted,
    scope_of,
    search,
    tagging,
    vehicle_cards,
    vins_of,
    widget,
)

BLOCK = "blockKey=blocks/inventory/srp/inventory-list.twig"


@pytest.mark.parametrize("domain", [lot.domain for lot in load_lots()])
def test_the_lists_end_and_show_every_vehicle_once(web: FakeWeb, domain: str) -> None:
    lot = find_lot(domain)
    is_scoped_by_query = lot.platform in {"dealereprocess", "smartpath"}
    listed = web.world.own(lot) if is_scoped_by_query else web.world.listed_here(lot)

    vins = vins_of(web, domain)

    assert sorted(vins) == sorted(vehicle.vin for vehicle in listed)


@pytest.mark.parametrize("domain", [lot.domain for lot in load_lots()])
def test_expected_are_the_own_vehicles_with_what_identifies_them(web: FakeWeb, domain: str) -> None:
    lot = find_lot(domain)

    expected, listed = web.expected(domain), web.listed(domain)

    assert len({reading.vin for reading in expected}) == len(expected) == len(web.world.own(lot))
    here = {reading.vin for reading in listed}
    assert all(r.vin in here for r, v in zip(expected, web.world.own(lot), strict=True) if not is_elsewhere(lot, v))
    assert all(reading.vin and reading.year and reading.make and reading.model for reading in expected)
    if lot.platform != "smartpath":
        assert all(reading.vehicle_url.startswith("https://www.") for reading in expected)


@pytest.mark.parametrize("domain", [lot.domain for lot in load_lots() if lot.platform != "smartpath"])
def test_every_listed_vehicle_has_its_page_in_the_sitemap(web: FakeWeb, domain: str) -> None:
    lot = find_lot(domain)
    lines = ask(web, lot.host, "/robots.txt").body.decode()
    assert f"Sitemap: https://www.{domain}/sitemap.xml" in lines
    path = "/sitemaps/inventoryvdpsitemap.xml" if lot.platform == "teamvelocity" else "/sitemap.xml"

    urls = re.findall(r"<loc>(.*?)</loc>", ask(web, lot.host, path).body.decode())

    assert len(urls) == len(set(urls)) == len(web.listed(domain))
    for reading in web.listed(domain)[:3]:
        page = ask(web, lot.host, reading.vehicle_url.removeprefix(lot.site))
        assert page.status == 200
        assert reading.vin in page.body.decode()
        [document] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.body.decode())
        assert json.loads(document)["@context"] == "https://schema.org"


# DealerOn


def test_dealeron_caps_its_pages_at_12_and_ignores_what_it_does_not_know(web: FakeWeb) -> None:
    lot = find_lot("bommaritocadillac.com")

    first, unknown, beyond = (
        dealeron_list(web, lot, 1, pn="96"),
        dealeron_list(web, lot, 1, page="2", start="12"),
        dealeron_list(web, lot, 99),
    )

    assert len(vehicle_cards(first)) == 12
    assert first["Paging"]["PaginationDataModel"] == {
        "PageEnd": 12, "PageNumber": 1, "PageSize": 12, "PageStart": 0, "TotalPages": 22, "TotalCount": 262,
    }  # fmt: skip
    assert vehicle_cards(first) == vehicle_cards(unknown) == vehicle_cards(beyond)
    assert vehicle_cards(first) != vehicle_cards(dealeron_list(web, lot, 2))


def test_dealeron_puts_advertisements_between_its_cards(web: FakeWeb) -> None:
    pages = [dealeron_list(web, find_lot("bommaritocadillac.com"), number) for number in (1, 2)]

    assert [sum(card["IsAdCard"] for card in page["DisplayCards"]) for page in pages] == [1, 0]


def test_dealeron_names_the_website_also_on_the_cards_of_a_sibling(web: FakeWeb) -> None:
    lot = find_lot("bommaritowestcounty.com")

    cards = [card for n in range(1, 6) for card in vehicle_cards(dealeron_list(web, lot, n, **scope_of(lot)))]

    assert {(card["DealerName"], card["DealerId"]) for card in cards} == {("Bommarito West County", 16803)}
    assert len({card["VehicleLocationLabel"] for card in cards}) == 4
    assert all((c["DealerLocatedAtId"] == 16803) == (c["VehicleLocationLabel"] == lot.label) for c in cards)


@pytest.mark.parametrize(
    ("scope", "total"), [({"Dealership": "Columbia Honda"}, 300), ({}, 1218), ({"Dealer": "x"}, 1218)]
)
def test_dealeron_restricts_its_list_by_the_scope_alone(web: FakeWeb, scope: dict[str, str], total: int) -> None:
    page = dealeron_list(web, find_lot("columbiahonda.com"), 1, **scope)

    assert page["Paging"]["PaginationDataModel"]["TotalCount"] == total


def test_dealeron_has_a_page_id_for_each_list_and_another_type_for_its_home_page(web: FakeWeb) -> None:
    lot = find_lot("suntrupbuickgmc.com")
    paths = ("/searchall.aspx", "/searchnew.aspx", "/searchused.aspx", "/")

    pages = [tagging(web, lot, path) for path in paths]

    assert len({page["pageId"] for page in pages}) == 4
    assert [page["pageType"] for page in pages] == ["itemlist", "itemlist", "itemlist", "home"]
    assert pages[0]["itemCount"] == pages[1]["itemCount"] + pages[2]["itemCount"] == 321
    assert ask(web, lot.host, "/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/1/2?pt=1").status == 404


def test_dealeron_of_porsche_lists_addresses_whose_pages_tell_the_vehicle(web: FakeWeb) -> None:
    lot = find_lot("porschestlouis.com")
    html = ask(web, lot.host, "/searchused.aspx?pt=2").body.decode()
    [model] = [
        json.loads(text) for text in re.findall(r'id="dlron-srp-model" type="application/json">(.*?)</script>', html)
    ]
    items = json.loads(model["ItemListJson"])["itemListElement"]

    pages = [ask(web, lot.host, item["url"].removeprefix(lot.site)).body.decode() for item in items]

    assert len(pages) == 12
    assert model["PageVehicleType"] == "used"
    assert all('<div class="vdp vdp--mod" data-vin="' in page and 'data-vehicletype="used"' in page for page in pages)


# Dealer.com


@pytest.mark.parametrize(("domain", "size", "key"), [
    ("glendalechryslerjeep.net", 16, "year"),
    ("miniofstlouis.com", 18, "modelYear"),
    ("columbiabmw.com", 35, "modelYear"),
])  # fmt: skip
def test_dealercom_varies_page_size_and_key_of_the_year(web: FakeWeb, domain: str, size: int, key: str) -> None:
    page = widget(web, f"www.{domain}", "NEW", 0)

    assert page["pageInfo"]["pageSize"] == len(page["pageInfo"]["trackingData"]) == size
    assert all(key in row and ("year" in row) != ("modelYear" in row) for row in page["pageInfo"]["trackingData"])


def test_dealercom_begins_with_a_byte_order_mark_and_joins_by_uuid(web: FakeWeb) -> None:
    path = "/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1/getInventory?start=0"
    assert ask(web, "www.miniofstlouis.com", path).body.startswith(b"\xef\xbb\xbf{")

    page = widget(web, "www.miniofstlouis.com", "USED", 0)

    assert [row["uuid"] for row in page["inventory"]] == [row["uuid"] for row in page["pageInfo"]["trackingData"]]
    assert all("vin" not in {a["name"] for a in row["attributes"]} for row in page["inventory"])
    assert {row["inventoryType"] for row in page["pageInfo"]["trackingData"]} <= {"used", "certified"}


def test_dealercom_restricts_a_group_to_one_account(web: FakeWeb) -> None:
    host = "www.rustydrewingcadillac.com"
    account = "rustydrewingchevroletbjeffersoncity"

    totals = [
        widget(web, host, "ALL", 0)["pageInfo"]["totalCount"],
        widget(web, host, "USED", 0, account)["pageInfo"]["totalCount"],
        widget(web, "www.rustydrewingchevroletbuickgmc.com", "NEW", 0)["pageInfo"]["totalCount"],
        widget(web, "www.rustydrewingchevroletbuickgmc.com", "USED", 0)["pageInfo"]["totalCount"],
    ]

    assert totals == [562, 152, 229, 0]


def test_dealercom_answers_a_post_with_up_to_100_for_its_own_site_id_only(web: FakeWeb) -> None:
    auffenberg = find_lot("auffenberghyundai.com")

    assert [len(posted(web, auffenberg, start)["inventory"]) for start in (0, 500, 600)] == [100, 62, 0]
    assert len(posted(web, find_lot("rustydrewingcadillac.com"), 0)["inventory"]) == 48
    body = json.dumps({"siteId": "another"}).encode()
    assert ask(web, auffenberg.host, "/api/widget/ws-inv-data/getInventory", method="POST", body=body).status == 400
    assert auffenberg.setting("account") in ask(web, auffenberg.host, "/new-inventory/index.htm").body.decode()


# Dealer Inspire


def test_carscommerce_serves_who_has_the_key_of_the_page(web: FakeWeb) -> None:
    target = "/api/v1/listings/6060028/search"

    assert ask(web, API_HOST, target, method="POST").status == 401
    assert ask(web, API_HOST, target, method="POST", headers={"x-api-key": "wrong"}).status == 401
    assert ask(web, API_HOST, "/api/v1/listings/1/search", method="POST", headers={"x-api-key": "wrong"}).status == 404
    assert search(web, find_lot("serrahondaofallon.com"))["data"]["total_vehicle_count"] == 244


def test_carscommerce_filters_by_type_and_caps_the_page_at_200(web: FakeWeb) -> None:
    lot = find_lot("weberchev.com")

    bravo = search(web, lot, filters={"type_slug": ["CarBravo"]}, perPage=500)["data"]
    named = search(web, lot, requestedFields=["vin", "type"], perPage=500)["data"]

    assert {row["type"] for row in bravo["listings"]} == {"CarBravo"}
    assert bravo["total_vehicle_count"] == len(bravo["listings"])
    assert len(named["listings"]) == 200
    assert all(row.keys() == {"vin", "type"} for row in named["listings"])
    words = Counter(row["type"] for n in (1, 2, 3, 4) for row in search(web, lot, page=n)["data"]["listings"])
    assert words.keys() == {"New", "Used", "CarBravo", "Demo"}


def test_carscommerce_masks_prices(web: FakeWeb) -> None:
    listings = search(web, find_lot("suntrupkiasouth.com"), perPage=200)["data"]["listings"]

    assert {row["pricing"]["low_price"] for row in listings} == {85, 122}
    assert any(row["pricing"]["our_price"] in {85, 122} for row in listings)


def test_algolia_counts_pages_from_0_and_shows_1000_hits_at_most() -> None:
    web, lot = FakeWeb(scale=4.2), find_lot("pundmannford.com")

    pages = [algolia(web, lot, facets=[], page=number, size=300) for number in range(6)]

    assert {page["nbHits"] for page in pages} == {2138}
    assert {page["nbPages"] for page in pages} == {4}
    assert [len(page["hits"]) for page in pages] == [300, 300, 300, 100, 0, 0]


@pytest.mark.parametrize(("domain", "facets", "count"), [
    ("frankletahonda.com", [["Location:O'Fallon"]], 227),
    ("frankletahonda.com", [["location:O'Fallon"]], 0),
    ("joemachensnissan.com", [["location:Joe Machens Nissan"]], 210),
    ("suntruphyundaisouth.com", [["lightning.locations.Location:Suntrup Hyundai South"]], 412),
    ("suntrupkiasouth.com", [["Location:Suntrup Kia South"], ["type:New"], ["loaner_hide:true"]], 0),
])  # fmt: skip
def test_algolia_honours_facets(web: FakeWeb, domain: str, facets: list[list[str]], count: int) -> None:
    assert algolia(web, find_lot(domain), facets=facets)["nbHits"] == count


def test_algolia_facets_are_a_conjunction_of_disjunctions(web: FakeWeb) -> None:
    lot = find_lot("spiritlexus.com")

    both = algolia(web, lot, facets=[["type:New", "type:Pre-Owned"]])["nbHits"]

    assert both == sum(algolia(web, lot, facets=[[f"type:{word}"]])["nbHits"] for word in ("New", "Pre-Owned"))
    assert algolia(web, lot, facets=[["type:New"], ["type:Pre-Owned"]])["nbHits"] == 0


def test_algolia_refuses_a_wrong_key_and_an_index_of_another_application(web: FakeWeb) -> None:
    body = json.dumps({"params": "page=0"}).encode()
    index = find_lot("pappastoyota.com").setting("index")
    target = f"/1/indexes/{index}/query?x-algolia-application-id=sewjn80htn&x-algolia-api-key="

    answers = [
        ask(web, "sewjn80htn-dsn.algolia.net", target + key, method="POST", body=body).status
        for key in ("search-sewjn80htn", "wrong")
    ]

    assert answers == [200, 403]
    assert ask(web, "v2mzlxx99f-dsn.algolia.net", target, method="POST", body=body).status == 404


# The others


def test_teamvelocity_tells_the_next_page_and_the_status_of_one_vehicle(web: FakeWeb) -> None:
    host, account = "www.hwkia.com", "44482"
    page = load(web, host, "/inventory-new.json")
    vin = page["vehicles"][0]["vin"]

    status = load(web, host, f"/api/Inventory/vehicle?vin={vin}&accountid={account}")
    price = load(web, host, f"/api/Inventory/getPaymentSettingDetails?accountId={account}&vin={vin}&styleid=")

    assert page["nextPage"] == "/inventory-new.json?page=2"
    assert len(page["vehicles"]) == page["pageSize"] == 50
    assert status.keys() == {"inTransit", "inProduction", "reserved", "eta", "dateInStock", "clientName"}
    assert price["yourPrice"] == page["vehicles"][0]["sellingPrice"]
    assert ask(web, host, f"/api/Inventory/vehicle?vin={vin}&accountid=1").status == 404


def test_teamvelocity_says_of_a_vehicle_that_is_gone_that_it_was_sold(web: FakeWeb) -> None:
    page = ask(web, "www.hwkia.com", "/viewdetails/new/5xyzx4lf1pg000001/2026-kia-sorento")

    assert "So sorry, this vehicle was just sold" in page.body.decode()


def test_dealereprocess_caps_its_pages_and_divides_by_store_and_availability(web: FakeWeb) -> None:
    def count(**query: str) -> int:
        html = ask(web, "www.joemachenstoyota.com", f"/search/joe-machens-toyota/?{urlencode(query)}").body.decode()
        return int(re.findall(r'data-vehicle_count="(\d+)"', html)[0])

    def cards(**query: str) -> int:
        html = ask(web, "www.joemachenstoyota.com", f"/search/joe-machens-toyota/?{urlencode(query)}").body.decode()
        return html.count('class="vehicle_item"')

    assert (cards(), cards(ct="48"), cards(ct="96")) == (12, 48, 48)
    assert (count(), count(lc="8692")) == (340, 220)
    assert sum(count(lc="8692", av=av) for av in ("allocated", "in_stock", "in_transit")) == 220


def test_smartpath_pools_other_stores_only_when_asked(web: FakeWeb) -> None:
    host, path = "smartpath.twincitytoyota.com", "/consumerapi/retail/inventory?dealer[]=24067&pageNo=1&pageSize=15"

    own, pooled = load(web, host, path), load(web, host, f"{path}&includeInvPooling=true")

    assert own["pagination"] == {"pageNo": 1, "pageSize": 15, "totalPages": 1, "totalRecords": 13}
    assert pooled["pagination"]["totalRecords"] == 53
    assert sum(vehicle["isTempVin"] for vehicle in own["vehicleSummary"]) == 2


def test_dealr_needs_its_block_and_loses_the_query_on_the_way_to_www(web: FakeWeb) -> None:
    path = f"/functions/getInventorySubset?page=1&{BLOCK}"

    moved = ask(web, "stehouwerauto.com", path)

    assert (moved.status, moved.headers["Location"]) == (
        301,
        "https://www.stehouwerauto.com/functions/getInventorySubset",
    )
    assert ask(web, "www.stehouwerauto.com", "/functions/getInventorySubset").status == 400
    kinds = [load(web, "www.stehouwerauto.com", f"{path}&body_type={kind}") for kind in ("Car", "Suv", "Truck")]
    assert sum(page["filters"]["matches"] for page in kinds) == 44


def test_other_sites_keep_the_query_on_the_way_to_www(web: FakeWeb) -> None:
    moved = ask(web, "hwkia.com", "/inventory-new.json?page=2")

    assert moved.headers["Location"] == "https://www.hwkia.com/inventory-new.json?page=2"
