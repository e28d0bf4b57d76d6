"""What a worker does for inventory."""

from inventory.operations.queueing import RUN_IMPORT_JOB, read_queued_import
from jobs.registry import job


@job(RUN_IMPORT_JOB)
def read_file(import_id: int) -> None:
    read_queued_import(import_id=import_id)
