from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from dealerships.models import Dealership
from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.operations.vin_logs import export_vin_log, export_vin_logs, write_log_file


class Command(JsonCommand):
    help = "Write a dealership's VIN log, or with --all every log, to a CSV file that imports as the same entries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealership_and_file", nargs="+", metavar="[DEALERSHIP] FILE")
        parser.add_argument("--all", action="store_true", dest="everything", help="every dealership")

    def run(self, **options: Any) -> Outcome:
        *names, target = options["dealership_and_file"]
        if options["everything"] == bool(names) or len(names) > 1:
            raise BadInput("Name one dealership and a file, or --all and a file.")
        if names:
            text, rows = export_vin_log(dealership=find_dealership(name=names[0]))
        else:
            text, rows = export_vin_logs(dealerships=Dealership.objects.all())
        write_log_file(Path(target), text)
        return Outcome({"rows": rows}, f"{rows:,} VIN log entries written to {target}.")
