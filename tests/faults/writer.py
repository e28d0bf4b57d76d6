"""`python -m tests.faults.writer ROUNDS DEALERSHIP`: somebody who changes what others change at the same moment."""

import json
import sys
from collections import Counter
from typing import Any

import django


def change_line(order: Any, refusals: Counter[str]) -> None:
    """Count the first line's trim up by one, as often as it takes until nobody was faster."""
    from foundation.errors import Refused
    from orders.operations.reviewing import edit_line

    while True:
        line = order.lines.get(seq=1)
        try:
            edit_line(line=line, version=line.version, changes={"trim": str(int(line.overrides["trim"]) + 1)})
        except Refused as refusal:
            refusals[refusal.code] += 1
        else:
            return


def order_and_cancel(dealership: Any, refusals: Counter[str]) -> None:
    from foundation.errors import Refused
    from orders.operations.completing import cancel_order
    from tests.factories import make_order

    try:
        cancel_order(order=make_order(dealership=dealership, confirmed=True))
    except Refused as refusal:
        refusals[refusal.code] += 1


def activate(dealership: Any, turn: int, refusals: Counter[str]) -> None:
    from foundation.errors import Refused
    from inventory.models import Dataset
    from inventory.operations.activation import activate_dataset

    datasets = list(Dataset.objects.filter(dealership=dealership).order_by("pk"))
    try:
        activate_dataset(dataset=datasets[turn % len(datasets)], force=True)
    except Refused as refusal:
        refusals[refusal.code] += 1


def main() -> None:
    """Every error but a refusal ends the program; what it did is printed."""
    django.setup()
    from django.db import connection

    from dealerships.models import Dealership
    from orders.models import Order

    rounds, name = int(sys.argv[1]), sys.argv[2]
    dealership = Dealership.objects.get(name=name)
    reviewed = Order.objects.exclude(dealership=dealership).get(state="review", batch=None)
    refusals: Counter[str] = Counter()
    for turn in range(rounds):
        change_line(reviewed, refusals)
        order_and_cancel(dealership, refusals)
        activate(dealership, turn, refusals)
        # As another command would: on a connection of its own.
        connection.close()
    print(json.dumps({"changes": rounds, "refusals": refusals}))  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
