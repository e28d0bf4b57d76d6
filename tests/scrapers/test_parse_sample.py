from pathlib import Path
from typing import Any

import pytest

from inventory.domain.facts import RAW_FIELD_NAMES
from scrapers.domain.adapters import ADAPTERS
from tests.command_line import Answer, run_command
from tests.scrapers.answers import CHALLENGE, SAMPLES, needs_samples

PAGE = """
<script type="application/ld+json">{"@graph": [
 {"@type": "Car", "vin": "1FMCU9MN5RUA00011", "vehicleModelDate": "2024", "brand": "Ford", "model": "Escape",
  "offers": {"price": "24,995", "seller": {"name": "Elm <b>Street</b> Motors"}}},
 {"@type": "Car", "vin": "2T3P1RFV9SC000011", "offers": {"seller": {"name": "Oak Motors"}}}
]}</script>
"""


def saved(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "answer"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(platform: str, path: Path, *arguments: str) -> Answer:
    return run_command("parse_sample", platform, path, *arguments)


def document(platform: str, name: str, *arguments: str) -> dict[str, Any]:
    answer = read(platform, SAMPLES / name, "--json", *arguments)
    assert answer.exit_code == 0, answer.err
    return answer.document


def told(vehicle: dict[str, str], *names: str) -> tuple[str, ...]:
    return tuple(vehicle[name] for name in names)


def test_vehicles_have_the_fields_of_an_inventory_row(tmp_path: Path) -> None:
    answer = read("jsonld", saved(tmp_path, PAGE), "--json")
    assert answer.exit_code == 0
    assert set(answer.document) == {"vehicles", "reported_total", "next"}
    assert (answer.document["reported_total"], answer.document["next"]) == (None, None)
    first, second = answer.document["vehicles"]
    assert list(first) == list(RAW_FIELD_NAMES)
    assert first == {
        **dict.fromkeys(RAW_FIELD_NAMES, ""),
        "vin": "1FMCU9MN5RUA00011",
        "year": "2024",
        "make": "Ford",
        "model": "Escape",
        "price": "24,995",
        "vehicle_url": "https://www.example.com/",
    }
    assert second["vin"] == "2T3P1RFV9SC000011"


def test_a_rooftop_keeps_the_vehicles_whose_label_contains_it(tmp_path: Path) -> None:
    answer = read("jsonld", saved(tmp_path, PAGE), "--json", "--rooftop", "elm street")
    assert [vehicle["vin"] for vehicle in answer.document["vehicles"]] == ["1FMCU9MN5RUA00011"]
    assert read("jsonld", saved(tmp_path, PAGE), "--json", "--rooftop", "Ash").document["vehicles"] == []


def test_without_json_a_table_is_printed(tmp_path: Path) -> None:
    answer = read("jsonld", saved(tmp_path, PAGE), "--rooftop", "elm")
    header, line, *rest = answer.out.splitlines()
    assert header.split()[:4] == ["vin", "stock", "type", "year"]
    assert line.split() == ["1FMCU9MN5RUA00011", "2024", "Ford", "Escape", "24,995"]
    assert rest == ["1 vehicle here, 1 of other rooftops.", "The website reports no total."]


def test_total_warnings_and_next_requests_are_told(tmp_path: Path) -> None:
    sitemap = "<urlset><url><loc>https://www.example.com/used-2024-ford</loc></url></urlset>"
    answer = read("jsonld", saved(tmp_path, sitemap))
    assert answer.out.splitlines() == [
        "0 vehicles here, 0 of other rooftops.",
        "The website reports 1 in total.",
        "Next: GET https://www.example.com/used-2024-ford",
    ]
    assert "Warning: A page shows no vehicle." in read("jsonld", saved(tmp_path, "<html></html>")).out
    assert read("jsonld", saved(tmp_path, sitemap), "--json").document["next"] == [
        {"method": "GET", "url": "https://www.example.com/used-2024-ford"}
    ]


def test_a_price_that_is_a_discount_is_not_shown(tmp_path: Path) -> None:
    row = '{"vehicleSummary": [{"vin": "2T3P1RFV9SC000011", "price": {"sellingPrice": 15021, "totalMsrp": 72965}}]}'
    [vehicle] = read("smartpath", saved(tmp_path, row), "--json").document["vehicles"]
    assert told(vehicle, "price", "msrp") == ("", "72965")


def test_an_unknown_platform_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    answer = read("cdk", saved(tmp_path, PAGE))
    assert answer.exit_code == 2
    assert answer.err == f"There is no platform 'cdk'. Choose one of {', '.join(ADAPTERS)}.\n"


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    answer = read("dealr", tmp_path / name, "--json")
    assert (answer.exit_code, answer.error_code) == (2, "bad_input")
    assert "cannot be read" in answer.err


@pytest.mark.parametrize(
    ("platform", "content", "code"),
    [
        ("dealr", "<html></html>", "E_STRUCTURE"),
        ("smartpath", PAGE, "E_NOT_JSON"),
        ("smartpath", b"\x1f\x8b\x00\xff", "E_NOT_JSON"),
        ("smartpath", "[" * 100_000, "E_NOT_JSON"),
        ("jsonld", "<urlset>", "E_STRUCTURE"),
        ("dealercom", CHALLENGE, "E_CHALLENGE"),
        ("carscommerce", "{}", "E_STRUCTURE"),
    ],
)
def test_an_answer_of_another_platform_is_refused(
    tmp_path: Path, platform: str, content: str | bytes, code: str
) -> None:
    answer = read(platform, saved(tmp_path, content), "--json")
    assert (answer.exit_code, answer.error_code) == (2, code)
    assert f"no answer that {platform} knows" in answer.err


@pytest.mark.parametrize("platform", ADAPTERS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{}", b"[]", b"null", b"<html></html>", b"<urlset/>"])
def test_no_file_ends_in_a_traceback(tmp_path: Path, platform: str, content: bytes) -> None:
    answer = read(platform, saved(tmp_path, content), "--json")
    assert answer.exit_code in {0, 2}
    assert ("error" in answer.document) == (answer.exit_code == 2)


@needs_samples
def test_the_recorded_dealeron_page_holds_another_rooftop_s_vehicles() -> None:
    name = "dealeron_cosmos_srp_bommaritowestcounty_last_page.json"
    whole = document("dealeron", name)
    assert (len(whole["vehicles"]), whole["reported_total"], whole["next"]) == (11, 647, None)
    names = ("vin", "stock", "type", "year", "make", "model", "trim", "price", "msrp", "date_in_stock")
    assert told(whole["vehicles"][0], *names) == (
        "JHMES96673S001038",
        "P6119A",
        "Used",
        "2003",
        "Honda",
        "Civic Hybrid",
        "4dr Sdn Hybrid CVT",
        "4000",
        "",
        "2025/05/24",
    )
    assert document("dealeron", name, "--rooftop", "bommarito west county")["vehicles"] == []
    assert len(document("dealeron", name, "--rooftop", "Bommarito INFINITI")["vehicles"]) == 11


@needs_samples
def test_the_recorded_dealercom_page() -> None:
    read_page = document("dealercom", "dealercom_widget_getInventory_used_HBRoamy.json")
    vehicles = read_page["vehicles"]
    assert (len(vehicles), read_page["reported_total"]) == (18, 50)
    assert len({vehicle["vin"] for vehicle in vehicles}) == 18
    assert all(vehicle["year"].startswith("20") for vehicle in vehicles)
    assert [vehicle["price"] for vehicle in vehicles if not vehicle["price"].startswith("$")] == ["Please Call"]
    assert [request["method"] for request in read_page["next"]] == ["GET"]


@needs_samples
def test_the_constructed_cars_commerce_answer_masks_a_price_and_names_a_sibling() -> None:
    name = "constructed/carscommerce_search_response.json"
    whole = document("carscommerce", name)
    assert (whole["reported_total"], whole["next"]) == (3, None)
    assert [told(v, "vin", "type", "status", "price", "msrp") for v in whole["vehicles"]] == [
        ("2HKRS4H7XRH400001", "New", "In Stock", "37890", "39170"),
        ("2HKRS4H7XRH400002", "Certified Pre-Owned", "In Stock", "28900", ""),
        ("2HKRS4H7XRH400003", "Used", "In Transit", "", ""),
    ]
    own = document("carscommerce", name, "--rooftop", "500 auto mall dr")
    assert [vehicle["vin"] for vehicle in own["vehicles"]] == ["2HKRS4H7XRH400002"]


@needs_samples
def test_the_constructed_algolia_answer_keeps_words_where_a_price_should_be() -> None:
    whole = document("algolia_legacy", "constructed/algolia_queries_response.json")
    assert (whole["reported_total"], whole["next"]) == (3, None)
    assert [told(v, "vin", "type", "status", "price", "msrp") for v in whole["vehicles"]] == [
        ("5XYRH4LF1PG000001", "New", "In Transit", "39990", "41235"),
        ("5XYRH4LF2PG000002", "Certified Pre-Owned", "", "Please call for price", ""),
        ("5XYRH4LF3PG000003", "Pre-Owned", "", "Please call for price", ""),
    ]


@needs_samples
def test_the_constructed_team_velocity_feed_is_shorter_than_it_says() -> None:
    name = "constructed/teamvelocity_inventory_new_page1.json"
    whole = document("teamvelocity", name)
    assert whole["reported_total"] == 52
    assert whole["next"] == [{"method": "GET", "url": "https://www.example.com/inventory-new.json?page=2"}]
    assert [told(v, "vin", "type", "price", "msrp") for v in whole["vehicles"]] == [
        ("5FNYG1H81RB000001", "New", "53120", "54320"),
        ("5FNYG1H82RB000002", "New", "53120", "54320"),
        ("5FNYG1H83RB000003", "New", "", "54320"),
    ]
    own = document("teamvelocity", name, "--rooftop", "honda of frontenac")
    assert [vehicle["vin"] for vehicle in own["vehicles"]] == ["5FNYG1H81RB000001", "5FNYG1H83RB000003"]


@needs_samples
def test_a_list_whose_vehicles_have_pages_of_their_own_shows_them_as_far_as_it_tells() -> None:
    whole = document("dealr", "constructed/dealr_inventory_subset.json")
    assert whole["reported_total"] == 44
    [vehicle] = whole["vehicles"]
    assert told(vehicle, "vin", "year", "make", "model", "type") == ("1FTFW1E5XNFA00001", "2022", "Ford", "F-150", "")
    url = "https://www.example.com/inventory/used-2022-ford-f-150/1234567"
    assert whole["next"] == [{"method": "GET", "url": url}]


@needs_samples
@pytest.mark.parametrize(
    ("platform", "name", "vehicles"),
    [
        ("teamvelocity", "teamvelocity_vdp.html", [("5FNYG1H81RB000001", "2026", "Honda", "Pilot", "")]),
        (
            "dealeron_html",
            "dealeron_porsche_vdp_fragment.html",
            [("WP1AA2A5XNLB00001", "2022", "Porsche", "Macan", "46990")],
        ),
        ("dealereprocess", "dealereprocess_srp.html", [("2T3P1RFV9SC000001", "2026", "Toyota", "RAV4", "33995")]),
        ("dealereprocess", "dealereprocess_vdp.html", [("2T3P1RFV9SC000001", "2026", "Toyota", "RAV4", "33995")]),
        (
            "smartpath",
            "smartpath_inventory.json",
            [
                ("2T3P1RFV9SC000002", "2026", "TOYOTA", "RAV4 LE", "34190"),
                ("JTMAB3FV0SDIOQ003", "2026", "TOYOTA", "RAV4 XLE", ""),
            ],
        ),
        ("dealr", "dealr_vdp.html", [("1FTFW1E5XNFA00001", "2022", "Ford", "F-150", "31995")]),
        (
            "jsonld",
            "jsonld_variants.html",
            [
                ("1FMCU9MN5RUA00001", "2024", "Ford", "Escape", "24,995"),
                ("3GNAXUEV8LS000002", "2020", "Chevrolet", "Equinox", "15021"),
            ],
        ),
    ],
)
def test_the_constructed_lists_and_vehicle_pages(platform: str, name: str, vehicles: list[tuple[str, ...]]) -> None:
    read_vehicles = document(platform, f"constructed/{name}")["vehicles"]
    assert [told(vehicle, "vin", "year", "make", "model", "price") for vehicle in read_vehicles] == vehicles


@needs_samples
@pytest.mark.parametrize(
    ("platform", "name", "method", "urls"),
    [
        (
            "carscommerce",
            "carscommerce_srp_fragment.html",
            "POST",
            ["https://websites-search.api.carscommerce.inc/api/v1/listings/6060001/search"],
        ),
        (
            "dealeron",
            "dealeron_searchall_fragment.html",
            "GET",
            ["https://www.example.com/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/12345/1234567"],
        ),
        (
            "teamvelocity",
            "teamvelocity_sitemap_index.xml",
            "GET",
            ["https://www.example-frontenac.test/sitemaps/inventoryvdpsitemap.xml"],
        ),
    ],
)
def test_pages_that_only_lead_on_say_where(platform: str, name: str, method: str, urls: list[str]) -> None:
    read_page = document(platform, f"constructed/{name}")
    assert read_page["vehicles"] == []
    assert [(item["method"], item["url"].partition("?")[0]) for item in read_page["next"]] == [
        (method, url) for url in urls
    ]


@needs_samples
def test_a_price_of_its_own_is_read_without_its_vehicle() -> None:
    [vehicle] = document("teamvelocity", "constructed/teamvelocity_getPaymentSettingDetails.json")["vehicles"]
    assert told(vehicle, "vin", "price", "msrp") == ("", "53120", "54320")


@needs_samples
@pytest.mark.parametrize("platform", ["carscommerce", "algolia_legacy"])
def test_a_saved_request_is_no_answer(platform: str) -> None:
    name = {"carscommerce": "carscommerce_search_request.json", "algolia_legacy": "algolia_queries_request.json"}
    assert read(platform, SAMPLES / "constructed" / name[platform]).exit_code == 2
