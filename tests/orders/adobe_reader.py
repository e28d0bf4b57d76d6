"""A reading of the CSV files for Adobe and of data sheets that shares no code with what writes or proves them."""

import re

from orders.domain.output_templates import OutputTemplate

MARKS_AND_CODECS = {
    "ascii": (b"", "ascii"),
    "utf-8": (b"", "utf-8"),
    "utf-8-sig": (b"\xef\xbb\xbf", "utf-8"),
    "utf-16": (b"\xff\xfe", "utf-16-le"),
}
_CELL = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",\r\n]*))(?P<end>,|\r\n)')
_HEADER = re.compile(r"@?[A-Z_][A-Z0-9_]*")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?")
_LONGEST_HEADER = 31


def read_sheet(template: OutputTemplate, data: bytes) -> list[list[str]]:
    """The rows below the header; an `AssertionError` says which rule of the file's form is broken."""
    mark, codec = MARKS_AND_CODECS[str(template.options.encoding)]
    assert data.startswith(mark), f"no byte order mark {mark!r}"
    header, *rows = _records(data.removeprefix(mark).decode(codec))
    assert header == [column.header for column in template.columns]
    assert rows, "no row below the header"
    assert {len(row) for row in rows} == {len(header)}, "rows of different length"
    if not template.options.data_sheet:
        _require_adobe_headers(header)
    return rows


def _records(text: str) -> list[list[str]]:
    """Cells by row: CRLF at every end, the last one too, and quotes only where a cell needs them."""
    rows: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        match = _CELL.match(text, position)
        assert match, f"unreadable from character {position}: {text[position : position + 40]!r}"
        quoted = match["quoted"]
        assert quoted is None or set(quoted) & set(',"'), f"needless quotes around {quoted!r}"
        rows[-1].append(match["plain"] if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if match["end"] == "\r\n":
            rows.append([])
    assert rows.pop() == [], "no line break behind the last row"
    assert [] not in rows, "a blank line"
    return rows


def _require_adobe_headers(header: list[str]) -> None:
    assert [name for name in header if not _HEADER.fullmatch(name) or len(name) > _LONGEST_HEADER] == []
    assert [name for name in header if name.lstrip("@").upper().startswith("XML")] == []
    assert len({name.lower() for name in header}) == len(header), "a header stands twice"


def faults_of_cell(template: OutputTemplate, cell: str) -> list[str]:
    """What the contract forbids in a text cell and this one has; plain numbers may begin with a sign."""
    starts = "=+-@" if template.options.data_sheet else "=+-@|%"
    return [
        fault
        for fault, is_so in (
            ("a break or control character", not cell.isprintable()),
            ("an outer blank", cell != cell.strip()),
            ("the start of a formula", cell[:1] in set(starts) and not _NUMBER.fullmatch(cell)),
            ("no data found", "NO DATA FOUND" in cell.upper()),
        )
        if is_so
    ]
