from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.management.batches import batch_text
from orders.operations.batch_results import batch_document
from orders.operations.batch_states import find_batch, settle_batch


class Command(JsonCommand):
    help = "Bring the state of a batch in line with its orders by hand; harmless at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch_id", type=int)

    def run(self, **options: Any) -> Outcome:
        batch = settle_batch(batch_id=find_batch(batch_id=options["batch_id"]).pk)
        document = batch_document(batch=batch, with_files=True)
        return Outcome(document, batch_text(document))
