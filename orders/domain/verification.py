"""Reading an order's files back and comparing them with its lines, by other code than that which wrote them."""

import csv
import hashlib
import io
import json
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dealerships.domain.output import BillingLayout
from dealerships.domain.rules import Condition
from orders.domain import file_names
from orders.domain.cell_text import TextEncoding, clean_text
from orders.domain.lines import LineContent, OrderContent
from orders.domain.output_templates import OutputOptions, OutputTemplate
from orders.domain.packaging import README_NAME
from orders.domain.qr import ImageFacts, UnreadableImageError, qr_text, read_image
from orders.domain.rendering import render_line
from orders.domain.vehicle_export import HEADER
from orders.domain.workbook_reading import UnreadableWorkbookError, read_workbook

_BILLING_WIDTHS = {BillingLayout.BILLING2: 9, BillingLayout.PRINTED_VEHICLES: 14}
_UNREADABLE_ZIP = (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, struct.error, zlib.error)
# What each encoding begins with, what its bytes are read as, and what people call it.
_READINGS = {
    TextEncoding.ASCII: (b"", "utf-8", "7-bit ASCII"),
    TextEncoding.UTF8: (b"", "utf-8", "UTF-8"),
    TextEncoding.UTF8_MARKED: (b"\xef\xbb\xbf", "utf-8", "UTF-8 behind its byte order mark"),
    TextEncoding.UTF16: (b"\xff\xfe", "utf-16-le", "UTF-16 behind its byte order mark"),
}
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_NUMBER = re.compile(r"[+-]?[\d,]+(\.\d+)?")
_IMAGE_SIZE, _IMAGE_MODE, _IMAGE_DPI = (388, 388), "1", (300, 300)


@dataclass(frozen=True, kw_only=True)
class _ExpectedCsv:
    name: str
    template: OutputTemplate
    lines: Sequence[LineContent]


def verify_order_files(content: OrderContent, files: Mapping[str, bytes]) -> list[str]:
    """What is wrong with an order's files, as sentences; an empty list means that they may be released.

    `files` holds bytes by name relative to the order's folder. Every table is read back and compared with the order
    lines, every QR code is scanned and must say what its own line says, and the ZIP must hold the same bytes.
    """
    tables = _expected_csvs(content)
    expected = {
        *(table.name for table in tables),
        *([file_names.billing_workbook_name(content)] if content.settings.has_workbook else []),
        *(file_names.image_file(line, content.settings) for line in content.lines),
        file_names.billing_name(content),
        file_names.vehicles_name(content),
        file_names.SUMMARY_NAME,
        file_names.zip_name(content),
    }
    problems = [f"{name} is missing." for name in sorted(expected - files.keys())]
    problems += [f"{name} does not belong to the order." for name in sorted(files.keys() - expected)]
    if problems:
        return problems
    for table in tables:
        problems += _csv_problems(table, content, files)
    problems += _image_problems(content, files)
    problems += _billing_problems(content, files[file_names.billing_name(content)])
    if content.settings.has_workbook:
        problems += _workbook_problems(content, files)
    problems += _export_problems(content, files[file_names.vehicles_name(content)])
    problems += _summary_problems(content, files)
    problems += _zip_problems(content, files)
    return problems


def _expected_csvs(content: OrderContent) -> list[_ExpectedCsv]:
    new, used = content.settings.template_new, content.settings.template_used
    if new.label == used.label:
        return [_ExpectedCsv(name=file_names.csv_name(content, new), template=new, lines=content.lines)]
    new_lines = [line for line in content.lines if line.condition is Condition.NEW]
    used_lines = [line for line in content.lines if line.condition is not Condition.NEW]
    tables = [
        _ExpectedCsv(name=file_names.csv_name(content, new, "NEW"), template=new, lines=new_lines),
        _ExpectedCsv(name=file_names.csv_name(content, used, "USED"), template=used, lines=used_lines),
    ]
    return [table for table in tables if table.lines]


def _csv_problems(table: _ExpectedCsv, content: OrderContent, files: Mapping[str, bytes]) -> Iterator[str]:
    text = yield from _text_problems(table, files[table.name])
    if not text.endswith("\r\n") or not text.count("\n") == text.count("\r") == text.count("\r\n"):
        yield f"{table.name} has a line that does not end with CRLF."
    header, *rows = _rows_of_text(text) or [[]]
    if header != [column.header for column in table.template.columns]:
        yield f"{table.name} has the header {','.join(header)}, which is not that of {table.template.label}."
    if len(rows) != len(table.lines):
        yield f"{table.name} has {len(rows)} rows for {len(table.lines)} lines."
    for line, row in zip(table.lines, rows, strict=False):
        where = f"{table.name}, line {line.seq} ({line.vin})"
        if len(row) != len(table.template.columns):
            yield f"{where}: {len(row)} cells instead of {len(table.template.columns)}."
        else:
            problems = list(_row_problems(table.template, line, row, content))
            problems = problems or list(_cell_problems(table.template, line, row, content))
            yield from (f"{where}: {problem}" for problem in problems)
    yield from _repeated_images(table, rows)


def _text_problems(table: _ExpectedCsv, data: bytes) -> Generator[str, None, str]:
    """The text of a CSV, as far as it can be read; its bytes must be those of the encoding, mark included."""
    encoding = table.template.options.encoding
    mark, codec, words = _READINGS[encoding]
    if not data.startswith(mark) or (encoding is TextEncoding.ASCII and not data.isascii()):
        yield f"{table.name} has bytes that are not {words}."
    try:
        return data.removeprefix(mark).decode(codec)
    except UnicodeDecodeError:
        yield f"{table.name} cannot be read as {words}."
        return ""


def _row_problems(
    template: OutputTemplate, line: LineContent, row: Sequence[str], content: OrderContent
) -> Iterator[str]:
    options = template.options
    vin, stock = (_comparable(clean_text(text, options.encoding)) for text in (line.vin, line.stock))
    for column, cell in zip(template.columns, row, strict=True):
        if column.is_required and not cell.strip():
            yield f"{column.header} is empty."
        if "vin" in column.formula.plain_fields and vin not in _comparable(cell):
            yield f"{column.header} does not name the VIN."
        if "stock" in column.formula.plain_fields and stock not in _comparable(cell):
            yield f"{column.header} does not name the stock number {line.stock}."
        problems = _path_problems(line, cell, content) if column.is_image else _forbidden(cell, options)
        yield from (f"{column.header} {problem}" for problem in problems)


def _comparable(text: str) -> str:
    """The text as every spelling of it reads: in capitals, inches in letters, without what starts a formula."""
    spelled = unicodedata.normalize("NFKD", text).replace('"', " in").upper()
    return " ".join(spelled.split()).lstrip("=+-@|% ")


def _forbidden(cell: str, options: OutputOptions) -> Iterator[str]:
    if _HIDDEN.search(cell):
        yield "holds a control character or a line break."
    starts = "=+-@" if options.data_sheet else "=+-@|%"
    if unicodedata.normalize("NFKC", cell[:1]).startswith(tuple(starts)) and not _NUMBER.fullmatch(cell):
        yield f"holds {cell!r}, which a spreadsheet would run."


def _cell_problems(
    template: OutputTemplate, line: LineContent, row: Sequence[str], content: OrderContent
) -> Iterator[str]:
    """What was written and what the line says now, where the two differ in any other way."""
    for column, cell, printed in zip(template.columns, row, render_line(line, template, content), strict=True):
        if cell != printed:
            yield f"{column.header} holds {cell!r} instead of {printed!r}."


def _path_problems(line: LineContent, path: str, content: OrderContent) -> Iterator[str]:
    settings = content.settings
    if not path.startswith(settings.profile_base):
        yield f"holds {path}, which is outside the base path {settings.profile_base}."
    if path.rpartition(settings.profile_separator)[2] != file_names.image_name(line, settings):
        yield f"holds {path}, which is not the image of this line."
    if settings.profile_separator == "\\" and len(path) > file_names.LONGEST_WINDOWS_PATH:
        yield f"holds a path of {len(path)} characters, which Windows cannot open."


def _repeated_images(table: _ExpectedCsv, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for index, column in enumerate(table.template.columns):
        paths = [row[index] for row in rows if column.is_image and index < len(row)]
        yield from (
            f"{table.name}: {column.header} names {path} {paths.count(path)} times."
            for path in dict.fromkeys(paths)
            if paths.count(path) > 1
        )


def _image_problems(content: OrderContent, files: Mapping[str, bytes]) -> Iterator[str]:
    for line in content.lines:
        name = file_names.image_file(line, content.settings)
        try:
            facts = read_image(files[name])
        except UnreadableImageError:
            yield f"{name} is not a picture."
            continue
        yield from (f"{name} {problem}" for problem in _fact_problems(facts, qr_text(line, content.settings)))


def _fact_problems(facts: ImageFacts, expected: str) -> Iterator[str]:
    if facts.size != _IMAGE_SIZE:
        yield f"has {facts.size[0]} x {facts.size[1]} pixels instead of 388 x 388."
    if facts.mode != _IMAGE_MODE:
        yield "is not pure black and white."
    if facts.dpi != _IMAGE_DPI:
        yield f"is marked with {facts.dpi[0]} dpi instead of 300."
    if facts.texts != (expected,):
        yield f"says {' and '.join(facts.texts) or 'nothing that can be scanned'} instead of {expected}."


def _rows_of(data: bytes) -> list[list[str]]:
    """The rows of a CSV in UTF-8; none when it cannot be read."""
    try:
        return _rows_of_text(data.decode("utf-8"))
    except UnicodeDecodeError:
        return []


def _rows_of_text(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return []


def _billing_problems(content: OrderContent, data: bytes) -> Iterator[str]:
    name, rows, layout = file_names.billing_name(content), _rows_of(data), content.settings.billing_layout
    if {len(row) for row in rows} != {max((_BILLING_WIDTHS[layout], *map(len, rows)))}:
        yield f"{name} has rows of the wrong width."
        return
    labels = {row[index]: row[index + 1] for row in rows for index in (0, 5) if row[index].endswith(":")}
    if layout is BillingLayout.BILLING2:
        vins, total = [row[8] for row in rows[1:] if row[8]], labels.get("Total Produced:")
    else:
        vins, total = [row[0] for row in rows[1:] if row[0]], labels.get("Total:")
    yield from _vin_problems(name, vins, content)
    if total != str(len(content.lines)):
        yield f"{name} states a total of {total} for {len(content.lines)} lines."


def _workbook_problems(content: OrderContent, files: Mapping[str, bytes]) -> Iterator[str]:
    name, sheet = file_names.billing_workbook_name(content), file_names.billing_name(content)
    try:
        billing, left_out = read_workbook(files[name])
    except UnreadableWorkbookError:
        yield f"{name} cannot be opened."
        return
    if _unmarked(billing) != _unmarked(_rows_of(files[sheet])):
        yield f"{name} does not hold the cells of {sheet}."
    if [row[0] for row in left_out[1:]] != [out.line.vin for out in content.left_out]:
        yield f"{name} does not list the {len(content.left_out)} vehicles that were left out."


def _unmarked(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The cells without the mark that keeps a CSV cell from being run, and without empty cells at the end."""
    cells = [[cell.removeprefix("'") for cell in row] for row in rows]
    return [row[: max((at for at, cell in enumerate(row, start=1) if cell), default=0)] for row in cells]


def _export_problems(content: OrderContent, data: bytes) -> Iterator[str]:
    name, rows = file_names.vehicles_name(content), _rows_of(data)
    if not rows or tuple(rows[0]) != HEADER or {len(row) for row in rows} != {len(HEADER)}:
        yield f"{name} does not have the columns {','.join(HEADER)} in every row."
        return
    yield from _vin_problems(name, [row[0] for row in rows[1:]], content)


def _vin_problems(name: str, vins: Sequence[str], content: OrderContent) -> Iterator[str]:
    if list(vins) != [line.vin for line in content.lines]:
        yield f"{name} lists {len(vins)} vehicles that are not the order's {len(content.lines)} in row order."


def _summary_problems(content: OrderContent, files: Mapping[str, bytes]) -> Iterator[str]:
    name = file_names.SUMMARY_NAME
    try:
        summary = json.loads(files[name])
        counted, vins = summary["counts"]["lines"], [line["vin"] for line in summary["lines"]]
        sums = {file["name"]: file["sha256"] for file in summary["files"]}
    except (ValueError, KeyError, TypeError):
        yield f"{name} cannot be read."
        return
    yield from _vin_problems(name, vins, content)
    if counted != len(content.lines):
        yield f"{name} counts {counted} lines instead of {len(content.lines)}."
    if {file for file in files if file.endswith((".csv", ".xlsx"))} != sums.keys():
        yield f"{name} does not state the checksums of exactly the order's tables."
    for file, digest in sums.items():
        if hashlib.sha256(files.get(file, b"")).hexdigest() != digest:
            yield f"{name} states a checksum for {file} that is not that of the file."


def _zip_problems(content: OrderContent, files: Mapping[str, bytes]) -> Iterator[str]:
    name, folder = file_names.zip_name(content), file_names.order_folder(content)
    expected = {f"{folder}/{file}": data for file, data in files.items() if file != name}
    try:
        with zipfile.ZipFile(io.BytesIO(files[name])) as archive:
            members = {member: archive.read(member) for member in archive.namelist()}
            has_repeats = len(members) != len(archive.namelist())
    except _UNREADABLE_ZIP:
        yield f"{name} cannot be opened."
        return
    readme = members.pop(f"{folder}/{README_NAME}", b"")
    if content.settings.profile_base.encode() not in readme:
        yield f"{name} has no README that names the base path."
    if members != expected or has_repeats:
        wrong = sorted(key for key in members.keys() | expected.keys() if members.get(key) != expected.get(key))
        yield f"{name} does not hold the same files: {', '.join(wrong) or 'a file stands twice'}."
