from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.completing import approve_order, complete_order
from orders.operations.finding import find_order


class Command(JsonCommand):
    help = "Give a reviewed order its number, release its files and write the VIN log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("--order-number", required=True)
        parser.add_argument("--yes", action="store_true", help="confirm a reused order number and unapproved websites")
        parser.add_argument("--no-vin-log", action="store_true", help="do not log the VINs; needs --reason")
        parser.add_argument("--reason", default="")

    def run(self, **options: Any) -> Outcome:
        order = approve_order(
            order=find_order(order_id=options["order_id"]),
            order_number=options["order_number"],
            confirmed=options["yes"],
            log_vins=not options["no_vin_log"],
            reason=options["reason"],
        )
        order = complete_order(order=order)
        files = [
            {"kind": item.kind, "name": item.name, "sha256": item.sha256, "bytes": item.size}
            for item in order.artifacts.all()
        ]
        added = order.vin_log_entries.count()
        document = {"order_id": order.pk, "status": order.state, "files": files, "vin_log_added": added}
        text = f"Order {order.pk} ({order.order_number}) is done: {len(files)} files, {added} VINs logged."
        return Outcome(document, text)
