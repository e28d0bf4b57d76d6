"""Inventory files as a stream of rows: any encoding, delimiter and header the shop's sources write, nothing guessed."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import BinaryIO

from foundation.errors import BadInput
from inventory.domain.facts import RAW_FIELD_NAMES, Problem, RawFields
from inventory.domain.file_kinds import refuse_other_kinds
from inventory.domain.headers import DELIMITERS, Header, header_error, is_header, known_fields, read_header
from inventory.domain.text_scan import TextScan, scan_text, text_of

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_MILEAGE = re.compile(r"-?\d[\d,]*(\.\d+)?", re.ASCII)
# Odometers have six digits.
_HIGHEST_MILEAGE = 999_999
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class SheetLimits:
    """What a file may hold at most."""

    max_bytes: int = 25 * 1024 * 1024
    max_rows: int = 200_000
    max_columns: int = 200
    max_cell: int = 10_000


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that gives no fields; its problem is an error."""

    problem: Problem


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """An opened inventory file; iterating gives its rows, as often as the stream stays open.

    `notices` are sentences for people. `holds` are codes of what a person must confirm: W_NO_STATUS (every status is
    blank) and W_MOJIBAKE (encoded twice). `warnings` about columns that are not stored grow while rows are read.
    """

    header: Header
    header_row: int
    delimiter: str
    scan: TextScan
    limits: SheetLimits
    stream: BinaryIO
    notices: tuple[str, ...]
    warnings: list[Problem] = field(default_factory=list)

    @property
    def has_status(self) -> bool:
        return "status" in self.header.columns

    @property
    def holds(self) -> tuple[str, ...]:
        found = {"W_NO_STATUS": not self.has_status, "W_MOJIBAKE": self.scan.has_mojibake}
        return tuple(code for code, holds in found.items() if holds)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        return self.header.extra_columns

    def __iter__(self) -> Iterator[tuple[int, RawFields | RowFault]]:
        """Each row below the header with its number as a spreadsheet counts it; blank rows are left out.

        A row that cannot be read is a `RowFault` (E_COLS, E_QUOTE, E_MILEAGE). Raises `BadInput`, also after rows were
        given, when the file as a whole cannot be trusted: E_QUOTE, E_TRUNCATED, E_CELL, E_TOO_MANY, E_NO_ROWS.
        """
        read = 0
        for number, row in self._rows():
            read += 1
            if read > self.limits.max_rows:
                raise BadInput(f"The file has more than {self.limits.max_rows:,} rows. Split it.", code="E_TOO_MANY")
            yield number, row
        if not read:
            raise BadInput("The file has a header and no rows below it. Export it again.", code="E_NO_ROWS")

    def _rows(self) -> Iterator[tuple[int, RawFields | RowFault]]:
        width, vin_at, mileage_at = self.header.width, self.header.columns["vin"], self.header.mileage_position
        # A column that the sheet lacks reads a blank cell behind the row.
        pick = itemgetter(*(self.header.columns.get(name, width) for name in RAW_FIELD_NAMES))
        blank = [""] if self.header.missing else []
        for number, cells in self._records():
            if isinstance(cells, RowFault):
                yield number, cells
            elif len(cells) == width and (cells[vin_at].strip() or not _is_blank(cells)):
                fault = None if mileage_at is None else self._mileage_fault(number, cells[mileage_at])
                yield number, fault or RawFields._make(pick(cells + blank))
            elif not _is_blank(cells):
                yield number, self._wrong_width(number, cells)

    def _records(self) -> Iterator[tuple[int, list[str] | RowFault]]:
        may_exceed = self.scan.longest_line > self.limits.max_cell
        number = line = 0
        with text_of(self.stream, self.scan.encoding) as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            while True:
                number, line = number + 1, reader.line_num
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield number, self._unreadable(number, line + 1, reader.line_num, error)
                    continue
                spans_lines = reader.line_num > line + 1
                if may_exceed or spans_lines:
                    _check_cells(cells, line + 1, self.limits)
                if (spans_lines or len(cells) != self.header.width) and number > self.header_row:
                    self._refuse_swallowed_or_cut(cells, line + 1, reader.line_num)
                if number > self.header_row:
                    yield number, cells

    def _refuse_swallowed_or_cut(self, cells: list[str], first_line: int, last_line: int) -> None:
        # A stray quote joins lines into one cell; counting that as one bad row would lose the others unseen.
        width = self.header.width
        holds_a_row = any(cell.count(self.delimiter) >= width - 1 for cell in cells)
        if last_line > first_line and (holds_a_row or len(cells) != width):
            raise _unclosed_quote(first_line)
        is_cut = last_line == self.scan.lines and not self.scan.is_last_line_complete
        if is_cut and len(cells) < width and not _is_blank(cells):
            raise _truncated(first_line)

    def _unreadable(self, number: int, first_line: int, last_line: int, error: csv.Error) -> RowFault:
        if "field larger" in str(error) and last_line == first_line:
            raise _cell_too_long(first_line, self.limits)
        if last_line > first_line or number <= self.header_row:
            raise _unclosed_quote(first_line)
        if "unexpected end" in str(error):
            raise _unclosed_quote(first_line) if self.scan.is_last_line_complete else _truncated(first_line)
        message = "A quote stands inside a quoted cell. Double it, or leave the quotes around the cell out."
        return RowFault(Problem(number, "", "", "E_QUOTE", message))

    def _wrong_width(self, number: int, cells: list[str]) -> RowFault:
        message = f"The row has {len(cells)} cells and the header {self.header.width}. Check its commas and quotes."
        return RowFault(Problem(number, "", self.delimiter.join(cells)[:_SHOWN], "E_COLS", message))

    def _mileage_fault(self, number: int, text: str) -> RowFault | None:
        text = text.strip()
        if not _MILEAGE.fullmatch(text):
            return None
        if text.startswith("-"):
            return RowFault(
                Problem(number, "Mileage", text[:_SHOWN], "E_MILEAGE", "A mileage cannot be negative. Correct it.")
            )
        if len(text.partition(".")[0].replace(",", "").lstrip("0")) > len(str(_HIGHEST_MILEAGE)):
            message = f"The mileage is above {_HIGHEST_MILEAGE:,}; it is not stored."
            self.warnings.append(Problem(number, "Mileage", text[:_SHOWN], "W_MILEAGE", message))
        return None


def open_sheet(stream: BinaryIO, *, limits: SheetLimits | None = None) -> Sheet:
    """Open a seekable binary stream as an inventory file; its rows are read later and one by one.

    The content decides what the file is. The header may stand below one extra line or a line `sep=;`; its names may be
    any of the accepted synonyms. Raises `BadInput` with a code that says why nothing of the file can be used: E_EMPTY,
    E_TOO_LARGE, E_MAGIC, E_ZIP, E_ZIP_RATIO, E_ENCODING, E_NUL, E_TRUNCATED, E_QUOTE, E_CELL, E_TOO_WIDE, E_NO_ROWS,
    E_HEADER, E_DELIM, E_DUP_HEADER.
    """
    limits = limits or SheetLimits()
    size = stream.seek(0, 2)
    if size > limits.max_bytes:
        raise BadInput(
            f"The file has {size:,} bytes; at most {limits.max_bytes:,} are read. Split it.", code="E_TOO_LARGE"
        )
    refuse_other_kinds(stream)
    scan = scan_text(stream)
    delimiter, header_row, header = _find_header(stream, scan, limits)
    notices = tuple(_notices(scan, header_row, delimiter, header))
    return Sheet(
        header=header,
        header_row=header_row,
        delimiter=delimiter,
        scan=scan,
        limits=limits,
        stream=stream,
        notices=notices,
    )


def _find_header(stream: BinaryIO, scan: TextScan, limits: SheetLimits) -> tuple[str, int, Header]:
    declared = _declared_delimiter(stream, scan)
    heads = {
        delimiter: _first_rows(stream, scan, delimiter, skip=int(bool(declared)))
        for delimiter in declared or DELIMITERS
    }
    for delimiter, rows in heads.items():
        for position, (number, cells) in enumerate(rows):
            if is_header(cells) and not (position and known_fields(rows[0][1])):
                _check_width(cells, number, limits)
                return delimiter, number, read_header(cells)
    raise _no_header(heads, limits)


def _no_header(heads: dict[str, list[tuple[int, list[str]]]], limits: SheetLimits) -> BadInput:
    if not all(heads.values()):
        return BadInput("The file holds blank lines only. Export it again.", code="E_NO_ROWS")
    candidates = [(delimiter, number, cells) for delimiter, rows in heads.items() for number, cells in rows]
    delimiter, number, cells = max(candidates, key=lambda candidate: len(known_fields(candidate[2])))
    _check_width(cells, number, limits)
    _check_cells(cells, number, limits)
    return header_error(cells, delimiter)


def _declared_delimiter(stream: BinaryIO, scan: TextScan) -> str:
    with text_of(stream, scan.encoding) as text:
        match = _SEPARATOR_LINE.fullmatch(text.readline().rstrip("\r\n"))
    if match and match[1] not in DELIMITERS:
        raise BadInput(
            f"The first line declares {match[1]!r} as delimiter. Save the file with commas.",
            code="E_DELIM",
        )
    return match[1] if match else ""


def _first_rows(stream: BinaryIO, scan: TextScan, delimiter: str, *, skip: int) -> list[tuple[int, list[str]]]:
    """The first two rows that are not blank; the header is one of them."""
    rows: list[tuple[int, list[str]]] = []
    with text_of(stream, scan.encoding) as text:
        # One line at a time: a stray quote must not swallow the file before its delimiter is known.
        for number, line in enumerate(text, 1):
            cells = _split_line(line, delimiter)
            if number > skip and not _is_blank(cells):
                rows.append((number, cells))
            if len(rows) == 2:
                break
    return rows


def _split_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        # Longer than the reader can take: one cell, which the check of cell lengths then refuses.
        return [line]


def _notices(scan: TextScan, header_row: int, delimiter: str, header: Header) -> Iterator[str]:
    if scan.encoding == "cp1252":
        yield f"The file is not UTF-8; it was read as Windows-1252. Check this sample: {scan.sample}"
    if scan.has_mojibake:
        yield f"{scan.mojibake} places look like text that was encoded twice."
    if delimiter != ",":
        yield f"The cells are separated by {DELIMITERS[delimiter]}."
    if header_row > 1:
        yield f"The header is in row {header_row}; no row above it was read as a vehicle."
    if header.missing:
        yield f"These columns are missing and stay empty: {', '.join(header.missing)}."
    if header.extra_columns:
        yield f"These columns are not stored: {', '.join(header.extra_columns)}."


def _is_blank(cells: list[str]) -> bool:
    return not any(map(str.strip, cells))


def _check_cells(cells: list[str], line: int, limits: SheetLimits) -> None:
    if cells and max(map(len, cells)) > limits.max_cell:
        raise _cell_too_long(line, limits)


def _check_width(cells: list[str], line: int, limits: SheetLimits) -> None:
    if len(cells) > limits.max_columns:
        raise BadInput(
            f"Line {line} has {len(cells):,} columns; at most {limits.max_columns} are read. Remove the others.",
            code="E_TOO_WIDE",
        )


def _cell_too_long(line: int, limits: SheetLimits) -> BadInput:
    return BadInput(
        f"Line {line} has a cell of more than {limits.max_cell:,} characters. Shorten it, or check the quotes there.",
        code="E_CELL",
    )


def _unclosed_quote(line: int) -> BadInput:
    return BadInput(
        f"The quote that opens in line {line} is not closed on the right place; the rows after it cannot be told "
        "apart. Mend the quotes of that line.",
        code="E_QUOTE",
    )


def _truncated(line: int) -> BadInput:
    return BadInput(f"The file is cut off in line {line}. Export it again.", code="E_TRUNCATED")
