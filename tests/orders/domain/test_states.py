from itertools import product

import pytest

from orders.domain.states import OPEN_STATES, IllegalTransition, OrderState, require_transition

ALLOWED = {
    ("draft", "review"),
    ("draft", "cancelled"),
    ("review", "approved"),
    ("review", "cancelled"),
    ("approved", "queued"),
    ("approved", "review"),
    ("approved", "cancelled"),
    ("queued", "processing"),
    ("queued", "cancelled"),
    ("processing", "done"),
    ("processing", "failed"),
    ("processing", "queued"),
    ("processing", "cancelled"),
    ("failed", "queued"),
    ("failed", "review"),
    ("failed", "cancelled"),
    ("done", "voided"),
}
PAIRS = list(product(OrderState, OrderState))


def test_there_are_nine_states() -> None:
    assert len(PAIRS) == 81


def refusal_of(current: OrderState, target: OrderState) -> str:
    try:
        require_transition(current, target)
    except IllegalTransition as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize(("current", "target"), PAIRS)
def test_a_change_is_allowed_by_the_life_cycle_or_refused_by_name(current: OrderState, target: OrderState) -> None:
    words = f"An order that is {current.value} cannot become {target.value}."
    assert refusal_of(current, target) == ("" if (current, target) in ALLOWED else words)


def test_an_order_is_open_until_it_is_done_cancelled_or_voided() -> None:
    assert {state.value for state in OPEN_STATES} == {
        "draft",
        "review",
        "approved",
        "queued",
        "processing",
        "failed",
    }
