import base64
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.domain.platforms import dealeron
from scrapers.domain.rooftops import split_rooftops
from scrapers.domain.shapes import (
    Answer,
    CannotReadError,
    Detection,
    Kind,
    Match,
    Page,
    Request,
    RooftopRule,
    ScrapedVehicle,
    Site,
)
from tests.scrapers.domain.platforms.replies import (
    CHALLENGE,
    ERROR_PAGE,
    damaged,
    needs_samples,
    outcome,
    reply,
    sample,
)

SITE = Site(platform="dealeron", base_url="https://www.river-motors.test", scope={"Location": "Ellisville, MO"})
LISTING = (
    '<html><head><script src="/resources/rvrcode/pages/main.js"></script>'
    '<script id="dealeron_tagging_data" type="application/json">'
    '{"dealerId":"811","pageId":"90210","pageType":"itemlist","itemCount":30}</script></head></html>'
)


def make_card(**changes: Any) -> dict[str, Any]:
    values = {
        "VehicleVin": "1FTFW1E48LKE00001",
        "VehicleStockNumber": "R100",
        "VehicleCondition": "New",
        "VehicleType": "new",
        "VehicleCpo": False,
        "VehicleYear": 2026,
        "VehicleMake": "Ford",
        "VehicleModel": "F-150",
        "VehicleTrim": "XLT",
        "VehicleModelCode": "W1E",
        "ExteriorColorLabel": "Oxford White",
        "VehicleInStock": True,
        "VehicleInTransit": False,
        "VehicleInProduction": False,
        "VehicleStatusModel": {"StatusText": None},
        "VehicleMsrp": 54998.0,
        "VehicleInternetPrice": 52100.0,
        "TaggingPrice": "51500",
        "Mileage": "12 mi",
        "VehicleBodyStyle": "Truck",
        "VehicleFuelType": "Gasoline",
        "VehicleTaggingInventoryDate": "2026/10/24",
        "VehicleDetailUrl": "https://www.river-motors.test/new-Ellisville-2026-Ford-F+150-1FTFW1E48LKE00001",
        "VehicleLocationLabel": "River Motors",
        "VehicleLocation": "River Motors Ellisville",
        "DealerName": "River Group",
        "DealerLocatedAtId": 15176,
        "VehiclePhotoCount": 21,
    }
    return {"IsAdCard": False, "AdCard": None, "VehicleCard": {**values, **changes}}


AD = {"IsAdCard": True, "AdCard": {"Html": "<b>Sale</b>"}, "VehicleCard": None}


def make_list(*cards: Any, page: int = 1, pages: int = 3, total: int = 30, end: int = 12) -> dict[str, Any]:
    paging = {"TotalCount": total, "TotalPages": pages, "PageNumber": page, "PageSize": 12, "PageEnd": end}
    return {"Paging": {"PaginationDataModel": paging}, "DisplayCards": list(cards)}


def make_request(site: Site = SITE, page: int = 1) -> Request:
    return dealeron.list_request(site, dealeron.ListIds("all", "vhcliaa", "811", "90210"), page=page)


def read(*cards: Any, site: Site = SITE) -> Page:
    request = make_request(site)
    return dealeron.parse(site, request, reply(request, make_list(*cards)))


def read_one(site: Site = SITE, **changes: Any) -> ScrapedVehicle:
    [vehicle] = read(make_card(**changes), site=site).vehicles
    return vehicle


def refused(answer: Answer, request: Request) -> tuple[str, str]:
    with pytest.raises(CannotReadError) as caught:
        dealeron.parse(SITE, request, answer)
    return caught.value.code, caught.value.message


# The listing page


def test_a_run_begins_with_the_listing_page_of_the_rooftop() -> None:
    [request] = dealeron.first(SITE)
    assert request.kind == Kind.CONFIG
    assert request.url == "https://www.river-motors.test/searchall.aspx?Location=Ellisville%2C%20MO&pt=1"


def test_the_listing_page_leads_to_its_list() -> None:
    [request] = dealeron.first(SITE)
    page = dealeron.parse(SITE, request, reply(request, LISTING))
    assert page.learned == {"store_code": "rvrcode", "dealer_id": "811", "page_id_all": "90210"}
    [following] = page.next_requests
    assert following.kind == Kind.LIST
    assert following.headers == {"Accept": "application/json"}
    assert following.url == (
        "https://www.river-motors.test/api/rvrcode/vehicle-pages/cosmos/srp/vehicles/811/90210"
        "?pt=1&host=www.river-motors.test&pn=12&displayCardsShown=0&Location=Ellisville%2C%20MO"
    )


def test_a_configured_store_code_counts_more_than_the_page() -> None:
    site = Site(platform="dealeron", base_url=SITE.base_url, parameters={"store_code": "own"})
    [request] = dealeron.first(site)
    assert "/api/own/" in dealeron.parse(site, request, reply(request, LISTING)).next_requests[0].url


def test_without_resources_the_usual_store_code_is_used() -> None:
    [request] = dealeron.first(SITE)
    page = dealeron.parse(SITE, request, reply(request, LISTING.replace("/resources/", "/other/")))
    assert "/api/vhcliaa/" in page.next_requests[0].url


def test_filter_and_page_size_travel_as_the_store_wants_them() -> None:
    site = Site(
        platform="dealeron",
        base_url=SITE.base_url,
        scope={"Dealership": "River Motors"},
        parameters={"base_filter": "dHlwZT0nbic="},
        page_size=24,
    )
    [request] = dealeron.first(site)
    assert "baseFilter" not in request.url
    [following] = dealeron.parse(site, request, reply(request, LISTING)).next_requests
    assert following.url.endswith("pn=24&displayCardsShown=0&baseFilter=dHlwZT0nbic%3D&Dealership=River%20Motors")


def test_lists_that_are_known_are_asked_at_once_and_others_by_their_page() -> None:
    site = Site(
        platform="dealeron",
        base_url=SITE.base_url,
        parameters={"lists": "new,used, new"},
        learned={"dealer_id": "811", "page_id_new": "1", "store_code": "rvrcode"},
    )
    new, used = dealeron.first(site)
    assert new.url.startswith("https://www.river-motors.test/api/rvrcode/vehicle-pages/cosmos/srp/vehicles/811/1?pt=1&")
    assert used.url == "https://www.river-motors.test/searchused.aspx?pt=1"


def test_a_refused_list_is_looked_up_again_when_its_ids_are_old() -> None:
    learned = {"dealer_id": "811", "page_id_all": "1"}
    old = Site(platform="dealeron", base_url=SITE.base_url, learned=learned)
    assert [request.kind for request in dealeron.refresh(old)] == [Kind.CONFIG]
    assert dealeron.refresh(SITE) == ()


@pytest.mark.parametrize("page_type", ["home", "item", ""])
def test_another_page_than_a_listing_is_refused(page_type: str) -> None:
    [request] = dealeron.first(SITE)
    code, message = refused(reply(request, LISTING.replace("itemlist", page_type)), request)
    assert code == "E_WRONG_PAGE"
    assert f"'{page_type}'" in message


def test_a_custom_page_is_a_listing() -> None:
    [request] = dealeron.first(SITE)
    assert dealeron.parse(SITE, request, reply(request, LISTING.replace("itemlist", "custom"))).next_requests


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (CHALLENGE, "E_CHALLENGE"),
        (ERROR_PAGE, "E_STRUCTURE"),
        ("", "E_STRUCTURE"),
        (LISTING.replace('"dealerId":"811",', ""), "E_STRUCTURE"),
        (LISTING.replace('"90210"', "null"), "E_STRUCTURE"),
        (LISTING.replace('{"dealerId', "{dealerId"), "E_STRUCTURE"),
    ],
)
def test_a_page_without_ids_says_what_is_missing(content: str, code: str) -> None:
    [request] = dealeron.first(SITE)
    assert refused(reply(request, content), request)[0] == code


# The list


def test_a_card_is_read_as_the_site_tells_it() -> None:
    assert read_one() == ScrapedVehicle(
        vin="1FTFW1E48LKE00001",
        stock="R100",
        v_type="New",
        year="2026",
        make="Ford",
        model="F-150",
        trim="XLT",
        ext_color="Oxford White",
        status="On-Lot",
        price="51500",
        msrp="54998",
        body="Truck",
        fuel_type="Gasoline",
        date_in_stock="2026/10/24",
        vehicle_url="https://www.river-motors.test/new-Ellisville-2026-Ford-F+150-1FTFW1E48LKE00001",
        rooftop="River Motors",
        mileage="12 mi",
        model_code="W1E",
        photo_count="21",
    )


def test_ads_are_no_rows_and_broken_cards_are() -> None:
    page = read(AD, make_card(), {"IsAdCard": False, "VehicleCard": None}, None)
    assert page.rows == 3
    assert [vehicle.vin for vehicle in page.vehicles] == ["1FTFW1E48LKE00001", "", ""]
    assert (page.list_name, page.total_declared, page.pages_declared, page.page_number) == ("all", 30, 3, 1)


def library(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({"TaggingPrice": "51500", "VehicleInternetPrice": 52100.0}, "51500"),
        ({"TaggingPrice": "0", "VehicleInternetPrice": 52100.0}, "52100"),
        ({"TaggingPrice": "", "VehicleInternetPrice": 0.0}, ""),
        (
            {
                "TaggingPrice": None,
                "VehicleInternetPrice": 0,
                "VehiclePriceLibrary": library("MSRP:54998.0;Selling Price:53000.0;calc_INTERNET PRICE:52050.0"),
            },
            "52050.0",
        ),
        (
            {
                "TaggingPrice": None,
                "VehicleInternetPrice": None,
                "VehiclePriceLibrary": library("MSRP:54998.0;calc_SAVINGS:2000.0"),
            },
            "",
        ),
        ({"TaggingPrice": None, "VehicleInternetPrice": None, "VehiclePriceLibrary": "not base64"}, ""),
        ({"TaggingPrice": "-1000", "VehicleInternetPrice": 0.0}, "-1000"),
        ({"TaggingPrice": "Please Call", "VehicleInternetPrice": 0.0}, "Please Call"),
        ({"TaggingPrice": "Please Call", "VehicleInternetPrice": 41000.0}, "41000"),
        ({"TaggingPrice": "-1000", "VehicleInternetPrice": 41000.0}, "41000"),
    ],
)
def test_the_price_is_the_first_that_states_an_amount(changes: dict[str, Any], price: str) -> None:
    vehicle = read_one(**changes)
    assert (vehicle.price, vehicle.msrp) == (price, "54998")


@pytest.mark.parametrize(
    ("changes", "v_type", "msrp"),
    [
        ({}, "New", "54998"),
        ({"VehicleMsrp": 0.0}, "New", ""),
        ({"VehicleCondition": "Used", "VehicleType": "used"}, "Used", ""),
        ({"VehicleCondition": "Used", "VehicleType": "used", "VehicleCpo": True}, "Certified Pre-Owned", ""),
        ({"VehicleCondition": None, "VehicleType": "used"}, "Used", ""),
        ({"VehicleCondition": "Demo", "VehicleType": "new"}, "Demo", "54998"),
        ({"VehicleCondition": "Certified", "VehicleType": "used"}, "Certified", ""),
    ],
)
def test_certified_stays_certified_and_only_new_vehicles_have_an_msrp(
    changes: dict[str, Any], v_type: str, msrp: str
) -> None:
    vehicle = read_one(**changes)
    assert (vehicle.v_type, vehicle.msrp) == (v_type, msrp)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "On-Lot"),
        ({"VehicleInTransit": True}, "In Transit"),
        ({"VehicleInTransit": True, "VehicleInProduction": True}, "In Production"),
        ({"VehicleInStock": False}, ""),
        ({"VehicleInStock": None, "VehicleStatusModel": None}, ""),
        ({"VehicleStatusModel": {"StatusText": "<b>Courtesy</b> Vehicle"}}, "Courtesy Vehicle"),
        ({"VehicleStatusModel": {"StatusText": "<br>"}}, "On-Lot"),
    ],
)
def test_the_status_text_overrides_what_the_flags_say(changes: dict[str, Any], status: str) -> None:
    assert read_one(**changes).status == status


@pytest.mark.parametrize(
    ("changes", "source", "rooftop"),
    [
        ({}, "", "River Motors"),
        ({"VehicleLocationLabel": ""}, "", "River Motors Ellisville"),
        ({"VehicleLocationLabel": None, "VehicleLocation": None}, "", ""),
        ({}, "DealerLocatedAtId", "15176"),
    ],
)
def test_the_owner_of_the_site_is_never_the_rooftop(changes: dict[str, Any], source: str, rooftop: str) -> None:
    site = Site(platform="dealeron", base_url=SITE.base_url, rooftop=RooftopRule(source=source))
    assert read_one(site, **changes).rooftop == rooftop


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/used-2020-Ford", "https://www.river-motors.test/used-2020-Ford"),
        ("http://www.river-motors.test/a", "https://www.river-motors.test/a"),
        ("javascript:void(0)", ""),
        ("https://[", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_vehicle_addresses_are_absolute(link: str | None, url: str) -> None:
    assert read_one(VehicleDetailUrl=link).vehicle_url == url


def test_the_next_page_is_asked_for_with_what_was_shown_until_now() -> None:
    request = make_request()
    [second] = dealeron.parse(SITE, request, reply(request, make_list(make_card(), end=12))).next_requests
    assert "?pt=2&" in second.url
    assert "displayCardsShown=12" in second.url
    assert "Location=Ellisville%2C%20MO" in second.url
    stored = Request.from_document(second.document())
    [third] = dealeron.parse(SITE, stored, reply(stored, make_list(make_card(), page=2, end=24))).next_requests
    assert "?pt=3&" in third.url
    assert "displayCardsShown=24" in third.url
    last = dealeron.parse(SITE, third, reply(third, make_list(make_card(), page=3, end=30)))
    assert (last.rows, last.next_requests) == (1, ())


def test_an_empty_list_has_no_rows_and_no_next_page() -> None:
    request = make_request()
    page = dealeron.parse(SITE, request, reply(request, make_list(pages=0, total=0)))
    assert (page.rows, page.total_declared, page.vehicles, page.next_requests) == (0, 0, (), ())


def test_an_empty_page_ends_a_list_that_declares_more() -> None:
    request = make_request(page=2)
    assert dealeron.parse(SITE, request, reply(request, make_list(page=2))).next_requests == ()


@pytest.mark.parametrize(("asked", "came"), [(2, 1), (3, 2), (1, 3)])
def test_another_page_than_the_one_asked_for_is_refused(asked: int, came: int) -> None:
    request = make_request(page=asked)
    code, message = refused(reply(request, make_list(make_card(), page=came)), request)
    assert code == "E_PAGE_REPEAT"
    assert f"Page {asked} of the list was asked for and page {came} came back" in message


@pytest.mark.parametrize("came", [1, 2])
def test_a_list_that_became_shorter_meanwhile_has_ended(came: int) -> None:
    request = make_request(page=3)
    page = dealeron.parse(SITE, request, reply(request, make_list(make_card(), page=came, pages=2, total=24)))
    assert (page.rows, page.vehicles, page.total_declared, page.next_requests) == (0, (), 24, ())


def test_a_list_without_numbers_goes_on_until_a_page_is_empty() -> None:
    request = make_request()
    document = {"DisplayCards": [make_card()], "Paging": {"PaginationDataModel": {"TotalPages": "many"}}}
    page = dealeron.parse(SITE, request, reply(request, document))
    assert (page.total_declared, page.page_number) == (None, 1)
    assert "?pt=2&" in page.next_requests[0].url
    empty = {**document, "DisplayCards": []}
    assert dealeron.parse(SITE, page.next_requests[0], reply(page.next_requests[0], empty)).next_requests == ()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (CHALLENGE, "E_CHALLENGE"),
        (ERROR_PAGE, "E_NOT_JSON"),
        ("", "E_NOT_JSON"),
        ("[" * 100_000, "E_NOT_JSON"),
        ([], "E_STRUCTURE"),
        (None, "E_STRUCTURE"),
        ({"DisplayCards": None, "Paging": {"PaginationDataModel": {}}}, "E_STRUCTURE"),
        ({"DisplayCards": [], "Paging": None}, "E_STRUCTURE"),
    ],
)
def test_what_is_no_list_is_refused(content: Any, code: str) -> None:
    request = make_request()
    assert refused(reply(request, content), request)[0] == code


def test_no_address_has_two_question_marks() -> None:
    site = Site(
        platform="dealeron",
        base_url=SITE.base_url,
        scope={"q": "a?b&c", "Location": "O'Fallon"},
        parameters={"lists": "all"},
    )
    [config] = dealeron.first(site)
    [first_page] = dealeron.parse(site, config, reply(config, LISTING)).next_requests
    [second] = dealeron.parse(site, first_page, reply(first_page, make_list(make_card()))).next_requests
    for request in (config, first_page, second):
        assert request.url.count("?") == 1
        assert "q=a%3Fb%26c" in request.url
        assert re.search(r"[ '\"]", request.url) is None


def test_a_saved_list_is_read_without_knowing_what_it_was_asked_with() -> None:
    request = Request(kind=dealeron.kind_of('{"DisplayCards": []}'), url="file")
    page = dealeron.parse(SITE, request, reply(request, make_list(make_card(), page=2)))
    assert (page.page_number, page.rows, page.next_requests) == (2, 1, ())


def test_pages_and_lists_are_told_apart() -> None:
    assert dealeron.kind_of("\ufeff {}") == Kind.LIST
    assert dealeron.kind_of(LISTING) == Kind.CONFIG


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (LISTING, Detection(platform="dealeron", confidence=95, found={"store_code": "rvrcode"})),
        (
            '<script src="/resources/abc/pages/x.js"></script>',
            Detection(platform="dealeron", confidence=60, found={"store_code": "abc"}),
        ),
        ('<body data-website-id="do-811">', Detection(platform="dealeron", confidence=60)),
        (ERROR_PAGE, None),
    ],
)
def test_dealeron_is_known_by_its_pages(html: str, expected: Detection | None) -> None:
    assert dealeron.detect(html) == expected


@given(document=damaged(make_list(make_card(VehiclePriceLibrary=library("calc_PRICE:1")), AD)))
@settings(max_examples=100, deadline=None)
def test_no_value_of_a_list_raises(document: Any) -> None:
    request = make_request()
    page, code = outcome(lambda: dealeron.parse(SITE, request, reply(request, document)))
    assert code in {"", "E_STRUCTURE", "E_PAGE_REPEAT"}
    assert all(isinstance(value, str) for vehicle in (page.vehicles if page else ()) for value in vehicle)


@pytest.mark.parametrize(
    ("odd", "text"),
    [("\ud800", "?"), ("<b>\ud800é</b>", "<b>?é</b>"), ("9" * 5000, "9" * 5000), ("https://[", "https://[")],
)
def test_odd_texts_are_passed_on_without_halves_of_characters(odd: str, text: str) -> None:
    page = read(make_card(VehicleVin=odd, VehicleStatusModel={"StatusText": odd}, VehiclePriceLibrary=odd))
    assert page.vehicles[0].vin == text


@pytest.mark.parametrize("odd", ["\\ud800", "a/../b?c#d", "é"])
def test_odd_ids_stay_inside_the_address(odd: str) -> None:
    [request] = dealeron.first(SITE)
    [following] = dealeron.parse(SITE, request, reply(request, LISTING.replace("90210", odd))).next_requests
    assert re.fullmatch(r"https://www\.river-motors\.test/api/rvrcode/[a-z/-]*/811/[^/?#]+\?[^?#]*", following.url)


@given(at=st.integers(0, len(LISTING)), length=st.integers(0, 60), put=st.text(max_size=10))
@settings(max_examples=100, deadline=None)
def test_no_damage_to_a_listing_page_raises(at: int, length: int, put: str) -> None:
    [request] = dealeron.first(SITE)
    damaged_page = LISTING[:at] + put + LISTING[at + length :]
    page, code = outcome(lambda: dealeron.parse(SITE, request, reply(request, damaged_page)))
    assert page.next_requests if page else code in {"E_STRUCTURE", "E_WRONG_PAGE"}


# Recorded answers


@needs_samples
def test_a_recorded_listing_page_leads_to_its_list() -> None:
    [request] = dealeron.first(SITE)
    page = dealeron.parse(SITE, request, reply(request, sample("constructed/dealeron_searchall_fragment.html")))
    assert page.learned == {"store_code": "vhcliaa", "dealer_id": "12345", "page_id_all": "1234567"}


@needs_samples
def test_a_recorded_last_page_holds_only_vehicles_of_a_sibling() -> None:
    rule = RooftopRule(match=Match.EQUALS, text="bommarito west county", source="VehicleLocationLabel")
    site = Site(
        platform="dealeron",
        base_url="https://www.bommaritowestcounty.com",
        scope={"Location": "Ellisville, MO"},
        rooftop=rule,
    )
    request = make_request(site, page=54)
    body = sample("dealeron_cosmos_srp_bommaritowestcounty_last_page.json")
    page = dealeron.parse(site, request, reply(request, body))
    assert (page.rows, page.total_declared, page.pages_declared, page.page_number) == (11, 647, 54, 54)
    assert page.next_requests == ()
    assert page.vehicles[0] == ScrapedVehicle(
        vin="JHMES96673S001038",
        stock="P6119A",
        v_type="Used",
        year="2003",
        make="Honda",
        model="Civic Hybrid",
        trim="4dr Sdn Hybrid CVT",
        ext_color="Nighthawk Black Pearl",
        status="On-Lot",
        price="4000",
        msrp="",
        body="Four-Door Sedan",
        fuel_type="Hybrid",
        date_in_stock="2025/05/24",
        vehicle_url=(
            "https://www.bommaritowestcounty.com/used-Ellisville-2003-Honda-Civic+Hybrid-4dr+Sdn+Hybrid+CVT-JHMES96673S001038"
        ),
        rooftop="Bommarito INFINITI",
        mileage="169,118 mi",
        model_code="ES9663EW",
        photo_count="1",
    )
    assert [(vehicle.vin, vehicle.price) for vehicle in page.vehicles] == [
        ("JHMES96673S001038", "4000"),
        ("3PCAJ5K39NF105523", "34669"),
        ("1FTFW1E48LKE72224", "24050"),
        ("KL4CJ1SB0KB895991", "14442"),
        ("YV4952CZ2D1630730", "7265"),
        ("1G1ZE5SX1KF213631", "18593"),
        ("1G2WR52113F123055", "6900"),
        ("3GCUKREC4GG154834", "19000"),
        ("1G1FB3DS0R0103989", "39580"),
        ("1FTMF1C57KKD08514", "18431"),
        ("JA4AR3AU6HZ002754", "7720"),
    ]
    own, others = split_rooftops(page.vehicles, rule)
    assert (len(own), len(others)) == (0, 11)
