"""Where the lists of a VIN log stand in a sheet: columns are recognised by what they hold, titles only help."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foundation.errors import BadInput

_VIN_TITLES = frozenset({"VIN", "VINS", "VINNUMBER", "VINNUMBERS", "VINLOG"})
_ORDER_TITLES = frozenset({"ORDER", "ORDERS", "ORDERNUMBER", "ORDERNUMBERS", "ORDERNUM", "ORDERNO"})
_DATE_TITLES = frozenset({"DATE", "ORDERDATE"})
_TITLES = _VIN_TITLES | _ORDER_TITLES | _DATE_TITLES | {"STOCK", "STOCKNUMBER"}
_ENDS_IN_VINS = re.compile(r".*\bVINS?\W*", re.IGNORECASE | re.DOTALL)
_LIKE_A_VIN = re.compile(r"[A-Za-z0-9]{16,17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListColumns:
    """The columns of one list, from 0; None where the list has no such column.

    A list is columnar when its labels stand right of its VINs: then every row has its own label.
    """

    vin: int
    label: int | None
    date: int | None = None
    baseline: int | None = None
    title: str = ""
    is_baseline: bool = False

    @property
    def is_columnar(self) -> bool:
        return self.label is not None and self.label > self.vin

    def is_label_title(self, text: str) -> bool:
        """Whether a cell of the label column repeats a column title instead of naming an order."""
        return _fold(text) in _ORDER_TITLES | _DATE_TITLES


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet, all of one width.

    `header_number` is the row with the titles, from 1, or 0 for none. A title is empty where a VIN took its place.
    """

    rows: tuple[tuple[str, ...], ...]
    header_number: int
    titles: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> "Sheet":
        """The sheet with these rows; short rows are filled up with empty cells."""
        width = max(map(len, rows), default=0)
        even = tuple((*row, *[""] * (width - len(row))) for row in rows)
        number = _header_number(even)
        header = even[number - 1] if number else ("",) * width
        return cls(even, number, tuple("" if _is_like_a_vin(cell) else cell.strip() for cell in header))

    @property
    def width(self) -> int:
        return len(self.titles)

    def filled(self, column: int) -> list[str]:
        """The cells of a column that hold something other than its title."""
        cells = (row[column].strip() for row in self.rows)
        return [cell for cell in cells if cell and cell != self.titles[column] and _fold(cell) not in _VIN_TITLES]


def _header_number(rows: Iterable[Sequence[str]]) -> int:
    for number, row in enumerate(rows, start=1):
        cells = [cell for cell in row if cell.strip()]
        if any(_fold(cell) in _TITLES or _names_vins(cell) for cell in cells):
            return number
        if cells:
            return 0
    return 0


def find_lists(sheet: Sheet, columns: tuple[int, int] | None = None) -> list[ListColumns]:
    """Every list of the sheet from left to right, or the one at the given label and VIN column (from 1).

    A list is a column that mostly holds VINs, or one titled so. Its labels stand in the nearest column titled for
    orders, else in the column at its left. Raises `BadInput` where there is nothing of the kind.
    """
    if columns is not None:
        chosen, vin = columns
        if not (1 <= vin <= sheet.width and 0 <= chosen <= sheet.width and chosen != vin):
            raise BadInput(
                f"The sheet has {sheet.width} columns; label column {chosen} and VIN column {vin} do not fit."
            )
        return [_describe(sheet, vin - 1, chosen - 1 if chosen else None, {vin - 1}, set())]
    vin_columns = _vin_columns(sheet)
    taken: set[int] = set()
    lists = []
    for vin in sorted(vin_columns):
        label = _label_column(sheet, vin, vin_columns, taken)
        found = _describe(sheet, vin, label, vin_columns, taken)
        taken |= {column for column in (found.label, found.date) if column is not None}
        lists.append(found)
    return lists


def _vin_columns(sheet: Sheet) -> set[int]:
    filled = {column: sheet.filled(column) for column in range(sheet.width)}
    named = {column for column, title in enumerate(sheet.titles) if _names_vins(title)}
    found = {column for column in filled if filled[column] and (column in named or _is_mostly_vins(filled[column]))}
    if found & named:
        found -= {column for column, title in enumerate(sheet.titles) if _fold(title) in _ORDER_TITLES}
    if not found and not named and any(filled.values()):
        raise BadInput(
            "No column of this file holds VINs. Check that it is a VIN log, or name the columns of labels and VINs."
        )
    return found or named


def _label_column(sheet: Sheet, vin: int, vin_columns: set[int], taken: set[int]) -> int | None:
    titled = _titled(sheet, vin, vin_columns, _ORDER_TITLES) - taken
    if titled:
        return _nearest(vin, titled)
    left = vin - 1
    is_free = left >= 0 and left not in vin_columns | taken
    return left if is_free and (sheet.titles[left] or sheet.filled(left)) else None


def _describe(sheet: Sheet, vin: int, label: int | None, vin_columns: set[int], taken: set[int]) -> ListColumns:
    # A column at the left of another list's VINs holds that list's labels, whatever its title.
    others: set[int | None] = {label, *taken, *(column - 1 for column in vin_columns if column != vin)}
    dates = _titled(sheet, vin, vin_columns, _DATE_TITLES) - others
    marks = _titled(sheet, vin, vin_columns, frozenset({"BASELINE"})) - others
    vin_title = sheet.titles[vin]
    label_title = "" if label is None else sheet.titles[label]
    return ListColumns(
        vin=vin,
        label=label,
        date=_nearest(vin, dates),
        baseline=_nearest(vin, marks),
        title=vin_title or ("" if _fold(label_title) in _ORDER_TITLES else label_title),
        is_baseline="baseline" in f"{vin_title} {label_title}".casefold(),
    )


def _titled(sheet: Sheet, vin: int, vin_columns: set[int], titles: frozenset[str]) -> set[int]:
    """Columns with one of the titles that belong to the VINs: no blank title and no other list between."""
    found = set()
    for beside in (range(vin - 1, -1, -1), range(vin + 1, sheet.width)):
        for column in beside:
            if not sheet.titles[column] or column in vin_columns:
                break
            if _fold(sheet.titles[column]) in titles:
                found.add(column)
    return found


def _nearest(vin: int, columns: Iterable[int]) -> int | None:
    return min(columns, key=lambda column: (abs(column - vin), column), default=None)


def is_title_of(columns: ListColumns, text: str) -> bool:
    """Whether a cell among the VINs is a title, in the first row or repeated further down."""
    return bool(text) and (_fold(text) in _VIN_TITLES or text == columns.title)


def _is_mostly_vins(cells: Sequence[str]) -> bool:
    return 2 * sum(map(_is_like_a_vin, cells)) >= len(cells)


def _is_like_a_vin(cell: str) -> bool:
    text = cell.strip()
    return bool(_LIKE_A_VIN.fullmatch(text)) and sum(char.isdigit() for char in text) >= 4 and len(set(text)) > 1


def _names_vins(title: str) -> bool:
    return _fold(title) in _VIN_TITLES or bool(_ENDS_IN_VINS.fullmatch(title))


def _fold(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())
