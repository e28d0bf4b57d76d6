"""F07, F25 to F30, F39 to F45: batches, their last steps, and people who act at the same moment."""

import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from dealerships.operations import change_dealerships
from foundation.errors import Refused
from foundation.models import AuditEntry
from jobs.models import Job
from jobs.operations.sweeping import sweep
from orders.models import Artifact, Batch, BatchSummary, Order, OrderLine, VinLogEntry
from orders.operations.batch_completing import cancel_batch, complete_batch, retry_batch
from orders.operations.batch_states import SUMMARY_JOB, find_batch
from orders.operations.completing import approve_order, complete_order, void_order
from orders.operations.reviewing import edit_line
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.faults import sabotage
from tests.faults.invariants import assert_invariants
from tests.faults.shop import Shop, assert_done_once, wait_until
from tests.orders.batches import finish, make_lots, orders_of, start, states
from tests.pages import sign_in
from tests.racing import at_once, times

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Record = Callable[[str, object], None]
fault = pytest.mark.fault


def batch_in_production(count: int = 3, **fields: Any) -> Batch:
    return complete_batch(batch=start(make_lots(count, **fields)), first_number="45001")


def is_state(batch: Batch, state: str) -> bool:
    return find_batch(batch_id=batch.pk).state == state


def finalisations(batch: Batch) -> int:
    changes = AuditEntry.objects.filter(action="change state", object_type="batch", object_id=str(batch.pk))
    return changes.filter(detail__endswith="to completed").count()


def is_summarised(batch: Batch) -> bool:
    return BatchSummary.objects.filter(batch=batch).count() == 1


@fault("F07", "exit behind the last commit, before the batch is closed", "the sweep closes it within 60 s")
def test_f07_a_batch_whose_last_worker_died_is_closed_by_the_sweep(shop: Shop, record_property: Record) -> None:
    batch = batch_in_production(2)
    complete_order(order=orders_of(batch)[0])
    shop.plan(sabotage.RELEASED)
    shop.start_worker(busy=True)
    wait_until(lambda: shop.has_struck(sabotage.RELEASED), 30)
    took = wait_until(lambda: is_state(batch, "completed"), shop.seconds(60, unscaled=2))
    record_property("measured", f"closed after {took:.1f} s")
    wait_until(lambda: '"batches: settled": 1' in shop.words(), 10)
    wait_until(lambda: is_summarised(batch), shop.seconds(60, unscaled=20))
    assert_done_once(orders_of(batch))
    assert [order.claims_total for order in orders_of(batch)] == [1, 1]
    assert finalisations(batch) == 1


@pytest.mark.faults
@fault("F17", "one order of a batch kills every worker", "it failed, the others done, completed_with_errors")
def test_f17_a_batch_with_an_order_that_kills_its_workers_comes_to_an_end(shop: Shop) -> None:
    batch = start(make_lots(3))
    poison = orders_of(batch)[0]
    shop.poison(poison)
    complete_batch(batch=batch, first_number="45001")
    shop.start_worker()
    wait_until(lambda: is_state(batch, "completed_with_errors"), shop.seconds(900))
    assert states(batch) == ["failed", "done", "done"]
    wait_until(lambda: is_summarised(batch), shop.seconds(60))
    assert_invariants()


@pytest.mark.faults
@fault("F25", "the summary fails ten times", "the batch is completed; its page says pending, then ready")
def test_f25_a_summary_that_fails_ten_times_keeps_no_batch_open(shop: Shop, record_property: Record) -> None:
    shop.plan(sabotage.SUMMARISE, "the summary fails", times=10)
    batch, staff = batch_in_production(1), sign_in(role="staff")
    shop.start_worker()
    wait_until(lambda: is_state(batch, "completed"), shop.seconds(60))
    told: list[tuple[bool, str]] = []

    def is_ready() -> bool:
        has_failed_enough = shop.has_struck(sabotage.SUMMARISE)
        told.append((has_failed_enough, summary_status(staff, batch)))
        return told[-1][1] == "ready"

    wait_until(is_ready, 120)
    early = [status for has_failed_enough, status in told if not has_failed_enough]
    assert set(early) == {"pending"}
    assert (is_state(batch, "completed"), is_summarised(batch)) == (True, True)
    record_property("measured", f"asked {len(early)} times meanwhile, each time 200 and pending")


def summary_status(staff: Client, batch: Batch) -> str:
    """What the summary says of itself; its page opens whatever that is."""
    page, data = [staff.get(reverse(name, args=[batch.pk])) for name in ("batch_summary", "batch_summary_json")]
    assert (page.status_code, data.status_code) == (200, 200)
    return str(data.json()["status"])


@pytest.mark.faults
@fault("F26", "the closing of a batch fails once", "the next sweep closes it")
def test_f26_a_batch_whose_closing_failed_is_closed_by_the_sweep(shop: Shop) -> None:
    batch = batch_in_production(1)
    wait_until(lambda: is_state(batch, "processing"), 5)
    shop.plan(sabotage.FINALISE, "the closing fails")
    shop.start_worker(busy=True)
    wait_until(lambda: shop.has_struck(sabotage.FINALISE), 30)
    wait_until(lambda: is_state(batch, "completed"), shop.seconds(60))
    assert_done_once(orders_of(batch))


@fault("F27", "the two last orders of a batch end at the same instant", "closed once, one summary")
def test_f27_two_last_orders_at_once_close_their_batch_once() -> None:
    batch = batch_in_production(2)
    acts = [lambda order=order: complete_order(order=order) for order in orders_of(batch)]
    assert at_once(*acts) == ["ok", "ok"]
    assert is_state(batch, "completed")
    assert Job.objects.filter(kind=SUMMARY_JOB, subject_id=batch.pk).count() == 1
    assert finalisations(batch) == 1
    assert_done_once(orders_of(batch))


def break_order(order: Order) -> None:
    """Its line loses what its output template needs, behind the approval."""
    OrderLine.objects.filter(order=order).update(stock="")


@fault("F28", "one order of a batch cannot be made", "it failed, the rest done, completed_with_errors; a retry works")
def test_f28_an_order_that_cannot_be_made_stops_no_other() -> None:
    batch = batch_in_production(3)
    broken = orders_of(batch)[1]
    before = list(OrderLine.objects.filter(order=broken).values_list("pk", "stock"))
    break_order(broken)
    for order in orders_of(batch):
        _complete(order)
    assert states(batch) == ["done", "failed", "done"]
    assert is_state(batch, "completed_with_errors")
    for pk, stock in before:
        OrderLine.objects.filter(pk=pk).update(stock=stock)
    retry_batch(batch=batch)
    _complete(orders_of(batch)[1])
    assert is_state(batch, "completed")
    assert_done_once(orders_of(batch))


def _complete(order: Order) -> None:
    order.refresh_from_db()
    try:
        complete_order(order=order)
    except Refused as refusal:
        assert refusal.message  # noqa: PT017 - some of the orders are to be refused


@fault("F29", "every order of a batch fails", "the batch failed: no files, no log entries")
def test_f29_a_batch_whose_orders_all_fail_releases_nothing() -> None:
    batch = batch_in_production(2)
    for order in orders_of(batch):
        break_order(order)
        _complete(order)
    assert is_state(batch, "failed")
    assert (Artifact.objects.count(), VinLogEntry.objects.count()) == (0, 0)
    assert [path for path in Path(settings.ORDERS_DIR).rglob("*") if path.is_file()] == []
    assert_invariants()


@fault("F30", "a required cell is empty", "the order failed with the cell's name, no CSV")
def test_f30_an_empty_required_cell_fails_the_order_and_names_it() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    break_order(order)
    with pytest.raises(Refused, match="(?i)stock"):
        complete_order(order=order)
    order.refresh_from_db()
    assert (order.state, order.artifacts.count()) == ("failed", 0)
    assert_invariants()


@fault("F39", "one form sent twenty times at once", "one batch")
def test_f39_a_form_that_arrives_twenty_times_makes_one_batch() -> None:
    lots, key = make_lots(2), uuid.uuid4()
    assert at_once(*times(20, lambda: start(lots, idempotency_key=key))) == ["ok"] * 20
    assert (Batch.objects.count(), Order.objects.count()) == (1, 2)
    assert_invariants()


@fault("F40", "two people start a batch with a common dealership", "one order; the other is told which is in its way")
def test_f40_a_dealership_of_two_batches_gets_one_order() -> None:
    lots = make_lots(3)
    batches: list[Batch] = []
    acts: list[Callable[[], Any]] = [
        lambda: batches.append(start(lots[:2])),
        lambda: batches.append(start(lots[1:])),
    ]
    assert at_once(*acts) == ["ok", "ok"]
    assert Counter(Order.objects.values_list("dealership__name", flat=True)) == {lot.name: 1 for lot in lots}
    refused = [entry for batch in batches for entry in batch.entries.exclude(code="")]
    assert [(entry.dealership, entry.in_the_way_id is not None) for entry in refused] == [(lots[1], True)]
    assert_invariants()


@fault("F41", "two people change one line", "one is saved, the other told; nothing overwritten")
def test_f41_of_two_changes_of_one_line_one_is_saved() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    line = make_order(dealership=dealership).lines.all()[0]
    acts: list[Callable[[], Any]] = [
        lambda: edit_line(line=line, version=1, changes={"trim": "Sport"}),
        lambda: edit_line(line=line, version=1, changes={"model": "Compass"}),
    ]
    assert sorted(at_once(*acts)) == ["line_conflict", "ok"]
    line.refresh_from_db()
    assert (line.version, len(line.overrides)) == (2, 1)


@fault("F42", "a dealership's settings change while its batch runs", "the files are those of the preparation")
def test_f42_settings_changed_in_mid_batch_change_no_file() -> None:
    lots = make_lots(2)
    batch = start(lots)
    change_dealerships(dealerships=lots, values={"template_used_id": "flyout", "price_markup": 500})
    finish(batch)
    assert set(VinLogEntry.objects.values_list("output_template", flat=True)) == {"shortcut_pack"}
    assert_done_once(orders_of(batch))


@fault("F43", "an import is activated while a batch runs", "the batch prints the lines of its preparation")
def test_f43_an_import_in_mid_batch_changes_no_line() -> None:
    lots = make_lots(2)
    batch = start(lots)
    vins = {line.vin for order in orders_of(batch) for line in order.lines.all()}
    for number, lot in enumerate(lots):
        make_vehicles(dealership=lot, count=3, first=5000 + 10 * number)
    finish(batch)
    assert set(VinLogEntry.objects.values_list("vin", flat=True)) == vins
    assert_done_once(orders_of(batch))


@pytest.mark.faults
@fault(
    "F44", "a batch is cancelled in mid-production", "what is in hand ends or stops; no log entry of what is cancelled"
)
def test_f44_a_batch_cancelled_in_mid_production_ends_cleanly(shop: Shop) -> None:
    shop.plan(sabotage.IMAGE, "sleep 4")
    batch = batch_in_production(4)
    shop.start_worker(processes=1, busy=True)
    wait_until(lambda: shop.has_struck(sabotage.IMAGE), 30)
    cancel_batch(batch=batch)
    wait_until(lambda: set(states(batch)) <= {"done", "cancelled"}, shop.seconds(120))
    assert "cancelled" in states(batch)
    wait_until(lambda: is_state(batch, "cancelled") or is_state(batch, "completed"), shop.seconds(60))
    assert_invariants()


@fault("F45", "voiding and retrying at the same moment", "one of them wins")
def test_f45_of_voiding_and_doing_again_one_wins() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    acts: list[Callable[[], Any]] = [
        lambda: void_order(order=order, reason="wrong paper"),
        lambda: finish_order(order=order, order_number="45002"),
    ]
    assert at_once(*acts) == ["ok", "not_claimable"]
    order.refresh_from_db()
    assert (order.state, VinLogEntry.objects.filter(void_reason="").count()) == ("voided", 0)
    assert_invariants()


def test_a_sweep_of_a_finished_batch_changes_nothing() -> None:
    finish(start(make_lots(1)))
    assert sweep() == {}
