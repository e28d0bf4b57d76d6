from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.models import Order
from orders.operations.correcting import create_correction, printed_seqs
from orders.operations.finding import find_order


class Command(JsonCommand):
    help = "Prepare an order for review that prints lines of a done order again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)
        parser.add_argument("--line", type=int, action="append", default=[], metavar="SEQ", help="a line; repeatable")
        parser.add_argument("--vin", action="append", default=[], help="a line by its VIN; repeatable")
        parser.add_argument("--all", action="store_true", help="every line that was printed")
        parser.add_argument("--reason", required=True)

    def run(self, **options: Any) -> Outcome:
        order = find_order(order_id=options["order_id"])
        seqs = _chosen(order, options["line"], options["vin"], is_all=options["all"])
        correction = create_correction(order=order, seqs=seqs, reason=options["reason"])
        lines = correction.lines.count()
        text = [f"Order {correction.pk}: corrects order {order.pk} of {order.dealership}, {lines} lines, in review."]
        text += [f"  Notice: {notice}" for notice in correction.notices]
        return Outcome({"order_id": correction.pk, "corrects": order.pk, "lines": lines}, "\n".join(text))


def _chosen(order: Order, seqs: list[int], vins: list[str], *, is_all: bool) -> list[int]:
    if is_all == bool(seqs or vins):
        raise BadInput("Name lines by --line or --vin, or say --all for every line.", code="no_lines")
    by_vin = printed_seqs(order=order, vins=vins) if vins or is_all else []
    return [*seqs, *by_vin]
