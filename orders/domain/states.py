"""The life of an order: nine states and the changes between them that are allowed."""

from enum import StrEnum


class OrderState(StrEnum):
    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    VOIDED = "voided"


class IllegalTransition(Exception):
    """A change of state that the life cycle does not have."""


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.DRAFT: frozenset({OrderState.REVIEW, OrderState.CANCELLED}),
    OrderState.REVIEW: frozenset({OrderState.APPROVED, OrderState.CANCELLED}),
    OrderState.APPROVED: frozenset({OrderState.QUEUED, OrderState.REVIEW, OrderState.CANCELLED}),
    OrderState.QUEUED: frozenset({OrderState.PROCESSING, OrderState.CANCELLED}),
    OrderState.PROCESSING: frozenset({OrderState.DONE, OrderState.FAILED, OrderState.QUEUED, OrderState.CANCELLED}),
    OrderState.FAILED: frozenset({OrderState.QUEUED, OrderState.REVIEW, OrderState.CANCELLED}),
    OrderState.DONE: frozenset({OrderState.VOIDED}),
    OrderState.CANCELLED: frozenset(),
    OrderState.VOIDED: frozenset(),
}
# An order is open, and its VINs are taken, in every state before done; a failed one too.
OPEN_STATES = frozenset(OrderState) - {OrderState.DONE, OrderState.CANCELLED, OrderState.VOIDED}


def require_transition(current: OrderState, target: OrderState) -> None:
    """Raise `IllegalTransition` unless an order may go from `current` to `target`."""
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"An order that is {current} cannot become {target}.")
