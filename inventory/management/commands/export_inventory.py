from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from dealerships.models import Dealership
from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from inventory.operations.exporting import export_inventory


class Command(JsonCommand):
    help = "Write the active inventory of the named dealerships, or with --all of every one, to a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealerships_and_file", nargs="+", metavar="[DEALERSHIP ...] FILE")
        parser.add_argument("--all", action="store_true", dest="everything", help="every dealership")

    def run(self, **options: Any) -> Outcome:
        *names, target = options["dealerships_and_file"]
        if options["everything"] == bool(names):
            raise BadInput("Name the dealerships and a file, or --all and a file.")
        dealerships = [find_dealership(name=name) for name in names] or list(Dealership.objects.all())
        rows = export_inventory(dealerships=dealerships, path=Path(target))
        return Outcome({"rows": rows}, f"{rows:,} rows written to {target}.")
