import re
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.operations.vin_logs import import_vin_log, read_log_file


class Command(JsonCommand):
    help = "Read a VIN log file into a dealership's log; rows that are logged already are not added twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealership")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="show the account and store nothing")
        parser.add_argument("--columns", metavar="LABEL:VIN", help="one of several lists, by column numbers from 1")

    def run(self, **options: Any) -> Outcome:
        dealership = find_dealership(name=options["dealership"])
        result = import_vin_log(
            dealership=dealership,
            data=read_log_file(options["file"]),
            file_name=options["file"].name,
            columns=_columns(options["columns"]),
            dry_run=options["dry_run"],
        ).document()
        done = "would be added" if options["dry_run"] else "added"
        headline = (
            f"{dealership}: {result['rows_read']:,} rows read = {result['entries_added']:,} {done}"
            f" + {result['already_logged']:,} already logged + {result['blank_rows']:,} blank"
            f" + {len(result['problems']):,} problems; {result['orders']:,} orders."
        )
        remarks = [
            f"  Row {item['row']}, {item['value']!r}: {item['message']} ({item['code']})"
            for item in [*result["problems"], *result["warnings"]]
        ]
        return Outcome(result, "\n".join([headline, *remarks]))


def _columns(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,3})", text)
    if not found:
        raise BadInput(f"--columns {text!r} is not LABEL:VIN with column numbers from 1, for example 4:5.")
    return int(found[1]), int(found[2])
