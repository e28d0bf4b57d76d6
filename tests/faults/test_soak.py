"""F15: processes of the queue are killed at random while sixty orders are made, some of which kill their workers."""

import random
import time
from collections.abc import Callable
from functools import partial

import psutil
import pytest

from jobs.models import Incarnation
from orders.models import Order
from tests.faults.invariants import assert_invariants
from tests.faults.shop import Shop, Worker, assert_done_once, states, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.faults]
ORDERS, POISON, VEHICLES = 60, 3, 8
OPEN = {"queued", "processing"}


def kill_one_of(worker: Worker, chance: random.Random) -> bool:
    """Kill a process of the queue; one in twelve times its supervisor's first process is among them."""
    try:
        victims = worker.everything()
        chance.choice(victims).kill()
    except (IndexError, psutil.NoSuchProcess):
        return False
    return True


def have_ended(orders: list[Order]) -> bool:
    return not OPEN & states(orders)


def send_again(shop: Shop, orders: list[Order]) -> None:
    """What a person does with orders that were given up because each of their starts was ended: retry them."""
    for order in Order.objects.filter(pk__in=[order.pk for order in orders], state="failed"):
        shop.send(order)


@pytest.mark.fault(
    "F15",
    "random kills of the queue's processes, 60 orders of 8, 3 of them poisonous",
    "0 lost, 0 doubled, poison failed",
)
def test_f15_orders_outlive_hundreds_of_random_kills(
    shop: Shop, record_property: Callable[[str, object], None], request: pytest.FixtureRequest
) -> None:
    seed = random.randrange(10**6)
    record_property("measured", f"seed {seed}")
    chance, worker = random.Random(seed), shop.start_worker()
    kills = rounds = given_up = 0
    ends_at = time.monotonic() + request.config.getoption("--soak-seconds", default=60)
    most = request.config.getoption("--soak-kills", default=20)
    while kills < most and time.monotonic() < ends_at:
        rounds += 1
        good, poison = begin_round(shop)
        while kills < most and time.monotonic() < ends_at and OPEN & states(good):
            kills += kill_one_of(worker, chance)
            time.sleep(chance.uniform(1, 3) / shop.scale * 4)
        wait_until(partial(have_ended, [*good, *poison]), 600)
        given_up += Order.objects.filter(pk__in=[order.pk for order in good], state="failed").count()
        send_again(shop, good)
        wait_until(partial(have_ended, good), 300)
        assert states(poison) == {"failed"}
        assert_done_once(good)
    wedges = Incarnation.objects.filter(ending="wedged").count()
    record_property("measured", f"{kills} kills, {wedges} wedges, {rounds} rounds, {given_up} retried by hand")
    assert kills > 0
    assert_invariants()


def begin_round(shop: Shop) -> tuple[list[Order], list[Order]]:
    poison = [shop.new_order(vehicles=VEHICLES) for _ in range(POISON)]
    for order in poison:
        shop.poison(order)
        shop.send(order)
    return shop.send_new(ORDERS - POISON, vehicles=VEHICLES), poison
