from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.finding import find_order
from orders.operations.proofing import write_proof_sheet


class Command(JsonCommand):
    help = "Write the proof sheet of an order, a PDF to check it against the lot before it is printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("file", type=Path)

    def run(self, **options: Any) -> Outcome:
        path = options["file"]
        sheet = write_proof_sheet(order=find_order(order_id=options["order_id"]), path=path)
        document = {"written": str(path), "vehicles": sheet.vehicles, "left_out": sheet.left_out}
        return Outcome(document, f"{path}: {sheet.vehicles} vehicles, {sheet.left_out} left out.")
