from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.domain.batches import BatchState
from orders.management.batches import batch_text
from orders.operations.batch_completing import complete_batch, wait_for_batch
from orders.operations.batch_results import batch_document
from orders.operations.batch_states import find_batch


class Command(JsonCommand):
    help = "Give the reviewed orders of a batch consecutive numbers and have them produced."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch_id", type=int)
        parser.add_argument("--first-number", required=True, help="the digits at its end are counted up")
        parser.add_argument("--wait", action="store_true", help="until all are produced; without a worker, do it here")
        parser.add_argument("--yes", action="store_true", help="confirm what is asked; skip what cannot be printed")

    def run(self, **options: Any) -> Outcome:
        batch = complete_batch(
            batch=find_batch(batch_id=options["batch_id"]),
            first_number=options["first_number"],
            confirmed=options["yes"],
        )
        if options["wait"]:
            batch = wait_for_batch(batch=batch)
        document = batch_document(batch=batch, with_files=True)
        failed = batch.state in {BatchState.FAILED, BatchState.COMPLETED_WITH_ERRORS}
        return Outcome(document, batch_text(document), exit_code=1 if failed else 0)
