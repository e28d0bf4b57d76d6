"""A probe tells what a website is and how to configure it, and keeps nothing unless it is asked to."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from dealerships.models import Dealership
from foundation.errors import Refused
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.rooftops import split_rooftops
from scrapers.domain.sites import COLUMNS, SiteRow, read_sites
from scrapers.models import Website
from scrapers.operations.websites import enable_website
from tests.command_line import Answer, run_command
from tests.scrapers.fake_dealers import FakeDealers, fake_dealers
from tests.scrapers.runs import CADILLAC, JAGUAR, STEHOUWER, TWIN_CITY, load_shop, website_of
from tests.scrapers.test_every_website import ROWS, read_whole

pytestmark = pytest.mark.django_db(transaction=True)
JAGUAR_SITE, CADILLAC_SITE = "jaguarranchomirage.com", "rustydrewingcadillac.com"
# The page that DealerOn shows tells both of its variants, and the list of the first reads them all. A website by Dealer
# eProcess says nothing of the service beside it.
OTHER_PLATFORMS = {"Porsche St. Louis": "dealeron", "Twin City Toyota": "dealereprocess"}
# Its used vehicles stand on a sister's website, which a person has to know.
NOT_SEEN_WHOLE = ["Rusty Drewing Chevy BGMC"]
# Several rooftops are on the first page, and not exactly one of them has the dealership's name: a person chooses.
RULE_UNDECIDED = ["Frank Leta Honda", "Joe Machens Toyota", "Rusty Drewing Cadillac", "Twin City Toyota"]
KEYS = {
    "url", "dealership", "host", "platform", "confidence", "shown", "found", "list", "reported_total", "rows",
    "rooftops", "own", "blank", "page_size", "requests", "seconds", "warnings", "proposed", "rooftop_is_certain",
    "saved", "enabled",
}  # fmt: skip


@pytest.fixture(scope="module")
def small_web() -> Iterator[FakeDealers]:
    with fake_dealers(scale=0.3) as running:
        yield running


@pytest.fixture
def web(small_web: FakeDealers, settings: Settings) -> Iterator[FakeDealers]:
    """Small lots in the place of the internet, and no dealership yet."""
    settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{small_web.port}"
    small_web.reset()
    yield small_web
    small_web.reset()


@pytest.fixture
def shop(web: FakeDealers, tmp_path: Path) -> FakeDealers:
    """Four dealerships with their websites, none of which was probed or is on."""
    load_shop(tmp_path)
    Website.objects.update(enabled=False, enabled_at=None, probed_at=None)
    return web


def probe(*arguments: object, code: int = 0) -> dict[str, Any]:
    answer = run_command("probe_dealer", *arguments, "--json")
    assert answer.exit_code == code, answer.out
    return answer.document


def failure(*arguments: object) -> tuple[str, str]:
    error = probe(*arguments, code=1)["error"]
    return error["code"], error["message"]


def kept() -> list[dict[str, Any]]:
    return [dict(values) for values in Website.objects.order_by("pk").values()]


def without_website(name: str) -> None:
    website_of(name).delete()


# What is told


def test_an_address_alone_tells_platform_list_and_rooftops(web: FakeDealers) -> None:
    told = probe("rustydrewingcadillac.com")
    assert set(told) == KEYS
    assert (told["dealership"], told["host"], told["platform"]) == (None, CADILLAC_SITE, "dealercom")
    assert told["confidence"] >= 90
    assert told["found"] == {"variant": "post", "site_id": "rustydrewingcadillacjeffersoncity"}
    assert (told["list"], told["rows"], told["page_size"]) == ("all", 48, 48)
    assert told["reported_total"] == len(web.listed(CADILLAC))
    assert sum(told["rooftops"].values()) == 48
    assert told["requests"] == len(told["seconds"]) == 2
    assert told["proposed"]["base_url"] == "https://www.rustydrewingcadillac.com"
    assert [request["path"] for request in web.requests()][:3] == ["/robots.txt", "/robots.txt", "/"]
    assert "rooftops are listed and all of them are kept" in told["warnings"][0]
    assert kept() == []


def test_a_page_of_the_website_is_looked_at_first(web: FakeDealers) -> None:
    told = probe("https://www.rustydrewingcadillac.com/used-inventory/index.htm?x=1")
    asked = [request["path"] for request in web.requests() if request["path"] != "/robots.txt"]
    assert asked[0] == "/used-inventory/index.htm?x=1"
    assert told["proposed"]["base_url"] == "https://www.rustydrewingcadillac.com"


def test_the_text_names_everything_and_no_key(web: FakeDealers) -> None:
    answer = run_command("probe_dealer", JAGUAR_SITE)
    assert answer.exit_code == 0
    lines = answer.out.splitlines()
    assert lines[0] == f"No dealership: https://{JAGUAR_SITE} (host {JAGUAR_SITE})"
    assert "Platform   carscommerce, 95 %" in lines[1]
    assert "public-6060021-1" not in answer.out
    assert "api_key=...21-1" in answer.out
    assert "Jaguar Rancho Mirage" in answer.out
    assert lines[-1].startswith(",carscommerce,https://www.jaguarranchomirage.com,,,equals,Jaguar Rancho Mirage,")


def test_a_configured_website_is_read_as_it_is_configured(shop: FakeDealers) -> None:
    told = probe(CADILLAC)
    assert (told["dealership"], told["platform"], told["confidence"]) == (CADILLAC, "dealercom", 100)
    # By chance none of its own few stands on the first page of its group's list.
    assert (told["rows"], told["own"]) == (35, 0)
    assert [warning.split(":")[0] for warning in told["warnings"]] == [
        "None of the 35 vehicles of this page carries the rooftop 'rusty drewing cadillac'"
    ]
    assert (told["proposed"]["rooftop_match"], told["proposed"]["rooftop_text"]) == ("contains", CADILLAC.lower())
    # The list by the widget that is configured, and the home page to see whether the platform is another.
    assert told["requests"] == 2
    assert "/apis/widget/" in shop.requests(f"www.{CADILLAC_SITE}")[1]["path"]


def test_an_address_of_a_configured_website_is_read_as_configured_too(shop: FakeDealers) -> None:
    told = probe(f"https://{CADILLAC_SITE}/")
    assert (told["dealership"], told["confidence"]) == (CADILLAC, 100)
    assert "site_id" not in told["proposed"]["parameters"]


def test_fields_of_vehicle_pages_are_told_by_one_of_them(shop: FakeDealers) -> None:
    told = probe(STEHOUWER)
    assert (told["requests"], told["rows"], told["blank"]["status"]) == (3, 13, 1.0)
    assert told["blank"]["price"] in {0.0, 1.0}


def test_several_are_told_in_one_document(shop: FakeDealers) -> None:
    told = probe(TWIN_CITY, CADILLAC_SITE)
    assert [each["dealership"] for each in told["probes"]] == [CADILLAC, TWIN_CITY]
    assert all(each["rows"] for each in told["probes"])


# Every website by its address alone


def pasted(cells: dict[str, str], row: SiteRow) -> SiteRow:
    """The proposed row as it is read from the table, once a person has typed the address."""
    address = {name: getattr(row.address, name) for name in ("street_address", "locality", "postal_code", "region")}
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerow(cells | address)
    [read] = read_sites(table.getvalue().splitlines(keepends=True), platforms=ADAPTERS)
    return read


@pytest.mark.slow
def test_every_website_is_told_by_its_address_and_its_proposal_reads_it(web: FakeDealers, tmp_path: Path) -> None:
    load_shop(tmp_path, ())
    Website.objects.all().delete()
    listed_less, listed_more = [], []
    with httpx.Client(trust_env=False, timeout=20) as client:
        for row in ROWS:
            domain = row.base_url.removeprefix("https://www.")
            told = probe(domain)
            assert told["platform"] == OTHER_PLATFORMS.get(row.dealership, row.platform), row.dealership
            assert (told["dealership"], told["rows"] > 0, told["requests"] <= 3) == (row.dealership, True, True)
            site = pasted(told["proposed"], row).site()
            own, _ = split_rooftops(read_whole(client, web.port, site)[0], site.rooftop)
            read, expected = {vehicle.vin for vehicle in own}, {vehicle.vin for vehicle in web.expected(domain)}
            listed_less += [row.dealership] if expected - read else []
            listed_more += [row.dealership] if read - expected else []
    assert (listed_less, listed_more) == (NOT_SEEN_WHOLE, RULE_UNDECIDED)


# What goes wrong


@pytest.mark.parametrize(
    ("fault", "options", "code", "words"),
    [
        ("status", {"status": 403}, "E_FORBIDDEN", "upload the inventory as a file"),
        ("status", {"status": 404}, "E_NOT_FOUND", "probe the address of its list of new vehicles"),
        ("status", {"status": 503}, "E_HTTP_5XX", "run it again later"),
        ("challenge", {}, "E_CHALLENGE", "upload the inventory as a file"),
        ("redirect", {"to": "https://www.indigoautogroup.com/"}, "E_REDIRECT", "www.indigoautogroup.com"),
        ("redirect", {"to": "http://127.0.0.1/"}, "E_SSRF", "127.0.0.1"),
        ("truncated_gzip", {}, "E_TRUNCATED", "broke off its answer"),
        ("html_error", {}, "E_UNKNOWN_PLATFORM", "none of the known platforms"),
    ],
)
def test_a_website_that_cannot_be_read_says_why(
    web: FakeDealers, fault: str, options: dict[str, Any], code: str, words: str
) -> None:
    path = "" if fault == "html_error" else "^/(?!robots)"
    web.knob(fault, site=JAGUAR_SITE, path=path, **options)
    found, message = failure(f"www.{JAGUAR_SITE}")
    assert found == code
    assert words in message
    assert "Probe the website" not in message
    assert kept() == []


def test_a_website_that_moved_names_who_approves_its_new_host(web: FakeDealers) -> None:
    web.knob("redirect", site=JAGUAR_SITE, path="^/$", to="https://www.indigoautogroup.com/")
    answer = run_command("probe_dealer", f"www.{JAGUAR_SITE}")
    assert answer.exit_code == 1
    assert "www.indigoautogroup.com is no approved host" in answer.out
    assert "a manager approves its new host" in answer.out
    assert web.requests("www.indigoautogroup.com") == []


def test_robots_that_are_not_wanted_do_not_ask(web: FakeDealers) -> None:
    web.knob("status", site=JAGUAR_SITE, path="robots", status=200, text="User-agent: *\nDisallow: /")
    assert failure(f"www.{JAGUAR_SITE}")[0] == "E_ROBOTS"
    assert {request["path"] for request in web.requests()} == {"/robots.txt"}


def test_robots_that_are_not_wanted_on_a_page_do_not_ask_for_it(web: FakeDealers) -> None:
    rules = "User-agent: *\nDisallow: /new-vehicles/"
    web.knob("status", site=JAGUAR_SITE, path="robots", status=200, text=rules)
    code, message = failure(f"www.{JAGUAR_SITE}")
    assert (code, "forbids /new-vehicles/" in message) == ("E_ROBOTS", True)
    assert [request["path"] for request in web.requests()] == ["/robots.txt", "/"]


def test_a_website_of_no_known_platform_may_be_read_by_its_sitemap(web: FakeDealers) -> None:
    web.knob("html_error", site=JAGUAR_SITE, path="^/(?!sitemap|robots)")
    told = probe(f"www.{JAGUAR_SITE}")
    assert (told["platform"], told["proposed"]["platform"], told["rows"]) == ("jsonld", "jsonld", 0)
    assert told["reported_total"] == len(web.listed(JAGUAR_SITE))
    assert told["requests"] == 3
    assert any("none of the known platforms" in warning for warning in told["warnings"])


def test_an_empty_website_is_no_success(shop: FakeDealers) -> None:
    shop.knob("empty_rows", site="twincitytoyota.com")
    shop.knob("total", site="twincitytoyota.com", to=0)
    assert failure(TWIN_CITY, "--save", "--enable")[0] == "E_EMPTY"
    assert not website_of(TWIN_CITY).enabled


def test_a_website_that_shows_another_platform_says_so(shop: FakeDealers) -> None:
    shop.knob("legacy", site=JAGUAR_SITE)
    told = probe(JAGUAR)
    assert (told["platform"], told["proposed"]["platform"]) == ("algolia_legacy", "algolia_legacy")
    assert told["warnings"][0].startswith("The website shows algolia_legacy (90 %)")
    assert "configured as carscommerce" in told["warnings"][0]
    assert told["requests"] <= 3
    assert failure(JAGUAR, "--enable")[0] == "not_saved"
    assert website_of(JAGUAR).platform == "carscommerce"


def test_the_other_platform_is_kept_and_waits_for_a_look_at_its_rooftops(shop: FakeDealers) -> None:
    Website.objects.update(enabled=True, probed_at=timezone.now(), enabled_at=timezone.now())
    shop.knob("legacy", site=JAGUAR_SITE)
    assert failure(JAGUAR, "--save", "--enable")[0] == "rooftop_unconfirmed"
    website = website_of(JAGUAR)
    assert (website.platform, website.rooftop_confirmed, website.enabled) == ("algolia_legacy", False, False)
    assert website.enabled_at is None
    assert website.site().setting("app")
    assert probe(JAGUAR, "--save", "--confirm-rooftop", "--enable")["enabled"]
    assert website_of(JAGUAR).enabled


# What is kept


def test_a_key_is_learned_and_learned_anew_when_it_changes(shop: FakeDealers) -> None:
    assert probe(JAGUAR, "--save")["saved"]
    website = website_of(JAGUAR)
    assert website.learned["api_key"] == "public-6060021-1"
    assert website.probed_at is not None
    shop.knob("rotate_key", site=JAGUAR_SITE, to="2024")
    told = probe(JAGUAR, "--save")
    assert website_of(JAGUAR).learned["api_key"] == "public-6060021-2024"
    assert told["found"]["api_key"] == "...2024"
    assert "is refused" in told["warnings"][0]
    assert "public-" not in str(told)


def test_without_save_nothing_is_kept(shop: FakeDealers) -> None:
    before = kept()
    for name in (JAGUAR, CADILLAC, STEHOUWER, TWIN_CITY):
        probe(name)
    without = probe(f"www.{JAGUAR_SITE}", "--dealership", JAGUAR)
    assert not without["saved"]
    assert kept() == before


def test_a_new_website_is_kept_with_its_rule_confirmed_when_its_one_label_is_the_dealership(shop: FakeDealers) -> None:
    without_website(JAGUAR)
    told = probe(JAGUAR_SITE, "--save", "--enable")
    assert (told["dealership"], told["rooftop_is_certain"], told["enabled"]) == (JAGUAR, True, True)
    website = website_of(JAGUAR)
    assert (website.rooftop_match, website.rooftop_text, website.rooftop_confirmed) == ("equals", JAGUAR, True)
    assert website.base_url == f"https://www.{JAGUAR_SITE}"
    assert website.probed_at == website.enabled_at is not None


def test_a_new_website_of_several_rooftops_waits_for_a_person(shop: FakeDealers) -> None:
    without_website(CADILLAC)
    code, message = failure(CADILLAC_SITE, "--save", "--enable")
    assert (code, "confirmed its rooftop rule" in message) == ("rooftop_unconfirmed", True)
    website = website_of(CADILLAC)
    assert (website.rooftop_confirmed, website.enabled, website.probed_at is None) == (False, False, False)
    probe(CADILLAC_SITE, "--save", "--confirm-rooftop")
    assert website_of(CADILLAC).rooftop_confirmed


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["www.indigoautogroup.com"], "no_dealership"),
        (["www.indigoautogroup.com", "--dealership", JAGUAR], "host_not_approved"),
    ],
)
def test_a_website_without_a_dealership_or_its_approval_is_not_kept(
    shop: FakeDealers, arguments: list[str], code: str
) -> None:
    before = kept()
    found, message = failure(*arguments, "--save")
    assert found == code
    assert "a manager" in message.casefold()
    assert kept() == before


def test_a_website_that_moved_to_an_approved_host_is_kept_with_it(shop: FakeDealers) -> None:
    dealership = Dealership.objects.get(name=JAGUAR)
    dealership.approved_hosts = [*dealership.approved_hosts, "landroverranchomirage.com"]
    dealership.save()
    probe("landroverranchomirage.com", "--dealership", JAGUAR, "--save")
    website = website_of(JAGUAR)
    assert website.base_url == "https://www.landroverranchomirage.com"
    assert website.rooftop_confirmed is False


# What is switched on


@pytest.mark.slow
def test_all_websites_that_can_be_read_are_switched_on(web: FakeDealers, tmp_path: Path) -> None:
    load_shop(tmp_path, ())
    Website.objects.update(enabled=False, enabled_at=None, probed_at=None)
    told = probe("--all", "--enable")["probes"]
    assert [each["dealership"] for each in told if not each["enabled"]] == []
    assert (
        len(told) == Website.objects.enabled().filter(probed_at__isnull=False, enabled_at__isnull=False).count() == 40
    )
    assert max(each["requests"] for each in told) <= 3
    assert all(each["rows"] and each["confidence"] == 100 for each in told)


def test_switching_on_is_due_from_then_on_and_keeps_its_first_time(shop: FakeDealers) -> None:
    began = timezone.now()
    website = enable_website(website=website_of(JAGUAR))
    assert website.enabled
    assert website.probed_at == website.enabled_at
    assert website.enabled_at is not None
    assert began <= website.enabled_at <= began + timedelta(minutes=5)
    again = enable_website(website=website)
    assert again.enabled_at == website.enabled_at
    assert again.probed_at is not None
    assert again.probed_at > website.enabled_at


def test_an_unconfirmed_rule_is_not_switched_on(shop: FakeDealers) -> None:
    Website.objects.update(rooftop_confirmed=False)
    with pytest.raises(Refused, match="nobody has confirmed its rooftop rule"):
        enable_website(website=website_of(JAGUAR))
    assert failure(TWIN_CITY, "--enable")[0] == "rooftop_unconfirmed"
    # Where nobody chose a rule yet one is proposed, and must be kept first.
    assert failure(JAGUAR, "--enable")[0] == "not_saved"
    assert not Website.objects.filter(enabled=True).exists()


# What was typed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "or say --all"),
        (["--all", "www.elm.example"], "not both"),
        (["www.elm.example", "--confirm-rooftop"], "--save only"),
        (["www.elm.example", "www.oak.example", "--dealership", "Elm"], "goes with one address"),
        (["Elm", "--dealership", "Elm"], "goes with one address"),
        (["Elm St. Peters"], "There is no dealership 'Elm St. Peters'"),
        (["ftp://www.elm.example"], "begins with ftp"),
        (["https://user@www.elm.example"], "names a user"),
        (["www.elm.example:8080"], "port 8080"),
        (["http://10.0.0.1/"], "not on the public internet"),
        (["https://localhost/"], "no website's name"),
    ],
)
def test_what_cannot_be_probed_is_bad_input(web: FakeDealers, arguments: list[str], words: str) -> None:
    answer: Answer = run_command("probe_dealer", *arguments)
    assert answer.exit_code == 2
    assert words in answer.err
    assert web.requests() == []
