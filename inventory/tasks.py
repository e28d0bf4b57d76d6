"""What a worker does for inventory."""

from foundation import context
from inventory.operations.claiming import RUN_IMPORT_JOB
from inventory.operations.queueing import activate_left_behind, read_queued_import
from jobs.registry import job, sweep


@job(RUN_IMPORT_JOB)
def read_file(import_id: int) -> None:
    context.add(import_id=import_id)
    read_queued_import(import_id=import_id)


sweep("datasets staged and left behind")(activate_left_behind)
