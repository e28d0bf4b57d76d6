"""VIN logs as sheets: reading any layout by its content, telling new entries from known ones, and writing a copy.

A sheet may hold several lists side by side. A list is a column of VINs with, usually, a column of order labels.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from foundation.errors import BadInput
from foundation.spreadsheet_csv import protect_cell
from inventory.domain.vin import VIN_LENGTH, has_valid_check_digit, is_vin, normalise_vin
from orders.domain.vin_log_columns import ListColumns, Sheet, find_lists, is_title_of

LONGEST_LABEL = 200
EXPORT_HEADER = ("VIN", "ORDER_NUMBER", "ORDER_DATE", "BASELINE")

_STORABLE = re.compile(r"[A-Za-z0-9]{11,20}", re.ASCII)
_ORDER_NOTE = re.compile(r"GENERIC[\W_]*ORDER", re.IGNORECASE)
_MIDNIGHT = re.compile(r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4})[ T]0?0:00(?::00(?:\.0+)?)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\x1f\x8b")
_REIMPORT = "Correct the cell and import the file again; rows that are already logged are not added twice."


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One print that a log tells of; `row_number` and `list_title` say where, for people."""

    vin: str
    label: str = ""
    order_date: date | None = None
    is_baseline: bool = False
    row_number: int = 0
    list_title: str = ""


@dataclass(frozen=True, slots=True)
class LogProblem:
    """A remark on one cell: codes with `E_` were not stored, codes with `W_` were stored as typed."""

    row_number: int
    value: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogList:
    """One list of a sheet; columns count from 1, and `label_column` is 0 where there is none."""

    title: str
    vin_column: int
    label_column: int
    is_baseline: bool
    rows_read: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedLog:
    """What a sheet holds. Always `rows_read == len(entries) + blank_rows + len(problems)`; warnings come on top."""

    lists: tuple[LogList, ...]
    entries: tuple[ParsedEntry, ...]
    rows_read: int
    blank_rows: int
    problems: tuple[LogProblem, ...]
    warnings: tuple[LogProblem, ...]


@dataclass(slots=True)
class _Account:
    entries: list[ParsedEntry] = field(default_factory=list)
    problems: list[LogProblem] = field(default_factory=list)
    warnings: list[LogProblem] = field(default_factory=list)
    rows_read: int = 0
    blank_rows: int = 0


def read_sheet(data: bytes) -> list[list[str]]:
    """The cells of a CSV file in UTF-8, UTF-16 with byte order mark, or Windows-1252.

    Of comma, semicolon, tab and bar, the delimiter is the one that sets most VINs apart. Raises `BadInput` for an empty
    file, for anything but text, and for quotation marks that do not close.
    """
    text = _decode(data)
    if not text.strip():
        raise BadInput("The file is empty. An empty VIN log has at least its titles, ORDER,VIN.")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise BadInput(f"Line {line} holds a control character, so this is no text. Save the sheet as CSV (UTF-8).")
    readings = [_try_delimiter(text, delimiter) for delimiter in ",;\t|" if delimiter == "," or delimiter in text]
    _, rows, error = max(readings, key=lambda reading: reading[0])
    if error:
        raise BadInput(f"The file is no CSV ({error}). Look for an open quotation mark and save it as CSV again.")
    return rows


def _try_delimiter(text: str, delimiter: str) -> tuple[int, list[list[str]], str]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return 0, [], str(error)
    return sum(bool(normalise_vin(cell).vin) for row in rows for cell in row), rows, ""


def _decode(data: bytes) -> str:
    if data.startswith(_NO_TEXT):
        raise BadInput("This is no CSV file. Open it in a spreadsheet and save it as CSV (UTF-8).")
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("The file's text cannot be read. Save it as CSV (UTF-8).")


def parse_log(rows: Sequence[Sequence[str]], *, columns: tuple[int, int] | None = None) -> ParsedLog:
    """All lists of a sheet, or the one list whose label and VIN column are given (from 1; label column 0: none).

    A label applies downward until the next one and blank rows do not end it; beside the VINs of a columnar file, each
    row has its own label. Titles are no rows. A row without a VIN, with or without a label, is a blank row.
    Raises `BadInput` for columns that the sheet does not have, and where no column holds VINs.
    """
    sheet = Sheet.of(rows)
    found = find_lists(sheet, columns)
    account = _Account()
    lists = [_read_list(sheet, columns_of_list, account) for columns_of_list in found]
    if columns is None:
        _report_strays(sheet, found, account)
    return ParsedLog(
        lists=tuple(lists),
        entries=tuple(account.entries),
        rows_read=account.rows_read,
        blank_rows=account.blank_rows,
        problems=tuple(account.problems),
        warnings=tuple(account.warnings),
    )


def _read_list(sheet: Sheet, columns: ListColumns, account: _Account) -> LogList:
    rows_before, entries_before = account.rows_read, len(account.entries)
    label = ""
    for row_number, row in enumerate(sheet.rows, start=1):
        text = row[columns.vin].strip()
        if row_number == sheet.header_number and not _storable_vin(text):
            continue
        label = _label_at(row, columns, label, row_number)
        if is_title_of(columns, text):
            continue
        account.rows_read += 1
        if text:
            _read_vin(row_number, row, columns, label, account)
        else:
            account.blank_rows += 1
    return LogList(
        title=columns.title,
        vin_column=columns.vin + 1,
        label_column=0 if columns.label is None else columns.label + 1,
        is_baseline=columns.is_baseline,
        rows_read=account.rows_read - rows_before,
        entries=len(account.entries) - entries_before,
    )


def _label_at(row: Sequence[str], columns: ListColumns, label_above: str, row_number: int) -> str:
    cell = "" if columns.label is None else row[columns.label]
    midnight = _MIDNIGHT.fullmatch(cell.strip())
    label = midnight.group(1) if midnight else cell if cell.strip() else ""
    label = _without_protection(label) if columns.is_columnar else label
    if len(label) > LONGEST_LABEL:
        raise BadInput(
            f"Row {row_number}: the label has {len(label)} characters; {LONGEST_LABEL} fit. Shorten it, or close an "
            "open quotation mark above it."
        )
    if columns.is_columnar:
        return label
    is_label = label and not columns.is_label_title(label) and not is_vin(label.strip())
    return label if is_label else label_above


def _read_vin(row_number: int, row: Sequence[str], columns: ListColumns, label: str, account: _Account) -> None:
    text = row[columns.vin].strip()
    vin = _storable_vin(text)
    if not vin:
        account.problems.append(_problem(row_number, text))
        return
    account.warnings.extend(_vin_warnings(row_number, text))
    order_date = None
    if columns.date is not None and row[columns.date].strip():
        order_date = _read_date(row[columns.date])
        if order_date is None:
            message = "This is no date like 2025-05-23 or 05/23/2025; the VIN was logged without a date."
            account.warnings.append(LogProblem(row_number, row[columns.date], "W_DATE", message))
    entry = ParsedEntry(
        vin=vin,
        label=label,
        order_date=order_date,
        is_baseline=_is_baseline(row, columns, label),
        row_number=row_number,
        list_title=columns.title,
    )
    account.entries.append(entry)


def _storable_vin(text: str) -> str:
    """The VIN to log, also one that breaks today's rules: CAO must still find it. Empty for what is no VIN."""
    reading = normalise_vin(text)
    if reading.vin or reading.code not in {"E_VIN_LEN", "E_VIN_CHARS"}:
        return reading.vin
    has_digits = sum(char.isdigit() for char in text) >= 4
    return text.upper() if has_digits and _STORABLE.fullmatch(text) else ""


def _problem(row_number: int, text: str) -> LogProblem:
    if _ORDER_NOTE.match(text):
        return LogProblem(row_number, text, "E_NOTE", "This is an order note, not a VIN; it was not logged.")
    reading = normalise_vin(text)
    return LogProblem(row_number, text, reading.code, f"{reading.message} It was not logged. {_REIMPORT}")


def _vin_warnings(row_number: int, text: str) -> list[LogProblem]:
    reading = normalise_vin(text)
    if not reading.vin:
        code = reading.code.replace("E_", "W_", 1)
        return [LogProblem(row_number, text, code, f"{reading.message} It was logged as typed.")]
    if not has_valid_check_digit(reading.vin):
        message = "The check digit in position 9 is wrong. The VIN was logged as typed; compare it with the vehicle."
        return [LogProblem(row_number, text, "W_CHECKDIGIT", message)]
    return []


def _read_date(cell: str) -> date | None:
    midnight = _MIDNIGHT.fullmatch(cell.strip())
    text = midnight.group(1) if midnight else cell.strip()
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


def _is_baseline(row: Sequence[str], columns: ListColumns, label: str) -> bool:
    mark = "" if columns.baseline is None else row[columns.baseline].strip().lower()
    if mark in {"yes", "no"}:
        return mark == "yes"
    return columns.is_baseline or is_baseline_label(label)


def is_baseline_label(label: str) -> bool:
    """Whether entries under this label block CAO without ever counting as duplicates: it says "baseline"."""
    return "baseline" in label.casefold()


def _report_strays(sheet: Sheet, lists: Sequence[ListColumns], account: _Account) -> None:
    read = {columns.vin for columns in lists} | {columns.label for columns in lists if columns.is_columnar}
    message = f"This VIN stands outside the columns of VINs; it was not logged. Move it into one of them. {_REIMPORT}"
    for row_number, row in enumerate(sheet.rows, start=1):
        for index, cell in enumerate(row):
            if len(cell) >= VIN_LENGTH and index not in read and normalise_vin(cell).vin:
                account.rows_read += 1
                account.problems.append(LogProblem(row_number, cell, "E_VIN_PLACE", message))


def split_new(
    entries: Iterable[ParsedEntry], logged: Mapping[tuple[str, str], int]
) -> tuple[tuple[ParsedEntry, ...], tuple[ParsedEntry, ...]]:
    """The entries that the log lacks, and those it already holds.

    `logged` counts the imported entries of the dealership by label and VIN. An entry is already logged when the log
    holds as many as the file has shown so far: importing twice adds nothing, repeats inside a file are kept.
    """
    new: list[ParsedEntry] = []
    already: list[ParsedEntry] = []
    shown: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        key = (entry.label, entry.vin)
        shown[key] += 1
        (already if shown[key] <= logged.get(key, 0) else new).append(entry)
    return tuple(new), tuple(already)


def render_log(entries: Iterable[ParsedEntry]) -> str:
    """The entries as a CSV file that `parse_log` reads back as the same entries, safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(EXPORT_HEADER)
    for entry in entries:
        day = entry.order_date.isoformat() if entry.order_date else ""
        writer.writerow((entry.vin, _with_protection(entry.label), day, "yes" if entry.is_baseline else "no"))
    return text.getvalue()


def _with_protection(label: str) -> str:
    return f"'{label}" if label.startswith("'") or protect_cell(label).startswith("'") else label


def _without_protection(label: str) -> str:
    return label[1:] if label.startswith("'") and _with_protection(label[1:]) == label else label
