import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.formulas import FIELDS, RAW_FIELDS, SHORTHANDS, FormulaError, parse_formula

EMPTY = dict.fromkeys(FIELDS, "")
RENEGADE = EMPTY | {
    "year": "2022",
    "make": "JEEP",
    "model": "RENEGADE",
    "trim": "LATITUDE",
    "stock": "NPN70500",
    "prefix": "USED",
    "vin": "ZACNJDB19NPN70500",
}
STOCK_LINE = "{year} {model} - {stock}"
MISC_LINE = "{year} {model} - {stock} - {prefix} - {vin}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (STOCK_LINE, "2022 RENEGADE - NPN70500"),
        (MISC_LINE, "2022 RENEGADE - NPN70500 - USED - ZACNJDB19NPN70500"),
        ("{yearmake}", "2022 JEEP"),
        ("{yearmodel}", "2022 RENEGADE"),
        ("{yearmakemodel}", "2022 JEEP RENEGADE"),
        ("{yearmakemodeltrim}", "2022 JEEP RENEGADE LATITUDE"),
        ("NEW {year} {make}", "NEW 2022 JEEP"),
        ("Stock: {stock}", "Stock: NPN70500"),
        ("({stock})", "(NPN70500)"),
        ("{year}{make}", "2022JEEP"),
        ("{year}_{make}, {model}", "2022_JEEP, RENEGADE"),
        ("", ""),
        ("LotSherpa", "LotSherpa"),
    ],
)
def test_placeholders_are_replaced_and_the_rest_stays(source: str, expected: str) -> None:
    assert parse_formula(source).render(RENEGADE) == expected


@pytest.mark.parametrize(
    ("source", "without", "expected"),
    [
        (STOCK_LINE, ["stock"], "2022 RENEGADE"),
        (STOCK_LINE, ["model"], "2022 - NPN70500"),
        (STOCK_LINE, ["year"], "RENEGADE - NPN70500"),
        (STOCK_LINE, ["year", "model"], "NPN70500"),
        (STOCK_LINE, ["year", "model", "stock"], ""),
        (MISC_LINE, ["stock"], "2022 RENEGADE - USED - ZACNJDB19NPN70500"),
        (MISC_LINE, ["stock", "prefix"], "2022 RENEGADE - ZACNJDB19NPN70500"),
        ("{make} ({color})", ["color"], "JEEP"),
        ("({color})", ["color"], ""),
        ("NEW {year} {make}", ["year"], "NEW JEEP"),
        ("NEW {year} {make}", ["year", "make"], ""),
        ("{year}{color}{make}", ["color"], "2022JEEP"),
    ],
)
def test_around_an_empty_field_one_separator_stays_and_none_dangles(
    source: str, without: list[str], expected: str
) -> None:
    assert parse_formula(source).render(RENEGADE | dict.fromkeys(without, "")) == expected


def test_an_unknown_placeholder_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(FormulaError) as refusal:
        parse_formula("{year} {modle}")
    assert str(refusal.value) == (
        "The formula '{year} {modle}' has an unknown placeholder {modle} at character 8. Did you mean {model}?"
    )


def test_a_placeholder_that_resembles_none_lists_all() -> None:
    with pytest.raises(FormulaError) as refusal:
        parse_formula("{0}")
    assert str(refusal.value).endswith(f"The placeholders are {', '.join([*FIELDS, *SHORTHANDS, *RAW_FIELDS])}.")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("raw.modle", "Did you mean {raw.model}?"),
        ("ext_color", "Did you mean {raw.ext_color}?"),
        ("raw.mileage", f"The placeholders are {', '.join(RAW_FIELDS)}."),
    ],
)
def test_an_unknown_raw_placeholder_is_refused_with_place_and_remedy(name: str, remedy: str) -> None:
    with pytest.raises(FormulaError) as refusal:
        parse_formula(f"{{year}} {{{name}}}")
    assert str(refusal.value) == (
        f"The formula '{{year}} {{{name}}}' has an unknown placeholder {{{name}}} at character 8. {remedy}"
    )


@pytest.mark.parametrize("source", ["{year", "year}", "{year} }", "{{year}}", "{year} {make"])
def test_a_brace_without_its_pair_and_nesting_are_refused(source: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(source)


def test_the_fields_are_named_once_in_order() -> None:
    assert parse_formula("{yearmake} {year} - {vin}").fields == ("year", "make", "vin")


separators = st.sampled_from([" ", " - ", "-", "_", ", ", ""])
names = st.sampled_from(FIELDS)


@given(
    first=names,
    rest=st.lists(st.tuples(separators, names), max_size=6),
    values=st.fixed_dictionaries({name: st.sampled_from(["", "A", "B2"]) for name in FIELDS}),
)
def test_no_separator_dangles_or_doubles_whichever_fields_are_empty(
    first: str, rest: list[tuple[str, str]], values: dict[str, str]
) -> None:
    formula = parse_formula(f"{{{first}}}" + "".join(f"{separator}{{{name}}}" for separator, name in rest))
    filled = [value for value in [values[name] for name in (first, *(name for _, name in rest))] if value]
    text = formula.render(values)
    assert re.sub(r"[ ,_-]", "", text) == "".join(filled)
    assert text == text.strip(" -_,")
    assert re.search(r"[ ,_-]{4,}|- -|, ,|__|--", text) is None


@given(st.text(st.characters(exclude_characters="{}").filter(str.isprintable)))
def test_a_text_without_braces_is_printed_as_it_stands(source: str) -> None:
    assert parse_formula(source).render(EMPTY) == source


@given(st.text(), st.sampled_from("{}"), st.text())
def test_a_lone_brace_is_refused_wherever_it_stands(before: str, brace: str, after: str) -> None:
    source = f"{re.sub('[{}]', '', before)}{brace}{re.sub('[{}]', '', after)}"
    with pytest.raises(FormulaError):
        parse_formula(source)
