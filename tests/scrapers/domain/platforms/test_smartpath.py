import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import smartpath
from scrapers.domain.shapes import Kind, Page, Request, ScrapedVehicle, Site
from tests.scrapers.answers import CHALLENGE, answer, needs_samples, parse_sample_file, refusal

BASE = "https://www.elm-toyota.test"
SITE = Site(platform="smartpath", base_url=BASE, parameters={"dealer": "11001", "zip": "63048", "region": "23"})
NEW, USED = smartpath.first(SITE)


def row(**values: Any) -> dict[str, Any]:
    return {
        "vin": "2T3P1RFV9SC000011",
        "stockNum": "T11",
        "year": 2026,
        "brand": "TOYOTA",
        "isTempVin": False,
        "isPreSold": False,
        "dealerCd": "11001",
        "model": {"modelCd": "4432", "marketingName": "RAV4 LE", "modelDescription": "RAV4 LE AWD"},
        "extColor": {"marketingName": "Ice Cap"},
        "price": {"sellingPrice": 34190, "advertizedPrice": 34500, "totalMsrp": 34520},
        "bodyStyle": "SUV",
        "engine": {"fuelType": "Gas"},
        "acquiredDate": "2026-03-21",
        "eta": {"currFromDate": None, "currToDate": None},
        **values,
    }


def document(*rows: Any, **pagination: Any) -> dict[str, Any]:
    numbers = {"pageNo": 1, "pageSize": 15, "totalPages": 1, "totalRecords": len(rows), **pagination}
    return {"pagination": numbers, "vehicleSummary": list(rows)}


def read(content: Any, request: Request = NEW) -> Page:
    return smartpath.parse(SITE, request, answer(content, url=request.url))


@needs_samples
def test_the_constructed_answer() -> None:
    page = parse_sample_file(smartpath, "constructed/smartpath_inventory.json", site=SITE, kind=Kind.LIST)
    assert page.vehicles == (
        ScrapedVehicle(
            vin="2T3P1RFV9SC000002",
            stock="TC0002",
            year="2026",
            make="TOYOTA",
            model="RAV4 LE",
            ext_color="Ice Cap",
            price="34190",
            msrp="34520",
            body="SUV",
            fuel_type="Gas",
            date_in_stock="2026-03-21",
            rooftop="24067",
            model_code="4432",
        ),
        ScrapedVehicle(
            vin="JTMAB3FV0SDIOQ003",
            year="2026",
            make="TOYOTA",
            model="RAV4 XLE",
            ext_color="Blueprint",
            status="In Transit",
            msrp="37110",
        ),
    )
    assert (page.rows, page.total_declared, page.pages_declared, page.next_requests) == (2, 2, 1, ())


def test_new_and_used_are_asked_for_of_this_store_without_pooled_vehicles() -> None:
    assert [request.kind for request in (NEW, USED)] == [Kind.LIST, Kind.LIST]
    parts = urlsplit(NEW.url)
    assert (parts.scheme, parts.netloc, parts.path) == (
        "https",
        "smartpath.elm-toyota.test",
        "/consumerapi/retail/inventory",
    )
    asked = dict(parse_qsl(parts.query))
    assert {**asked, "leadid": ""} == {
        "dealer[]": "11001",
        "zipCode": "63048",
        "region": "23",
        "pageNo": "1",
        "pageSize": "15",
        "leadid": "",
        "includeInvPooling": "false",
        "brand": "T",
        "type": "new",
    }
    assert len(asked["leadid"]) == 36
    assert dict(parse_qsl(urlsplit(USED.url).query))["type"] == "used"
    assert smartpath.refresh(SITE) == ()


def test_page_size_lead_and_scope_are_configured() -> None:
    site = Site(
        platform="smartpath", base_url=BASE, page_size=30, parameters={"lead_id": "abc"}, scope={"dealer[]": "11002"}
    )
    asked = dict(parse_qsl(urlsplit(smartpath.first(site)[0].url).query))
    assert (asked["pageSize"], asked["leadid"], asked["dealer[]"]) == ("30", "abc", "11002")


def test_the_next_page_follows_until_the_last_one() -> None:
    page = read(document(row(), pageNo=1, totalPages=2, totalRecords=16), USED)
    [following] = page.next_requests
    assert dict(parse_qsl(urlsplit(following.url).query))["pageNo"] == "2"
    assert (page.list_name, page.page_number, page.total_declared, page.page_size) == ("used", 1, 16, 15)
    assert read(document(row(), pageNo=2, totalPages=2), following).next_requests == ()


@pytest.mark.parametrize("pagination", [{"totalPages": 9}, {"totalPages": None}, {"totalPages": "many"}])
def test_an_empty_page_or_one_without_a_number_of_pages_is_the_last(pagination: dict[str, Any]) -> None:
    rows = [] if pagination["totalPages"] == 9 else [row()]
    assert read(document(*rows, **pagination)).next_requests == ()


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({}, "v_type", "New"),
        ({}, "status", ""),
        ({"isPreSold": True}, "status", "Pre-Sold"),
        ({"eta": {"currFromDate": "2026-05-01"}}, "status", "In Transit"),
        ({"eta": {"currToDate": "2026-05-01"}, "isTempVin": True}, "status", "In Transit"),
        ({"isTempVin": True}, "status", "Being Built"),
        ({"holdStatus": "On Hold"}, "status", "On Hold"),
        ({"isPreSold": "true", "isTempVin": 1}, "status", ""),
        ({"stockNum": "", "stockNumber": "T12"}, "stock", "T12"),
        ({"model": {"modelDescription": "RAV4 LE AWD"}}, "model", "RAV4 LE AWD"),
        ({"model": None}, "model", ""),
        ({"price": {"advertizedPrice": 34500, "totalMsrp": 34520}}, "price", "34500"),
        ({"price": {"totalMsrp": 34520}}, "price", ""),
        ({"price": {"sellingPrice": 0}}, "price", ""),
        ({"price": 5}, "msrp", ""),
        ({"dealerCd": "11009"}, "rooftop", "11009"),
        ({"dealerCd": None}, "rooftop", "11001"),
        ({"extColor": "Ice Cap"}, "ext_color", ""),
        ({"year": "2026"}, "year", "2026"),
    ],
)
def test_each_value_is_read_as_the_service_says_it(values: dict[str, Any], field: str, text: str) -> None:
    [vehicle] = read(document(row(**values))).vehicles
    assert getattr(vehicle, field) == text


def test_rows_that_are_no_vehicles_are_counted_only() -> None:
    page = read(document(row(), None, "x"))
    assert (len(page.vehicles), page.rows) == (1, 3)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"pagination": {}}, "E_STRUCTURE"),
        ({"vehicleSummary": {}}, "E_STRUCTURE"),
        ([], "E_STRUCTURE"),
        ("<html></html>", "E_NOT_JSON"),
        (CHALLENGE, "E_CHALLENGE"),
        ("", "E_NOT_JSON"),
    ],
)
def test_an_answer_without_its_list_is_refused(content: Any, code: str) -> None:
    assert refusal(smartpath, SITE, NEW, content)[0] == code


def test_a_page_that_calls_the_service_is_known() -> None:
    html = '<script src="https://smartpath.elm-toyota.test/consumerapi/retail/inventory?x"></script>'
    detection = smartpath.detect(html)
    assert detection is not None
    assert (detection.platform, detection.confidence) == ("smartpath", 60)
    assert smartpath.detect("<html>smartpath. is a word</html>") is None


VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({"name": "x"})
)


@given(st.dictionaries(st.sampled_from([*row(), "holdStatus"]), VALUES), st.lists(VALUES, max_size=2))
def test_any_values_give_texts(values: dict[str, Any], numbers: list[Any]) -> None:
    names = ["pageNo", "totalPages"][: len(numbers)]
    content = json.dumps(document(row(**values), **dict(zip(names, numbers, strict=True))))
    assert all(isinstance(text, str) for text in read(content).vehicles[0])
