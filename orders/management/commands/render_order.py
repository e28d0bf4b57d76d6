from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.finding import find_order
from orders.operations.rendering import render_order


class Command(JsonCommand):
    help = "Print the CSV of an order, also by another output template or path profile; nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("--template", default="", help="the code of an output template instead of the order's own")
        parser.add_argument("--profile", default="", help="the name of a path profile instead of the order's own")

    def run(self, **options: Any) -> Outcome:
        order = find_order(order_id=options["order_id"])
        files = render_order(order=order, template_code=options["template"], profile_name=options["profile"])
        return Outcome({"files": [asdict(file) for file in files]}, "\r\n".join(file.text for file in files))
