"""What one dealership needs today, in one word."""

from collections.abc import Collection
from enum import StrEnum

from orders.domain.states import OrderState


class DayState(StrEnum):
    """The states of a dealership's day, the most urgent first."""

    FAILED = "failed"
    HELD = "held"
    IN_PRODUCTION = "in_production"
    IN_REVIEW = "in_review"
    READY = "ready"
    NO_INVENTORY = "no_inventory"
    NOT_SET_UP = "not_set_up"
    NOTHING_NEW = "nothing_new"
    DONE = "done"


_URGENCY = {state: place for place, state in enumerate(DayState)}
_BY_ORDER = (
    (DayState.FAILED, {OrderState.FAILED}),
    (DayState.IN_PRODUCTION, {OrderState.QUEUED, OrderState.PROCESSING}),
    (DayState.IN_REVIEW, {OrderState.DRAFT, OrderState.REVIEW, OrderState.APPROVED}),
)


def day_state(
    *,
    open_states: Collection[str],
    has_held_dataset: bool,
    has_inventory: bool,
    has_rules: bool,
    waiting: int,
    is_done_today: bool,
) -> DayState:
    """The most urgent of everything that is true of a dealership: its open orders, its inventory, what waits."""
    states = [state for state, members in _BY_ORDER if members & set(open_states)]
    if has_held_dataset:
        states.append(DayState.HELD)
    if states:
        return min(states, key=_URGENCY.__getitem__)
    if not has_inventory:
        return DayState.NO_INVENTORY
    if not has_rules:
        return DayState.DONE if is_done_today else DayState.NOT_SET_UP
    if waiting:
        return DayState.READY
    return DayState.DONE if is_done_today else DayState.NOTHING_NEW


def urgency(state: DayState) -> int:
    """The place of a state in a list that begins with what needs a person."""
    return _URGENCY[state]
