"""The filters of the formula language: how the text of one field is spelled before it is printed."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

DATE_FIELDS = frozenset({"date_in_stock"})
_DATE_TOKEN = re.compile(r"(?:YYYY|YY)(?!Y)|MM?(?!M)|DD?(?!D)")
_DATE_FORMAT = re.compile(rf"(?:{_DATE_TOKEN.pattern}|[ ./-])+")
_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_NUMBER = re.compile(r"\$?\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


class FilterError(ValueError):
    """A filter that cannot be used; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter as parsed: its name and the text after its colon."""

    name: str
    argument: str = ""

    def apply(self, text: str) -> str:
        """The text as the filter spells it. An empty text stays empty, except by `default`."""
        return _FILTERS[self.name](text, self.argument) if text or self.name == "default" else ""


def parse_filter(source: str, field: str) -> Filter:
    """The filter typed as `source` behind `field`; raises `FilterError` for what it is not or cannot do."""
    name, colon, argument = source.partition(":")
    if name not in _FILTERS:
        near = difflib.get_close_matches(name.strip().lower(), _FILTERS, n=1)
        remedy = f"Did you mean {near[0]}?" if near else f"The filters are {', '.join(_FILTERS)}."
        raise FilterError(f"There is no filter {name!r}. {remedy}")
    pattern, example = _ARGUMENTS.get(name, ("", ""))
    if bool(colon) != bool(pattern) or not re.fullmatch(pattern, argument):
        raise FilterError(f"Write {example}." if example else f"The filter {name} takes nothing after it.")
    if name == "date" and field not in DATE_FIELDS:
        raise FilterError(f"The filter date spells dates only, such as {{{min(DATE_FIELDS)}}}.")
    return Filter(name, argument)


def _title(text: str, _: str) -> str:
    return _WORD.sub(lambda word: word.group().capitalize(), text)


def _thousands(text: str, _: str) -> str:
    return f"{_whole(text):,}" if _NUMBER.fullmatch(text) else text


def _money(text: str, _: str) -> str:
    return f"${_whole(text):,}" if _NUMBER.fullmatch(text) else text


def _whole(text: str) -> int:
    return int(_amount(text))


def _amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").lstrip("$"))


def plain_number(amount: Decimal) -> str:
    """A number for other programs: no `$`, no comma, and cents only where there are some."""
    return f"{amount:.0f}" if amount == int(amount) else f"{amount:.2f}"


def _date(text: str, pattern: str) -> str:
    found = _DATE.fullmatch(text)
    if not found:
        return text  # another filter stands before this one
    month, day, year = found.groups()
    spelled = {"YYYY": year, "YY": year[2:], "MM": month, "M": str(int(month)), "DD": day, "D": str(int(day))}
    return _DATE_TOKEN.sub(lambda token: spelled[token.group()], pattern)


_FILTERS: dict[str, Callable[[str, str], str]] = {
    "upper": lambda text, _: text.upper(),
    "lower": lambda text, _: text.lower(),
    "title": _title,
    "thousands": _thousands,
    "money": _money,
    "plain": lambda text, _: plain_number(_amount(text)) if _NUMBER.fullmatch(text) else text,
    "date": _date,
    "default": lambda text, fallback: text or fallback,
    "strip": lambda text, _: " ".join(text.split()),
    "truncate": lambda text, length: text[: int(length)].rstrip(),
}
_ARGUMENTS = {
    "date": (_DATE_FORMAT, "date:MM/DD/YYYY, with YYYY, YY, MM, M, DD or D between blanks, points, dashes or strokes"),
    "default": (re.compile(r".+"), "default:text, the text printed for an empty field"),
    "truncate": (re.compile(r"[1-9]\d{0,3}"), "truncate:20, the number of characters to keep"),
}
FILTER_NAMES = tuple(_FILTERS)
