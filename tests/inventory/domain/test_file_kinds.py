import gzip
import io
import zipfile

import pytest

from foundation.errors import BadInput
from inventory.domain.file_kinds import refuse_other_kinds
from tests.inventory.domain.sheet_texts import make_text


def refusal_of(content: bytes) -> BadInput:
    with pytest.raises(BadInput) as caught:
        refuse_other_kinds(io.BytesIO(content))
    return caught.value


def make_zip(name: str = "inventory.csv", content: bytes = b"Vin\n", *, mode: int = 0o100644) -> bytes:
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def test_a_csv_file_is_left_alone() -> None:
    stream = io.BytesIO(make_text().encode())
    refuse_other_kinds(stream)
    assert not stream.closed


@pytest.mark.parametrize("content", [make_zip(), b"PK\x05\x06" + bytes(18), b"PK\x03\x04 broken"])
def test_case_34_a_zip_renamed_to_csv_is_refused(content: bytes) -> None:
    assert refusal_of(content).code == "E_MAGIC"


@pytest.mark.parametrize("content", [make_zip("xl/workbook.xml"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_case_35_a_workbook_is_refused_with_the_hint_to_save_it_as_csv(content: bytes) -> None:
    refusal = refusal_of(content)
    assert refusal.code == "E_MAGIC"
    assert refusal.message.endswith("save it as CSV UTF-8.")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"<!DOCTYPE html><html>",
        b"\xef\xbb\xbf\r\n <html>",
        b"<?xml version='1.0'?>",
        b'{"vehicles": []}',
        b' [{"vin": 1}]',
    ],
)
def test_case_36_documents_pictures_pages_and_json_are_refused(content: bytes) -> None:
    assert refusal_of(content).code == "E_MAGIC"


def test_case_37_a_compressed_csv_is_refused() -> None:
    assert refusal_of(gzip.compress(make_text().encode())).code == "E_MAGIC"


def test_case_38_a_zip_bomb_is_refused_before_unpacking() -> None:
    bomb = make_zip(content=bytes(2_000_000))
    assert len(bomb) < 5_000
    assert refusal_of(bomb).code == "E_ZIP_RATIO"


@pytest.mark.parametrize(
    "archive",
    [
        make_zip("inner.zip"),
        make_zip("../x.csv"),
        make_zip("a/../../x.csv"),
        make_zip("/etc/x.csv"),
        make_zip("..\\x.csv"),
        make_zip("link.csv", b"/etc/passwd", mode=0o120777),
    ],
)
def test_case_39_a_nested_archive_a_link_or_an_escaping_path_is_refused(archive: bytes) -> None:
    assert refusal_of(archive).code == "E_ZIP"
