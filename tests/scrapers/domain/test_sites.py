import csv
from collections import Counter
from itertools import zip_longest
from urllib.parse import urlsplit

import pytest

from dealerships.domain.table import read_table
from dealerships.operations import SHIPPED_TABLE as DEALERSHIPS
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.addresses import check_url, is_allowed, registrable_domain
from scrapers.domain.hand_over import DealershipAddress
from scrapers.domain.shapes import Match, RooftopRule, Site
from scrapers.domain.sites import COLUMNS, SiteRow, SiteTableError, for_platform, read_sites
from scrapers.operations.loading import SHIPPED_TABLE

CELLS = {
    "dealership": "Elm Street Motors",
    "platform": "dealeron",
    "base_url": "https://www.elm.example",
    "parameters": "store_code=elm | algolia_legacy:new_filters=type=New&type=Demo",
    "scope": "Location=Ellisville, MO | algolia_legacy:Location=O'Fallon",
    "rooftop_match": "equals",
    "rooftop_text": "elm street",
    "rooftop_source": "VehicleLocationLabel",
    "status_keys": "one | two.three",
    "page_size": "24",
    "extra_hosts": "oak.example | www.ash.example",
    "street_address": "1 Elm St",
    "locality": "Ballwin",
    "postal_code": "63011",
    "region": "MO",
    "country": "US",
    "in_starter_set": "yes",
}
OTHER = {**CELLS, "dealership": "Oak Motors"}


def lines_of(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> list[str]:
    quoted = ['"' + '","'.join(row.get(column, "").replace('"', '""') for column in columns) + '"' for row in rows]
    return [f"{line}\r\n" for line in (",".join(columns), *quoted)]


def read(*rows: dict[str, str]) -> list[SiteRow]:
    return read_sites(lines_of(*rows), platforms=ADAPTERS)


def refusal(lines: list[str]) -> str:
    with pytest.raises(SiteTableError) as error:
        read_sites(lines, platforms=ADAPTERS)
    return str(error.value)


def shipped() -> list[SiteRow]:
    with SHIPPED_TABLE.open(encoding="utf-8", newline="") as lines:
        return read_sites(lines, platforms=ADAPTERS)


def test_a_row_gives_typed_values() -> None:
    [row] = read(CELLS)
    assert row == SiteRow(
        number=2,
        dealership="Elm Street Motors",
        platform="dealeron",
        base_url="https://www.elm.example",
        parameters={"store_code": "elm", "algolia_legacy:new_filters": "type=New&type=Demo"},
        scope={"Location": "Ellisville, MO", "algolia_legacy:Location": "O'Fallon"},
        rooftop=RooftopRule(match=Match.EQUALS, text="elm street", source="VehicleLocationLabel"),
        status_keys=("one", "two.three"),
        page_size=24,
        extra_hosts=("oak.example", "www.ash.example"),
        address=DealershipAddress(
            location="Elm Street Motors",
            street_address="1 Elm St",
            locality="Ballwin",
            postal_code="63011",
            region="MO",
            country="US",
        ),
        in_starter_set=True,
    )


def test_a_site_has_the_settings_of_its_own_platform_alone() -> None:
    [row] = read(CELLS)
    assert row.site() == Site(
        platform="dealeron",
        base_url="https://www.elm.example",
        parameters={"store_code": "elm"},
        scope={"Location": "Ellisville, MO"},
        rooftop=row.rooftop,
        status_keys=("one", "two.three"),
        page_size=24,
    )
    fallback = row.site("algolia_legacy")
    assert (fallback.platform, fallback.parameters["new_filters"]) == ("algolia_legacy", "type=New&type=Demo")
    assert fallback.scope == {"Location": "O'Fallon"}


def test_the_platform_s_own_setting_wins_over_the_common_one_in_any_order() -> None:
    settings = {"algolia_legacy:lists": "new", "lists": "all"}
    assert for_platform("algolia_legacy", settings) == {"lists": "new"}
    assert for_platform("carscommerce", settings) == {"lists": "all"}
    assert for_platform("algolia_legacy", dict(reversed(settings.items()))) == {"lists": "new"}


def test_cells_that_may_be_empty_give_nothing() -> None:
    empty = ("parameters", "scope", "status_keys", "page_size", "extra_hosts", "rooftop_text", "rooftop_source")
    [row] = read({**CELLS, **dict.fromkeys(empty, ""), "rooftop_match": "any", "in_starter_set": "no"})
    assert (row.parameters, row.scope, row.status_keys, row.page_size, row.extra_hosts) == ({}, {}, (), None, ())
    assert (row.rooftop, row.in_starter_set) == (RooftopRule(), False)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("platform", "cdk", "'cdk' is none of carscommerce,"),
        ("platform", "", "'' is none of"),
        ("base_url", "http://www.elm.example", "is not an address such as https://www.example.com"),
        ("base_url", "https://www.elm.example/", "is not an address such as https://www.example.com"),
        ("base_url", "https://user@elm.example", "is not an address such as https://www.example.com"),
        ("parameters", "store_code", "'store_code' is not written name=value or PLATFORM:name=value"),
        ("parameters", "=x", "'=x' is not written"),
        ("parameters", "a=", "'a=' is not written"),
        ("parameters", "cdk:a=b", "'cdk:a=b' is not written"),
        ("parameters", "a=1 | a=2", "'a' is given twice"),
        ("scope", "Location", "'Location' is not written"),
        ("rooftop_match", "like", "'like' is none of any, equals, contains"),
        ("rooftop_match", "any", "rooftop_text: 'elm street' is compared with nothing"),
        ("rooftop_text", "", "the match equals needs the text of the rooftop"),
        ("page_size", "0", "'0' is not a whole number from 1 to 1,000"),
        ("page_size", "1001", "'1001' is not a whole number"),
        ("page_size", "many", "'many' is not a whole number"),
        ("page_size", "٣", "is not a whole number"),
        ("extra_hosts", "https://oak.example", "is not a host such as example.com"),
        ("extra_hosts", "oak", "'oak' is not a host"),
        ("street_address", "", "the cell is empty"),
        ("locality", " ", "the cell is empty"),
        ("postal_code", "6301", "'6301' is not a ZIP code"),
        ("region", "Missouri", "'Missouri' is not the two letters of a state"),
        ("country", "", "'' is not the two letters of a country"),
        ("in_starter_set", "maybe", "'maybe' is none of yes, no"),
    ],
)
def test_a_bad_cell_is_refused_with_row_column_and_remedy(column: str, cell: str, words: str) -> None:
    message = refusal(lines_of(OTHER, {**CELLS, column: cell}))
    assert message.startswith("Row 3 (Elm Street Motors), column ")
    assert words in message, message


def test_a_row_without_a_name_is_refused() -> None:
    assert refusal(lines_of({**CELLS, "dealership": " "})) == (
        "Row 2, column dealership: the cell is empty. Type the dealership's name."
    )


def test_a_dealership_in_two_rows_is_refused() -> None:
    assert "Row 4, column dealership: 'Elm Street Motors' stands in row 2 already." in refusal(
        lines_of(CELLS, OTHER, CELLS)
    )


def test_a_table_without_a_column_is_refused() -> None:
    columns = tuple(column for column in COLUMNS if column not in {"scope", "region"})
    assert refusal(lines_of(CELLS, columns=columns)).startswith("Row 1: the table has no column scope, region.")
    assert refusal([]).startswith("Row 1: the table has no column dealership,")


@pytest.mark.parametrize(
    ("line", "words"),
    [("Elm,dealeron\r\n", "Row 2: the number of cells differs"), ('"Elm"x,\r\n', "Mend the quotes of the file.")],
)
def test_a_broken_row_is_refused(line: str, words: str) -> None:
    assert words in refusal([*lines_of(), line])


def test_the_shipped_table_has_every_dealership_with_a_website_once() -> None:
    with DEALERSHIPS.open(encoding="utf-8-sig", newline="") as lines:
        names = [row["name"] for row in csv.DictReader(lines) if row["website_domain"].strip()]
    rows = shipped()
    assert len(rows) == 40
    assert [row.dealership for row in rows] == names
    assert sum(row.in_starter_set for row in rows) == 36


def test_the_shipped_table_has_the_known_share_of_each_platform() -> None:
    assert Counter(row.platform for row in shipped()) == {
        "carscommerce": 14,
        "dealeron": 10,
        "dealercom": 7,
        "teamvelocity": 5,
        "dealeron_html": 1,
        "dealereprocess": 1,
        "smartpath": 1,
        "dealr": 1,
    }


def approved_hosts() -> dict[str, list[str]]:
    templates = ["shortcut", "shortcut_pack", "priced_shortcut_pack", "flyout", "custom"]
    with DEALERSHIPS.open(encoding="utf-8-sig", newline="") as lines:
        rows = read_table(lines, output_templates=templates)
    return {row.values["name"]: row.values["approved_hosts"] for row in rows}


@pytest.mark.parametrize("row", shipped(), ids=lambda row: row.dealership)
def test_a_shipped_website_is_asked_at_its_own_hosts_and_its_platform_s_service(row: SiteRow) -> None:
    hosts = [*approved_hosts()[row.dealership], *row.extra_hosts]
    assert registrable_domain(row.base_url.removeprefix("https://")) in hosts
    tried = [row.platform, "algolia_legacy", "jsonld"] if row.platform == "carscommerce" else [row.platform, "jsonld"]
    for platform in tried:
        adapter = ADAPTERS[platform]
        requests = adapter.first(row.site(platform))
        assert requests
        for request in requests:
            host = check_url(request.url).host
            assert is_allowed(host, hosts=hosts, services=adapter.API_DOMAINS), request.url
            assert urlsplit(request.url).scheme == "https"


def test_the_fourteen_dealer_inspire_websites_can_be_read_by_either_of_their_services() -> None:
    inspired = [row for row in shipped() if row.platform == "carscommerce"]
    for row in inspired:
        legacy, current = row.site("algolia_legacy"), row.site()
        assert legacy.parameters["app"]
        assert "_production_inventory_" in legacy.parameters["index"]
        assert (current.parameters, current.scope) == ({}, {})
        assert legacy.status_keys == current.status_keys


def test_rooftop_rules_of_group_websites_name_their_field() -> None:
    rules = {
        row.dealership: (row.rooftop.match, row.rooftop.text, row.rooftop.source)
        for row in shipped()
        if row.rooftop.source
    }
    account = "address.accountName"
    assert rules == {
        "Audi Rancho Mirage": ("contains", "audi rancho mirage", account),
        "BMW of Columbia": ("contains", "bmw of columbia", account),
        "Rusty Drewing Cadillac": ("contains", "rusty drewing cadillac", account),
        "Rusty Drewing Chevy BGMC": ("contains", "rusty drewing chevrolet buick gmc", account),
        "Bommarito West County PO": ("equals", "bommarito west county", "VehicleLocationLabel"),
        "Columbia Honda": ("equals", "columbia honda", "VehicleLocationLabel"),
        "KIA of Columbia": ("equals", "Kia of Columbia", "dealerName"),
        "Joe Machens Toyota": ("equals", "8692", "vehicle_location_id"),
        "Twin City Toyota": ("equals", "24067", "dealerCd"),
    }


def test_addresses_of_the_shipped_table_are_whole() -> None:
    regions = Counter(row.address.region for row in shipped())
    assert regions == {"MO": 33, "CA": 4, "IL": 2, "MI": 1}
    assert {row.address.country for row in shipped()} == {"US"}
    [ofallon] = [row.address for row in shipped() if row.dealership == "Serra Honda O'Fallon"]
    assert ofallon == DealershipAddress(
        location="Serra Honda O'Fallon",
        street_address="1268 Central Park Dr",
        locality="O'Fallon",
        postal_code="62269",
        region="IL",
        country="US",
    )


def test_the_shipped_table_is_written_as_the_reader_would_write_it() -> None:
    with SHIPPED_TABLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert tuple(rows[0]) == COLUMNS
    for row in rows[1:]:
        cells = dict(zip_longest(COLUMNS, row))
        assert all(cell == " ".join((cell or "").split()) for cell in cells.values())
