"""Rejected rows go home as a file, come back mended, and take their places among the rows that were good."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from foundation.errors import BadInput, Refused
from inventory.domain.rejected_rows import marked_import
from inventory.files import upload_path
from inventory.models import Dataset, InventoryImport
from inventory.operations.importing import run_import
from inventory.operations.mending import rejected_rows
from tests.factories import active_dataset_of, make_csv, make_dealership, make_row, make_vin
from tests.inventory.arrivals import ELM, account_of, codes_of, import_file, register, rows_at
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
Row = list[str]


def bad_rows() -> list[dict[str, str]]:
    """A lot of twelve: ten good ones, a wrong year in row 12 and a VIN that a spreadsheet has spoilt in row 13."""
    bad = make_row(number=11, location=ELM, Year="1885", Model='=HYPERLINK("x")')
    return [*rows_at(ELM, 10), bad, make_row(number=12, location=ELM, Vin="1.23E+16")]


@pytest.fixture
def done() -> InventoryImport:
    make_dealership(name=ELM)
    return import_file(make_csv(rows=bad_rows()))


def downloaded(client: Client, item: InventoryImport) -> list[Row]:
    answer = client.get(reverse("import_rejected", args=[item.pk]))
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


def as_file(rows: list[Row], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def mended(rows: list[Row]) -> list[Row]:
    """The year and the VIN as they should be."""
    head, first, second = (list(row) for row in rows)
    first[head.index("Year")], second[head.index("Vin")] = "2022", make_vin(number=12)
    return [head, first, second]


def upload(client: Client, content: bytes, **fields: str) -> Any:
    file = SimpleUploadedFile("mended.csv", content)
    return client.post("/imports/upload/", {"file": file, **fields})


def test_the_rejected_rows_come_as_they_stand_with_number_and_reason(staff: Client, done: InventoryImport) -> None:
    head, first, second = downloaded(staff, done)
    assert head[:4] == [f"Row of import {done.pk}", "Why it was rejected", "Vin", "Stock"]
    assert (first[0], second[0]) == ("12", "13")
    assert first[1].startswith("Year: The year must be a number from 1981")
    assert "(E_VIN_SCI)" in second[1]
    assert (first[head.index("Year")], second[head.index("Vin")]) == ("1885", "1.23E+16")
    # No spreadsheet runs what a website wrote.
    assert first[head.index("Model")] == '\'=HYPERLINK("x")'


def test_mended_rows_join_the_others_and_none_of_them_is_lost(
    staff: Client, done: InventoryImport, run_queued_jobs: Any
) -> None:
    assert account_of(done) == (12, 10, 2, 0)
    assert upload(staff, as_file(mended(downloaded(staff, done)))).status_code == 302
    run_queued_jobs()
    whole = InventoryImport.objects.exclude(pk=done.pk).get()
    assert (whole.status, account_of(whole), whole.collected_at) == ("done", (12, 12, 0, 0), done.collected_at)
    assert whole.notices[0] == f"These are the rows of import {done.pk} with the mended ones in their places."
    dataset = active_dataset_of(dealership=Dataset.objects.latest("pk").dealership)
    assert (dataset.rows_accepted, dataset.difference["new"], dataset.difference["gone"]) == (12, 2, 0)
    # The mark that protected it from a spreadsheet is gone again.
    assert dataset.vehicles.get(row_number=12).model == '=HYPERLINK("x")'


def test_one_mended_row_is_enough_and_the_other_keeps_its_number_and_its_remark(
    staff: Client, done: InventoryImport
) -> None:
    head, first, _ = mended(downloaded(staff, done))
    whole = run_import(inventory_import=register(as_file([head, first])))
    assert (account_of(whole), codes_of(whole)["E_VIN_SCI"]) == ((12, 11, 1, 0), 1)
    assert whole.problems.get(code="E_VIN_SCI").row_number == 13


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "utf-8"), ("\t", "utf-16"), (",", "utf-8-sig"), (",", "cp1252")]
)
def test_a_spreadsheet_may_save_them_in_its_own_way(
    delimiter: str, encoding: str, staff: Client, done: InventoryImport
) -> None:
    rows = mended(downloaded(staff, done))
    rows[1][rows[0].index("Trim")] = "Édition"
    answer = upload(staff, as_file(rows, delimiter=delimiter, encoding=encoding), check="only")
    assert "12 read = 12 accepted + 0 rejected + 0 unmatched" in words(answer)
    assert "10 before, 12 of 12 read" in words(answer)


def test_columns_may_be_moved_and_a_column_may_not_be_lost(staff: Client, done: InventoryImport) -> None:
    rows = mended(downloaded(staff, done))
    moved = [[*row[3:], *row[:3]] for row in rows]
    assert "12 accepted" in words(upload(staff, as_file(moved), check="only"))
    without = [[*row[:6], *row[7:]] for row in rows]
    lost = rows[0][6]
    answer = upload(staff, as_file(without))
    assert answer.status_code == 422
    assert lost in words(answer)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("x", "'x' is no number. Leave the first column"),
        ("", "'' is no number"),
        ("١٢", "is no number"),
        ("99", "Row 99 is not in the file that the rows come from."),
        ("1", "Row 1 is not in the file"),
        ("9" * 30, "is no number"),
    ],
)
def test_a_row_that_fits_nowhere_is_refused_with_its_number(
    number: str, sentence: str, staff: Client, done: InventoryImport
) -> None:
    rows = mended(downloaded(staff, done))
    rows[1][0] = number
    answer = upload(staff, as_file(rows))
    assert (answer.status_code, sentence in words(answer)) == (422, True)
    assert InventoryImport.objects.count() == 1


def test_rows_that_nobody_mended_are_refused(staff: Client, done: InventoryImport) -> None:
    answer = upload(staff, as_file(downloaded(staff, done)))
    assert (answer.status_code, "No row was changed. Mend the rows, then upload them." in words(answer)) == (422, True)


def test_rows_of_a_file_that_is_gone_are_refused_with_the_remedy(staff: Client, done: InventoryImport) -> None:
    content = as_file(mended(downloaded(staff, done)))
    InventoryImport.objects.update(stored_name="")
    answer = upload(staff, content)
    assert answer.status_code == 422
    assert f"These are rows of import {done.pk}, whose file is no longer kept. Upload the whole file again." in words(
        answer
    )
    gone = staff.get(reverse("import_rejected", args=[done.pk]))
    assert (gone.status_code, "The file is no longer kept." in words(gone)) == (410, True)


def test_a_kept_file_that_was_deleted_and_remarks_that_are_no_longer_kept_are_told(
    staff: Client, done: InventoryImport
) -> None:
    upload_path(done.stored_name).unlink()
    assert staff.get(reverse("import_rejected", args=[done.pk])).status_code == 410
    done.problems.all().delete()
    with pytest.raises(Refused, match="remarks on its rows are no longer kept"):
        list(rejected_rows(inventory_import=done))


def test_rows_that_no_reader_can_tell_apart_stay_as_they_are_until_they_are_mended(staff: Client) -> None:
    make_dealership(name=ELM)
    lines = make_csv(rows=rows_at(ELM, 4)).decode().splitlines()
    lines[2] = lines[2].replace("Renegade", '"Renegade 12" wide"')
    lines[3] = lines[3].replace("Renegade", "Renegade,Desert")
    done = import_file("\r\n".join(lines).encode() + b"\r\n")
    assert sorted(codes_of(done)) == ["E_COLS", "E_QUOTE"]
    head, quoted, wide = downloaded(staff, done)
    assert (quoted[0], wide[0], len(wide)) == ("3", "4", len(head) + 1)
    at = head.index("Model")
    wide[at : at + 2] = ["Renegade Desert"]
    answer = upload(staff, as_file([head, wide]), check="only")
    assert "4 read = 3 accepted + 1 rejected + 0 unmatched" in words(answer)
    assert "E_QUOTE" in words(answer)


def test_mended_rows_of_half_a_website_are_still_half_a_website(staff: Client, done: InventoryImport) -> None:
    done.holds, done.foreign_rows = ["W_PARTIAL", "W_NO_STATUS"], 7
    done.save()
    whole = register(as_file(mended(downloaded(staff, done))))
    assert (whole.holds, whole.foreign_rows, whole.origin) == (["W_PARTIAL"], 7, "file")


def test_viewers_take_no_rows_home(done: InventoryImport) -> None:
    viewer = sign_in(role="viewer")
    assert viewer.get(reverse("import_rejected", args=[done.pk])).status_code == 403
    assert "Rejected rows, to mend" not in words(viewer.get(reverse("import_detail", args=[done.pk])))


@pytest.mark.parametrize(
    ("head", "import_id"),
    [
        (b"Row of import 12,Why", 12),
        (b'\xef\xbb\xbf"Row of import 12",Why', 12),
        ("Row of import 12\tWhy".encode("utf-16"), 12),
        (b"sep=;\r\nRow of import 7;Why", 7),
        (b"Vin,Stock,Row_of_import_7", 7),
        (b"Vin,Stock\r\nA,B\r\nRow of import 7", None),
        (b"", None),
        (b"\xff\xfe\x00", None),
        (b"\0\0\0", None),
        (b"Row of import " + b"9" * 30, None),
    ],
)
def test_a_file_of_mended_rows_is_known_by_its_first_line(head: bytes, import_id: int | None) -> None:
    assert marked_import(head) == import_id


def test_rows_of_an_import_that_never_was_are_refused() -> None:
    with pytest.raises(BadInput, match="rows of import 4711, whose file is no longer kept"):
        register(b"Row of import 4711,Why it was rejected,Vin\r\n2,x,y\r\n")
