import pytest

from foundation.errors import BadInput
from orders.domain.formulas import FormulaError, parse_formula
from orders.domain.output_templates import (
    BUILT_IN,
    FLYOUT,
    PRICED_SHORTCUT_PACK,
    SHORTCUT,
    SHORTCUT_PACK,
    Column,
    OutputTemplate,
    output_template,
    resolve,
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
    ]


def test_trim_and_misc_may_be_empty_and_nothing_else_of_the_shortcut_pack() -> None:
    assert [column.header for column in SHORTCUT_PACK.columns if not column.is_required] == ["TRIM", "MISC"]


def test_an_unknown_code_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput) as refusal:
        output_template("flyer")
    assert refusal.value.message == (
        "There is no output template named 'flyer'; "
        "choose one of shortcut, shortcut_pack, priced_shortcut_pack, flyout."
    )


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


@pytest.mark.parametrize(
    ("new", "used", "expected_new", "expected_used"),
    [
        ("shortcut", "shortcut_pack", "shortcut", "shortcut_pack"),
        ("shortcut", "shortcut", "shortcut", "shortcut"),
        ("", "flyout", "flyout", "flyout"),
        ("shortcut", "", "shortcut", "shortcut"),
    ],
)
def test_two_set_serve_each_their_own_and_one_set_serves_all(
    new: str, used: str, expected_new: str, expected_used: str
) -> None:
    resolved = resolve(new, used)
    assert (resolved.new.code, resolved.used.code, resolved.notice) == (expected_new, expected_used, "")


@pytest.mark.parametrize(
    ("new", "used", "expected_new", "expected_used"),
    [
        ("custom", "", "shortcut_pack", "shortcut_pack"),
        ("", "custom", "shortcut_pack", "shortcut_pack"),
        ("custom", "flyout", "shortcut_pack", "flyout"),
    ],
)
def test_a_custom_layout_that_nobody_described_gives_shortcut_pack_with_a_notice(
    new: str, used: str, expected_new: str, expected_used: str
) -> None:
    resolved = resolve(new, used)
    assert (resolved.new.code, resolved.used.code) == (expected_new, expected_used)
    assert resolved.notice == (
        "The custom layout of this dealership is not described yet; its lines use Shortcut Pack."
    )


def test_none_set_gives_shortcut_pack_with_a_notice() -> None:
    resolved = resolve("", "")
    assert (resolved.new, resolved.used) == (SHORTCUT_PACK, SHORTCUT_PACK)
    assert resolved.notice == (
        "This dealership has no output template; its lines use Shortcut Pack. Choose one on its page."
    )
