"""An order as work: who produces it, how its failure is recorded, and how a person ends it in mid-production."""

import logging
import uuid
from datetime import UTC

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Now, TruncSecond
from django.utils import timezone

from foundation.errors import Refused
from jobs import claims
from jobs.registry import Work, register_work
from orders.domain.states import OrderState
from orders.files import attempt_folder, discard_files
from orders.models import Order, OrderLine, VinLogEntry
from orders.operations.transitions import lock_order, move_order

logger = logging.getLogger(__name__)
COMPLETE_JOB = "complete_order"
ASK_TO_CANCEL = "ask to cancel"


def _move(order: Order, state: str, *, action: str, detail: str) -> None:
    actor = None
    if state == OrderState.CANCELLED:
        asked = order.events.filter(action=ASK_TO_CANCEL).select_related("actor").last()
        actor, detail = (asked.actor, asked.detail) if asked else (None, detail)
    move_order(order, OrderState(state), action=action, actor=actor, detail=detail)


register_work(Work(kind=COMPLETE_JOB, model=Order, move=_move, running=OrderState.PROCESSING.value))


def this_second() -> TruncSecond:
    """The time of the database without fractions, for a column; the sessions' own zone, or it would be hours off."""
    return TruncSecond(Now(), tzinfo=UTC)


def claim_order(order: Order) -> tuple[Order, uuid.UUID]:
    """Become the owner of a queued order, or of one whose owner's lease ran out; its moment of completion and its
    duplicates are fixed. Raises `Refused` when it is not to be had."""
    with transaction.atomic():
        token = claims.claim(order, completed_at=Coalesce("completed_at", this_second()))
        if token is None:
            raise Refused(_not_claimable(order), code="not_claimable", detail={"status": order.state})
        # The billing sheet counts duplicates before this order writes the log.
        lines_marked_wrongly(order).update(is_duplicate=F("was_logged"))
    return order, token


def _not_claimable(order: Order) -> str:
    if order.state == OrderState.PROCESSING and order.lease_until:
        until = timezone.localtime(order.lease_until)
        return f"Order {order.pk} is in production; another worker owns it until {until:%H:%M:%S}. Try again then."
    if order.state == OrderState.QUEUED and claims.is_exhausted(order):
        return f"Order {order.pk} was started {order.claims_total} times without an end; it is about to be failed."
    if order.state == OrderState.QUEUED and order.not_before:
        until = timezone.localtime(order.not_before)
        return f"Order {order.pk} lost its worker {order.attempts} times and pauses until {until:%H:%M:%S}."
    return f"Order {order.pk} of {order.dealership} is {order.state}; only a queued order can be completed."


def lines_marked_wrongly(order: Order) -> QuerySet[OrderLine]:
    """Lines whose mark as a duplicate is not what the log says before this order; baseline entries are no prints."""
    entries = VinLogEntry.objects.in_force().filter(dealership=order.dealership_id, is_baseline=False)
    before = entries.filter(vin=OuterRef("vin")).exclude(order=order)
    return order.lines.annotate(was_logged=Exists(before)).exclude(is_duplicate=F("was_logged"))


def fail_order(order: Order, token: uuid.UUID, *, code: str, reason: str, error: Exception | None = None) -> None:
    """Record on the order why this attempt ended; its files go, unless they were released before the error."""
    with transaction.atomic():
        locked = lock_order(order.pk)
        if not locked.artifacts.filter(path__startswith=attempt_folder(order.pk, token)).exists():
            discard_files(order.pk, token)
        is_recorded = claims.fail(locked, token, code=code, text=reason, error=error)
    if is_recorded:
        # The sentence stands on the order; it may name vehicles, which logs do not.
        logger.warning("order failed", extra={"order_id": order.pk, "code": code})


def stop_cancelled(order: Order, token: uuid.UUID) -> None:
    """End an attempt at an order that somebody asked to cancel: no file stays, the order is cancelled."""
    discard_files(order.pk, token)
    claims.cancel(order, token)
