"""The state of a batch: computed from its orders behind every change of one, in a transaction of its own."""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from foundation.auditing import record
from foundation.errors import BadInput
from jobs.models import Job
from jobs.operations.background import retry_job, start_job
from orders.domain.batches import CANCELLED, FINAL_STATES, BatchState, batch_state, is_fault
from orders.domain.states import OrderState
from orders.models import Batch, BatchEntry, BatchSummary, Order

logger = logging.getLogger(__name__)
PREPARE_JOB = "prepare_batch"
SUMMARY_JOB = "summarise_batch"
# An order of a finished batch may be tried again or voided days later.
_DAYS_WATCHED = 30


def find_batch(*, batch_id: int) -> Batch:
    """The batch with that id. Raises `BadInput` when there is none."""
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        newest = Batch.objects.values_list("pk", flat=True).first()
        hint = f"The newest is batch {newest}." if newest else "There are no batches yet."
        raise BadInput(f"There is no batch {batch_id}. {hint}", code="unknown_batch")
    return batch


def lock_batch(batch_id: int) -> Batch:
    """The batch's row, locked until the transaction ends, always before any of its orders; new orders may name it."""
    return Batch.objects.select_for_update(no_key=True).get(pk=batch_id)


def settle_batch(*, batch_id: int, anew: bool = False) -> Batch:
    """Give a batch the state that its orders and entries make; at the end of all work its summary is asked for.

    Of several at once one changes the state, the others find it changed. `anew` also replaces the summary of a batch
    whose state stays, because an order that had ended changed.
    """
    with transaction.atomic():
        batch = lock_batch(batch_id)
        before, state = BatchState(batch.state), _states([batch_id])[batch_id]
        if state != before:
            batch.state = state
            batch.finished_at = timezone.now() if state in FINAL_STATES else None
            batch.save(update_fields=["state", "finished_at"])
            record("change state", object_type="batch", object_id=batch_id, detail=f"{before} to {state}")
        if state != before or anew:
            BatchSummary.objects.filter(batch=batch).delete()
            if state in FINAL_STATES:
                start_job(kind=SUMMARY_JOB, subject_id=batch_id)
    return batch


def _states(batch_ids: Iterable[int]) -> dict[int, BatchState]:
    """What the orders and entries of batches make of them, by two queries."""
    ids = list(batch_ids)
    orders: dict[int, Counter[str]] = {batch_id: Counter() for batch_id in ids}
    unprepared: Counter[int] = Counter()
    refused: Counter[int] = Counter()
    counted = Order.objects.filter(batch__in=ids).order_by().values_list("batch_id", "state").annotate(Count("pk"))
    for batch_id, state, count in counted:
        orders[batch_id][state] += count
    without = BatchEntry.objects.filter(batch__in=ids, order__isnull=True).order_by()
    for batch_id, code, count in without.values_list("batch_id", "code").annotate(Count("pk")):
        if not code:
            unprepared[batch_id] += count
        elif code == CANCELLED:
            orders[batch_id][OrderState.CANCELLED] += count
        elif is_fault(code):
            refused[batch_id] += count
    return {pk: batch_state(orders[pk], unprepared=unprepared[pk], refused=refused[pk]) for pk in ids}


def drifted_batches(*, batches: QuerySet[Batch]) -> dict[int, tuple[BatchState, BatchState]]:
    """Those whose state is not what their orders make of it, by id: the state they have and the one they should."""
    states = dict(batches.order_by("pk").values_list("pk", "state"))
    return {pk: (BatchState(states[pk]), state) for pk, state in _states(states).items() if state != states[pk]}


def settle_drifted() -> int:
    """Sweep: settle the batches whose last step was lost, that is whose state is not what their orders make of it."""
    recent = Q(created_at__gte=timezone.now() - timedelta(days=_DAYS_WATCHED))
    drifted = drifted_batches(batches=Batch.objects.filter(recent | ~Q(state__in=FINAL_STATES)))
    for batch_id in drifted:
        settle_batch(batch_id=batch_id)
    return len(drifted)


def ask_for_summaries() -> int:
    """Sweep: have the summary made of finished batches that have none; one that failed is tried again."""
    waiting = Batch.objects.filter(state__in=FINAL_STATES, summary__isnull=True)
    return sum(_start_or_retry(SUMMARY_JOB, batch_id) for batch_id in waiting.values_list("pk", flat=True))


def ask_for_preparations() -> int:
    """Sweep: have batches prepared further whose preparation nobody does any more."""
    building = Batch.objects.filter(state=BatchState.BUILDING, entries__order__isnull=True, entries__code="")
    return sum(_start_or_retry(PREPARE_JOB, batch_id) for batch_id in building.distinct().values_list("pk", flat=True))


def _start_or_retry(kind: str, batch_id: int) -> bool:
    """Whether a job had to be started: none for the batch waits or runs."""
    newest = Job.objects.filter(kind=kind, subject_id=batch_id).first()
    if newest and newest.state in {Job.State.QUEUED, Job.State.RUNNING}:
        return False
    if newest and newest.state == Job.State.FAILED:
        retry_job(job=newest)
    else:
        start_job(kind=kind, subject_id=batch_id)
    return True
