"""Algolia: where the key comes from, lists with their indexes and filters, the limit of a search, and the hits."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import algolia_legacy
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

SITE = Site(
    platform="algolia_legacy", base_url="https://www.example.test", parameters={"app": "app1", "index": "cars_by_price"}
)
TAUGHT = replace(SITE, learned={"api_key": "KEY-1"})
HELPER = '<div id="sb-algolia-helper" data-app-id="APP2" data-search-key="KEY-2" data-index="cars"></div>'
HIT: dict[str, Any] = {
    "objectID": "5XYRH4LF1PG000009", "vin": "5XYRH4LF1PG000009", "stock": "K9", "type": "Used", "year": 2024,
    "make": "Kia", "model": "Sorento", "trim": "S", "body": "SUV", "ext_color": "Gray", "fueltype": "Gasoline",
    "model_number": "7342", "miles": "34,120", "our_price": 39990, "msrp": "41235", "date_in_stock": "03/21/2026",
    "link": "/inventory/k9/", "Location": "Example Kia",
    "lightning": {"status": "in-stock", "statusLabel": "In Stock", "locations": {"Location": "L"}},
}  # fmt: skip


def result(count: int, total: Any, pages: Any, **changes: Any) -> Answer:
    hits = [HIT | {"vin": f"5XYRH4LF1PG{number:06d}"} for number in range(count)]
    return answer_of({"results": [{"hits": hits, "nbHits": total, "nbPages": pages, "page": 0} | changes]})


def read(answer: Answer, site: Site = TAUGHT, request: Request | None = None) -> Page:
    return algolia_legacy.parse(site, request or algolia_legacy.first(site)[0], answer)


def search_of(request: Request) -> tuple[str, dict[str, Any]]:
    """Index and parameters of a request's search, as the service decodes them."""
    [search] = json.loads(request.body)["requests"]
    params = {name: values[0] for name, values in parse_qs(search["params"], strict_parsing=True).items()}
    return search["indexName"], params | {"facetFilters": json.loads(params["facetFilters"])}


def filters_of(request: Request) -> Any:
    return search_of(request)[1]["facetFilters"]


def vehicle_of(changes: Mapping[str, Any] = {}, site: Site = TAUGHT) -> ScrapedVehicle:
    return read(answer_of({"results": [{"hits": [{**HIT, **changes}]}]}), site).vehicles[0]


@needs_samples
def test_the_search_is_the_sample_search() -> None:
    [sample] = json.loads((SAMPLES / "algolia_queries_request.json").read_text())["requests"]
    site = Site(
        platform="algolia_legacy",
        base_url="https://www.example-kia.test",
        parameters={
            "app": "sewjn80htn",
            "index": "examplekia_production_inventory_specials_oem_price",
            "lists": "new",
            "new_filters": "type=New",
        },
        scope={"Location": "Example Kia South"},
        learned={"api_key": "KEY"},
    )
    [request] = algolia_legacy.first(site)
    index, params = search_of(request)
    assert index == sample["indexName"]
    wanted = {name: values[0] for name, values in parse_qs(sample["params"]).items()}
    assert params == wanted | {
        "facetFilters": [["Location:Example Kia South"], ["type:New"]],
        "facets": '["type"]',
        "maxValuesPerFacet": "250",
    }


@needs_samples
def test_the_sample_answer_is_read_as_a_person_reads_it() -> None:
    body = (SAMPLES / "algolia_queries_response.json").read_bytes()
    site = replace(TAUGHT, status_keys=("vehicle_status_filter", "lightning.statusLabel"))
    page = read(Answer(status=200, url="https://app1-dsn.algolia.net/", body=body), site)
    assert (page.rows, page.total_declared, page.page_number, page.pages_declared) == (3, 3, 1, 1)
    assert page.next_requests == ()
    assert page.vehicles[0] == ScrapedVehicle(
        vin="5XYRH4LF1PG000001", stock="K00001", v_type="New", year="2025", make="Kia", model="Sorento", trim="S",
        ext_color="Gravity Gray", status="In Transit", price="39990", msrp="41235", body="SUV", fuel_type="Gasoline",
        date_in_stock="03/21/2025", rooftop="Example Kia South", mileage="5", model_code="7342",
        vehicle_url="https://www.example-kia.test/inventory/new-2025-kia-sorento-s-awd-5xyrh4lf1/",
    )  # fmt: skip
    certified, used = page.vehicles[1:]
    assert (certified.v_type, certified.price, certified.msrp) == ("Certified Pre-Owned", "Please call for price", "")
    assert certified.status == ""
    assert (used.v_type, used.price, used.msrp, used.status) == ("Pre-Owned", "Please call for price", "", "In Stock")


def test_with_a_key_the_lists_are_asked_at_once() -> None:
    [request] = algolia_legacy.first(TAUGHT)
    assert (request.kind, request.method) == (Kind.LIST, "POST")
    assert request.url == "https://app1-dsn.algolia.net/1/indexes/*/queries"
    assert request.headers == {
        "X-Algolia-Application-Id": "APP1",
        "X-Algolia-API-Key": "KEY-1",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    index, params = search_of(request)
    assert (index, params["page"], params["hitsPerPage"], params["facetFilters"]) == ("cars_by_price", "0", "250", [])


@pytest.mark.parametrize(
    ("parameters", "learned"),
    [
        ({"app": "app1", "index": "cars"}, {}),
        ({"app": "app1"}, {"api_key": "K"}),
        ({"index": "cars"}, {"api_key": "K"}),
        ({"app": "app1.evil.test/", "index": "cars"}, {"api_key": "K"}),
        ({"app": "app1", "lists": "new,used", "new_index": "cars"}, {"api_key": "K"}),
    ],
)
def test_whatever_is_unknown_is_asked_of_the_listing_page(parameters: dict[str, str], learned: dict[str, str]) -> None:
    [request] = algolia_legacy.first(replace(SITE, parameters=parameters, learned=learned))
    assert (request.kind, request.url) == (Kind.CONFIG, "https://www.example.test/new-vehicles/")


@pytest.mark.parametrize(
    "html",
    [
        HELPER,
        """<script>var algoliaConfig = {"appId":"APP2","apiKeySearch":"KEY-2","indexName":"cars"};</script>""",
        """<script>inventoryLightningSettings={"appId":"APP2","apiKey":"KEY-2","inventoryIndex":"cars"};</script>""",
        """<script>algoliaConfig = {"appId":"APP2","apiKeySearch":"KEY-2"};
        inventoryLightningSettings = {"inventoryIndex":"cars"};</script>""",
    ],
)
def test_the_page_tells_application_key_and_index_in_several_ways(html: str) -> None:
    page = read(page_of(html), replace(SITE, parameters={}))
    assert page.learned == {"app": "APP2", "api_key": "KEY-2", "index": "cars"}
    [request] = page.next_requests
    assert request.url == "https://app2-dsn.algolia.net/1/indexes/*/queries"
    assert request.headers["X-Algolia-API-Key"] == "KEY-2"
    assert search_of(request)[0] == "cars"


def test_the_page_gives_the_key_and_leaves_the_configured_index_alone() -> None:
    [request] = read(page_of(HELPER), SITE).next_requests
    assert search_of(request)[0] == "cars_by_price"
    assert request.headers["X-Algolia-API-Key"] == "KEY-2"


def test_what_the_service_refused_gives_way_to_the_page() -> None:
    site = replace(TAUGHT, parameters={**SITE.parameters, "lists": "new,used", "new_index": "cars_by_make"})
    [request] = algolia_legacy.refresh(site)
    asked = algolia_legacy.parse(site, request, page_of(HELPER)).next_requests
    assert [search_of(request)[0] for request in asked] == ["cars", "cars"]
    assert {request.url for request in asked} == {"https://app2-dsn.algolia.net/1/indexes/*/queries"}


def test_a_refused_list_keeps_its_index_where_the_page_names_none() -> None:
    site = replace(TAUGHT, parameters={"app": "app1", "all_index": "cars_by_make"})
    [request] = algolia_legacy.refresh(site)
    html = '<div id="sb-algolia-helper" data-search-key="KEY-2"></div>'
    [asked] = algolia_legacy.parse(site, request, page_of(html)).next_requests
    assert (search_of(asked)[0], asked.headers["X-Algolia-API-Key"]) == ("cars_by_make", "KEY-2")


def test_a_page_without_a_key_is_the_wrong_page_or_a_bot_check() -> None:
    assert_refused(lambda: read(page_of("<html>Welcome</html>"), SITE), "E_WRONG_PAGE", "no key")
    assert_refused(lambda: read(page_of("<html><title>Access Denied</title>"), SITE), "E_CHALLENGE", "robots")


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (HELPER.replace("APP2", "app.evil.test/"), "no usable application"),
        (HELPER.replace("KEY-2", "two words"), "no usable application and key"),
        (HELPER.replace('data-index="cars"', ""), "index of list all"),
    ],
)
def test_a_page_that_tells_unusable_parts_is_refused(html: str, words: str) -> None:
    assert_refused(lambda: read(page_of(html), replace(SITE, parameters={})), "E_STRUCTURE", words)


def test_each_list_has_its_index_and_filters_and_all_have_the_scope() -> None:
    parameters = {
        "app": "app1",
        "index": "cars_by_price",
        "new_index": "cars_by_make",
        "lists": "new,used",
        "new_filters": "type=New&make=Honda",
        "used_filters": "type=Used&type=Certified Used&wholesale_units=true",
    }
    site = replace(TAUGHT, parameters=parameters, scope={"Location": "O'Fallon"}, page_size=100)
    new, used = algolia_legacy.first(site)
    assert (new.note["list"], search_of(new)[0], search_of(new)[1]["hitsPerPage"]) == ("new", "cars_by_make", "100")
    assert (used.note["list"], search_of(used)[0]) == ("used", "cars_by_price")
    assert filters_of(new) == [["Location:O'Fallon"], ["type:New"], ["make:Honda"]]
    assert filters_of(used) == [["Location:O'Fallon"], ["type:Used", "type:Certified Used"], ["wholesale_units:true"]]


@pytest.mark.parametrize(
    ("facet", "value"),
    [
        ("location", "Joe Machens Nissan"),
        ("lightning.locations.Location", "Suntrup Hyundai South"),
        ("Location", 'BMW of <b class="a">West & St. Louis</b>, 100 % + more'),
        ("Location", "Citroën"),
    ],
)
def test_the_scope_names_the_facet_as_the_index_spells_it(facet: str, value: str) -> None:
    [request] = algolia_legacy.first(replace(TAUGHT, scope={facet: value}))
    assert filters_of(request) == [[f"{facet}:{value}"]]


def test_no_page_is_asked_for_that_the_index_does_not_have() -> None:
    one = read(result(250, 600, 3))
    two = read(result(250, 600, 3, page=1), request=one.next_requests[0])
    three = read(result(100, 600, 3, page=2), request=two.next_requests[0])
    assert [search_of(page.next_requests[0])[1]["page"] for page in (one, two)] == ["1", "2"]
    assert [page.page_number for page in (one, two, three)] == [1, 2, 3]
    assert (three.next_requests, three.total_declared, three.pages_declared) == ((), 600, 3)


def test_an_empty_page_ends_a_list_whatever_it_declares() -> None:
    page = read(result(0, 600, 3))
    assert (page.next_requests, page.total_declared, page.warnings) == ((), 600, ())


def test_without_declared_pages_a_short_page_ends_a_list() -> None:
    assert len(read(result(250, None, None)).next_requests) == 1
    assert read(result(249, None, None)).next_requests == ()


def test_a_list_above_the_limit_is_read_by_the_types_that_it_has() -> None:
    site = replace(TAUGHT, scope={"Location": "Here"})
    page = read(result(250, 1400, 4, facets={"type": {"New": 900, "Used": 450, "Shuttle": 50}}), site)
    assert (page.rows, page.vehicles, page.total_declared, page.list_name) == (0, (), 1400, "all")
    assert [filters_of(request) for request in page.next_requests] == [
        [["Location:Here"], ["type:New"]],
        [["Location:Here"], ["type:Used"]],
        [["Location:Here"], ["type:Shuttle"]],
    ]
    part = read(result(250, 900, 4), site, page.next_requests[0])
    assert (part.list_name, part.rows, part.total_declared) == ("all", 250, 1400)
    assert (part.page_number, part.pages_declared, part.warnings) == (None, None, ())
    following = read(result(250, 900, 4), site, part.next_requests[0])
    assert (filters_of(part.next_requests[0]), following.total_declared) == ([["Location:Here"], ["type:New"]], 1400)


def test_without_counts_a_long_list_is_read_by_every_known_type() -> None:
    page = read(result(250, 1001, 4))
    assert [filters_of(request)[0][0] for request in page.next_requests] == [
        "type:New",
        "type:Used",
        "type:Certified Used",
        "type:Certified Pre-Owned",
        "type:Pre-Owned",
        "type:CarBravo",
        "type:Demo",
    ]


def test_a_long_list_of_some_types_is_read_by_these_alone() -> None:
    parameters = {**SITE.parameters, "all_filters": "type=Used&type=Demo"}
    page = read(result(250, 1001, 4), replace(TAUGHT, parameters=parameters))
    assert [filters_of(request) for request in page.next_requests] == [[["type:Used"]], [["type:Demo"]]]


def test_a_list_of_one_type_above_the_limit_says_so_and_is_read_as_far_as_it_goes() -> None:
    parameters = {**SITE.parameters, "all_filters": "type=New"}
    page = read(result(250, 1200, 4), replace(TAUGHT, parameters=parameters))
    assert (page.rows, page.total_declared, len(page.next_requests)) == (250, 1200, 1)
    assert page.warnings == ("A search of list all ends after 1,000 vehicles. Restrict its lists further.",)
    second = read(result(250, 1200, 4), replace(TAUGHT, parameters=parameters), page.next_requests[0])
    assert second.warnings == ()


def test_a_part_above_the_limit_is_not_split_again() -> None:
    whole = read(result(250, 2400, 4, facets={"type": {"New": 1200, "Used": 1200}}))
    part = read(result(250, 1200, 4, facets={"type": {"New": 1200, "Odd": 1}}), request=whole.next_requests[0])
    assert (part.rows, len(part.next_requests), len(part.warnings)) == (250, 1, 1)


def test_exactly_a_thousand_vehicles_need_no_parts() -> None:
    assert read(result(250, 1000, 4)).rows == 250


@pytest.mark.parametrize(
    "document", [None, [], {}, {"results": []}, {"results": {}}, {"results": [None]}, {"message": "x"}]
)
def test_an_answer_without_hits_is_refused(document: Any) -> None:
    assert_refused(lambda: read(answer_of(document)), "E_STRUCTURE", "results[0].hits")


def test_a_web_page_instead_of_json_is_refused() -> None:
    assert_refused(lambda: read(page_of("<html>Sorry</html>")), "E_NOT_JSON", "a web page")


@pytest.mark.parametrize(
    ("keys", "changes", "status"),
    [
        ((), {}, "In Stock"),
        ((), {"lightning": {"status": "in-transit"}}, "in-transit"),
        ((), {"lightning": None}, ""),
        (("special_field_5",), {"special_field_5": "InTransit"}, "InTransit"),
        (("special_field_5",), {}, ""),
        (("custom_status", "lightning.status"), {"custom_status": ""}, "in-stock"),
        (("custom_status", "lightning.status"), {"custom_status": "Courtesy Vehicle"}, "Courtesy Vehicle"),
        (("in_transit",), {"in_transit": "At Dealership"}, "At Dealership"),
        (("intransit",), {"intransit": None}, ""),
    ],
)
def test_the_lot_status_stands_where_the_site_keeps_it(
    keys: tuple[str, ...], changes: dict[str, Any], status: str
) -> None:
    assert vehicle_of(changes, replace(TAUGHT, status_keys=keys)).status == status


@pytest.mark.parametrize(
    ("price", "msrp", "texts"),
    [
        (39990, "41235", ("39990", "41235")),
        ("39,990", 41235.5, ("39,990", "41235.5")),
        (0, 0, ("", "")),
        (None, "", ("", "")),
        ("Please call for price", None, ("Please call for price", "")),
        ('<span class="callforprice">Please  call</span>', None, ("Please call", "")),
        ("<span>$38,995</span>", None, ("$38,995", "")),
        ([39990], {"a": 1}, ("", "")),
    ],
)
def test_price_and_msrp_are_never_exchanged(price: Any, msrp: Any, texts: tuple[str, str]) -> None:
    vehicle = vehicle_of({"our_price": price, "msrp": msrp})
    assert (vehicle.price, vehicle.msrp) == texts


@pytest.mark.parametrize(
    "word", ["New", "Used", "Certified Used", "Certified Pre-Owned", "Pre-Owned", "CarBravo", "Demo"]
)
def test_type_words_stay_the_sites_own(word: str) -> None:
    assert vehicle_of({"type": word}).v_type == word


@pytest.mark.parametrize(
    ("changes", "source", "rooftop"),
    [
        ({}, "", "Example Kia"),
        ({"Location": "", "location": "Small"}, "", "Small"),
        ({"Location": None}, "", "L"),
        ({"location": "Small"}, "location", "Small"),
        ({}, "location", ""),
        ({}, "lightning.locations.Location", "L"),
    ],
)
def test_the_rooftop_is_named_by_the_rule_or_by_the_first_field_that_speaks(
    changes: dict[str, Any], source: str, rooftop: str
) -> None:
    assert vehicle_of(changes, replace(TAUGHT, rooftop=RooftopRule(source=source))).rooftop == rooftop


def test_the_id_of_a_hit_is_its_vin_where_no_other_is() -> None:
    assert vehicle_of({"vin": None}).vin == "5XYRH4LF1PG000009"


def test_a_hit_without_anything_is_a_vehicle_without_anything() -> None:
    page = read(answer_of({"results": [{"hits": [None, {}, "text", []]}]}))
    assert (page.rows, page.vehicles) == (4, (ScrapedVehicle(),) * 4)


def test_a_page_is_told_by_its_settings_or_by_the_service_it_loads() -> None:
    detection = algolia_legacy.detect(HELPER)
    assert detection is not None
    assert (detection.confidence, detection.found) == (90, {"app": "APP2", "index": "cars"})
    weak = algolia_legacy.detect('<script src="https://app1-dsn.algolia.net/x.js"></script>')
    assert weak is not None
    assert (weak.confidence, weak.found) == (60, {})
    assert algolia_legacy.detect("<html>Welcome</html>") is None


def test_saved_payloads_are_told_apart() -> None:
    assert algolia_legacy.kind_of(f"<html>{HELPER}</html>") == Kind.CONFIG
    assert algolia_legacy.kind_of('\ufeff{"results": []}') == Kind.LIST


def test_a_saved_payload_is_read_without_the_request_that_brought_it() -> None:
    request = Request(kind=Kind.LIST, url="https://www.example.test/saved.json")
    page = read(result(2, 2, 1), request=request)
    assert (page.list_name, page.rows, page.total_declared) == ("all", 2, 2)


@given(mutations_of({"results": [{"hits": [HIT, HIT], "nbHits": 700, "nbPages": 3, "facets": {"type": {"New": 1}}}]}))
def test_no_answer_breaks_the_reading(document: Any) -> None:
    assert_read_or_refused(lambda: read(answer_of(document)))


@given(mutations_of({"results": [{"hits": [HIT], "nbHits": 1700, "nbPages": 4, "facets": {"type": {"A": 1, "B": 2}}}]}))
def test_no_answer_breaks_the_reading_of_a_long_list(document: Any) -> None:
    assert_read_or_refused(lambda: read(answer_of(document)))


@given(mutations_of({"appId": "APP2", "apiKeySearch": "KEY-2", "indexName": "cars"}))
def test_no_page_breaks_the_reading(settings: Any) -> None:
    html = f"<script>var algoliaConfig = {json.dumps(settings)};</script>"
    assert_read_or_refused(lambda: read(page_of(html), replace(SITE, parameters={})))


@given(st.binary())
def test_no_bytes_break_the_reading(body: bytes) -> None:
    answer = Answer(status=200, url="https://www.example.test/", body=body)
    assert_read_or_refused(lambda: read(answer))
    assert_read_or_refused(lambda: read(answer, SITE))
