import csv
from collections import Counter

import pytest

from dealerships.domain.rules import FilterRules
from dealerships.domain.table import DealershipRow, TableError, read_table
from dealerships.operations import SHIPPED_TABLE

CODES = ["shortcut", "shortcut_pack", "priced_shortcut_pack", "flyout", "custom"]
HEADER = "name,aliases,inventory_location_text,website_domain,rule_conditions"
ROW = "Elm Street Motors,Elm Motors|ELM,Elm St. Motors,elm.example,po|cpo"


def rows_of(*lines: str) -> list[DealershipRow]:
    return read_table([f"{line}\r\n" for line in lines], output_templates=CODES)


def refusal(*lines: str) -> str:
    with pytest.raises(TableError) as error:
        rows_of(*lines)
    return str(error.value)


def with_column(column: str, cell: str) -> str:
    return refusal(f"{HEADER},{column}", f"{ROW},{cell}")


def test_a_row_gives_fields_and_names() -> None:
    row = DealershipRow(
        number=2,
        values={
            "name": "Elm Street Motors",
            "short_code": "ELM_STREET_MOTORS",
            "file_name": "Elm_Street_Motors",
            "has_inventory_source": True,
            "approved_hosts": ["elm.example"],
            "conditions": ["cpo", "po"],
        },
        aliases=("Elm Motors", "ELM", "Elm St. Motors"),
    )
    assert rows_of(HEADER, ROW) == [row]


def test_a_column_that_the_table_lacks_gives_no_field() -> None:
    [row] = rows_of(f"{HEADER},rule_price_required", f"{ROW},yes")
    assert row.values["price_required"] is True
    assert {"stock_required", "seasoning_days", "template_new"} & set(row.values) == set()


@pytest.mark.parametrize(
    ("column", "cell", "field", "value"),
    [
        ("short_code", "ELM", "short_code", "ELM"),
        ("short_code", "", "short_code", "ELM_STREET_MOTORS"),
        ("default_order_type", "CAO", "default_order_kind", "cao"),
        ("default_order_type", "", "default_order_kind", "list"),
        ("rule_stock_required", "", "stock_required", True),
        ("rule_stock_required", "no", "stock_required", False),
        ("rule_price_required", "", "price_required", False),
        ("rule_price_required", "Yes", "price_required", True),
        ("rule_seasoning_days", "", "seasoning_days", 0),
        ("rule_seasoning_days", "7", "seasoning_days", 7),
        ("schedule_days_july_2025", "Tue|Thu", "schedule_days", ["tue", "thu"]),
        ("schedule_days_july_2025", "as ordered", "schedule_days", []),
        ("template_used", "flyout", "template_used", "flyout"),
        ("template_used", "", "template_used", None),
        ("price_markup", "199", "price_markup", "199.00"),
        ("price_markup", "", "price_markup", "0.00"),
        ("separate_orders", "new and used", "separate_orders", True),
        ("text_rewrites", "yes", "text_rewrites", True),
    ],
)
def test_a_cell_becomes_a_typed_field(column: str, cell: str, field: str, value: object) -> None:
    [row] = rows_of(f"{HEADER},{column}", f"{ROW},{cell}")
    assert row.values[field] == value


def test_without_rule_conditions_a_cao_is_not_set_up() -> None:
    [row] = rows_of(HEADER, "Elm,,,elm.example,")
    assert row.values["conditions"] is None


@pytest.mark.parametrize(
    ("cell", "hosts"), [("", []), ("(none)", []), ("WWW.Elm.example|b.example", ["elm.example", "b.example"])]
)
def test_a_dealership_without_a_website_has_no_source(cell: str, hosts: list[str]) -> None:
    [row] = rows_of(HEADER, f"Elm,,,{cell},new")
    assert (row.values["approved_hosts"], row.values["has_inventory_source"]) == (hosts, bool(hosts))


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("default_order_type", "WEEKLY", "column default_order_type: 'WEEKLY' is none of CAO, LIST, MAINTENANCE."),
        ("rule_stock_required", "maybe", "column rule_stock_required: 'maybe' is neither yes nor no."),
        ("rule_seasoning_days", "-1", "column rule_seasoning_days: '-1' is not a whole number."),
        ("rule_seasoning_days", "\u0667", "column rule_seasoning_days: '\u0667' is not a whole number."),
        (
            "schedule_days_july_2025",
            "Sun",
            "column schedule_days_july_2025: 'sun' is none of Mon, Tue, Wed, Thu, Fri.",
        ),
        ("price_markup", "lots", "column price_markup: 'lots' is not an amount in dollars."),
        ("price_markup", "NaN", "column price_markup: 'NaN' is not an amount in dollars, zero or more."),
        ("price_markup", "-1", "column price_markup: '-1' is not an amount in dollars, zero or more."),
    ],
)
def test_a_bad_cell_is_named_with_row_dealership_and_column(column: str, cell: str, words: str) -> None:
    assert with_column(column, cell) == f"Row 2 (Elm Street Motors), {words}"


def test_an_unknown_output_template_is_named_with_the_known_ones() -> None:
    words = "column template_new: 'poster' is none of shortcut, shortcut_pack, priced_shortcut_pack, flyout, custom."
    assert with_column("template_new", "poster") == f"Row 2 (Elm Street Motors), {words}"


def test_an_unknown_condition_is_named() -> None:
    assert refusal(HEADER, "Elm,,,,used") == "Row 2 (Elm), rules: Conditions are new, po and cpo."


@pytest.mark.parametrize("host", ["http://elm.example/", "elm", "elm example", "-", "127.0.0.1:80"])
def test_a_website_is_a_host_name(host: str) -> None:
    words = f"Row 2 (Elm), column website_domain: {host!r} is not a host name such as example.com."
    assert refusal(HEADER, f"Elm,,,{host},new") == words


def test_a_missing_column_is_named() -> None:
    assert refusal("name,aliases") == (
        "Row 1: the table has no column inventory_location_text, rule_conditions, website_domain. Add it to the header."
    )
    assert refusal()[:31] == "Row 1: the table has no column "


@pytest.mark.parametrize("row", ["Elm,,,elm.example", "Elm,,,elm.example,new,more"])
def test_a_row_of_another_width_is_named(row: str) -> None:
    words = "the number of cells differs from the header's. Mend the commas or quotes."
    assert refusal(HEADER, ROW, row) == f"Row 3: {words}"


def test_an_unclosed_quote_is_named() -> None:
    words = "unexpected end of data. Mend the quotes of the file."
    assert refusal(HEADER, ROW, '"Oak,,,oak.example,new', "Ash,,,ash.example,new") == f"Row 3: {words}"


@pytest.mark.parametrize("name", ["", "  ", "---"])
def test_a_dealership_needs_a_name(name: str) -> None:
    assert refusal(HEADER, f"{name},,,,new") == "Row 2, column name: a dealership needs a name with a letter or digit."


def test_a_nul_byte_is_named() -> None:
    assert refusal(HEADER, "E\0lm,,,,new") == "Row 2, column name: the cell holds a NUL byte. Type its text again."


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("ELM STREET MOTORS.,,,,new", "the short code 'ELM_STREET_MOTORS'"),
        ("Oak,,elm-motors,,new", "the name 'elm-motors'"),
        ("Elm Motors,,,,new", "the name 'Elm Motors'"),
        ("Oak,elm street motors,,,new", "the name 'elm street motors'"),
    ],
)
def test_two_dealerships_cannot_share_a_name(row: str, words: str) -> None:
    name = row.partition(",")[0]
    end = "belongs to row 2 (Elm Street Motors) already. Keep it at one of them."
    assert refusal(HEADER, ROW, row) == f"Row 3 ({name}): {words} {end}"


def test_one_dealership_may_repeat_its_own_names() -> None:
    [row] = rows_of(HEADER, "Elm,ELM|elm,Elm,elm.example,new")
    assert row.aliases == ("ELM", "elm", "Elm")


def test_the_shipped_table_has_50_dealerships_40_of_them_with_a_website() -> None:
    with SHIPPED_TABLE.open(encoding="utf-8-sig", newline="") as lines:
        rows = read_table(lines, output_templates=CODES)
    assert Counter(row.values["has_inventory_source"] for row in rows) == {True: 40, False: 10}
    for row in rows:
        if row.values["conditions"]:
            FilterRules.from_mapping({"conditions": row.values["conditions"]})


def test_the_shipped_table_has_no_column_twice() -> None:
    with SHIPPED_TABLE.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines))
    assert len(header) == len(set(header))
