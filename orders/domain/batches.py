"""A batch: what its orders make of it, its consecutive order numbers, and what is said of those that were not made."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from orders.domain.states import OrderState


class BatchState(StrEnum):
    BUILDING = "building"
    REVIEW = "review"
    PROCESSING = "processing"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_STATES = frozenset(
    {BatchState.COMPLETED, BatchState.COMPLETED_WITH_ERRORS, BatchState.FAILED, BatchState.CANCELLED}
)
IN_REVIEW = frozenset({OrderState.DRAFT, OrderState.REVIEW, OrderState.APPROVED})
IN_PRODUCTION = frozenset({OrderState.QUEUED, OrderState.PROCESSING})
RELEASED = frozenset({OrderState.DONE, OrderState.VOIDED})
# An order of the batch that nothing works on any more, until a person does something.
ENDED = frozenset(OrderState) - IN_REVIEW - IN_PRODUCTION

NEEDS_ENTRIES = "needs_entries"
CANCELLED = "cancelled"
# Why no order was made although nothing is wrong: a quiet lot, a LIST whose vehicles people name, a person's wish.
_NO_FAULT = frozenset({"nothing_to_order", NEEDS_ENTRIES, CANCELLED})

_LAST_DIGITS = re.compile(r"(.*?)([0-9]+)", re.DOTALL)


def is_fault(code: str) -> bool:
    """Whether a dealership without an order counts as an error of its batch."""
    return code not in _NO_FAULT


def batch_state(orders: Mapping[str, int], *, unprepared: int, refused: int) -> BatchState:
    """The state of a batch by the number of its orders in each state; nothing else decides it.

    `unprepared` dealerships wait for their order; `refused` ones got none, and that is a fault.
    """

    def count(states: frozenset[OrderState]) -> int:
        return sum(orders.get(state, 0) for state in states)

    if unprepared:
        return BatchState.BUILDING
    if count(IN_PRODUCTION):
        return BatchState.PROCESSING
    if count(IN_REVIEW):
        return BatchState.REVIEW
    failed = orders.get(OrderState.FAILED, 0)
    if count(RELEASED):
        return BatchState.COMPLETED_WITH_ERRORS if failed or refused else BatchState.COMPLETED
    if orders.get(OrderState.CANCELLED) and not failed:
        return BatchState.CANCELLED
    return BatchState.FAILED if failed or refused else BatchState.COMPLETED


class NumberError(ValueError):
    """Order numbers that cannot be counted up; its text is for people."""


def consecutive_numbers(first: str, count: int) -> list[str]:
    """`count` order numbers from `first` on: the digits at its end are counted up and keep their zeros.

    Raises `NumberError` for a text that does not end in digits and for digits that do not suffice.
    """
    found = _LAST_DIGITS.fullmatch(" ".join(first.split()))
    if found is None:
        raise NumberError(
            f"The order number {first!r} does not end in digits, so the next ones cannot be counted up. "
            "Give a first number such as 45182."
        )
    head, digits = found[1], found[2]
    last = int(digits) + count - 1
    if len(str(last)) > len(digits):
        raise NumberError(
            f"{count} order numbers from {first} on pass {head}{'9' * len(digits)}, the last of its length. "
            "Give a lower first number, or one with more digits."
        )
    return [f"{head}{int(digits) + step:0{len(digits)}d}" for step in range(count)]


class Weight(StrEnum):
    """What a problem does: it stops the order, asks for a person's yes, or only wants to be known."""

    STOPS = "stops"
    ASKS = "asks"
    TELLS = "tells"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is in the way of an order: at which dealership (empty: at all), in what, why, and the next step.

    `order_id` is None before there is an order.
    """

    field: str
    code: str
    reason: str
    hint: str = ""
    dealership: str = ""
    order_id: int | None = None
    weight: Weight = Weight.STOPS

    @property
    def words(self) -> str:
        return " ".join(filter(None, [f"{self.dealership}:" if self.dealership else "", self.reason, self.hint]))

    def as_data(self) -> dict[str, Any]:
        return asdict(self)
