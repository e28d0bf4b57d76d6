"""Measures the pages of a large shop: many dealerships with full lots and logs, and large orders.

It works in the database that it finds, which therefore must be one of the measurement's own.
"""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from inventory.models import FirstSeen, Vehicle
from orders.models import Batch, Order, OrderDraft
from orders.operations.batch_planning import Choice
from orders.operations.batching import run_batch
from orders.operations.completing import approve_order, complete_order
from orders.operations.preparing import OrderRequest, create_order
from silverfox.benchmarks.browsing import answer_of, median_ms, sign_in
from silverfox.benchmarks.data import make_vin
from silverfox.benchmarks.import_operations import make_import
from silverfox.benchmarks.order_operations import fill_log, make_dealership_with_lot
from silverfox.benchmarks.own_database import know_the_sizes, require_empty

GOAL_MS, GOAL_BYTES = 100, 300_000
_IN_BATCH = 36
# Vehicles of a dealership have numbers of their own, those of its lot before those of its log.
_NUMBERS = 10_000


def measure_pages(
    *, dealerships: int, vehicles: int, log_entries: int, lines: int, rounds: int
) -> list[dict[str, Any]]:
    """Ask for each page `rounds` times: its name, the median in milliseconds, the bytes of the page before compression.

    Each dealership has so many vehicles on its lot and entries in its VIN log; a large order has so many lines, and so
    many entries are typed of one that is not prepared. Raises `Refused` in a database that is
    not the measurement's own, and when an answer is not the expected one.
    """
    require_empty("Pages are")
    browser, user = sign_in()
    addresses = _make_shop(user, dealerships, vehicles, log_entries, lines)
    return [
        {
            "page": name,
            "bytes": len(answer_of(browser.get(address, secure=True))),
            "ms": median_ms(lambda address=address: browser.get(address, secure=True), rounds),  # type: ignore[misc]
        }
        for name, address in addresses.items()
    ]


def _make_shop(user: User, dealerships: int, vehicles: int, log_entries: int, lines: int) -> dict[str, str]:
    item = make_import()
    lots = [make_dealership_with_lot(item, number, vehicles) for number in range(dealerships)]
    for number, lot in enumerate(lots):
        first = (number + 1) * _NUMBERS - log_entries
        fill_log(lot, range(first, first + log_entries))
    Dealership.objects.filter(pk__in=[lot.pk for lot in lots[::2]]).update(
        schedule_days=[f"{timezone.localdate():%a}".lower()]
    )
    large = [make_dealership_with_lot(item, dealerships + number, lines) for number in range(2)]
    _see_for_the_first_time()
    review, done = (_order(dealership) for dealership in large)
    complete_order(order=approve_order(order=done, order_number="45001"))
    batch = run_batch(choice=Choice("by name", tuple(lots[1 : 2 * _IN_BATCH : 2])))
    _type_entries(user, lots[0], lines)
    know_the_sizes()
    return _addresses(lots, review, done, batch, lines)


def _see_for_the_first_time() -> None:
    """What an activation puts down of each vehicle, and the pages of vehicles ask for."""
    seen = Vehicle.objects.values_list("dataset__dealership", "vin")
    today = timezone.localdate()
    FirstSeen.objects.bulk_create(FirstSeen(dealership_id=lot, vin=vin, first_seen_date=today) for lot, vin in seen)


def _order(dealership: Dealership) -> Order:
    return create_order(OrderRequest(dealership=dealership, kind=OrderKind.CAO, confirmed=True))[0]


def _type_entries(user: User, dealership: Dealership, lines: int) -> None:
    """A draft of a LIST: the first vehicles of the shop, those of the lot and others that are not on its website."""
    entries = "\n".join(make_vin(number) for number in range(lines))
    OrderDraft.objects.create(user=user, dealership=dealership, entries=entries, key=uuid4(), writer=uuid4())


def _addresses(lots: list[Dealership], review: Order, done: Order, batch: Batch, lines: int) -> dict[str, str]:
    named = ".".join(str(lot.pk) for lot in lots)
    vin = make_vin(0)
    return {
        f"Today, {len(lots) + 2} dealerships": reverse("dealership_list"),
        f"New order, LIST of {lines} entries": f"{reverse('order_create')}?dealership={lots[0].pk}",
        "New batch, what is due": reverse("batch_create"),
        f"New batch, {len(lots)} named": f"{reverse('batch_create')}?choose=named&dealerships={named}",
        f"Batch of {batch.entries.count()} orders": reverse("batch_detail", args=[batch.pk]),
        f"Review of {lines} lines": reverse("order_review", args=[review.pk]),
        f"Order of {lines} lines with its files": reverse("order_detail", args=[done.pk]),
        "Orders": reverse("order_list"),
        "Dealership": reverse("dealership_detail", args=[lots[0].pk]),
        "Vehicle": reverse("vehicle", args=[vin]),
        "Search": f"{reverse('search')}?q={vin[-6:]}",
        "Imports": reverse("import_list"),
        "Websites": reverse("website_list"),
        "VIN log": reverse("vin_log_list"),
        "VIN log of a dealership": f"{reverse('vin_log_list')}?dealership={lots[0].pk}",
        "VIN log, found by its text": f"{reverse('vin_log_list')}?q=40001",
        "Billing of the month": reverse("billing_month"),
        "Jobs": reverse("job_list"),
    }
