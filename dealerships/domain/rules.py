"""Filter rules: what a dealership wants printed, as a closed and validated set of keys."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any


class Condition(StrEnum):
    NEW = "new"
    PRE_OWNED = "po"
    CERTIFIED = "cpo"
    UNKNOWN = "unknown"


USED = frozenset({Condition.PRE_OWNED, Condition.CERTIFIED})
ALLOWED_CONDITIONS = frozenset({Condition.NEW}) | USED
BLANK_STATUS = "(blank)"


class ConditionGroup(StrEnum):
    """The part of a dealership's vehicles that one order is about; `all` overlaps both others."""

    ALL = "all"
    NEW = "new"
    USED = "used"

    @property
    def conditions(self) -> frozenset[Condition]:
        return {self.ALL: ALLOWED_CONDITIONS, self.NEW: frozenset({Condition.NEW}), self.USED: USED}[self]

    def overlaps(self, other: "ConditionGroup") -> bool:
        return self == other or ConditionGroup.ALL in (self, other)


class RuleError(ValueError):
    """A rule set that cannot be used; `key` names the rule to mend."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True)
class FilterRules:
    """A vehicle is printed when it passes every rule. Texts compare without regard to case and repeated blanks.

    conditions              allowed conditions, never empty and never `unknown`
    stock_required          a stock number must be present
    price_required          the price must be a number above zero
    price_min, price_max    inclusive dollars; a vehicle without price is judged by price_required only
    year_min                an unknown year fails
    seasoning_days          days on the lot before a vehicle may be ordered; the arrival day is day 0; 0 is off
    required_brands         makes of which the vehicle's must be one; empty is off
    excluded_makes          makes that are never printed
    excluded_keywords       whole words or phrases in stock, make, model, trim, raw type or raw status
    required_raw_statuses   site status texts of which the vehicle's must be one; `(blank)` is the empty text
    excluded_raw_statuses   site status texts that are never printed

    Raises `RuleError` for a contradiction or a value out of range.
    """

    conditions: frozenset[Condition]
    stock_required: bool = True
    price_required: bool = False
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    year_min: int | None = None
    seasoning_days: int = 0
    required_brands: tuple[str, ...] = ()
    excluded_makes: tuple[str, ...] = ()
    excluded_keywords: tuple[str, ...] = ()
    required_raw_statuses: tuple[str, ...] = ()
    excluded_raw_statuses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.conditions:
            raise RuleError("conditions", "Choose at least one condition: new, po or cpo.")
        if not self.conditions <= ALLOWED_CONDITIONS:
            raise RuleError("conditions", "Only new, po and cpo can be allowed; an unknown condition is never printed.")
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise RuleError("price_max", f"The highest price {self.price_max} is below the lowest {self.price_min}.")
        if self.seasoning_days < 0:
            raise RuleError("seasoning_days", "Seasoning cannot be negative; 0 switches it off.")
        # A blank keyword, for one, would be found in every vehicle with an empty field.
        for key in (key for key, read in _READERS.items() if read is _texts):
            _texts(key, getattr(self, key))
        self._refuse_overlap("excluded_makes", self.required_brands, self.excluded_makes, "make")
        self._refuse_overlap("excluded_raw_statuses", self.required_raw_statuses, self.excluded_raw_statuses, "status")

    @staticmethod
    def _refuse_overlap(key: str, required: tuple[str, ...], excluded: tuple[str, ...], what: str) -> None:
        both = {fold_text(text) for text in required} & {fold_text(text) for text in excluded}
        if both:
            raise RuleError(key, f"The {what} {sorted(both)[0]!r} is both required and excluded.")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "FilterRules":
        """Rules from stored or typed values; an unknown key or a value of the wrong kind raises `RuleError`."""
        known = {field.name for field in fields(cls)}
        for key in values:
            if key not in known:
                raise RuleError(key, f"There is no rule named {key!r}; the rules are {', '.join(sorted(known))}.")
        if "conditions" not in values:
            raise RuleError("conditions", "Choose at least one condition: new, po or cpo.")
        read: dict[str, Any] = {key: _READERS[key](key, value) for key, value in values.items()}
        return cls(**read)

    def as_mapping(self) -> dict[str, Any]:
        """JSON-serialisable values; `from_mapping` gives the same rules back."""
        values = asdict(self)
        values["conditions"] = sorted(self.conditions)
        for key in ("price_min", "price_max"):
            values[key] = None if values[key] is None else str(values[key])
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def fold_text(text: str) -> str:
    """The form in which rule texts and site texts are compared."""
    return " ".join(text.split()).casefold()


def _conditions(key: str, value: Any) -> frozenset[Condition]:
    try:
        return frozenset(Condition(item) for item in value)
    except (TypeError, ValueError) as error:
        raise RuleError(key, "Conditions are new, po and cpo.") from error


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RuleError(key, f"{key} is yes or no.")
    return value


def _amount(key: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise RuleError(key, f"{key} is an amount in dollars.") from error
    if not amount.is_finite() or amount < 0:
        raise RuleError(key, f"{key} is an amount in dollars, zero or more.")
    return amount


def _whole(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RuleError(key, f"{key} is a whole number.")
    return value


def _year(key: str, value: Any) -> int | None:
    return None if value is None else _whole(key, value)


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item.strip() for item in value):
        raise RuleError(key, f"{key} is a list of texts, none of them blank.")
    return tuple(value)


_READERS = {
    "conditions": _conditions,
    "stock_required": _flag,
    "price_required": _flag,
    "price_min": _amount,
    "price_max": _amount,
    "year_min": _year,
    "seasoning_days": _whole,
    "required_brands": _texts,
    "excluded_makes": _texts,
    "excluded_keywords": _texts,
    "required_raw_statuses": _texts,
    "excluded_raw_statuses": _texts,
}
