"""Registering: a file or what was read from a website is kept, and has a row that says so, before anything is read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from foundation.errors import Refused
from inventory.domain.gates import PARTIAL
from inventory.files import StoredUpload, delete_upload, store_upload
from inventory.models import InventoryImport
from inventory.operations.mending import completed
from jobs import claims


def register_import(
    *,
    stream: BinaryIO,
    file_name: str,
    source: str = "",
    collected_at: datetime | None = None,
    stage_only: bool = False,
    actor: User | None = None,
) -> InventoryImport:
    """Keep the file and give back the import to run. Raises `Refused` when these bytes were imported before.

    Mended rows of an earlier import are put into its file, and that whole file is kept, of the same moment of
    collection; `BadInput` tells why they do not fit.
    """
    with completed(stream) as (whole, former):
        upload = store_upload(whole)
    earlier = imported_files(upload.sha256).first()
    if earlier:
        delete_upload(upload.name)
        raise already_imported(earlier)
    return _register(
        upload,
        source=(source or file_name).replace("\0", "")[:200],
        file_name=file_name.replace("\0", "")[:255],
        collected_at=collected_at or (former.collected_at if former else timezone.now()),
        stage_only=stage_only,
        created_by=actor,
        **(_inherited(former) if former else {}),
    )


def _inherited(former: InventoryImport) -> dict[str, Any]:
    """What holds for the rows of an import holds for them with some of them mended."""
    return {
        "foreign_rows": former.foreign_rows,
        "holds": [PARTIAL] if PARTIAL in former.holds else [],
        "notices": [f"These are the rows of import {former.pk} with the mended ones in their places."],
    }


def register_website_import(
    *,
    stream: BinaryIO,
    source: str,
    collected_at: datetime,
    foreign_rows: int,
    is_partial: bool,
    notices: Sequence[str] = (),
    actor: User | None = None,
) -> InventoryImport:
    """Keep what was read from a website, as an inventory file, and give back the import to run.

    `foreign_rows` are rows of other rooftops that the website listed beside; `is_partial` says that it has more than
    was read, and a manager then has to release the dataset. The same file may arrive every day.
    """
    return _register(
        store_upload(stream),
        origin=InventoryImport.Origin.WEBSITE,
        source=source[:200],
        file_name="",
        collected_at=collected_at,
        foreign_rows=foreign_rows,
        holds=[PARTIAL] if is_partial else [],
        notices=list(notices),
        created_by=actor,
    )


def _register(upload: StoredUpload, **fields: Any) -> InventoryImport:
    inventory_import = InventoryImport.objects.create(
        stored_name=upload.name, sha256=upload.sha256, size=upload.size, **fields
    )
    # Its caller runs it or rings for it; if the caller is lost, the sweep rings in its place.
    claims.note_rung(inventory_import)
    return inventory_import


def imported_files(sha256: str) -> QuerySet[InventoryImport]:
    return InventoryImport.objects.filter(sha256=sha256, status="done", origin=InventoryImport.Origin.FILE)


def already_imported(earlier: InventoryImport) -> Refused:
    return Refused(
        f"This file is import {earlier.pk} of {timezone.localtime(earlier.created_at):%Y-%m-%d %H:%M}; "
        "nothing was changed. Its datasets can be activated there.",
        code="already_imported",
        detail={"already_imported": earlier.pk},
    )
