"""Gates that look at what was read from a website more closely than at a file."""

from typing import Any

from inventory.domain.gates import DatasetStats
from tests.inventory.domain.test_gates import gates_of, make_stats


def make_website(accepted: int, **values: Any) -> DatasetStats:
    return make_stats(accepted, **({"foreign_share": 0.0} | values))


def test_a_website_that_says_the_same_passes() -> None:
    assert gates_of(make_website(500), make_website(500), [500] * 5) == []


def test_a_few_rejected_rows_of_a_website_are_confirmed_by_staff() -> None:
    assert gates_of(make_website(95, rejected=5), make_website(95)) == []
    assert gates_of(make_website(94, rejected=6), make_website(94)) == [("G_REJECTS", "hold_staff")]
    assert gates_of(make_website(79, rejected=21), make_website(79)) == [("G_REJECTS", "hold_manager")]
    assert gates_of(make_stats(94, rejected=6), make_stats(94)) == []


def test_a_website_with_half_of_its_vins_changed_is_confirmed_by_staff() -> None:
    assert gates_of(make_website(500, shared_vins=250), make_website(500)) == []
    assert gates_of(make_website(500, shared_vins=249), make_website(500)) == [("G_OVERLAP", "hold_staff")]
    assert gates_of(make_website(500, shared_vins=99), make_website(500)) == [("G_OVERLAP", "hold_manager")]
    assert gates_of(make_stats(500, shared_vins=249), make_stats(500)) == []


def test_a_moved_split_of_new_and_used_is_confirmed_by_staff() -> None:
    assert gates_of(make_website(500, new_share=0.75), make_website(500, new_share=0.5)) == []
    assert gates_of(make_website(500, new_share=0.76), make_website(500, new_share=0.5)) == [("G_SPLIT", "hold_staff")]
    assert gates_of(make_stats(500, new_share=0.9), make_stats(500, new_share=0.6)) == []


def test_vanished_prices_are_confirmed_by_staff_and_released_by_a_manager() -> None:
    assert gates_of(make_website(500, blank_price_share=0.2), make_website(500)) == []
    assert gates_of(make_website(500, blank_price_share=0.21), make_website(500)) == [("G_NO_PRICE", "hold_staff")]
    assert gates_of(make_website(500, blank_price_share=0.51), make_website(500)) == [("G_NO_PRICE", "hold_manager")]
    assert gates_of(make_website(500), make_website(500, blank_price_share=0.9)) == []
    assert gates_of(make_stats(500, blank_price_share=1.0), make_stats(500)) == []


def test_a_moved_share_of_other_rooftops_is_confirmed_by_staff() -> None:
    assert gates_of(make_website(500, foreign_share=0.75), make_website(500, foreign_share=0.55)) == []
    assert gates_of(make_website(500, foreign_share=0.5), make_website(500, foreign_share=0.75)) == [
        ("G_FOREIGN", "hold_staff")
    ]
    assert gates_of(make_website(500, foreign_share=0.75), make_stats(500)) == []


def test_a_partial_reading_waits_for_a_manager() -> None:
    assert gates_of(make_website(500, is_partial=True), make_website(500)) == [("W_PARTIAL", "hold_manager")]
    assert gates_of(make_website(500, is_partial=True)) == [("W_PARTIAL", "hold_manager"), ("G_FIRST", "notice")]
