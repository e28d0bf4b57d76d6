from typing import Any

import pytest

from inventory.domain.facts import INVENTORY_HEADER
from orders.domain.cell_text import TextEncoding
from orders.domain.formulas import FormulaError, parse_formula
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate
from tests.orders.domain.layouts import (
    BUILT_IN,
    FLYOUT,
    FLYOUT_DATA,
    PRICED_SHORTCUT_PACK,
    SHORTCUT,
    SHORTCUT_PACK,
    VDP_FLYOUT,
    VDP_FLYOUT_URL,
    VEHICLE_EXPORT,
)


def make_template(*columns: tuple[str, str], **options: Any) -> OutputTemplate:
    return OutputTemplate(
        code="x",
        name="X",
        abbreviation="X",
        columns=tuple(Column(header=header, formula=parse_formula(source)) for header, source in columns),
        options=OutputOptions(**options),
    )


@pytest.mark.parametrize(
    ("template", "header"),
    [
        (SHORTCUT, "QRYEARMODEL,QRSTOCK,@QR2"),
        (SHORTCUT_PACK, "YEARMAKE,MODEL,TRIM,STOCK,VIN,@QR,QRYEARMODEL,QRSTOCK,@QR2,MISC"),
        (PRICED_SHORTCUT_PACK, "YEARMODEL,TRIM,PRICE,STOCK,VIN,@QR,QRYEARMODEL,QRSTOCK,@QR2,MISC"),
        (FLYOUT, "QRYEARMODEL,QRPRICE,@QR2"),
        (VDP_FLYOUT, "VDP_A,VDP_B,VDP_C,VDP_E"),
        (VDP_FLYOUT_URL, "VDP_A,VDP_B,VDP_C,VDP_D"),
        (FLYOUT_DATA, ",".join([*INVENTORY_HEADER[:-1], "Vehicle URL", "QR_Code_Path"])),
        (VEHICLE_EXPORT, "VIN,Make,Model,Year,Price,Full_Name,URL,Dealership"),
    ],
)
def test_the_headers_are_those_that_documents_and_other_programs_bind_to(template: OutputTemplate, header: str) -> None:
    assert ",".join(template.headers) == header


def test_names_and_abbreviations_are_the_shops() -> None:
    assert [(template.name, template.abbreviation, template.label) for template in BUILT_IN.values()] == [
        ("Shortcut", "SC", "shortcut v1"),
        ("Shortcut Pack", "SCP", "shortcut_pack v1"),
        ("Priced Shortcut Pack", "SCPP", "priced_shortcut_pack v1"),
        ("Flyout", "FLY", "flyout v1"),
        ("VDP flyout", "VDP", "vdp_flyout v1"),
        ("VDP flyout with URL", "VDPU", "vdp_flyout_url v1"),
        ("Flyout data", "FLYD", "flyout_data v1"),
        ("Vehicle export", "VEH", "vehicle_export v1"),
    ]


def test_trim_and_misc_may_be_empty_and_nothing_else_of_the_shortcut_pack() -> None:
    assert [column.header for column in SHORTCUT_PACK.columns if not column.is_required] == ["TRIM", "MISC"]


@pytest.mark.parametrize(
    "header",
    ["year", "1YEAR", "YEAR MAKE", "#QR", "%QR", "A:B", "XMLNAME", "@XML", "", "@", "Y" * 32, "@@QR", "MOD\u00c8LE"],
)
def test_a_header_that_adobe_misreads_is_refused(header: str) -> None:
    with pytest.raises(FormulaError):
        make_template((header, "{qr}" if header.startswith("@") else "{year}"))


def test_a_header_of_31_characters_is_accepted() -> None:
    assert make_template(("Y" * 31, "{year}")).headers == ("Y" * 31,)


def test_a_header_may_stand_once_only() -> None:
    with pytest.raises(FormulaError):
        make_template(("YEAR", "{year}"), ("YEAR", "{make}"))


@pytest.mark.parametrize(
    ("header", "source"), [("QR", "{qr}"), ("QR", "see {qr}"), ("@QR", "{year}"), ("@QR", "{qr} ")]
)
def test_an_image_path_stands_alone_and_only_under_an_image_header(header: str, source: str) -> None:
    with pytest.raises(FormulaError):
        make_template((header, source))


def test_the_headers_of_a_data_sheet_are_free_text_and_image_paths_need_no_mark() -> None:
    sheet = make_template(("Ext Color", "{raw.ext_color}"), ("QR_Code_Path", "{qr}"), data_sheet=True)
    assert [(column.header, column.is_image) for column in sheet.columns] == [
        ("Ext Color", False),
        ("QR_Code_Path", True),
    ]


@pytest.mark.parametrize(
    "header", ["", " Color", "Ext  Color", "a\nb", "=Color", "@QR", "\uff1dColor", "x" * 61, "Gr\u00f6\u00dfe"]
)
def test_a_header_that_a_data_sheet_could_not_hold_as_it_stands_is_refused(header: str) -> None:
    with pytest.raises(FormulaError, match=r"cannot be used: 1 to 60 characters of ascii with single blanks"):
        make_template((header, "{year}"), data_sheet=True)


def test_a_data_sheet_in_another_encoding_has_headers_of_that_encoding() -> None:
    sheet = make_template(("Gr\u00f6\u00dfe", "{year}"), data_sheet=True, encoding=TextEncoding.UTF8)
    assert sheet.headers == ("Gr\u00f6\u00dfe",)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ([("Color", "{color}"), ("COLOR", "{raw.ext_color}")], "The header 'COLOR' stands twice."),
        ([("Path", "at {qr}")], "Path: {qr} stands alone in its column."),
    ],
)
def test_a_data_sheet_keeps_the_other_rules(columns: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(FormulaError) as refusal:
        make_template(*columns, data_sheet=True)
    assert str(refusal.value) == words
