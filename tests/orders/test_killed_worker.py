"""Orders in a real worker whose processes are killed: nothing is lost, nothing is printed twice."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import psutil
import pytest
from django.db.models.functions import Now

from jobs.models import Incarnation, WorkerHeartbeat
from orders.models import Artifact, OpenVin, Order, VinLogEntry
from orders.operations.completing import approve_order, cancel_order
from tests.factories import make_dealership, make_order, make_vehicles
from tests.orders.released import released_bytes
from tests.programs import program_processes, started_program
from tests.silverfox.installation import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
VEHICLES = 40


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    """A worker whose intervals are a tenth of what they are, once it has answered a beat."""
    with started_program("manage.py", "worker", JOBS_TIME_SCALE="10") as program:
        wait_until(WorkerHeartbeat.objects.exists)
        yield program
        program.terminate()
        program.communicate(timeout=60)
        assert (program.returncode, program_processes()) == (0, [])


def queued_order(*, name: str = "Elm Street Motors", first: int = 1, vehicles: int = VEHICLES) -> Order:
    dealership = make_dealership(name=name)
    make_vehicles(dealership=dealership, count=vehicles, first=first)
    order = make_order(dealership=dealership, confirmed=True)
    return approve_order(order=order, order_number=str(45000 + first), in_background=True)


def owner_of(order: Order, *, attempt: int = 1) -> int:
    """The process that works on an order in its so-many-eth attempt, as soon as there is one."""
    found: list[int | None] = []

    def look() -> bool:
        owned = Order.objects.filter(pk=order.pk, state="processing", attempts=attempt, lease_until__gt=Now())
        found.extend(owned.values_list("owner_pid", flat=True))
        return bool(found)

    wait_until(look, seconds=60)
    assert found[0] is not None
    return found[0]


def is_in(order: Order, state: str) -> bool:
    order.refresh_from_db()
    return order.state == state


def assert_released_once(order: Order, *, vehicles: int = VEHICLES) -> None:
    order.refresh_from_db()
    assert order.state == "done", order.error_text
    assert VinLogEntry.objects.filter(order=order).count() == vehicles
    digests = [hashlib.sha256(data).hexdigest() for data in released_bytes(order).values()]
    assert digests == list(order.artifacts.values_list("sha256", flat=True))
    assert (len(digests), OpenVin.objects.filter(order=order).count()) == (vehicles + 6, 0)


def test_an_order_whose_worker_is_killed_is_completed_once_by_another(worker: subprocess.Popen[str]) -> None:
    order = queued_order()
    os.kill(owner_of(order), signal.SIGKILL)
    wait_until(lambda: is_in(order, "done"), seconds=60)
    assert_released_once(order)
    assert (order.attempts, order.claims_total) == (2, 2)


def kill_idle(first: psutil.Process) -> None:
    """One idle process takes the lock of the queue with it."""
    [sentinel] = first.children()
    for process in sentinel.children():
        process.kill()


def kill_sentinel(first: psutil.Process) -> None:
    [sentinel] = first.children()
    sentinel.kill()


def kill_group(first: psutil.Process) -> None:
    os.killpg(first.pid, signal.SIGKILL)


@pytest.mark.faults
@pytest.mark.parametrize("harm", [kill_idle, kill_sentinel, kill_group, psutil.Process.kill])
def test_whatever_part_of_the_queue_is_killed_the_next_order_is_completed(
    worker: subprocess.Popen[str], harm: Callable[[psutil.Process], None]
) -> None:
    harm(psutil.Process(Incarnation.objects.get().group_id))
    order = queued_order(vehicles=3)
    wait_until(lambda: is_in(order, "done"), seconds=60)
    assert_released_once(order, vehicles=3)
    assert Incarnation.objects.filter(ended_at=None).count() == 1


@pytest.mark.faults
def test_a_frozen_worker_that_wakes_up_after_another_took_over_publishes_nothing(
    worker: subprocess.Popen[str],
) -> None:
    order = queued_order()
    frozen = psutil.Process(owner_of(order))
    frozen.suspend()
    wait_until(lambda: is_in(order, "done"), seconds=60)
    before = list(Artifact.objects.values_list("path", flat=True))
    frozen.resume()
    second = queued_order(name="Oak Street Motors", first=101, vehicles=3)
    wait_until(lambda: is_in(second, "done"), seconds=60)
    assert_released_once(order)
    assert list(Artifact.objects.filter(order=order).values_list("path", flat=True)) == before


@pytest.mark.faults
def test_an_order_that_kills_every_worker_fails_visibly_and_holds_up_no_other(worker: subprocess.Popen[str]) -> None:
    poison = queued_order()
    other = queued_order(name="Oak Street Motors", first=101, vehicles=3)
    for attempt in range(1, 6):
        os.kill(owner_of(poison, attempt=attempt), signal.SIGKILL)
    wait_until(lambda: is_in(poison, "failed"), seconds=60)
    assert poison.error_code == "E_GAVE_UP"
    assert VinLogEntry.objects.filter(order=poison).count() == 0
    wait_until(lambda: is_in(other, "done"), seconds=60)
    assert_released_once(other, vehicles=3)


@pytest.mark.faults
def test_an_order_that_is_cancelled_in_production_releases_nothing(worker: subprocess.Popen[str]) -> None:
    order = queued_order(vehicles=400)
    owner_of(order)
    cancel_order(order=order)
    wait_until(lambda: is_in(order, "cancelled"), seconds=60)
    assert (Artifact.objects.count(), VinLogEntry.objects.count()) == (0, 0)
