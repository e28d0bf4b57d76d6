import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.platforms import jsonld
from scrapers.domain.shapes import Detection, Kind, Page, Request, ScrapedVehicle, Site
from tests.scrapers.answers import CHALLENGE, answer, needs_samples, page_or_code, parse_sample_file, refusal

BASE = "https://www.elm-motors.test"
SITE = Site(platform="jsonld", base_url=BASE)
PAGE = f"{BASE}/inventory/used-2024-ford-escape-1fmcu9mn5rua00011/"


def urlset(*paths: str) -> str:
    return f"<urlset>{''.join(f'<url><loc>{BASE}{path}</loc></url>' for path in paths)}</urlset>"


def index(*urls: str) -> str:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{url}</loc></sitemap>' for url in urls)}</sitemapindex>"


def vehicle_page(*documents: Any) -> str:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(document)}</script>' for document in documents)
    return f"<!doctype html><html><head>{scripts}</head></html>"


def car(vin: str, **values: Any) -> dict[str, Any]:
    return {"@type": "Car", "vehicleIdentificationNumber": vin, **values}


def read_sitemap(content: Any, *, site: Site = SITE, **note: Any) -> Page:
    request = Request(kind=Kind.SITEMAP, url=f"{BASE}/sitemap.xml", note=note)
    return jsonld.parse(site, request, answer(content, url=request.url))


def read_page(html: str, *, url: str = PAGE) -> Page:
    request = Request(kind=Kind.DETAIL, url=PAGE, note={"list": "a"})
    return jsonld.parse(SITE, request, answer(html, url=url))


def urls(page: Page) -> list[str]:
    return [request.url for request in page.next_requests]


@needs_samples
def test_the_constructed_torture_page() -> None:
    page = parse_sample_file(jsonld, "constructed/jsonld_variants.html", site=SITE, kind=Kind.DETAIL)
    assert page.vehicles == (
        ScrapedVehicle(
            vin="1FMCU9MN5RUA00001",
            stock="A1001",
            v_type="Used",
            year="2024",
            make="Ford",
            model="Escape",
            ext_color="Rapid Red",
            price="24,995",
            vehicle_url=f"{BASE}/",
            mileage="38,210",
        ),
        ScrapedVehicle(
            vin="3GNAXUEV8LS000002",
            v_type="Used",
            year="2020",
            make="Chevrolet",
            model="Equinox",
            price="15021",
            vehicle_url=f"{BASE}/",
        ),
    )
    assert page.rows == 2
    assert page.warnings == ("1 vehicle has a VIN of one repeated character.",)


@needs_samples
def test_the_constructed_sitemap_index() -> None:
    site = Site(platform="jsonld", base_url="https://www.example-frontenac.test")
    name = "constructed/teamvelocity_sitemap_index.xml"
    page = parse_sample_file(jsonld, name, site=site, kind=Kind.SITEMAP)
    assert urls(page) == ["https://www.example-frontenac.test/sitemaps/inventoryvdpsitemap.xml"]
    assert page.next_requests[0].note["waiting"] == ["https://www.example-frontenac.test/sitemaps/pagesitemap.xml"]


def test_a_run_begins_with_the_configured_sitemap_or_with_robots_txt() -> None:
    configured = Site(platform="jsonld", base_url=BASE, parameters={"sitemap": "/cars.xml"})
    assert [(r.kind, r.url) for r in jsonld.first(configured)] == [("sitemap", f"{BASE}/cars.xml")]
    assert [r.url for r in jsonld.first(SITE)] == [f"{BASE}/robots.txt"]
    assert [r.url for r in jsonld.refresh(SITE)] == [f"{BASE}/sitemap.xml"]


@pytest.mark.parametrize(
    ("text", "asked", "waiting"),
    [
        (f"User-agent: *\nSitemap: {BASE}/a.xml\nSitemap: /b.xml", f"{BASE}/a.xml", [f"{BASE}/b.xml"]),
        ("User-agent: *\nDisallow:", f"{BASE}/sitemap.xml", []),
        ("", f"{BASE}/sitemap.xml", []),
    ],
)
def test_robots_txt_leads_to_the_sitemaps(text: str, asked: str, waiting: list[str]) -> None:
    request = Request(kind=Kind.SITEMAP, url=f"{BASE}/robots.txt")
    page = jsonld.parse(SITE, request, answer(text, url=request.url))
    assert [(r.url, r.note["waiting"]) for r in page.next_requests] == [(asked, waiting)]
    assert (page.list_name, page.total_declared) == ("", None)


def test_a_sitemap_elsewhere_is_named_and_not_asked() -> None:
    page = read_sitemap(index("https://www.oak-motors.test/a.xml", f"{BASE}/b.xml"))
    assert urls(page) == [f"{BASE}/b.xml"]
    assert page.warnings == ("1 further sitemaps lie elsewhere or were listed before.",)


def test_sitemaps_are_asked_one_after_another_and_each_once() -> None:
    first = read_sitemap(index(f"{BASE}/a.xml", f"{BASE}/b.xml", f"{BASE}/sitemap.xml"))
    [request] = first.next_requests
    second = jsonld.parse(SITE, request, answer(urlset("/used-2024-a"), url=request.url))
    assert urls(second) == [f"{BASE}/used-2024-a", f"{BASE}/b.xml"]
    last = jsonld.parse(SITE, second.next_requests[-1], answer(urlset("/used-2024-b"), url=f"{BASE}/b.xml"))
    assert urls(last) == [f"{BASE}/used-2024-b"]
    assert [page.list_name for page in (first, second, last)] == ["", "a.xml", "b.xml"]
    assert [request.note["list"] for request in (second.next_requests[0], last.next_requests[0])] == ["a.xml", "b.xml"]


def test_an_index_that_names_ever_new_sitemaps_comes_to_an_end() -> None:
    request = Request(kind=Kind.SITEMAP, url=f"{BASE}/sitemap.xml")
    asked = 0
    while True:
        asked += 1
        page = jsonld.parse(SITE, request, answer(index(f"{BASE}/{asked}-a.xml", f"{BASE}/{asked}-b.xml")))
        if not page.next_requests:
            break
        request = page.next_requests[0]
    assert asked == 50


@pytest.mark.parametrize(
    ("path", "is_vehicle"),
    [
        ("/auto/new-2026-toyota-rav4-le/1234567/", True),
        ("/used/Ford/2013-Ford-Fusion-79e786bf.htm", True),
        ("/used-St+Louis-2013-Lincoln-MKX-AWD+4dr-2LMDJ8JK5DBL00733", True),
        ("/inventory/certified-2023-honda-cr-v", True),
        ("/vehicle/1FMCU9MN5RUA00011", True),
        ("/viewdetails/cpo/1fmcu9mn5rua00011/escape", True),
        ("/used-vehicles/", False),
        ("/newsletter-2024/", False),
        ("/blog/best-cars-of-2024", False),
        ("/about", False),
        ("/used-12024-x", False),
        ("/abcdefghjklmnprst/", False),
        ("/used-2024-" + "a" * 2_000, False),
    ],
)
def test_addresses_of_vehicles_are_told_from_others(path: str, is_vehicle: bool) -> None:
    page = read_sitemap(urlset(path))
    assert urls(page) == ([f"{BASE}{path}"] if is_vehicle else [])
    assert page.total_declared == (1 if is_vehicle else None)


def test_the_configured_text_alone_decides_which_pages_count() -> None:
    site = Site(platform="jsonld", base_url=BASE, parameters={"url_text": "/Car/ /truck/"})
    page = read_sitemap(urlset("/car/1", "/truck/2", "/used-2024-ford"), site=site)
    assert urls(page) == [f"{BASE}/car/1", f"{BASE}/truck/2"]


def test_pages_on_other_hosts_are_never_asked() -> None:
    foreign = "<urlset><url><loc>https://www.oak-motors.test/used-2024-x</loc></url></urlset>"
    assert urls(read_sitemap(foreign)) == []


def test_no_more_than_the_limit_is_asked_over_all_sitemaps() -> None:
    body = gzip.compress(urlset(*(f"/used-2024-{number}" for number in range(7))).encode())
    page = read_sitemap(body, left=5, waiting=[f"{BASE}/b.xml"])
    assert len(page.next_requests) == 5
    assert page.total_declared == 7
    assert page.warnings == ("2 pages of the sitemap are more than 5,000 and were left out.",)


@pytest.mark.parametrize(
    ("content", "code"), [("<rss/>", "E_STRUCTURE"), (CHALLENGE, "E_CHALLENGE"), ("<urlset>", "E_STRUCTURE")]
)
def test_what_is_no_sitemap_is_refused(content: str, code: str) -> None:
    assert refusal(jsonld, SITE, Request(kind=Kind.SITEMAP, url=BASE), content)[0] == code


def test_a_page_tells_its_vehicle_and_its_own_address() -> None:
    page = read_page(vehicle_page(car("1FMCU9MN5RUA00011")))
    assert page.vehicles == (ScrapedVehicle(vin="1FMCU9MN5RUA00011", vehicle_url=PAGE),)
    assert (page.list_name, page.rows, page.warnings) == ("a", 1, ())


@pytest.mark.parametrize(
    ("url", "told"),
    [("/used/7", f"{BASE}/used/7"), ("https://www.oak-motors.test/used/7", PAGE), ("javascript:x", PAGE)],
)
def test_the_address_that_json_ld_names_counts_only_on_the_site(url: str, told: str) -> None:
    [vehicle] = read_page(vehicle_page(car("1FMCU9MN5RUA00011", url=url))).vehicles
    assert vehicle.vehicle_url == told


def test_vehicles_beside_the_page_s_own_are_left_out() -> None:
    html = vehicle_page(car("3GNAXUEV8LS000012"), car("1FMCU9MN5RUA00011"), {"@type": "Car", "name": "a model"})
    assert [vehicle.vin for vehicle in read_page(html).vehicles] == ["1FMCU9MN5RUA00011"]


def test_where_the_address_names_no_vehicle_all_with_a_vin_count() -> None:
    html = vehicle_page(car("3GNAXUEV8LS000012"), car("2T3P1RFV9SC000011"), {"@type": "Car"})
    assert [vehicle.vin for vehicle in read_page(html).vehicles] == ["3GNAXUEV8LS000012", "2T3P1RFV9SC000011"]


def test_a_vehicle_without_a_vin_is_kept_so_that_the_import_lists_it() -> None:
    [vehicle] = read_page(vehicle_page({"@type": "Car", "sku": "A1"}, {"@type": "Car", "sku": "A2"})).vehicles
    assert (vehicle.vin, vehicle.stock) == ("", "A1")


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ("<html><body>So sorry, this vehicle was just sold</body></html>", PAGE),
        ("<html><body>This car is no longer available.</body></html>", PAGE),
        ("<html><body>All our cars</body></html>", f"{BASE}/used-vehicles/"),
    ],
)
def test_a_sold_vehicle_counts_as_gone(html: str, url: str) -> None:
    page = read_page(html, url=url)
    assert (page.gone, page.rows, page.vehicles) == (1, 0, ())


def test_a_page_without_a_vehicle_and_scripts_that_cannot_be_read_are_told() -> None:
    html = '<script type="application/ld+json">{nonsense</script>'
    assert read_page(html).warnings == ("1 JSON-LD script cannot be read.", "A page shows no vehicle.")


def test_a_check_for_robots_is_refused() -> None:
    assert refusal(jsonld, SITE, Request(kind=Kind.DETAIL, url=PAGE), CHALLENGE)[0] == "E_CHALLENGE"


def test_a_page_with_a_vehicle_is_known_though_other_platforms_are_better() -> None:
    assert jsonld.detect(vehicle_page(car("1FMCU9MN5RUA00011"))) == Detection(platform="jsonld", confidence=10)
    assert jsonld.detect("<html></html>") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('\ufeff<?xml version="1.0"?><urlset>', Kind.SITEMAP),
        ("<sitemapindex/>", Kind.SITEMAP),
        ("User-agent: *", Kind.SITEMAP),
        ("<!doctype html><html>", Kind.DETAIL),
    ],
)
def test_a_saved_payload_is_a_sitemap_or_a_page(text: str, kind: Kind) -> None:
    assert jsonld.kind_of(text) == kind


def test_requests_survive_the_cursor_of_a_run() -> None:
    for request in (*jsonld.first(SITE), *read_sitemap(urlset("/used-2024-a")).next_requests):
        assert Request.from_document(json.loads(json.dumps(request.document()))) == request


@given(st.text(max_size=200), st.sampled_from([Kind.SITEMAP, Kind.DETAIL]))
def test_any_text_is_read_or_refused(text: str, kind: Kind) -> None:
    request = Request(kind=kind, url=PAGE)
    page = page_or_code(lambda: jsonld.parse(SITE, request, answer(text, url=PAGE)))
    assert page in {"E_STRUCTURE", "E_CHALLENGE"} if isinstance(page, str) else page.vehicles == ()
