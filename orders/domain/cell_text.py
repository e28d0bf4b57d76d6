"""What text may stand in a cell of a file for Adobe: 7-bit, on one line, and nothing that reads as a formula."""

import unicodedata

from foundation.spreadsheet_csv import PLAIN_NUMBER, one_line

FORMULA_START = "=+-@|%"
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


def clean_text(text: str) -> str:
    """The text as it is printed: transliterated to 7-bit ASCII, on one line, trimmed.

    Typographic quotes and dashes become plain ones, letters lose their accents, a trade mark sign becomes `TM`, and
    what has no plain spelling, such as the registered sign, is left out: ANSI, UTF-8 and Mac readings are the same.
    """
    text = one_line(text)
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED_OUT)).translate(_SPELLED_OUT)
    return one_line(plain.encode("ascii", "ignore").decode())


def without_formula_start(cell: str) -> str:
    """The cell without leading formula characters; a plain number stays.

    An apostrophe in front would protect the cell too, but it would be printed on the sticker.
    """
    while cell and cell[0] in FORMULA_START and not PLAIN_NUMBER.fullmatch(cell):
        cell = cell[1:].lstrip()
    return cell
