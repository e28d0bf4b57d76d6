"""What text may stand in a cell: in the encoding of its file, on one line, and nothing that reads as a formula."""

import re
import unicodedata
from enum import StrEnum

from foundation.spreadsheet_csv import PLAIN_NUMBER, one_line


class TextEncoding(StrEnum):
    """The encodings of CSV files: 7-bit, UTF-8 without and with a byte order mark, UTF-16 little endian with mark."""

    ASCII = "ascii"
    UTF8 = "utf-8"
    UTF8_MARKED = "utf-8-sig"
    UTF16 = "utf-16"


FORMULA_START = "=+-@|%"
# Letters and marks that leave no ink: a cell of these alone would look empty.
_INKLESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_BLANK_CATEGORIES = {"Cc", "Zs", "Zl", "Zp"}
_SPELLED_OUT = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{FRACTION SLASH}": "/",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{LATIN SMALL LETTER SHARP S}": "ss",
        "\N{LATIN CAPITAL LETTER AE}": "AE",
        "\N{LATIN SMALL LETTER AE}": "ae",
        "\N{LATIN CAPITAL LIGATURE OE}": "OE",
        "\N{LATIN SMALL LIGATURE OE}": "oe",
        "\N{LATIN CAPITAL LETTER O WITH STROKE}": "O",
        "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
        "\N{LATIN CAPITAL LETTER L WITH STROKE}": "L",
        "\N{LATIN SMALL LETTER L WITH STROKE}": "l",
        "\N{LATIN CAPITAL LETTER D WITH STROKE}": "D",
        "\N{LATIN SMALL LETTER D WITH STROKE}": "d",
    }
)


def clean_text(text: str, encoding: TextEncoding = TextEncoding.ASCII) -> str:
    """The text as it is printed: in characters of the encoding, on one line, trimmed.

    For ASCII typographic quotes and dashes become plain ones, letters lose their accents, a trade mark sign becomes
    `TM`, and what has no plain spelling, such as the registered sign, is left out: ANSI, UTF-8 and Mac readings are
    the same. The other encodings keep every visible character, composed (NFC); what cannot be seen is left out.
    """
    text = one_line(text)
    if text.isascii():
        return text
    if encoding is not TextEncoding.ASCII:
        return _visible(text)
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED_OUT)).translate(_SPELLED_OUT)
    return one_line(plain.encode("ascii", "ignore").decode())


def _visible(text: str) -> str:
    blanks = "".join(" " if unicodedata.category(character) in _BLANK_CATEGORIES else character for character in text)
    seen = "".join(character for character in _INKLESS.sub("", blanks) if character.isprintable())
    return one_line(unicodedata.normalize("NFC", seen))


def without_formula_start(cell: str) -> str:
    """The cell without leading formula characters, full-width forms included; a plain number stays.

    An apostrophe in front would protect the cell too, but it would be printed on the sticker.
    """
    while unicodedata.normalize("NFKC", cell[:1]).startswith(tuple(FORMULA_START)) and not PLAIN_NUMBER.fullmatch(cell):
        cell = cell[1:].lstrip()
    return cell
