"""An import as work: how its state changes while a worker reads its file."""

from django.utils import timezone

from inventory.models import InventoryImport
from jobs.models import CLAIM_COLUMNS
from jobs.registry import Work, register_work

RUN_IMPORT_JOB = "run_import"


def _move(inventory_import: InventoryImport, state: str, /, *, action: str, detail: str) -> None:
    has_ended = state in {InventoryImport.Status.DONE, InventoryImport.Status.FAILED}
    inventory_import.status = state
    inventory_import.finished_at = timezone.now() if has_ended else None
    inventory_import.save(update_fields=["status", "finished_at", *CLAIM_COLUMNS])


# A reading is one transaction: when its worker is lost nothing was staged, and it is simply read again.
register_work(Work(kind=RUN_IMPORT_JOB, model=InventoryImport, move=_move, state_field="status"))
