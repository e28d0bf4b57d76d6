"""F46 and F47: clocks that are wrong, and days that end or change their hours in the middle of a batch."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from jobs.operations.sweeping import take_back_expired
from jobs.registry import work_of
from orders.models import Batch, Order, VinLogEntry
from orders.operations.batch_completing import complete_batch
from tests.faults import sabotage
from tests.faults.shop import Shop, assert_done_once, database_time, state, wait_done, wait_until
from tests.orders.batches import make_lots, orders_of, start, states
from tests.orders.released import released_bytes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.faults]
fault = pytest.mark.fault
SCHEMA = "another_time"


@fault("F46", "the clock of the worker's computer one hour off", "leases and dates by the database: 0 doubled, 0 lost")
@pytest.mark.parametrize("hours", ["1", "-1"])
def test_f46_a_worker_whose_clock_is_wrong_neither_doubles_nor_loses_work(
    shop: Shop, hours: str, record_property: Callable[[str, object], None]
) -> None:
    """A sweep on a computer whose clock is right takes nothing from it while it lives, and all when it is dead."""
    begun = database_time()
    shop.start_worker(clock_hours=hours, LEASE_SECONDS="120")
    shop.plan(sabotage.IMAGE, "sleep 2")
    orders = shop.send_new(3)
    wait_until(partial(done_untouched, orders), shop.seconds(180))
    assert [(order.attempts, order.claims_total) for order in fresh(orders)] == [(1, 1)] * 3
    shop.plan(sabotage.MADE)
    [bereft] = shop.send_new(1)
    wait_until(lambda: shop.has_struck(sabotage.MADE), shop.seconds(180))
    took = wait_until(lambda: bool(take_back()) or state(bereft) == "done", shop.seconds(150))
    record_property("measured", f"{hours} h: taken back after {took:.1f} s")
    wait_done([*orders, bereft], shop.seconds(180))
    for order in fresh([*orders, bereft]):
        assert order.completed_at is not None
        assert begun - timedelta(seconds=1) <= order.completed_at <= database_time()
        assert_dated(order, timezone.localtime(order.completed_at))


def assert_dated(order: Order, moment: datetime) -> None:
    """Log, summary and the names of the CSV files carry this local time or its day."""
    assert set(VinLogEntry.objects.filter(order=order).values_list("date", flat=True)) == {moment.date()}
    [summary] = released_bytes(order, "summary").values()
    assert json.loads(summary)["completed_at"] == moment.isoformat(timespec="seconds")
    assert all(f"_{moment.month}.{moment.day} - " in name for name in released_bytes(order, "csv"))


def take_back() -> int:
    return take_back_expired(work_of(Order))


def done_untouched(orders: list[Order]) -> bool:
    """Whether all are done; until then each that is in production has a lease of now, and nothing to take back."""
    assert take_back() == 0
    now = database_time()
    for order in fresh(orders):
        if order.state == "processing" and order.lease_until:
            assert order.lease_until <= now + timedelta(seconds=120)
    return {order.state for order in orders} == {"done"}


def fresh(orders: list[Order]) -> list[Order]:
    for order in orders:
        order.refresh_from_db()
    return orders


class DatabaseClock:
    """The clock of the running test's database, moved for every session that begins from now on."""

    def move_to(self, moment: datetime) -> None:
        seconds = (moment - datetime.now(UTC)).total_seconds()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            for name in ("now", "statement_timestamp"):
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {SCHEMA}.{name}() RETURNS timestamptz LANGUAGE sql STABLE AS "
                    f"$$ SELECT pg_catalog.{name}() + interval '{seconds} seconds' $$"
                )
            cursor.execute(f"ALTER DATABASE {self._name()} SET search_path = {SCHEMA}, public, pg_catalog")
        connection.close()

    def put_right(self) -> None:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {self._name()} RESET search_path")
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.close()

    def _name(self) -> str:
        return connection.ops.quote_name(connection.settings_dict["NAME"])


@pytest.fixture
def database_clock(shop: Shop) -> Iterator[DatabaseClock]:
    clock = DatabaseClock()
    try:
        yield clock
    finally:
        shop.end_programs()
        clock.put_right()


MOMENTS = {
    "midnight": ("2026-07-02T05:00:00+00:00", "2026-07-01"),
    "midnight of the day on which clocks go back": ("2026-11-01T05:00:00+00:00", "2026-10-31"),
    "clocks go back": ("2026-11-01T07:00:00+00:00", "2026-11-01"),
    "clocks go forward": ("2027-03-14T08:00:00+00:00", "2027-03-14"),
}


@fault("F47", "midnight, or a change of the clocks, in the middle of a batch", "dates are the batch's, one log set")
@pytest.mark.parametrize("what", MOMENTS)
def test_f47_a_batch_over_midnight_or_a_change_of_the_clocks_has_one_date(
    shop: Shop, database_clock: DatabaseClock, what: str
) -> None:
    """The moment passes while the only worker holds its first order; it dies then, and all is made behind it."""
    moment = datetime.fromisoformat(MOMENTS[what][0])
    batch, before = start(make_lots(3)), moment - timedelta(minutes=5)
    database_clock.move_to(before)
    hours = (before - datetime.now(UTC)).total_seconds() / 3600
    # The lease outlasts the leap, so that only the death gives the order back.
    worker = shop.start_worker(processes=1, clock_hours=str(hours), LEASE_SECONDS="36000")
    shop.plan(sabotage.IMAGE, "sleep 120")
    with transaction.atomic():
        complete_batch(batch=batch, first_number="45001")
        # The queue believes the clock of who rings, and that of this process was not moved.
        OrmQ.objects.update(lock=moment - timedelta(days=1))
    wait_until(lambda: shop.has_struck(sabotage.IMAGE), shop.seconds(60, unscaled=20))
    assert sorted(states(batch)) == ["processing", "queued", "queued"]
    assert database_time() < moment
    database_clock.move_to(moment + timedelta(seconds=1))
    worker.first().kill()
    wait_until(lambda: set(states(batch)) == {"done"}, shop.seconds(180))
    assert_one_date(batch, MOMENTS[what][1])
    assert_done_once(orders_of(batch))
    assert sorted(order.claims_total for order in orders_of(batch)) == [1, 1, 2]


def assert_one_date(batch: Batch, day: str) -> None:
    [completed_at] = {order.completed_at for order in orders_of(batch)}
    assert completed_at is not None
    moment = timezone.localtime(completed_at)
    assert str(moment.date()) == day
    for order in orders_of(batch):
        assert_dated(order, moment)
