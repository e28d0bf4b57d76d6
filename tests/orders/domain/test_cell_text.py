import csv
import io
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.spreadsheet_csv import protect_cell, spreadsheet_csv
from orders.domain.cell_text import TextEncoding, clean_text, without_formula_start


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Citro\u00ebn \u00c9dition", "Citroen Edition"),
        ("\u201cGT\u201d \u2018Line\u2019 \u2013 S", "\"GT\" 'Line' - S"),
        ("Quattro\u00ae S-Line\u2122", "Quattro S-LineTM"),
        ("4\u00a0Door", "4 Door"),
        ("a\r\nb\tc\x00d", "a b c d"),
        ("  two   blanks ", "two blanks"),
        ("\uff1dcmd", "=cmd"),
        ("\u00bd ton", "1/2 ton"),
        ("Stra\u00dfe \u0141\u00f3d\u017a", "Strasse Lodz"),
        ("zero\u200bwidth \u202eevil", "zerowidth evil"),
        ("line\u2028break", "line break"),
        ("\u65e5\u672c", ""),
        ("5'7\" Box", "5'7\" Box"),
    ],
)
def test_text_becomes_plain_characters_on_one_line(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@given(st.text())
def test_clean_text_is_printable_ascii_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.isascii()
    assert cleaned.isprintable()
    assert cleaned == cleaned.strip()
    assert clean_text(cleaned) == cleaned


UNICODE = [encoding for encoding in TextEncoding if encoding is not TextEncoding.ASCII]


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Citro\u00ebn \u00c9dition", "Citro\u00ebn \u00c9dition"),
        ("E\u0301dition", "\u00c9dition"),
        ("\u201cGT\u201d \u2013 S\u00ae", "\u201cGT\u201d \u2013 S\u00ae"),
        ("\u65e5\u672c \U0001f697", "\u65e5\u672c \U0001f697"),
        ("4\u00a0Door\u2003 long\u3000", "4 Door long"),
        ("a\r\nb\tc\x00d\x85e\x9bf\u2028g", "a b c d e f g"),
        ("zero\u200bwidth \u202eevil\ufeff", "zerowidth evil"),
        ("lone\ud83d half", "lone half"),
        ("\u3164\u2800\u115f\ufe0f", ""),
        ("plain", "plain"),
    ],
)
def test_other_encodings_keep_what_can_be_seen(text: str, expected: str, encoding: TextEncoding) -> None:
    assert clean_text(text, encoding) == expected


@given(st.text(st.characters()), st.sampled_from(UNICODE))
def test_text_in_any_encoding_is_printable_composed_and_stable(text: str, encoding: TextEncoding) -> None:
    cleaned = clean_text(text, encoding)
    assert cleaned.encode(encoding).decode(encoding) == cleaned
    assert cleaned.isprintable()
    assert (cleaned, cleaned) == (cleaned.strip(), normalize("NFC", cleaned))
    assert clean_text(cleaned, encoding) == cleaned


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=SUM(A1)", "SUM(A1)"),
        ("\uff1d\uff0b\uff20SUM(A1)", "SUM(A1)"),
        ("\ufe63x", "x"),
        ("\uff05PATH", "PATH"),
        ("\u2260x", "\u2260x"),
        ("+1 555", "1 555"),
        ("@import", "import"),
        ("|calc", "calc"),
        ("%PATH%", "PATH%"),
        ("- - x", "x"),
        ("==x", "x"),
        ("-5", "-5"),
        ("+3.5", "+3.5"),
        ("-37,500", "-37,500"),
        ("-", ""),
        ("", ""),
        ("A-1", "A-1"),
        ("'=x", "'=x"),
    ],
)
def test_a_leading_formula_character_is_left_out_unless_it_signs_a_number(cell: str, expected: str) -> None:
    assert without_formula_start(cell) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ("\uff1dx", "'\uff1dx"),
        ("\uff0bx", "'\uff0bx"),
        ("\uff0dx", "'\uff0dx"),
        ("\uff20x", "'\uff20x"),
        ("  =x", "'=x"),
        ("\tx", "'x"),
        ("\x00x", "'x"),
        ("\rx", "'x"),
        ("-22500", "-22500"),
        ("+1.5", "+1.5"),
        ("|x", "|x"),
        ("1C4RJHAG3P8900725", "1C4RJHAG3P8900725"),
        ("a\nb", "a b"),
        ("", ""),
    ],
)
def test_a_spreadsheet_cell_that_would_be_a_formula_gets_an_apostrophe(text: str, expected: str) -> None:
    assert protect_cell(text) == expected


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1))
def test_an_exported_table_reads_back_as_text_without_formulas(rows: list[list[str]]) -> None:
    data = spreadsheet_csv(rows)
    read = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    assert read == [[protect_cell(cell) for cell in row] for row in rows]
    assert data.count(b"\n") == data.count(b"\r\n") == len(rows)
