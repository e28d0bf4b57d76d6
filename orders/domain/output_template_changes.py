"""What differs between two versions of an output template."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Any

from orders.domain.output_templates import Column, OutputOptions, OutputTemplate


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One header in both versions, with its places there; None where a version lacks it.

    `words` says what happened: added, removed, changed, moved; empty for a column that stayed as it was.
    """

    header: str
    old: Column | None
    new: Column | None
    old_place: int | None
    new_place: int | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OptionChange:
    """One option with its value in both versions."""

    name: str
    old: Any
    new: Any


def changed_columns(old: OutputTemplate, new: OutputTemplate) -> list[ColumnChange]:
    """Every column of both versions in the order of the new one; a removed one stands where it stood."""
    were = {column.header: (place, column) for place, column in enumerate(old.columns, start=1)}
    kept = _in_place([header for header in old.headers if header in new.headers], new.headers)
    rows = [_change(column, place, were, kept) for place, column in enumerate(new.columns, start=1)]
    for header, (place, column) in were.items():
        if header not in new.headers:
            rows.insert(place - 1, ColumnChange(header, column, None, place, None, ("removed",)))
    return rows


def _change(column: Column, place: int, were: dict[str, tuple[int, Column]], kept: set[str]) -> ColumnChange:
    if column.header not in were:
        return ColumnChange(column.header, None, column, None, place, ("added",))
    old_place, old = were[column.header]
    words = [word for word, is_so in (("changed", old != column), ("moved", column.header not in kept)) if is_so]
    return ColumnChange(column.header, old, column, old_place, place, tuple(words))


def _in_place(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The headers that keep their order among each other; the fewest others count as moved."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {header for block in blocks for header in old[block.a : block.a + block.size]}


def changed_options(old: OutputOptions, new: OutputOptions) -> list[OptionChange]:
    """The options whose values differ."""
    changes = [OptionChange(f.name, getattr(old, f.name), getattr(new, f.name)) for f in fields(OutputOptions)]
    return [change for change in changes if change.old != change.new]
