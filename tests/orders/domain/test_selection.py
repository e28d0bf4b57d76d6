from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.rules import Condition, ConditionGroup, FilterRules
from inventory.domain.facts import LotStatus, VehicleFacts
from orders.domain.selection import Candidate, Step, days_on_lot, judge, list_warning, select

TODAY = date(2025, 9, 2)
ALL_CONDITIONS = frozenset({Condition.NEW, Condition.PRE_OWNED, Condition.CERTIFIED})
RULES = FilterRules(conditions=ALL_CONDITIONS)
FACTS = VehicleFacts(
    vin="ZACNJDB19NPN70500",
    stock="NPN70500",
    condition=Condition.PRE_OWNED,
    raw_type="Used",
    year=2022,
    make="Jeep",
    model="Renegade",
    trim="Latitude",
    lot_status=LotStatus.ON_LOT,
    raw_status="In-Stock",
    price=Decimal("21995.00"),
    raw_price="21995",
    date_in_stock=date(2025, 8, 26),
)


def candidate(*, first_seen_date: date | None = None, log: str = "", open_order: str = "", **facts: Any) -> Candidate:
    return Candidate(
        facts=FACTS._replace(**facts),
        first_seen_date=first_seen_date,
        log_remark=log,
        open_order_remark=open_order,
    )


def candidate_with(name: str, text: str) -> Candidate:
    facts: dict[str, Any] = {name: text}
    return candidate(**facts)


def removal(subject: Candidate, group: ConditionGroup = ConditionGroup.ALL, **rules: Any) -> tuple[str, str] | None:
    """Step and rule that remove the candidate, None when it is selected."""
    selection = select([subject], replace(RULES, **rules), group, today=TODAY)
    assert len(selection.selected) + len(selection.removed) == 1
    return (selection.removed[0].step.value, selection.removed[0].rule) if selection.removed else None


FLIPS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("conditions", {"condition": Condition.NEW}, {"conditions": frozenset({Condition.PRE_OWNED})}, "condition"),
    ("price_required", {"price": None}, {"price_required": True}, "price"),
    ("price_min", {}, {"price_min": Decimal("21995.01")}, "rules"),
    ("price_max", {}, {"price_max": Decimal("21994.99")}, "rules"),
    ("year_min", {}, {"year_min": 2023}, "rules"),
    ("seasoning_days", {}, {"seasoning_days": 8}, "rules"),
    ("required_brands", {}, {"required_brands": ("Ram", "Dodge")}, "rules"),
    ("excluded_makes", {}, {"excluded_makes": ("JEEP",)}, "rules"),
    ("excluded_keywords", {"trim": "Latitude SOLD"}, {"excluded_keywords": ("sold",)}, "rules"),
    ("required_raw_statuses", {}, {"required_raw_statuses": ("On-Lot",)}, "rules"),
    ("excluded_raw_statuses", {}, {"excluded_raw_statuses": ("in-stock",)}, "rules"),
]


@pytest.mark.parametrize(("rule", "facts", "rules", "step"), FLIPS, ids=[flip[0] for flip in FLIPS])
def test_a_rule_removes_a_vehicle_that_is_selected_without_it(
    rule: str, facts: dict[str, Any], rules: dict[str, Any], step: str
) -> None:
    assert removal(candidate(**facts)) is None
    assert removal(candidate(**facts), **rules) == (step, rule)


def test_stock_is_required_unless_the_rule_is_switched_off() -> None:
    assert removal(candidate(stock="")) == ("stock", "stock_required")
    assert removal(candidate(stock=""), stock_required=False) is None


def test_every_key_of_the_rules_has_a_test_that_flips_it() -> None:
    assert {flip[0] for flip in FLIPS} | {"stock_required"} == {field.name for field in fields(FilterRules)}


@pytest.mark.parametrize("lot_status", [LotStatus.OFF_LOT, LotStatus.UNKNOWN])
def test_only_vehicles_on_the_lot_are_printed(lot_status: LotStatus) -> None:
    assert removal(candidate(lot_status=lot_status)) == ("on_lot", "on_lot")


def test_a_status_rule_never_brings_a_vehicle_onto_the_lot() -> None:
    off_lot = candidate(lot_status=LotStatus.OFF_LOT, raw_status="In Transit")
    assert removal(off_lot, required_raw_statuses=("In Transit",)) == ("on_lot", "on_lot")


def test_an_unknown_condition_is_never_printed() -> None:
    assert removal(candidate(condition=Condition.UNKNOWN)) == ("condition", "conditions")


@pytest.mark.parametrize(
    ("group", "left"),
    [(ConditionGroup.ALL, ["new", "po", "cpo"]), (ConditionGroup.NEW, ["new"]), (ConditionGroup.USED, ["po", "cpo"])],
)
def test_a_group_narrows_the_allowed_conditions(group: ConditionGroup, left: list[str]) -> None:
    lot = [candidate(condition=condition) for condition in Condition]
    selection = select(lot, RULES, group, today=TODAY)
    assert [chosen.facts.condition.value for chosen in selection.selected] == left


def test_a_group_never_widens_the_allowed_conditions() -> None:
    used_only: dict[str, Any] = {"conditions": frozenset({Condition.PRE_OWNED})}
    assert removal(candidate(condition=Condition.NEW), ConditionGroup.NEW, **used_only) == ("condition", "conditions")


def test_price_limits_are_inclusive() -> None:
    price: dict[str, Any] = {"price_min": Decimal("21995.00"), "price_max": Decimal("21995.00")}
    assert removal(candidate(), **price) is None


def test_a_vehicle_without_price_is_judged_by_price_required_only() -> None:
    limits: dict[str, Any] = {"price_min": Decimal(10000), "price_max": Decimal(30000)}
    assert removal(candidate(price=None), **limits) is None
    assert removal(candidate(price=None), price_required=True, **limits) == ("price", "price_required")


def test_an_unknown_year_fails_the_lowest_year_and_the_year_itself_passes() -> None:
    assert removal(candidate(year=None), year_min=2000) == ("rules", "year_min")
    assert removal(candidate(year=None)) is None
    assert removal(candidate(), year_min=2022) is None


@pytest.mark.parametrize(
    ("in_stock", "first_seen", "days", "selected"),
    [
        (date(2025, 8, 26), None, 7, True),
        (date(2025, 8, 27), None, 7, False),
        (TODAY, None, 1, False),
        (TODAY, None, 0, True),
        (date(2025, 9, 3), None, 1, False),
        (date(2025, 9, 3), date(2025, 1, 1), 1, False),
        (None, date(2025, 8, 26), 7, True),
        (None, date(2025, 8, 27), 7, False),
        (date(2025, 8, 26), TODAY, 7, True),
        (TODAY, date(2025, 1, 1), 7, False),
        (None, None, 1, False),
    ],
)
def test_seasoning_counts_from_the_sites_date_else_from_the_first_sight_and_the_arrival_day_is_day_0(
    in_stock: date | None, first_seen: date | None, days: int, *, selected: bool
) -> None:
    subject = candidate(date_in_stock=in_stock, first_seen_date=first_seen)
    assert removal(subject, seasoning_days=days) == (None if selected else ("rules", "seasoning_days"))


def test_days_on_the_lot() -> None:
    assert days_on_lot(TODAY, None, today=TODAY) == 0
    assert days_on_lot(date(2025, 9, 3), None, today=TODAY) == -1
    assert days_on_lot(None, date(2025, 8, 2), today=TODAY) == 31
    assert days_on_lot(None, None, today=TODAY) is None


@pytest.mark.parametrize("make", ["jeep", " JEEP ", "Jeep"])
def test_makes_compare_without_case_and_outer_blanks_and_as_a_whole(make: str) -> None:
    assert removal(candidate(make=make), required_brands=("Jeep",)) is None
    assert removal(candidate(make=make), excluded_makes=(" jEEp",)) == ("rules", "excluded_makes")
    assert removal(candidate(make="Jeepster"), excluded_makes=("Jeep",)) is None
    assert removal(candidate(make=""), required_brands=("Jeep",)) == ("rules", "required_brands")


@pytest.mark.parametrize("name", ["stock", "make", "model", "trim", "raw_type", "raw_status"])
def test_a_keyword_is_searched_in_six_fields_as_a_whole_word_or_phrase(name: str) -> None:
    found = {
        text: removal(candidate_with(name, text), excluded_keywords=("sale pending",))
        for text in ("x SALE  Pending, y", "resale pending", "sale pendings")
    }
    assert found == {
        "x SALE  Pending, y": ("rules", "excluded_keywords"),
        "resale pending": None,
        "sale pendings": None,
    }


@pytest.mark.parametrize("name", ["ext_color", "body_style", "url", "raw_price"])
def test_a_keyword_is_not_searched_elsewhere(name: str) -> None:
    assert removal(candidate_with(name, "SOLD"), excluded_keywords=("SOLD",)) is None


def test_a_keyword_with_signs_of_a_pattern_is_taken_literally() -> None:
    assert removal(candidate(trim="Latitude"), excluded_keywords=("L.titude",)) is None
    assert removal(candidate(trim="Latitude (demo)"), excluded_keywords=("(DEMO)",)) == ("rules", "excluded_keywords")


def test_statuses_compare_without_case_and_repeated_blanks_and_blank_has_a_name() -> None:
    assert removal(candidate(raw_status="In  STOCK"), required_raw_statuses=("in stock",)) is None
    assert removal(candidate(raw_status=""), required_raw_statuses=("(blank)",)) is None
    assert removal(candidate(raw_status=""), excluded_raw_statuses=("(blank)",)) == ("rules", "excluded_raw_statuses")
    assert removal(candidate(raw_status=""), required_raw_statuses=("In-Stock",)) == ("rules", "required_raw_statuses")


def test_the_log_and_open_orders_remove_last() -> None:
    assert removal(candidate(log="printed, order 40001")) == ("not_in_log", "not_in_log")
    assert removal(candidate(open_order="stands in open order 7")) == ("not_in_open_order", "not_in_open_order")


def test_a_removed_vehicle_keeps_the_first_step_that_removed_it() -> None:
    wrong: dict[str, Any] = {
        "open_order": "stands in open order 7",
        "log": "printed",
        "year": 2001,
        "price": None,
        "stock": "",
        "condition": Condition.UNKNOWN,
        "lot_status": LotStatus.OFF_LOT,
    }
    steps = []
    while wrong:
        found = removal(candidate(**wrong), price_required=True, year_min=2020)
        assert found is not None
        steps.append(found[0])
        wrong.popitem()
    assert steps == [step.value for step in Step]


def test_the_funnel_tells_what_is_left_after_each_step_in_order() -> None:
    lot = [
        candidate(lot_status=LotStatus.OFF_LOT),
        candidate(condition=Condition.UNKNOWN),
        candidate(condition=Condition.UNKNOWN),
        candidate(stock=""),
        candidate(price=None),
        candidate(make="Ram"),
        candidate(log="baseline"),
        candidate(open_order="stands in open order 7"),
        candidate(),
        candidate(),
    ]
    rules = replace(RULES, price_required=True, excluded_makes=("Ram",))
    selection = select(lot, rules, ConditionGroup.ALL, today=TODAY)
    assert selection.funnel() == [
        ("considered", 10),
        ("on_lot", 9),
        ("condition", 7),
        ("stock", 6),
        ("price", 5),
        ("rules", 4),
        ("not_in_log", 3),
        ("not_in_open_order", 2),
        ("selected", 2),
    ]
    assert selection.excluded() == {
        "off_lot": 1,
        "condition": 2,
        "no_stock": 1,
        "no_price": 1,
        "rules": 1,
        "vin_log": 1,
        "open_order": 1,
    }


def test_the_selected_keep_the_order_of_the_dataset() -> None:
    lot = [candidate(vin=f"1C4RJFAG0LC{number:06d}") for number in (5, 3, 9, 1)]
    assert select(lot, RULES, ConditionGroup.ALL, today=TODAY).selected == tuple(lot)


def test_every_rule_that_is_switched_on_gives_its_verdict_in_the_order_of_the_steps() -> None:
    rules = replace(
        RULES,
        price_required=True,
        price_min=Decimal(1),
        price_max=Decimal(90000),
        year_min=2020,
        seasoning_days=7,
        required_brands=("Jeep",),
        excluded_makes=("Ram",),
        excluded_keywords=("sold",),
        required_raw_statuses=("In-Stock",),
        excluded_raw_statuses=("In Transit",),
    )
    verdicts = list(judge(candidate(log="printed 2025-08-01, order 40001"), rules, ConditionGroup.ALL, today=TODAY))
    assert [(verdict.rule, verdict.passed, verdict.detail) for verdict in verdicts] == [
        ("on_lot", True, "on the lot: In-Stock"),
        ("conditions", True, "pre-owned"),
        ("stock_required", True, "stock NPN70500"),
        ("price_required", True, "price 21,995"),
        ("price_min", True, "price 21,995, at least 1"),
        ("price_max", True, "price 21,995, at most 90,000"),
        ("year_min", True, "year 2022, at least 2020"),
        ("seasoning_days", True, "7 days on the lot, 7 needed"),
        ("required_brands", True, "make Jeep is a required brand"),
        ("excluded_makes", True, "make Jeep is not excluded"),
        ("excluded_keywords", True, "no excluded word"),
        ("required_raw_statuses", True, "status In-Stock is a required one"),
        ("excluded_raw_statuses", True, "status In-Stock is not excluded"),
        ("not_in_log", False, "printed 2025-08-01, order 40001"),
        ("not_in_open_order", True, "in no open order"),
    ]
    switched_off = list(judge(candidate(), RULES, ConditionGroup.ALL, today=TODAY))
    assert [verdict.rule for verdict in switched_off] == [
        "on_lot",
        "conditions",
        "stock_required",
        "not_in_log",
        "not_in_open_order",
    ]


@pytest.mark.parametrize(
    ("facts", "rules", "detail"),
    [
        ({"lot_status": LotStatus.OFF_LOT, "raw_status": "In Transit"}, {}, "off lot: In Transit"),
        ({"lot_status": LotStatus.UNKNOWN, "raw_status": ""}, {}, "unknown status: (blank)"),
        ({"condition": Condition.UNKNOWN, "raw_type": "Bus"}, {}, "unknown condition: Bus"),
        ({"condition": Condition.NEW}, {"conditions": frozenset({Condition.PRE_OWNED})}, "new"),
        ({"stock": ""}, {}, "no stock number"),
        ({"price": None, "raw_price": "Call"}, {"price_required": True}, "no price: Call"),
        ({"year": None}, {"year_min": 2020}, "year unknown, at least 2020"),
        ({"make": "Ram"}, {"required_brands": ("Jeep",)}, "make Ram is not a required brand"),
        ({"make": ""}, {"required_brands": ("Jeep",)}, "make (blank) is not a required brand"),
        ({}, {"excluded_makes": ("Jeep",)}, "make Jeep is excluded"),
        ({}, {"excluded_keywords": ("Latitude",)}, "holds the word Latitude"),
        ({"raw_status": ""}, {"required_raw_statuses": ("On-Lot",)}, "status (blank) is not a required one"),
        ({}, {"excluded_raw_statuses": ("In-Stock",)}, "status In-Stock is excluded"),
        ({"date_in_stock": None}, {"seasoning_days": 7}, "not seen before, 7 days on the lot needed"),
        ({"date_in_stock": date(2025, 9, 9)}, {"seasoning_days": 7}, "its date in stock lies in the future"),
    ],
)
def test_the_reason_is_said_in_words(facts: dict[str, Any], rules: dict[str, Any], detail: str) -> None:
    selection = select([candidate(**facts)], replace(RULES, **rules), ConditionGroup.ALL, today=TODAY)
    assert [removed.detail for removed in selection.removed] == [detail]


def test_a_list_line_is_warned_of_every_rule_it_breaks_but_not_of_the_log() -> None:
    subject = candidate(condition=Condition.NEW, stock="", log="printed", open_order="stands in open order 7")
    used_only = replace(RULES, conditions=frozenset({Condition.PRE_OWNED}))
    assert list_warning(subject, used_only, today=TODAY) == "new; no stock number"
    assert list_warning(subject, None, today=TODAY) == ""
    assert list_warning(candidate(log="printed"), RULES, today=TODAY) == ""


LOTS = st.lists(
    st.builds(
        candidate,
        lot_status=st.sampled_from(LotStatus),
        condition=st.sampled_from(Condition),
        stock=st.sampled_from(["", "A1"]),
        price=st.sampled_from([None, Decimal(500), Decimal(30000)]),
        year=st.sampled_from([None, 1999, 2024]),
        make=st.sampled_from(["Jeep", "Ram"]),
        log=st.sampled_from(["", "printed"]),
        open_order=st.sampled_from(["", "stands in open order 7"]),
    ),
    max_size=30,
)
RULE_SETS = st.builds(
    FilterRules,
    conditions=st.frozensets(st.sampled_from(sorted(ALL_CONDITIONS)), min_size=1),
    stock_required=st.booleans(),
    price_required=st.booleans(),
    price_min=st.sampled_from([None, Decimal(1000)]),
    year_min=st.sampled_from([None, 2020]),
    excluded_makes=st.sampled_from([(), ("Ram",)]),
)


@given(lot=LOTS, rules=RULE_SETS, group=st.sampled_from(ConditionGroup))
def test_nothing_disappears_and_the_funnel_never_grows(
    lot: list[Candidate], rules: FilterRules, group: ConditionGroup
) -> None:
    selection = select(lot, rules, group, today=TODAY)
    left = [count for _, count in selection.funnel()]
    assert len(selection.selected) + len(selection.removed) == selection.considered == len(lot)
    assert left == sorted(left, reverse=True)
    assert left[-2:] == [len(selection.selected)] * 2
    assert sum(selection.excluded().values()) == len(selection.removed)
