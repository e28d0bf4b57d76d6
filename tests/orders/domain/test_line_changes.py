"""What was done to lines is told in a few words, and only what differs is kept."""

from typing import Any

import pytest

from orders.domain.line_changes import LineChange, change_between, change_words, read_changes, rows_in_words

STATE: dict[str, Any] = {"overrides": {}, "included": True, "exclusion_reason": "", "reprint_confirmed": False}


def test_only_what_differs_is_kept_and_no_difference_is_no_change() -> None:
    after = {**STATE, "overrides": {"price": None}}
    change = change_between(STATE, after, seq=3, version=2)
    assert change == LineChange(3, 2, {"overrides": {}}, {"overrides": {"price": None}})
    assert change_between(STATE, dict(STATE), seq=3, version=2) is None


def test_a_field_that_was_emptied_counts_as_edited() -> None:
    change = LineChange(1, 2, {"overrides": {"trim": "A"}}, {"overrides": {"price": None, "trim": "B"}})
    assert change.edited == ["trim", "price"]
    assert read_changes([change.as_data()]) == [change]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"overrides": {}}, {"overrides": {"price": "1.00", "trim": "X"}}, "trim, price"),
        ({"included": True}, {"included": False, "exclusion_reason": "sold"}, "left out"),
        ({"included": False}, {"included": True, "exclusion_reason": ""}, "put back"),
        ({"reprint_confirmed": False}, {"reprint_confirmed": True}, "to be printed again"),
        ({"reprint_confirmed": True}, {"reprint_confirmed": False}, "not to be printed again"),
    ],
)
def test_a_change_in_words(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    one = LineChange(3, 2, before, after)
    assert change_words([one]) == f"row 3 {words}"
    assert change_words([one, one._replace(seq=4)]) == f"2 rows {words}"


@pytest.mark.parametrize(
    ("seqs", "words"),
    [
        ([7], "7"),
        ([3, 1, 2, 9], "1-3, 9"),
        (range(1, 501), "1-500"),
        (range(1, 40, 2), "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and 8 more"),
    ],
)
def test_numbers_of_rows_in_a_sentence(seqs: Any, words: str) -> None:
    assert rows_in_words(list(seqs)) == words
