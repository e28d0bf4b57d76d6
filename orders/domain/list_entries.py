"""LIST: what becomes of each entry that a person typed."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from inventory.domain.vin import Suggestions, has_valid_check_digit, is_vin
from orders.domain.lines import EntryOutcome

MOST_ENTRIES = 2000
VIN_LENGTH = 17
_SEPARATORS = re.compile(r"[\r\n,;\t]")
_BETWEEN_SEPARATORS = re.compile(r"[^\r\n,;\t]+")
# Shorter entries are likely stock numbers, which have no length of their own.
_LIKELY_A_VIN = 9
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_VIN_END = re.compile(r"[0-9A-Z]{6,8}")


class TooManyEntries(ValueError):
    """More entries than one order may hold."""


class NoText(ValueError):
    """An entry with a character that cannot be text, as a file of another kind has them."""


@dataclass(frozen=True, slots=True)
class ListedVehicle:
    """What a typed entry is compared with."""

    vin: str
    stock: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryResult:
    """The one outcome of one typed entry; `vin` is empty where no vehicle is meant.

    `first` is the position of the entry that a duplicate repeats.
    """

    text: str
    outcome: EntryOutcome
    vin: str = ""
    detail: str = ""
    suggestion: str = ""
    candidates: tuple[str, ...] = ()
    first: int = 0


def split_entries(text: str) -> list[str]:
    """Entries of a pasted text, split at line breaks, commas, semicolons and tabs; blank ones vanish.

    Raises `TooManyEntries` above 2,000, and `NoText` for control characters.
    """
    entries = [part.strip() for part in _SEPARATORS.split(text)]
    entries = [entry for entry in entries if entry]
    if len(entries) > MOST_ENTRIES:
        raise TooManyEntries(f"{len(entries):,} entries are too many; {MOST_ENTRIES:,} fit into one order. Split them.")
    for position, entry in enumerate(entries, start=1):
        if _NO_TEXT.search(entry):
            raise NoText(f"Entry {position} holds a character that is no text. Paste plain text.")
    return entries


def resolve_entries(
    entries: Sequence[str],
    vehicles: Iterable[ListedVehicle],
    open_orders: Mapping[str, str],
    *,
    include_missing: bool,
    vin_only: Collection[str] = (),
) -> list[EntryResult]:
    """One result per typed entry, in typed order.

    `vehicles` is the whole active dataset; `open_orders` names the open order of a VIN. A VIN that is not on the
    website becomes a placeholder only with `include_missing` or when `vin_only` names it; a stock number never does.
    """
    index = _Index(vehicles)
    results: list[EntryResult] = []
    first_by_text: dict[str, int] = {}
    first_by_vin: dict[str, int] = {}
    for position, text in enumerate(entries, start=1):
        found = _find(text, index, open_orders, include_missing=include_missing or _upper(text) in vin_only)
        first = first_by_text.setdefault(_upper(text), position)
        if found.vin:
            first = min(first, first_by_vin.setdefault(found.vin, position))
        if first != position:
            found = EntryResult(
                text=text,
                outcome=EntryOutcome.DUPLICATE_ENTRY,
                vin=found.vin,
                detail=f"The same as entry {first}.",
                first=first,
            )
        results.append(found)
    return results


def typing_hints(text: str) -> list[str]:
    """What keeps an entry from being the VIN that its typist may have in mind: length, letters, check digit.

    The check digit only warns, because a VIN of another market may carry something else.
    """
    entry = _upper(text)
    if len(entry) < _LIKELY_A_VIN or len(entry) > VIN_LENGTH:
        return []
    hints = []
    if len(entry) < VIN_LENGTH:
        hints.append(f"This entry has {len(entry)} characters; a VIN has 17.")
    strange = [letter for letter in "IOQ" if letter in entry]
    if strange:
        hints.append(f"A VIN never holds {' or '.join(strange)}.")
    if is_vin(entry) and not has_valid_check_digit(entry):
        hints.append("Its check digit is wrong. Compare it with the windshield.")
    return hints


def replace_entry(text: str, position: int, *, was: str, by: str) -> str:
    """The typed text with one entry replaced and everything around it as it was.

    Raises `ValueError` when another entry stands at that position.
    """
    found = [match for match in _BETWEEN_SEPARATORS.finditer(text) if match[0].strip()]
    entry = found[position - 1] if 0 < position <= len(found) else None
    if entry is None or entry[0].strip() != was:
        raise ValueError(f"Entry {position} is not {was} any more, so nothing was replaced. Look at the list again.")
    return text[: entry.start()] + by + text[entry.end() :]


class _Index:
    def __init__(self, vehicles: Iterable[ListedVehicle]) -> None:
        self.vins: set[str] = set()
        self.by_stock: defaultdict[str, set[str]] = defaultdict(set)
        self.by_end: defaultdict[str, set[str]] = defaultdict(set)
        for vehicle in vehicles:
            self.vins.add(vehicle.vin)
            if vehicle.stock:
                self.by_stock[_upper(vehicle.stock)].add(vehicle.vin)
            for length in (6, 7, 8):
                self.by_end[vehicle.vin[-length:]].add(vehicle.vin)
        self.suggestions = Suggestions(self.vins)

    def matches(self, entry: str) -> set[str]:
        if len(entry) == VIN_LENGTH:
            return {entry} & self.vins
        found = set(self.by_stock.get(entry, ()))
        if _VIN_END.fullmatch(entry):
            found |= self.by_end.get(entry, set())
        return found


def _find(text: str, index: _Index, open_orders: Mapping[str, str], *, include_missing: bool) -> EntryResult:
    entry = _upper(text)
    fault = _fault(entry)
    if fault:
        near = index.suggestions.of(entry)
        fault += f" Did you mean {near}?" if near else ""
        return EntryResult(text=text, outcome=EntryOutcome.INVALID, detail=fault, suggestion=near)
    found = sorted(index.matches(entry))
    if len(found) > 1:
        detail = f"It fits {len(found)} vehicles: {', '.join(found)}. Choose one."
        return EntryResult(text=text, outcome=EntryOutcome.AMBIGUOUS, detail=detail, candidates=tuple(found))
    is_typed_vin = len(entry) == VIN_LENGTH
    vin = found[0] if found else entry if is_typed_vin else ""
    if vin in open_orders:
        return EntryResult(
            text=text, outcome=EntryOutcome.IN_ANOTHER_ORDER, vin=vin, detail=f"It stands in {open_orders[vin]}."
        )
    if found:
        return EntryResult(text=text, outcome=EntryOutcome.PRODUCED, vin=vin)
    if is_typed_vin and include_missing:
        return EntryResult(
            text=text, outcome=EntryOutcome.PLACEHOLDER, vin=vin, detail="Not on the website; a line with the VIN only."
        )
    suggestion = index.suggestions.of(entry) if len(entry) >= VIN_LENGTH - 1 else ""
    detail = f"Not on the website. Did you mean {suggestion}?" if suggestion else "Not on the website."
    return EntryResult(
        text=text,
        outcome=EntryOutcome.NOT_ON_WEBSITE,
        vin=vin,
        detail=detail,
        suggestion=suggestion,
    )


def _upper(text: str) -> str:
    # Only ASCII changes case: other letters can become plain ones, or two, on the way.
    return text.upper() if text.isascii() else text


def _fault(entry: str) -> str:
    if len(entry) > VIN_LENGTH:
        return f"This entry has {len(entry)} characters; a VIN has 17. Compare it with the windshield."
    if len(entry) == VIN_LENGTH and not is_vin(entry):
        return "A VIN has no I, O, Q and only letters and digits. Compare it with the windshield."
    return ""
