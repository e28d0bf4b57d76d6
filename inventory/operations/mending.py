"""The rejected rows of an import as a file, and the file of an import with its rows mended."""

import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

from django.db.models import Q

from foundation.errors import BadInput, Refused
from inventory.domain.rejected_rows import marked_import, mended_rows, put_back, records_of, take_out
from inventory.domain.sheets import open_sheet
from inventory.files import open_upload
from inventory.models import InventoryImport

_HEAD_BYTES = 4000
REJECTIONS = Q(code__startswith="E_") | Q(code="W_DUP")


def rejected_rows(*, inventory_import: InventoryImport) -> Iterator[list[str]]:
    """The header of the kept file and its rejected rows as they stand, each with its row number and the reason.

    Raises `Refused` when the file or the remarks on its rows are no longer kept.
    """
    reasons: dict[int, list[str]] = defaultdict(list)
    remarks = inventory_import.problems.filter(REJECTIONS).values_list("row_number", "column", "message", "code")
    for number, column, message, code in remarks.iterator(chunk_size=2000):
        reasons[number].append(f"{column}: {message} ({code})" if column else f"{message} ({code})")
    if inventory_import.rows_rejected and not reasons:
        raise Refused(
            "The remarks on its rows are no longer kept. Read the file again for new ones.", code="remarks_gone"
        )
    if not inventory_import.stored_name:
        raise Refused("The file is no longer kept. Upload it again.", code="file_gone")
    with open_upload(inventory_import.stored_name) as stream:
        texts = {number: " ".join(dict.fromkeys(words)) for number, words in reasons.items()}
        yield from take_out(open_sheet(stream), texts, import_id=inventory_import.pk)


@contextmanager
def completed(stream: BinaryIO) -> Iterator[tuple[BinaryIO, InventoryImport | None]]:
    """The stream as it is; or, when it holds the mended rows of an import, that import and its file with these rows.

    Only so the other rows of the dealership stay in its inventory. Raises `BadInput` when the rows do not fit.
    """
    import_id = marked_import(stream.read(_HEAD_BYTES))
    stream.seek(0)
    if import_id is None:
        yield stream, None
        return
    former = InventoryImport.objects.filter(pk=import_id).exclude(stored_name="").first()
    if former is None:
        raise BadInput(
            f"These are rows of import {import_id}, whose file is no longer kept. Upload the whole file again.",
            code="E_FILE_GONE",
        )
    with open_upload(former.stored_name) as kept, TemporaryFile() as whole:
        _complete(stream, kept, whole, import_id)
        whole.seek(0)
        yield whole, former


def _complete(stream: BinaryIO, kept: BinaryIO, whole: BinaryIO, import_id: int) -> None:
    sheet = open_sheet(kept)
    header = next(record.cells for record in records_of(sheet) if record.number == sheet.header_row)
    rows = mended_rows(open_sheet(stream), import_id=import_id, header=header)
    out = io.TextIOWrapper(whole, "utf-8", newline="")
    put_back(sheet, rows, out)
    out.flush()
    out.detach()
