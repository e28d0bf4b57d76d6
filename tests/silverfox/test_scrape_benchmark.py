"""Reading websites is measured on every vehicle; how long it takes is not tested."""

import json

import pytest
from django.core.management import call_command

from foundation.errors import BadInput, Refused
from scrapers.models import ScrapeRun, Website
from silverfox.benchmarks import scrape_operations
from silverfox.management.commands.benchmark import describe_scrape
from tests import factories
from tests.programs import run_program

FIRST_DAY = (
    "  first day: 1.50 min (goal 1 or less), 20 s of them computing, 1,900 requests, 9,000 vehicles, 100 per second; "
    "0 lost, 0 foreign, 1 websites held"
)
SECOND_DAY = (
    "  second day: 0.50 min, 20 s of them computing, 700 requests, 9,000 vehicles, 100 per second; "
    "0 lost, 0 foreign, 1 websites held"
)


@pytest.mark.slow
def test_reading_websites_is_measured_in_a_database_of_its_own_and_every_vehicle_is_counted(
    db: None,
) -> None:
    size = ("--scale", "0.2", "--websites", "3")
    done = run_program("manage.py", "benchmark", "scrape", *size, "--json", patience_seconds=600)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["part"], answer["scale"], answer["websites"], answer["goal_seconds"]) == ("scrape", 0.2, 3, 60)
    for day in (answer["first_day"], answer["second_day"]):
        assert day["vehicles"] > 100
        assert (day["lost"], day["foreign"]) == (0, 0)
        assert 0 < day["cpu_seconds"] < day["seconds"]
        assert day["vehicles_per_second"] == pytest.approx(day["vehicles"] / day["seconds"], rel=0.01)
    asked = answer["requests_by_platform"]["dealercom"]
    assert (asked["websites"], asked["usual"]) == (3, "2-7 by POST, 10-35 by GET")
    # Each host's robots.txt comes to these, once a day.
    assert answer["first_day"]["requests"] == answer["second_day"]["requests"] + 3
    assert answer["peer"]["name"] == "httpx in 8 threads: the same requests, nothing read"
    assert answer["peer"]["ours_to_peer"] == pytest.approx(
        answer["first_day"]["seconds"] / answer["peer"]["seconds"], rel=0.01
    )
    assert set(answer["shares"]) <= set(scrape_operations.PARTS)
    assert sum(answer["shares"].values()) == pytest.approx(1, abs=0.01)
    assert 20 < answer["memory_mb"] < 1000
    assert answer["slowest"]["minutes"] == pytest.approx(answer["slowest"]["requests"] * 1.5 / 60, abs=0.01)
    assert not Website.objects.exists()


def test_websites_are_not_measured_where_a_user_works(db: None) -> None:
    with pytest.raises(Refused, match=r"from the fake dealer web only\.$"):
        scrape_operations.measure_scrape(websites=1)


def test_vehicles_that_are_lost_or_foreign_are_counted(db: None) -> None:
    dealership = factories.make_dealership()
    vins = factories.make_vehicles(dealership=dealership, count=3)
    item = factories.active_dataset_of(dealership=dealership).inventory_import
    run = ScrapeRun(dealership=dealership, inventory_import=item, state="done")
    assert scrape_operations.require_exact([run], {dealership.pk: set(vins)}) == (0, 0)
    expected = {dealership.pk: {vins[0], vins[1], "A VEHICLE MORE"}}
    assert scrape_operations.count_vehicles([run], expected) == (1, 1)
    with pytest.raises(Refused, match="1 are lost, and 1 are foreign"):
        scrape_operations.require_exact([run], expected)
    run.state, run.error_text = "failed", "It does not answer."
    with pytest.raises(Refused, match=f"1 of 1 websites were not read. {dealership}: It does not answer."):
        scrape_operations.require_exact([run], expected)


def test_the_words_about_websites_tell_both_days_the_peer_and_the_slowest() -> None:
    day: dict[str, float] = {"seconds": 90.0, "cpu_seconds": 20.0, "requests": 1_900, "vehicles": 9_000}
    day |= {"vehicles_per_second": 100.0, "held": 1, "lost": 0, "foreign": 0}
    found = {
        "scale": 1.0,
        "websites": 40,
        "goal_seconds": 60,
        "first_day": day,
        "second_day": {**day, "seconds": 30.0, "requests": 700},
        "memory_mb": 150.4,
        "slowest": {"dealership": "South", "requests": 369, "pace_seconds": 1.5, "minutes": 9.23},
        "requests_by_platform": {
            "dealr": {"websites": 1, "first_day": [45, 45], "second_day": [44, 46], "usual": "1-3"},
        },
        "peer": {"name": "peer", "seconds": 9.0, "ours_to_peer": 10.0},
        "shares": {"database": 0.7, "the rest": 0.3},
    }
    lines = describe_scrape(found).splitlines()
    assert lines == [
        "40 websites of the fake dealer web, lots x 1:",
        FIRST_DAY,
        "  peer: 9.0 s; ours takes 10.0 times as long",
        SECOND_DAY,
        "Most memory of the process: 150 MB",
        "Slowest at its own pace: South, 369 requests x 1.5 s = 9.2 min",
        "Time of the second day, in one thread: database 70%, the rest 30%",
        "Requests of a website, first and second day:",
        "  dealr           1        45     44-46  usual: 1-3",
    ]
    at_real_pace = {name: value for name, value in found.items() if name not in {"peer", "shares"}}
    assert describe_scrape(at_real_pace).splitlines() == [*lines[:2], *lines[3:6], *lines[7:]]


@pytest.mark.parametrize("scale", ["0.1", "11"])
def test_a_lot_that_is_too_small_or_too_large_is_refused(db: None, scale: str) -> None:
    with pytest.raises(BadInput, match="--scale must be 0.2 to 10"):
        call_command("benchmark", "scrape", "--scale", scale)
