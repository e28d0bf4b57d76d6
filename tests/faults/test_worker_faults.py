"""F01 to F06, F08, F18 to F24 and F36: what happens to one worker, one job, one doorbell."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection
from django_q.models import OrmQ

from jobs import executor, registry
from jobs.models import Job
from jobs.operations.background import start_job
from orders.models import Artifact, Order, VinLogEntry
from orders.operations.claiming import COMPLETE_JOB
from orders.operations.tidying import remove_old_attempts
from tests.faults import sabotage
from tests.faults.invariants import assert_invariants
from tests.faults.shop import Shop, assert_done_once, endings, is_alive, state, states, wait_done, wait_until

pytestmark = [pytest.mark.slow]
Record = Callable[[str, object], None]
fault = pytest.mark.fault


def counted(order: Order) -> tuple[int, int]:
    """How often the order was started: attempts that count, and all."""
    order.refresh_from_db()
    return order.attempts, order.claims_total


def assert_left_and_swept(order: Order, pattern: str) -> None:
    """The lost attempt has left one folder, named by no row, which goes when it is a day old; the released stays."""
    root = Path(settings.ORDERS_DIR)
    released = {path.split("/")[1] for path in order.artifacts.values_list("path", flat=True)}
    [left] = [path for path in root.glob(pattern.format(order.pk)) if path.name not in released]
    assert any(path.is_file() for path in left.rglob("*"))
    assert remove_old_attempts() == 0
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(left, (two_days_ago, two_days_ago))
    assert (remove_old_attempts(), left.exists()) == (1, False)
    assert_done_once([order])


def dies_and_continues(shop: Shop, place: str, record: Record, *, action: str = "kill") -> Order:
    """An order whose worker dies at a place; how long it takes from there until the order is done is measured."""
    shop.plan(place, action)
    shop.start_worker()
    [order] = shop.send_new()
    wait_until(lambda: shop.has_struck(place), 30)
    took = wait_done([order], shop.seconds(120))
    record("measured", f"continued after {took:.1f} s")
    return order


@pytest.mark.faults
@fault("F01", "worker killed before its claim", "the order stays queued and is done within 120 s")
def test_f01_a_worker_killed_before_its_claim_costs_the_order_nothing(shop: Shop, record_property: Record) -> None:
    order = dies_and_continues(shop, sabotage.TAKEN, record_property)
    assert counted(order) == (1, 1)


@fault("F02", "worker killed behind its claim, before the first file", "the lease ends, attempt 2 succeeds")
def test_f02_a_worker_killed_behind_its_claim_is_followed_by_another(shop: Shop, record_property: Record) -> None:
    order = dies_and_continues(shop, sabotage.MADE, record_property)
    assert counted(order) == (2, 2)


@pytest.mark.faults
@fault("F03", "worker killed between two vehicles", "attempt 2 succeeds, the folder of attempt 1 is swept")
def test_f03_a_worker_killed_between_two_vehicles_is_followed_by_another(shop: Shop, record_property: Record) -> None:
    order = dies_and_continues(shop, sabotage.IMAGE, record_property)
    assert counted(order) == (2, 2)
    assert_left_and_swept(order, ".tmp/{}-*")


@pytest.mark.faults
@fault("F04", "exit between flush and rename", "attempt 2 succeeds, the folder of attempt 1 is swept")
def test_f04_a_worker_killed_before_it_moves_the_files_publishes_none(shop: Shop, record_property: Record) -> None:
    order = dies_and_continues(shop, sabotage.RENAME, record_property)
    assert counted(order) == (2, 2)
    assert_left_and_swept(order, ".tmp/{}-*")


@pytest.mark.faults
@fault("F05", "exit between rename and closing transaction", "a folder that no row names; attempt 2 publishes another")
def test_f05_files_that_were_moved_and_not_recorded_are_never_released(shop: Shop, record_property: Record) -> None:
    order = dies_and_continues(shop, sabotage.RENAMED, record_property)
    assert counted(order) == (2, 2)
    assert Artifact.objects.filter(order=order).count() == 2 + 6
    assert_left_and_swept(order, "{}/*")


@pytest.mark.faults
@fault(
    "F06", "exit in the closing transaction, VINs logged, before the commit", "rolled back: 0 log entries, then done"
)
def test_f06_log_entries_that_were_not_committed_are_gone(shop: Shop, record_property: Record) -> None:
    shop.plan(sabotage.LOGGED)
    shop.start_worker()
    [order] = shop.send_new()
    wait_until(lambda: shop.has_struck(sabotage.LOGGED), 30)
    assert VinLogEntry.objects.count() == 0
    record_property("measured", f"continued after {wait_done([order], shop.seconds(120)):.1f} s")
    assert counted(order) == (2, 2)


@pytest.mark.faults
@fault("F08", "exit behind the work, before the queue is told", "the doubled delivery is refused")
def test_f08_work_that_the_queue_does_not_know_of_is_not_done_twice(shop: Shop) -> None:
    shop.plan(sabotage.ACKNOWLEDGE)
    shop.start_worker(JOB_TIMEOUT_SECONDS="10", JOB_RETRY_SECONDS="80")
    [order] = shop.send_new()
    wait_until(lambda: shop.has_struck(sabotage.ACKNOWLEDGE), 30)
    assert_done_once([order])
    wait_until(lambda: "order not completed" in shop.words(), shop.seconds(80, unscaled=20))
    assert_done_once([order])
    assert counted(order) == (1, 1)


@pytest.fixture
def _kinds_of_the_sabotage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_jobs", dict(registry._jobs))
    for kind in (sabotage.ENDS_ITS_WORKER, sabotage.CANNOT_BE_PICKLED):
        registry.job(kind)(sabotage.end_the_worker)


@fault("F18", "a job ends its worker; a job gives what cannot be pickled", "failed with a message, one run")
@pytest.mark.usefixtures("_kinds_of_the_sabotage")
def test_f18_a_job_that_ends_its_worker_and_one_with_an_odd_result_fail_once(shop: Shop) -> None:
    shop.start_worker()
    kinds = (sabotage.ENDS_ITS_WORKER, sabotage.CANNOT_BE_PICKLED)
    jobs = [start_job(kind=kind) for kind in kinds]
    ended = Job.objects.filter(pk__in=[job.pk for job in jobs]).exclude(state__in=["queued", "running"])
    wait_until(lambda: ended.count() == 2, shop.seconds(60))
    assert [(job.state, job.claims_total) for job in ended.order_by("pk")] == [("failed", 1), ("failed", 1)]
    assert all(job.error_text for job in ended)
    assert len(shop.send_new()) == 1
    wait_done(list(Order.objects.all()), shop.seconds(60))


@pytest.mark.faults
@fault("F19", "a job hangs twice as long as it may take", "ended with a reason, the queue lives, a retry works")
def test_f19_a_job_that_hangs_is_ended_and_the_queue_lives(shop: Shop, record_property: Record) -> None:
    """Its lease lasts, so that only the time limit can end it."""
    shop.plan(sabotage.MADE, "hang")
    shop.start_worker(JOB_TIMEOUT_SECONDS="60", JOB_RETRY_SECONDS="180", LEASE_SECONDS="600")
    [order] = shop.send_new()
    wait_until(lambda: shop.has_struck(sabotage.MADE), 30)
    took = wait_until(lambda: state(order) == "failed", shop.seconds(2 * 60, unscaled=0))
    record_property("measured", f"ended after {took:.1f} s of {60 / shop.scale:.0f}")
    order.refresh_from_db()
    assert (order.error_code, order.error_stage) == ("E_TIMEOUT", "write")
    assert "It took longer than" in order.error_text
    [other] = shop.send_new()
    wait_done([other], shop.seconds(60))
    shop.send(order)
    wait_done([order], shop.seconds(60))


@pytest.mark.faults
@fault("F19", "a job stuck in C, or deaf to its time limit", "its process is ended, another does the work, queue lives")
@pytest.mark.parametrize("how", ["stuck in C", "deaf"])
def test_f19_a_job_that_hears_no_limit_is_ended_with_its_process(shop: Shop, how: str, record_property: Record) -> None:
    shop.plan(sabotage.MADE, how)
    worker = shop.start_worker(JOB_TIMEOUT_SECONDS="60", JOB_RETRY_SECONDS="180")
    before = worker.workers()
    [order] = shop.send_new()
    wait_until(lambda: shop.has_struck(sabotage.MADE), 30)
    took = wait_until(lambda: sum(map(is_alive, before)) == 1, shop.seconds(2 * 60, unscaled=3))
    record_property("measured", f"{how}: ended after {took:.1f} s of {60 / shop.scale:.0f}")
    wait_done([order], shop.seconds(120))
    assert counted(order) == (2, 2)
    wait_done(shop.send_new(3), shop.seconds(60))
    assert (len(worker.workers()), endings()) == (2, [""])


@pytest.mark.faults
@fault(
    "F20", "worker frozen for 3 minutes, its order taken over, then thawed", "its late write is refused, one log set"
)
def test_f20_a_frozen_worker_cannot_publish_what_another_has_taken_over(shop: Shop, record_property: Record) -> None:
    shop.plan(sabotage.RENAME, "stop")
    worker = shop.start_worker()
    [order] = shop.send_new()
    wait_until(lambda: shop.has_struck(sabotage.RENAME), 30)
    took = wait_done([order], shop.seconds(180))
    record_property("measured", f"taken over and done after {took:.1f} s")
    time.sleep(max(0.0, 180 / shop.scale - took))
    artifacts = list(order.artifacts.values_list("path", flat=True))
    frozen = [process for process in worker.everything() if process.status() == psutil.STATUS_STOPPED]
    for process in frozen:
        process.resume()
    wait_until(lambda: '"code": "lost_lease"' in shop.words(), 20)
    assert len(frozen) == 1
    assert list(order.artifacts.values_list("path", flat=True)) == artifacts
    assert_done_once([order])


@fault("F21", "the same delivery five times at once", "one execution")
def test_f21_a_doorbell_that_rings_five_times_starts_the_work_once(shop: Shop) -> None:
    order = shop.send(shop.new_order())
    for _ in range(4):
        executor.enqueue(COMPLETE_JOB, order.pk)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(_run_and_close, [order.pk] * 5))
    assert_done_once([order])
    assert counted(order) == (1, 1)


def _run_and_close(order_id: int) -> None:
    try:
        executor.run(COMPLETE_JOB, order_id)
    finally:
        connection.close()


@fault("F22", "every row of the queue deleted", "rung for again within 150 s")
def test_f22_a_lost_queue_loses_no_work(shop: Shop, record_property: Record) -> None:
    orders = shop.send_new(2)
    OrmQ.objects.all().delete()
    shop.start_worker()
    record_property("measured", f"done after {wait_done(orders, shop.seconds(150)):.1f} s")


@pytest.mark.faults
@fault(
    "F23", "secret key changed while the queue is full", "the queue drops its entries, the sweep rings again, 0 lost"
)
def test_f23_work_that_was_rung_for_under_another_key_is_done(shop: Shop, record_property: Record) -> None:
    orders = shop.send_new(3)
    shop.start_worker(SECRET_KEY="another-key-that-is-long-enough-for-every-check-of-the-settings")
    record_property("measured", f"done after {wait_done(orders, shop.seconds(150)):.1f} s")


@fault("F24", "the queue repeats jobs before they can end", "refused at the start; claims refuse doubled work")
def test_f24_a_queue_that_would_repeat_running_jobs_is_refused_at_the_start(shop: Shop) -> None:
    program = shop.start("manage.py", "worker", JOB_TIMEOUT_SECONDS="60", JOB_RETRY_SECONDS="60")
    assert program.wait(timeout=60) != 0
    assert "the queue would hand out jobs that still run" in shop.words()


@pytest.mark.faults
@fault("F24", "the same, with the check at the start silenced", "delivered again while it runs, refused, one run")
def test_f24_work_that_the_queue_repeats_while_it_runs_is_done_once(shop: Shop) -> None:
    shop.plan(sabotage.IMAGE, f"sleep {2 * 10 / shop.scale + 2}")
    shop.start_worker(
        JOB_TIMEOUT_SECONDS="60", JOB_RETRY_SECONDS="10", LEASE_SECONDS="600", SABOTAGE_SILENCED_CHECKS="jobs.E001"
    )
    [order] = shop.send_new()
    wait_done([order], shop.seconds(60))
    assert '"code": "not_claimable"' in shop.words()
    assert counted(order) == (1, 1)


@pytest.mark.faults
@fault("F36", "a deadlock at every attempt, and at two only", "tried three times, then failed with the reason; or done")
def test_f36_a_deadlock_is_tried_again_and_then_told(shop: Shop) -> None:
    shop.start_worker()
    shop.plan(sabotage.LOGGED, "deadlock", times=2)
    [order] = shop.send_new()
    wait_done([order], shop.seconds(120))
    assert counted(order)[0] == 3
    shop.plan(sabotage.LOGGED, "deadlock", times=3)
    [other] = shop.send_new()
    wait_until(lambda: state(other) == "failed", shop.seconds(120))
    assert shop.has_struck(sabotage.LOGGED)
    other.refresh_from_db()
    assert "injected" in other.error_text
    assert states([order]) == {"done"}
    assert_invariants()
