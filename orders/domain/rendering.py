"""One line as one row of cells: preview, single orders and batches all print what this module makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from unicodedata import normalize

from dealerships.domain.rules import USED, Condition
from foundation.errors import Refused
from foundation.spreadsheet_csv import protect_cell
from inventory.domain.urls import why_unsafe
from orders.domain.cell_text import clean_text, without_formula_start
from orders.domain.file_names import image_path
from orders.domain.filters import plain_number
from orders.domain.formulas import RAW_FIELDS, exact_name
from orders.domain.lines import LineContent, OrderContent, OutputSettings
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate
from orders.domain.qr import LONGEST_CONTENT, tracked_url
from orders.domain.selection import days_on_lot

CONDITION_NAMES = {Condition.NEW: "New", Condition.PRE_OWNED: "PO", Condition.CERTIFIED: "CPO", Condition.UNKNOWN: ""}
_SHOWN_URL = 60
_WORDS = {"price+markup": "price", "prefix": "condition", "status": "raw status", "color": "exterior color"}
_FILL_IN = "Fill it in on the review page or remove the line."


@dataclass(frozen=True, slots=True)
class MissingField:
    """A required column and the field of its formula that is empty."""

    column: str
    field: str


class RenderError(Refused):
    """A line that cannot be printed: `missing` names columns and fields, `lacks` says it, `cells` is the row so far."""

    default_code = "empty_required_field"

    def __init__(self, line: LineContent, missing: Sequence[MissingField], cells: tuple[str, ...]) -> None:
        columns_of: dict[str, list[str]] = {}
        for item in missing:
            columns_of.setdefault(_word(item.field), []).append(item.column)
        is_raw = any(item.field in RAW_FIELDS for item in missing)
        remedy = "Leave the line out: raw texts are the site's own." if is_raw else _FILL_IN
        lacks = "; ".join(f"no {word} for {', '.join(columns)}" for word, columns in columns_of.items())
        super().__init__(
            f"Line {line.seq}, VIN {line.vin}: {lacks}. {remedy}",
            detail={
                "line": line.seq,
                "vin": line.vin,
                "missing": [{"column": item.column, "field": item.field} for item in missing],
            },
        )
        self.missing = tuple(missing)
        self.lacks = lacks
        self.cells = cells


def template_for(line: LineContent, settings: OutputSettings) -> OutputTemplate:
    """The output template of a line: the one for new vehicles, or the one for all others."""
    return settings.template_new if line.condition is Condition.NEW else settings.template_used


def render_line(line: LineContent, template: OutputTemplate, content: OrderContent) -> tuple[str, ...]:
    """The cells of one line by one output template, in column order.

    Raises `RenderError` when a required column has an empty field, and `Refused` for an image path that Adobe could
    not follow.
    """
    values = {
        **_vehicle_values(line, template, content.settings),
        "order": clean_text(content.order_number, template.options.encoding),
        "days_on_lot": _days(line.date_in_stock, content.completed_at.date()),
        "qr": image_path(line, content),
    }
    cells = tuple(_cell(column, values, template.options) for column in template.columns)
    missing = [
        item
        for column, cell in zip(template.columns, cells, strict=True)
        if column.is_required
        for item in _missing_fields(column, cell, values)
    ]
    if missing:
        raise RenderError(line, missing, cells)
    return cells


def line_warnings(line: LineContent, settings: OutputSettings) -> list[str]:
    """What a reviewer should know about how a line will be printed, as sentences; empty when all is plain.

    Told are: a QR code that holds the VIN instead of an address, texts that the encoding of the file cannot spell as
    they are, a leading formula character that is left out or disarmed, and a text longer than its column allows.
    """
    template = template_for(line, settings)
    values = {**_vehicle_values(line, template, settings), "order": "", "days_on_lot": "", "qr": ""}
    warnings = [*_qr_warnings(line, settings), *_spelling_warnings(line, template)]
    for column in template.columns:
        text = _text(column, values, template.options)
        cell = _printed(column, text, template.options)
        if text and not column.is_image and _without_formula(text, template.options) != text:
            change = "it gets an apostrophe in front" if template.options.data_sheet else "that character is left out"
            warnings.append(f"{column.header} would start with {text[0]!r}; {change}.")
        if column.max_length is not None and len(cell) > column.max_length:
            warnings.append(f"{column.header} has {len(cell)} characters; its place holds {column.max_length}.")
    return warnings


def _vehicle_values(line: LineContent, template: OutputTemplate, settings: OutputSettings) -> dict[str, str]:
    """What a line gives by itself for the fields of an output template, spelled as the options say."""
    options, used = template.options, {*template.fields, "prefix"}
    values = {
        **_texts_of(line),
        "year": str(line.year or ""),
        "seq": str(line.seq),
        "condition": CONDITION_NAMES[line.condition],
        "prefix": _prefix(line.condition, options),
        "price": _dollars(line.price, options),
        "msrp": _dollars(line.msrp, options),
        "price+markup": _dollars(line.msrp if options.markup_on_msrp else line.price, options, settings.price_markup),
        "date_in_stock": "" if line.date_in_stock is None else line.date_in_stock.strftime("%m/%d/%Y"),
        "location": settings.dealership_name,
    }
    return {
        **{name: _spelled(name, text, options) for name, text in values.items() if name in used},
        **_exact_amounts(line, options, settings),
        **{name: clean_text(text, options.encoding) for name, text in _raw_texts(line).items() if name in used},
    }


def _exact_amounts(line: LineContent, options: OutputOptions, settings: OutputSettings) -> dict[str, str]:
    marked_up = line.msrp if options.markup_on_msrp else line.price
    amounts = {
        "price": line.price,
        "msrp": line.msrp,
        "price+markup": None if marked_up is None else marked_up + settings.price_markup,
    }
    return {exact_name(name): "" if amount is None else plain_number(amount) for name, amount in amounts.items()}


def _raw_texts(line: LineContent) -> dict[str, str]:
    return {name: line.raw.get(name.removeprefix("raw."), "") for name in RAW_FIELDS}


def _texts_of(line: LineContent) -> dict[str, str]:
    return {
        "make": line.make,
        "model": line.model,
        "trim": line.trim,
        "stock": line.stock,
        "vin": line.vin,
        "color": line.ext_color,
        "body": line.body_style,
        "fuel": line.fuel_type,
        "status": line.raw_status,
        "url": line.url,
        "street": line.street_address,
        "city": line.locality,
        "state": line.region,
        "zip": line.postal_code,
        "features": line.features,
        "headline": line.headline or f"{line.model} {line.trim}".strip(),
    }


def _spelled(name: str, text: str, options: OutputOptions) -> str:
    text = clean_text(text, options.encoding)
    if options.inches_for_quotes and name != "url":
        text = text.replace('"', " in")
    return text.upper() if name in options.uppercase else text


def _prefix(condition: Condition, options: OutputOptions) -> str:
    if condition is Condition.CERTIFIED and options.certified_prefix:
        return "CERTIFIED"
    return "NEW" if condition is Condition.NEW else "USED" if condition in USED else ""


def _dollars(amount: Decimal | None, options: OutputOptions, markup: Decimal = Decimal(0)) -> str:
    if amount is None or amount <= 0 or amount + markup < 1:
        return ""
    return f"{'$' if options.dollar_sign else ''}{int(amount + markup):,}"


def _days(since: date | None, today: date) -> str:
    days = days_on_lot(since, None, today=today)
    return "" if days is None or days < 0 else str(days)


def _text(column: Column, values: dict[str, str], options: OutputOptions) -> str:
    text = column.formula.render(values)
    if options.new_in_year_make and column.header == "YEARMAKE" and text and values["prefix"] == "NEW":
        text = f"NEW {text}"
    return text if column.is_image else clean_text(text, options.encoding)


def _cell(column: Column, values: dict[str, str], options: OutputOptions) -> str:
    return _printed(column, _text(column, values, options), options)


def _printed(column: Column, text: str, options: OutputOptions) -> str:
    if column.is_image:
        return text
    return _without_formula(text, options) or ("*" if options.star_for_empty else "")


def _without_formula(text: str, options: OutputOptions) -> str:
    return protect_cell(text) if options.data_sheet else without_formula_start(text)


def _missing_fields(column: Column, cell: str, values: dict[str, str]) -> list[MissingField]:
    empty = list(column.formula.empty_fields(values))
    if not empty and cell in ("", "*"):
        empty = list(column.formula.fields[:1] or ("text",))  # it held nothing but formula characters
    return [MissingField(column.header, name) for name in empty]


def _qr_warnings(line: LineContent, settings: OutputSettings) -> list[str]:
    url = tracked_url(line.url, settings.utm)
    if not url:
        return [_why_no_url(line)]
    if len(url) > LONGEST_CONTENT:
        return [f"The web address has {len(url)} characters and {LONGEST_CONTENT} fit: the QR code holds the VIN."]
    return []


def _why_no_url(line: LineContent) -> str:
    text = line.url or line.raw.get("vehicle_url", "").strip()
    reason = why_unsafe(text) if text else ""
    if not reason:
        return "No usable web address: the QR code holds the VIN."
    shown = text if len(text) <= _SHOWN_URL else f"{text[:_SHOWN_URL]}..."
    return f"The web address {shown!r} {reason}: the QR code holds the VIN. Type a public address to print one."


def _spelling_warnings(line: LineContent, template: OutputTemplate) -> list[str]:
    texts = {name: text for name, text in {**_texts_of(line), **_raw_texts(line)}.items() if name in template.fields}
    composed = {name: " ".join(normalize("NFC", text).split()) for name, text in texts.items()}
    printed = {name: clean_text(text, template.options.encoding) for name, text in texts.items()}
    return [
        f"The {_word(name)} {text!r} is printed as {printed[name]!r}."
        for name, text in composed.items()
        if printed[name] != text
    ]


def _word(field: str) -> str:
    return _WORDS.get(field) or field.replace("raw.", "raw ").replace("_", " ")
