"""How the bytes of a file are read as text: one pass over its lines that finds encoding and damage."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from foundation.errors import BadInput

# What UTF-8 read as Windows-1252 and saved again as UTF-8 looks like.
_MOJIBAKE = re.compile("Ã[A-Za-z\u0080-\uffff]|â€")
MOJIBAKE_TOLERATED = 3
# Bytes that speak against Windows-1252: those it leaves undefined, the leads of damaged Latin letters of UTF-8, marks
# of byte order, and every complete UTF-8 sequence (encoded surrogates included).
_NOT_WINDOWS = re.compile(
    rb"[\x81\x8d\x8f\x90\x9d\xc2\xc3\xfe\xff]|[\xc4-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_SAMPLE_WIDTH = 30


@dataclass(kw_only=True)
class TextScan:
    """What one pass over a file's lines found out."""

    encoding: str = "utf-8-sig"
    lines: int = 0
    longest_line: int = 0
    is_last_line_complete: bool = True
    mojibake: int = 0
    sample: str = ""

    @property
    def has_mojibake(self) -> bool:
        """Whether the file counts as encoded twice: a few such patterns may be a site's own spelling."""
        return self.mojibake > MOJIBAKE_TOLERATED

    def note(self, number: int, line: str) -> None:
        if "\0" in line:
            raise BadInput(f"Line {number} holds a NUL byte; the file is damaged. Export it again.", code="E_NUL")
        self.lines = number
        self.longest_line = max(self.longest_line, len(line))
        self.is_last_line_complete = line.endswith("\n")


@contextmanager
def text_of(stream: BinaryIO, encoding: str, *, newline: str | None = "") -> Iterator[io.TextIOWrapper]:
    """The stream from its start as text; leaving the block gives the stream back open."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding, newline=newline)
    try:
        yield text
    finally:
        if not stream.closed:
            text.detach()


def scan_text(stream: BinaryIO) -> TextScan:
    """Find the encoding: UTF-8, UTF-16 with a byte order mark, else Windows-1252 when nothing speaks against it.

    Raises `BadInput` with E_EMPTY, E_NUL or E_ENCODING, naming the line. Reads line by line, never the whole file.
    """
    stream.seek(0)
    head = stream.read(1024)
    if not head:
        raise BadInput("The file is empty. Export it again.", code="E_EMPTY")
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise _encoding_error("It is UTF-32")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _scan_utf_16(stream)
    # Wide characters put their zero bytes on one side; a tail padded with NUL has them on both.
    if abs(head[::2].count(0) - head[1::2].count(0)) * 6 > len(head):
        raise _encoding_error("It looks like UTF-16 or UTF-32 without a byte order mark")
    return _scan_bytes(stream)


def _encoding_error(fault: str) -> BadInput:
    return BadInput(f"The file's encoding cannot be read. {fault}. Save it as CSV UTF-8.", code="E_ENCODING")


def _scan_utf_16(stream: BinaryIO) -> TextScan:
    scan = TextScan(encoding="utf-16")
    try:
        with text_of(stream, "utf-16", newline=None) as text:
            for number, line in enumerate(text, 1):
                scan.note(number, line)
                scan.mojibake += len(_MOJIBAKE.findall(line))
    except UnicodeDecodeError as error:
        if "truncated" in error.reason:
            raise BadInput(
                f"The file ends within a character after line {scan.lines}; it is cut off. Export it again.",
                code="E_TRUNCATED",
            ) from error
        raise _encoding_error(f"It is not valid UTF-16 near line {scan.lines + 1}") from error
    return scan


def _scan_bytes(stream: BinaryIO) -> TextScan:
    scan = TextScan()
    bad_line = 0
    is_windows = True
    # Latin-1 maps every byte to one character, which gives universal line ends over bytes of any encoding.
    with text_of(stream, "latin-1", newline=None) as text:
        for number, line in enumerate(text, 1):
            scan.note(number, line)
            if line.isascii():
                continue
            raw = line.encode("latin-1")
            is_windows = is_windows and not _NOT_WINDOWS.search(raw)
            try:
                scan.mojibake += len(_MOJIBAKE.findall(raw.decode("utf-8")))
            except UnicodeDecodeError as error:
                if not bad_line:
                    bad_line, scan.sample = number, _sample(raw, error.start)
    if bad_line and not is_windows:
        raise _encoding_error(f"Line {bad_line} is neither UTF-8 nor plain Windows-1252: {scan.sample!r}")
    if bad_line:
        scan.encoding = "cp1252"
    return scan


def _sample(raw: bytes, at: int) -> str:
    return raw[max(0, at - _SAMPLE_WIDTH) : at + _SAMPLE_WIDTH].decode("cp1252", "replace").strip()
