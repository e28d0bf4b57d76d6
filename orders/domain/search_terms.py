"""What a person typed into the search box, as the things that it may mean."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from inventory.domain.vin import VIN_END, VIN_LENGTH, suggest

SHORTEST = 3
LONGEST = 100
_MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
# Entries of imported logs may be shorter or longer than a VIN; the end of one has figures.
_VIN_PART = re.compile(rf"(?=[A-Z]*[0-9])[A-Z0-9]{{{VIN_END},20}}")
_CHARACTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True)
class SearchTerms:
    """`text` as typed; `key` in upper case; `vin_part` a VIN or its end, or empty; `words` in lower case."""

    text: str
    key: str
    vin_part: str
    words: tuple[str, ...]

    @property
    def is_too_short(self) -> bool:
        return sum(map(len, self.words)) < SHORTEST

    @property
    def is_whole_vin(self) -> bool:
        return len(self.vin_part) == VIN_LENGTH

    @property
    def words_query(self) -> str:
        """Every word, or the beginning of one, in the language of PostgreSQL's text search."""
        return " & ".join(f"{word}:*" for word in self.words)


def read_terms(text: str) -> SearchTerms:
    """The terms of a typed text: blanks and control characters become one blank, the rest beyond 100 is cut off."""
    text = " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", text).split())[:LONGEST].strip()
    key = text.upper() if text.isascii() else text
    joined = re.sub(r"[ -]", "", key)
    words = tuple(dict.fromkeys(_WORD.findall(text.lower())))[:_MOST_WORDS]
    return SearchTerms(text, key, joined if _VIN_PART.fullmatch(joined) else "", words)


def ends_one_slip_away(text: str) -> set[str]:
    """The last six characters of every VIN or end of one that `text` may have meant, as `suggest` understands it."""
    read = text.translate(str.maketrans("IOQ", "100"))
    return {slip[-VIN_END:] for slip in (read, *_slips(read)) if len(slip) >= VIN_END}


def _slips(text: str) -> Iterator[str]:
    for at in range(len(text) + 1):
        before, after = text[:at], text[at:]
        yield from (f"{before}{char}{after[1:]}" for char in _CHARACTERS)
        yield from (f"{before}{char}{after}" for char in _CHARACTERS)
        yield f"{before}{after[1:]}"
        yield f"{before}{after[1:2]}{after[:1]}{after[2:]}"


def suggest_vin(text: str, vins: Iterable[str]) -> str:
    """The one VIN of `vins` that a mistyped VIN or end of one probably meant, or an empty text."""
    lengths = range(len(text) - 1, len(text) + 2)
    whole = len(text) >= VIN_LENGTH - 1
    near = {vin for vin in vins for length in lengths if suggest(text, [vin if whole else vin[-length:]])}
    return near.pop() if len(near) == 1 else ""
