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


def send_batch(count: int) -> None:
    """A batch of orders of so many dealerships, in production."""
    from django.utils import timezone

    from orders.operations.batch_completing import complete_batch
    from orders.operations.batch_planning import choose_dealerships
    from orders.operations.batching import run_batch
    from tests.factories import make_dealership, make_vehicles

    names = [f"Lot {number}" for number in range(1, count + 1)]
    for number, name in enumerate(names, start=1):
        dealership = make_dealership(name=name, file_name=f"Lot_{number}", default_order_kind="cao")
        make_vehicles(dealership=dealership, count=8, first=number * 100)
    batch = run_batch(choice=choose_dealerships(names=names, today=timezone.localdate()))
    complete_batch(batch=batch, first_number="45001")


def tell() -> None:
    """The states of all orders, the lines and the log entries of all, and every broken rule."""
    from orders.models import Batch, Order, OrderLine, VinLogEntry
    from silverfox.system.integrity import find_violations

    document = {
        "states": sorted(set(Order.objects.values_list("state", flat=True))),
        "batches": list(Batch.objects.values_list("state", flat=True)),
        "lines": OrderLine.objects.count(),
        "logged": VinLogEntry.objects.count(),
        "violations": [violation.sentence for violation in find_violations(verify=True)],
    }
    print(json.dumps(document))  # noqa: T201 - read by the test


def main() -> None:
    verb, *arguments = sys.argv[1:]
    django.setup()
    match verb:
        case "send":
            send(int(arguments[0]))
        case "send_batch":
            send_batch(int(arguments[0]))
        case _:
            tell()


if __name__ == "__main__":
    main()
