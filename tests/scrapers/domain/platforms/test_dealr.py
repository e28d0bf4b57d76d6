import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import dealr
from scrapers.domain.shapes import Detection, Kind, Page, Request, ScrapedVehicle, Site
from tests.scrapers.answers import CHALLENGE, answer, needs_samples, parse_sample_file, refusal

BASE = "https://www.elm-autos.test"
SITE = Site(platform="dealr", base_url=BASE)
[LIST] = dealr.first(SITE)
VIN = "1FTFW1E5XNFA00011"
LINK = '<a class="dealr-inventory-list__vehicle__photo-container" href="inventory/used-2022-ford-f-150/77"></a>'
PAGE = f"{BASE}/inventory/used-2022-ford-f-150/77"


def card(attribute: str = f'vehicle-inquiry="{VIN}|2022|Ford|F-150"', link: str = LINK) -> str:
    return f'<div class="dealr-inventory-list__vehicle" {attribute}>{link}</div>'


def listing(*cards: str, **filters: Any) -> dict[str, Any]:
    return {"filters": {"matches": len(cards), "pages": 1, **filters}, "list": "".join(cards)}


def vehicle_page(vin: str = f"VIN: {VIN}", stock: str = "Stock: A11", **offered: Any) -> str:
    item = {
        "@type": "Car",
        "name": "2022 Ford F-150 XLT",
        "model": "F-150",
        "manufacturer": {"name": "Ford"},
        "fuelType": "Gasoline",
        **offered,
    }
    offer = {"@type": "Offer", "priceSpecification": {"price": "31995"}, "itemOffered": item}
    document = json.dumps({"@type": "AutoDealer", "makesOffer": offer})
    return (
        f'<html><head><script type="application/ld+json">{document}</script></head>'
        f'<body><div class="vin-container">{vin}</div><div class="stock-container">{stock}</div></body></html>'
    )


def read(content: Any, request: Request = LIST, *, url: str = "") -> Page:
    return dealr.parse(SITE, request, answer(content, url=url or request.url))


def detail() -> Request:
    [request] = read(listing(card())).next_requests
    return request


@needs_samples
def test_the_constructed_list() -> None:
    page = parse_sample_file(dealr, "constructed/dealr_inventory_subset.json", site=SITE, kind=Kind.LIST)
    assert (page.total_declared, page.pages_declared, page.rows, page.vehicles) == (44, 1, 1, ())
    [request] = page.next_requests
    assert (request.kind, request.url) == (Kind.DETAIL, f"{BASE}/inventory/used-2022-ford-f-150/1234567")
    assert ScrapedVehicle(*request.note["vehicle"]) == ScrapedVehicle(
        vin="1FTFW1E5XNFA00001", year="2022", make="Ford", model="F-150", vehicle_url=request.url
    )


@needs_samples
def test_the_constructed_vehicle_page() -> None:
    page = parse_sample_file(dealr, "constructed/dealr_vdp.html", site=SITE, kind=Kind.DETAIL)
    assert page.vehicles == (
        ScrapedVehicle(
            vin="1FTFW1E5XNFA00001",
            stock="A00001",
            year="2022",
            make="Ford",
            model="F-150",
            trim="XLT",
            price="31995",
            fuel_type="Gasoline",
            vehicle_url=f"{BASE}/",
        ),
    )
    assert page.rows == 1


def test_a_run_begins_with_the_first_page_of_the_configured_block() -> None:
    assert dict(parse_qsl(urlsplit(LIST.url).query)) == {
        "page": "1",
        "blockKey": "blocks/inventory/srp/inventory-list.twig",
    }
    site = Site(platform="dealr", base_url=BASE, parameters={"block_key": "other.twig"}, scope={"body_type": "Car"})
    assert dict(parse_qsl(urlsplit(dealr.first(site)[0].url).query)) == {
        "page": "1",
        "blockKey": "other.twig",
        "body_type": "Car",
    }
    assert dealr.refresh(site) == ()


def test_a_list_asks_for_its_vehicles_and_then_for_its_next_page() -> None:
    page = read(listing(card(), pages=2, matches=51))
    assert [request.kind for request in page.next_requests] == [Kind.DETAIL, Kind.LIST]
    following = page.next_requests[-1]
    assert dict(parse_qsl(urlsplit(following.url).query))["page"] == "2"
    last = read(listing(card(), pages=2, matches=51), following)
    assert [request.kind for request in last.next_requests] == [Kind.DETAIL]
    assert (last.page_number, last.page_size, last.list_name) == (2, 50, "all")


@pytest.mark.parametrize(
    ("attribute", "vehicle"),
    [
        (f'vehicle-inquiry="{VIN}|2022|Ford|F-150"', ScrapedVehicle(VIN, year="2022", make="Ford", model="F-150")),
        (f'vehicle-inquiry="{VIN}|2022"', ScrapedVehicle(VIN, year="2022")),
        (f'vehicle-inquiry="{VIN}|2022|Ford|F-150|more"', ScrapedVehicle(VIN, year="2022", make="Ford", model="F-150")),
        (f'data-cg-vin="{VIN}"', ScrapedVehicle(VIN)),
        (f'data-vin="{VIN}"', ScrapedVehicle(VIN)),
        ('vehicle-inquiry="" data-vin=" X "', ScrapedVehicle("X")),
        ("", ScrapedVehicle()),
    ],
)
def test_a_card_tells_what_its_attributes_hold(attribute: str, vehicle: ScrapedVehicle) -> None:
    [request] = read(listing(card(attribute))).next_requests
    assert ScrapedVehicle(*request.note["vehicle"]) == vehicle._replace(vehicle_url=PAGE)


def test_the_attribute_may_stand_on_an_element_in_the_card() -> None:
    inner = f'<button data-vin="{VIN}"></button>{LINK}'
    [request] = read(listing(card("", inner))).next_requests
    assert request.note["vehicle"][0] == VIN


@pytest.mark.parametrize("link", ["", LINK.replace("inventory/", "https://www.oak.test/inventory/"), "<a>x</a>"])
def test_a_card_without_a_page_on_the_site_is_all_that_is_known(link: str) -> None:
    page = read(listing(card(link=link)))
    assert page.vehicles == (ScrapedVehicle(VIN, year="2022", make="Ford", model="F-150"),)
    assert (page.rows, page.next_requests) == (1, ())


def test_an_empty_list_ends_the_run() -> None:
    page = read(listing(pages=3, matches=0))
    assert (page.rows, page.total_declared, page.next_requests) == (0, 0, ())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"filters": {}}, "E_STRUCTURE"),
        ({"list": None}, "E_STRUCTURE"),
        (listing("<p>something else</p>"), "E_STRUCTURE"),
        ([], "E_STRUCTURE"),
        ("<html></html>", "E_NOT_JSON"),
        (CHALLENGE, "E_CHALLENGE"),
    ],
)
def test_an_answer_without_its_list_is_refused(content: Any, code: str) -> None:
    assert refusal(dealr, SITE, LIST, content)[0] == code


@pytest.mark.parametrize("filters", [None, {"matches": "many", "pages": []}, {"matches": True}])
def test_numbers_that_are_none_are_not_declared(filters: Any) -> None:
    page = read({"filters": filters, "list": card()})
    assert (page.total_declared, page.pages_declared) == (None, None)


def test_a_vehicle_page_completes_its_card_without_guessing_the_type() -> None:
    page = read(vehicle_page(itemCondition="UsedCondition"), detail())
    assert page.vehicles == (
        ScrapedVehicle(
            vin=VIN,
            stock="A11",
            year="2022",
            make="Ford",
            model="F-150",
            trim="XLT",
            price="31995",
            fuel_type="Gasoline",
            vehicle_url=PAGE,
        ),
    )
    assert page.rows == 0, "the list has counted it"


@pytest.mark.parametrize(
    ("name", "year", "trim"),
    [
        ("2022 Ford F-150", "2022", ""),
        ("2022  FORD  f-150  Lariat  Crew", "2022", "Lariat Crew"),
        ("2022 Ford F-1500 Big", "2022", ""),
        ("Ford F-150", "", ""),
        ("", "", ""),
    ],
)
def test_year_and_trim_come_from_the_name(name: str, year: str, trim: str) -> None:
    [vehicle] = read(vehicle_page(name=name), Request(kind=Kind.DETAIL, url=PAGE)).vehicles
    assert (vehicle.year, vehicle.trim) == (year, trim)


def test_what_the_page_leaves_open_stays_as_the_card_told_it() -> None:
    html = '<div class="vin-container"></div><div class="stock-container">A12</div>'
    [vehicle] = read(html + vehicle_page("", "").replace("stock-container", "x"), detail()).vehicles
    assert (vehicle.vin, vehicle.stock, vehicle.make) == (VIN, "A12", "Ford")


def test_a_vehicle_that_is_sold_meanwhile_is_gone() -> None:
    page = read("<html><body>Our cars</body></html>", detail(), url=f"{BASE}/inventory")
    assert (page.gone, page.vehicles) == (1, ())


@pytest.mark.parametrize(("html", "code"), [("<html></html>", "E_STRUCTURE"), (CHALLENGE, "E_CHALLENGE")])
def test_a_page_without_a_vehicle_is_refused(html: str, code: str) -> None:
    assert refusal(dealr, SITE, detail(), html)[0] == code


def test_a_page_is_known_by_its_class_names() -> None:
    assert dealr.detect(f"<html>{card()}</html>") == Detection(platform="dealr", confidence=60)
    assert dealr.detect("<html>vehicle-inquiry</html>") is None


def test_requests_survive_the_cursor_of_a_run() -> None:
    for request in read(listing(card(), pages=2)).next_requests:
        assert Request.from_document(json.loads(json.dumps(request.document()))) == request


@given(st.text(max_size=200))
def test_any_text_of_a_card_or_page_gives_texts(text: str) -> None:
    html = f"{text}{card()}{text}"
    page = read({"filters": text, "list": html})
    assert page.rows <= 2
    page = read(text + vehicle_page(text, text, name=text, model=text), detail())
    assert all(isinstance(value, str) for value in page.vehicles[0]) if page.vehicles else page.gone == 0
