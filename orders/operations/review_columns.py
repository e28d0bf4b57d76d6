"""The table of a review as a person wants it: columns, order, and the rows that a filter leaves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from orders.operations.presenting import ReviewLine

TABLE = "review"
_LAST_EIGHT = -8


class ReviewColumn(NamedTuple):
    """A column that a person may show or hide; `value` is what it shows and sorts by."""

    name: str
    word: str
    value: Callable[[ReviewLine], Any]
    is_usual: bool = True


def _site_texts(row: ReviewLine) -> str:
    names = ("stock", "type", "year", "make", "model", "trim", "price")
    return " · ".join(row.line.raw[name] or "(blank)" for name in names if name in row.line.raw)


COLUMNS = (
    ReviewColumn("stock", "Stock", lambda row: row.value("stock")),
    ReviewColumn("condition", "Cond.", lambda row: row.condition),
    ReviewColumn("year", "Year", lambda row: row.value("year")),
    ReviewColumn("make", "Make", lambda row: row.value("make")),
    ReviewColumn("model", "Model", lambda row: row.value("model")),
    ReviewColumn("trim", "Trim", lambda row: row.value("trim")),
    ReviewColumn("ext_color", "Color", lambda row: row.value("ext_color"), is_usual=False),
    ReviewColumn("price", "Price", lambda row: row.value("price")),
    ReviewColumn("site", "Site's texts", _site_texts, is_usual=False),
)
_FIXED = {
    "number": lambda row: row.line.seq,
    "vin": lambda row: row.line.vin[_LAST_EIGHT:],
    "remarks": lambda row: "" if not row.remarks else f"{not row.is_warned:d}{row.remarks[0].text}",
}
_VALUES: Mapping[str, Callable[[ReviewLine], Any]] = {**{c.name: c.value for c in COLUMNS}, **_FIXED}


def chosen_columns(names: Iterable[str]) -> list[ReviewColumn]:
    """The columns of these names in the order of the table; the usual ones where no name is known."""
    wanted = set(names)
    return [c for c in COLUMNS if c.name in wanted] or [c for c in COLUMNS if c.is_usual]


@dataclass(frozen=True)
class ReviewTable:
    """What the address asks for: which lines, which text in them, and by what they are sorted (`-` for downwards)."""

    show: str
    text: str
    sort: str
    columns: Sequence[ReviewColumn]

    def choose(self, lines: Iterable[ReviewLine]) -> list[ReviewLine]:
        """The rows in their order; rows without a value stand at the end, however they are sorted."""
        rows = [row for row in lines if row.belongs_to(self.show) and (not self.text or row.holds(self.text))]
        value = _VALUES.get(self.sort.removeprefix("-"))
        if value is None:
            return rows
        empty = [row for row in rows if value(row) in (None, "")]
        filled = [row for row in rows if value(row) not in (None, "")]
        return sorted(filled, key=lambda row: _sortable(value(row)), reverse=self.sort.startswith("-")) + empty

    def next_sort(self, name: str) -> str:
        """What a press on the header of a column asks for: upwards first, then downwards."""
        return f"-{name}" if self.sort == name else name

    def direction(self, name: str) -> str:
        """How the rows are sorted by a column, in the words of `aria-sort`; empty when they are not."""
        return {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
