"""`python -m tests.faults.installed VERB`: work for an installation with a database of its own, and what came of it."""

import json
import sys

import django


def send(count: int) -> None:
    """Orders of so many dealerships, each rung for."""
    from orders.operations.completing import approve_order
    from tests.factories import make_dealership, make_order, make_vehicles

    for number in range(1, count + 1):
        dealership = make_dealership(name=f"Lot {number}", file_name=f"Lot_{number}")
        make_vehicles(dealership=dealership, count=2, first=number * 100)
        order = make_order(dealership=dealership)
        approve_order(order=order, order_number=f"4{order.pk:04d}", in_background=True)


def tell() -> None:
    """The states of all orders, the lines and the log entries of all, and every broken rule."""
    from orders.models import Order, OrderLine, VinLogEntry
    from silverfox.system.integrity import find_violations

    document = {
        "states": sorted(set(Order.objects.values_list("state", flat=True))),
        "lines": OrderLine.objects.count(),
        "logged": VinLogEntry.objects.count(),
        "violations": [violation.sentence for violation in find_violations(verify=True)],
    }
    print(json.dumps(document))  # noqa: T201 - read by the test


def main() -> None:
    verb, *arguments = sys.argv[1:]
    django.setup()
    if verb == "send":
        send(int(arguments[0]))
    else:
        tell()


if __name__ == "__main__":
    main()
