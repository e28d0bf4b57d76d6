"""XLSX files that people open in a spreadsheet: texts stay texts, numbers are numbers, equal rows give equal bytes."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from xlsxwriter import Workbook

from foundation.spreadsheet_csv import one_line

Cell = str | int
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_TEXT = 32_767
_CREATED_AT = datetime(1980, 1, 1, tzinfo=UTC)  # one date for all, so that equal rows give equal bytes


def spreadsheet_xlsx(sheets: Mapping[str, Iterable[Sequence[Cell]]]) -> bytes:
    """The rows of each sheet by its name, as a workbook.

    A text is written as a text in the cell format Text, so that no spreadsheet runs it as a formula, even after it is
    edited; it stands on one line, cut at the length that a cell can hold.
    """
    buffer = io.BytesIO()
    workbook = Workbook(buffer, {"in_memory": True})
    workbook.set_properties({"created": _CREATED_AT})
    text_format = workbook.add_format({"num_format": "@"})
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for at_row, row in enumerate(rows):
            for at_column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(at_row, at_column, cell)
                elif text := one_line(cell):
                    sheet.write_string(at_row, at_column, text[:_LONGEST_TEXT], text_format)
        sheet.autofit()
    workbook.close()
    return buffer.getvalue()
