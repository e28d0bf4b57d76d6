from typing import Any

from django.core.management.base import CommandParser

from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome, operator
from inventory.operations.activation import activate_dataset, choose_dataset


class Command(JsonCommand):
    help = "Make a staged, held or archived dataset the one that orders use; the newest without an id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealership")
        parser.add_argument("dataset_id", nargs="?", type=int)
        parser.add_argument("--force", action="store_true", help="release a held dataset")

    def run(self, **options: Any) -> Outcome:
        dealership = find_dealership(name=options["dealership"])
        dataset = choose_dataset(dealership=dealership, dataset_id=options["dataset_id"])
        reason = f"{'released' if options['force'] else 'activated'} by {operator()} on the command line"
        previous_id = activate_dataset(dataset=dataset, force=options["force"], reason=reason)
        document = {
            "dealership": dealership.name,
            "dataset_id": dataset.pk,
            "status": dataset.status,
            "previous_id": previous_id,
        }
        text = f"Dataset {dataset.pk} of {dealership} is in use: {dataset.rows_accepted:,} vehicles."
        return Outcome(document, text)
