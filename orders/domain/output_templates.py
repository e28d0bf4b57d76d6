"""Output templates: the column layouts of the files that Adobe reads, and of data sheets for other readers."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from foundation.spreadsheet_csv import protect_cell
from orders.domain.cell_text import TextEncoding, clean_text
from orders.domain.formulas import Formula, FormulaError

_HEADER = re.compile(r"@?[A-Z_][A-Z0-9_]*")
_LONGEST_HEADER = 31
_LONGEST_SHEET_HEADER = 60


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its header, its formula, and whether an empty field of the formula stops the order.

    A text longer than `max_length` is a warning in review.
    """

    header: str
    formula: Formula
    is_required: bool = False
    max_length: int | None = None

    @property
    def is_image(self) -> bool:
        """Its cells hold the path of the line's QR image; Adobe links the image of a column with `@`."""
        return self.formula.source == "{qr}"


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """How fields are spelled: `uppercase` names the fields printed in capitals, the rest are choices of a layout.

    A `data_sheet` is read by people and programs, not by Adobe: its headers are free text, and a cell that a
    spreadsheet would run as a formula gets an apostrophe in front instead of losing its first character.
    """

    uppercase: frozenset[str] = frozenset()
    certified_prefix: bool = False
    new_in_year_make: bool = False
    star_for_empty: bool = False
    dollar_sign: bool = False
    markup_on_msrp: bool = False
    inches_for_quotes: bool = False
    data_sheet: bool = False
    encoding: TextEncoding = TextEncoding.ASCII


@dataclass(frozen=True, kw_only=True)
class OutputTemplate:
    """An ordered list of columns. Illustrator documents bind to the headers, so they are frozen per version.

    Raises `FormulaError` for headers that Adobe misreads, for an image path outside a column of its own, and for an
    encoding that Adobe misreads.
    """

    code: str
    name: str
    abbreviation: str
    columns: tuple[Column, ...]
    version: int = 1
    options: OutputOptions = field(default_factory=OutputOptions)

    def __post_init__(self) -> None:
        is_sheet = self.options.data_sheet
        if self.options.encoding is TextEncoding.UTF8 and not is_sheet:
            raise FormulaError(
                "Adobe takes utf-8 without a byte order mark for ANSI; choose the encoding ascii, utf-8-sig or utf-16."
            )
        seen: set[str] = set()
        for column in self.columns:
            if is_sheet:
                _check_sheet_column(column, self.options.encoding)
            else:
                _check_adobe_column(column)
            if column.header.lower() in seen:
                raise FormulaError(f"The header {column.header!r} stands twice.")
            seen.add(column.header.lower())

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every field that its formulas print."""
        return frozenset(name for column in self.columns for name in column.formula.fields)

    @property
    def label(self) -> str:
        """Code and version, as stored with each file."""
        return f"{self.code} v{self.version}"


def _check_adobe_column(column: Column) -> None:
    header = column.header
    if not _HEADER.fullmatch(header) or header.lstrip("@").startswith("XML") or len(header) > _LONGEST_HEADER:
        raise FormulaError(
            f"The header {header!r} cannot be used: capitals, digits and _, at most {_LONGEST_HEADER} characters, "
            "not starting with a digit or XML; @ in front marks an image. A data sheet has free headers."
        )
    if header.startswith("@") != column.is_image or ("qr" in column.formula.fields and not column.is_image):
        raise FormulaError(f"{header}: {{qr}} stands alone in a column whose header starts with @.")


def _check_sheet_column(column: Column, encoding: TextEncoding) -> None:
    header = column.header
    if protect_cell(clean_text(header, encoding)) != header or not 1 <= len(header) <= _LONGEST_SHEET_HEADER:
        raise FormulaError(
            f"The header {header!r} cannot be used: 1 to {_LONGEST_SHEET_HEADER} characters of {encoding} with single "
            "blanks, not starting with =, +, - or @."
        )
    if "qr" in column.formula.fields and not column.is_image:
        raise FormulaError(f"{header}: {{qr}} stands alone in its column.")
