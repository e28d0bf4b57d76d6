"""CSV files that people open in a spreadsheet: billing sheets, exports and lists of problems."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

PLAIN_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f]+")
_SPREADSHEET_FORMULA_START = ("=", "+", "-", "@")
_ROWS_AT_ONCE = 500
_HIDDEN_START = ("\t", "\x00", "\r", "\n")


def one_line(text: str) -> str:
    """The text with every run of blanks, line breaks, tabs and control characters as one blank, trimmed."""
    return _BREAKS.sub(" ", text).strip()


def protect_cell(text: str) -> str:
    """The text on one line, with `'` in front when a spreadsheet would take it for a formula.

    Formula characters are `= + - @` (full-width forms included), a tab and NUL; plain numbers stay numbers.
    """
    cell = one_line(text)
    is_formula = unicodedata.normalize("NFKC", cell[:1]).startswith(_SPREADSHEET_FORMULA_START)
    if text.startswith(_HIDDEN_START) or (is_formula and not PLAIN_NUMBER.fullmatch(cell)):
        return f"'{cell}"
    return cell


def spreadsheet_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as UTF-8 CSV with CRLF, every cell protected against being run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([protect_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def stream_spreadsheet_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The same file in pieces, so that any number of rows takes the memory of a few hundred."""
    waiting = iter(rows)
    while piece := list(islice(waiting, _ROWS_AT_ONCE)):
        yield spreadsheet_csv(piece)
