from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome, confirm, operator
from orders.operations.completing import cancel_order
from orders.operations.finding import find_order


class Command(JsonCommand):
    help = "End an order before its completion; one in production is cancelled by its worker at the next heartbeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("--reason", default="")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def run(self, **options: Any) -> Outcome:
        order = find_order(order_id=options["order_id"])
        confirm(f"Cancel order {order.pk} of {order.dealership}, which is {order.state}?", yes=options["yes"])
        reason = options["reason"] or f"by {operator()} on the command line"
        order = cancel_order(order=order, reason=reason)
        words = "will be cancelled before anything is released" if order.cancel_requested else "is cancelled"
        document = {"order_id": order.pk, "status": order.state, "cancel_requested": order.cancel_requested}
        return Outcome(document, f"Order {order.pk} {words}.")
