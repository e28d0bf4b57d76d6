"""A process dies at every line that the work executes; after a sweep and a retry everything is there once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from django_q.models import OrmQ
from pytest_django import Settings

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import Refused
from inventory.models import Dataset, InventoryImport
from inventory.operations.activation import activate_dataset
from inventory.operations.importing import run_import
from inventory.operations.queueing import queue_import
from inventory.operations.registering import register_import
from jobs import executor
from jobs.operations.sweeping import sweep
from orders.models import OpenVin, Order, VinLogEntry
from orders.operations.claiming import COMPLETE_JOB
from orders.operations.completing import approve_order, void_order
from orders.operations.preparing import OrderRequest, create_order
from tests.factories import (
    ensure_mappings,
    finish_order,
    make_csv,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
)
from tests.faults.every_line import PROJECT, Point, die_at, lines_of
from tests.faults.invariants import assert_invariants

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FOLDERS = ("orders/operations", "orders/files", "orders/tasks", "inventory/", "jobs/")
VEHICLES = 2
# Every tenth line is in every run; `make faults` has all of them.
SAMPLE = 10


@dataclass(frozen=True)
class Work:
    """What is done, on data of its own for every death; what repeats it; and what must stand in the end."""

    prepare: Callable[[Dealership], Any]
    act: Callable[[Any], object]
    repeat: Callable[[Any], object]
    outcome: Callable[[Any], object]
    expected: object


@pytest.fixture(autouse=True)
def _no_waiting(settings: Settings) -> None:
    """A lease that was not renewed is over at once, and so is the patience with a doorbell."""
    settings.LEASE_SECONDS = 0.01
    settings.DOORBELL_SECONDS = 0


def work_off_the_queue() -> None:
    while entry := OrmQ.objects.order_by("pk").first():
        entry.delete()
        executor.run(*entry.task["args"])


def recover() -> None:
    sweep()
    work_off_the_queue()


# Creating


def request_for(dealership: Dealership) -> OrderRequest:
    return OrderRequest(dealership=dealership, kind=OrderKind.CAO)


def open_orders(request: OrderRequest) -> object:
    orders = list(Order.objects.filter(dealership=request.dealership))
    taken = OpenVin.objects.filter(dealership=request.dealership).count()
    return [order.state for order in orders], [order.lines.count() for order in orders], taken


CREATE = Work(request_for, create_order, create_order, open_orders, (["review"], [VEHICLES], VEHICLES))


# Completing


def approve_and_complete(order: Order) -> None:
    approve_order(order=order, order_number=f"4{order.pk}", in_background=True)
    executor.run(COMPLETE_JOB, order.pk)


def complete_again(order: Order) -> None:
    """A person approves what is still in review; the rest comes by itself."""
    order.refresh_from_db()
    if order.state == "review":
        approve_order(order=order, order_number=f"4{order.pk}", in_background=True)
    recover()


def released(order: Order) -> object:
    order.refresh_from_db()
    logged = VinLogEntry.objects.filter(order=order).count()
    return order.state, order.artifacts.count(), logged


COMPLETE = Work(
    lambda dealership: make_order(dealership=dealership),
    approve_and_complete,
    complete_again,
    released,
    ("done", VEHICLES + 6, VEHICLES),
)


# Voiding


def void(order: Order) -> None:
    void_order(order=order, reason="wrong paper")


def void_unless_void(order: Order) -> None:
    order.refresh_from_db()
    if order.state == "done":
        void(order)
    else:
        with pytest.raises(Refused, match="voided"):
            void(order)


def voided(order: Order) -> object:
    order.refresh_from_db()
    entries = VinLogEntry.objects.filter(order=order)
    return order.state, entries.filter(void_reason="wrong paper").count(), entries.count()


VOID = Work(
    lambda dealership: finish_order(order=make_order(dealership=dealership), order_number=f"5{dealership.pk}"),
    void,
    void_unless_void,
    voided,
    ("voided", VEHICLES, VEHICLES),
)


# Importing and activating


def next_file(dealership: Dealership) -> tuple[Dealership, bytes]:
    """The lot of today: the same vehicles at another price, so that no gate holds it.

    The price is the file's own: how a text was read is remembered, and then the lines that read it are not executed.
    """
    numbers, price = range(first_number(dealership), first_number(dealership) + VEHICLES), 20000 + dealership.pk
    rows = [make_row(number=number, location=dealership.name, Price=str(price)) for number in numbers]
    return dealership, make_csv(rows=rows)


def import_and_activate(arrival: tuple[Dealership, bytes]) -> None:
    dealership, content = arrival
    queue_import(stream=BytesIO(content), file_name=f"{dealership.pk}.csv", actor=None)  # type: ignore[arg-type]
    work_off_the_queue()


def import_again(arrival: tuple[Dealership, bytes]) -> None:
    if not InventoryImport.objects.filter(file_name=f"{arrival[0].pk}.csv").exists():
        import_and_activate(arrival)
    recover()


def datasets(arrival: tuple[Dealership, bytes]) -> object:
    rows = Dataset.objects.filter(dealership=arrival[0]).order_by("status")
    return [(row.status, row.vehicles.count()) for row in rows]


SWITCHED = [("active", VEHICLES), ("archived", VEHICLES)]
IMPORT = Work(next_file, import_and_activate, import_again, datasets, SWITCHED)


def staged(dealership: Dealership) -> tuple[Dealership, Dataset]:
    content = next_file(dealership)[1]
    register = register_import(stream=BytesIO(content), file_name="staged.csv", stage_only=True)
    run_import(inventory_import=register)
    return dealership, Dataset.objects.get(inventory_import=register)


def activate(subject: tuple[Dealership, Dataset]) -> None:
    activate_dataset(dataset=subject[1], force=True)


def activate_unless_active(subject: tuple[Dealership, Dataset]) -> None:
    subject[1].refresh_from_db()
    if subject[1].status != "active":
        activate(subject)
    with pytest.raises(Refused, match="in use already"):
        activate(subject)


ACTIVATE = Work(staged, activate, activate_unless_active, datasets, SWITCHED)


def new_dealership(number: int) -> Dealership:
    dealership = make_dealership(name=f"Lot {number}", file_name=f"Lot_{number}")
    make_vehicles(dealership=dealership, count=VEHICLES, first=first_number(dealership))
    return dealership


def first_number(dealership: Dealership) -> int:
    return int(dealership.name.removeprefix("Lot ")) * 10


def survives_every(work: Work, step: int) -> tuple[int, int]:
    """Die at every `step`-th line of the work; gives the number of deaths and of lines."""
    ensure_mappings()
    first = work.prepare(new_dealership(0))
    points = lines_of(lambda: work.act(first), FOLDERS)
    assert len(points) > SAMPLE
    deaths = 0
    for number, point in enumerate(points[step // 2 :: step], start=1):
        subject = work.prepare(new_dealership(number))
        deaths += die_at(point, lambda: work.act(subject), FOLDERS)  # noqa: B023 - called at once
        work.repeat(subject)
        assert work.outcome(subject) == work.expected, place(point)
    assert_invariants()
    return deaths, len(points)


def place(point: Point) -> str:
    return f"{point[0].removeprefix(f'{PROJECT}/')}:{point[1]}"


WORKS: Sequence[tuple[str, Work]] = [
    ("create", CREATE),
    ("complete", COMPLETE),
    ("void", VOID),
    ("import", IMPORT),
    ("activate", ACTIVATE),
]


@pytest.mark.parametrize("work", [work for _, work in WORKS], ids=[name for name, _ in WORKS])
def test_f09_a_death_at_every_tenth_line_leaves_nothing_half_done(work: Work) -> None:
    deaths, lines = survives_every(work, SAMPLE)
    assert deaths >= lines // SAMPLE


@pytest.mark.faults
@pytest.mark.fault("F09", "exit at every executed line, then sweep and retry", "0 violations")
@pytest.mark.parametrize("work", [work for _, work in WORKS], ids=[name for name, _ in WORKS])
def test_f09_a_death_at_every_line_leaves_nothing_half_done(
    work: Work, record_property: Callable[[str, object], None], request: pytest.FixtureRequest
) -> None:
    deaths, lines = survives_every(work, 1)
    assert deaths == lines
    record_property("measured", f"{request.node.callspec.id}: {deaths} points")
