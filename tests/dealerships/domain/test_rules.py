import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.rules import Condition, ConditionGroup, FilterRules, RuleError, fold_text

NEW, USED_ONLY = frozenset({Condition.NEW}), frozenset({Condition.PRE_OWNED, Condition.CERTIFIED})


def make_rules(**values: Any) -> FilterRules:
    return FilterRules.from_mapping({"conditions": ["new"], **values})


def refusal(**values: Any) -> tuple[str, str]:
    with pytest.raises(RuleError) as error:
        make_rules(**values)
    return error.value.key, str(error.value)


def test_rules_start_with_stock_required_and_everything_else_off() -> None:
    assert make_rules() == FilterRules(
        conditions=NEW,
        stock_required=True,
        price_required=False,
        price_min=None,
        price_max=None,
        year_min=None,
        seasoning_days=0,
        required_brands=(),
        excluded_makes=(),
        excluded_keywords=(),
        required_raw_statuses=(),
        excluded_raw_statuses=(),
    )


def test_conditions_must_be_chosen() -> None:
    message = "Choose at least one condition: new, po or cpo."
    assert refusal(conditions=[]) == ("conditions", message)
    with pytest.raises(RuleError, match=message):
        FilterRules.from_mapping({"stock_required": True})


def test_an_unknown_condition_can_never_be_allowed() -> None:
    message = "Only new, po and cpo can be allowed; an unknown condition is never printed."
    assert refusal(conditions=["new", "unknown"]) == ("conditions", message)


@pytest.mark.parametrize("value", [["used"], None, 3, [None], [["new"]]])
def test_conditions_are_new_po_and_cpo(value: Any) -> None:
    assert refusal(conditions=value) == ("conditions", "Conditions are new, po and cpo.")


def test_there_is_no_other_rule() -> None:
    key, message = refusal(colour="red")
    assert (key, message.split(";")[0]) == ("colour", "There is no rule named 'colour'")


def test_a_lowest_price_above_the_highest_is_a_contradiction() -> None:
    assert refusal(price_min=20000, price_max="15000") == (
        "price_max",
        "The highest price 15000 is below the lowest 20000.",
    )
    assert make_rules(price_min=15000, price_max="15000").price_max == Decimal(15000)


def test_a_make_cannot_be_required_and_excluded_in_any_spelling() -> None:
    values = {"required_brands": ["Jeep", "Alfa  Romeo"], "excluded_makes": ["ALFA ROMEO "]}
    assert refusal(**values) == ("excluded_makes", "The make 'alfa romeo' is both required and excluded.")


def test_a_status_cannot_be_required_and_excluded_in_any_spelling() -> None:
    values = {"required_raw_statuses": ["(blank)", "On-Lot"], "excluded_raw_statuses": ["on-lot"]}
    assert refusal(**values) == ("excluded_raw_statuses", "The status 'on-lot' is both required and excluded.")


@pytest.mark.parametrize("key", ["stock_required", "price_required"])
@pytest.mark.parametrize("value", ["yes", 1, None])
def test_flags_are_yes_or_no(key: str, value: Any) -> None:
    assert refusal(**{key: value}) == (key, f"{key} is yes or no.")


@pytest.mark.parametrize("key", ["price_min", "price_max"])
@pytest.mark.parametrize("value", ["much", "", "1e", [], "NaN", "Infinity", "-1", -0.01])
def test_prices_are_amounts_of_zero_or_more(key: str, value: Any) -> None:
    assert refusal(**{key: value})[0] == key


@pytest.mark.parametrize("value", ["7", 7.0, True, None])
def test_seasoning_is_a_whole_number(value: Any) -> None:
    assert refusal(seasoning_days=value) == ("seasoning_days", "seasoning_days is a whole number.")


def test_seasoning_cannot_be_negative() -> None:
    assert refusal(seasoning_days=-1) == ("seasoning_days", "Seasoning cannot be negative; 0 switches it off.")


@pytest.mark.parametrize("value", ["2020", 2020.0, True])
def test_the_lowest_year_is_a_whole_number_or_nothing(value: Any) -> None:
    assert refusal(year_min=value) == ("year_min", "year_min is a whole number.")
    assert make_rules(year_min=None).year_min is None


@pytest.mark.parametrize(
    "key",
    ["required_brands", "excluded_makes", "excluded_keywords", "required_raw_statuses", "excluded_raw_statuses"],
)
@pytest.mark.parametrize("value", ["Jeep", ["Jeep", " "], [7], 7, None])
def test_texts_are_lists_without_blanks(key: str, value: Any) -> None:
    assert refusal(**{key: value}) == (key, f"{key} is a list of texts, none of them blank.")


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_a_blank_text_is_refused_wherever_rules_are_made(blank: str) -> None:
    with pytest.raises(RuleError, match="excluded_keywords is a list of texts, none of them blank."):
        FilterRules(conditions=NEW, excluded_keywords=("SOLD", blank))


TEXTS = st.lists(st.sampled_from(["Jeep", "Ram", "sold to", "On-Lot", "(blank)"]), max_size=2).map(tuple)
PRICES = st.none() | st.decimals(min_value=0, max_value=9_999_999, places=2)


RULES = st.fixed_dictionaries(
    {"conditions": st.frozensets(st.sampled_from(sorted(NEW | USED_ONLY)), min_size=1)},
    optional={
        "stock_required": st.booleans(),
        "price_required": st.booleans(),
        "price_min": PRICES,
        "year_min": st.none() | st.integers(1981, 2100),
        "seasoning_days": st.integers(0, 400),
        "required_brands": TEXTS,
        "excluded_keywords": TEXTS,
        "excluded_raw_statuses": TEXTS,
    },
)


@given(RULES)
def test_rules_survive_being_stored_as_json(values: dict[str, Any]) -> None:
    rules = FilterRules(**values)
    assert FilterRules.from_mapping(json.loads(json.dumps(rules.as_mapping()))) == rules


def test_used_means_pre_owned_and_certified() -> None:
    assert {group: group.conditions for group in ConditionGroup} == {
        ConditionGroup.ALL: NEW | USED_ONLY,
        ConditionGroup.NEW: NEW,
        ConditionGroup.USED: USED_ONLY,
    }


def test_all_overlaps_both_groups_and_the_two_only_themselves() -> None:
    overlapping = {(a.value, b.value) for a in ConditionGroup for b in ConditionGroup if a.overlaps(b)}
    groups = {"all", "new", "used"}
    assert overlapping == {(a, b) for a in groups for b in groups} - {("new", "used"), ("used", "new")}


def test_texts_compare_without_case_and_repeated_blanks() -> None:
    assert fold_text(" In \u00a0 TRANSIT\t") == "in transit"
