"""Reading back a workbook that the product wrote, by other code than that which wrote it."""

import html
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import count

_UNREADABLE = (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, LookupError, struct.error, zlib.error)
_DIMENSION = re.compile(r'<dimension ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"/>')
_ROW = re.compile(r'<row r="(\d+)"[^>]*>(.*?)</row>', re.DOTALL)
_CELL = re.compile(r'<c r="([A-Z]+)\d+"[^>]*?( t="s")?><v>(.*?)</v></c>')
_TEXT = re.compile(r"<si><t[^>]*>(.*?)</t></si>", re.DOTALL)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class UnreadableWorkbookError(ValueError):
    """The bytes are no workbook."""


def read_workbook(data: bytes) -> list[list[list[str]]]:
    """The sheets of a workbook in their order, each as rows of equal width; empty cells are empty texts.

    Raises `UnreadableWorkbookError` when the archive is damaged or a part is missing.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
        texts = [_plain(text) for text in _TEXT.findall(parts["xl/sharedStrings.xml"])]
        return [_rows(part, texts) for part in _sheets(parts)]
    except _UNREADABLE as error:
        raise UnreadableWorkbookError(str(error)) from error


def _sheets(parts: dict[str, str]) -> Iterator[str]:
    for number in count(1):
        name = f"xl/worksheets/sheet{number}.xml"
        if name not in parts:
            return
        yield parts[name]


def _rows(sheet: str, texts: list[str]) -> list[list[str]]:
    dimension = _DIMENSION.search(sheet)
    if dimension is None:
        raise ValueError("The sheet does not state its size.")
    width, height = _column(dimension[1]), int(dimension[2])
    rows = [[""] * width for _ in range(height)]
    for row, cells in _ROW.findall(sheet):
        for column, is_text, value in _CELL.findall(cells):
            rows[int(row) - 1][_column(column) - 1] = texts[int(value)] if is_text else value
    return rows


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), html.unescape(text))
