from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.gates import DatasetStats, GateLimits, GateResult, Severity, evaluate_gates

DAY = datetime(2025, 5, 20, 8, 0, tzinfo=UTC)


def make_stats(accepted: int, **values: Any) -> DatasetStats:
    """A dataset without a fault whose VINs are all in the active one."""
    rejected = values.get("rejected", 0)
    defaults = {"read": accepted + rejected, "rejected": 0, "collected_at": DAY, "shared_vins": accepted}
    return DatasetStats(**({"accepted": accepted} | defaults | values))


def gates_of(
    new: DatasetStats, active: DatasetStats | None = None, history: Sequence[int] = (), **limits: int
) -> list[tuple[str, str]]:
    return [(gate.code, gate.severity.value) for gate in evaluate_gates(new, active, history, GateLimits(**limits))]


def test_the_same_number_of_vehicles_passes() -> None:
    assert gates_of(make_stats(500), make_stats(500), [500] * 5) == []


def test_the_first_dataset_passes_with_a_notice() -> None:
    assert gates_of(make_stats(500)) == [("G_FIRST", "notice")]


def test_case_77_no_vehicles_are_refused_whatever_else() -> None:
    for active in (None, make_stats(500), make_stats(3)):
        assert gates_of(make_stats(0, rejected=9, has_status=False), active) == [("G_ZERO", "refuse")]


def test_case_78_a_collapse_is_held_for_a_manager() -> None:
    assert gates_of(make_stats(12), make_stats(500)) == [("G_COLLAPSE", "hold_manager")]
    assert evaluate_gates(make_stats(12), make_stats(500), [])[0].message == "12 vehicles after 500: below 50%."


def test_a_collapse_against_the_median_of_the_last_five_is_held_for_a_manager() -> None:
    assert gates_of(make_stats(100), make_stats(110), [110, 400, 500, 450, 480]) == [("G_COLLAPSE", "hold_manager")]
    assert gates_of(make_stats(100), make_stats(110), [110, 120, 500, 130, 480]) == []
    assert gates_of(make_stats(100), make_stats(110), [200]) == []


def test_case_79_many_rejected_rows_are_held_for_a_manager() -> None:
    assert gates_of(make_stats(40, rejected=60), make_stats(40)) == [("G_REJECTS", "hold_manager")]
    assert gates_of(make_stats(80, rejected=20), make_stats(80)) == []
    assert gates_of(make_stats(79, rejected=21), make_stats(80)) == [("G_REJECTS", "hold_manager")]
    assert gates_of(make_stats(40, rejected=60)) == [("G_REJECTS", "hold_manager"), ("G_FIRST", "notice")]


def test_temporary_vins_off_the_lot_do_not_count_as_rejected() -> None:
    assert gates_of(make_stats(40, rejected=60, rejected_temporary_vins=40), make_stats(40)) == []
    assert gates_of(make_stats(40, rejected=60, rejected_temporary_vins=39), make_stats(40)) == [
        ("G_REJECTS", "hold_manager")
    ]


def test_case_76_foreign_vins_are_held_for_a_manager() -> None:
    assert gates_of(make_stats(500, shared_vins=0), make_stats(500)) == [("G_OVERLAP", "hold_manager")]
    assert gates_of(make_stats(500, shared_vins=99), make_stats(500)) == [("G_OVERLAP", "hold_manager")]
    assert gates_of(make_stats(500, shared_vins=100), make_stats(500)) == []


def test_case_81_older_data_is_held_for_a_manager() -> None:
    newer = make_stats(500, collected_at=datetime(2025, 5, 21, tzinfo=UTC))
    assert gates_of(make_stats(500), newer) == [("G_OLDER", "hold_manager")]
    assert gates_of(newer, make_stats(500)) == []


def test_case_93_a_missing_status_column_is_held() -> None:
    assert gates_of(make_stats(500, has_status=False), make_stats(500)) == [("W_NO_STATUS", "hold_manager")]


def test_case_10_text_encoded_twice_is_held() -> None:
    assert gates_of(make_stats(500, is_mojibake=True), make_stats(500)) == [("W_MOJIBAKE", "hold_manager")]


@pytest.mark.parametrize(
    ("count", "before", "expected"),
    [(36, 20, "hold_staff"), (35, 20, ""), (34, 20, ""), (4, 20, "hold_staff"), (5, 20, ""), (1, 15, "")],
)
def test_case_103_small_lots_are_judged_by_the_difference(count: int, before: int, expected: str) -> None:
    assert gates_of(make_stats(count), make_stats(before), [500] * 5) == (
        [("G_SMALL_LOT", expected)] if expected else []
    )


def test_a_lot_of_thirty_vehicles_is_not_small() -> None:
    assert gates_of(make_stats(46), make_stats(29)) == [("G_SMALL_LOT", "hold_staff")]
    assert gates_of(make_stats(46), make_stats(30)) == [("G_RISE", "hold_staff")]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (249, [("G_COLLAPSE", "hold_manager")]),
        (250, [("G_SHRINK", "hold_staff")]),
        (349, [("G_SHRINK", "hold_staff")]),
        (350, []),
        (700, []),
        (701, [("G_RISE", "hold_staff")]),
        (1000, [("G_RISE", "hold_staff")]),
        (1001, [("G_GROWTH", "hold_manager")]),
    ],
)
def test_case_104_the_limits_of_500_vehicles_are_exact(count: int, expected: list[tuple[str, str]]) -> None:
    assert gates_of(make_stats(count), make_stats(500), [500] * 5) == expected


def test_a_moved_median_price_only_warns() -> None:
    active = make_stats(500, price_median=Decimal(20_000))
    assert gates_of(make_stats(500, price_median=Decimal(28_001)), active) == [("G_PRICE", "warn")]
    assert gates_of(make_stats(500, price_median=Decimal(11_999)), active) == [("G_PRICE", "warn")]
    assert gates_of(make_stats(500, price_median=Decimal(28_000)), active) == []
    assert gates_of(make_stats(500), active) == []


def test_reversed_shares_of_new_and_used_only_warn() -> None:
    active = make_stats(500, new_share=0.7)
    assert gates_of(make_stats(500, new_share=0.3), active) == [("G_CONDITIONS", "warn")]
    assert gates_of(make_stats(500, new_share=0.6), active) == []
    assert gates_of(make_stats(500, new_share=0.5), active) == []


def test_several_gates_speak_at_once() -> None:
    older = datetime(2025, 5, 19, tzinfo=UTC)
    new = make_stats(12, rejected=12, shared_vins=0, collected_at=older)
    assert [code for code, _ in gates_of(new, make_stats(500))] == ["G_REJECTS", "G_COLLAPSE", "G_OVERLAP", "G_OLDER"]


def test_limits_are_settings() -> None:
    assert gates_of(make_stats(12), make_stats(500), collapse=1, shrink=2) == []


@pytest.mark.parametrize("severity", list(Severity))
def test_only_the_two_holds_hold(severity: Severity) -> None:
    assert GateResult("G", severity, "").holds is (severity.value in {"hold_manager", "hold_staff"})


@given(st.integers(1, 5000), st.integers(30, 5000))
def test_the_count_gates_exclude_each_other(count: int, before: int) -> None:
    found = {code for code, _ in gates_of(make_stats(count), make_stats(before))}
    percent = count * 100 / before
    expected = {
        "G_COLLAPSE": percent < 50,
        "G_SHRINK": 50 <= percent < 70,
        "G_RISE": 140 < percent <= 200,
        "G_GROWTH": percent > 200,
    }
    assert found == {code for code, speaks in expected.items() if speaks}
