"""Rejected rows as a file to be mended: taken out of an inventory file, and put back in their places."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

from foundation.errors import BadInput
from foundation.spreadsheet_csv import protect_cell
from inventory.domain.headers import fold_header
from inventory.domain.sheets import Sheet
from inventory.domain.text_scan import text_of

REASON_COLUMN = "Why it was rejected"
_MARK = re.compile(r"row[ _-]of[ _-]import[ _-](\d{1,9})(?!\d)", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def row_column(import_id: int) -> str:
    """The header of the column that tells where each row stands in the file of which import."""
    return f"Row of import {import_id}"


def marked_import(head: bytes) -> int | None:
    """The import whose rejected rows a file holds, by its first bytes; None for every other file."""
    text = head.decode("utf-16" if head.startswith(_UTF_16) else "latin-1", "ignore")
    first, second = [*text.splitlines()[:2], "", ""][:2]
    # A first line may declare the delimiter.
    found = _MARK.search(second if first.strip('\ufeff"').casefold().startswith("sep=") else first)
    return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file with its number as a spreadsheet counts; `line` is its text where it cannot be read."""

    number: int
    cells: list[str]
    line: str = ""


def records_of(sheet: Sheet) -> Iterator[Record]:
    """Every record of the file from its first line on; one that cannot be read has the cells of a lenient reader."""
    with text_of(sheet.stream, sheet.scan.encoding) as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=sheet.delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                record = Record(number, next(reader))
            except StopIteration:
                return
            except csv.Error:
                record = Record(number, next(csv.reader([lines.last], delimiter=sheet.delimiter), []), lines.last)
            yield record


class _Lines:
    """The lines of a text, with the last one that was given."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.last = line
            yield line


def take_out(sheet: Sheet, reasons: Mapping[int, str], *, import_id: int) -> Iterator[list[str]]:
    """The rows with these numbers as they stand, below the file's own header; number and reason come first."""
    for record in records_of(sheet):
        if record.number == sheet.header_row:
            yield [row_column(import_id), REASON_COLUMN, *record.cells]
        elif record.number in reasons:
            yield [str(record.number), reasons[record.number], *record.cells]


def mended_rows(sheet: Sheet, *, import_id: int, header: list[str]) -> dict[int, list[str]]:
    """The cells of a mended file by the row numbers that stand in it, in the order of the `header` they came from.

    Raises `BadInput` for a file that cannot be read, a column that is missing, and a cell that is no row number.
    """
    for _ in sheet:
        # Reading it as an inventory refuses what cannot be told apart.
        pass
    rows: dict[int, list[str]] = {}
    order: list[int] = []
    for record in records_of(sheet):
        if record.number == sheet.header_row:
            order = _order(record.cells, import_id, header)
        elif record.number > sheet.header_row and any(map(str.strip, record.cells)):
            at, *places = order
            cells = [_unprotected(cell) for cell in record.cells] + [""] * len(order)
            surplus = _unprotected_surplus(record.cells, len(header) + 2)
            rows[_number(record, cells[at])] = [*(cells[place] for place in places), *surplus]
    return rows


def _order(cells: list[str], import_id: int, header: list[str]) -> list[int]:
    """Where the row number stands, then where each column of the original header stands."""
    names = [fold_header(cell) for cell in cells]
    wanted = [fold_header(row_column(import_id)), *map(fold_header, header)]
    missing = [name for name in (row_column(import_id), *header) if fold_header(name) not in names]
    if missing:
        words = ", ".join(missing)
        raise BadInput(f"The columns {words} are missing. Leave the columns of the downloaded rows as they are.")
    return [names.index(name) for name in wanted]


def _unprotected_surplus(cells: list[str], width: int) -> list[str]:
    """Cells beyond the header: a row that had too many still has too many."""
    surplus = [_unprotected(cell) for cell in cells[width:]]
    while surplus and not surplus[-1].strip():
        surplus.pop()
    return surplus


def _unprotected(cell: str) -> str:
    """The cell without the mark that kept a spreadsheet from running it."""
    bare = cell.removeprefix("'")
    return bare if cell != bare and protect_cell(bare) == cell else cell


def _number(record: Record, text: str) -> int:
    text = text.strip().replace(",", "").removesuffix(".0")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput(
            f"Row {record.number} does not say which row it mends: {text[:40]!r} is no number. Leave the first column "
            "of the downloaded rows as it is.",
            code="E_ROW",
        )
    return int(text)


def put_back(sheet: Sheet, rows: Mapping[int, list[str]], out: TextIO) -> None:
    """Write the file again with these rows in the place of the former ones; all others stay as they are.

    Raises `BadInput` when a row is not in the file, and when not a single one was changed.
    """
    writer = csv.writer(out, delimiter=sheet.delimiter, lineterminator="\r\n")
    last = changed = 0
    for record in records_of(sheet):
        last = record.number
        mended = rows.get(record.number) if record.number > sheet.header_row else None
        if mended is not None and mended != record.cells:
            changed += 1
            writer.writerow(mended)
        elif record.line:
            out.write(record.line)
        else:
            writer.writerow(record.cells)
    if outside := [number for number in rows if not sheet.header_row < number <= last]:
        raise BadInput(f"Row {outside[0]} is not in the file that the rows come from.", code="E_ROW")
    if not changed:
        raise BadInput("No row was changed. Mend the rows, then upload them.", code="E_UNCHANGED")
