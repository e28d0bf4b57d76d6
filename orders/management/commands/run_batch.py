from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from dealerships.models import WEEKDAYS
from foundation.commands import JsonCommand, Outcome
from orders.management.batches import batch_text
from orders.operations.batch_planning import choose_dealerships, read_wanted
from orders.operations.batch_results import batch_document
from orders.operations.batching import run_batch


class Command(JsonCommand):
    help = "Prepare the orders of many dealerships for review, as one batch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealerships", nargs="*", metavar="DEALERSHIP")
        parser.add_argument("--day", choices=[day for day, _ in WEEKDAYS], default="", help="those scheduled then")
        parser.add_argument("--due", action="store_true", help="those scheduled today that have no order of today")
        parser.add_argument(
            "--order",
            action="append",
            default=[],
            metavar="DEALERSHIP=KIND:CONDITIONS",
            help="another kind, other conditions (all, new, used, apart) or both than the dealership usually orders",
        )
        parser.add_argument("--yes", action="store_true", help="confirm stale inventory and unusual counts")

    def run(self, **options: Any) -> Outcome:
        choice = choose_dealerships(
            names=options["dealerships"], day=options["day"], due=options["due"], today=timezone.localdate()
        )
        choice = replace(choice, wanted=read_wanted(options["order"]))
        document = batch_document(batch=run_batch(choice=choice, confirmed=options["yes"]))
        made = any(row["order_id"] for row in document["orders"])
        return Outcome(document, batch_text(document), exit_code=0 if made else 1)
