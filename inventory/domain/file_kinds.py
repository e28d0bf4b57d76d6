"""What a file is by its content; its name and its declared type are never believed."""

import struct
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO, Never

from foundation.errors import BadInput

_SAVE_AS_CSV = "Open it in the spreadsheet program and save it as CSV UTF-8."
_OTHER_KINDS = (
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet workbook (xlsx, ods)", _SAVE_AS_CSV),
    (b"PK\x05\x06", "an empty ZIP archive", "Take the CSV file out of the archive."),
    (b"PK\x07\x08", "a part of a ZIP archive", "Take the CSV file out of the archive."),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet workbook (xls)", _SAVE_AS_CSV),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it first."),
    (b"BZh", "compressed with bzip2", "Unpack it first."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7z archive", "Take the CSV file out of the archive."),
    (b"Rar!", "a RAR archive", "Take the CSV file out of the archive."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first."),
    (b"%PDF", "a PDF document", "Ask for the inventory as CSV."),
    (b"\x89PNG", "a picture", "Choose the CSV file."),
    (b"\xff\xd8\xff", "a picture", "Choose the CSV file."),
    (b"GIF8", "a picture", "Choose the CSV file."),
)
_OTHER_TEXTS = (
    (b"<", "a web page or XML", "It may be a saved login page; download the inventory again as CSV."),
    (b"{", "JSON", "Ask for the inventory as CSV."),
    (b"[", "JSON", "Ask for the inventory as CSV."),
)
# A tar archive begins with the name of its first file; what it is stands behind that.
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_MAX_UNPACK_RATIO = 100
_SYMBOLIC_LINK = 0o120000
_FILE_TYPE_BITS = 0o170000


def refuse_other_kinds(stream: BinaryIO) -> None:
    """Raise `BadInput` when the content of `stream` is something else than text in columns.

    Codes: E_MAGIC for every other kind; an archive is refused as well and never unpacked, with E_ZIP_RATIO when it
    would grow more than a hundredfold and E_ZIP when it holds archives, links or paths that leave its folder.
    """
    stream.seek(0)
    head = stream.read(1024)
    if head.startswith(b"PK\x03\x04"):
        _refuse_dangerous_archive(stream)
    for magic, kind, remedy in _OTHER_KINDS:
        if head.startswith(magic):
            _refuse(kind, remedy)
    if head.startswith(_TAR_MAGIC, _TAR_MAGIC_AT) and b"\0" in head[:_TAR_MAGIC_AT]:
        _refuse("a tar archive", "Take the CSV file out of the archive.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, kind, remedy in _OTHER_TEXTS:
        if text.startswith(magic):
            _refuse(kind, remedy)


def _refuse(kind: str, remedy: str) -> Never:
    raise BadInput(f"The file is not a CSV file: its content is {kind}. {remedy}", code="E_MAGIC")


def _refuse_dangerous_archive(stream: BinaryIO) -> None:
    try:
        members = zipfile.ZipFile(stream).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
        # Its directory cannot be read; as a file that starts like an archive it is refused all the same.
        return
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > _MAX_UNPACK_RATIO * max(packed, 1):
        raise BadInput(
            f"The file is an archive that would grow from {packed:,} to {unpacked:,} bytes; it was not unpacked. "
            "Import the CSV file itself.",
            code="E_ZIP_RATIO",
        )
    for member in members:
        if _is_dangerous(member):
            raise BadInput(
                f"The file is an archive with the member {member.filename[:100]!r}, an archive, a link or a path that "
                "leaves its folder; it was not unpacked. Import the CSV file itself.",
                code="E_ZIP",
            )


def _is_dangerous(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    is_link = (member.external_attr >> 16) & _FILE_TYPE_BITS == _SYMBOLIC_LINK
    is_archive = path.suffix.lower() in {".zip", ".gz", ".7z", ".rar"}
    return is_link or is_archive or path.is_absolute() or ".." in path.parts
