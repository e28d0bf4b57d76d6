from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.finding import export_order, find_order


class Command(JsonCommand):
    help = "Copy the released files of an order into a folder of its own below DIRECTORY."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("directory", type=Path)

    def run(self, **options: Any) -> Outcome:
        written = export_order(order=find_order(order_id=options["order_id"]), directory=options["directory"])
        paths = [str(path) for path in written]
        return Outcome({"written": paths}, "\n".join([f"{len(paths)} files written.", *paths]))
