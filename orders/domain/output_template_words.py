"""What people read of the parts of an output template: options, placeholders and filters, in their order."""

from collections.abc import Set as AbstractSet
from dataclasses import fields
from enum import Enum
from typing import Any, NamedTuple

from orders.domain.filters import FILTER_NAMES
from orders.domain.formulas import FIELDS, RAW_FIELDS, SHORTHANDS
from orders.domain.output_templates import OutputOptions

OPTION_WORDS = {
    "uppercase": "Printed in capitals",
    "certified_prefix": "CERTIFIED for certified vehicles",
    "new_in_year_make": "NEW in YEARMAKE",
    "star_for_empty": "Empty cells become *",
    "dollar_sign": "Dollar sign before prices",
    "markup_on_msrp": "Markup on the MSRP",
    "inches_for_quotes": 'Quotation marks become "in"',
    "data_sheet": "Data sheet, not for Adobe",
    "encoding": "Text encoding",
}
OPTION_HINTS = {
    "certified_prefix": "{prefix} says CERTIFIED instead of USED.",
    "new_in_year_make": "NEW stands in front of the column YEARMAKE of new vehicles.",
    "markup_on_msrp": "{price+markup} starts from the MSRP instead of the price.",
    "data_sheet": "Headers are free text, and cells are safe to open in a spreadsheet.",
    "encoding": "ascii fits every program; utf-16 is for InDesign, utf-8 for data sheets.",
    "inches_for_quotes": 'For truck beds: 6" is printed as 6 in.',
}
_FIELD_WORDS = {
    "vin": "VIN",
    "stock": "Stock number",
    "prefix": "NEW or USED",
    "condition": "New, PO or CPO",
    "price": "Price, 21,995",
    "msrp": "MSRP, 21,995",
    "price+markup": "Price with the markup of the dealership",
    "color": "Exterior color",
    "body": "Body style",
    "fuel": "Fuel type",
    "status": "Status as the site writes it",
    "date_in_stock": "Date in stock, 07/04/2025",
    "days_on_lot": "Whole days on the lot",
    "url": "Address of the vehicle's page",
    "location": "Name of the dealership",
    "features": "Features, typed in review",
    "headline": "Headline, typed in review; else model and trim",
    "order": "Order number",
    "seq": "Number of the line, 1 to n",
    "qr": "Path of the QR image; alone in a column with @",
}
_FILTER_WORDS = {
    "upper": ("upper", "CAPITALS"),
    "lower": ("lower", "small letters"),
    "title": ("title", "Every Word With A Capital"),
    "thousands": ("thousands", "21,995"),
    "money": ("money", "$21,995"),
    "plain": ("plain", "21995, for other programs"),
    "date": ("date:MM/DD/YYYY", "a date in that order; YY, M and D are the short forms"),
    "default": ("default:text", "that text for an empty field"),
    "strip": ("strip", "without blanks around"),
    "truncate": ("truncate:20", "the first 20 characters"),
}


class PaletteItem(NamedTuple):
    """Something to insert into a formula, and what it prints."""

    text: str
    words: str


def option_words(name: str) -> str:
    return OPTION_WORDS.get(name, _plain(name))


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()


def option_text(value: Any) -> str:
    """The value of an option as people say it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, AbstractSet):
        return ", ".join(name for name in FIELDS if name in value) or "None"
    return str(value.value if isinstance(value, Enum) else value)


def set_options(options: OutputOptions) -> list[tuple[str, str]]:
    """Words and value of the options that are not as usual."""
    usual = OutputOptions()
    return [
        (option_words(option.name), option_text(getattr(options, option.name)))
        for option in fields(OutputOptions)
        if getattr(options, option.name) != getattr(usual, option.name)
    ]


def placeholder_palette() -> list[PaletteItem]:
    """Every placeholder, the single ones first."""
    single = [
        PaletteItem(f"{{{name}}}", _FIELD_WORDS.get(name, name.replace("_", " ").capitalize())) for name in FIELDS
    ]
    return [*single, *(PaletteItem(f"{{{name}}}", text) for name, text in SHORTHANDS.items())]


def raw_palette() -> list[PaletteItem]:
    """The site's own texts of a vehicle, as they were received."""
    return [PaletteItem(f"{{{name}}}", _plain(name.removeprefix("raw."))) for name in RAW_FIELDS]


def filter_palette() -> list[PaletteItem]:
    """Every filter as it is typed behind a placeholder."""
    shown = (_FILTER_WORDS.get(name, (name, name)) for name in FILTER_NAMES)
    return [PaletteItem(f"|{text}", words) for text, words in shown]
