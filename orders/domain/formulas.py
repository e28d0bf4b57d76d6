"""The formula language of output templates: text with placeholders in braces, and nothing more."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from inventory.domain.facts import RAW_FIELD_NAMES
from orders.domain.filters import Filter, FilterError, parse_filter

FIELDS = (
    "year",
    "make",
    "model",
    "trim",
    "stock",
    "vin",
    "prefix",
    "condition",
    "price",
    "msrp",
    "price+markup",
    "color",
    "body",
    "fuel",
    "status",
    "date_in_stock",
    "days_on_lot",
    "url",
    "location",
    "street",
    "city",
    "state",
    "zip",
    "features",
    "headline",
    "order",
    "seq",
    "qr",
)
# The site's own texts as they were received: no edit, rewrite or spelling changes them.
RAW_FIELDS = tuple(f"raw.{name}" for name in RAW_FIELD_NAMES)
AMOUNT_FIELDS = frozenset({"price", "msrp", "price+markup"})
SHORTHANDS = {
    "yearmake": "{year} {make}",
    "yearmodel": "{year} {model}",
    "yearmakemodel": "{year} {make} {model}",
    "yearmakemodeltrim": "{year} {make} {model} {trim}",
}
LONGEST_FORMULA = 500
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class FormulaError(ValueError):
    """A formula that cannot be used; the message names the place and the remedy."""


class PartKind(Enum):
    FIELD = "field"
    WORD = "word"
    SEPARATOR = "separator"


@dataclass(frozen=True)
class Part:
    """A piece of a formula: the name of a field, words printed as they stand, or what separates its neighbours."""

    kind: PartKind
    text: str
    filters: tuple[Filter, ...] = ()

    @cached_property
    def value_name(self) -> str:
        """Under which name the value stands: an amount as a plain number has its cents, its printed spelling none."""
        is_exact = self.text in AMOUNT_FIELDS and self.filters[:1] == (Filter("plain"),)
        return exact_name(self.text) if is_exact else self.text

    def render(self, values: Mapping[str, str]) -> str:
        if self.kind is not PartKind.FIELD:
            return self.text
        value = values[self.value_name]
        for filter_ in self.filters:
            value = filter_.apply(value)
        return value


@dataclass(frozen=True)
class Formula:
    """A formula as parsed; `source` is what was typed, `fields` the fields it prints, each once, in order."""

    source: str
    parts: tuple[Part, ...]

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.text for part in self.parts if part.kind is PartKind.FIELD))

    @cached_property
    def plain_fields(self) -> tuple[str, ...]:
        """The fields that stand in the text exactly as they are, without a filter."""
        parts = (part for part in self.parts if part.kind is PartKind.FIELD and not part.filters)
        return tuple(dict.fromkeys(part.text for part in parts))

    def empty_fields(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The fields for which nothing is printed; a default counts as printed."""
        parts = (part for part in self.parts if part.kind is PartKind.FIELD and not part.render(values))
        return tuple(dict.fromkeys(part.text for part in parts))

    def render(self, values: Mapping[str, str]) -> str:
        """The formula with `values` in place of its fields; a formula whose fields are all empty gives "".

        Around an empty field one separator stays between the neighbours and none dangles: without a stock number
        `{year} {model} - {stock}` gives `2022 RENEGADE`.
        """
        text, separators, has_gap, is_filled = "", list[str](), False, not self.fields
        for part in self.parts:
            piece = part.render(values)
            if part.kind is PartKind.SEPARATOR:
                separators.append(piece)
            elif not piece:
                has_gap = True
            else:
                is_filled = is_filled or part.kind is PartKind.FIELD
                text += _joint(separators, has_gap=has_gap, is_first=not text) + piece
                separators, has_gap = [], False
        if not is_filled:
            return ""
        return text if has_gap else text + "".join(separators)


def exact_name(field: str) -> str:
    """The name under which the exact amount of a field stands among the values of a line."""
    return f"{field}|plain"


def _joint(separators: Sequence[str], *, has_gap: bool, is_first: bool) -> str:
    if not has_gap:
        return "".join(separators)
    if is_first or not separators:
        return ""
    return next((separator for separator in separators if separator.strip()), separators[0])


def parse_formula(source: str) -> Formula:
    """The formula typed as `source`: `{field}` or `{field|filter|filter:argument}` between words.

    Raises `FormulaError` with the place and the remedy for an unknown placeholder or filter (naming the nearest known
    one), a filter's missing or unusable argument, a brace without its pair, and a character that nothing can print.
    """
    hidden = next((place for place, character in enumerate(source, start=1) if not character.isprintable()), None)
    if hidden:
        raise FormulaError(f"The formula has something that cannot be printed at character {hidden}. Type it again.")
    if len(source) > LONGEST_FORMULA:
        raise FormulaError(f"The formula has {len(source)} characters; it may have {LONGEST_FORMULA}.")
    return Formula(source, tuple(_parts(source)))


def _parts(source: str) -> Iterator[Part]:
    position = 0
    for match in _PLACEHOLDER.finditer(source):
        yield from _literal_parts(source[position : match.start()], position, source)
        yield from _placeholder_parts(match, source)
        position = match.end()
    yield from _literal_parts(source[position:], position, source)


def _placeholder_parts(match: re.Match[str], source: str) -> Iterator[Part]:
    name, *filters = match.group(1).split("|")
    place = f"at character {match.start() + 1}"
    if name in SHORTHANDS and not filters:
        yield from _parts(SHORTHANDS[name])
    elif name in SHORTHANDS:
        spelled = SHORTHANDS[name].replace("}", "".join(f"|{text}" for text in filters) + "}")
        raise FormulaError(f"The formula {source!r} filters {{{name}}} {place}. Write {spelled} instead.")
    elif name in FIELDS or name in RAW_FIELDS:
        try:
            yield Part(PartKind.FIELD, name, tuple(parse_filter(text, name) for text in filters))
        except FilterError as error:
            raise FormulaError(f"The formula {source!r} has a filter that cannot be used {place}. {error}") from error
    else:
        raise FormulaError(f"The formula {source!r} has an unknown placeholder {{{name}}} {place}. {_remedy(name)}")


def _remedy(name: str) -> str:
    typed = name.strip().lower()
    if typed.startswith("raw."):
        near = [f"raw.{raw}" for raw in difflib.get_close_matches(typed.removeprefix("raw."), RAW_FIELD_NAMES, n=1)]
        known = RAW_FIELDS
    else:
        known = (*FIELDS, *SHORTHANDS, *RAW_FIELDS)
        near = difflib.get_close_matches(typed, known, n=1)
    return f"Did you mean {{{near[0]}}}?" if near else f"The placeholders are {', '.join(known)}."


def _literal_parts(literal: str, position: int, source: str) -> Iterator[Part]:
    brace = re.search(r"[{}]", literal)
    if brace:
        raise FormulaError(
            f"The formula {source!r} has a brace without its pair at character {position + brace.start() + 1}; "
            "a placeholder looks like {year}."
        )
    words = literal.strip(_separators(literal))
    before, _, after = literal.partition(words) if words else (literal, "", "")
    kinds = ((PartKind.SEPARATOR, before), (PartKind.WORD, words), (PartKind.SEPARATOR, after))
    yield from (Part(kind, text) for kind, text in kinds if text)


def _separators(literal: str) -> str:
    return "".join(character for character in literal if not character.isalnum())
