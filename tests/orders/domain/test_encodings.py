"""Files in every encoding, for Adobe and as data sheets: what is written, read back, proved and told in review."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.adobe_csv import adobe_csv
from orders.domain.cell_text import TextEncoding
from orders.domain.formulas import parse_formula
from orders.domain.lines import LineContent, OrderContent
from orders.domain.order_files import build_order_files
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate
from orders.domain.rendering import RenderError, line_warnings, render_line
from orders.domain.verification import verify_order_files
from tests.orders.domain.content import make_content, make_line, make_settings

ASCII, UTF8, UTF8_MARKED, UTF16 = TextEncoding
ADOBE = [ASCII, UTF8_MARKED, UTF16]
MARKS = {ASCII: b"", UTF8: b"", UTF8_MARKED: b"\xef\xbb\xbf", UTF16: b"\xff\xfe"}
COLUMNS = [("MODEL", "{model}"), ("STOCK", "{stock}"), ("VIN", "{vin} {trim}"), ("RAW", "{raw.trim}")]


def make_template(encoding: TextEncoding, *, is_sheet: bool = False, **options: Any) -> OutputTemplate:
    columns = [*COLUMNS, ("QR_Code_Path" if is_sheet else "@QR", "{qr}")]
    return OutputTemplate(
        code="x",
        name="X",
        abbreviation="X",
        columns=tuple(Column(header=header, formula=parse_formula(source)) for header, source in columns),
        options=OutputOptions(encoding=encoding, data_sheet=is_sheet, **options),
    )


def content_of(template: OutputTemplate, *lines: LineContent) -> OrderContent:
    return make_content(*lines, settings=replace(make_settings(), template_new=template, template_used=template))


def sheet_of(content: OrderContent) -> tuple[str, bytes]:
    return next((file.name, file.data) for file in build_order_files(content) if file.kind == "csv")


@pytest.mark.parametrize("encoding", list(TextEncoding))
def test_a_file_begins_with_the_mark_of_its_encoding_and_keeps_crlf(encoding: TextEncoding) -> None:
    template = make_template(encoding, is_sheet=True)
    line = make_line(model="Citro\u00ebn")
    data = adobe_csv(template, [render_line(line, template, content_of(template, line))])
    codec = {UTF8_MARKED: "utf-8", UTF16: "utf-16-le"}.get(encoding, encoding.value)
    body = data.removeprefix(MARKS[encoding]).decode(codec)
    assert len(data) == len(MARKS[encoding]) + len(body.encode(codec))
    assert body.split("\r\n")[1].startswith("Citroen," if encoding is ASCII else "Citro\u00ebn,")
    assert (body.count("\r\n"), body.count("\n"), body[-2:]) == (2, 2, "\r\n")


def test_a_data_sheet_disarms_formulas_and_a_file_for_adobe_drops_their_first_character() -> None:
    line = make_line(model="=1+1", stock="-5", trim="|x", raw={"trim": "\uff1dcmd"})
    for_adobe, sheet = make_template(UTF16), make_template(UTF8, is_sheet=True)
    assert render_line(line, for_adobe, content_of(for_adobe, line))[:4] == ("1+1", "-5", f"{line.vin} |x", "cmd")
    assert render_line(line, sheet, content_of(sheet, line))[:4] == ("'=1+1", "-5", f"{line.vin} |x", "'\uff1dcmd")


def test_raw_texts_are_those_received_whatever_the_reviewer_typed() -> None:
    line = make_line(trim="typed", raw={"trim": "As  received &amp; kept"})
    sheet = make_template(UTF8, is_sheet=True, uppercase=frozenset({"trim"}), inches_for_quotes=True)
    row = render_line(line, sheet, content_of(sheet, line))
    assert row[2:4] == (f"{line.vin} TYPED", "As received &amp; kept")


def test_a_missing_raw_text_cannot_be_filled_in_so_the_line_has_to_go() -> None:
    template = make_template(ASCII)
    required = replace(template, columns=(replace(template.columns[3], is_required=True), *template.columns[4:]))
    with pytest.raises(RenderError) as refusal:
        render_line(make_line(), required, content_of(required, make_line()))
    assert refusal.value.message == (
        "Line 1, VIN ZACNJDB19NPN70500: no raw trim for RAW. Leave the line out: raw texts are the site's own."
    )


@pytest.mark.parametrize(
    ("encoding", "is_sheet", "warnings"),
    [
        (
            ASCII,
            False,
            [
                "The model '\u00c9dition' is printed as 'Edition'.",
                "The raw trim '\u00ae' is printed as ''.",
                "STOCK would start with '='; that character is left out.",
            ],
        ),
        (UTF16, False, ["STOCK would start with '='; that character is left out."]),
        (UTF8, True, ["STOCK would start with '='; it gets an apostrophe in front."]),
    ],
)
def test_review_tells_what_really_changes(encoding: TextEncoding, is_sheet: bool, warnings: list[str]) -> None:
    line = make_line(model="E\u0301dition", stock="=S1", raw={"trim": "\u00ae"})
    content = content_of(make_template(encoding, is_sheet=is_sheet), line)
    assert line_warnings(line, content.settings) == warnings


@pytest.mark.parametrize(
    ("encoding", "change", "problem"),
    [
        (UTF16, lambda data: data[2:], "has bytes that are not UTF-16 behind its byte order mark."),
        (UTF16, lambda data: data[:-1], "cannot be read as UTF-16 behind its byte order mark."),
        (UTF8_MARKED, lambda data: data[3:], "has bytes that are not UTF-8 behind its byte order mark."),
        (UTF8_MARKED, lambda data: data + b"\xff", "cannot be read as UTF-8 behind its byte order mark."),
        (ASCII, lambda data: data.replace(b"Renegade", b"Renegad\xe9"), "cannot be read as 7-bit ASCII."),
        (
            UTF8_MARKED,
            lambda data: data.replace(b"Renegade", b"=1+1"),
            "line 1 (ZACNJDB19NPN70500): MODEL holds '=1+1', which a spreadsheet would run.",
        ),
        (
            UTF8_MARKED,
            lambda data: data.replace(b"Renegade", b'"Rene\xc2\x85gade"'),
            "line 1 (ZACNJDB19NPN70500): MODEL holds a control character or a line break.",
        ),
    ],
)
def test_a_file_spoiled_in_its_encoding_is_told(encoding: TextEncoding, change: Any, problem: str) -> None:
    content = content_of(make_template(encoding), make_line())
    files = {file.name: file.data for file in build_order_files(content)}
    name, data = sheet_of(content)
    problems = verify_order_files(content, files | {name: change(data)})
    assert problem in [told.removeprefix(f"{name} ").removeprefix(f"{name}, ") for told in problems]


@pytest.mark.parametrize(
    ("stock", "is_sheet"), [("=1", True), ("-x5", False), ("+5", False), ('ab"c', True), ("\uff1d9", False)]
)
def test_a_stock_number_that_is_spelled_otherwise_is_still_found_in_its_cell(stock: str, is_sheet: bool) -> None:
    options = {"uppercase": frozenset({"stock"}), "inches_for_quotes": True}
    content = content_of(make_template(UTF16, is_sheet=is_sheet, **options), make_line(stock=stock))
    assert verify_order_files(content, {file.name: file.data for file in build_order_files(content)}) == []


def test_an_exact_amount_keeps_its_cents_and_is_empty_when_there_is_none() -> None:
    template = make_template(ASCII)
    columns = tuple(
        Column(header=name, formula=parse_formula(source))
        for name, source in (("A", "{price|plain}"), ("B", "{msrp|plain}"), ("C", "{price+markup|plain}"))
    )
    template, line = replace(template, columns=columns), make_line(price=Decimal("22500.50"))
    content = content_of(template, line)
    content = replace(content, settings=replace(content.settings, price_markup=Decimal("999.50")))
    assert render_line(line, template, content) == ("22500.50", "", "23500")


texts = st.text(max_size=12) | st.sampled_from(
    ["=cmd|' /C calc'!A0", "\t@SUM", "a\r\nb,c", '"', "'", "\uff1dx", "-5", "\u200b=x", "\ud83d", "\u3164", "E\u0301"]
)


@settings(max_examples=60)
@given(
    facts=st.lists(st.fixed_dictionaries(dict.fromkeys(("model", "stock", "trim"), texts)), min_size=1, max_size=3),
    raw=texts,
    form=st.sampled_from(
        [*((encoding, False) for encoding in ADOBE), *((encoding, True) for encoding in TextEncoding)]
    ),
)
def test_whatever_the_texts_a_file_reads_back_as_its_cells_without_forbidden_characters(
    facts: list[dict[str, str]], raw: str, form: tuple[TextEncoding, bool]
) -> None:
    encoding, is_sheet = form
    template = make_template(encoding, is_sheet=is_sheet)
    lines = [make_line(seq=seq, vin=f"VIN{seq}", raw={"trim": raw}, **fact) for seq, fact in enumerate(facts, start=1)]
    content = content_of(template, *lines)
    _, data = sheet_of(content)
    # "utf-16" and "utf-8-sig" read and drop the mark themselves.
    rows = list(csv.reader(io.StringIO(data.decode(encoding.value), newline=""), strict=True))
    assert rows == [list(template.headers), *(list(render_line(line, template, content)) for line in lines)]
    cells = [cell for row in rows[1:] for cell in row[:-1]]
    starts = "=+-@" if is_sheet else "=+-@|%"
    assert [cell for cell in cells if not cell.isprintable() or cell != cell.strip()] == []
    runnable = [cell for cell in cells if cell.startswith(tuple(starts)) and not cell[1:].isdigit()]
    assert (runnable, data.startswith(MARKS[encoding])) == ([], True)
