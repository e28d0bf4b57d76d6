from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.rules import Condition
from orders.domain.overrides import EDITABLE_FIELDS, LONGEST_TEXT, OverrideError, effective, read_override

YEAR_NOW = 2025


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("stock", "  a  12 ", "a 12"),
        ("make", "", ""),
        ("headline", "x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
        ("condition", "cpo", "cpo"),
        ("year", "2027", 2027),
        ("year", " 1981 ", 1981),
        ("year", "", None),
        ("price", "", None),
        ("price", "23456", "23456.00"),
        ("price", "$23,456", "23456.00"),
        ("price", "23456.5", "23456.50"),
        ("price", "0", "0.00"),
        ("price", "2000000", "2000000.00"),
        ("url", "", ""),
        ("url", "https://www.elm-street.example/a?b=1", "https://www.elm-street.example/a?b=1"),
        ("url", "https://www.elm-street.example/caf\u00e9", "https://www.elm-street.example/caf%C3%A9"),
    ],
)
def test_a_typed_text_becomes_a_value(field: str, text: str, value: Any) -> None:
    assert read_override(field, text, year_now=YEAR_NOW) == value


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("vin", "1C4RJFAG0LC000001", "vin cannot be edited."),
        ("included", "no", "included cannot be edited."),
        ("raw_status", "On-Lot", "raw_status cannot be edited."),
        ("condition", "unknown", "Choose new, po or cpo."),
        ("condition", "NEW", "Choose new, po or cpo."),
        ("condition", "", "Choose new, po or cpo."),
        ("year", "1980", "A year from 1981 to 2027."),
        ("year", "2028", "A year from 1981 to 2027."),
        ("year", "22", "A year from 1981 to 2027."),
        ("year", "\u0662\u0660\u0662\u0662", "A year from 1981 to 2027."),
        ("price", "call", "An amount such as 23,456 or 23456.50."),
        ("price", "-5", "An amount such as 23,456 or 23456.50."),
        ("price", "1,2,3", "An amount such as 23,456 or 23456.50."),
        ("price", "1e5", "An amount such as 23,456 or 23456.50."),
        ("price", "NaN", "An amount such as 23,456 or 23456.50."),
        ("price", "\u0663\u0664", "An amount such as 23,456 or 23456.50."),
        ("price", "2000000.01", "At most 2,000,000 dollars."),
        ("trim", "x" * (LONGEST_TEXT + 1), "At most 300 characters."),
        ("trim", "a\x00b", "At most 300 characters."),
    ],
)
def test_a_text_that_a_field_cannot_take_is_refused_with_the_remedy(field: str, text: str, message: str) -> None:
    with pytest.raises(OverrideError) as refusal:
        read_override(field, text, year_now=YEAR_NOW)
    assert (refusal.value.field, str(refusal.value)) == (field, message)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("javascript:alert(1)", "does not begin with http:// or https://"),
        ("elm-street.example", "does not begin with http:// or https://"),
        ("http://127.0.0.1/", "leads to no public website"),
        ("http://localhost/", "leads to no public website"),
        ("https://user@elm-street.example/", "names a user or a password"),
        ("https://elm-street.example/a b", "holds a blank, a backslash or a character that nobody sees"),
    ],
)
def test_only_a_public_address_can_become_a_url(url: str, reason: str) -> None:
    with pytest.raises(OverrideError) as refusal:
        read_override("url", url, year_now=YEAR_NOW)
    remedy = "Type a public http or https address, or leave it empty to print the VIN in the QR code."
    assert (refusal.value.field, str(refusal.value)) == ("url", f"This address {reason}. {remedy}")


def test_the_reviewers_values_replace_those_of_the_snapshot_and_only_those() -> None:
    values = {"stock": "A1", "price": Decimal("31000.00"), "condition": "po", "year": 2022, "features": ""}
    assert effective(values, {}) == {**values, "condition": Condition.PRE_OWNED}
    assert effective(values, {"price": "29500.00", "condition": "new", "features": "Sunroof"}) == {
        "stock": "A1",
        "price": Decimal("29500.00"),
        "condition": Condition.NEW,
        "year": 2022,
        "features": "Sunroof",
    }


def test_a_value_can_be_cleared_and_is_then_empty() -> None:
    values = {"price": Decimal("31000.00"), "year": 2022, "stock": "A1", "condition": "po"}
    cleared = effective(values, {"price": None, "year": None, "stock": ""})
    assert cleared == {"price": None, "year": None, "stock": "", "condition": Condition.PRE_OWNED}


@given(field=st.sampled_from([*EDITABLE_FIELDS, "vin", ""]), text=st.text(max_size=40))
def test_any_text_is_read_or_refused_and_a_read_one_reads_the_same_again(field: str, text: str) -> None:
    try:
        value = read_override(field, text, year_now=YEAR_NOW)
    except OverrideError:
        return
    again = read_override(field, "" if value is None else str(value), year_now=YEAR_NOW)
    assert (field in EDITABLE_FIELDS, again) == (True, value)
