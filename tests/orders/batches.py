"""Lots and batches for the tests of batches."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from dealerships.models import Dealership
from jobs.models import Job
from orders.models import Batch, Order
from orders.operations.batch_completing import complete_batch, wait_for_batch
from orders.operations.batch_planning import choose_dealerships
from orders.operations.batch_states import SUMMARY_JOB
from orders.operations.batching import run_batch
from tests.factories import make_dealership, make_vehicles

NAMES = ("Ash Motors", "Birch Motors", "Cedar Motors", "Dogwood Motors")


def make_lots(count: int = 3, *, vehicles: int = 2, **fields: Any) -> list[Dealership]:
    """Dealerships in the order of their names, each with its own vehicles and CAO as its usual order."""
    lots = [make_dealership(name=name, **{"default_order_kind": "cao", **fields}) for name in NAMES[:count]]
    for number, dealership in enumerate(lots):
        make_vehicles(dealership=dealership, count=vehicles, first=100 * number + 1)
    return lots


def start(dealerships: Sequence[Dealership], **wanted: Any) -> Batch:
    names = [dealership.name for dealership in dealerships]
    return run_batch(choice=choose_dealerships(names=names, today=timezone.localdate()), **wanted)


def finish(batch: Batch, **wanted: Any) -> Batch:
    """Complete a batch in this process, as where no worker is, its summary included."""
    first = "" if "numbers" in wanted else "45001"
    return wait_for_batch(batch=complete_batch(batch=batch, first_number=first, **wanted))


def orders_of(batch: Batch) -> list[Order]:
    return list(Order.objects.filter(batch=batch).order_by("batch_entry__position"))


def reasons(batch: Batch) -> list[tuple[str, str]]:
    return list(batch.entries.values_list("dealership__name", "code"))


def states(batch: Batch) -> list[str]:
    return [order.state for order in orders_of(batch)]


def summary_jobs(batch: Batch) -> list[Job]:
    return list(Job.objects.filter(kind=SUMMARY_JOB, subject_id=batch.pk))
