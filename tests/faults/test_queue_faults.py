"""F10 to F17: the queue's processes are killed, one by one, together, and at random."""

from collections.abc import Callable
from datetime import datetime

import pytest

from jobs.models import Incarnation
from orders.models import Order
from tests.faults.shop import (
    Shop,
    Worker,
    database_time,
    endings,
    is_alive,
    is_answered,
    state,
    states,
    wait_done,
    wait_until,
)

pytestmark = [pytest.mark.slow]
Record = Callable[[str, object], None]
fault = pytest.mark.fault


def wait_for_a_new_queue(begun: int, seconds: float) -> float:
    return wait_until(lambda: Incarnation.objects.count() > begun and is_answered(), seconds)


def seconds_until_ended(since: datetime) -> float:
    """How long it took until the first queue was found out and ended."""
    ended_at = Incarnation.objects.earliest("pk").ended_at
    assert ended_at is not None
    return (ended_at - since).total_seconds()


def assert_one_cluster(shop: Shop, worker: Worker) -> None:
    """All programs of the shop are the supervisor and what descends from it, and that is one queue."""
    ours = {worker.program.pid} | {process.pid for process in worker.everything()}
    assert {process.pid for process in shop.living()} == ours
    assert len(worker.process.children()) == 1


@fault("F10", "idle worker killed, the queue's lock is lost with it", "found within 90 s, group restarted, 0 lost")
def test_f10_a_queue_that_lost_its_lock_is_found_and_replaced(shop: Shop, record_property: Record) -> None:
    worker = shop.start_worker(processes=1)
    [idle] = worker.workers()
    killed_at = database_time()
    idle.kill()
    orders = shop.send_new(1)
    took = wait_for_a_new_queue(1, shop.seconds(90 + 15))
    found = seconds_until_ended(killed_at)
    assert found <= shop.seconds(90, unscaled=2)
    record_property("measured", f"found {found:.1f} s after the kill, working again after {took:.1f} s")
    wait_done(orders, shop.seconds(60))
    assert endings() == ["wedged", ""]


@pytest.mark.faults
@fault("F11", "monitor killed: nothing is acknowledged any more", "work done once, group restarted")
def test_f11_a_queue_that_acknowledges_nothing_is_found_and_replaced(shop: Shop, record_property: Record) -> None:
    worker = shop.start_worker()
    worker.monitor().kill()
    orders = shop.send_new(3)
    wait_done(orders, shop.seconds(60))
    took = wait_for_a_new_queue(1, shop.seconds(180))
    record_property("measured", f"working again {took:.1f} s after the kill")
    wait_done([*orders, *shop.send_new(2)], shop.seconds(60))
    assert [order.claims_total for order in _fresh(orders)] == [1, 1, 1]


def _fresh(orders: list[Order]) -> list[Order]:
    for order in orders:
        order.refresh_from_db()
    return orders


@pytest.mark.faults
@fault("F12", "pusher killed", "recovers within 20 s")
def test_f12_a_killed_pusher_is_replaced(shop: Shop, record_property: Record) -> None:
    worker = shop.start_worker()
    worker.pusher().kill()
    record_property("measured", f"done {wait_done(shop.send_new(2), 20):.1f} s after the kill")


@pytest.mark.faults
@fault("F13", "sentinel killed; the queue's first process killed", "no orphan, exactly one cluster afterwards")
@pytest.mark.parametrize("who", ["sentinel", "first"])
def test_f13_a_queue_without_its_head_leaves_no_orphan(shop: Shop, who: str, record_property: Record) -> None:
    worker = shop.start_worker()
    before = worker.everything()
    getattr(worker, who)().kill()
    record_property("measured", f"{who}: working again after {wait_for_a_new_queue(1, shop.seconds(90)):.1f} s")
    assert not any(is_alive(process) for process in before)
    assert_one_cluster(shop, worker)
    wait_done(shop.send_new(2), shop.seconds(60))


@pytest.mark.faults
@fault("F14", "the whole group killed during 30 orders", "goes on, 0 lost, 0 doubled")
def test_f14_thirty_orders_outlive_the_death_of_the_whole_queue(shop: Shop, record_property: Record) -> None:
    worker = shop.start_worker()
    orders = shop.send_new(30)
    wait_until(lambda: "done" in states(orders), 30)
    for process in worker.everything():
        process.kill()
    took = wait_done(orders, shop.seconds(300, unscaled=60))
    record_property("measured", f"all done {took:.1f} s after the kill")
    assert all(order.attempts == 1 for order in _fresh(orders))


@fault("F16", "supervisor killed, another started in its place", "never two clusters, 0 lost")
def test_f16_a_killed_supervisor_is_followed_by_one_cluster(shop: Shop, record_property: Record) -> None:
    killed = shop.start_worker()
    orphans = killed.everything()
    waiting = Worker(shop.start("manage.py", "worker", WORKERS="2"), 2)
    wait_until(lambda: "waits to take its place" in shop.words(), 30)
    assert waiting.everything() == []
    orders = shop.send_new(2)
    killed.process.kill()
    killed.program.wait()
    took = wait_for_a_new_queue(1, shop.seconds(180))
    record_property("measured", f"working again {took:.1f} s after the kill")
    assert not any(is_alive(process) for process in orphans)
    assert_one_cluster(shop, waiting)
    wait_done(orders, shop.seconds(120))


@pytest.mark.faults
@fault("F17", "an order that kills every worker", "failed after 5 starts with the reason, all others done")
def test_f17_an_order_that_kills_its_workers_fails_visibly(shop: Shop, record_property: Record) -> None:
    shop.start_worker()
    poison = shop.new_order()
    shop.poison(poison)
    shop.send(poison)
    orders = shop.send_new(4)
    took = wait_until(lambda: state(poison) == "failed", shop.seconds(900))
    record_property("measured", f"given up after {took:.1f} s")
    poison.refresh_from_db()
    assert (poison.error_code, poison.attempts) == ("E_GAVE_UP", 5)
    assert poison.error_text
    wait_done(orders, shop.seconds(120))
