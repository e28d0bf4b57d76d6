"""Cars Commerce: the service that the listing page names, its pages, and the vehicles in them."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import carscommerce
from scrapers.domain.shapes import Answer, Kind, Page, Request, RooftopRule, ScrapedVehicle, Site
from tests.scrapers.domain.platforms.mutations import (
    answer_of,
    assert_read_or_refused,
    assert_refused,
    mutations_of,
    page_of,
)

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[5] / "shared") / "data"
SAMPLES = SHARED / "platform-samples" / "constructed"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the platform samples in ../shared/data")

LEARNED = {"api_url": "https://search.carscommerce.inc", "ccid": "77", "api_key": "KEY-1"}
SITE = Site(platform="carscommerce", base_url="https://www.example.test")
TAUGHT = replace(SITE, learned=LEARNED)
LISTING: dict[str, Any] = {
    "vin": "1FTFW1E50PFA00001", "stock": "F1", "type": "Used", "year": 2024, "make": "Ford", "model": "F-150",
    "trim": "XLT", "model_number": "W1E", "mileage": 1234.0, "date_in_stock": "10/01/2026", "vdp_url": "/inventory/f1/",
    "status": "publish", "is_certified": False,
    "styles": {"body_type": "Truck", "exterior_color": "Red"}, "mechanical": {"fuel_type": "Gasoline"},
    "pricing": {"msrp": 50000, "our_price": None, "price": "41,500", "low_price": 85},
    "media": {"images": ["a", "b"]}, "dealer": {"name": "Example", "location": ""},
    "extra_fields": {"lightning": {"statusLabel": "In Transit", "status": "in", "locations": {"Location": "L"}}},
}  # fmt: skip


def service_page(**changes: Any) -> str:
    service = {
        "apiUrl": "https://search.carscommerce.inc", "ccid": "77", "apiKey": "KEY-2",
        "visibleStatusValues": ["publish"],
    }  # fmt: skip
    return f"<html><script>var SEARCH_SERVICE = {json.dumps(service | changes)};</script></html>"


def result(count: int, total: Any = None, **changes: Any) -> Answer:
    listings = [LISTING | {"vin": f"1FTFW1E50PFA{number:05d}"} for number in range(count)]
    return answer_of({"data": {"listings": listings, "total_vehicle_count": total} | changes, "meta": {}})


def read(answer: Answer, site: Site = TAUGHT, request: Request | None = None) -> Page:
    return carscommerce.parse(site, request or carscommerce.first(site)[0], answer)


def vehicle_of(changes: Mapping[str, Any] = {}, site: Site = TAUGHT) -> ScrapedVehicle:
    return read(answer_of({"data": [{**LISTING, **changes}]}), site).vehicles[0]


@needs_samples
def test_the_sample_page_names_its_service() -> None:
    html = (SAMPLES / "carscommerce_srp_fragment.html").read_text()
    detection = carscommerce.detect(html)
    assert detection is not None
    assert (detection.platform, detection.confidence) == ("carscommerce", 95)
    [request] = carscommerce.first(SITE)
    page = carscommerce.parse(SITE, request, page_of(html))
    assert page.learned == {
        "api_url": "https://websites-search.api.carscommerce.inc",
        "ccid": "6060001",
        "api_key": "PUBLIC-BROWSER-KEY",
        "statuses": "publish,modified,pend-sale",
    }
    [search] = page.next_requests
    assert search.url == "https://websites-search.api.carscommerce.inc/api/v1/listings/6060001/search"
    assert search.headers["x-api-key"] == "PUBLIC-BROWSER-KEY"


@needs_samples
def test_the_search_is_the_sample_search() -> None:
    sample = json.loads((SAMPLES / "carscommerce_search_request.json").read_text())
    asked = json.loads(carscommerce.first(TAUGHT)[0].body)
    assert {name: asked[name] for name in ("page", "perPage", "facetFilters")} == {
        name: sample[name] for name in ("page", "perPage", "facetFilters")
    }
    assert asked["filters"] == {"status": sample["filters"]["status"]}
    assert set(sample["requestedFields"]) <= set(asked["requestedFields"])


@needs_samples
def test_the_sample_answer_is_read_as_a_person_reads_it() -> None:
    body = (SAMPLES / "carscommerce_search_response.json").read_bytes()
    page = read(Answer(status=200, url="https://www.example-honda.test/", body=body))
    assert (page.rows, page.total_declared, page.next_requests) == (3, 3, ())
    assert page.vehicles[0] == ScrapedVehicle(
        vin="2HKRS4H7XRH400001", stock="H00001", v_type="New", year="2026", make="Honda", model="CR-V", trim="EX-L",
        ext_color="Platinum White Pearl", status="In Stock", price="37890", msrp="39170", body="SUV",
        fuel_type="Gasoline", date_in_stock="03/21/2026",
        vehicle_url="https://www.example-honda.test/inventory/new-2026-honda-cr-v-ex-l-awd-2hkrs4h7xrh400001/",
        rooftop="Example Honda", mileage="4", model_code="RS4H7RJNW", photo_count="1",
    )  # fmt: skip
    certified, sibling = page.vehicles[1:]
    assert (certified.v_type, certified.price, certified.msrp) == ("Certified Pre-Owned", "28900", "")
    assert certified.rooftop == 'Example Honda<br><a href="https://maps.example.test">500 Auto Mall Dr</a>'
    assert (sibling.v_type, sibling.price, sibling.status, sibling.rooftop) == (
        "Used",
        "",
        "In Transit",
        "Sibling Ford",
    )


def test_without_a_key_the_listing_page_is_asked_first() -> None:
    [request] = carscommerce.first(SITE)
    assert (request.kind, request.method, request.url) == (Kind.CONFIG, "GET", "https://www.example.test/new-vehicles/")
    [other] = carscommerce.first(replace(SITE, parameters={"listing_path": "/used-vehicles/"}))
    assert other.url == "https://www.example.test/used-vehicles/"


@pytest.mark.parametrize("lacking", ["api_url", "ccid", "api_key"])
def test_one_part_that_is_unknown_is_enough_to_ask_the_page(lacking: str) -> None:
    [request] = carscommerce.first(replace(SITE, learned={name: LEARNED[name] for name in LEARNED if name != lacking}))
    assert request.kind == Kind.CONFIG


def test_what_was_learned_is_used_without_the_page() -> None:
    [request] = carscommerce.first(TAUGHT)
    assert (request.kind, request.method) == (Kind.LIST, "POST")
    assert request.url == "https://search.carscommerce.inc/api/v1/listings/77/search"
    assert request.headers == {
        "x-api-key": "KEY-1",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Origin": "https://www.example.test",
        "Referer": "https://www.example.test/",
    }
    assert json.loads(request.body)["filters"] == {"status": ["publish", "modified", "pend-sale"]}


def test_a_key_is_never_sent_to_a_service_that_is_not_cars_commerces() -> None:
    [request] = carscommerce.first(replace(SITE, learned=LEARNED | {"api_url": "https://carscommerce.inc.evil.test"}))
    assert request.kind == Kind.CONFIG


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test", "https://evilcarscommerce.inc", "http://search.carscommerce.inc",
        "https://search.carscommerce.inc:8443", "https://search.carscommerce.inc@evil.test", "https://[",
    ],
)  # fmt: skip
def test_a_page_that_names_a_foreign_service_is_refused(url: str) -> None:
    page = page_of(service_page(apiUrl=url))
    assert_refused(lambda: read(page, SITE), "E_STRUCTURE", "is not one of Cars Commerce")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"apiKey": ""}, "apiKey"),
        ({"apiKey": "a\nb"}, "apiKey"),
        ({"ccid": None}, "ccid"),
        ({"apiUrl": ["x"]}, "apiUrl"),
    ],
)
def test_a_page_whose_service_lacks_a_part_names_it(changes: dict[str, Any], word: str) -> None:
    assert_refused(lambda: read(page_of(service_page(**changes)), SITE), "E_STRUCTURE", f"no usable {word}")


def test_a_page_without_a_service_is_the_wrong_page_or_a_bot_check() -> None:
    assert_refused(lambda: read(page_of("<html>Welcome</html>"), SITE), "E_WRONG_PAGE", "SEARCH_SERVICE")
    assert_refused(lambda: read(page_of("<html><title>Just a moment...</title>"), SITE), "E_CHALLENGE", "robots")


def test_a_refused_key_is_read_again_from_the_page_even_where_one_was_configured() -> None:
    configured = replace(SITE, parameters=LEARNED)
    [request] = carscommerce.refresh(configured)
    assert request.kind == Kind.CONFIG
    page = carscommerce.parse(configured, request, page_of(service_page()))
    assert page.next_requests[0].headers["x-api-key"] == "KEY-2"
    assert page.learned["api_key"] == "KEY-2"


def test_a_page_that_was_read_for_another_reason_leaves_configured_ids_alone() -> None:
    site = replace(SITE, parameters={"ccid": "88"})
    [search] = read(page_of(service_page()), site).next_requests
    assert "/listings/88/" in search.url


@pytest.mark.parametrize(
    ("values", "statuses"),
    [(["publish", "", None, "modified"], ["publish", "modified"]), ([], ["publish", "modified", "pend-sale"]),
     (None, ["publish", "modified", "pend-sale"])],
)  # fmt: skip
def test_the_page_says_which_listings_are_visible(values: Any, statuses: list[str]) -> None:
    [search] = read(page_of(service_page(visibleStatusValues=values)), SITE).next_requests
    assert json.loads(search.body)["filters"] == {"status": statuses}


def test_the_account_number_cannot_change_the_address() -> None:
    [request] = carscommerce.first(replace(SITE, learned=LEARNED | {"ccid": "7/../8?x"}))
    assert request.url == "https://search.carscommerce.inc/api/v1/listings/7%2F..%2F8%3Fx/search"


def test_lists_are_restricted_by_the_scope_and_by_their_own_filters() -> None:
    parameters = {"lists": "new, used", "used_filters": "type_slug=Used&type_slug=Certified Used&make=Honda"}
    new, used = carscommerce.first(replace(TAUGHT, parameters=parameters, scope={"source_id": "5"}, page_size=50))
    assert json.loads(new.body)["facetFilters"] == {"source_id": ["5"]}
    assert json.loads(used.body)["facetFilters"] == {
        "source_id": ["5"],
        "type_slug": ["Used", "Certified Used"],
        "make": ["Honda"],
    }
    assert (new.note["list"], used.note["list"], json.loads(new.body)["perPage"]) == ("new", "used", 50)


def test_the_page_size_stays_under_the_services_cap() -> None:
    [request] = carscommerce.first(replace(TAUGHT, page_size=1000))
    assert json.loads(request.body)["perPage"] == 200


def test_pages_are_asked_one_after_another_until_the_total_is_there() -> None:
    one = read(result(100, 250))
    two = read(result(100, 250), request=one.next_requests[0])
    three = read(result(50, 250), request=two.next_requests[0])
    assert [page.page_number for page in (one, two, three)] == [1, 2, 3]
    assert [json.loads(page.next_requests[0].body)["page"] for page in (one, two)] == [2, 3]
    assert (three.next_requests, three.total_declared, three.list_name) == ((), 250, "all")
    assert one.next_requests[0].headers == carscommerce.first(TAUGHT)[0].headers


def test_smaller_pages_than_asked_for_are_read_to_the_end() -> None:
    one = read(result(20, 30))
    two = read(result(10, 30), request=one.next_requests[0])
    assert (len(one.next_requests), two.next_requests) == (1, ())


def test_an_empty_page_ends_a_list_whatever_its_total_says() -> None:
    page = read(result(0, 400))
    assert (page.rows, page.total_declared, page.next_requests) == (0, 400, ())


def test_a_bare_list_declares_no_total_and_ends_with_a_short_page() -> None:
    full = read(answer_of({"data": [LISTING] * 100}))
    short = read(answer_of({"data": [LISTING] * 99}))
    assert (full.total_declared, len(full.next_requests), full.page_size) == (None, 1, 100)
    assert (short.total_declared, short.next_requests) == (None, ())


def test_a_total_that_is_no_number_is_none() -> None:
    assert read(result(1, "many")).total_declared is None
    assert read(result(1, "1")).total_declared == 1


def test_no_listings_at_all_are_an_empty_list_when_the_total_agrees() -> None:
    assert read(result(0, 0, listings=None)).vehicles == ()


@pytest.mark.parametrize(
    "document", [None, [], "text", {}, {"data": None}, {"data": {"listings": {}}}, {"message": "x"}]
)
def test_an_answer_without_listings_is_refused(document: Any) -> None:
    assert_refused(lambda: read(answer_of(document)), "E_STRUCTURE", "data.listings")


def test_a_web_page_instead_of_json_is_refused() -> None:
    assert_refused(lambda: read(page_of("<html>Sorry</html>")), "E_NOT_JSON", "a web page")


@pytest.mark.parametrize(
    ("pricing", "price", "msrp"),
    [
        ({"our_price": 30000, "price": 29000}, "30000", ""),
        ({"our_price": 85, "price": "122", "internet_price": 31000}, "31000", ""),
        ({"our_price": 0, "sale_price": 28000.0, "msrp": 0}, "28000", ""),
        ({"our_price": 122, "low_price": 30000, "msrp": 122}, "", ""),
        ({"our_price": "Please call", "msrp": "41235"}, "Please call", "41235"),
        ({"our_price": -1000}, "-1000", ""),
        (None, "", ""),
        ([], "", ""),
    ],
)
def test_prices_follow_the_platforms_order_and_masked_figures_are_none(pricing: Any, price: str, msrp: str) -> None:
    vehicle = vehicle_of({"pricing": pricing})
    assert (vehicle.price, vehicle.msrp) == (price, msrp)


@pytest.mark.parametrize(
    ("word", "certified", "v_type"),
    [
        ("Used", True, "Certified Pre-Owned"), ("Pre-Owned", True, "Certified Pre-Owned"),
        ("", True, "Certified Pre-Owned"),
        ("CarBravo", True, "CarBravo"), ("New", True, "New"), ("Used", False, "Used"), ("Used", None, "Used"),
        ("Certified Used", False, "Certified Used"),
    ],
)  # fmt: skip
def test_certified_vehicles_are_never_told_as_used(word: str, certified: Any, v_type: str) -> None:
    assert vehicle_of({"type": word, "is_certified": certified}).v_type == v_type


def test_the_lot_status_is_never_the_state_of_publication() -> None:
    assert vehicle_of({"extra_fields": {}}, replace(TAUGHT, status_keys=("status",))).status == ""
    assert vehicle_of({"extra_fields": {"lightning": {"status": "in-stock"}}}).status == "in-stock"


def test_a_status_label_comes_before_its_code_whatever_the_site_prefers() -> None:
    assert vehicle_of({}, replace(TAUGHT, status_keys=("lightning.status",))).status == "In Transit"


def test_status_keys_of_a_site_come_before_the_platforms_own() -> None:
    site = replace(TAUGHT, status_keys=("custom_status", "intransit"))
    extra = {"custom_status": "", "lightning": {"statusLabel": "In Stock"}}
    assert vehicle_of({"extra_fields": extra | {"intransit": "Arriving"}}, site).status == "Arriving"
    assert vehicle_of({"extra_fields": extra, "custom_status": "Dealer Ordered"}, site).status == "Dealer Ordered"
    assert vehicle_of({"extra_fields": extra}, site).status == "In Stock"


@pytest.mark.parametrize(
    ("changes", "source", "rooftop"),
    [
        ({}, "", "Example"),
        ({"dealer": {"name": "N", "location": "P"}}, "", "P"),
        ({"dealer": None}, "", "L"),
        ({"dealer": None, "extra_fields": {"custom_location": "C"}}, "", "C"),
        ({"dealer": {"name": "N", "location": "P"}}, "dealer.name", "N"),
        ({"dealer": {"location": "P"}}, "dealer.name", ""),
    ],
)
def test_the_rooftop_is_named_by_the_rule_or_by_the_first_field_that_speaks(
    changes: dict[str, Any], source: str, rooftop: str
) -> None:
    assert vehicle_of(changes, replace(TAUGHT, rooftop=RooftopRule(source=source))).rooftop == rooftop


def test_a_listing_without_anything_is_a_vehicle_without_anything() -> None:
    page = read(answer_of({"data": [None, {}, "text", {"vin": None, "media": {"images": None}}]}))
    assert (page.rows, page.vehicles) == (4, (ScrapedVehicle(),) * 4)


def test_a_page_is_told_by_its_service() -> None:
    detection = carscommerce.detect(service_page())
    assert detection is not None
    assert detection.confidence == 95
    broken = carscommerce.detect("SEARCH_SERVICE = load('https://x.carscommerce.inc')")
    assert broken is not None
    assert broken.confidence == 70
    assert carscommerce.detect("<html>carscommerce</html>") is None
    assert carscommerce.detect("SEARCH_SERVICE = {}") is None


def test_saved_payloads_are_told_apart() -> None:
    assert carscommerce.kind_of(service_page()) == Kind.CONFIG
    assert carscommerce.kind_of('{"data": []}') == Kind.LIST


def test_a_saved_payload_is_read_without_the_request_that_brought_it() -> None:
    request = Request(kind=Kind.LIST, url="https://www.example.test/saved.json")
    page = read(result(2, 2), request=request)
    assert (page.list_name, page.rows, page.total_declared) == ("all", 2, 2)


@given(mutations_of({"data": {"listings": [LISTING, LISTING], "total_vehicle_count": 300}, "meta": {}}))
def test_no_answer_breaks_the_reading(document: Any) -> None:
    assert_read_or_refused(lambda: read(answer_of(document)))


@given(mutations_of({"apiUrl": "https://a.carscommerce.inc", "ccid": "7", "apiKey": "K", "visibleStatusValues": ["a"]}))
def test_no_page_breaks_the_reading(service: Any) -> None:
    html = f"<script>var SEARCH_SERVICE = {json.dumps(service)};</script>"
    assert_read_or_refused(lambda: read(page_of(html), SITE))


@given(st.binary())
def test_no_bytes_break_the_reading(body: bytes) -> None:
    answer = Answer(status=200, url="https://www.example.test/", body=body)
    assert_read_or_refused(lambda: read(answer))
    assert_read_or_refused(lambda: read(answer, SITE))
