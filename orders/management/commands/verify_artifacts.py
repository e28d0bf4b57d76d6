from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.operations.verifying import Verification, verify_artifacts


class Command(JsonCommand):
    help = "Compare the SHA-256 of released files with that of their release; with --all, find files of no order too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_ids", type=int, nargs="*", metavar="ORDER_ID")
        parser.add_argument("--all", action="store_true", dest="every", help="every order")

    def run(self, **options: Any) -> Outcome:
        order_ids, every = options["order_ids"], options["every"]
        if bool(order_ids) == every:
            raise BadInput("Name orders by their ids, or say --all.", code="bad_arguments")
        found = verify_artifacts(order_ids=None if every else order_ids)
        document = {
            "checked": found.checked,
            "missing": found.missing,
            "altered": found.altered,
            "orphaned": found.orphaned,
        }
        return Outcome(document, "\n".join([str(found), *_lines(found)]), exit_code=0 if found.is_clean else 1)


def _lines(found: Verification) -> list[str]:
    remedies = {
        "missing": "is missing. Re-issue its order.",
        "altered": "is altered. Re-issue its order.",
        "orphaned": "belongs to no order.",
    }
    return [f"{path} {words}" for kind, words in remedies.items() for path in getattr(found, kind)]
