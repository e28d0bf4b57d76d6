import gzip
import html
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.domain.platforms import teamvelocity
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
    ANYTHING,
    CHALLENGE,
    ERROR_PAGE,
    damaged,
    needs_samples,
    outcome,
    reply,
    sample,
)

HOST = "https://www.lake-cars.test"
SITE = Site(platform="teamvelocity", base_url=HOST, parameters={"account_id": "4711"})
NO_LOOKUP = replace(SITE, parameters={"status_lookup": "no"})
BY_PAGE = replace(SITE, parameters={"status_lookup": "page"})
BY_SITEMAP = replace(SITE, parameters={"route": "sitemap"})
VIN, OTHER_VIN = "5FNYG1H81TB000001", "5FNYG1H81TB000002"
URL = f"{HOST}/viewdetails/new/{VIN.lower()}/2026-honda-pilot"


def make_entry(**changes: Any) -> dict[str, Any]:
    values = {
        "vin": VIN,
        "year": 2026,
        "make": "Honda",
        "model": "Pilot",
        "trim": "TrailSport",
        "bodyStyle": "SUV",
        "fuelType": "Gasoline",
        "exteriorColor": "Sky Blue",
        "miles": 5,
        "sellingPrice": 53120,
        "msrp": 54320,
        "certified": False,
        "inventoryType": "New",
        "stockNumber": "L1",
        "dealerName": "Lake Cars",
        "imageUrls": ["a", "b"],
        "vdpUrl": URL,
    }
    return {**values, **changes}


def make_feed(*entries: Any, total: int = 60, pages: int = 2, following: Any = None) -> dict[str, Any]:
    return {
        "totalVehicles": total,
        "totalPages": pages,
        "nextPage": following,
        "pageSize": 50,
        "vehicles": list(entries),
    }


COMPLETE = ScrapedVehicle(
    vin=VIN,
    stock="L1",
    v_type="New",
    year="2026",
    make="Honda",
    model="Pilot",
    trim="TrailSport",
    ext_color="Sky Blue",
    status="",
    price="53120",
    msrp="54320",
    body="SUV",
    fuel_type="Gasoline",
    date_in_stock="",
    vehicle_url=URL,
    rooftop="Lake Cars",
    mileage="5",
    model_code="",
    photo_count="2",
)


def read(site: Site, *entries: Any, request: Request | None = None, **changes: Any) -> Page:
    request = request or teamvelocity.first(site)[0]
    return teamvelocity.parse(site, request, reply(request, make_feed(*entries, **changes)))


def read_one(**changes: Any) -> ScrapedVehicle:
    [vehicle] = read(NO_LOOKUP, make_entry(**changes)).vehicles
    return vehicle


def refused(site: Site, request: Request, content: Any) -> tuple[str, str]:
    with pytest.raises(CannotReadError) as caught:
        teamvelocity.parse(site, request, reply(request, content))
    return caught.value.code, caught.value.message


def lookup_of(page: Page) -> Request:
    """The one look-up of a page, as it comes back from the cursor of a run."""
    [request] = [request for request in page.next_requests if request.kind == Kind.DETAIL]
    return Request.from_document(json.loads(json.dumps(request.document())))


# The feeds


def test_a_run_begins_with_both_feeds() -> None:
    site = replace(SITE, scope={"dealer": "Lake & Cars"})
    assert [(request.kind, request.url) for request in teamvelocity.first(site)] == [
        (Kind.LIST, f"{HOST}/inventory-new.json?dealer=Lake%20%26%20Cars&page=1"),
        (Kind.LIST, f"{HOST}/inventory-used.json?dealer=Lake%20%26%20Cars&page=1"),
    ]


def test_a_store_whose_account_is_not_known_is_asked_for_it_first() -> None:
    site = replace(SITE, parameters={})
    [request] = teamvelocity.first(site)
    assert (request.kind, request.url) == (Kind.CONFIG, f"{HOST}/")
    page = teamvelocity.parse(site, request, reply(request, "<script>var accountId = '4712';</script>"))
    assert page.learned == {"account_id": "4712"}
    new, used = page.next_requests
    assert (new.url, used.url) == (f"{HOST}/inventory-new.json?page=1", f"{HOST}/inventory-used.json?page=1")
    assert lookup_of(read(site, make_entry(), request=new)).url.endswith("&accountid=4712")


@pytest.mark.parametrize("site", [NO_LOOKUP, BY_PAGE, replace(SITE, parameters={}, learned={"account_id": "4711"})])
def test_an_account_that_is_not_needed_or_known_is_not_asked_for(site: Site) -> None:
    assert [request.kind for request in teamvelocity.first(site)] == [Kind.LIST, Kind.LIST]


@pytest.mark.parametrize(("content", "code"), [(CHALLENGE, "E_CHALLENGE"), (ERROR_PAGE, "E_STRUCTURE")])
def test_a_home_page_without_account_is_refused(content: str, code: str) -> None:
    site = replace(SITE, parameters={})
    assert refused(site, teamvelocity.first(site)[0], content)[0] == code


def test_without_look_up_a_feed_yields_its_vehicles_at_once() -> None:
    page = read(NO_LOOKUP, make_entry(), make_entry(vin=OTHER_VIN, dealerName="Sibling"))
    assert page.vehicles == (COMPLETE, COMPLETE._replace(vin=OTHER_VIN, rooftop="Sibling"))
    assert (page.list_name, page.rows, page.total_declared) == ("new", 2, 60)
    assert (page.page_number, page.pages_declared, page.page_size) == (1, 2, 50)
    assert [request.url for request in page.next_requests] == [f"{HOST}/inventory-new.json?page=2"]


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"sellingPrice": 0}, "price", ""),
        ({"sellingPrice": None}, "price", ""),
        ({"sellingPrice": "Call for Price"}, "price", "Call for Price"),
        ({"sellingPrice": "53,120"}, "price", "53,120"),
        ({"msrp": 0}, "msrp", ""),
        ({"certified": True, "inventoryType": "Used"}, "v_type", "Certified Pre-Owned"),
        ({"certified": "true"}, "v_type", "Certified Pre-Owned"),
        ({"inventoryType": None}, "v_type", "New"),
        ({"inventoryType": "Demo"}, "v_type", "Demo"),
        ({"imageUrls": None}, "photo_count", ""),
        ({"imageUrls": []}, "photo_count", "0"),
        ({"vdpUrl": "/viewdetails/new/x"}, "vehicle_url", f"{HOST}/viewdetails/new/x"),
        ({"vdpUrl": None}, "vehicle_url", ""),
        ({"stockNumber": None}, "stock", ""),
        ({"vin": None}, "vin", ""),
    ],
)
def test_values_of_a_feed(changes: dict[str, Any], field: str, value: str) -> None:
    assert getattr(read_one(**changes), field) == value


def test_the_rooftop_may_be_told_by_another_key() -> None:
    site = replace(NO_LOOKUP, rooftop=RooftopRule(source="dealerZip"))
    assert read(site, make_entry(dealerZip=63131)).vehicles[0].rooftop == "63131"


def test_a_feed_is_followed_to_its_last_page() -> None:
    page = read(NO_LOOKUP, make_entry())
    [second] = page.next_requests
    assert read(NO_LOOKUP, make_entry(vin=OTHER_VIN), request=second).next_requests == ()


def test_a_feed_that_announces_a_next_page_is_followed_without_a_number_of_pages() -> None:
    page = read(NO_LOOKUP, make_entry(), pages=0, following="/inventory-new.json?page=2")
    assert [request.url for request in page.next_requests] == [f"{HOST}/inventory-new.json?page=2"]


def test_an_empty_page_ends_a_feed() -> None:
    page = read(NO_LOOKUP, following="/inventory-new.json?page=2")
    assert (page.rows, page.next_requests) == (0, ())


def test_the_same_vehicles_again_are_refused() -> None:
    [second] = read(NO_LOOKUP, make_entry()).next_requests
    code, message = refused(NO_LOOKUP, second, make_feed(make_entry()))
    assert (code, message) == ("E_PAGE_REPEAT", "Page 2 of the feed 'new' holds the same vehicles as the page before.")


def test_pages_without_any_vin_are_no_repetition() -> None:
    [second] = read(NO_LOOKUP, make_entry(vin=None)).next_requests
    assert read(NO_LOOKUP, make_entry(vin=None), request=second).rows == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (CHALLENGE, "E_CHALLENGE"),
        (ERROR_PAGE, "E_NOT_JSON"),
        ([], "E_STRUCTURE"),
        ({"totalVehicles": 3}, "E_STRUCTURE"),
        ({"vehicles": {"0": {}}}, "E_STRUCTURE"),
    ],
)
def test_what_is_no_feed_is_refused(content: Any, code: str) -> None:
    assert refused(SITE, teamvelocity.first(SITE)[0], content)[0] == code


def test_nothing_begins_a_refused_run_again() -> None:
    assert teamvelocity.refresh(SITE) == ()


# The lot status


def test_only_vehicles_that_are_not_known_to_stand_on_the_lot_are_looked_up() -> None:
    site = replace(SITE, known={VIN: "InStock"}, known_dates={VIN: "10/24/2026"})
    page = read(site, make_entry(vin=VIN.lower()), make_entry(vin=OTHER_VIN))
    assert page.vehicles == (COMPLETE._replace(vin=VIN.lower(), status="InStock", date_in_stock="10/24/2026"),)
    assert page.rows == 2
    assert lookup_of(page).url == f"{HOST}/api/Inventory/vehicle?vin={OTHER_VIN}&accountid=4711"
    assert [request.kind for request in page.next_requests] == [Kind.LIST, Kind.DETAIL]


def test_vehicles_of_other_rooftops_and_without_vin_are_not_looked_up() -> None:
    site = replace(SITE, rooftop=RooftopRule(match=Match.EQUALS, text="lake cars"))
    page = read(site, make_entry(dealerName="Sibling"), make_entry(vin=""))
    assert [vehicle.rooftop for vehicle in page.vehicles] == ["Sibling", "Lake Cars"]
    assert [request.kind for request in page.next_requests] == [Kind.LIST]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"inTransit": False, "inProduction": False}, "On-Lot"),
        ({"inTransit": True, "inProduction": False}, "In Transit"),
        ({"inTransit": True, "inProduction": True}, "In Production"),
        ({"inTransit": "False", "inProduction": "False"}, "On-Lot"),
        ({"inTransit": False}, ""),
        ({"inTransit": None, "inProduction": None}, ""),
        ({"inTransit": 7, "inProduction": []}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_look_up_completes_the_vehicle_that_it_carries(content: Any, status: str) -> None:
    request = lookup_of(read(SITE, make_entry()))
    page = teamvelocity.parse(SITE, request, reply(request, content))
    assert page.vehicles == (COMPLETE._replace(status=status),)
    assert (page.list_name, page.rows) == ("new", 0)


def test_a_look_up_tells_the_date_in_stock() -> None:
    request = lookup_of(read(SITE, make_entry()))
    content = {"inTransit": False, "inProduction": False, "dateInStock": "2026-10-24", "eta": None}
    [vehicle] = teamvelocity.parse(SITE, request, reply(request, content)).vehicles
    assert vehicle.date_in_stock == "2026-10-24"


@pytest.mark.parametrize(
    ("content", "code"), [(CHALLENGE, "E_CHALLENGE"), (ERROR_PAGE, "E_NOT_JSON"), ([1], "E_STRUCTURE")]
)
def test_what_is_no_look_up_is_refused(content: Any, code: str) -> None:
    assert refused(SITE, lookup_of(read(SITE, make_entry())), content)[0] == code


def make_badges(**badges: bool) -> str:
    document = {name: {f"{name}Status": value} for name, value in badges.items()}
    return f"vehicleBadgesInfo = '{html.escape(json.dumps(document))}';"


def make_vehicle_page(*, script: str = "", car: Any = None, text: str = "Stock #: L1") -> str:
    facts = {
        "@type": "Car",
        "vehicleIdentificationNumber": VIN,
        "vehicleModelDate": "2026",
        "brand": "Honda",
        "model": "Pilot",
        "color": "Sky Blue",
        "bodyType": "SUV",
        "offers": {"@type": "Offer", "fuelType": "Gasoline", "seller": {"name": "Lake Cars"}},
        "mileageFromOdometer": {"value": 5},
    }
    content = car if isinstance(car, str) else json.dumps(facts if car is None else car)
    return (
        f'<html><head><script type="application/ld+json">{content}</script>'
        f"<script>var accountId = '4711'; trim = 'TrailSport'; {script}</script></head><body>{text}</body></html>"
    )


@pytest.mark.parametrize(
    ("badges", "status"),
    [
        ({"InStock": True, "InTransit": False, "InProduction": False, "IsReserved": False}, "On-Lot"),
        ({"InStock": False, "InTransit": True}, "In Transit"),
        ({"InProduction": True, "InTransit": True}, "In Production"),
        ({"InStock": True, "IsReserved": True}, "On-Lot"),
        ({"IsReserved": True}, "Reserved"),
        ({}, ""),
    ],
)
def test_the_badges_of_a_page_tell_the_status(badges: dict[str, bool], status: str) -> None:
    request = lookup_of(read(BY_PAGE, make_entry()))
    assert request.url == URL
    content = make_vehicle_page(script=make_badges(**badges))
    assert teamvelocity.parse(BY_PAGE, request, reply(request, content)).vehicles == (COMPLETE._replace(status=status),)


@pytest.mark.parametrize("script", ["", "vehicleBadgesInfo = '{broken';", "vehicleBadgesInfo = '[]';"])
def test_missing_badges_leave_the_status_blank(script: str) -> None:
    request = lookup_of(read(BY_PAGE, make_entry()))
    content = make_vehicle_page(script=script)
    assert teamvelocity.parse(BY_PAGE, request, reply(request, content)).vehicles == (COMPLETE,)


def test_a_vehicle_that_was_sold_meanwhile_is_gone() -> None:
    request = lookup_of(read(BY_PAGE, make_entry()))
    content = make_vehicle_page(text="So sorry, this vehicle was just sold")
    page = teamvelocity.parse(BY_PAGE, request, reply(request, content))
    assert (page.list_name, page.gone, page.vehicles) == ("new", 1, ())


@pytest.mark.parametrize(("content", "code"), [(CHALLENGE, "E_CHALLENGE"), (ERROR_PAGE, "E_STRUCTURE")])
def test_what_is_no_vehicle_page_tells_no_status(content: str, code: str) -> None:
    assert refused(BY_PAGE, lookup_of(read(BY_PAGE, make_entry())), content)[0] == code


def test_a_vehicle_without_page_is_not_looked_up_there() -> None:
    page = read(BY_PAGE, make_entry(vdpUrl=None))
    assert len(page.vehicles) == 1
    assert [request.kind for request in page.next_requests] == [Kind.LIST]


# The sitemap


def make_sitemap(*urls: str, root: str = "urlset", entry: str = "url") -> str:
    entries = "".join(f"<{entry}><loc>{url}</loc></{entry}>" for url in urls)
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'


def read_sitemap(content: Any, **note: str) -> Page:
    request = replace(teamvelocity.first(BY_SITEMAP)[0], note=note)
    return teamvelocity.parse(BY_SITEMAP, request, reply(request, content))


def test_the_sitemap_leads_to_the_sitemap_of_vehicles() -> None:
    [request] = teamvelocity.first(BY_SITEMAP)
    assert (request.kind, request.url) == (Kind.SITEMAP, f"{HOST}/sitemap.xml")
    index = make_sitemap(
        f"{HOST}/maps/pagesitemap.xml",
        f"{HOST}/maps/InventoryVdpSitemap1.xml",
        f"{HOST}/maps/inventoryvdpsitemap2.xml",
        root="sitemapindex",
        entry="sitemap",
    )
    assert [(child.kind, child.url) for child in read_sitemap(index).next_requests] == [
        (Kind.SITEMAP, f"{HOST}/maps/InventoryVdpSitemap1.xml"),
        (Kind.SITEMAP, f"{HOST}/maps/inventoryvdpsitemap2.xml"),
    ]


def test_the_sitemap_of_vehicles_is_a_list_of_their_pages() -> None:
    used = f"{HOST}/viewdetails/used/{OTHER_VIN}/2020-honda-pilot?x=1"
    content = gzip.compress(make_sitemap(URL, f"{HOST}/about", used, URL).encode())
    page = read_sitemap(content, name="inventoryvdpsitemap1.xml")
    assert (page.list_name, page.rows, page.total_declared) == ("inventoryvdpsitemap1.xml", 2, 2)
    assert [(request.kind, request.url) for request in page.next_requests] == [(Kind.DETAIL, URL), (Kind.DETAIL, used)]


def test_a_sitemap_without_index_is_the_list_itself() -> None:
    assert read_sitemap(make_sitemap(URL)).list_name == "sitemap"


def test_no_more_than_5000_pages_are_asked_for() -> None:
    urls = [f"{HOST}/viewdetails/used/{number:017}/a" for number in range(5001)]
    page = read_sitemap(make_sitemap(*urls), name="a.xml")
    assert (page.total_declared, len(page.next_requests)) == (5001, 5000)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (make_sitemap(f"{HOST}/maps/pagesitemap.xml", root="sitemapindex", entry="sitemap"), "E_STRUCTURE"),
        (CHALLENGE, "E_CHALLENGE"),
        (ERROR_PAGE, "E_STRUCTURE"),
        ("", "E_STRUCTURE"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><urlset>&b;</urlset>', "E_STRUCTURE"),
    ],
)
def test_what_is_no_sitemap_is_refused(content: str, code: str) -> None:
    assert refused(BY_SITEMAP, teamvelocity.first(BY_SITEMAP)[0], content)[0] == code


def page_request(url: str = URL) -> Request:
    return Request(kind=Kind.DETAIL, url=url, note={"name": "vehicles"})


def read_page(content: str, *, site: Site = BY_SITEMAP, request: Request | None = None) -> Page:
    request = request or page_request()
    return teamvelocity.parse(site, request, reply(request, content))


def priced(page: Page, content: Any) -> ScrapedVehicle:
    [request] = page.next_requests
    assert request.kind == Kind.PRICE
    request = Request.from_document(json.loads(json.dumps(request.document())))
    answer = teamvelocity.parse(BY_SITEMAP, request, reply(request, content))
    assert (answer.list_name, answer.rows) == ("vehicles", 0)
    [vehicle] = answer.vehicles
    return vehicle


def test_a_vehicle_page_and_its_price_make_a_vehicle() -> None:
    page = read_page(make_vehicle_page(script=make_badges(InStock=True)))
    assert (page.vehicles, page.warnings) == ((), ())
    url = f"{HOST}/api/Inventory/getPaymentSettingDetails?accountId=4711&vin={VIN}&styleid="
    assert page.next_requests[0].url == url
    vehicle = priced(page, {"yourPrice": 53120, "cashMSRP": 54320})
    assert vehicle == COMPLETE._replace(status="On-Lot", photo_count="")


@pytest.mark.parametrize(
    ("content", "price", "msrp"),
    [
        ({"yourPrice": 0, "cashMSRP": 54320}, "", "54320"),
        ({"yourPrice": None, "cashMSRP": None}, "", ""),
        ({"yourPrice": "Call", "cashMSRP": []}, "Call", ""),
        ({}, "", ""),
        (None, "", ""),
    ],
)
def test_a_price_that_is_not_told_stays_missing(content: Any, price: str, msrp: str) -> None:
    vehicle = priced(read_page(make_vehicle_page()), content)
    assert (vehicle.price, vehicle.msrp) == (price, msrp)


@pytest.mark.parametrize(("content", "code"), [(ERROR_PAGE, "E_NOT_JSON"), ("3", "E_STRUCTURE")])
def test_what_is_no_price_is_refused(content: str, code: str) -> None:
    assert refused(BY_SITEMAP, read_page(make_vehicle_page()).next_requests[0], content)[0] == code


@pytest.mark.parametrize(
    ("segment", "v_type"), [("new", "New"), ("used", "Used"), ("cpo", "Certified Pre-Owned"), ("demo", "demo")]
)
def test_the_address_tells_the_type(segment: str, v_type: str) -> None:
    request = page_request(URL.replace("/new/", f"/{segment}/"))
    assert priced(read_page(make_vehicle_page(), request=request), {}).v_type == v_type


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        ("<span>Stock #: <b>L-22</b></span>", "L-22"),
        ("Stock Number L22", "L22"),
        ("Stock: L22", "L22"),
        ("In Stock today", ""),
    ],
)
def test_the_stock_number_is_read_from_the_text(text: str, stock: str) -> None:
    assert priced(read_page(make_vehicle_page(text=text)), {}).stock == stock


@pytest.mark.parametrize(
    ("car", "make"),
    [
        ({"@graph": [{"@type": "Thing"}, {"vehicleIdentificationNumber": VIN, "brand": {"name": "Acura"}}]}, "Acura"),
        ([{"vehicleIdentificationNumber": OTHER_VIN, "brand": "Kia"}, {"vehicleIdentificationNumber": VIN}], ""),
        ([None, 3, {"vehicleIdentificationNumber": VIN, "brand": "Acura"}], "Acura"),
    ],
)
def test_the_vehicle_of_the_address_is_found_in_the_json_ld(car: Any, make: str) -> None:
    vehicle = priced(read_page(make_vehicle_page(car=car)), {})
    assert (vehicle.vin, vehicle.make) == (VIN, make)


def test_a_quote_in_the_trim_is_read() -> None:
    content = make_vehicle_page().replace("'TrailSport'", r"'Trail\'s &amp; Sport'")
    assert priced(read_page(content), {}).trim == "Trail's & Sport"


def test_without_json_ld_the_address_tells_the_vehicle() -> None:
    page = read_page(make_vehicle_page(car="{broken,}"))
    assert page.warnings == ("A vehicle page of 'vehicles' holds no JSON-LD of its vehicle.",)
    vehicle = priced(page, {"yourPrice": 1000})
    assert (vehicle.vin, vehicle.v_type, vehicle.make, vehicle.trim) == (VIN, "New", "", "TrailSport")


def test_without_an_account_the_vehicle_has_no_price() -> None:
    page = read_page(make_vehicle_page().replace("accountId", "other"))
    assert [(vehicle.vin, vehicle.price) for vehicle in page.vehicles] == [(VIN, "")]
    assert page.next_requests == ()
    assert "cannot be asked for" in page.warnings[0]


def test_a_configured_account_counts_more_than_the_page() -> None:
    site = replace(BY_SITEMAP, parameters={"route": "sitemap", "account_id": "9"})
    assert "accountId=9&" in read_page(make_vehicle_page(), site=site).next_requests[0].url


@pytest.mark.parametrize(
    ("url", "text"), [(URL, "So sorry, this vehicle was just sold"), (f"{HOST}/inventory/used", "Many vehicles")]
)
def test_a_page_of_a_sold_vehicle_is_gone(url: str, text: str) -> None:
    request = page_request()
    page = teamvelocity.parse(BY_SITEMAP, request, reply(request, make_vehicle_page(text=text), url=url))
    assert (page.list_name, page.gone, page.next_requests) == ("vehicles", 1, ())


@pytest.mark.parametrize(("content", "code"), [(CHALLENGE, "E_CHALLENGE"), (ERROR_PAGE, "E_STRUCTURE")])
def test_what_is_no_vehicle_page_is_refused(content: str, code: str) -> None:
    assert refused(BY_SITEMAP, page_request(), content)[0] == code


# Telling them apart


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('\ufeff{"vehicles": []}', Kind.LIST),
        ('{"yourPrice": 1}', Kind.PRICE),
        ('{"inTransit": false, "inProduction": false}', Kind.DETAIL),
        (make_sitemap(URL), Kind.SITEMAP),
        ("<sitemapindex></sitemapindex>", Kind.SITEMAP),
        (make_vehicle_page(), Kind.DETAIL),
    ],
)
def test_saved_answers_are_known_by_their_content(text: str, kind: Kind) -> None:
    assert teamvelocity.kind_of(text) == kind


def test_saved_answers_are_read_without_knowing_what_was_asked() -> None:
    texts = (json.dumps(make_feed(make_entry())), make_sitemap(URL), '{"yourPrice": 9}', '{"inTransit": true}')
    pages = []
    for text in texts:
        request = Request(kind=teamvelocity.kind_of(text), url="file")
        pages.append(teamvelocity.parse(NO_LOOKUP, request, reply(request, text)))
    assert [page.rows for page in pages] == [1, 1, 0, 0]
    assert (pages[2].vehicles[0].price, pages[3].vehicles[0].status) == ("9", "In Transit")


@pytest.mark.parametrize(
    ("text", "confidence", "found"),
    [
        ("vehicleBadgesInfo = '{}'; var accountId = '4711'", 95, {"account_id": "4711"}),
        ('<a href="/viewdetails/new/abc">', 85, {}),
        ("inventoryvdpsitemap.xml", 85, {}),
        ("var accountId = 12;", 40, {"account_id": "12"}),
    ],
)
def test_team_velocity_is_known_by_its_pages(text: str, confidence: int, found: dict[str, str]) -> None:
    assert teamvelocity.detect(text) == Detection(platform="teamvelocity", confidence=confidence, found=found)


def test_other_pages_are_not_taken_for_team_velocity() -> None:
    assert teamvelocity.detect(ERROR_PAGE) is None


def follow(site: Site, request: Request, content: Any) -> None:
    answer = reply(request, content)
    page, code = outcome(lambda: teamvelocity.parse(site, request, answer))
    assert page is not None or code in {"E_STRUCTURE", "E_NOT_JSON"}
    for vehicle in page.vehicles if page else ():
        assert all(isinstance(value, str) for value in vehicle)
    for following in page.next_requests if page else ():
        assert json.loads(json.dumps(following.document()))


@given(document=damaged(make_feed(make_entry(), make_entry(vin=OTHER_VIN))), site=st.sampled_from([SITE, BY_PAGE]))
@settings(max_examples=100, deadline=None)
def test_no_value_of_a_feed_raises(document: Any, site: Site) -> None:
    follow(site, teamvelocity.first(site)[0], document)


@given(car=damaged([{"vehicleIdentificationNumber": VIN, "brand": {"name": "a"}, "offers": {"seller": {"name": "b"}}}]))
@settings(max_examples=100, deadline=None)
def test_no_value_of_a_vehicle_page_raises(car: Any) -> None:
    follow(BY_SITEMAP, page_request(), make_vehicle_page(car=car))


@given(content=ANYTHING)
@settings(max_examples=100, deadline=None)
def test_no_answer_about_one_vehicle_raises(content: Any) -> None:
    follow(SITE, lookup_of(read(SITE, make_entry())), content)
    follow(BY_SITEMAP, read_page(make_vehicle_page()).next_requests[0], content)


# Constructed samples of the platform


@needs_samples
def test_the_sample_feed_holds_three_of_52_vehicles() -> None:
    rule = RooftopRule(match=Match.EQUALS, text="Example Honda of Frontenac")
    site = replace(NO_LOOKUP, rooftop=rule)
    request = teamvelocity.first(site)[0]
    page = teamvelocity.parse(
        site, request, reply(request, sample("constructed/teamvelocity_inventory_new_page1.json"))
    )
    assert (page.rows, page.total_declared, page.pages_declared, page.page_size) == (3, 52, 2, 50)
    assert [(vehicle.vin, vehicle.price, vehicle.msrp, vehicle.rooftop) for vehicle in page.vehicles] == [
        ("5FNYG1H81RB000001", "53120", "54320", "Example Honda of Frontenac"),
        ("5FNYG1H82RB000002", "53120", "54320", "Sibling Mazda"),
        ("5FNYG1H83RB000003", "", "54320", "Example Honda of Frontenac"),
    ]
    assert page.vehicles[0] == ScrapedVehicle(
        vin="5FNYG1H81RB000001",
        stock="F00001",
        v_type="New",
        year="2026",
        make="Honda",
        model="Pilot",
        trim="TrailSport",
        ext_color="Diffused Sky Blue Pearl",
        price="53120",
        msrp="54320",
        body="SUV",
        fuel_type="Gasoline",
        vehicle_url="https://www.example-frontenac.test/viewdetails/new/5fnyg1h81rb000001/2026-honda-pilot",
        rooftop="Example Honda of Frontenac",
        mileage="5",
    )


@needs_samples
def test_the_sample_sitemap_page_and_price_make_a_vehicle() -> None:
    index = read_sitemap(sample("constructed/teamvelocity_sitemap_index.xml"))
    assert [request.url for request in index.next_requests] == [
        "https://www.example-frontenac.test/sitemaps/inventoryvdpsitemap.xml"
    ]
    request = page_request("https://www.example-frontenac.test/viewdetails/new/5fnyg1h81rb000001/2026-honda-pilot")
    answer = Answer(status=200, url=request.url, body=sample("constructed/teamvelocity_vdp.html"))
    page = teamvelocity.parse(BY_SITEMAP, request, answer)
    assert "accountId=44173&vin=5FNYG1H81RB000001&styleid=" in page.next_requests[0].url
    price = sample("constructed/teamvelocity_getPaymentSettingDetails.json")
    assert priced(page, price) == ScrapedVehicle(
        vin="5FNYG1H81RB000001",
        stock="F00001",
        v_type="New",
        year="2026",
        make="Honda",
        model="Pilot",
        trim="TrailSport",
        ext_color="Diffused Sky Blue Pearl",
        status="On-Lot",
        price="53120",
        msrp="54320",
        body="SUV",
        fuel_type="Gasoline",
        vehicle_url="https://www.example-frontenac.test/viewdetails/new/5fnyg1h81rb000001/2026-honda-pilot",
    )
