"""The one place where an order changes its state, and where that is recorded."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from foundation.errors import Refused
from jobs import claims
from jobs.models import CLAIM_COLUMNS
from orders.domain.batches import ENDED
from orders.domain.states import OPEN_STATES, IllegalTransition, OrderState, require_transition
from orders.models import OpenVin, Order, OrderEvent
from orders.operations.batch_states import settle_batch


def move_order(order: Order, target: OrderState, *, action: str, actor: User | None, detail: str = "") -> None:
    """Change and record the state of a locked order.

    Outside production nobody owns an order, and one that ends frees its VINs. Raises `Refused` for a change that the
    life cycle does not have. To be called in a transaction.
    """
    before = OrderState(order.state)
    require_move(order, target)
    order.state = target
    if target != OrderState.PROCESSING:
        claims.let_go(order)
    order.save(update_fields=["state", *CLAIM_COLUMNS])
    if target not in OPEN_STATES:
        OpenVin.objects.filter(order=order).delete()
    record_event(order, action, actor=actor, detail=detail, before=before)
    if order.batch_id:
        _settle_behind_the_commit(order.batch_id, anew=before in ENDED)


def require_move(order: Order, target: OrderState) -> None:
    """Raise `Refused` for a change of state that the life cycle does not have."""
    try:
        require_transition(OrderState(order.state), target)
    except IllegalTransition as error:
        raise Refused(f"Order {order.pk} of {order.dealership}: {error}", code="illegal_transition") from error


def _settle_behind_the_commit(batch_id: int, *, anew: bool) -> None:
    """A step of its own: what goes wrong in it is logged and mended by the sweep, and undoes nothing."""

    def settle() -> None:
        settle_batch(batch_id=batch_id, anew=anew)

    transaction.on_commit(settle, robust=True)


def record_event(
    order: Order, action: str, *, actor: User | None, detail: str = "", before: str = "", **more: Any
) -> OrderEvent:
    """Put on record what was done; `more` are further fields of the event."""
    return OrderEvent.objects.create(
        order=order, action=action, detail=detail, actor=actor, from_state=before, to_state=order.state, **more
    )


def lock_order(order_id: int) -> Order:
    """The order's row, locked until the transaction ends; raises `Refused` when there is none."""
    order = Order.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise Refused(f"There is no order {order_id}.", code="unknown_order")
    return order
