from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.management.batches import batch_text
from orders.operations.batch_results import batch_document
from orders.operations.batch_states import find_batch


class Command(JsonCommand):
    help = "Tell how far a batch and each of its orders is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch_id", type=int)

    def run(self, **options: Any) -> Outcome:
        document = batch_document(batch=find_batch(batch_id=options["batch_id"]), with_files=True)
        return Outcome(document, batch_text(document))
