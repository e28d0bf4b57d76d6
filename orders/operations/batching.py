"""Batches: the orders of many dealerships, each prepared like a single one and in a transaction of its own."""

import logging
import uuid

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from foundation import context
from foundation.auditing import record
from foundation.connections import is_connection_lost
from foundation.errors import Refused, SilverFoxError
from jobs.operations.background import keep_alive, start_job
from orders.domain.batches import NEEDS_ENTRIES
from orders.models import Batch, BatchEntry, Order, OrderDraft
from orders.operations.batch_planning import Choice, plan_orders
from orders.operations.batch_states import PREPARE_JOB, find_batch, settle_batch
from orders.operations.drafting import find_draft, prepare_draft
from orders.operations.preflight import require_means
from orders.operations.preparing import OrderRequest, read_entries

logger = logging.getLogger(__name__)


def run_batch(
    *,
    choice: Choice,
    confirmed: bool = False,
    actor: User | None = None,
    idempotency_key: uuid.UUID | None = None,
    in_background: bool = False,
) -> Batch:
    """Prepare the orders of the chosen dealerships for review, here or, `in_background`, by a worker.

    A LIST or MAINTENANCE takes what the actor has typed for its dealership, and ends that draft with the order.
    A dealership that gets no order keeps its entry with the reason; none keeps another from its order. `confirmed`
    answers what `create_order` would ask. The same `idempotency_key` gives the same batch again. Raises `Refused`
    when no order could be produced at all: no room, no QR library.
    """
    key = idempotency_key or uuid.uuid4()
    if not Batch.objects.filter(idempotency_key=key).exists():
        require_means()
    with transaction.atomic():
        batch, is_new = Batch.objects.get_or_create(
            idempotency_key=key, defaults={"chosen_by": choice.words, "confirmed": confirmed, "created_by": actor}
        )
        if is_new:
            _add_entries(batch, choice, actor)
            if in_background:
                start_job(kind=PREPARE_JOB, subject_id=batch.pk)
    return prepare_batch(batch_id=batch.pk) if is_new and not in_background else find_batch(batch_id=batch.pk)


def _add_entries(batch: Batch, choice: Choice, actor: User | None) -> None:
    BatchEntry.objects.bulk_create(
        BatchEntry(
            batch=batch,
            position=position,
            dealership=planned.dealership,
            kind=planned.kind,
            condition_group=planned.group,
        )
        for position, planned in enumerate(plan_orders(choice.dealerships, choice.wanted), start=1)
    )
    detail = f"{choice.words}: {', '.join(dealership.name for dealership in choice.dealerships)}"
    record("start batch", object_type="batch", object_id=batch.pk, actor=actor, detail=detail)


def prepare_batch(*, batch_id: int) -> Batch:
    """Prepare what a batch still lacks. Safe to run again and at the same time: every entry is done once."""
    batch = find_batch(batch_id=batch_id)
    with context.bound(batch_id=batch_id):
        for entry_id in _unprepared().filter(batch=batch).values_list("pk", flat=True):
            keep_alive()
            _prepare_entry(entry_id, confirmed=batch.confirmed, actor=batch.created_by)
        return settle_batch(batch_id=batch_id)


def _unprepared() -> QuerySet[BatchEntry]:
    return BatchEntry.objects.filter(order__isnull=True, code="")


def _prepare_entry(entry_id: int, *, confirmed: bool, actor: User | None) -> None:
    with transaction.atomic():
        entry = _unprepared().select_for_update(of=("self",)).select_related("dealership", "batch").filter(pk=entry_id)
        found = entry.first()
        if found is None:
            return
        try:
            found.order = _create(found, confirmed=confirmed, actor=actor)
        except SilverFoxError as error:
            found.code, found.reason = error.code, error.message
            found.in_the_way_id = error.detail.get("open_order_id")
        except Exception as error:
            if is_connection_lost(error):
                raise
            logger.exception("order not prepared", extra={"entry_id": entry_id})
            found.code, found.reason = "E_UNEXPECTED", f"Unexpected {type(error).__name__}: {error}. Try again."
        found.save(update_fields=["order", "code", "reason", "in_the_way"])


def _create(entry: BatchEntry, *, confirmed: bool, actor: User | None) -> Order:
    kind = OrderKind(entry.kind)
    draft = _typed_for(entry, actor) if kind != OrderKind.CAO else None
    if kind == OrderKind.LIST and draft is None:
        raise Refused(
            f"{entry.dealership} has LIST orders, and nobody has typed its vehicles. Prepare a LIST order with them.",
            code=NEEDS_ENTRIES,
        )
    request = OrderRequest(
        dealership=entry.dealership,
        kind=kind,
        group=ConditionGroup(entry.condition_group),
        entries=read_entries(draft.entries) if draft else (),
        include_missing=draft.include_missing if draft else False,
        vin_only=draft.vin_only if draft else (),
        confirmed=confirmed,
        actor=actor,
        idempotency_key=entry.order_key,
        batch=entry.batch,
    )
    return prepare_draft(request=request, draft=draft)


def _typed_for(entry: BatchEntry, actor: User | None) -> OrderDraft | None:
    """What the person who starts the order has typed for its dealership."""
    draft = find_draft(user=actor, dealership=entry.dealership) if actor else None
    return draft if draft and draft.entries.strip() else None


def prepare_again(*, entry: BatchEntry, confirmed: bool = False, actor: User | None = None) -> BatchEntry:
    """Try once more to prepare an order that its batch did not get; `confirmed` answers what was asked.

    Raises `Refused` when the entry has its order or still waits for its turn.
    """
    with transaction.atomic():
        again = BatchEntry.objects.filter(pk=entry.pk, order__isnull=True).exclude(code="")
        if not again.update(code="", reason="", in_the_way=None):
            raise Refused(f"{entry.dealership} has its order or is about to get it.", code="not_refused")
    _prepare_entry(entry.pk, confirmed=confirmed, actor=actor)
    settle_batch(batch_id=entry.batch_id)
    entry.refresh_from_db()
    return entry
