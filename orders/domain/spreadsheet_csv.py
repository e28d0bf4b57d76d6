"""CSV files that people open in a spreadsheet: billing sheets and exports."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from orders.domain.cell_text import PLAIN_NUMBER, one_line

_SPREADSHEET_FORMULA_START = ("=", "+", "-", "@")
_HIDDEN_START = ("\t", "\x00", "\r", "\n")


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
