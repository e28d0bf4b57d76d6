from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.rules import Condition
from orders.domain.cell_text import TextEncoding
from orders.domain.formulas import parse_formula
from orders.domain.lines import LineContent
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate
from orders.domain.rendering import RenderError, line_warnings, render_line
from tests.orders.domain.content import BASE, CPO, NEW, PO, make_content, make_gladiator, make_line, make_settings
from tests.orders.domain.layouts import BUILT_IN, FLYOUT, PRICED_SHORTCUT_PACK, SHORTCUT, SHORTCUT_PACK, VDP_FLYOUT

QR = rf"{BASE}\ZACNJDB19NPN70500.png"


def render(line: LineContent, template: OutputTemplate, **choices: Any) -> tuple[str, ...]:
    return render_line(line, template, make_content(line, settings=make_settings(**choices)))


def render_formula(line: LineContent, source: str, **options: Any) -> str:
    column = Column(header="TEXT", formula=parse_formula(source))
    template = OutputTemplate(code="x", name="X", abbreviation="X", columns=(column,), options=OutputOptions(**options))
    return render(line, template)[0]


def test_a_shortcut_pack_row_is_the_shops() -> None:
    assert render(make_line(), SHORTCUT_PACK) == (
        "2022 JEEP",
        "RENEGADE",
        "LATITUDE",
        "2022 RENEGADE - NPN70500",
        "USED - ZACNJDB19NPN70500",
        QR,
        "2022 RENEGADE - NPN70500",
        "USED - ZACNJDB19NPN70500",
        QR,
        "2022 RENEGADE - NPN70500 - USED - ZACNJDB19NPN70500",
    )


def test_a_shortcut_row_is_the_shops() -> None:
    assert render(make_gladiator(), SHORTCUT) == (
        "2025 GLADIATOR - SL533540",
        "NEW - 1C6PJTAG8SL533540",
        rf"{BASE}\1C6PJTAG8SL533540.png",
    )


def test_a_priced_row_has_the_price_with_markup_and_the_trim_as_delivered() -> None:
    line = make_line(
        vin="1C4RJHAG3P8900725",
        stock="9246",
        year=2023,
        model="Grand Cherokee",
        trim="Altitude X",
        price=Decimal("35500.00"),
    )
    qr = rf"{BASE}\1C4RJHAG3P8900725.png"
    assert render(line, PRICED_SHORTCUT_PACK, price_markup=Decimal(2000)) == (
        "2023 GRAND CHEROKEE",
        "Altitude X",
        "37,500",
        "2023 GRAND CHEROKEE - 9246",
        "USED - 1C4RJHAG3P8900725",
        qr,
        "2023 GRAND CHEROKEE - 9246",
        "USED - 1C4RJHAG3P8900725",
        qr,
        "2023 GRAND CHEROKEE - 9246 - USED - 1C4RJHAG3P8900725",
    )


def test_a_flyout_row_has_the_price_without_markup() -> None:
    assert render(make_line(), FLYOUT, price_markup=Decimal(2000)) == ("2022 Jeep Renegade", "21,995", QR)


@pytest.mark.parametrize(
    ("price", "markup", "expected"),
    [("35500.99", "0", "35,500"), ("999", "0.5", "999"), ("999.60", "0.50", "1,000"), ("1250000", "0", "1,250,000")],
)
def test_prices_are_cut_to_whole_dollars(price: str, markup: str, expected: str) -> None:
    row = render(make_line(price=Decimal(price)), PRICED_SHORTCUT_PACK, price_markup=Decimal(markup))
    assert row[2] == expected


@pytest.mark.parametrize(("condition", "prefix"), [(NEW, "NEW"), (PO, "USED"), (CPO, "USED")])
def test_the_prefix_tells_new_from_used(condition: Condition, prefix: str) -> None:
    assert render(make_line(condition=condition), SHORTCUT)[1] == f"{prefix} - ZACNJDB19NPN70500"


def test_a_missing_price_is_refused_naming_line_column_and_field() -> None:
    with pytest.raises(RenderError) as refusal:
        render(make_line(seq=3, price=None), PRICED_SHORTCUT_PACK, price_markup=Decimal(2000))
    assert refusal.value.message == (
        "Line 3, VIN ZACNJDB19NPN70500: no price for PRICE. Fill it in on the review page or remove the line."
    )
    assert refusal.value.detail == {
        "line": 3,
        "vin": "ZACNJDB19NPN70500",
        "missing": [{"column": "PRICE", "field": "price+markup"}],
    }


def test_a_refused_row_shows_all_that_is_missing_and_the_cells_as_far_as_they_go() -> None:
    with pytest.raises(RenderError) as refusal:
        render(make_line(stock="", trim="", model="\u65e5\u672c"), SHORTCUT_PACK)
    missing = [(item.column, item.field) for item in refusal.value.missing]
    assert missing == [
        ("MODEL", "model"),
        ("STOCK", "model"),
        ("STOCK", "stock"),
        ("QRYEARMODEL", "model"),
        ("QRYEARMODEL", "stock"),
    ]
    assert refusal.value.message == (
        "Line 1, VIN ZACNJDB19NPN70500: no model for MODEL, STOCK, QRYEARMODEL; no stock for STOCK, QRYEARMODEL. "
        "Fill it in on the review page or remove the line."
    )
    assert refusal.value.cells[:4] == ("2022 JEEP", "", "", "2022")


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(RenderError) as refusal:
        render(make_line(condition=Condition.UNKNOWN), SHORTCUT)
    assert [(item.column, item.field) for item in refusal.value.missing] == [("QRSTOCK", "prefix")]


def test_a_required_cell_of_formula_characters_only_is_refused() -> None:
    with pytest.raises(RenderError) as refusal:
        render(make_line(model="=-"), SHORTCUT_PACK)
    assert [(item.column, item.field) for item in refusal.value.missing] == [("MODEL", "model")]


def test_a_required_column_of_words_that_are_left_out_is_refused() -> None:
    column = Column(header="DASH", formula=parse_formula("-"), is_required=True)
    template = OutputTemplate(code="dash", name="Dash", abbreviation="DSH", columns=(column,))
    with pytest.raises(RenderError, match="no text for DASH"):
        render(make_line(), template)


def test_a_line_without_trim_and_price_is_printed() -> None:
    row = render(make_line(trim="", price=None), SHORTCUT_PACK)
    assert row[:3] == ("2022 JEEP", "RENEGADE", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{condition}", "CPO"),
        ("{msrp}", "40,000"),
        ("{color}|{body}|{fuel}|{status}", "Red|SUV|Gas|In-stock"),
        ("{date_in_stock} {days_on_lot}", "08/09/2025 10"),
        ("{url}", "https://dealer.example/used/renegade"),
        ("{location}, {street}, {city}, {state} {zip}", "South County DCJR, 1 Main St, St. Louis, MO 63125"),
        ("{headline}: {features}", "X3 xDRIVE30i: 46Kmi - AWD"),
        ("{order}-{seq}", "45414-1"),
    ],
)
def test_every_placeholder_prints_its_fact(source: str, expected: str) -> None:
    line = make_line(
        condition=CPO,
        msrp=Decimal(40000),
        ext_color="Red",
        body_style="SUV",
        fuel_type="Gas",
        raw_status="In-stock",
        date_in_stock=date(2025, 8, 9),
        street_address="1 Main St",
        locality="St. Louis",
        region="MO",
        postal_code="63125",
        features="46Kmi - AWD",
        headline="X3 xDRIVE30i",
    )
    assert render_formula(line, source) == expected


def test_a_date_in_the_future_has_no_days_on_the_lot() -> None:
    assert render_formula(make_line(date_in_stock=date(2025, 8, 20)), "{days_on_lot}") == ""


def test_options_change_the_spelling() -> None:
    line = make_line(condition=CPO, trim='17" Wheels', msrp=Decimal(40000))
    assert render_formula(line, "{prefix}", certified_prefix=True) == "CERTIFIED"
    assert render_formula(line, "{price}", dollar_sign=True) == "$21,995"
    assert render_formula(line, "{price+markup}", markup_on_msrp=True) == "40,000"
    assert render_formula(line, "{trim}", inches_for_quotes=True) == "17 in Wheels"
    assert render_formula(line, "{color}", star_for_empty=True) == "*"
    assert render_formula(line, "{trim} {model}", uppercase=frozenset({"trim"})) == '17" WHEELS Renegade'


def test_an_address_keeps_its_quotation_marks() -> None:
    url = 'https://dealer.example/?size=17"'
    assert render_formula(make_line(url=url), "{url}", inches_for_quotes=True) == url


def test_new_stands_before_year_and_make_of_new_vehicles_when_chosen() -> None:
    template = replace(SHORTCUT_PACK, options=replace(SHORTCUT_PACK.options, new_in_year_make=True))
    assert render(make_gladiator(), template)[0] == "NEW 2025 JEEP"
    assert render(make_line(), template)[0] == "2022 JEEP"


def test_a_star_does_not_stand_in_for_a_required_field() -> None:
    template = replace(SHORTCUT_PACK, options=OutputOptions(star_for_empty=True))
    with pytest.raises(RenderError):
        render(make_line(model=""), template)


texts = st.text(max_size=30) | st.sampled_from(["=cmd|' /C calc'!A0", "\t@SUM", "a\r\nb", '"', "\uff1dx", "-", "NULL"])


@given(
    template=st.sampled_from(list(BUILT_IN.values())),
    facts=st.fixed_dictionaries(dict.fromkeys(("stock", "make", "model", "trim"), texts)),
)
def test_hostile_texts_are_refused_or_printed_as_plain_text(template: OutputTemplate, facts: dict[str, str]) -> None:
    try:
        cells = render(make_line(**facts), template)
    except RenderError as refusal:
        cells = refusal.cells
    runs = tuple("=@|%") if not template.options.data_sheet else tuple("=@")
    texts_only = [cell for column, cell in zip(template.columns, cells, strict=True) if not column.is_image]
    is_ascii = template.options.encoding is TextEncoding.ASCII
    assert [cell for cell in texts_only if (is_ascii and not cell.isascii()) or not cell.isprintable()] == []
    assert [cell for cell in texts_only if cell.startswith(runs) or cell != cell.strip()] == []
    images = [cell for column, cell in zip(template.columns, cells, strict=True) if column.is_image]
    assert [cell for cell in images if cell != QR] == []


def test_a_plain_line_has_no_warnings() -> None:
    assert line_warnings(make_line(), make_settings()) == []


def test_warnings_tell_how_a_line_will_differ_from_its_texts() -> None:
    line = make_line(url="", trim="\u00c9dition", model="=Renegade")
    assert line_warnings(line, make_settings()) == [
        "No usable web address: the QR code holds the VIN.",
        "The trim '\u00c9dition' is printed as 'Edition'.",
        "MODEL would start with '='; that character is left out.",
    ]


@pytest.mark.parametrize(
    "facts", [{"url": "javascript:alert(1)"}, {"url": "", "raw": {"vehicle_url": " javascript:alert(1)"}}]
)
def test_an_unsafe_address_is_shown_with_reason_and_remedy(facts: dict[str, Any]) -> None:
    reason = "The web address 'javascript:alert(1)' does not begin with http:// or https://"
    (warning,) = line_warnings(make_line(**facts), make_settings())
    assert warning == f"{reason}: the QR code holds the VIN. Type a public address to print one."


def test_a_safe_address_that_a_reviewer_took_away_is_not_blamed() -> None:
    line = make_line(url="", raw={"vehicle_url": "https://dealer.example/used/renegade"})
    assert line_warnings(line, make_settings()) == ["No usable web address: the QR code holds the VIN."]


def test_fields_that_the_output_template_does_not_print_give_no_warning() -> None:
    assert line_warnings(make_line(trim="\u00c9dition"), make_settings(template_used="shortcut")) == []


def test_an_address_above_500_characters_is_told() -> None:
    url = "https://dealer.example/" + "a" * 432
    assert line_warnings(make_line(url=url), make_settings()) == []
    assert line_warnings(make_line(url=url + "a"), make_settings()) == [
        "The web address has 501 characters and 500 fit: the QR code holds the VIN."
    ]


def test_a_text_longer_than_its_column_is_told() -> None:
    short = replace(SHORTCUT, columns=(replace(SHORTCUT.columns[0], max_length=10), *SHORTCUT.columns[1:]))
    assert line_warnings(make_line(), replace(make_settings(), template_used=short)) == [
        "QRYEARMODEL has 24 characters; its place holds 10."
    ]


def test_a_vdp_flyout_row_is_the_shops_with_wording_and_features_typed_in_review() -> None:
    bmw = make_line(year=2021, make="BMW", model="3 Series", trim="330i xDrive", stock="T4024-0")
    typed = replace(bmw, headline="330i xDRIVE", features="1 OWNER - AWD - NAVI - MOON")
    assert render(typed, VDP_FLYOUT) == ("2021", "330i xDRIVE", "1 OWNER - AWD - NAVI - MOON", "2021 3 Series T4024-0")


def test_a_headline_that_nobody_typed_is_model_and_trim() -> None:
    assert render_formula(make_line(trim=""), "{headline}") == "Renegade"
    assert render_formula(make_line(), "{headline}") == "Renegade Latitude"


def test_features_that_nobody_typed_stop_a_vdp_flyout() -> None:
    with pytest.raises(RenderError) as refusal:
        render(make_line(), VDP_FLYOUT)
    assert refusal.value.lacks == "no features for VDP_C"
