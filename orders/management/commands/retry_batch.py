from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.domain.batches import BatchState
from orders.management.batches import batch_text
from orders.operations.batch_completing import retry_batch, wait_for_batch
from orders.operations.batch_results import batch_document
from orders.operations.batch_states import find_batch


class Command(JsonCommand):
    help = "Queue the failed orders of a batch again, and only those."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch_id", type=int)
        parser.add_argument("--wait", action="store_true", help="until all are produced; without a worker, do it here")

    def run(self, **options: Any) -> Outcome:
        batch, refusals = retry_batch(batch=find_batch(batch_id=options["batch_id"]))
        if options["wait"]:
            batch = wait_for_batch(batch=batch)
        document = {**batch_document(batch=batch, with_files=True), "not_queued": refusals}
        failed = refusals or batch.state in {BatchState.FAILED, BatchState.COMPLETED_WITH_ERRORS}
        return Outcome(document, "\n".join([batch_text(document), *refusals]), exit_code=1 if failed else 0)
