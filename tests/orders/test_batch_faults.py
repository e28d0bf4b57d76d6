"""Batches under faults: lost finalisations, failing summaries, doubled requests, two ends at once."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from foundation.models import AuditEntry
from jobs.models import Job
from jobs.operations.background import run_job
from jobs.operations.sweeping import sweep
from orders.models import Batch, BatchSummary, Order, OrderLine, VinLogEntry
from orders.operations.batch_completing import cancel_batch, complete_batch
from orders.operations.batch_results import summarise_batch
from orders.operations.completing import approve_order, complete_order
from tests.orders.batches import make_lots, orders_of, start, states, summary_jobs
from tests.racing import at_once, times

pytestmark = pytest.mark.django_db(transaction=True)


def finalisations(batch: Batch) -> int:
    changes = AuditEntry.objects.filter(action="change state", object_type="batch", object_id=str(batch.pk))
    return changes.filter(detail__endswith="to completed").count()


def break_summaries(*, broken: bool) -> None:
    """Refuse, in the database, every row of a summary; or let them in again."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_batchsummary DROP CONSTRAINT IF EXISTS broken_for_a_test")
        if broken:
            cursor.execute("ALTER TABLE orders_batchsummary ADD CONSTRAINT broken_for_a_test CHECK (id < 0)")


def test_a_summary_that_fails_ten_times_leaves_the_batch_completed_and_comes_later(
    staff: Client, run_queued_jobs: Callable[[], int]
) -> None:
    batch = complete_batch(batch=start(make_lots(1)), first_number="45001")
    complete_order(order=orders_of(batch)[0])
    address = reverse("batch_summary_json", args=[batch.pk])
    break_summaries(broken=True)
    try:
        for _ in range(10):
            [job] = summary_jobs(batch)
            with pytest.raises(Exception, match="broken_for_a_test"):
                run_queued_jobs()
            job.refresh_from_db()
            batch.refresh_from_db()
            answer = staff.get(address)
            assert (batch.state, answer.status_code, answer.json()["status"]) == ("completed", 200, "pending")
            assert staff.get(reverse("batch_summary", args=[batch.pk])).status_code == 200
            if job.state == Job.State.FAILED:
                sweep()
    finally:
        break_summaries(broken=False)
    sweep()
    run_queued_jobs()
    assert (staff.get(address).json()["status"], len(summary_jobs(batch))) == ("ready", 1)


def test_a_finalisation_that_was_lost_is_made_by_the_sweep(run_queued_jobs: Callable[[], int]) -> None:
    batch = complete_batch(batch=start(make_lots(2)), first_number="45001")
    for order in orders_of(batch):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'lost for a test'; END $$"
            )
            cursor.execute("DROP TRIGGER IF EXISTS lost_for_a_test ON orders_batch")
            cursor.execute(
                "CREATE TRIGGER lost_for_a_test BEFORE UPDATE ON orders_batch FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        complete_order(order=order)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER lost_for_a_test ON orders_batch")
    batch.refresh_from_db()
    assert (batch.state, states(batch), VinLogEntry.objects.count()) == ("processing", ["done", "done"], 4)
    assert sweep()["batches: settled"] == 1
    run_queued_jobs()
    batch.refresh_from_db()
    assert (batch.state, finalisations(batch), BatchSummary.objects.count()) == ("completed", 1, 1)
    assert sweep() == {}


def test_two_last_orders_at_once_make_one_finalisation_and_one_summary(run_queued_jobs: Callable[[], int]) -> None:
    batch = complete_batch(batch=start(make_lots(2)), first_number="45001")
    first, second = orders_of(batch)
    assert at_once(lambda: complete_order(order=first), lambda: complete_order(order=second)) == ["ok", "ok"]
    batch.refresh_from_db()
    assert (batch.state, finalisations(batch), len(summary_jobs(batch))) == ("completed", 1, 1)
    run_queued_jobs()
    assert at_once(*times(3, lambda: summarise_batch(batch_id=batch.pk))) == ["ok"] * 3
    assert BatchSummary.objects.count() == 1


def test_twenty_requests_with_one_key_make_one_batch() -> None:
    lots = make_lots(2)
    key = uuid.uuid4()
    made: list[int] = []
    answers = at_once(*times(20, lambda: made.append(start(lots, idempotency_key=key).pk)))
    assert (answers, len(set(made)), Batch.objects.count(), Order.objects.count()) == (["ok"] * 20, 1, 1, 2)


def test_two_batches_at_once_with_a_common_dealership_share_no_vehicle() -> None:
    lots = make_lots(3)
    acts: list[Callable[[], Any]] = [lambda: start(lots[:2]), lambda: start(lots[1:])]
    assert at_once(*acts) == ["ok", "ok"]
    refused = [entry for batch in Batch.objects.all() for entry in batch.entries.exclude(code="")]
    assert [(entry.dealership, entry.code) for entry in refused] == [(lots[1], "open_order")]
    assert refused[0].in_the_way == Order.objects.get(dealership=lots[1])
    assert OrderLine.objects.values("vin").distinct().count() == OrderLine.objects.count() == 6


def test_two_completions_at_once_number_every_order_once() -> None:
    batch = start(make_lots(3))
    acts: list[Callable[[], Any]] = [
        lambda: complete_batch(batch=batch, first_number="45001"),
        lambda: complete_batch(batch=batch, first_number="46001"),
    ]
    assert at_once(*acts) == ["ok", "ok"]
    numbers = [order.order_number for order in orders_of(batch)]
    assert numbers in (["45001", "45002", "45003"], ["46001", "46002", "46003"])


def test_cancelling_while_an_order_is_produced_logs_no_vin_of_a_cancelled_one() -> None:
    batch = complete_batch(batch=start(make_lots(2)), first_number="45001")
    first, _ = orders_of(batch)
    answers = at_once(lambda: complete_order(order=first), lambda: cancel_batch(batch=batch))
    assert answers[1] == "ok"
    for order in orders_of(batch):
        assert (order.state, order.vin_log_entries.count()) in [("done", 2), ("cancelled", 0)]
    batch.refresh_from_db()
    assert batch.state in {"completed", "cancelled"}


def test_a_preparation_that_nobody_does_any_more_is_asked_for_by_the_sweep(run_queued_jobs: Callable[[], int]) -> None:
    batch = start(make_lots(2), in_background=True)
    [job] = Job.objects.all()
    Job.objects.update(state=Job.State.FAILED)
    assert sweep()["batches: preparations asked for"] == 1
    run_queued_jobs()
    batch.refresh_from_db()
    job.refresh_from_db()
    assert (batch.state, states(batch), job.state) == ("review", ["review"] * 2, "done")


def test_an_order_that_is_completed_by_itself_settles_its_batch() -> None:
    batch = start(make_lots(2))
    first, second = orders_of(batch)
    complete_order(order=approve_order(order=first, order_number="45001"))
    batch.refresh_from_db()
    assert batch.state == "review"
    complete_order(order=approve_order(order=second, order_number="45002"))
    batch.refresh_from_db()
    assert batch.state == "completed"
    [job] = summary_jobs(batch)
    run_job(job_id=job.pk)
    assert batch.summary.data["batch_status"] == "completed"
