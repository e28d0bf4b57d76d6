"""The reviewer's values: a closed set of fields that replace the snapshot of a line."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from dealerships.domain.rules import ALLOWED_CONDITIONS, Condition
from inventory.domain.urls import safe_http_url, why_unsafe

LONGEST_TEXT = 300
_PRICE = re.compile(r"\$?(\d{1,3}(,\d{3})*|\d{1,7})(\.\d{1,2})?")
_HIGHEST_PRICE = 2_000_000
_FIRST_YEAR = 1981


class OverrideError(ValueError):
    """A typed value that a line cannot take; `field` names it, the message says the remedy."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_override(field: str, text: str, *, year_now: int) -> Any:
    """The JSON value of a typed text; an empty text stands for an empty field (None for a number).

    Raises `OverrideError` for a field that cannot be edited or a text that it cannot take.
    """
    if field not in EDITABLE_FIELDS:
        raise OverrideError(field, f"{field} cannot be edited.")
    text = " ".join(text.split())
    if field == "year":
        return _read_year(text, year_now)
    return _READERS[field](text)


def _read_text(field: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > LONGEST_TEXT or "\x00" in text:
            raise OverrideError(field, f"At most {LONGEST_TEXT} characters.")
        return text

    return read


def _read_condition(text: str) -> str:
    if text not in ALLOWED_CONDITIONS:
        raise OverrideError("condition", "Choose new, po or cpo.")
    return text


def _read_year(text: str, year_now: int) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{4}", text) or not _FIRST_YEAR <= int(text) <= year_now + 2:
        raise OverrideError("year", f"A year from {_FIRST_YEAR} to {year_now + 2}.")
    return int(text)


def _read_price(text: str) -> str | None:
    if not text:
        return None
    if not _PRICE.fullmatch(text) or not text.isascii():
        raise OverrideError("price", "An amount such as 23,456 or 23456.50.")
    amount = Decimal(text.lstrip("$").replace(",", ""))
    if amount > _HIGHEST_PRICE:
        raise OverrideError("price", f"At most {_HIGHEST_PRICE:,} dollars.")
    return str(amount.quantize(Decimal("0.01")))


def _read_url(text: str) -> str:
    url = safe_http_url(text)
    if text and not url:
        raise OverrideError(
            "url",
            f"This address {why_unsafe(text)}. Type a public http or https address, or leave it empty to print the VIN "
            "in the QR code.",
        )
    return url


_READERS: dict[str, Callable[[str], Any]] = {
    "condition": _read_condition,
    "price": _read_price,
    "url": _read_url,
    **{name: _read_text(name) for name in ("stock", "make", "model", "trim", "ext_color", "features", "headline")},
}
EDITABLE_FIELDS = (
    "stock",
    "condition",
    "year",
    "make",
    "model",
    "trim",
    "price",
    "url",
    "ext_color",
    "features",
    "headline",
)
FIELD_WORDS = {
    "stock": "stock",
    "condition": "condition",
    "year": "year",
    "make": "make",
    "model": "model",
    "trim": "trim",
    "price": "price",
    "url": "address for the QR code",
    "ext_color": "color",
    "features": "features",
    "headline": "headline",
}


def effective(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Field values with the overrides applied, typed as in the snapshot."""
    merged = {**values, **overrides}
    if overrides.get("price") is not None:
        merged["price"] = Decimal(overrides["price"])
    merged["condition"] = Condition(merged["condition"])
    return merged
