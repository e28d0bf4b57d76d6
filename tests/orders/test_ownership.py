import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django_q.models import OrmQ
from pytest_django import Settings

from dealerships.domain.output import OrderKind
from foundation.errors import Refused
from jobs.executor import enqueue
from orders.models import Artifact, Order, VinLogEntry
from orders.operations.claiming import COMPLETE_JOB
from orders.operations.completing import approve_order, cancel_order, complete_order, ring_again
from tests.factories import log_vins, make_dealership, make_order, make_vehicles
from tests.orders.released import released_bytes

pytestmark = pytest.mark.django_db(transaction=True)
RENEWAL = 'UPDATE "orders_order" SET "lease_until"'


@pytest.fixture
def order(settings: Settings) -> Order:
    """Approved; its lease is renewed before each of its nine files and before their release."""
    settings.LEASE_SECONDS = 0
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    listed = make_order(dealership=dealership, kind=OrderKind.LIST, entries=vins)
    return approve_order(order=listed, order_number="45001")


@contextmanager
def when_a_lease_is_renewed(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Do `act` on another connection just before the lease is renewed for the `number`th time."""
    seen = 0

    def act_elsewhere() -> None:
        try:
            act()
        finally:
            connection.close()

    def watch(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if sql.startswith(RENEWAL):
            seen += 1
            if seen == number:
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(act_elsewhere).result()
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(watch):
        yield


def files_on_disk() -> list[Path]:
    return [path for path in Path(settings.ORDERS_DIR).rglob("*") if path.is_file()]


@pytest.mark.parametrize("renewal", [1, 10], ids=["before the first file", "before the release"])
def test_a_worker_whose_order_was_taken_over_stops_and_takes_its_files_away(order: Order, renewal: int) -> None:
    other = uuid.uuid4()

    def take_over() -> None:
        assert Order.objects.filter(pk=order.pk).update(token=other) == 1

    with when_a_lease_is_renewed(renewal, take_over), pytest.raises(Refused) as raised:
        complete_order(order=order)
    order.refresh_from_db()
    assert raised.value.code == "lost_lease"
    assert (order.state, order.token, order.error_text) == ("processing", other, "")
    assert (files_on_disk(), Artifact.objects.count(), VinLogEntry.objects.count()) == ([], 0, 0)


@pytest.mark.parametrize("renewal", [1, 10], ids=["before the first file", "before the release"])
def test_an_order_that_is_cancelled_in_production_ends_at_the_next_heartbeat_with_nothing_released(
    order: Order, renewal: int
) -> None:
    user = User.objects.create_user("ann")

    def cancel() -> None:
        Order.objects.filter(pk=order.pk).update(lease_until=Now() + timedelta(hours=1))
        asked = cancel_order(order=Order.objects.get(pk=order.pk), actor=user, reason="sold the lot")
        assert (asked.state, asked.cancel_requested) == ("processing", True)

    with when_a_lease_is_renewed(renewal, cancel), pytest.raises(Refused) as raised:
        complete_order(order=order)
    order.refresh_from_db()
    assert (raised.value.code, order.state, order.token) == ("cancelled", "cancelled", None)
    assert (files_on_disk(), Artifact.objects.count(), VinLogEntry.objects.count()) == ([], 0, 0)
    events = order.events.order_by("-id")[:2]
    assert [(event.action, event.actor, event.detail) for event in events] == [
        ("cancel", user, "sold the lot"),
        ("ask to cancel", user, "sold the lot"),
    ]


def test_a_log_that_grows_while_files_are_made_fails_the_order_and_a_retry_counts_again(order: Order) -> None:
    first = order.lines.all()[0].vin
    with (
        when_a_lease_is_renewed(10, lambda: log_vins(dealership=order.dealership, vins=[first])),
        pytest.raises(Refused) as raised,
    ):
        complete_order(order=order)
    order.refresh_from_db()
    assert (raised.value.code, order.state) == ("log_changed", "failed")
    assert order.error_text == "The VIN log changed while the files were made. Retry."
    assert (files_on_disk(), Artifact.objects.count(), VinLogEntry.objects.filter(order=order).count()) == ([], 0, 0)
    order = complete_order(order=approve_order(order=order, order_number="45001"))
    billing, _ = released_bytes(order, "billing").values()
    assert b"Used Duplicates:,1," in billing
    assert order.vin_log_entries.count() == 3


def test_a_worker_completes_what_was_approved_in_the_background(
    order: Order, run_queued_jobs: Callable[[], int]
) -> None:
    dealership = make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=dealership, first=11)
    waiting = approve_order(order=make_order(dealership=dealership), order_number="45002", in_background=True)
    assert run_queued_jobs() == 1
    waiting.refresh_from_db()
    order.refresh_from_db()
    assert (waiting.state, order.state) == ("done", "queued")


def test_a_doubled_ring_harms_nothing(order: Order, run_queued_jobs: Callable[[], int]) -> None:
    ring_again(order=order)
    ring_again(order=order)
    assert run_queued_jobs() == 2
    order.refresh_from_db()
    assert (order.state, order.error_text, VinLogEntry.objects.count(), order.attempts) == ("done", "", 3, 1)
    with pytest.raises(Refused):
        ring_again(order=order)


def test_a_refused_completion_puts_its_reason_on_the_order_and_not_into_the_queue(
    order: Order, run_queued_jobs: Callable[[], int]
) -> None:
    Path(settings.ORDERS_DIR, ".tmp").write_text("a file in the way")
    enqueue(COMPLETE_JOB, order.pk)
    assert (run_queued_jobs(), OrmQ.objects.count()) == (1, 0)
    order.refresh_from_db()
    assert (order.state, order.error_text.split(":")[0]) == ("failed", "The files could not be written")


def test_an_approval_that_is_refused_rings_for_nobody(order: Order) -> None:
    listed = make_order(
        dealership=make_dealership(name="Oak Street Motors"),
        kind=OrderKind.LIST,
        entries=["1HGCM82633A004352"],
        include_missing=True,
    )
    with pytest.raises(Refused):
        approve_order(order=listed, order_number="45002", in_background=True)
    listed.refresh_from_db()
    assert (listed.state, OrmQ.objects.count()) == ("review", 0)
