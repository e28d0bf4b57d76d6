import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.domain.platforms import dealeron, dealeron_html
from scrapers.domain.shapes import (
    Answer,
    CannotReadError,
    Detection,
    Kind,
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
from tests.scrapers.domain.platforms.test_dealeron import make_card, make_list

SITE = Site(platform="dealeron_html", base_url="https://www.hill-sports.test")
PAGES_ONLY = Site(platform="dealeron_html", base_url="https://www.hill-sports.test", parameters={"route": "html"})
HOST = "https://www.hill-sports.test"


def make_model(*links: Any, **changes: Any) -> dict[str, Any]:
    items = [{"@type": "ListItem", "position": place, "url": link} for place, link in enumerate(links, 1)]
    model = {
        "DealerId": "811",
        "PageId": "90211",
        "BaseFilter": "type='u'",
        "PageVehicleType": "used",
        "ItemListJson": json.dumps({"@type": "ItemList", "itemListElement": items}),
        "SearchResultsListModel": {"ResultsCount": 30},
    }
    return {**model, **changes}


def make_listing(model: Any) -> str:
    content = model if isinstance(model, str) else json.dumps(model)
    return f'<html><body><script id="dlron-srp-model" type="application/json">{content}</script></body></html>'


ATTRIBUTES = {
    "vin": "WP1AA2A5XNLB00002",
    "stocknum": "P2",
    "dotagging-item-number": "P00002",
    "vehicletype": "used",
    "cpo": "False",
    "year": "2022",
    "make": "Porsche",
    "model": "Macan",
    "trim": "S",
    "extcolor": "Carrara White",
    "intransit": "False",
    "instock": "True",
    "inproduction": "False",
    "price": "46990",
    "msrp": "71000",
    "bodystyle": "SUV",
    "dotagging-item-fuel-type": "Gasoline",
    "dotagging-item-inventory-date": "2026/03/21",
    "odometer": "31456",
    "modelcode": "95BAB1",
    "lot": "Hill",
}


def make_vehicle_page(**changes: str | None) -> str:
    values = {**ATTRIBUTES, **{name.replace("_", "-"): value for name, value in changes.items()}}
    attributes = " ".join(f'data-{name}="{value}"' for name, value in values.items() if value is not None)
    return f'<html><body><div class="vdp vdp--mod" {attributes}></div></body></html>'


def listing_request(name: str = "used", page: int = 1, **note: Any) -> Request:
    return dealeron.page_request(PAGES_ONLY, name, kind=Kind.LIST, page=page, note=note)


def read_vehicle(site: Site = SITE, **changes: str | None) -> ScrapedVehicle:
    request = Request(kind=Kind.DETAIL, url=f"{HOST}/used-2022-Porsche-Macan", note={"name": "used"})
    [vehicle] = dealeron_html.parse(site, request, reply(request, make_vehicle_page(**changes))).vehicles
    return vehicle


def read_listing(model: Any, request: Request | None = None) -> Page:
    request = request or listing_request()
    return dealeron_html.parse(SITE, request, reply(request, make_listing(model)))


def refused(answer: Answer, request: Request) -> tuple[str, str]:
    with pytest.raises(CannotReadError) as caught:
        dealeron_html.parse(SITE, request, answer)
    return caught.value.code, caught.value.message


# The JSON list, which is tried first


def test_a_run_begins_with_the_listing_pages_for_their_ids() -> None:
    assert [(request.kind, request.url) for request in dealeron_html.first(SITE)] == [
        (Kind.CONFIG, f"{HOST}/searchnew.aspx?pt=1"),
        (Kind.CONFIG, f"{HOST}/searchused.aspx?pt=1"),
    ]


def test_the_model_of_a_page_leads_to_its_json_list_with_its_own_filter() -> None:
    _, used = dealeron_html.first(SITE)
    page = dealeron_html.parse(SITE, used, reply(used, make_listing(make_model())))
    assert (page.list_name, page.vehicles, page.learned) == ("used", (), {})
    [request] = page.next_requests
    assert (request.kind, request.url) == (
        Kind.LIST,
        (
            f"{HOST}/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/811/90211"
            "?pt=1&host=www.hill-sports.test&pn=12&displayCardsShown=0&baseFilter=dHlwZT0ndSc%3D"
        ),
    )


@pytest.mark.parametrize(
    ("parameters", "sent"), [({}, None), ({"base_filter": "dHlwZT0nbic="}, "baseFilter=dHlwZT0nbic%3D")]
)
def test_without_a_filter_in_the_model_the_configured_one_is_sent(parameters: dict[str, str], sent: str | None) -> None:
    site = Site(platform="dealeron_html", base_url=HOST, parameters=parameters)
    _, used = dealeron_html.first(site)
    page = dealeron_html.parse(site, used, reply(used, make_listing(make_model(BaseFilter=None))))
    assert ("baseFilter" in page.next_requests[0].url) == (sent is not None)
    assert (sent or "") in page.next_requests[0].url


def test_the_store_code_is_configured_or_told_by_the_page() -> None:
    own = Site(platform="dealeron_html", base_url=HOST, parameters={"store_code": "own"})
    text = '<script src="/resources/hillcode/pages/a.js"></script>' + make_listing(make_model())
    for site, code in ((SITE, "hillcode"), (own, "own")):
        _, used = dealeron_html.first(site)
        [request] = dealeron_html.parse(site, used, reply(used, text)).next_requests
        assert f"/api/{code}/vehicle-pages/" in request.url


def test_the_json_list_is_read_page_by_page() -> None:
    _, used = dealeron_html.first(SITE)
    [first_page] = dealeron_html.parse(SITE, used, reply(used, make_listing(make_model()))).next_requests
    page = dealeron_html.parse(SITE, first_page, reply(first_page, make_list(make_card())))
    assert (page.list_name, page.rows, page.total_declared) == ("used", 1, 30)
    [second] = page.next_requests
    assert "?pt=2&" in second.url
    assert "baseFilter=dHlwZT0ndSc%3D" in second.url
    with pytest.raises(CannotReadError) as caught:
        dealeron_html.parse(SITE, second, reply(second, make_list(make_card(), page=1)))
    assert caught.value.code == "E_PAGE_REPEAT"


# From the list to the pages


def test_a_refused_json_list_begins_again_with_the_pages() -> None:
    assert [(request.kind, request.url) for request in dealeron_html.refresh(SITE)] == [
        (Kind.LIST, f"{HOST}/searchnew.aspx?pt=1"),
        (Kind.LIST, f"{HOST}/searchused.aspx?pt=1"),
    ]
    assert dealeron_html.refresh(PAGES_ONLY) == ()


@pytest.mark.parametrize("content", [ERROR_PAGE, "", {"Message": "gone"}, make_listing(make_model())])
def test_a_json_list_that_is_none_is_read_from_its_pages_instead(content: Any) -> None:
    _, used = dealeron_html.first(SITE)
    [request] = dealeron_html.parse(SITE, used, reply(used, make_listing(make_model()))).next_requests
    page = dealeron_html.parse(SITE, request, reply(request, content))
    [pages] = page.next_requests
    assert (pages.kind, pages.url) == (Kind.LIST, f"{HOST}/searchused.aspx?pt=1")
    assert page.warnings[0].startswith(
        "The JSON list 'used' cannot be read, so its vehicles are read from their pages."
    )
    link = f"{HOST}/used-2022-Porsche-Macan"
    assert dealeron_html.parse(SITE, pages, reply(pages, make_listing(make_model(link)))).rows == 1


@pytest.mark.parametrize(("page", "content", "code"), [(1, CHALLENGE, "E_CHALLENGE"), (2, ERROR_PAGE, "E_NOT_JSON")])
def test_a_check_for_robots_or_a_break_in_the_middle_ends_the_run(page: int, content: str, code: str) -> None:
    request = dealeron.list_request(SITE, dealeron.ListIds("used", "vhcliaa", "811", "90211"), page=page)
    assert refused(reply(request, content), request)[0] == code


def test_a_page_that_names_no_list_is_read_as_the_first_of_its_listing() -> None:
    _, used = dealeron_html.first(SITE)
    model = make_model(f"{HOST}/used-a", PageId=None)
    page = dealeron_html.parse(SITE, used, reply(used, make_listing(model)))
    assert [request.url for request in page.next_requests] == [f"{HOST}/searchused.aspx?pt=2", f"{HOST}/used-a"]


# The pages


def test_the_configured_route_begins_with_the_pages() -> None:
    assert [request.kind for request in dealeron_html.first(PAGES_ONLY)] == [Kind.LIST, Kind.LIST]


def test_a_listing_names_vehicle_pages_and_leads_to_its_next_page() -> None:
    links = [f"{HOST}/used-a", "/used-b", f"{HOST}/used-a", None]
    page = read_listing(make_model(*links))
    assert (page.list_name, page.rows, page.total_declared, page.page_number) == ("used", 2, 30, 1)
    following, first_vehicle, second_vehicle = page.next_requests
    assert (following.kind, following.url) == (Kind.LIST, f"{HOST}/searchused.aspx?pt=2")
    assert (first_vehicle.kind, first_vehicle.url) == (Kind.DETAIL, f"{HOST}/used-a")
    assert second_vehicle.url == f"{HOST}/used-b"
    assert Request.from_document(json.loads(json.dumps(following.document()))) == following


def test_the_listing_ends_with_the_declared_total() -> None:
    request = listing_request(page=3, seen=28, links=[f"{HOST}/used-z"])
    page = read_listing(make_model(f"{HOST}/used-a", f"{HOST}/used-b"), request)
    assert [following.kind for following in page.next_requests] == [Kind.DETAIL, Kind.DETAIL]


@pytest.mark.parametrize(("links", "pages"), [(12, 1), (11, 0)])
def test_without_a_total_a_short_page_is_the_last(links: int, pages: int) -> None:
    model = make_model(*(f"/used-{number}" for number in range(links)), SearchResultsListModel=None)
    page = read_listing(model)
    assert (page.total_declared, page.page_size, page.rows) == (None, 12, links)
    assert [request.kind for request in page.next_requests].count(Kind.LIST) == pages


def test_an_empty_page_ends_the_listing() -> None:
    page = read_listing(make_model())
    assert (page.rows, page.next_requests) == (0, ())


def test_the_same_vehicles_again_are_refused() -> None:
    links = [f"{HOST}/used-a", f"{HOST}/used-b"]
    [second, *_] = read_listing(make_model(*links)).next_requests
    code, message = refused(reply(second, make_listing(make_model(*links))), second)
    assert (code, message) == (
        "E_PAGE_REPEAT",
        "Page 2 of the listing 'used' names the same vehicles as the page before.",
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (CHALLENGE, "E_CHALLENGE"),
        (ERROR_PAGE, "E_STRUCTURE"),
        ("", "E_STRUCTURE"),
        (make_listing("{broken"), "E_STRUCTURE"),
        (make_listing("[]"), "E_STRUCTURE"),
        (make_listing(make_model(ItemListJson="{broken")), "E_STRUCTURE"),
        (make_listing(make_model(ItemListJson=None)), "E_STRUCTURE"),
        (make_listing(make_model(PageVehicleType="new")), "E_WRONG_PAGE"),
        (
            '<script id="dealeron_tagging_data">{"pageType":"home"}</script>' + make_listing(make_model()),
            "E_WRONG_PAGE",
        ),
    ],
)
def test_what_is_no_listing_is_refused(content: str, code: str) -> None:
    request = listing_request()
    assert refused(reply(request, content), request)[0] == code


def test_a_vehicle_page_is_read_as_the_site_tells_it() -> None:
    assert read_vehicle() == ScrapedVehicle(
        vin="WP1AA2A5XNLB00002",
        stock="P00002",
        v_type="Used",
        year="2022",
        make="Porsche",
        model="Macan",
        trim="S",
        ext_color="Carrara White",
        status="On-Lot",
        price="46990",
        msrp="",
        body="SUV",
        fuel_type="Gasoline",
        date_in_stock="2026/03/21",
        vehicle_url=f"{HOST}/used-2022-Porsche-Macan",
        rooftop="",
        mileage="31456",
        model_code="95BAB1",
        photo_count="",
    )


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"price": "0"}, "price", ""),
        ({"price": None}, "price", ""),
        ({"price": "Call"}, "price", "Call"),
        ({"dotagging_item_number": None}, "stock", "P2"),
        ({"cpo": "True"}, "v_type", "Certified Pre-Owned"),
        ({"vehicletype": "new"}, "v_type", "New"),
        ({"vehicletype": "new"}, "msrp", "71000"),
        ({"vehicletype": "new", "cpo": "True"}, "msrp", ""),
        ({"vehicletype": None}, "v_type", ""),
        ({"intransit": "True"}, "status", "In Transit"),
        ({"inproduction": "True"}, "status", "In Production"),
        ({"instock": "False"}, "status", ""),
        ({"vin": ""}, "vin", ""),
    ],
)
def test_attributes_of_a_vehicle_page(changes: dict[str, str | None], field: str, value: str) -> None:
    assert getattr(read_vehicle(SITE, **changes), field) == value


def test_the_rooftop_of_a_vehicle_page_is_the_configured_attribute() -> None:
    site = Site(platform="dealeron_html", base_url=HOST, rooftop=RooftopRule(source="data-lot"))
    assert read_vehicle(site).rooftop == "Hill"


@pytest.mark.parametrize(
    "content",
    [make_listing(make_model()), '<script id="dealeron_tagging_data">{"pageType":"home"}</script>'],
)
def test_a_vehicle_whose_address_leads_to_another_page_is_gone(content: str) -> None:
    request = Request(kind=Kind.DETAIL, url=f"{HOST}/used-a", note={"name": "used"})
    page = dealeron_html.parse(SITE, request, reply(request, content))
    assert (page.list_name, page.gone, page.vehicles) == ("used", 1, ())
    assert page.warnings


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (CHALLENGE, "E_CHALLENGE"),
        (ERROR_PAGE, "E_STRUCTURE"),
        ('<script id="dealeron_tagging_data">{"pageType":"item"}</script>', "E_STRUCTURE"),
    ],
)
def test_what_is_no_vehicle_page_is_refused(content: str, code: str) -> None:
    request = Request(kind=Kind.DETAIL, url=f"{HOST}/used-a")
    assert refused(reply(request, content), request)[0] == code


# Telling them apart


def test_saved_answers_are_known_by_their_content() -> None:
    listing = make_listing(make_model("/used-a"))
    assert dealeron_html.kind_of(listing) == Kind.LIST
    assert dealeron_html.kind_of(json.dumps(make_list(make_card()))) == Kind.LIST
    assert dealeron_html.kind_of(make_vehicle_page()) == Kind.DETAIL
    request = Request(kind=Kind.LIST, url="file")
    assert dealeron_html.parse(SITE, request, reply(request, make_list(make_card()))).rows == 1
    assert dealeron_html.parse(SITE, request, reply(request, listing)).rows == 1


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (make_listing(make_model()), Detection(platform="dealeron_html", confidence=90)),
        (
            '<script src="/resources/hill/pages/a.js"></script><script id="dlron-srp-model">',
            Detection(platform="dealeron_html", confidence=90, found={"store_code": "hill"}),
        ),
        ('<script id="dealeron_tagging_data">', None),
    ],
)
def test_the_variant_is_known_by_the_model_of_its_pages(html: str, expected: Detection | None) -> None:
    assert dealeron_html.detect(html) == expected


@given(model=damaged(make_model("/used-a", "/used-b")), kind=st.sampled_from([Kind.LIST, Kind.CONFIG]))
@settings(max_examples=100, deadline=None)
def test_no_value_of_a_model_raises(model: Any, kind: Kind) -> None:
    request = dealeron.page_request(SITE, "used", kind=kind)
    page, code = outcome(lambda: dealeron_html.parse(SITE, request, reply(request, make_listing(model))))
    assert page is not None or code in {"E_STRUCTURE", "E_WRONG_PAGE"}


@given(at=st.integers(0, 400), length=st.integers(0, 60), put=st.text(max_size=10))
@settings(max_examples=100, deadline=None)
def test_no_damage_to_a_vehicle_page_raises(at: int, length: int, put: str) -> None:
    text = make_vehicle_page()
    request = Request(kind=Kind.DETAIL, url=f"{HOST}/used-a")
    answer = reply(request, text[:at] + put + text[at + length :])
    page, code = outcome(lambda: dealeron_html.parse(SITE, request, answer))
    assert page is not None or code == "E_STRUCTURE"


# Constructed samples of the platform


@needs_samples
def test_a_sample_listing_names_its_vehicle_page_and_its_json_list() -> None:
    body = sample("constructed/dealeron_porsche_srp_model_fragment.html")
    request = listing_request()
    page = dealeron_html.parse(SITE, request, reply(request, body))
    assert (page.rows, page.total_declared) == (1, 256)
    assert page.next_requests[1].url == (
        "https://www.example-porsche.test/used-St.+Louis-2022-Porsche-Macan-WP1AA2A5XNLB00001"
    )
    _, used = dealeron_html.first(SITE)
    [json_list] = dealeron_html.parse(SITE, used, reply(used, body)).next_requests
    assert "/vehicles/12345/1234567?pt=1&" in json_list.url


@needs_samples
def test_a_sample_vehicle_page_is_read() -> None:
    url = "https://www.example-porsche.test/used-St.+Louis-2022-Porsche-Macan-WP1AA2A5XNLB00001"
    request = Request(kind=Kind.DETAIL, url=url, note={"name": "used"})
    body = sample("constructed/dealeron_porsche_vdp_fragment.html")
    assert dealeron_html.parse(SITE, request, reply(request, body)).vehicles == (
        ScrapedVehicle(
            vin="WP1AA2A5XNLB00001",
            stock="P00001",
            v_type="Certified Pre-Owned",
            year="2022",
            make="Porsche",
            model="Macan",
            trim="Base",
            ext_color="Jet Black Metallic",
            status="On-Lot",
            price="46990",
            msrp="",
            body="SUV",
            fuel_type="Gasoline",
            date_in_stock="2025/03/21",
            vehicle_url=url,
            rooftop="",
            mileage="31456",
            model_code="95BAA1",
            photo_count="",
        ),
    )
