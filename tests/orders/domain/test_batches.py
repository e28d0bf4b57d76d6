from collections import Counter
from itertools import product

import pytest

from orders.domain.batches import (
    FINAL_STATES,
    IN_PRODUCTION,
    IN_REVIEW,
    BatchState,
    NumberError,
    batch_state,
    consecutive_numbers,
)
from orders.domain.states import OrderState


@pytest.mark.parametrize(
    ("orders", "refused", "state"),
    [
        (["review", "review"], 0, "review"),
        (["review", "approved"], 1, "review"),
        (["review", "done", "failed"], 0, "review"),
        (["review", "queued"], 0, "processing"),
        (["processing", "failed"], 0, "processing"),
        (["done", "done"], 0, "completed"),
        (["done", "cancelled", "voided"], 0, "completed"),
        (["done", "failed"], 0, "completed_with_errors"),
        (["done"], 1, "completed_with_errors"),
        (["failed", "failed"], 0, "failed"),
        (["failed", "cancelled"], 0, "failed"),
        (["cancelled", "cancelled"], 1, "cancelled"),
        ([], 2, "failed"),
        ([], 0, "completed"),
    ],
)
def test_the_state_of_a_batch_follows_from_its_orders(orders: list[str], refused: int, state: str) -> None:
    assert batch_state(Counter(orders), unprepared=0, refused=refused) == state
    assert batch_state(Counter(orders), unprepared=1, refused=refused) == "building"


def test_a_batch_is_final_exactly_when_no_order_waits_for_a_person_or_a_worker() -> None:
    for first, second in product(OrderState, repeat=2):
        state = batch_state(Counter([first, second]), unprepared=0, refused=0)
        assert (state in FINAL_STATES) == (not {first, second} & (IN_REVIEW | IN_PRODUCTION))
        assert state != BatchState.BUILDING


@pytest.mark.parametrize(
    ("first", "numbers"),
    [
        ("45182", ["45182", "45183", "45184"]),
        ("00098", ["00098", "00099", "00100"]),
        (" A-7-09 ", ["A-7-09", "A-7-10", "A-7-11"]),
        ("7", ["7", "8", "9"]),
    ],
)
def test_order_numbers_are_counted_up_at_their_end_and_keep_their_zeros(first: str, numbers: list[str]) -> None:
    assert consecutive_numbers(first, 3) == numbers


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("", "does not end in digits"),
        ("July", "does not end in digits"),
        ("45182b", "does not end in digits"),
        ("99998", "pass 99999, the last of its length"),
        ("A8", "pass A9"),
    ],
)
def test_numbers_that_cannot_be_counted_up_are_told(first: str, words: str) -> None:
    with pytest.raises(NumberError, match=words):
        consecutive_numbers(first, 3)
