"""Output templates: the column layouts of the files that Adobe reads."""

import re
from dataclasses import dataclass, field

from orders.domain.formulas import Formula, FormulaError

_HEADER = re.compile(r"@?[A-Z_][A-Z0-9_]*")
_LONGEST_HEADER = 31


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
        """Adobe links the image whose path stands in a column with `@`."""
        return self.header.startswith("@")


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """How fields are spelled: `uppercase` names the fields printed in capitals, the rest are choices of a layout."""

    uppercase: frozenset[str] = frozenset()
    certified_prefix: bool = False
    new_in_year_make: bool = False
    star_for_empty: bool = False
    dollar_sign: bool = False
    markup_on_msrp: bool = False
    inches_for_quotes: bool = False


@dataclass(frozen=True, kw_only=True)
class OutputTemplate:
    """An ordered list of columns. Illustrator documents bind to the headers, so they are frozen per version.

    Raises `FormulaError` for headers that Adobe misreads and for an image path outside a column of its own.
    """

    code: str
    name: str
    abbreviation: str
    columns: tuple[Column, ...]
    version: int = 1
    options: OutputOptions = field(default_factory=OutputOptions)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
            _check_header(column.header, seen)
            seen.add(column.header.lower())
            if column.is_image != (column.formula.source == "{qr}") or (
                not column.is_image and "qr" in column.formula.fields
            ):
                raise FormulaError(f"{column.header}: {{qr}} stands alone in a column whose header starts with @.")

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)

    @property
    def label(self) -> str:
        """Code and version, as stored with each file."""
        return f"{self.code} v{self.version}"


def _check_header(header: str, seen: set[str]) -> None:
    if not _HEADER.fullmatch(header) or header.lstrip("@").startswith("XML") or len(header) > _LONGEST_HEADER:
        raise FormulaError(
            f"The header {header!r} cannot be used: capitals, digits and _, at most {_LONGEST_HEADER} characters, "
            "not starting with a digit or XML; @ in front marks an image."
        )
    if header.lower() in seen:
        raise FormulaError(f"The header {header!r} stands twice.")
