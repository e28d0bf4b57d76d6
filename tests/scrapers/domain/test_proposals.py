import pytest

from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.hand_over import DealershipAddress
from scrapers.domain.proposals import (
    ListReading,
    Marks,
    as_platform,
    cells_of,
    is_bot_check,
    list_link,
    masked,
    propose_rule,
)
from scrapers.domain.shapes import Match, Page, RooftopRule, ScrapedVehicle, Site
from scrapers.domain.sites import COLUMNS, SiteRow, read_sites
from scrapers.operations.loading import SHIPPED_TABLE
from tests.scrapers.answers import CHALLENGE

SITE = Site(platform="", base_url="https://www.elm.example")


def row(**values: object) -> SiteRow:
    blank = SiteRow(
        number=0,
        dealership="Elm Motors",
        platform="",
        base_url="https://www.elm.example",
        parameters={},
        scope={},
        rooftop=RooftopRule(),
        status_keys=(),
        page_size=None,
        extra_hosts=(),
        address=DealershipAddress(location="Elm Motors"),
        in_starter_set=False,
    )
    return SiteRow(**{**blank.__dict__, **values})


def lines_of(cells: dict[str, str]) -> list[str]:
    quoted = ['"' + value.replace('"', '""') + '"' for value in cells.values()]
    return [",".join(COLUMNS) + "\n", ",".join(quoted) + "\n"]


def test_every_shipped_row_is_written_as_it_is_read() -> None:
    with SHIPPED_TABLE.open(encoding="utf-8", newline="") as lines:
        rows = read_sites(lines, platforms=ADAPTERS)
    assert len(rows) == 40
    for shipped in rows:
        cells = cells_of(shipped)
        assert tuple(cells) == COLUMNS
        [again] = read_sites(lines_of(cells), platforms=ADAPTERS)
        assert again == SiteRow(**{**shipped.__dict__, "number": 2})


def test_marks_add_up_over_pages_and_keep_the_highest_confidence() -> None:
    marks = Marks()
    marks.look("<script>var accountId = '44173';</script>")
    assert (marks.platform, marks.likeliest, marks.confidence("teamvelocity")) == ("", "teamvelocity", 40)
    marks.look("<a href='/viewdetails/new/1/x'></a>")
    marks.look("<script>var accountId = '44173';</script>")
    assert (marks.platform, marks.confidence("teamvelocity")) == ("teamvelocity", 85)
    assert marks.found("teamvelocity") == {"account_id": "44173"}
    assert (marks.found("dealeron"), marks.confidence("dealeron"), "dealeron" in marks) == ({}, 0, False)


def test_a_vehicle_in_json_ld_is_no_sign_of_a_platform() -> None:
    marks = Marks()
    marks.look('<script type="application/ld+json">{"@type": "Car", "vin": "1FMCU9MN5RUA00011"}</script>')
    assert ("jsonld" in marks, marks.platform, marks.likeliest) == (True, "", "")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Elm  MOTORS"], (RooftopRule(match=Match.EQUALS, text="Elm  MOTORS"), True)),
        (["Elm Motors of Ballwin"], (RooftopRule(match=Match.EQUALS, text="Elm Motors of Ballwin"), False)),
        (["Oak", "Elm Motors"], (RooftopRule(match=Match.EQUALS, text="Elm Motors"), False)),
        (["Elm Motors", ""], (RooftopRule(match=Match.EQUALS, text="Elm Motors"), False)),
        (["Oak", "Ash"], (RooftopRule(), False)),
        (["Elm Motors North", "Elm Motors South"], (RooftopRule(), False)),
        (["Elm Motors North", "Elm Motors"], (RooftopRule(match=Match.EQUALS, text="Elm Motors"), False)),
        (["Oak", "Elm Motors of Ballwin"], (RooftopRule(match=Match.EQUALS, text="Elm Motors of Ballwin"), False)),
        (["Oak", "ELM Kia"], (RooftopRule(match=Match.EQUALS, text="ELM Kia"), False)),
        (["Elm Kia"], (RooftopRule(match=Match.EQUALS, text="Elm Kia"), False)),
        ([""], (RooftopRule(), False)),
        ([], (RooftopRule(), False)),
        (["E" * 201], (RooftopRule(), False)),
    ],
)
def test_a_rooftop_rule_is_proposed_by_the_labels(labels: list[str], expected: tuple[RooftopRule, bool]) -> None:
    assert propose_rule(labels, ["Elm Motors", "Elm Kia"]) == expected


def test_a_single_label_is_not_beyond_doubt_without_a_dealership() -> None:
    assert propose_rule(["Elm Motors"], []) == (RooftopRule(match=Match.EQUALS, text="Elm Motors"), False)
    assert propose_rule(["Elm Motors", "Oak"], []) == (RooftopRule(), False)


def test_settings_of_another_platform_stay_as_its_own() -> None:
    before = row(
        platform="carscommerce",
        parameters={"lists": "new", "algolia_legacy:app": "old"},
        scope={"make": "Elm"},
        rooftop=RooftopRule(match=Match.CONTAINS, text="elm", source="dealer.name"),
        page_size=50,
    )
    after = as_platform(before, "algolia_legacy", {"app": "new", "index": "elm"})
    assert after.parameters == {"carscommerce:lists": "new", "algolia_legacy:app": "new", "index": "elm"}
    assert after.scope == {"carscommerce:make": "Elm"}
    assert after.rooftop == RooftopRule(match=Match.CONTAINS, text="elm")
    assert after.page_size is None
    assert after.site().parameters == {"app": "new", "index": "elm"}


def test_what_is_found_on_the_same_platform_is_added() -> None:
    before = row(platform="teamvelocity", parameters={"route": "feed", "account_id": "1"}, page_size=50)
    after = as_platform(before, "teamvelocity", {"account_id": "2"})
    assert (after.parameters, after.page_size) == ({"route": "feed", "account_id": "2"}, 50)


def test_a_store_that_was_found_restricts_the_lists() -> None:
    after = as_platform(row(), "dealereprocess", {"slug": "elm", "lc": "8692", "cy": "65201"})
    assert (after.parameters, after.scope) == ({"slug": "elm"}, {"lc": "8692", "cy": "65201"})


@pytest.mark.parametrize(
    "link",
    [
        "/new-vehicles/",
        "/searchnew.aspx",
        "/new-inventory/index.htm",
        "/search/elm/?tp=new",
        "/inventory/new",
        "/used-inventory/",
        "/inventory",
        "https://www.elm.example/all-inventory/",
    ],
)
def test_the_list_is_found_by_the_links_of_a_page(link: str) -> None:
    html = f'<a href="/about">About</a><a href="https://other.example/new-vehicles/">Else</a><a href="{link}">New</a>'
    assert list_link(SITE, html) == SITE.url(link)


@pytest.mark.parametrize("html", ["", "<a>No address</a>", '<a href="/news/">News</a><a href="tel:5550100">Call</a>'])
def test_a_page_may_link_to_no_list(html: str) -> None:
    assert list_link(SITE, html) == ""


def test_labels_are_counted_as_people_read_them() -> None:
    labels = ["Elm<br>Motors", "Oak", "ELM motors", ""]
    read = ListReading(platform="dealeron", page=Page(), whole=[ScrapedVehicle(rooftop=label) for label in labels])
    assert read.rooftops() == {"Elm Motors": 2, "Oak": 1, "": 1}
    assert next(iter(read.rooftops())) == "Elm Motors"
    assert [read.own(rule) for rule in (RooftopRule(), RooftopRule(match=Match.EQUALS, text="elm motors"))] == [4, 2]


def test_blanks_are_counted_where_the_field_is_told() -> None:
    whole = [ScrapedVehicle(price="1000", status="On-Lot")]
    half = [ScrapedVehicle(price="2000"), ScrapedVehicle(), ScrapedVehicle(price="3000")]
    read = ListReading(platform="teamvelocity", page=Page(), whole=whole, half_read=half)
    # Price stands on the list; status and stock on the vehicles' own pages, of which one was read.
    assert read.blank_shares() == {"price": 0.25, "status": 0.0, "stock": 1.0}
    assert read.rows == 4
    nothing = ListReading(platform="dealr", page=Page(), whole=(), half_read=[ScrapedVehicle()])
    assert nothing.blank_shares() == {"price": None, "status": None, "stock": None}


def test_keys_are_shown_by_their_end_only() -> None:
    assert masked({"api_key": "public-search-1234", "x:searchKey": "short", "block_key": "blocks/a", "ccid": "6"}) == {
        "api_key": "...1234",
        "x:searchKey": "...",
        "block_key": "blocks/a",
        "ccid": "6",
    }
    assert cells_of(row(platform="carscommerce", parameters={"api_key": "secret"}))["parameters"] == "api_key=..."


def test_a_bot_check_is_told_from_a_page() -> None:
    assert is_bot_check(CHALLENGE)
    assert not is_bot_check("<html><title>Elm Motors</title></html>")
