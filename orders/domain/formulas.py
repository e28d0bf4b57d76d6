"""The formula language of output templates: text with placeholders in braces, and nothing more."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

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
SHORTHANDS = {
    "yearmake": "{year} {make}",
    "yearmodel": "{year} {model}",
    "yearmakemodel": "{year} {make} {model}",
    "yearmakemodeltrim": "{year} {make} {model} {trim}",
}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class FormulaError(ValueError):
    """A formula that cannot be used; the message names the place and the remedy."""


class PartKind(Enum):
    FIELD = "field"
    WORD = "word"
    SEPARATOR = "separator"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a formula: the name of a field, words printed as they stand, or what separates its neighbours."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as parsed; `source` is what was typed, `fields` the fields it prints, each once, in order."""

    source: str
    parts: tuple[Part, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.text for part in self.parts if part.kind is PartKind.FIELD))

    def render(self, values: Mapping[str, str]) -> str:
        """The formula with `values` in place of its fields; a formula whose fields are all empty gives "".

        Around an empty field one separator stays between the neighbours and none dangles: without a stock number
        `{year} {model} - {stock}` gives `2022 RENEGADE`.
        """
        if self.fields and not any(values[field] for field in self.fields):
            return ""
        text, separators, has_gap = "", list[str](), False
        for part in self.parts:
            piece = values[part.text] if part.kind is PartKind.FIELD else part.text
            if part.kind is PartKind.SEPARATOR:
                separators.append(piece)
            elif not piece:
                has_gap = True
            else:
                text += _joint(separators, has_gap=has_gap, is_first=not text) + piece
                separators, has_gap = [], False
        return text if has_gap else text + "".join(separators)


def _joint(separators: Sequence[str], *, has_gap: bool, is_first: bool) -> str:
    if not has_gap:
        return "".join(separators)
    if is_first or not separators:
        return ""
    return next((separator for separator in separators if separator.strip()), separators[0])


def parse_formula(source: str) -> Formula:
    """The formula typed as `source`.

    Raises `FormulaError` for an unknown placeholder, with the nearest known one, and for a brace without its pair.
    """
    return Formula(source, tuple(_parts(source)))


def _parts(source: str) -> Iterator[Part]:
    position = 0
    for match in _PLACEHOLDER.finditer(source):
        yield from _literal_parts(source[position : match.start()], source)
        yield from _placeholder_parts(match.group(1), source)
        position = match.end()
    yield from _literal_parts(source[position:], source)


def _placeholder_parts(name: str, source: str) -> Iterator[Part]:
    if name in SHORTHANDS:
        yield from _parts(SHORTHANDS[name])
    elif name in FIELDS:
        yield Part(PartKind.FIELD, name)
    else:
        known = [*FIELDS, *SHORTHANDS]
        near = difflib.get_close_matches(name.strip().lower(), known, n=1)
        remedy = f"Did you mean {{{near[0]}}}?" if near else f"The placeholders are {', '.join(known)}."
        raise FormulaError(f"The formula {source!r} has an unknown placeholder {{{name}}}. {remedy}")


def _literal_parts(literal: str, source: str) -> Iterator[Part]:
    if "{" in literal or "}" in literal:
        raise FormulaError(f"The formula {source!r} has a brace without its pair; a placeholder looks like {{year}}.")
    words = literal.strip(_separators(literal))
    before, _, after = literal.partition(words) if words else (literal, "", "")
    kinds = ((PartKind.SEPARATOR, before), (PartKind.WORD, words), (PartKind.SEPARATOR, after))
    yield from (Part(kind, text) for kind, text in kinds if text)


def _separators(literal: str) -> str:
    return "".join(character for character in literal if not character.isalnum())
