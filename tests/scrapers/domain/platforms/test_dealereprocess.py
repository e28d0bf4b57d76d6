import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import dealereprocess
from scrapers.domain.shapes import Detection, Kind, Page, Request, ScrapedVehicle, Site
from tests.scrapers.answers import CHALLENGE, answer, needs_samples, page_or_code, parse_sample_file, refusal

BASE = "https://www.elm-toyota.test"
PLAIN = Site(platform="dealereprocess", base_url=BASE)
STORE = Site(
    platform="dealereprocess",
    base_url=BASE,
    parameters={"slug": "elm-toyota", "availability": "allocated,in_stock,in_transit"},
    scope={"cy": "65201", "lc": "1234"},
)
ALL_PAGES = Site(platform="dealereprocess", base_url=BASE, parameters={"details": "yes"}, scope={"lc": "1234"})
VIN = "2T3P1RFV9SC000011"


def linked(vin: str = VIN, path: str = "/auto/new-2026-toyota-rav4-le/11/", **values: Any) -> str:
    document = {
        "@type": "Vehicle",
        "vehicleIdentificationNumber": vin,
        "vehicleModelDate": "2026",
        "brand": {"name": "Toyota"},
        "model": "RAV4",
        "vehicleConfiguration": "LE",
        "color": "Ice Cap",
        "fuelType": "Gasoline",
        "mileageFromOdometer": {"value": "5"},
        "url": path,
        "offers": {"price": "33995", "sku": "T11", "itemCondition": "https://schema.org/NewCondition"},
        **values,
    }
    return f'<script type="application/ld+json">{json.dumps(document)}</script>'


def prices(**labelled: str) -> str:
    entries = "".join(f"<dt>{label.replace('_', ' ')}</dt><dd>{text}</dd>" for label, text in labelled.items())
    return f'<div class="veh_pricing_container"><dl>{entries}</dl></div>'


def listing(*cards: str, count: int | None = None, pages: int | None = None) -> str:
    total = "" if count is None else f' data-vehicle_count="{count}"'
    last = "" if pages is None else f'<span class="pagination_settings__page_count"> {pages} </span>'
    return f'<html><body><div class="srp_results"{total}>{last}{"".join(cards)}</div></body></html>'


def vehicle_page(**facts: str) -> str:
    told = {"vehicle_vin": VIN, "vehicle_location_id": "1234", "vehicle_body_style": "SUV", **facts}
    script = ", ".join(f"{name}: {json.dumps([text])}" for name, text in told.items())
    return f'<html><body><script id="shift_digital_session_id">var sd = {{page: {{{script}}}}};</script></body></html>'


def read(content: str, request: Request | None = None, *, site: Site = PLAIN, url: str = "") -> Page:
    request = request or dealereprocess.first(site)[0]
    return dealereprocess.parse(site, request, answer(content, url=url or request.url))


def query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query))


def detail(site: Site = ALL_PAGES) -> Request:
    return next(r for r in read(listing(linked()), site=site).next_requests if r.kind == Kind.DETAIL)


@needs_samples
def test_the_constructed_list() -> None:
    page = parse_sample_file(dealereprocess, "constructed/dealereprocess_srp.html", site=PLAIN, kind=Kind.LIST)
    assert page.vehicles == (
        ScrapedVehicle(
            vin="2T3P1RFV9SC000001",
            stock="T00001",
            v_type="New",
            year="2026",
            make="Toyota",
            model="RAV4",
            trim="LE",
            ext_color="Ice Cap",
            price="33995",
            msrp="$34,520",
            fuel_type="Gasoline",
            vehicle_url=f"{BASE}/auto/new-2026-toyota-rav4-le/1234567/",
            mileage="5",
        ),
    )
    assert (page.total_declared, page.pages_declared, page.rows) == (13, 2, 1)
    assert [query(request)["p"] for request in page.next_requests] == ["2"]


@needs_samples
def test_the_constructed_vehicle_page() -> None:
    page = parse_sample_file(dealereprocess, "constructed/dealereprocess_vdp.html", site=PLAIN, kind=Kind.DETAIL)
    assert page.vehicles == (
        ScrapedVehicle(
            vin="2T3P1RFV9SC000001",
            stock="T00001",
            v_type="New",
            year="2026",
            make="Toyota",
            model="RAV4",
            trim="LE",
            ext_color="Ice Cap",
            price="33995",
            body="SUV",
            fuel_type="Gasoline",
            date_in_stock="2026-03-21",
            vehicle_url=f"{BASE}/",
            rooftop="8692",
        ),
    )


def test_new_vehicles_are_asked_for_by_availability_and_used_ones_at_once() -> None:
    requests = dealereprocess.first(STORE)
    assert {urlsplit(request.url).path for request in requests} == {"/search/elm-toyota/"}
    rest = {"cy": "65201", "lc": "1234", "p": "1", "ct": "48"}
    assert [query(request) for request in requests] == [
        {"tp": "new", "av": "allocated", **rest},
        {"tp": "new", "av": "in_stock", **rest},
        {"tp": "new", "av": "in_transit", **rest},
        {"tp": "used", **rest},
    ]
    assert dealereprocess.refresh(STORE) == ()


def test_without_a_slug_the_lists_lie_at_their_plain_paths() -> None:
    paths = [urlsplit(request.url).path for request in dealereprocess.first(PLAIN)]
    assert paths == ["/new-inventory/", "/used-inventory/"]
    site = Site(platform="dealereprocess", base_url=BASE, parameters={"types": "pre_owned"}, page_size=96)
    assert [query(request) for request in dealereprocess.first(site)] == [{"tp": "pre_owned", "p": "1", "ct": "48"}]


@pytest.mark.parametrize(
    ("count", "pages", "follows"),
    [(13, 2, True), (13, 1, False), (13, None, True), (1, None, False), (None, 2, True), (None, None, False)],
)
def test_the_next_page_follows_by_the_pages_or_else_by_the_total(
    count: int | None, pages: int | None, follows: bool
) -> None:
    page = read(listing(linked(), count=count, pages=pages))
    assert [query(request)["p"] for request in page.next_requests] == (["2"] if follows else [])
    assert (page.total_declared, page.pages_declared, page.page_number) == (count, pages, 1)


def test_a_list_is_read_page_by_page_to_its_end() -> None:
    request = dealereprocess.first(PLAIN)[0]
    numbers = []
    while True:
        page = read(listing(linked(), linked(vin="2T3P1RFV9SC000012"), count=5), request)
        numbers.append(page.page_number)
        if not page.next_requests:
            break
        [request] = page.next_requests
    assert numbers == [1, 2, 3]


def test_an_empty_page_is_the_last_one() -> None:
    page = read(listing(count=5, pages=9))
    assert (page.rows, page.total_declared, page.next_requests) == (0, 5, ())


@pytest.mark.parametrize(
    ("site", "index", "name", "v_type", "status"),
    [
        (STORE, 0, "new allocated", "New", "Allocated"),
        (STORE, 1, "new in_stock", "New", "On-Lot"),
        (STORE, 2, "new in_transit", "New", "In Transit"),
        (STORE, 3, "used", "Used", ""),
    ],
)
def test_the_list_tells_type_and_status(site: Site, index: int, name: str, v_type: str, status: str) -> None:
    cards = [linked(offers={"price": "33995"}, url=""), linked(vin="2T3P1RFV9SC000012", offers={}, url="")]
    page = read(listing(*cards), dealereprocess.first(site)[index], site=site)
    assert page.list_name == name
    assert {(vehicle.v_type, vehicle.status, vehicle.rooftop) for vehicle in page.vehicles} == {
        (v_type, status, "1234")
    }


def test_what_the_card_says_of_its_type_counts_unless_the_list_is_of_certified_vehicles() -> None:
    used = linked(offers={"itemCondition": "UsedCondition"})
    assert read(listing(used)).vehicles[0].v_type == "Used"
    site = Site(platform="dealereprocess", base_url=BASE, parameters={"types": "certified,other"})
    certified, other = dealereprocess.first(site)
    assert read(listing(used), certified, site=site).vehicles[0].v_type == "Certified Pre-Owned"
    assert read(listing(linked(offers={})), other, site=site).vehicles[0].v_type == "other"


@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "flat"])
def test_prices_and_marks_belong_to_their_own_vehicle(wrapped: bool) -> None:
    first = linked(offers={}) + '<p class="intransit"></p>' + prices(MSRP="$34,520", Our_Price="$33,995")
    second = linked(vin="2T3P1RFV9SC000012", url="") + (
        '<h2><a class="vehicle_item__vehicle_link" href="/auto/12/">x</a></h2>' + prices(Our_Price="$20,000")
    )
    if wrapped:
        first, second = f"<li>{first}</li>", f"<li>{second}</li>"
    one, two = read(listing(first, second)).vehicles
    assert (one.price, one.msrp, one.status) == ("$33,995", "$34,520", "In Transit")
    assert (two.price, two.msrp, two.status, two.vehicle_url) == ("33995", "", "", f"{BASE}/auto/12/")


def test_the_mark_may_stand_on_the_card_and_the_prices_before_the_script() -> None:
    cards = [f'<li class="intransit">{prices(MSRP=f"$1,{n}00")}{linked(vin=f"2T3P1RFV9SC00001{n}")}</li>' for n in "12"]
    assert [(v.msrp, v.status) for v in read(listing(*cards)).vehicles] == [
        ("$1,100", "In Transit"),
        ("$1,200", "In Transit"),
    ]


@pytest.mark.parametrize(
    ("labelled", "price", "msrp"),
    [
        ({"MSRP": "$34,520", "Dealer_Discount": "$525", "Our_Price": "$33,995"}, "$33,995", "$34,520"),
        ({"Total_MSRP": "$34,520"}, "", "$34,520"),
        ({"Our_Price": "Please Call"}, "Please Call", ""),
        ({"Down_Payment": "$999", "Customer_Cash": "$500", "Per_Month": "$399"}, "", ""),
        ({}, "", ""),
    ],
)
def test_deductions_are_no_prices_and_the_list_price_is_no_price(
    labelled: dict[str, str], price: str, msrp: str
) -> None:
    [vehicle] = read(listing(linked(offers={}), prices(**labelled))).vehicles
    assert (vehicle.price, vehicle.msrp) == (price, msrp)


def test_a_label_without_a_price_is_passed_over() -> None:
    html = '<div class="veh_pricing_container"><dl><dt>MSRP</dt></dl></div>'
    assert read(listing(linked(), html)).vehicles[0].msrp == ""


def test_decoys_and_scripts_of_other_things_are_no_vehicles() -> None:
    other = '<script type="application/ld+json">{"@type": "Organization"}</script>'
    page = read(listing(linked(vin="0" * 17), other, linked()))
    assert [vehicle.vin for vehicle in page.vehicles] == [VIN]


@pytest.mark.parametrize(
    ("html", "code"), [("<html><body>Hello</body></html>", "E_STRUCTURE"), (CHALLENGE, "E_CHALLENGE")]
)
def test_a_page_without_its_list_or_facts_is_refused(html: str, code: str) -> None:
    assert refusal(dealereprocess, PLAIN, dealereprocess.first(PLAIN)[0], html)[0] == code
    assert refusal(dealereprocess, STORE, detail(), html)[0] == code


def test_the_first_vehicle_of_each_page_must_be_of_the_store() -> None:
    page = read(listing(linked(), linked(vin="2T3P1RFV9SC000012")), site=STORE)
    assert (len(page.vehicles), page.rows) == (2, 2)
    [request] = page.next_requests
    assert (request.kind, request.url) == (Kind.DETAIL, f"{BASE}/auto/new-2026-toyota-rav4-le/11/")
    assert read(vehicle_page(), request, site=STORE) == Page()
    code, message = refusal(dealereprocess, STORE, request, vehicle_page(vehicle_location_id="9999"))
    assert code == "E_WRONG_PAGE"
    assert "store 1234 holds a vehicle of store 9999" in message
    assert refusal(dealereprocess, STORE, request, vehicle_page(vehicle_location_id=""))[0] == "E_WRONG_PAGE"
    sold = read("<html><body>Our cars</body></html>", request, site=STORE, url=f"{BASE}/new-inventory/")
    assert sold == Page(), "the list has counted it as it was"


def test_a_website_of_one_store_needs_no_check() -> None:
    page = read(listing(linked()))
    assert (len(page.vehicles), page.next_requests) == (1, ())


def test_every_vehicle_s_page_is_read_where_that_is_configured() -> None:
    page = read(listing(linked(), linked(vin="2T3P1RFV9SC000012"), linked(url="")), site=ALL_PAGES)
    assert (len(page.vehicles), page.rows) == (1, 3)
    assert [request.kind for request in page.next_requests] == [Kind.DETAIL, Kind.DETAIL]
    foreign = read(vehicle_page(vehicle_location_id="9999"), page.next_requests[0], site=ALL_PAGES)
    assert [vehicle.rooftop for vehicle in foreign.vehicles] == ["9999"]


def test_a_vehicle_page_completes_what_the_list_told() -> None:
    facts = {"vehicle_trim": "XLE", "vehicle_price": "31000", "vehicle_date_instock": "2026-03-21", "vehicle_make": ""}
    page = read(vehicle_page(**facts), detail(), site=ALL_PAGES)
    assert page.rows == 0, "the list has counted it"
    [vehicle] = page.vehicles
    assert (vehicle.trim, vehicle.price, vehicle.date_in_stock) == ("XLE", "33995", "2026-03-21")
    assert (vehicle.make, vehicle.status, vehicle.vehicle_url) == (
        "Toyota",
        "",
        f"{BASE}/auto/new-2026-toyota-rav4-le/11/",
    )


@pytest.mark.parametrize(
    ("script", "trim"),
    [
        ("vehicle_trim: ['LE']", "LE"),
        ('"vehicle_trim" : [ "LE" ]', "LE"),
        ('vehicle_trim: ["LE"], vehicle_trim: ["XLE"]', "LE"),
        (r'vehicle_trim: ["4\" Lift \u0026 More"]', '4" Lift & More'),
        (r"vehicle_trim: ['Driver\'s \"Edition\"']", 'Driver\'s "Edition"'),
        (r"vehicle_trim: ['\x']", r"\x"),
        ("vehicle_trim: [2500]", "2500"),
        ("vehicle_trim: [null]", ""),
        ("vehicle_trim: []", ""),
        ("vehicle_trim: [", ""),
        ("no_vehicle_trim: ['LE']", ""),
    ],
)
def test_facts_are_read_out_of_program_text(script: str, trim: str) -> None:
    html = f'<script id="shift_digital_session_id">var sd = {{page: {{vehicle_vin: ["{VIN}"], {script}}}}};</script>'
    [vehicle] = read(html, Request(kind=Kind.DETAIL, url=f"{BASE}/auto/11/")).vehicles
    assert vehicle.trim == trim


def test_a_vehicle_that_is_sold_meanwhile_is_gone() -> None:
    page = read("<html><body>Our cars</body></html>", detail(), site=ALL_PAGES, url=f"{BASE}/new-inventory/")
    assert (page.gone, page.vehicles) == (1, ())


def test_a_page_is_known_by_its_marks_and_tells_store_and_slug() -> None:
    html = listing(linked(), pages=2) + '<a href="/search/elm-toyota/?tp=new&amp;cy=65201&amp;lc=1234&amp;p=2">2</a>'
    found = {"slug": "elm-toyota", "cy": "65201", "lc": "1234"}
    assert dealereprocess.detect(html) == Detection(platform="dealereprocess", confidence=50, found=found)
    everything = listing(prices(), pages=2) + "dealereprocess vehicle_item__vehicle_link"
    assert dealereprocess.detect(everything) == Detection(platform="dealereprocess", confidence=90)
    assert dealereprocess.detect("<html></html>") is None


def test_requests_survive_the_cursor_of_a_run() -> None:
    for request in (*dealereprocess.first(STORE), *read(listing(linked(), pages=2), site=STORE).next_requests):
        assert Request.from_document(json.loads(json.dumps(request.document()))) == request


@given(st.text(max_size=100), st.sampled_from(["list", "detail"]))
def test_any_text_around_a_vehicle_is_read_or_refused(text: str, what: str) -> None:
    html = listing(text, linked(color=text), prices(MSRP=text)) if what == "list" else vehicle_page(vehicle_trim=text)
    request = Request(kind=Kind(what), url=f"{BASE}/auto/11/")
    page = page_or_code(lambda: read(text + html, request))
    assert isinstance(page, Page)
    assert all(isinstance(value, str) for vehicle in page.vehicles for value in vehicle)
