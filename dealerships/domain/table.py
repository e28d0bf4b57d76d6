"""The table of dealerships as a CSV file: one row per dealership, `|` between several values of one cell."""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from dealerships.domain.names import file_name_of, fold_name
from dealerships.domain.output import OrderKind
from dealerships.domain.rules import FilterRules, RuleError

REQUIRED_COLUMNS = frozenset({"name", "aliases", "inventory_location_text", "website_domain", "rule_conditions"})
OUTPUT_TEMPLATE_COLUMNS = ("template_new", "template_used")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_DAYS = ("mon", "tue", "wed", "thu", "fri")


class TableError(ValueError):
    """A cell of the table that cannot be used; the message names row, column and remedy."""


@dataclass(frozen=True)
class DealershipRow:
    """One dealership of the table: its row, its field values, typed and JSON-serialisable, and its other names."""

    number: int
    values: dict[str, Any]
    aliases: tuple[str, ...]


def read_table(lines: Iterable[str], *, output_templates: Collection[str]) -> list[DealershipRow]:
    """The dealerships of a CSV text in its order; `output_templates` are the known codes.

    Raises `TableError` for a missing column, a bad cell, or a name, code or file name that two dealerships share.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        missing = REQUIRED_COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise TableError(f"Row 1: the table has no column {', '.join(sorted(missing))}. Add it to the header.")
        rows = [_read_row(number, row, output_templates) for number, row in enumerate(reader, start=2)]
    except csv.Error as error:
        raise TableError(f"Row {reader.line_num + 1}: {error}. Mend the quotes of the file.") from error
    _refuse_shared_names(rows)
    return rows


def _refuse_shared_names(rows: Iterable[DealershipRow]) -> None:
    holders: dict[tuple[str, str], DealershipRow] = {}
    for row in rows:
        for kind, text in _own_names(row):
            holder = holders.setdefault((kind, fold_name(text)), row)
            if holder is not row:
                raise TableError(
                    f"Row {row.number} ({row.values['name']}): the {kind} {text!r} belongs to row {holder.number} "
                    f"({holder.values['name']}) already. Keep it at one of them."
                )


def _own_names(row: DealershipRow) -> Iterator[tuple[str, str]]:
    yield "short code", row.values["short_code"]
    yield "file name", row.values["file_name"]
    for name in (row.values["name"], *row.aliases):
        yield "name", name


def _read_row(number: int, row: dict[str, str], output_templates: Collection[str]) -> DealershipRow:
    if None in row or None in row.values():
        raise TableError(f"Row {number}: the number of cells differs from the header's. Mend the commas or quotes.")
    cells = {column: cell.strip() for column, cell in row.items()}
    for column, cell in cells.items():
        if "\0" in cell:
            raise TableError(f"Row {number}, column {column}: the cell holds a NUL byte. Type its text again.")
    if not fold_name(cells["name"]):
        raise TableError(f"Row {number}, column name: a dealership needs a name with a letter or digit.")
    aliases = (*_several(cells["aliases"]), *_several(cells["inventory_location_text"]))
    try:
        return DealershipRow(number, _values(cells, output_templates), aliases)
    except RuleError as error:
        raise TableError(f"Row {number} ({cells['name']}), rules: {error}") from error
    except TableError as error:
        raise TableError(f"Row {number} ({cells['name']}), {error}") from error


def _values(cells: dict[str, str], output_templates: Collection[str]) -> dict[str, Any]:
    """Field values of the columns that the table has; what it does not say is left alone."""
    hosts = [host for host in _several(cells["website_domain"]) if not host.startswith("(")]
    values = {
        "name": cells["name"],
        "short_code": cells.get("short_code") or file_name_of(cells["name"]).upper(),
        "file_name": file_name_of(cells["name"]),
        "has_inventory_source": bool(hosts),
        "approved_hosts": [_host(host) for host in hosts],
        "conditions": sorted(_several(cells["rule_conditions"])) or None,
    }
    for name, (column, read) in _COLUMNS.items():
        if column in cells:
            values[name] = read(column, cells[column])
    for column in OUTPUT_TEMPLATE_COLUMNS:
        if column in cells:
            values[column] = _output_template(column, cells[column], output_templates)
    if values["conditions"]:
        FilterRules.from_mapping({name: values[name] for name in _RULES if name in values})
    return values


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _host(text: str) -> str:
    host = text.lower().removeprefix("www.")
    if not _HOST.fullmatch(host):
        raise TableError(f"column website_domain: {text!r} is not a host name such as example.com.")
    return host


def _text(column: str, cell: str) -> str:
    return cell


def _kind(column: str, cell: str) -> str:
    if cell and cell.lower() not in set(OrderKind):
        raise TableError(f"column {column}: {cell!r} is none of CAO, LIST, MAINTENANCE.")
    return cell.lower() or OrderKind.LIST


def _output_template(column: str, cell: str, known: Collection[str]) -> str | None:
    if cell and cell not in known:
        raise TableError(f"column {column}: {cell!r} is none of {', '.join(known)}.")
    return cell or None


def _days(column: str, cell: str) -> list[str]:
    days = [part.lower() for part in _several(cell) if part.lower() != "as ordered"]
    for day in days:
        if day not in _DAYS:
            raise TableError(f"column {column}: {day!r} is none of Mon, Tue, Wed, Thu, Fri.")
    return days


def _some(column: str, cell: str) -> bool:
    return bool(cell)


def _yes(column: str, cell: str) -> bool:
    return _flag(column, cell, default=False)


def _yes_unless_no(column: str, cell: str) -> bool:
    return _flag(column, cell, default=True)


def _flag(column: str, cell: str, *, default: bool) -> bool:
    if cell.lower() not in {"", "yes", "no"}:
        raise TableError(f"column {column}: {cell!r} is neither yes nor no.")
    return default if not cell else cell.lower() == "yes"


def _whole(column: str, cell: str) -> int:
    if cell and not re.fullmatch(r"[0-9]{1,4}", cell):
        raise TableError(f"column {column}: {cell!r} is not a whole number.")
    return int(cell or 0)


def _amount(column: str, cell: str) -> str:
    try:
        amount = Decimal(cell or "0")
    except InvalidOperation as error:
        raise TableError(f"column {column}: {cell!r} is not an amount in dollars.") from error
    if not amount.is_finite() or amount < 0:
        raise TableError(f"column {column}: {cell!r} is not an amount in dollars, zero or more.")
    return f"{amount:.2f}"


_RULES = ("conditions", "stock_required", "price_required", "seasoning_days")
_COLUMNS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "account_status": ("account_status", _text),
    "default_order_kind": ("default_order_type", _kind),
    "order_method_new": ("new_order_method", _text),
    "order_method_used": ("used_order_method", _text),
    "coverage_new": ("new_coverage", _text),
    "coverage_used": ("used_coverage", _text),
    "locality": ("locality", _text),
    "monthly_program": ("monthly_program", _text),
    "price_per_month": ("price_per_month", _text),
    "separate_orders": ("separate_orders", _some),
    "schedule_days": ("schedule_days_july_2025", _days),
    "rule_status": ("rule_status", _text),
    "stock_required": ("rule_stock_required", _yes_unless_no),
    "price_required": ("rule_price_required", _yes),
    "seasoning_days": ("rule_seasoning_days", _whole),
    "price_markup": ("price_markup", _amount),
    "text_rewrites": ("text_rewrites", _yes),
    "notes": ("notes", _text),
}
