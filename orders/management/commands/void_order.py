from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.completing import void_order
from orders.operations.finding import find_order


class Command(JsonCommand):
    help = "Withdraw a done order; its VIN log entries are voided, its files stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("--reason", required=True)

    def run(self, **options: Any) -> Outcome:
        order, voided = void_order(order=find_order(order_id=options["order_id"]), reason=options["reason"])
        return Outcome(
            {"order_id": order.pk, "status": order.state, "vin_log_voided": voided},
            f"Order {order.pk} is void; {voided} VIN log entries no longer count.",
        )
