import pytest

from orders.domain.formulas import FormulaError, parse_formula
from orders.domain.output_templates import Column, OutputTemplate
from tests.orders.domain.layouts import (
    BUILT_IN,
    FLYOUT,
    PRICED_SHORTCUT_PACK,
    SHORTCUT,
    SHORTCUT_PACK,
    VDP_FLYOUT,
    VDP_FLYOUT_URL,
)


def make_template(*columns: tuple[str, str]) -> OutputTemplate:
    return OutputTemplate(
        code="x",
        name="X",
        abbreviation="X",
        columns=tuple(Column(header=header, formula=parse_formula(source)) for header, source in columns),
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
    ],
)
def test_the_headers_are_those_that_the_illustrator_documents_bind_to(template: OutputTemplate, header: str) -> None:
    assert ",".join(template.headers) == header


def test_names_and_abbreviations_are_the_shops() -> None:
    assert [(template.name, template.abbreviation, template.label) for template in BUILT_IN.values()] == [
        ("Shortcut", "SC", "shortcut v1"),
        ("Shortcut Pack", "SCP", "shortcut_pack v1"),
        ("Priced Shortcut Pack", "SCPP", "priced_shortcut_pack v1"),
        ("Flyout", "FLY", "flyout v1"),
        ("VDP flyout", "VDP", "vdp_flyout v1"),
        ("VDP flyout with URL", "VDPU", "vdp_flyout_url v1"),
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
