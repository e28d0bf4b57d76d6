"""Every fault does what its name says to the requests that it is set for, and to no other."""

import gzip
import json
import time
from typing import Any

import httpx
import pytest

from scrapers.fake_web.faults import ANSWER, CONTENT, LINE, UnknownFaultError
from scrapers.fake_web.lots import find_lot
from tests.scrapers.fake_dealers import FakeDealers
from tests.scrapers.fake_web.walking import algolia, ask, dealeron_list, load, scope_of, search, vehicle_cards, vins_of

KIA, FEED = "www.hwkia.com", "/inventory-new.json"


def statuses(fake_web: FakeDealers, number: int, path: str = FEED, host: str = KIA) -> list[int]:
    return [fake_web.get(host, path).status_code for _ in range(number)]


# Which requests a fault strikes


def test_a_fault_strikes_its_site_host_and_path_alone(fake_web: FakeDealers) -> None:
    fake_web.knob("status", site="www.hwkia.com", path=r"\.json\?page=2$", status=403)
    fake_web.knob("status", host="www.wcvolvocars.com", status=503)

    assert statuses(fake_web, 1, f"{FEED}?page=2") == [403]
    assert statuses(fake_web, 1) == [200]
    assert statuses(fake_web, 1, host="www.wcvolvocars.com") == [503]
    assert statuses(fake_web, 1, host="www.kiaofcolumbia.com") == [200]


def test_a_fault_of_a_site_strikes_it_on_a_shared_host_too(fake_web: FakeDealers) -> None:
    fake_web.knob("prices_blank", site="serrahondaofallon.com")

    struck, spared = (
        search(fake_web.web, find_lot(domain))["data"]["listings"]
        for domain in ("serrahondaofallon.com", "pappastoyota.com")
    )

    assert all(row["pricing"]["our_price"] is None for row in struck)
    assert any(row["pricing"]["our_price"] for row in spared)


def test_a_fault_begins_with_a_request_and_strikes_so_many(fake_web: FakeDealers) -> None:
    knob = fake_web.knob("status", host=KIA, status=500, first=2, times=2)

    assert statuses(fake_web, 5) == [200, 500, 500, 200, 200]
    assert (knob.seen, knob.struck) == (5, 2)


def test_a_fault_strikes_a_share_of_the_requests_the_same_every_time(fake_web: FakeDealers) -> None:
    seen = []
    for _ in range(2):
        fake_web.reset()
        fake_web.knob("status", host=KIA, status=500, probability=0.5)
        seen.append(statuses(fake_web, 30, "/robots.txt"))

    assert seen[0] == seen[1]
    assert 5 < seen[0].count(500) < 25


def test_an_unknown_fault_is_refused(fake_web: FakeDealers) -> None:
    with pytest.raises(UnknownFaultError, match="There is no fault tea_break"):
        fake_web.knob("tea_break")


# Answers


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_status(fake_web: FakeDealers, status: int) -> None:
    fake_web.knob("status", host=KIA, status=status)

    answer = fake_web.get(KIA, FEED)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "retry-after" not in answer.headers


def test_status_with_retry_after(fake_web: FakeDealers) -> None:
    fake_web.knob("status", host=KIA, status=429, retry_after=30)

    assert fake_web.get(KIA, FEED).headers["retry-after"] == "30"


def test_rotate_key_refuses_until_the_page_is_read_again(fake_web: FakeDealers) -> None:
    lot, api = find_lot("pappastoyota.com"), "websites-search.api.carscommerce.inc"
    old = {"x-api-key": "public-6060026-1"}
    assert fake_web.ask("POST", api, "/api/v1/listings/6060026/search", headers=old).status_code == 200

    fake_web.knob("rotate_key", site=lot.domain)

    assert fake_web.ask("POST", api, "/api/v1/listings/6060026/search", headers=old).status_code == 401
    assert search(fake_web.web, lot)["data"]["total_vehicle_count"] == 247


@pytest.mark.parametrize(
    ("fault", "words"), [("html_error", "We will be right back"), ("challenge", "Just a moment...")]
)
def test_a_web_page_with_status_200_instead_of_json(fake_web: FakeDealers, fault: str, words: str) -> None:
    fake_web.knob(fault, host=KIA)

    answer = fake_web.get(KIA, FEED)

    assert (answer.status_code, words in answer.text) == (200, True)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_content_type(fake_web: FakeDealers) -> None:
    fake_web.knob("content_type", host=KIA)

    answer = fake_web.get(KIA, FEED)

    assert answer.headers["content-type"] == "text/html"
    assert answer.json()["pageSize"] == 50


def test_empty_body(fake_web: FakeDealers) -> None:
    fake_web.knob("empty_body", host=KIA)

    answer = fake_web.get(KIA, FEED)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("to", ["https://www.elsewhere.test/", "http://10.0.0.5/", "http://169.254.169.254/latest/"])
def test_redirect(fake_web: FakeDealers, to: str) -> None:
    fake_web.knob("redirect", host=KIA, to=to)

    answer = fake_web.get(KIA, FEED)

    assert (answer.status_code, answer.headers["location"]) == (302, to)


def test_redirect_loop(fake_web: FakeDealers) -> None:
    fake_web.knob("redirect_loop", host=KIA)

    with pytest.raises(httpx.TooManyRedirects):
        fake_web.get(KIA, FEED, follow_redirects=True)


def test_large_body(fake_web: FakeDealers) -> None:
    fake_web.knob("large_body", host=KIA, megabytes=3)

    answer = fake_web.get(KIA, FEED, headers={"Accept-Encoding": "identity"})

    assert len(answer.content) > 3 * 1024 * 1024
    assert answer.json()["pageSize"] == 50


def test_gzip_bomb(fake_web: FakeDealers) -> None:
    fake_web.knob("gzip_bomb", host=KIA, megabytes=8)

    answer = fake_web.get(KIA, FEED)

    assert int(answer.headers["content-length"]) < 20_000
    assert len(answer.content) == 8 * 1024 * 1024


def test_truncated_gzip(fake_web: FakeDealers) -> None:
    fake_web.knob("truncated_gzip", host=KIA)

    with httpx.stream("GET", f"http://127.0.0.1:{fake_web.port}{FEED}", headers={"Host": KIA}) as answer:
        body = b"".join(answer.iter_raw())

    with pytest.raises(EOFError):
        gzip.decompress(body)


def test_bad_utf8(fake_web: FakeDealers) -> None:
    fake_web.knob("bad_utf8", host=KIA)

    with pytest.raises(UnicodeDecodeError):
        fake_web.get(KIA, FEED).content.decode("utf-8")


@pytest.mark.parametrize(("host", "path", "name"), [
    (KIA, FEED, '"vin"'),
    (KIA, "VDP", "vehicleIdentificationNumber"),
    ("www.porschestlouis.com", "VDP", "data-vin"),
    ("www.joemachenstoyota.com", "VDP", "vehicle_vin"),
    ("www.stehouwerauto.com", "VDP", "vin-container"),
])  # fmt: skip
def test_vin_renamed(fake_web: FakeDealers, host: str, path: str, name: str) -> None:
    url = fake_web.listed(host)[0].vehicle_url.removeprefix(f"https://{host}")
    target = url if path == "VDP" else path
    assert name in fake_web.get(host, target).text

    fake_web.knob("vin_renamed", host=host)

    assert name not in fake_web.get(host, target).text


# The line


def test_refuse(fake_web: FakeDealers) -> None:
    fake_web.knob("refuse", host=KIA)

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        fake_web.get(KIA, FEED)


def test_reset_in_mid_body(fake_web: FakeDealers) -> None:
    fake_web.knob("reset", host=KIA)

    with httpx.stream("GET", f"http://127.0.0.1:{fake_web.port}{FEED}", headers={"Host": KIA}) as answer:
        assert answer.status_code == 200
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            answer.read()


def test_slow_first_byte(fake_web: FakeDealers) -> None:
    fake_web.knob("slow_first_byte", host=KIA, seconds=0.4)
    start = time.monotonic()

    with pytest.raises(httpx.ReadTimeout):
        fake_web.get(KIA, "/robots.txt", timeout=0.1)
    assert fake_web.get(KIA, "/robots.txt").status_code == 200

    assert time.monotonic() - start >= 0.5


def test_slow_drip_keeps_the_line_busy(fake_web: FakeDealers) -> None:
    fake_web.knob("slow_drip", host=KIA, seconds=0.01)
    start = time.monotonic()

    answer = fake_web.get(KIA, "/robots.txt", timeout=0.2)

    assert answer.text.startswith("User-agent")
    assert time.monotonic() - start >= 0.01 * len(answer.content)


# Content


def cards_of_all_pages(fake_web: FakeDealers, domain: str) -> list[dict[str, Any]]:
    lot = find_lot(domain)
    first = dealeron_list(fake_web.web, lot, 1, **scope_of(lot))
    pages = range(2, first["Paging"]["PaginationDataModel"]["TotalPages"] + 1)
    return vehicle_cards(first) + [
        card for n in pages for card in vehicle_cards(dealeron_list(fake_web.web, lot, n, **scope_of(lot)))
    ]


def test_needs_base_filter(fake_web: FakeDealers) -> None:
    lot = find_lot("columbiahonda.com")
    fake_web.knob("needs_base_filter", site=lot.domain)
    path = f"/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/{lot.setting('dealer')}/1600101?pt=1"

    answers = [ask(fake_web.web, lot.host, target).status for target in (path, f"{path}&baseFilter=dHlwZT0nbic=")]

    assert answers == [422, 200]


def test_bare_list(fake_web: FakeDealers) -> None:
    fake_web.knob("bare_list", site="pappastoyota.com")

    assert isinstance(search(fake_web.web, find_lot("pappastoyota.com"))["data"], list)


def test_legacy_moves_a_site_back_to_algolia(fake_web: FakeDealers) -> None:
    lot, api = find_lot("pappastoyota.com"), "websites-search.api.carscommerce.inc"
    assert "SEARCH_SERVICE" in fake_web.get(lot.host, "/new-vehicles/").text

    fake_web.knob("legacy", site=lot.domain)

    page = fake_web.get(lot.host, "/new-vehicles/").text
    assert "SEARCH_SERVICE" not in page
    assert 'data-search-key="search-sewjn80htn"' in page
    assert fake_web.ask("POST", api, "/api/v1/listings/6060026/search").status_code == 404


def test_empty_rows(fake_web: FakeDealers) -> None:
    lot = find_lot("pappastoyota.com")
    fake_web.knob("empty_rows", site=lot.domain)

    result = algolia(fake_web.web, lot, facets=[])

    assert (result["hits"], result["nbHits"]) == ([], 247)


@pytest.mark.parametrize(("options", "total"), [({"add": 50}, 312), ({"factor": 0.5}, 131), ({"add": -262}, 0)])
def test_total(fake_web: FakeDealers, options: dict[str, float], total: int) -> None:
    lot = find_lot("bommaritocadillac.com")
    fake_web.knob("total", site=lot.domain, **options)

    page = dealeron_list(fake_web.web, lot, 1)

    assert page["Paging"]["PaginationDataModel"]["TotalCount"] == total
    assert len(vehicle_cards(page)) == 12


def test_repeat_page(fake_web: FakeDealers) -> None:
    lot = find_lot("bommaritocadillac.com")
    fake_web.knob("repeat_page", site=lot.domain)

    first, third = (dealeron_list(fake_web.web, lot, number) for number in (1, 3))

    assert vehicle_cards(first) == vehicle_cards(third)
    assert third["Paging"]["PaginationDataModel"]["PageNumber"] == 3


def test_endless(fake_web: FakeDealers) -> None:
    fake_web.knob("endless", site="hwkia.com")

    with pytest.raises(AssertionError, match="The list has no end"):
        vins_of_first_pages(fake_web, 150)


def vins_of_first_pages(fake_web: FakeDealers, most: int) -> None:
    vins: list[str] = []
    path = FEED
    for _ in range(most):
        page = load(fake_web.web, KIA, path)
        vins += [vehicle["vin"] for vehicle in page["vehicles"]]
        assert len(set(vins)) == len(vins)
        path = page["nextPage"]
        if not path:
            return
    raise AssertionError("The list has no end.")


def test_moving_loses_one_vehicle_and_shows_another_twice(fake_web: FakeDealers) -> None:
    before = vins_of(fake_web.web, "bommaritocadillac.com")
    fake_web.knob("moving", site="bommaritocadillac.com")

    after = vins_of(fake_web.web, "bommaritocadillac.com")

    assert len(after) == len(before)
    assert len(set(after)) == len(before) - 1


def test_duplicate_shows_one_vehicle_on_two_pages_with_two_prices(fake_web: FakeDealers) -> None:
    fake_web.knob("duplicate", site="bommaritocadillac.com")

    cards = cards_of_all_pages(fake_web, "bommaritocadillac.com")

    assert len(cards) == len({card["VehicleVin"] for card in cards}) + 1
    assert cards[11]["VehicleVin"] == cards[12]["VehicleVin"]


@pytest.mark.parametrize(("domain", "before"), [("columbiahonda.com", 300), ("bommaritocadillac.com", 262)])
def test_rooftop_lost(fake_web: FakeDealers, domain: str, before: int) -> None:
    assert len(vins_of(fake_web.web, domain)) == before
    fake_web.knob("rooftop_lost", site=domain)

    cards = cards_of_all_pages(fake_web, domain)

    assert len(cards) >= 3 * before
    assert sum(card["VehicleLocationLabel"] == find_lot(domain).label for card in cards) == before


@pytest.mark.parametrize(
    "domain", ["columbiabmw.com", "joemachensnissan.com", "joemachenstoyota.com", "twincitytoyota.com"]
)
def test_rooftop_lost_lists_more_on_every_platform(fake_web: FakeDealers, domain: str) -> None:
    before = len(vins_of(fake_web.web, domain))

    fake_web.knob("rooftop_lost", site=domain)

    assert len(vins_of(fake_web.web, domain)) > 1.5 * before


def test_prices_blank(fake_web: FakeDealers) -> None:
    fake_web.knob("prices_blank", site="hwkia.com")

    assert {vehicle["sellingPrice"] for vehicle in load(fake_web.web, KIA, FEED)["vehicles"]} == {0}


def test_statuses_changed(fake_web: FakeDealers) -> None:
    lot = find_lot("pappastoyota.com")
    fake_web.knob("statuses_changed", site=lot.domain)

    listings = search(fake_web.web, lot)["data"]["listings"]

    assert {row["extra_fields"]["lightning"]["statusLabel"] for row in listings} == {"Awaiting Dispatch"}


@pytest.mark.parametrize(("share", "own"), [(0, 0), (0.49, 82), (2.01, 338)])
def test_share_serves_a_part_of_the_own_vehicles_or_too_many(fake_web: FakeDealers, share: float, own: int) -> None:
    domain = "bommaritowestcounty.com"
    fake_web.knob("share", site=domain, share=share)

    labels = [card["VehicleLocationLabel"] for card in cards_of_all_pages(fake_web, domain)]

    assert labels.count(find_lot(domain).label) == own
    assert len(labels) == own + 503
    assert len(fake_web.expected(domain)) == 168


def test_every_fault_has_its_test() -> None:
    tests = [name for name in globals() if name.startswith("test_")]
    words = {"html_error": "web_page", "challenge": "web_page"}

    untested = [
        fault for fault in CONTENT | ANSWER | LINE if not any(words.get(fault, fault) in name for name in tests)
    ]

    assert not untested
