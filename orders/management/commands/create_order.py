import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.operations.preparing import OrderRequest, create_order, read_entries


class Command(JsonCommand):
    help = "Prepare an order for review."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=list(OrderKind))
        parser.add_argument("dealership")
        parser.add_argument("--vins", help="file with VINs and stock numbers, - for standard input")
        parser.add_argument("--conditions", choices=list(ConditionGroup), default=ConditionGroup.ALL)
        parser.add_argument("--include-missing", action="store_true", help="print VINs that are not on the website")
        parser.add_argument("--yes", action="store_true", help="confirm stale inventory and an unusual count")

    def run(self, **options: Any) -> Outcome:
        dealership = find_dealership(name=options["dealership"])
        kind = OrderKind(options["kind"])
        request = OrderRequest(
            dealership=dealership,
            kind=kind,
            group=ConditionGroup(options["conditions"]),
            entries=_entries(kind, options["vins"]),
            include_missing=options["include_missing"],
            confirmed=options["yes"],
        )
        order, outcomes = create_order(request)
        lines = order.lines.count()
        text = [f"Order {order.pk}: {kind.upper()} of {dealership}, {lines} lines, in review."]
        text += [f"  {item['entry']}: {item['outcome']} {item['vin']} {item['detail']}".rstrip() for item in outcomes]
        text += [f"  Notice: {notice}" for notice in order.notices]
        return Outcome({"order_id": order.pk, "lines": lines, "outcomes": outcomes}, "\n".join(text))


def _entries(kind: OrderKind, source: str | None) -> list[str]:
    if kind == OrderKind.CAO:
        if source:
            raise BadInput("A CAO takes no --vins; use list or maintenance.")
        return []
    if source is None:
        raise BadInput(f"A {kind.upper()} needs --vins with a file name, or - for standard input.")
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{source} is not UTF-8 text. Save it as plain text.") from error
    return read_entries(text.removeprefix("\ufeff"))
