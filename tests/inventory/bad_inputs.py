"""The shop's numbered bad inputs and what becomes of each: one table for the operation, the page and the command.

The lot in use holds the vehicles 1 to 6 of Elm Street Motors. A case is a whole file; most are those six rows with one
more in row 8, so that whatever happens to it happens beside rows that must be kept.
"""

import gzip
import io
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import Any

from tests.factories import make_csv, make_row, make_vin
from tests.inventory.arrivals import ELM, rows_at

LOT = rows_at(ELM, 6)
GOOD = make_csv(rows=rows_at(ELM, 7))
HEADER, *LINES = GOOD.decode().split("\r\n")[:8]
VIN = make_vin(number=7)


@dataclass(frozen=True, kw_only=True)
class Case:
    """`status` is that of the dataset, or "refused" when nothing was staged, "unmatched" when nobody is named.

    codes       of the refusal, of the gates, or of row 8; `column` is where row 8 is wrong
    says        a piece of the refusal, of the gate's message, of the notice or of the problem of row 8
    rejected    rows of the file that count as rejected
    facts       what is stored of the vehicle of row 8
    """

    number: int
    what: str
    content: bytes
    status: str = "active"
    codes: tuple[str, ...] = ()
    says: str = ""
    column: str = ""
    rows: int = 7
    rejected: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.number}-{self.what.replace(' ', '-')}"


def refused(number: int, what: str, content: bytes, code: str, says: str = "") -> Case:
    return Case(number=number, what=what, content=content, status="refused", codes=(code,), says=says)


def held(number: int, what: str, content: bytes, gate: str, **more: Any) -> Case:
    return Case(number=number, what=what, content=content, status="held", codes=(gate,), **more)


def accepted(number: int, what: str, content: bytes, **more: Any) -> Case:
    return Case(number=number, what=what, content=content, **more)


def row(number: int, what: str, cells: dict[str, str], *codes: str, column: str = "", **more: Any) -> Case:
    """The six rows of the lot and one with these cells; `E_` among the codes rejects that one."""
    content = make_csv(rows=[*LOT, make_row(number=7, location=ELM) | cells])
    rejected = int(any(code.startswith("E_") for code in codes))
    column = column or next(iter(cells))
    return Case(number=number, what=what, content=content, codes=codes, column=column, rejected=rejected, **more)


def text(*lines: str, end: str = "\r\n") -> bytes:
    return (end.join(lines) + end).encode()


def zip_of(content: bytes, name: str = "lots.csv", *, mode: int = 0o100644) -> bytes:
    member, packed = zipfile.ZipInfo(name), io.BytesIO()
    member.external_attr = mode << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def tar_of(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("lots.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def without(*columns: str) -> bytes:
    names = HEADER.split(",")
    kept = [at for at, name in enumerate(names) if name not in columns]
    return text(*(",".join(line.split(",")[at] for at in kept) for line in [HEADER, *LINES]))


def with_mileage(miles: str) -> bytes:
    return text(f"{HEADER},Mileage", *(f"{line},100" for line in LINES[:6]), f"{LINES[6]},{miles}")


TWICE = "Citro\u00ebn \u20ac".encode().decode("cp1252")
HASTY = LINES[6].replace("Renegade", '12" screen')
MIXED = text(*LINES[:5]) + LINES[5].replace("Red", "Caf\u00e9").encode() + b"\r\n"
MIXED += LINES[6].replace("Red", "Caf\u00e9").encode("cp1252") + b"\r\n"
CUT = "Export it again."

FILES = [
    refused(1, "empty", b"", "E_EMPTY", CUT),
    refused(2, "header only", text(HEADER), "E_NO_ROWS", CUT),
    refused(3, "blank lines", b"\r\n\r\n\r\n", "E_NO_ROWS", CUT),
    refused(3, "commas", b",,,\r\n,,,\r\n", "E_NO_ROWS", CUT),
    refused(4, "no header", text(*LINES), "E_HEADER", "lacks the columns Vin, Stock, Type, Year, Make, Model"),
    accepted(5, "byte order mark", b"\xef\xbb\xbf" + GOOD),
    accepted(6, "utf-16 le", b"\xff\xfe" + GOOD.decode().encode("utf-16-le")),
    accepted(6, "utf-16 be", b"\xfe\xff" + GOOD.decode().encode("utf-16-be")),
    refused(7, "utf-16 without mark", GOOD.decode().encode("utf-16-le"), "E_ENCODING", "Save it as CSV UTF-8."),
    refused(8, "utf-32", GOOD.decode().encode("utf-32"), "E_ENCODING", "Save it as CSV UTF-8."),
    accepted(
        9,
        "windows-1252",
        GOOD.decode().replace("Red", "Caf\u00e9 \u20ac").encode("cp1252"),
        says="read as Windows-1252. Check this sample",
        facts={"ext_color": "Caf\u00e9 \u20ac"},
    ),
    held(10, "encoded twice", GOOD.decode().replace("Red", TWICE).encode(), "W_MOJIBAKE", says="encoded twice"),
    refused(11, "mixed encodings", text(HEADER) + MIXED, "E_ENCODING", "Line 8 "),
    refused(12, "nul in a cell", GOOD.replace(b"S00003", b"S0\x0003"), "E_NUL", "Line 4 "),
    refused(13, "tail of nul", GOOD + b"\0" * 600, "E_NUL", "Line 9 "),
    refused(13, "truncated", GOOD[:-60], "E_TRUNCATED", "line 8"),
    row(14, "control character", {"Model": "Comp\x07ass"}, "E_CONTROL", says="Type its text again."),
    refused(15, "lone surrogate", GOOD.replace(b"Red", b"\xed\xa0\x80"), "E_ENCODING", "Line 2 "),
    refused(15, "invalid utf-8", GOOD.replace(b"Red", b"R\xff"), "E_ENCODING", "Line 2 "),
    row(16, "right-to-left override", {"Model": "Com\u202epass"}, "W_BIDI", facts={"model": "Compass"}),
    row(17, "zero-width blank in a VIN", {"Vin": VIN[:8] + "\u200b" + VIN[8:]}, "E_VIN_CHARS", says="U+200B"),
    accepted(18, "CR only", text(HEADER, *LINES, end="\r")),
    accepted(
        18, "mixed line ends", text(HEADER, *LINES[:3]) + text(*LINES[3:5], end="\r") + text(*LINES[5:], end="\n")
    ),
    row(19, "line break in quotes", {"Model": "Grand\r\nCherokee"}, facts={"model": "Grand Cherokee"}),
    refused(20, "unclosed quote", GOOD.replace(b"S00003,", b'"S00003,'), "E_QUOTE", "opens in line 4"),
    refused(20, "quote open to the end", GOOD.replace(b"S00007,", b'S00007,"'), "E_QUOTE", "opens in line 8"),
    accepted(21, "quote in a cell", text(HEADER, *LINES[:6], HASTY), facts={"model": '12" screen', "trim": "Latitude"}),
    *(
        accepted(22, f"delimiter {ord(mark)}", GOOD.replace(b",", mark.encode()), says="The cells are separated by")
        for mark in ";\t|"
    ),
    refused(22, "delimiter with a column missing", without("Vin").replace(b",", b";"), "E_DELIM", "the columns Vin"),
    accepted(23, "declared delimiter", b"sep=;\r\n" + GOOD.replace(b",", b";")),
    Case(
        number=24,
        what="too many cells",
        content=text(HEADER, *LINES[:6], f"{LINES[6]},x"),
        codes=("E_COLS",),
        says="The row has 22 cells and the header 21.",
        rejected=1,
    ),
    Case(
        number=25,
        what="too few cells",
        content=text(HEADER, *LINES[:6], LINES[6].rpartition(",")[0]),
        codes=("E_COLS",),
        says="The row has 20 cells and the header 21.",
        rejected=1,
    ),
    refused(26, "header twice", GOOD.replace(b"Trim", b"Vin", 1), "E_DUP_HEADER", "columns 1 ('Vin') and 7 ('Vin')"),
    accepted(27, "header in odd form", GOOD.replace(b"Ext Color", "\ufeff EXT_color\u00a0".encode(), 1)),
    refused(27, "headers that clash", GOOD.replace(b"Trim", " vIN\u00a0number ".encode(), 1), "E_DUP_HEADER"),
    accepted(28, "extra column", with_mileage("7").replace(b"Mileage", b"Doors"), says="are not stored: Doors."),
    refused(29, "required column missing", without("Year"), "E_HEADER", "lacks the columns Year."),
    refused(32, "10,000 columns", text(",".join([HEADER, *"x" * 10_000]), *LINES), "E_TOO_WIDE", "at most 200"),
    refused(33, "cell of 200 KB", GOOD.replace(b"S00003", b"S" * 200_000), "E_CELL", "Line 4 "),
    refused(34, "zip", zip_of(GOOD), "E_MAGIC", "ZIP archive"),
    refused(35, "xlsx", zip_of(GOOD, "xl/workbook.xml"), "E_MAGIC", "save it as CSV"),
    refused(35, "xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "E_MAGIC", "save it as CSV"),
    refused(36, "pdf", b"%PDF-1.7\n%\xe2\xe3", "E_MAGIC", "PDF"),
    refused(36, "png", b"\x89PNG\r\n\x1a\n\0\0", "E_MAGIC", "picture"),
    refused(36, "login page", b"<!DOCTYPE html><title>Log in</title>", "E_MAGIC", "saved login page"),
    refused(36, "json", b'[{"vin": 1}]', "E_MAGIC", "JSON"),
    refused(37, "gzip", gzip.compress(GOOD, mtime=0), "E_MAGIC", "Unpack it first."),
    refused(37, "tar", tar_of(GOOD), "E_MAGIC", "tar archive"),
    refused(38, "zip bomb", zip_of(b"\0" * 2_000_000), "E_ZIP_RATIO", "was not unpacked"),
    refused(39, "nested zip", zip_of(zip_of(GOOD), "lots.zip"), "E_ZIP", "was not unpacked"),
    refused(39, "link in a zip", zip_of(b"/etc/passwd", mode=0o120777), "E_ZIP", "was not unpacked"),
    refused(39, "member outside", zip_of(GOOD, "../../lots.csv"), "E_ZIP", "was not unpacked"),
    accepted(91, "one line above the header", b",,,2025-07-08,,\r\n" + GOOD, says="The header is in row 2"),
    accepted(
        92,
        "Vehicle URL",
        GOOD.replace(b"Vechile", b"Vehicle"),
        facts={"url": make_row(number=7, location=ELM)["Vechile URL"]},
    ),
    held(93, "no Status column", without("Status"), "W_NO_STATUS", says="has no Status column"),
]
