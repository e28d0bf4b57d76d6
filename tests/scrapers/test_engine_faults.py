"""S01 to S08 and every other fault of a website: what becomes of the run, and that nothing else is touched."""

from typing import Any

import pytest
from pytest_django import Settings

from scrapers.models import ScrapeRun, Website
from scrapers.operations.running import work_on_runs
from tests.scrapers.fake_dealers import FakeDealers
from tests.scrapers.runs import CADILLAC, JAGUAR, STEHOUWER, TWIN_CITY, active_vins, outcome, read, read_one, start

pytestmark = pytest.mark.django_db(transaction=True)
SITE = "jaguarranchomirage.com"


@pytest.fixture(autouse=True)
def _scaled(settings: Settings) -> None:
    """A minute is a second: a request may take one second, pauses between attempts are a thirtieth of a second."""
    settings.JOBS_TIME_SCALE = 60


def read_with(shop: FakeDealers, name: str, kind: str, **knob: Any) -> ScrapeRun:
    """Read the website well, then once more with the fault, together with another dealership's."""
    read_one(name)
    before = active_vins(name)
    assert before
    shop.go_to_day(1)
    shop.knob(kind, **knob)
    other = JAGUAR if name == TWIN_CITY else TWIN_CITY
    run, beside = read(name, other)
    while outcome(run)[0] == "queued":
        ScrapeRun.objects.filter(pk=run.pk).update(not_before=None)
        work_on_runs()
    assert outcome(beside) == ("done", "")
    if run.state != "done":
        assert active_vins(name) == before
        assert run.error_text or run.reason
    return run


CASES = [
    ("S01", "status", {"site": SITE, "status": 500}, "E_HTTP_5XX", "run it again later"),
    ("S02", "status", {"site": SITE, "status": 403}, "E_FORBIDDEN", "upload the inventory as a file"),
    ("S03", "slow_first_byte", {"site": SITE, "seconds": 2}, "E_TIMEOUT", "Run it again later"),
    ("S04", "empty_rows", {"site": SITE}, "E_EMPTY", "The inventory in use stays."),
    ("S05", "html_error", {"site": SITE}, "E_NOT_JSON", "instead of JSON"),
    ("S06", "redirect_loop", {"site": SITE}, "E_REDIRECT", "a manager approves its new host"),
    ("S06", "redirect", {"site": SITE, "to": "https://www.elsewhere.example/"}, "E_REDIRECT", "elsewhere.example"),
    ("S07", "slow_drip", {"site": SITE, "seconds": 0.2}, "E_DEADLINE", "too slowly"),
    ("S08", "gzip_bomb", {"site": SITE}, "E_TOO_LARGE", "more than is taken"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_a_website_that_fails_leaves_the_inventory_in_use_alone(
    shop: FakeDealers, settings: Settings, case: tuple[str, str, dict[str, Any], str, str]
) -> None:
    _, kind, knob, code, words = case
    if code == "E_TOO_LARGE":
        # The bomb takes its time to be built; what is looked at is its size.
        settings.JOBS_TIME_SCALE = 5
    run = read_with(shop, JAGUAR, kind, **knob)
    assert (run.state, run.error_code) == ("failed", code)
    assert words in run.error_text


@pytest.mark.parametrize("to", ["http://127.0.0.1/", "http://169.254.169.254/latest/", "http://10.0.0.1/"])
def test_s06_a_website_that_leads_to_a_private_address_is_not_followed(shop: FakeDealers, to: str) -> None:
    run = read_with(shop, TWIN_CITY, "redirect", site="twincitytoyota.com", to=to)
    assert (run.state, run.error_code in {"E_REDIRECT", "E_SSRF"}) == ("failed", True)


def test_s02_a_host_that_forbids_is_asked_nothing_more(shop: FakeDealers) -> None:
    read_one(STEHOUWER)
    asked = len(shop.requests("www.stehouwerauto.com"))
    shop.knob("status", site="stehouwerauto.com", status=403)
    assert outcome(read_one(STEHOUWER)) == ("failed", "E_FORBIDDEN")
    assert len(shop.requests("www.stehouwerauto.com")) == asked + 1


OTHERS = [
    ("challenge", {"site": SITE}, "E_CHALLENGE"),
    ("truncated_gzip", {"site": SITE}, "E_TRUNCATED"),
    ("reset", {"site": SITE}, "E_TRUNCATED"),
    ("refuse", {"site": SITE}, "E_TRUNCATED"),
    ("large_body", {"site": SITE}, "E_TOO_LARGE"),
    ("status", {"site": SITE, "status": 429}, "E_TOO_MANY_REQUESTS"),
    ("status", {"site": SITE, "status": 429, "retry_after": 120}, "E_TOO_MANY_REQUESTS"),
    ("status", {"site": SITE, "status": 404, "path": "listings"}, "E_NOT_FOUND"),
    ("repeat_page", {"site": SITE}, "E_PAGE_REPEAT"),
    ("share", {"site": SITE, "share": 0}, "E_EMPTY"),
    ("vin_renamed", {"site": SITE}, "G_ZERO"),
]


@pytest.mark.parametrize(("kind", "knob", "code"), OTHERS, ids=[f"{c[0]}-{c[2]}" for c in OTHERS])
def test_other_faults_end_with_a_reason(shop: FakeDealers, kind: str, knob: dict[str, Any], code: str) -> None:
    run = read_with(shop, JAGUAR, kind, **knob)
    assert (run.state, run.error_code) == ("failed", code)


PASSING = [
    ("status", {"site": SITE, "status": 500, "times": 1}),
    ("status", {"site": SITE, "status": 502, "times": 3}),
    ("status", {"site": SITE, "status": 429, "times": 2}),
    ("status", {"site": SITE, "status": 429, "retry_after": 5, "times": 1}),
    ("status", {"site": SITE, "status": 429, "retry_after": 120, "times": 1}),
    ("truncated_gzip", {"site": SITE, "times": 2}),
    ("reset", {"site": SITE, "times": 2}),
    ("slow_first_byte", {"site": SITE, "seconds": 2, "times": 1}),
    ("rotate_key", {"site": SITE}),
    ("content_type", {"site": SITE}),
    ("duplicate", {"site": SITE}),
    ("statuses_changed", {"site": SITE}),
    ("bad_utf8", {"site": SITE}),
]


@pytest.mark.parametrize(("kind", "knob"), PASSING, ids=[f"{kind}-{i}" for i, (kind, _) in enumerate(PASSING)])
def test_what_passes_costs_the_run_nothing(shop: FakeDealers, kind: str, knob: dict[str, Any]) -> None:
    run = read_with(shop, JAGUAR, kind, **knob)
    assert (run.state, run.error_text) == ("done", "")
    assert active_vins(JAGUAR) == sorted(vehicle.vin for vehicle in shop.expected(JAGUAR))


def test_a_long_wait_that_a_website_asks_for_is_not_sat_out(shop: FakeDealers) -> None:
    read_one(JAGUAR)
    shop.knob("status", site=SITE, status=429, retry_after=200, times=1)
    run = start(JAGUAR).runs.get()
    work_on_runs()
    assert outcome(run)[0] == "queued"
    assert run.not_before is not None
    assert (run.attempts, run.claims_total, run.tries) == (0, 0, 1)


HELD = [
    ("share", {"share": 0.49}, "G_COLLAPSE"),
    ("share", {"share": 0.6}, "G_SHRINK"),
    ("prices_blank", {}, "G_NO_PRICE"),
]


@pytest.mark.parametrize(("kind", "knob", "gate"), HELD, ids=[gate for *_, gate in HELD])
def test_a_lot_that_changed_too_much_waits_for_a_person(
    shop: FakeDealers, kind: str, knob: dict[str, Any], gate: str
) -> None:
    run = read_with(shop, JAGUAR, kind, site=SITE, **knob)
    assert run.state == "held"
    assert run.inventory_import is not None
    assert gate in {found["code"] for found in run.inventory_import.datasets.get().gates}
    assert "Look at the dataset and release or reject it." in run.reason


def test_twice_as_many_vehicles_wait_for_a_manager(shop: FakeDealers) -> None:
    run = read_with(shop, JAGUAR, "share", site=SITE, share=2.01)
    assert (run.state, run.inventory_import is not None) == ("held", True)
    assert run.inventory_import is not None
    assert "G_GROWTH" in {found["code"] for found in run.inventory_import.datasets.get().gates}


def test_a_lost_rooftop_filter_waits_for_a_person(shop: FakeDealers) -> None:
    run = read_with(shop, JAGUAR, "rooftop_lost", site=SITE)
    assert run.state == "held"


def test_a_rooftop_that_nobody_carries_is_a_failure(shop: FakeDealers) -> None:
    read_one(CADILLAC)
    Website.objects.filter(dealership__name=CADILLAC).update(rooftop_text="somebody else")
    run = read_one(CADILLAC)
    assert outcome(run) == ("failed", "E_ROOFTOP")
    assert "Mend the rooftop rule" in run.error_text


def test_fewer_vehicles_than_declared_are_read_once_more_and_then_partial(shop: FakeDealers) -> None:
    run = read_with(shop, JAGUAR, "total", site=SITE, factor=1.2)
    assert (run.state, run.has_repeated, run.round) == ("partial", True, 1)
    assert run.inventory_import is not None
    assert run.inventory_import.datasets.get().status == "held"
    assert "until a manager releases this one" in run.reason


def test_more_vehicles_than_declared_are_taken_with_a_notice(shop: FakeDealers) -> None:
    run = read_with(shop, JAGUAR, "total", site=SITE, factor=0.9)
    assert run.state == "done"
    assert run.inventory_import is not None
    assert any("were read" in notice for notice in run.inventory_import.notices)


def test_a_vehicle_that_moves_between_pages_is_found_by_the_repeat(shop: FakeDealers) -> None:
    run = read_with(shop, CADILLAC, "moving", site="rustydrewingcadillac.com", times=4)
    assert run.state == "done"
    assert active_vins(CADILLAC) == sorted(vehicle.vin for vehicle in shop.expected(CADILLAC))


def test_endless_pages_come_to_an_end(shop: FakeDealers) -> None:
    run = read_with(shop, CADILLAC, "endless", site="rustydrewingcadillac.com")
    assert (run.state, run.error_code in {"E_PAGING", "E_PAGE_REPEAT"}) == ("failed", True)
