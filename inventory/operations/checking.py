"""What an import would do: everything is read and judged as by the import itself, and nothing of it stays."""

from datetime import datetime
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.db import transaction

from inventory.files import delete_upload, open_upload
from inventory.models import InventoryImport
from inventory.operations.activation import judge_dataset
from inventory.operations.importing import import_result, stage_rows
from inventory.operations.registering import register_import


def check_import(
    *,
    stream: BinaryIO,
    file_name: str,
    source: str = "",
    collected_at: datetime | None = None,
    actor: User | None = None,
) -> dict[str, Any]:
    """Give the account that importing `stream` now would have, gates included, without ids.

    It is the import itself in a transaction that is taken back; a dataset that is `staged` here would be activated.
    Raises `BadInput` and `Refused` as the import does.
    """
    with transaction.atomic():
        inventory_import = register_import(
            stream=stream, file_name=file_name, source=source, collected_at=collected_at, actor=actor
        )
        try:
            _stage(inventory_import)
        finally:
            delete_upload(inventory_import.stored_name)
        result = import_result(inventory_import)
        transaction.set_rollback(True)
    return {**result, "import_id": None, "datasets": [{**item, "dataset_id": None} for item in result["datasets"]]}


def _stage(inventory_import: InventoryImport) -> None:
    with open_upload(inventory_import.stored_name) as kept:
        for dataset in stage_rows(inventory_import=inventory_import, stream=kept):
            judge_dataset(dataset=dataset)
