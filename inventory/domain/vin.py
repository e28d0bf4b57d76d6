"""Vehicle identification numbers: form, check digit, model year, and what a mistyped one may have meant."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import mul
from typing import NamedTuple

VIN_LENGTH = 17
# People name a vehicle by the end of its VIN; so many characters are indexed wherever VINs are looked for.
VIN_END = 6
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_NOT_IN_A_VIN = re.compile(r"[^A-HJ-NPR-Z0-9]")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+")
_LOOK_ALIKES = str.maketrans("IOQ", "100")

# Letters to the values 1 to 9, digits to their own; a table over bytes costs a tenth of a look-up per character.
_VALUES = bytes.maketrans(
    b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
    bytes((*range(10), 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)),
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
_FIRST_YEAR = 1980
_YEARS = {code: (year, year + len(_YEAR_CODES)) for year, code in enumerate(_YEAR_CODES, start=_FIRST_YEAR)}

_COMPARE = "Compare it with the vehicle's page or its windshield."


class VinReading(NamedTuple):
    """What a text is as a VIN: `vin` in upper case, or else an error `code` with a sentence for people."""

    vin: str = ""
    code: str = ""
    message: str = ""


def is_vin(text: str) -> bool:
    """Whether the text is 17 digits and upper-case letters without I, O and Q."""
    return _VIN.fullmatch(text) is not None


def normalise_vin(text: str) -> VinReading:
    """The VIN that a cell holds: outer blanks removed, ASCII letters in upper case, and nothing repaired.

    The code is E_VIN for what is no VIN at all, E_VIN_SCI for a number made by a spreadsheet, E_VIN_LEN and
    E_VIN_CHARS for a wrong length or character; look-alikes from other alphabets are wrong characters.
    """
    text = text.strip()
    # Only ASCII may change case: other letters can become plain ones on the way.
    text = text.upper() if text.isascii() else text
    if is_vin(text) and text.count(text[0]) < VIN_LENGTH:
        return VinReading(vin=text)
    code, message = _fault(text)
    return VinReading(code=code, message=message)


def _fault(text: str) -> tuple[str, str]:
    if len(set(text)) <= 1:
        return "E_VIN", "A blank or one repeated character is no VIN. Fill in the 17 characters of the VIN."
    if _SCIENTIFIC.fullmatch(text):
        return "E_VIN_SCI", (
            "A spreadsheet turned this VIN into a number and lost digits. Format the column as text, fill in the VIN "
            "again and save the file as CSV."
        )
    if len(text) != VIN_LENGTH and not any(c.isdigit() for c in text):
        return "E_VIN", "This text is no VIN. Fill in the 17 characters of the VIN."
    wrong = list(dict.fromkeys(_NOT_IN_A_VIN.findall(text)))
    if len(text) == VIN_LENGTH or any(c not in "IOQ" for c in wrong):
        named = ", ".join(_name_of(c) for c in wrong)
        return "E_VIN_CHARS", f"A VIN has only digits and letters, never I, O or Q; this one has {named}. {_COMPARE}"
    return "E_VIN_LEN", f"This VIN has {len(text)} characters; a VIN has 17. {_COMPARE}"


def _name_of(char: str) -> str:
    if char == " ":
        return "a blank"
    return char if char.isascii() and char.isprintable() else f"U+{ord(char):04X}"


def check_digit(vin: str) -> str:
    """The character that position 9 of a VIN must have in the American market: `0` to `9` or `X`."""
    total = sum(map(mul, vin.encode("ascii").translate(_VALUES), _WEIGHTS))
    return "0123456789X"[total % 11]


def has_valid_check_digit(vin: str) -> bool:
    """Whether position 9 is the check digit; only a warning, because European VINs may carry something else."""
    return check_digit(vin) == vin[8]


def model_years(vin: str) -> tuple[int, ...]:
    """Both years that position 10 can mean, the earlier first; empty where it holds no year code."""
    return _YEARS.get(vin[9], ()) if is_vin(vin) else ()


def decode_year(vin: str, today_year: int) -> int | None:
    """The model year to fill in where a page names none: a digit in position 7 means the cycle before 2010.

    A letter there means the later cycle, unless that lies more than two years ahead. None without a year code.
    """
    years = model_years(vin)
    if not years:
        return None
    earlier, later = years
    return earlier if vin[6].isdigit() or later > today_year + 2 else later


def suggest(text: str, vins: Iterable[str]) -> str:
    """The one VIN of `vins` that the text probably meant, or an empty text; applied only by a person's click.

    I is read as 1, O and Q as 0; then one character may be changed, missing, extra or swapped with its neighbour.
    """
    return Suggestions(vins).of(text)


class Suggestions:
    """What `suggest` gives for one text after the other from the same VINs."""

    def __init__(self, vins: Iterable[str]) -> None:
        self._vins = frozenset(vins)

    def of(self, text: str) -> str:
        typed = text.strip().upper()
        if typed in self._vins:
            return ""
        typed = typed.translate(_LOOK_ALIKES)
        if typed in self._vins:
            return typed
        likely = {vin for part in _parts(typed) for vin in self._by_part.get(part, ())}
        near = [vin for vin in likely if _is_one_slip(typed, vin)]
        return near[0] if len(near) == 1 else ""

    @cached_property
    def _by_part(self) -> Mapping[str, Sequence[str]]:
        """Texts one slip apart share one of their parts, so that few VINs have to be compared with a text."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for vin in self._vins:
            for part in _parts(vin):
                found[part].append(vin)
        return found


def _parts(text: str) -> set[str]:
    """The text, and what is left of it without any one of its characters."""
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def _is_one_slip(typed: str, vin: str) -> bool:
    if abs(len(typed) - len(vin)) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(typed, vin, strict=False)) if a != b), min(len(typed), len(vin)))
    typed, vin = typed[same:], vin[same:]
    is_swap = typed[:2] == vin[1::-1] and typed[2:] == vin[2:]
    return typed[1:] == vin[1:] or typed[1:] == vin or typed == vin[1:] or is_swap
