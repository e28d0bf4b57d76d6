"""What a worker does for inventory."""

from inventory.operations.importing import RUN_IMPORT_JOB, activate_left_behind
from inventory.operations.queueing import read_queued_import
from jobs.registry import job, sweep


@job(RUN_IMPORT_JOB)
def read_file(import_id: int) -> None:
    read_queued_import(import_id=import_id)


sweep("datasets staged and left behind")(activate_left_behind)
