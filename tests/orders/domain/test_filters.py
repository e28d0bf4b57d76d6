import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.filters import FilterError, parse_filter
from orders.domain.formulas import FIELDS, RAW_FIELDS, FormulaError, exact_name, parse_formula

VALUES = dict.fromkeys((*FIELDS, *RAW_FIELDS), "") | {
    "year": "2022",
    "make": "JEEP",
    "model": "GRAND CHEROKEE don't CR-V",
    "trim": "  Big   Horn ",
    "price": "21,995",
    exact_name("price"): "21995.50",
    "raw.price": "$21,995.00",
    "raw.msrp": "call us",
    "raw.ext_color": "Red",
    "msrp": "$1234567.89",
    "date_in_stock": "08/09/2025",
    "days_on_lot": "1200",
    "vin": "ZACNJDB19NPN70500",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{trim|strip|upper}", "BIG HORN"),
        ("{make|lower}", "jeep"),
        ("{model|title}", "Grand Cherokee Don't Cr-V"),
        ("{days_on_lot|thousands} days", "1,200 days"),
        ("{price|money}", "$21,995"),
        ("{msrp|thousands}", "1,234,567"),
        ("{price|plain}", "21995.50"),
        ("{price|thousands|plain}", "21995"),
        ("{raw.price|plain}", "21995"),
        ("{raw.msrp|plain}", "call us"),
        ("{raw.ext_color|upper}", "RED"),
        ("{make|money}", "JEEP"),
        ("{date_in_stock|date:YYYY-MM-DD}", "2025-08-09"),
        ("{date_in_stock|date:YYYYMMDD}", "20250809"),
        ("{date_in_stock|date:M.D}", "8.9"),
        ("{date_in_stock|date:D/M/YY}", "9/8/25"),
        ("{date_in_stock|truncate:2|date:YYYY}", "08"),
        ("{vin|truncate:8}", "ZACNJDB1"),
        ("{model|truncate:6}", "GRAND"),
        ("{stock|default:no stock}", "no stock"),
        ("{make|default:none}", "JEEP"),
        ("{stock|default:ask us|upper}", "ASK US"),
        ("{year} {make|title} - {stock|upper}", "2022 Jeep"),
    ],
)
def test_a_filter_spells_its_field(source: str, expected: str) -> None:
    assert parse_formula(source).render(VALUES) == expected


ALL = "The filters are upper, lower, title, thousands, money, plain, date, default, strip, truncate."
TRUNCATE = "Write truncate:20, the number of characters to keep."
DEFAULT = "Write default:text, the text printed for an empty field."
DATES = "The filter date spells dates only, such as {date_in_stock}."


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{model|uper}", "There is no filter 'uper'. Did you mean upper?"),
        ("{model|qqq}", f"There is no filter 'qqq'. {ALL}"),
        ("{model|}", f"There is no filter ''. {ALL}"),
        ("{model|truncate}", TRUNCATE),
        ("{model|truncate:0}", TRUNCATE),
        ("{model|upper:1}", "The filter upper takes nothing after it."),
        ("{model|upper:}", "The filter upper takes nothing after it."),
        ("{model|default:}", DEFAULT),
        ("{model|date:YYYY}", DATES),
        ("{price|plane}", "There is no filter 'plane'. Did you mean plain?"),
        ("{raw.price|plain:2}", "The filter plain takes nothing after it."),
        ("{raw.date_in_stock|date:YYYY}", DATES),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused_with_place_and_remedy(source: str, words: str) -> None:
    with pytest.raises(FormulaError) as refusal:
        parse_formula(f"{{year}} {source}")
    assert str(refusal.value) == (
        f"The formula '{{year}} {source}' has a filter that cannot be used at character 8. {words}"
    )


def test_a_filter_behind_a_shorthand_is_refused_with_the_formula_to_write() -> None:
    with pytest.raises(FormulaError) as refusal:
        parse_formula("{yearmake|upper}")
    assert str(refusal.value) == (
        "The formula '{yearmake|upper}' filters {yearmake} at character 1. Write {year|upper} {make|upper} instead."
    )


@pytest.mark.parametrize("pattern", ["", "HH:MM", "YYY", "MMM", "DDD", "%Y", "YYYYY"])
def test_a_date_format_has_years_months_days_and_separators_only(pattern: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(f"date:{pattern}", "date_in_stock")


def test_a_default_is_printed_and_so_its_field_is_not_empty() -> None:
    formula = parse_formula("{year} {stock} {features|default:none}")
    assert formula.empty_fields(VALUES) == ("stock",)


def test_a_filtered_field_is_not_among_those_that_stand_as_they_are() -> None:
    formula = parse_formula("{year} {vin|truncate:8} {vin} {make|lower}")
    assert (formula.fields, formula.plain_fields) == (("year", "vin", "make"), ("year", "vin"))


@given(
    name=st.sampled_from(["upper", "lower", "title", "thousands", "money", "plain", "strip", "truncate:5"]),
    text=st.text(max_size=40),
)
def test_a_filter_spells_any_text_and_keeps_an_empty_one_empty(name: str, text: str) -> None:
    spelled = parse_filter(name, "model")
    assert spelled.apply("") == ""
    assert len(spelled.apply(text)) <= 3 * len(text) + 1


@given(st.text(st.characters(categories=["L", "N", "Z"]), max_size=40))
def test_a_truncated_text_is_a_beginning_of_it(text: str) -> None:
    cut = parse_filter("truncate:7", "model").apply(text)
    assert (text.startswith(cut), len(cut) <= 7) == (True, True)
