"""The steps of a CAO in words, with the setting of each rule beside its counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dealerships.domain.rules import Condition, ConditionGroup, FilterRules
from orders.domain.selection import Step, Verdict
from orders.operations.selecting import LotSurvey

_WORDS = {
    Step.ON_LOT: "On the lot",
    Step.CONDITION: "Condition",
    Step.STOCK: "Stock number",
    Step.PRICE: "Price",
    Step.RULES: "Other rules",
    Step.NOT_IN_LOG: "Not in the VIN log",
    Step.NOT_IN_OPEN_ORDER: "Not in another open order",
}
_RULE_WORDS = {
    "price_min": "Lowest price",
    "price_max": "Highest price",
    "year_min": "Oldest year",
    "seasoning_days": "Seasoning",
    "required_brands": "Required brands",
    "excluded_makes": "Excluded makes",
    "excluded_keywords": "Excluded words",
    "required_raw_statuses": "Required site statuses",
    "excluded_raw_statuses": "Excluded site statuses",
}
_LISTS = [key for key in _RULE_WORDS if key.startswith(("required", "excluded"))]
_CONDITION_WORDS = {Condition.NEW: "new", Condition.PRE_OWNED: "used", Condition.CERTIFIED: "certified"}


@dataclass(frozen=True)
class FunnelRow:
    """One step with its setting, the vehicles left after it and those that it removed."""

    step: Step
    word: str
    setting: str
    left: int
    removed: int


@dataclass(frozen=True)
class VerdictRow:
    """One rule's answer about one vehicle; `stops` marks the first that keeps it out."""

    word: str
    verdict: Verdict
    stops: bool


def funnel_rows(survey: LotSurvey, rules: FilterRules, group: ConditionGroup) -> list[FunnelRow]:
    """The steps in the order in which they are applied."""
    removed = Counter(removal.step for removal in survey.selection.removed)
    left, rows = survey.selection.considered, []
    for step in Step:
        left -= removed[step]
        rows.append(FunnelRow(step, _WORDS[step], _setting(step, rules, group), left, removed[step]))
    return rows


def verdict_rows(verdicts: Sequence[Verdict]) -> list[VerdictRow]:
    stopping = next((verdict for verdict in verdicts if not verdict.passed), None)
    words = {step.value: word for step, word in _WORDS.items()}
    return [
        VerdictRow(_RULE_WORDS.get(verdict.rule) or words[verdict.step], verdict, verdict is stopping)
        for verdict in verdicts
    ]


def _setting(step: Step, rules: FilterRules, group: ConditionGroup) -> str:
    allowed = [word for key, word in _CONDITION_WORDS.items() if key in rules.conditions & group.conditions]
    return {
        Step.ON_LOT: "A blank status counts as on the lot",
        Step.CONDITION: f"Allowed: {', '.join(allowed) or 'none of this group'}",
        Step.STOCK: _required(is_required=rules.stock_required),
        Step.PRICE: _required(is_required=rules.price_required),
        Step.RULES: "; ".join(_further_rules(rules)) or "None set",
        Step.NOT_IN_LOG: "Printed before for this dealership",
        Step.NOT_IN_OPEN_ORDER: "One vehicle, one open order",
    }[step]


def _required(*, is_required: bool) -> str:
    return "Required" if is_required else "Not required here"


def _further_rules(rules: FilterRules) -> Iterator[str]:
    if rules.price_min is not None:
        yield f"price from {rules.price_min:,.0f}"
    if rules.price_max is not None:
        yield f"price to {rules.price_max:,.0f}"
    if rules.year_min is not None:
        yield f"year from {rules.year_min}"
    if rules.seasoning_days:
        yield f"{rules.seasoning_days} days on the lot"
    for key in _LISTS:
        if texts := getattr(rules, key):
            yield f"{_RULE_WORDS[key].lower()}: {', '.join(texts)}"
