"""Dealer.com: lists by address and by document, sister hosts, paging by what came, vehicles of both variants."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import dealercom
from scrapers.domain.shapes import Answer, Kind, Page, Request, RooftopRule, ScrapedVehicle, Site
from tests.scrapers.domain.platforms.mutations import (
    answer_of,
    assert_read_or_refused,
    assert_refused,
    mutations_of,
    page_of,
)

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[5] / "shared") / "data"
SAMPLES = SHARED / "platform-samples"
RECORDED = SAMPLES / "dealercom_widget_getInventory_used_HBRoamy.json"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the platform samples in ../shared/data")

SITE = Site(platform="dealercom", base_url="https://www.example.test")
POST = replace(SITE, parameters={"variant": "post", "site_id": "examplesite"})
TRACKED: dict[str, Any] = {
    "vin": "1G6AB5RX0P0000001", "stockNumber": "C1", "inventoryType": "used", "certified": False, "newOrUsed": "used",
    "year": 2024, "make": "Cadillac", "model": "CT4", "trim": "Luxury", "modelCode": "6DB", "bodyStyle": "Sedan",
    "exteriorColor": "Black", "fuelType": "Gasoline", "odometer": 12000, "inventoryDate": "10/02/2026",
    "status": "live", "link": "/used/Cadillac/c1.htm", "uuid": "u1",
    "pricing": {"internetPrice": "$38,995", "finalPrice": "$37,995"},
    "askingPrice": "39995.0", "retailValue": "42995.0", "accountId": "examplecadillac",
    "address": {"accountName": "Example Cadillac"}, "images": [{"uri": "a"}, {"uri": "b"}],
}  # fmt: skip
ITEM: dict[str, Any] = {
    "condition": "New", "year": 2026, "make": "Hyundai", "model": "Kona", "title": ["2026 Hyundai Kona", "SEL AWD"],
    "bodyStyle": "SUV", "fuelType": "Gasoline", "link": "/new/Hyundai/k1.htm", "uuid": "u1", "status": 1,
    "modelCode": "K0", "accountId": "examplehyundai", "images": [{"uri": "a"}],
    "attributes": [
        {"name": "odometer", "value": "5 miles"}, {"name": "exteriorColor", "value": "White"},
        {"name": "stockNumber", "value": "H1"}, {"name": "vin", "value": "KM8HACAB0RU000001"},
    ],
    "trackingPricing": {"salePrice": "27500", "msrp": "29500"},
    "pricing": {"retailPrice": "$29,500", "dPrice": [
        {"typeClass": "msrp", "value": "$29,600"},
        {"typeClass": "internetPrice", "value": "$27,900", "isFinalPrice": True},
    ]},
}  # fmt: skip


def result(count: int, total: Any, size: Any = 18) -> Answer:
    rows = [TRACKED | {"vin": f"1G6AB5RX0P{number:07d}", "uuid": f"u{number}"} for number in range(count)]
    return answer_of({"pageInfo": {"totalCount": total, "pageSize": size, "trackingData": rows}, "inventory": []})


def read(answer: Answer, site: Site = SITE, request: Request | None = None) -> Page:
    return dealercom.parse(site, request or dealercom.first(site)[0], answer)


def tracked_as(changes: Mapping[str, Any], site: Site = SITE, **document: Any) -> ScrapedVehicle:
    [vehicle] = read(answer_of({"pageInfo": {"trackingData": [{**TRACKED, **changes}]}} | document), site).vehicles
    return vehicle


def shown_as(changes: Mapping[str, Any], site: Site = POST, **document: Any) -> ScrapedVehicle:
    [vehicle] = read(
        answer_of({"pageInfo": {"totalCount": 1}, "inventory": [{**ITEM, **changes}]} | document), site
    ).vehicles
    return vehicle


@needs_samples
def test_the_recorded_answer_is_read_as_a_person_reads_it() -> None:
    used = dealercom.first(SITE)[1]
    page = read(Answer(status=200, url=used.url, body=RECORDED.read_bytes()), SITE, used)
    assert (page.list_name, page.rows, page.total_declared, page.page_size) == ("used", 18, 50, 18)
    assert page.next_requests[0].url.endswith("_USED:inventory-data-bus1/getInventory?start=18")
    assert page.vehicles[0] == ScrapedVehicle(
        vin="WVWAR7AN4NE011039", stock="30953P", v_type="Certified Pre-Owned", year="2022", make="Volkswagen",
        model="Arteon", trim="2.0T SEL R-Line", ext_color="Oryx White Pearl Effect", status="On-Lot", price="$38,995",
        msrp="", body="AWD SEL R-Line 4Motion  Sedan", fuel_type="Gasoline", date_in_stock="08/29/2023",
        vehicle_url="https://www.example.test/certified/Volkswagen/2022-Volkswagen-Arteon-3ffed5770a0e0a9478e8c686e9e53edf.htm",
        rooftop="Three County Volkswagen", mileage="11017", model_code="3H82RT", photo_count="24",
    )  # fmt: skip
    assert [vehicle.vin for vehicle in page.vehicles if vehicle.price == "Please Call"] == ["1V2ME2CAXLC225529"]
    assert {vehicle.v_type for vehicle in page.vehicles[1:]} == {"Used"}
    last = page.vehicles[-1]
    assert (last.vin, last.stock, last.price, last.year, last.trim) == (
        "3VWC57BU6KM227486", "30923P", "$17,995", "2019", "R-Line",
    )  # fmt: skip


@needs_samples
def test_the_recorded_list_is_read_without_what_the_page_tracks() -> None:
    document = json.loads(RECORDED.read_text(encoding="utf-8-sig"))
    vehicle = read(answer_of({**document, "pageInfo": {"totalCount": 50}}), POST).vehicles[0]
    assert (vehicle.vin, vehicle.stock, vehicle.v_type) == ("", "30953P", "Certified Pre-Owned")
    assert (vehicle.price, vehicle.msrp, vehicle.status) == ("$38,995", "", "")
    assert (vehicle.trim, vehicle.mileage) == ("Arteon 2.0T SEL R-Line AWD SEL R-Line 4Motion  Sedan", "11,017 miles")
    assert vehicle.rooftop == "Three County Volkswagen"


@needs_samples
def test_the_document_is_the_sample_document() -> None:
    sample = json.loads((SAMPLES / "constructed" / "dealercom_ws_inv_data_request.json").read_text())
    [request] = dealercom.first(replace(POST, parameters={"variant": "post", "site_id": "exampledealershiloh"}))
    assert json.loads(request.body) == sample


def test_new_and_used_are_lists_of_their_own() -> None:
    new, used = dealercom.first(replace(SITE, scope={"make": "Land Rover"}))
    assert (new.kind, new.method, new.body) == (Kind.LIST, "GET", "")
    assert new.url == (
        "https://www.example.test/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_NEW:inventory-data-bus1/getInventory"
        "?make=Land%20Rover&start=0"
    )
    assert "INVENTORY_LISTING_DEFAULT_AUTO_USED:" in used.url
    assert new.headers["Accept"] == "application/json"
    assert new.headers["User-Agent"].startswith("Mozilla/5.0")
    assert (new.note, used.note) == ({"list": "new", "start": 0}, {"list": "used", "start": 0})


def test_a_list_may_come_from_a_sister_host_for_one_account() -> None:
    site = replace(SITE, parameters={"used_host": "www.sister.test", "used_account_id": "ours"})
    new, used = dealercom.first(site)
    assert new.url.startswith("https://www.example.test/apis/widget/")
    assert new.url.endswith("getInventory?start=0")
    assert used.url == (
        "https://www.sister.test/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1/getInventory"
        "?accountId=ours&start=0"
    )
    page = read(result(18, 30), site, used)
    assert page.vehicles[0].vehicle_url == "https://www.sister.test/used/Cadillac/c1.htm"
    assert page.next_requests[0].url.startswith("https://www.sister.test/")
    assert page.next_requests[0].url.endswith("?accountId=ours&start=18")


@pytest.mark.parametrize(
    ("parameters", "ends"),
    [
        ({"lists": "all"}, ["AUTO_ALL:inventory-data-bus1/getInventory?start=0"]),
        ({"lists": "certified"}, ["AUTO_CERTIFIED_USED:inventory-data-bus1/getInventory?start=0"]),
        ({"lists": "fleet"}, ["AUTO_FLEET:inventory-data-bus1/getInventory?start=0"]),
        ({"lists": "new", "new_alias": "OWN", "window_id": "w2"}, ["/apis/widget/OWN:w2/getInventory?start=0"]),
        (
            {"lists": "new,used", "account_id": "a", "used_account_id": "b"},
            ["?accountId=a&start=0", "?accountId=b&start=0"],
        ),
    ],
)
def test_lists_aliases_and_accounts_are_configuration(parameters: dict[str, str], ends: list[str]) -> None:
    requests = dealercom.first(replace(SITE, parameters=parameters))
    assert [request.url.endswith(end) for request, end in zip(requests, ends, strict=True)] == [True] * len(ends)


def test_an_offset_is_never_asked_twice_in_one_address() -> None:
    [request, _] = dealercom.first(replace(SITE, scope={"start": "99", "accountId": "a"}))
    assert request.url.endswith("getInventory?start=0&accountId=a")


def test_by_document_everything_is_one_list_of_a_hundred() -> None:
    site = replace(
        POST,
        parameters={
            **POST.parameters, "all_page_id": "own_page", "account_id": "ours", "listing_config": "auto-new,auto-used",
            "locale": "fr_CA", "device": "MOBILE", "window_id": "w2", "widget_name": "ws",
        },
        scope={"make": "Hyundai"},
        page_size=48,
    )  # fmt: skip
    [request] = dealercom.first(site)
    assert (request.method, request.url) == ("POST", "https://www.example.test/api/widget/ws-inv-data/getInventory")
    assert request.headers == {"Content-Type": "application/json", "Accept": "application/json"}
    assert json.loads(request.body) == {
        "siteId": "examplesite", "locale": "fr_CA", "device": "MOBILE", "pageId": "own_page", "windowId": "w2",
        "pageAlias": "INVENTORY_LISTING_DEFAULT_AUTO_ALL", "widgetName": "ws", "includePricing": True,
        "inventoryParameters": {"make": ["Hyundai"], "accountId": ["ours"], "start": ["0"]},
        "preferences": {"pageSize": "48", "listing.config.id": "auto-new,auto-used"},
    }  # fmt: skip


def test_an_unknown_site_id_is_read_from_the_page_of_the_first_list() -> None:
    site = replace(SITE, parameters={"variant": "post"})
    [request] = dealercom.first(site)
    assert (request.kind, request.url) == (Kind.CONFIG, "https://www.example.test/all-inventory/index.htm")
    html = """<script>DDC.WidgetData["inventory-data-bus1"].props = {"siteId":"told","pageAlias":
    "INVENTORY_LISTING_DEFAULT_AUTO_ALL_2","pageId":"v9_INVENTORY_SEARCH_RESULTS_AUTO_ALL_V1_2"}</script>"""
    page = dealercom.parse(site, request, page_of(html))
    assert page.learned == {
        "site_id": "told",
        "all_alias": "INVENTORY_LISTING_DEFAULT_AUTO_ALL_2",
        "all_page_id": "v9_INVENTORY_SEARCH_RESULTS_AUTO_ALL_V1_2",
    }
    document = json.loads(page.next_requests[0].body)
    assert (document["siteId"], document["pageAlias"], document["pageId"]) == tuple(page.learned.values())


@pytest.mark.parametrize("html", ["siteId: 'told'", '"siteId" : "told"', "data-x=\"{siteId='told'}\""])
def test_the_site_id_is_read_however_the_script_writes_it(html: str) -> None:
    [request] = dealercom.refresh(POST)
    assert dealercom.parse(POST, request, page_of(html)).learned == {"site_id": "told"}


def test_ids_that_were_refused_give_way_to_the_page_on_every_page() -> None:
    [request] = dealercom.refresh(replace(POST, parameters={**POST.parameters, "listing_path": "/cars.htm"}))
    assert request.url == "https://www.example.test/cars.htm"
    [asked] = dealercom.parse(POST, request, page_of('"siteId":"told"')).next_requests
    assert json.loads(asked.body)["siteId"] == "told"
    [following] = read(result(100, 150), POST, asked).next_requests
    assert json.loads(following.body)["siteId"] == "told"
    assert json.loads(following.body)["inventoryParameters"] == {"start": ["100"]}
    assert following.note == {"list": "all", "start": 100}


def test_nothing_helps_a_list_that_is_refused_by_its_address() -> None:
    assert dealercom.refresh(SITE) == ()


def test_a_page_without_a_site_id_is_the_wrong_page_or_a_bot_check() -> None:
    [request] = dealercom.refresh(POST)
    assert_refused(lambda: read(page_of("<html>Home</html>"), POST, request), "E_WRONG_PAGE", "siteId")
    challenge = page_of("<html><title>Access Denied</title></html>")
    assert_refused(lambda: read(challenge, POST, request), "E_CHALLENGE", "robots")


def test_lists_go_on_by_what_came_not_by_the_declared_page_size() -> None:
    one = read(result(18, 50))
    two = read(result(16, 50), request=one.next_requests[0])
    three = read(result(16, 50), request=two.next_requests[0])
    assert [page.next_requests[0].url.rpartition("?")[2] for page in (one, two)] == ["start=18", "start=34"]
    assert (three.next_requests, three.total_declared, three.list_name) == ((), 50, "new")


def test_an_empty_page_ends_a_list_whatever_its_total_says() -> None:
    page = read(result(0, 600))
    assert (page.rows, page.total_declared, page.next_requests) == (0, 600, ())


@pytest.mark.parametrize(
    ("count", "size", "goes_on"), [(18, 18, True), (17, 18, False), (17, None, True), (0, None, False)]
)
def test_without_a_total_a_short_page_ends_a_list(count: int, size: Any, goes_on: bool) -> None:
    page = read(result(count, None, size))
    assert (page.total_declared, bool(page.next_requests)) == (None, goes_on)


@pytest.mark.parametrize(
    "document", [None, [], {}, {"pageInfo": None}, {"pageInfo": {"totalCount": 5}}, {"inventory": {}}]
)
def test_an_answer_without_vehicles_is_refused(document: Any) -> None:
    assert_refused(lambda: read(answer_of(document)), "E_STRUCTURE", "trackingData nor inventory")


def test_no_vehicles_at_all_are_an_empty_list_when_the_total_agrees() -> None:
    page = read(answer_of({"pageInfo": {"totalCount": 0, "trackingData": None}}))
    assert (page.vehicles, page.total_declared) == ((), 0)


def test_a_web_page_instead_of_json_is_refused() -> None:
    assert_refused(lambda: read(page_of("<html>Access Denied</html>")), "E_CHALLENGE", "robots")
    assert_refused(lambda: read(page_of("<html>Sorry</html>")), "E_NOT_JSON", "a web page")


def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    body = b"\xef\xbb\xbf" + result(1, 1).body
    assert read(Answer(status=200, url="https://www.example.test/", body=body)).rows == 1


def test_a_tracked_vehicle_is_read_in_full() -> None:
    assert tracked_as({}) == ScrapedVehicle(
        vin="1G6AB5RX0P0000001", stock="C1", v_type="Used", year="2024", make="Cadillac", model="CT4", trim="Luxury",
        ext_color="Black", status="On-Lot", price="$37,995", body="Sedan", fuel_type="Gasoline", mileage="12000",
        date_in_stock="10/02/2026", vehicle_url="https://www.example.test/used/Cadillac/c1.htm",
        rooftop="Example Cadillac", model_code="6DB", photo_count="2",
    )  # fmt: skip


def test_a_vehicle_of_the_list_alone_is_read_in_full() -> None:
    accounts = {"examplehyundai": {"name": "Example Hyundai"}}
    assert shown_as({}, accounts=accounts) == ScrapedVehicle(
        vin="KM8HACAB0RU000001", stock="H1", v_type="New", year="2026", make="Hyundai", model="Kona", trim="SEL AWD",
        ext_color="White", price="27500", msrp="29500", body="SUV", fuel_type="Gasoline", mileage="5 miles",
        vehicle_url="https://www.example.test/new/Hyundai/k1.htm", rooftop="Example Hyundai", model_code="K0",
        photo_count="1",
    )  # fmt: skip


def test_a_tracked_vehicle_is_completed_by_its_entry_of_the_list() -> None:
    bare = {"vin": "1G6AB5RX0P0000001", "uuid": "u1", "inventoryType": "new"}
    items = [ITEM | {"uuid": "other", "model": "Wrong"}, ITEM, ITEM | {"uuid": ""}]
    document = {"pageInfo": {"trackingData": [bare, {"vin": "1G6AB5RX0P0000002"}]}, "inventory": items}
    joined, alone = read(answer_of(document)).vehicles
    assert (joined.vin, joined.model, joined.ext_color, joined.stock) == ("1G6AB5RX0P0000001", "Kona", "White", "H1")
    assert alone == ScrapedVehicle(vin="1G6AB5RX0P0000002")


def test_the_year_has_two_names() -> None:
    assert tracked_as({"year": None, "modelYear": 2022}).year == "2022"


@pytest.mark.parametrize(
    ("changes", "v_type"),
    [
        ({"inventoryType": "new"}, "New"),
        ({"inventoryType": "certified"}, "Certified Pre-Owned"),
        ({"inventoryType": "used", "certified": True}, "Certified Pre-Owned"),
        ({"inventoryType": "new", "certified": True}, "New"),
        ({"inventoryType": None}, "Used"),
        ({"inventoryType": None, "newOrUsed": None, "certified": True}, "Certified Pre-Owned"),
        ({"inventoryType": "Courtesy Demo"}, "Courtesy Demo"),
        ({"inventoryType": None, "newOrUsed": None}, ""),
    ],
)
def test_certified_vehicles_are_never_told_as_used(changes: dict[str, Any], v_type: str) -> None:
    assert tracked_as(changes).v_type == v_type


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("live", "On-Lot"), ("IN_TRANSIT", "In Transit"), ("in_transit_at_factory", "Being Built"),
        ("on_hold", "on_hold"), ("", ""), (1, ""), (None, ""),
    ],
)  # fmt: skip
def test_known_status_codes_are_translated_and_other_words_pass_through(word: Any, status: str) -> None:
    assert tracked_as({"status": word}).status == status


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, "$37,995"),
        ({"pricing": {"internetPrice": "$38,995"}}, "$38,995"),
        ({"pricing": {"finalPrice": "$0", "internetPrice": "PLEASE_CALL"}}, "39995.0"),
        ({"pricing": {"internetPrice": "PLEASE_CALL"}, "askingPrice": None}, "Please Call"),
        ({"pricing": {"internetPrice": "Please Call"}, "askingPrice": None}, "Please Call"),
        ({"pricing": None, "askingPrice": "", "salePrice": "36500.0"}, "36500.0"),
        ({"pricing": None, "askingPrice": None, "msrp": "50000"}, ""),
    ],
)
def test_prices_follow_the_order_of_the_tracked_vehicle(changes: dict[str, Any], price: str) -> None:
    assert tracked_as(changes).price == price


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, "27500"),
        ({"trackingPricing": None}, "$27,900"),
        ({"trackingPricing": None, "pricing": {"dprice": [{"value": "$26,000", "isFinalPrice": True}]}}, "$26,000"),
        ({"trackingPricing": None, "pricing": {"dPrice": [{"value": "$26,000", "typeClass": "askingPrice"}]}}, ""),
        ({"trackingPricing": {"salePrice": "Please Call"}, "pricing": {"dPrice": {}}}, "Please Call"),
    ],
)
def test_prices_follow_the_order_of_the_list_by_document(changes: dict[str, Any], price: str) -> None:
    assert shown_as(changes).price == price


def test_each_variant_prefers_its_own_prices() -> None:
    document = {"pageInfo": {"trackingData": [TRACKED]}, "inventory": [ITEM]}
    assert read(answer_of(document), SITE).vehicles[0].price == "$37,995"
    assert read(answer_of(document), POST).vehicles[0].price == "27500"


@pytest.mark.parametrize(
    ("changes", "msrp"),
    [
        ({}, ""),
        ({"inventoryType": "new"}, "42995.0"),
        ({"inventoryType": "new", "pricing": {"msrp": "$45,000"}}, "$45,000"),
        ({"inventoryType": "new", "msrp": "44000"}, "44000"),
        ({"pricing": {"msrp": "$45,000"}}, "$45,000"),
        ({"inventoryType": "new", "retailValue": "0.0"}, ""),
    ],
)
def test_a_book_value_of_a_used_vehicle_is_no_msrp(changes: dict[str, Any], msrp: str) -> None:
    assert tracked_as(changes).msrp == msrp


def test_the_list_shows_an_msrp_where_nothing_else_does() -> None:
    assert shown_as({"trackingPricing": None}).msrp == "$29,600"


@pytest.mark.parametrize(
    ("changes", "source", "rooftop"),
    [
        ({}, "", "Example Cadillac"),
        ({"address": None}, "", "Named By Account"),
        ({"address": None, "accountId": "unknown"}, "", "unknown"),
        ({"address": None, "accountId": None}, "", ""),
        ({}, "address.accountName", "Example Cadillac"),
        ({"address": None, "accountId": "unknown"}, "address.accountName", ""),
        ({}, "accountId", "examplecadillac"),
        ({"address": {"city": "Columbia"}}, "address.city", "Columbia"),
        ({}, "address.city", ""),
    ],
)
def test_the_rooftop_is_an_account(changes: dict[str, Any], source: str, rooftop: str) -> None:
    accounts = {"examplecadillac": {"address": {"accountName": "Named By Account"}}}
    site = replace(SITE, rooftop=RooftopRule(source=source))
    assert tracked_as(changes, site, accounts=accounts).rooftop == rooftop


def test_a_row_without_anything_is_a_vehicle_without_anything() -> None:
    page = read(answer_of({"pageInfo": {"trackingData": [None, {}, "text", []]}, "inventory": [None, "text"]}))
    assert (page.rows, page.vehicles) == (4, (ScrapedVehicle(),) * 4)


def test_a_page_is_told_by_its_widgets() -> None:
    detection = dealercom.detect('<script>DDC.WS.state[\'ws-inv-data\'] = {}; x = {"siteId":"told"}</script>')
    assert detection is not None
    assert (detection.confidence, detection.found) == (75, {"variant": "post", "site_id": "told"})
    older = dealercom.detect('DDC.WidgetData "/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_NEW:x/getInventory"')
    assert older is not None
    assert (older.confidence, older.found) == (95, {"variant": "get"})
    assert dealercom.detect("<html>siteId: 'told'</html>") is None


def test_saved_payloads_are_told_apart() -> None:
    assert dealercom.kind_of("<html></html>") == Kind.CONFIG
    assert dealercom.kind_of('\ufeff{"pageInfo": {}}') == Kind.LIST


@pytest.mark.parametrize("site", [SITE, POST])
def test_a_saved_payload_is_read_without_the_request_that_brought_it(site: Site) -> None:
    page = read(result(2, 2), site, Request(kind=Kind.LIST, url=""))
    assert (page.list_name, page.rows, page.total_declared) == ("all", 2, 2)
    assert page.vehicles[0].vehicle_url == "https://www.example.test/used/Cadillac/c1.htm"


DOCUMENT = {
    "pageInfo": {"totalCount": 300, "pageSize": 18, "trackingData": [TRACKED, TRACKED | {"uuid": "u2"}]},
    "inventory": [ITEM, ITEM | {"uuid": "u2"}],
    "accounts": {"examplecadillac": {"name": "Example Cadillac"}},
}


@pytest.mark.parametrize("site", [SITE, POST])
@given(document=mutations_of(DOCUMENT))
def test_no_answer_breaks_the_reading(site: Site, document: Any) -> None:
    assert_read_or_refused(lambda: read(answer_of(document), site))


@given(mutations_of({"pageInfo": {"totalCount": 300}, "inventory": [ITEM], "accounts": {"examplehyundai": {}}}))
def test_no_answer_breaks_the_reading_of_the_list_alone(document: Any) -> None:
    assert_read_or_refused(lambda: read(answer_of(document), POST))


@given(st.binary())
def test_no_bytes_break_the_reading(body: bytes) -> None:
    answer = Answer(status=200, url="https://www.example.test/", body=body)
    assert_read_or_refused(lambda: read(answer))
    assert_read_or_refused(lambda: read(answer, POST, dealercom.refresh(POST)[0]))
