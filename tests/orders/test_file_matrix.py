"""Every output template that an installation has, by every condition and every kind of text, within the contract."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealerships.domain.rules import Condition
from inventory.domain.facts import RAW_FIELD_NAMES
from orders.domain.lines import LineContent, OrderContent
from orders.domain.order_files import build_order_files
from orders.domain.output_templates import OutputTemplate
from orders.domain.rendering import RenderError
from orders.models import OutputTemplateVersion
from tests.factories import ensure_output_templates
from tests.orders.adobe_reader import faults_of_cell, read_sheet
from tests.orders.domain.content import BASE, CPO, NEW, PO, make_content, make_line, make_settings

pytestmark = pytest.mark.django_db

VIN = "1C4RJHAG3P8900725"
# The attribute of a line behind each field of a formula; other fields come from the order itself.
TEXTS = {
    "make": "make",
    "model": "model",
    "trim": "trim",
    "stock": "stock",
    "color": "ext_color",
    "body": "body_style",
    "fuel": "fuel_type",
    "status": "raw_status",
    "street": "street_address",
    "city": "locality",
    "state": "region",
    "zip": "postal_code",
    "features": "features",
    "headline": "headline",
}
EMPTY: dict[str, Any] = {
    **dict.fromkeys(TEXTS.values(), ""),
    **dict.fromkeys(("year", "price", "msrp", "date_in_stock")),
    "url": "",
    "condition": Condition.UNKNOWN,
}
# Which attributes a field is printed from, where its name does not say it.
BEHIND = {
    **{field: (attribute,) for field, attribute in TEXTS.items()},
    "headline": ("headline", "model", "trim"),
    "price+markup": ("price", "msrp"),
    "days_on_lot": ("date_in_stock",),
    "prefix": ("condition",),
}
OF_THE_ORDER = {"vin", "location", "order", "seq", "qr"}
# A text, and how it stands in a cell: in 7 bits, and in an encoding that holds every character.
HOSTILE = {
    '5\'7" Box, "Sport"': ('5\'7" Box, "Sport"',) * 2,
    "one, two,,three": ("one, two,,three",) * 2,
    "6'5\" bed": ("6'5\" bed",) * 2,
    "\r\nfirst\r\nsecond\t\x00 third\n": ("first second third",) * 2,
    "Citro\u00ebn \u2013 C\u00f4te\u00ae": ("Citroen - Cote", "Citro\u00ebn \u2013 C\u00f4te\u00ae"),
    "Jeep \U0001f697 4x4": ("Jeep 4x4", "Jeep \U0001f697 4x4"),
    "=1+1": ("1+1", "'=1+1"),
    "@x": ("x", "'@x"),
    "007": ("007",) * 2,
    "w" * 300: ("w" * 300,) * 2,
}


@pytest.fixture
def templates() -> list[OutputTemplate]:
    """What the rows of the database say; a row that is added tomorrow is held to the same."""
    ensure_output_templates()
    versions = OutputTemplateVersion.objects.select_related("output_template")
    return [version.as_output_template() for version in versions]


def full_line(condition: Condition, **facts: Any) -> LineContent:
    """A vehicle of which everything is known."""
    texts = {attribute: f"Some {field}" for field, attribute in TEXTS.items()}
    values = {
        "vin": VIN,
        "condition": condition,
        "year": 2023,
        "price": Decimal("35500.99"),
        "msrp": Decimal(40000),
        "date_in_stock": date(2025, 8, 1),
        "url": "https://dealer.example/v/1?id=2",
        "raw": {name: f"Raw {name}" for name in RAW_FIELD_NAMES},
    }
    return make_line(**(texts | values | facts))


def emptied(line: LineContent, *attributes: str) -> LineContent:
    changes: Any = {name: EMPTY[name] for name in attributes}
    return replace(line, **changes)


def without(line: LineContent, field: str) -> LineContent:
    """The line with nothing for a field of a formula to print."""
    if field.startswith("raw."):
        return replace(line, raw={**line.raw, field.removeprefix("raw."): ""})
    return emptied(line, *BEHIND.get(field, (field,)))


def with_only(line: LineContent, fields: set[str]) -> LineContent:
    """The line with no more than what these fields of formulas print."""
    kept = {"condition", *(name for field in fields for name in BEHIND.get(field, (field,)))}
    raw = {name: text for name, text in line.raw.items() if f"raw.{name}" in fields}
    return replace(emptied(line, *(EMPTY.keys() - kept)), raw=raw)


def content_with(template: OutputTemplate, *lines: LineContent) -> OrderContent:
    numbered = (replace(line, seq=seq) for seq, line in enumerate(lines, start=1))
    return make_content(*numbered, settings=replace(make_settings(), template_new=template, template_used=template))


def rows_by(template: OutputTemplate, *lines: LineContent) -> list[list[str]]:
    """The rows of the file that an order of these lines releases; raises `RenderError` as the order would."""
    content = content_with(template, *lines)
    rows = read_sheet(template, next(file.data for file in build_order_files(content) if file.kind == "csv"))
    assert len(rows) == len(lines)
    return rows


def faults(template: OutputTemplate, line: LineContent, row: list[str]) -> list[str]:
    """What is wrong with the row of a line, by the columns of the output template alone."""
    found = []
    for column, cell in zip(template.columns, row, strict=True):
        if column.formula.source == "{qr}":
            problems = [] if cell == rf"{BASE}\{line.vin}.png" else ["another image"]
        else:
            problems = faults_of_cell(template, cell)
        if column.is_required and not cell.strip("* "):
            problems.append("a required cell without a text")
        if "{vin}" in column.formula.source and line.vin not in cell:
            problems.append("no VIN")
        found += [f"{template.code}, {column.header}: {problem} in {cell!r}" for problem in problems]
    return found


each_condition = pytest.mark.parametrize("condition", [NEW, PO, CPO])


@each_condition
def test_a_vehicle_with_all_fields_is_printed_by_every_output_template(
    templates: list[OutputTemplate], condition: Condition
) -> None:
    assert len(templates) >= 6
    line = full_line(condition)
    assert [fault for template in templates for fault in faults(template, line, rows_by(template, line)[0])] == []


@each_condition
def test_a_vehicle_without_its_optional_fields_is_printed_by_every_output_template(
    templates: list[OutputTemplate], condition: Condition
) -> None:
    for template in templates:
        required = {name for column in template.columns if column.is_required for name in column.formula.fields}
        line = with_only(full_line(condition), required)
        assert faults(template, line, rows_by(template, line)[0]) == []


@each_condition
def test_without_a_required_field_the_order_is_refused_naming_line_vin_column_and_field(
    templates: list[OutputTemplate], condition: Condition
) -> None:
    refused = 0
    for template in templates:
        for column in (column for column in template.columns if column.is_required):
            for field in set(column.formula.plain_fields) - OF_THE_ORDER:
                with pytest.raises(RenderError) as refusal:
                    rows_by(template, full_line(condition, vin="B" * 17), without(full_line(condition), field))
                assert refusal.value.message.startswith(f"Line 2, VIN {VIN}: no ")
                assert column.header in refusal.value.message
                assert {"column": column.header, "field": field} in refusal.value.detail["missing"]
                refused += 1
    assert refused >= 20


@each_condition
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_in_every_field_is_printed_as_plain_text_by_every_output_template(
    templates: list[OutputTemplate], condition: Condition, text: str
) -> None:
    line = full_line(condition, **dict.fromkeys(TEXTS.values(), text), raw=dict.fromkeys(RAW_FIELD_NAMES, text))
    for template in templates:
        row = rows_by(template, line)[0]
        assert faults(template, line, row) == []
        alone = {f"{{{name}}}": name for name in (*TEXTS, *(f"raw.{name}" for name in RAW_FIELD_NAMES))}
        for column, cell in zip(template.columns, row, strict=True):
            if column.formula.source in alone:
                assert cell == printed(template, alone[column.formula.source], text), (template.code, column.header)


def printed(template: OutputTemplate, field: str, text: str) -> str:
    """How a hostile text stands in a cell of its own."""
    options, (seven_bit, full) = template.options, HOSTILE[text]
    spelled = seven_bit if options.encoding == "ascii" else full
    spelled = spelled if options.data_sheet else spelled.removeprefix("'=").removeprefix("'@")
    if field.startswith("raw."):
        return spelled
    spelled = spelled.replace('"', " in") if options.inches_for_quotes else spelled
    return spelled.upper() if field in options.uppercase else spelled


any_text = st.text(max_size=30) | st.sampled_from([*HOSTILE, "", "-", "=", "\uff1dx", "'", "NULL", "\u3164", "*"])
facts_of_lines = st.fixed_dictionaries(
    {
        **dict.fromkeys(TEXTS.values(), any_text),
        "raw": st.dictionaries(st.sampled_from(RAW_FIELD_NAMES), any_text),
        "year": st.none() | st.integers(1981, 2028),
        "price": st.none() | st.decimals(0, 2_000_000, places=2),
        "condition": st.sampled_from(Condition),
    }
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(facts_of_lines, min_size=1, max_size=3))
def test_whatever_the_vehicles_a_file_obeys_the_contract_or_the_order_is_refused_naming_the_place(
    templates: list[OutputTemplate], facts: list[dict[str, Any]]
) -> None:
    lines = [make_line(vin=f"{VIN[:16]}{number}", **fact) for number, fact in enumerate(facts)]
    for template in templates:
        columns, rows = {column.header for column in template.columns if column.is_required}, list[list[str]]()
        refusal: RenderError | None = None
        try:
            rows = rows_by(template, *lines)
        except RenderError as error:
            refusal = error
        if refusal is not None:
            seq, missing = refusal.detail["line"], refusal.detail["missing"]
            assert refusal.message.startswith(f"Line {seq}, VIN {lines[seq - 1].vin}: no ")
            assert missing
            assert {place["column"] for place in missing} <= columns
        assert [fault for line, row in zip(lines, rows, strict=False) for fault in faults(template, line, row)] == []
