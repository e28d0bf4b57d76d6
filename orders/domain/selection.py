"""CAO: which vehicles of a lot are printed, and for every other one the rule that keeps it out."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dealerships.domain.rules import BLANK_STATUS, Condition, ConditionGroup, FilterRules, fold_text
from inventory.domain.facts import LotStatus, VehicleFacts


class Step(StrEnum):
    """The steps of a CAO in their order; a removed vehicle keeps the first step that removed it."""

    ON_LOT = "on_lot"
    CONDITION = "condition"
    STOCK = "stock"
    PRICE = "price"
    RULES = "rules"
    NOT_IN_LOG = "not_in_log"
    NOT_IN_OPEN_ORDER = "not_in_open_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A vehicle of the active dataset with what the dealership's own history says of its VIN."""

    facts: VehicleFacts
    first_seen_date: date | None = None
    log_remark: str = ""
    open_order_remark: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's answer for one vehicle; `detail` says it in words."""

    step: Step
    rule: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A vehicle that is not printed and the first rule that says so."""

    vin: str
    step: Step
    rule: str
    detail: str


@dataclass(frozen=True)
class Selection:
    """The selected candidates in dataset row order, and every other one with its reason."""

    considered: int
    selected: tuple[Candidate, ...]
    removed: tuple[Removal, ...]

    def funnel(self) -> list[tuple[str, int]]:
        """How many vehicles are left after each step; the numbers never grow."""
        counts = Counter(removal.step for removal in self.removed)
        left = self.considered
        rows = [("considered", left)]
        for step in Step:
            left -= counts[step]
            rows.append((step.value, left))
        return [*rows, ("selected", len(self.selected))]

    def excluded(self) -> dict[str, int]:
        """How many vehicles each step removed, under the names of the order's summary."""
        counts = Counter(removal.step for removal in self.removed)
        return {name: counts[step] for step, name in _EXCLUDED_NAMES.items()}


_EXCLUDED_NAMES = {
    Step.ON_LOT: "off_lot",
    Step.CONDITION: "condition",
    Step.STOCK: "no_stock",
    Step.PRICE: "no_price",
    Step.RULES: "rules",
    Step.NOT_IN_LOG: "vin_log",
    Step.NOT_IN_OPEN_ORDER: "open_order",
}


def select(candidates: Iterable[Candidate], rules: FilterRules, group: ConditionGroup, *, today: date) -> Selection:
    """Apply the rules in the fixed order of a CAO; every candidate ends up selected or removed with a reason."""
    selected: list[Candidate] = []
    removed: list[Removal] = []
    for candidate in candidates:
        failed = next((v for v in judge(candidate, rules, group, today=today) if not v.passed), None)
        if failed is None:
            selected.append(candidate)
        else:
            removed.append(Removal(candidate.facts.vin, failed.step, failed.rule, failed.detail))
    return Selection(len(selected) + len(removed), tuple(selected), tuple(removed))


def judge(candidate: Candidate, rules: FilterRules, group: ConditionGroup, *, today: date) -> Iterator[Verdict]:
    """The verdict of every rule that is switched on, in the order in which a CAO applies them."""
    for step, rule, check in _CHECKS:
        detail = check(candidate, rules, group, today)
        if detail is not None:
            yield Verdict(step, rule, detail.passed, detail.text)


def list_warning(candidate: Candidate, rules: FilterRules | None, *, today: date) -> str:
    """Why a CAO would leave out a vehicle that was named for a LIST; empty when it would not. The log is no reason."""
    if rules is None:
        return ""
    verdicts = judge(candidate, rules, ConditionGroup.ALL, today=today)
    ignored = {Step.NOT_IN_LOG, Step.NOT_IN_OPEN_ORDER}
    return "; ".join(v.detail for v in verdicts if not v.passed and v.step not in ignored)


@dataclass(frozen=True, slots=True)
class _Answer:
    passed: bool
    text: str


Check = Callable[[Candidate, FilterRules, ConditionGroup, date], _Answer | None]
_LOT_WORDS = {LotStatus.ON_LOT: "on the lot", LotStatus.OFF_LOT: "off lot", LotStatus.UNKNOWN: "unknown status"}
_CONDITION_WORDS = {
    Condition.NEW: "new",
    Condition.PRE_OWNED: "pre-owned",
    Condition.CERTIFIED: "certified pre-owned",
    Condition.UNKNOWN: "unknown condition",
}


def _on_lot(candidate: Candidate, *_: object) -> _Answer:
    facts = candidate.facts
    words = f"{_LOT_WORDS[facts.lot_status]}: {facts.raw_status or BLANK_STATUS}"
    return _Answer(facts.lot_status is LotStatus.ON_LOT, words)


def _condition(candidate: Candidate, rules: FilterRules, group: ConditionGroup, _: date) -> _Answer:
    facts = candidate.facts
    words = _CONDITION_WORDS[facts.condition]
    if facts.condition is Condition.UNKNOWN:
        words += f": {facts.raw_type or '(blank)'}"
    return _Answer(facts.condition in rules.conditions & group.conditions, words)


def _stock(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.stock_required:
        return None
    stock = candidate.facts.stock
    return _Answer(bool(stock), f"stock {stock}" if stock else "no stock number")


def _price(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.price_required:
        return None
    price = candidate.facts.price
    present = price is not None and price > 0
    return _Answer(present, f"price {price:,.0f}" if present else f"no price: {candidate.facts.raw_price or '(blank)'}")


def _price_min(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    price = candidate.facts.price
    if rules.price_min is None or price is None:
        return None
    return _Answer(price >= rules.price_min, f"price {price:,.0f}, at least {rules.price_min:,.0f}")


def _price_max(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    price = candidate.facts.price
    if rules.price_max is None or price is None:
        return None
    return _Answer(price <= rules.price_max, f"price {price:,.0f}, at most {rules.price_max:,.0f}")


def _year_min(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if rules.year_min is None:
        return None
    year = candidate.facts.year
    return _Answer(year is not None and year >= rules.year_min, f"year {year or 'unknown'}, at least {rules.year_min}")


def _seasoning(candidate: Candidate, rules: FilterRules, _: ConditionGroup, today: date) -> _Answer | None:
    if rules.seasoning_days == 0:
        return None
    days = days_on_lot(candidate.facts.date_in_stock, candidate.first_seen_date, today=today)
    if days is None:
        return _Answer(passed=False, text=f"not seen before, {rules.seasoning_days} days on the lot needed")
    if days < 0:
        return _Answer(passed=False, text="its date in stock lies in the future")
    return _Answer(days >= rules.seasoning_days, f"{days} days on the lot, {rules.seasoning_days} needed")


def days_on_lot(date_in_stock: date | None, first_seen_date: date | None, *, today: date) -> int | None:
    """Whole days since the site's date in stock, else since the VIN was first seen; the arrival day is day 0."""
    start = date_in_stock or first_seen_date
    return None if start is None else (today - start).days


def _required_brands(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.required_brands:
        return None
    make = candidate.facts.make
    required = _is_among(make, rules.required_brands)
    return _Answer(required, f"make {make or '(blank)'} is {'' if required else 'not '}a required brand")


def _excluded_makes(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.excluded_makes:
        return None
    make = candidate.facts.make
    excluded = _is_among(make, rules.excluded_makes)
    return _Answer(not excluded, f"make {make or '(blank)'} is {'' if excluded else 'not '}excluded")


def _excluded_keywords(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.excluded_keywords:
        return None
    facts = candidate.facts
    texts = [
        fold_text(text) for text in (facts.stock, facts.make, facts.model, facts.trim, facts.raw_type, facts.raw_status)
    ]
    found = next((word for word in rules.excluded_keywords if _occurs(fold_text(word), texts)), None)
    return _Answer(found is None, f"holds the word {found}" if found else "no excluded word")


def _occurs(word: str, texts: Sequence[str]) -> bool:
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return any(pattern.search(text) for text in texts)


def _required_raw_statuses(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.required_raw_statuses:
        return None
    status = candidate.facts.raw_status or BLANK_STATUS
    required = _is_among(status, rules.required_raw_statuses)
    return _Answer(required, f"status {status} is {'' if required else 'not '}a required one")


def _excluded_raw_statuses(candidate: Candidate, rules: FilterRules, *_: object) -> _Answer | None:
    if not rules.excluded_raw_statuses:
        return None
    status = candidate.facts.raw_status or BLANK_STATUS
    excluded = _is_among(status, rules.excluded_raw_statuses)
    return _Answer(not excluded, f"status {status} is {'' if excluded else 'not '}excluded")


def _is_among(text: str, entries: Sequence[str]) -> bool:
    return fold_text(text) in {fold_text(entry) for entry in entries}


def _not_in_log(candidate: Candidate, *_: object) -> _Answer:
    return _Answer(not candidate.log_remark, candidate.log_remark or "not in the VIN log")


def _not_in_open_order(candidate: Candidate, *_: object) -> _Answer:
    return _Answer(not candidate.open_order_remark, candidate.open_order_remark or "in no open order")


_CHECKS: tuple[tuple[Step, str, Check], ...] = (
    (Step.ON_LOT, "on_lot", _on_lot),
    (Step.CONDITION, "conditions", _condition),
    (Step.STOCK, "stock_required", _stock),
    (Step.PRICE, "price_required", _price),
    (Step.RULES, "price_min", _price_min),
    (Step.RULES, "price_max", _price_max),
    (Step.RULES, "year_min", _year_min),
    (Step.RULES, "seasoning_days", _seasoning),
    (Step.RULES, "required_brands", _required_brands),
    (Step.RULES, "excluded_makes", _excluded_makes),
    (Step.RULES, "excluded_keywords", _excluded_keywords),
    (Step.RULES, "required_raw_statuses", _required_raw_statuses),
    (Step.RULES, "excluded_raw_statuses", _excluded_raw_statuses),
    (Step.NOT_IN_LOG, "not_in_log", _not_in_log),
    (Step.NOT_IN_OPEN_ORDER, "not_in_open_order", _not_in_open_order),
)
