"""Values of foreign documents as text, without a judgement on them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_TAGS = re.compile(r"<[^>]*>")
_AMOUNT = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?", re.ASCII)


def text_of(value: Any) -> str:
    """A value of a JSON document as text: None and containers are empty, whole floats lose their `.0`."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    # JSON may hold halves of characters, which nothing behind could encode.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def pick(document: Any, path: str) -> Any:
    """The value at a dotted path of nested objects; None where there is none."""
    for name in path.split("."):
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def first_text(document: Any, paths: Iterable[str]) -> str:
    """The first text at one of the dotted paths that is not empty."""
    return next(filter(None, (text_of(pick(document, path)) for path in paths)), "")


def amount_of(text: str) -> float | None:
    """The plain positive amount that a text states (`$38,995`, `38995.0`); None for phrases, zero and below."""
    match = _AMOUNT.fullmatch(text.strip())
    amount = float((match[1] + (match[2] or "")).replace(",", "")) if match else 0.0
    return amount or None


def first_amount(texts: Iterable[str], *, least: float = 0) -> str:
    """The first text that states a plain positive amount of at least `least`; else the first that says anything.

    So a phrase such as `Please Call` stays visible as what the site shows, and zero never hides a price.
    """
    seen = [text for text in texts if text]
    for text in seen:
        amount = amount_of(text)
        if amount is not None and amount >= least:
            return text
    return next((text for text in seen if amount_of(text) is None and not text.lstrip("-").startswith("0")), "")


def without_tags(text: str) -> str:
    """A text as a person reads it on a page: without tags, with single blanks."""
    return " ".join(_TAGS.sub(" ", text).split())


def fold_label(text: str) -> str:
    """A rooftop's label for comparison: without tags, with single blanks, without regard to case."""
    return without_tags(text).casefold()
