"""Imports that pages ask for: a worker reads the file, and a kept file can be read again."""

import logging
from datetime import datetime, timedelta
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from foundation.errors import Refused, SilverFoxError
from inventory.domain.gates import PARTIAL
from inventory.files import upload_path
from inventory.models import Dataset, InventoryImport
from inventory.operations.claiming import RUN_IMPORT_JOB
from inventory.operations.importing import activate_import, run_import
from inventory.operations.registering import register_import
from jobs.executor import enqueue

logger = logging.getLogger(__name__)


def queue_import(*, stream: BinaryIO, file_name: str, source: str = "", actor: User) -> InventoryImport:
    """Keep an uploaded file and have a worker read it. Raises `Refused` when these bytes were imported before, and
    `BadInput` when the file is too large."""
    with transaction.atomic():
        inventory_import = register_import(stream=stream, file_name=file_name, source=source, actor=actor)
        enqueue(RUN_IMPORT_JOB, inventory_import.pk)
    return inventory_import


def reread_import(*, inventory_import: InventoryImport, actor: User) -> InventoryImport:
    """Have the kept file of an import read again, as a new import of the same moment of collection.

    Rows of a name that was attached meanwhile then reach their dealership. Raises `Refused` while the file is being
    read, and when it is no longer kept.
    """
    if is_in_progress(inventory_import=inventory_import, now=timezone.now()):
        raise Refused(f"Import {inventory_import.pk} is being read. Wait until it is done.", code="in_progress")
    if not upload_path(inventory_import.stored_name).is_file():
        raise Refused(f"The file of import {inventory_import.pk} is no longer kept. Upload it again.", code="file_gone")
    with transaction.atomic():
        again = InventoryImport.objects.create(
            source=inventory_import.source,
            file_name=inventory_import.file_name,
            stored_name=inventory_import.stored_name,
            sha256=inventory_import.sha256,
            size=inventory_import.size,
            origin=inventory_import.origin,
            foreign_rows=inventory_import.foreign_rows,
            holds=[PARTIAL] if PARTIAL in inventory_import.holds else [],
            collected_at=inventory_import.collected_at,
            stage_only=inventory_import.stage_only,
            reread_of=inventory_import,
            created_by=actor,
        )
        enqueue(RUN_IMPORT_JOB, again.pk)
    return again


def is_in_progress(*, inventory_import: InventoryImport, now: datetime) -> bool:
    """Whether a worker will read the file or reads it now; a reading whose worker was lost is not in progress."""
    if inventory_import.status == InventoryImport.Status.RUNNING:
        return inventory_import.lease_until is not None and inventory_import.lease_until > now
    return inventory_import.status == InventoryImport.Status.QUEUED


def read_queued_import(*, import_id: int) -> None:
    """Read the file of a queued import, once however often it is asked; what is wrong with it stands on the import."""
    inventory_import = InventoryImport.objects.select_related("created_by").get(pk=import_id)
    try:
        run_import(inventory_import=inventory_import, actor=inventory_import.created_by)
    except SilverFoxError as error:
        # The reason stands on the import, or another worker has it; the queue has nothing to repeat.
        logger.warning("import not done", extra={"reason": error.message})


def activate_left_behind() -> int:
    """Activate what imports staged whose worker was lost before it came to that; gives the number of datasets.

    A dataset that a newer one of its dealership has overtaken stays as it is, and so does one that waits for a person.
    """
    overtaken = Dataset.objects.active().filter(dealership=OuterRef("dealership"), id__gt=OuterRef("id"))
    left_behind = Dataset.objects.filter(
        ~Exists(overtaken),
        status=Dataset.Status.STAGED,
        inventory_import__status=InventoryImport.Status.DONE,
        inventory_import__stage_only=False,
        inventory_import__finished_at__lt=Now() - timedelta(seconds=settings.LEASE_SECONDS),
    )
    imports = InventoryImport.objects.filter(datasets__in=left_behind).select_related("created_by").distinct()
    count = left_behind.count()
    for inventory_import in imports:
        activate_import(inventory_import=inventory_import, force=False, actor=inventory_import.created_by)
    return count
