"""The one word for a dealership's day."""

from typing import Any

import pytest

from orders.domain.day import DayState, day_state, urgency


def state(**facts: Any) -> DayState:
    quiet: dict[str, Any] = {
        "open_states": [],
        "has_held_dataset": False,
        "has_inventory": True,
        "has_rules": True,
        "waiting": 0,
        "is_done_today": False,
    }
    return day_state(**(quiet | facts))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "nothing_new"),
        ({"waiting": 3}, "ready"),
        ({"waiting": 3, "is_done_today": True}, "ready"),
        ({"is_done_today": True}, "done"),
        ({"has_rules": False}, "not_set_up"),
        ({"has_rules": False, "is_done_today": True}, "done"),
        ({"has_inventory": False}, "no_inventory"),
        ({"has_inventory": False, "has_rules": False}, "no_inventory"),
        ({"open_states": ["review"], "waiting": 3}, "in_review"),
        ({"open_states": ["approved"]}, "in_review"),
        ({"open_states": ["queued"]}, "in_production"),
        ({"open_states": ["processing"]}, "in_production"),
        ({"open_states": ["failed"]}, "failed"),
        ({"has_held_dataset": True, "waiting": 3}, "held"),
    ],
)
def test_each_fact_has_its_word(facts: dict[str, Any], expected: str) -> None:
    assert state(**facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"open_states": ["review", "failed", "queued"], "has_held_dataset": True}, "failed"),
        ({"open_states": ["review", "queued"], "has_held_dataset": True}, "held"),
        ({"open_states": ["review", "queued"]}, "in_production"),
    ],
)
def test_the_most_urgent_fact_gives_the_word(facts: dict[str, Any], expected: str) -> None:
    assert state(**facts) == expected


def test_states_are_sorted_by_who_must_act_first() -> None:
    words = sorted(DayState, key=urgency)
    assert (words[0], words[1], words[-1]) == ("failed", "held", "done")
