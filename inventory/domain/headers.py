"""Which column of a sheet is which: header names, their synonyms and the delimiter that makes them appear."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from foundation.errors import BadInput
from inventory.domain.facts import INVENTORY_HEADER, RAW_FIELD_NAMES

HEADER_NAMES: Mapping[str, str] = dict(zip(RAW_FIELD_NAMES, INVENTORY_HEADER, strict=True))
REQUIRED_FIELDS = ("vin", "stock", "type", "year", "make", "model", "location")
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

_SYNONYMS = {
    "vin": ("vin", "vin number", "vinnumber"),
    "stock": ("stock", "stock number", "stock #", "stock no"),
    "type": ("type", "condition", "new used"),
    "year": ("year", "model year"),
    "make": ("make",),
    "model": ("model",),
    "trim": ("trim",),
    "ext_color": ("ext color", "exterior color", "color"),
    "status": ("status", "lot status"),
    "price": ("price", "sale price"),
    "body_style": ("body style", "body"),
    "fuel_type": ("fuel type", "fuel"),
    "msrp": ("msrp", "list price"),
    "date_in_stock": ("date in stock", "in stock date"),
    "street_address": ("street address",),
    "locality": ("locality", "city"),
    "postal_code": ("postal code", "zip"),
    "region": ("region", "state"),
    "country": ("country",),
    "location": ("location", "dealership", "dealer name", "dealer"),
    "vehicle_url": ("vechile url", "vehicle url", "url", "link"),
}
_FIELD_BY_NAME = {name: field for field, names in _SYNONYMS.items() for name in names}


@dataclass(frozen=True, kw_only=True)
class Header:
    """The columns of a sheet: field name to position, and the names that stand for no field."""

    columns: Mapping[str, int]
    extra_columns: tuple[str, ...]
    width: int
    mileage_position: int | None = None

    @property
    def missing(self) -> list[str]:
        """Header names of the fields the sheet lacks."""
        return [HEADER_NAMES[field] for field in RAW_FIELD_NAMES if field not in self.columns]


def fold_header(cell: str) -> str:
    """The form in which header cells are compared: no byte order mark or case, single blanks also for `_` and `-`."""
    return " ".join(cell.replace("\ufeff", "").replace("_", " ").replace("-", " ").split()).casefold()


def known_fields(cells: Iterable[str]) -> set[str]:
    """The fields that a row of cells names."""
    return {_FIELD_BY_NAME[name] for cell in cells if (name := fold_header(cell)) in _FIELD_BY_NAME}


def is_header(cells: Iterable[str]) -> bool:
    """Whether a row of cells names every required column."""
    return known_fields(cells).issuperset(REQUIRED_FIELDS)


def read_header(cells: Sequence[str]) -> Header:
    """Positions of the fields in a header row; raises `BadInput` E_DUP_HEADER when two columns claim one field."""
    columns: dict[str, int] = {}
    extra: dict[str, int] = {}
    for position, cell in enumerate(cells):
        field = _FIELD_BY_NAME.get(fold_header(cell))
        if field is None:
            extra[" ".join(cell.split())] = position
        elif field in columns:
            first = cells[columns[field]].strip("\ufeff ")
            raise BadInput(
                f"The columns {columns[field] + 1} ({first!r}) and {position + 1} ({cell.strip()!r}) both mean "
                f"{HEADER_NAMES[field]}. Keep one of them.",
                code="E_DUP_HEADER",
            )
        else:
            columns[field] = position
    mileage = next((position for name, position in extra.items() if fold_header(name) == "mileage"), None)
    names = tuple(name for name in extra if name)
    return Header(columns=columns, extra_columns=names, width=len(cells), mileage_position=mileage)


def header_error(cells: Sequence[str], delimiter: str) -> BadInput:
    """The refusal of a sheet whose first lines are no header: E_HEADER, or E_DELIM when another delimiter came near."""
    found = known_fields(cells)
    missing = ", ".join(HEADER_NAMES[field] for field in REQUIRED_FIELDS if field not in found)
    if delimiter == ",":
        return BadInput(
            f"The header lacks the columns {missing}. The first line must name the columns; add them and import again.",
            code="E_HEADER",
        )
    return BadInput(
        f"The cells seem to be separated by {DELIMITERS[delimiter]}, but then the columns {missing} are missing. "
        "Save the file with commas and all columns.",
        code="E_DELIM",
    )
