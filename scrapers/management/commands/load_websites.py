from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from scrapers.operations.loading import SHIPPED_TABLE, load_websites


class Command(JsonCommand):
    help = "Create or update the websites of dealerships from a table; what a manager changed stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=SHIPPED_TABLE, help="a CSV file; default: shipped")

    def run(self, **options: Any) -> Outcome:
        result = load_websites(path=options["file"])
        text = f"{result.created} websites created, {result.updated} updated, {result.unchanged} unchanged."
        return Outcome(asdict(result), text)
