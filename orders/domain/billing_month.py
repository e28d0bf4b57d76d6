"""What is billed for a month: the figures of its orders, per dealership and in total."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby

from foundation.errors import BadInput
from foundation.spreadsheet_csv import spreadsheet_csv
from foundation.spreadsheet_xlsx import Cell, spreadsheet_xlsx

FIGURE_WORDS = {
    "orders": "Orders",
    "ordered": "Ordered",
    "produced": "Produced",
    "new": "New",
    "used": "Used",
    "certified": "Certified",
    "duplicates": "Duplicates",
    "not_on_website": "Not on website",
    "left_out": "Left out",
}
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The counts of one order or of several; used includes certified."""

    orders: int = 0
    ordered: int = 0
    produced: int = 0
    new: int = 0
    used: int = 0
    certified: int = 0
    duplicates: int = 0
    not_on_website: int = 0
    left_out: int = 0

    @property
    def cells(self) -> list[int]:
        """The counts in the order of `FIGURE_WORDS`."""
        values = asdict(self)
        return [values[name] for name in FIGURE_WORDS]


@dataclass(frozen=True, kw_only=True)
class OrderFigures:
    """One order of the month with its counts; `completed_at` is local time of the shop."""

    order_id: int
    order_number: str
    kind: str
    dealership_id: int
    dealership: str
    completed_at: datetime
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class LeftOutVehicle:
    """A vehicle that was left out of an order of the month, and why."""

    order: OrderFigures
    vin: str
    vehicle: str
    stock: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DealershipFigures:
    """The sum of a dealership's orders."""

    dealership_id: int
    dealership: str
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class MonthBilling:
    """The orders completed in a month, by dealership and time of completion, and what was left out of them."""

    month: date
    orders: tuple[OrderFigures, ...]
    left_out: tuple[LeftOutVehicle, ...]

    @property
    def dealerships(self) -> list[DealershipFigures]:
        groups = groupby(self.orders, key=lambda order: (order.dealership_id, order.dealership))
        return [
            DealershipFigures(dealership_id=pk, dealership=name, figures=total_of(orders))
            for (pk, name), orders in groups
        ]

    @property
    def total(self) -> Figures:
        return total_of(self.orders)


def total_of(orders: Iterable[OrderFigures]) -> Figures:
    """The sum of the orders' counts."""
    sums = [sum(column) for column in zip(*(order.figures.cells for order in orders), strict=True)]
    return Figures(**dict(zip(FIGURE_WORDS, sums, strict=False)))


def read_month(text: str) -> date:
    """The first day of a month typed as 2025-08. Raises `BadInput` for anything else."""
    found = _MONTH.fullmatch(text)
    if not found:
        raise BadInput(f"{text!r} is not a month; write it as 2025-08.", code="month")
    return date(int(found[1]), int(found[2]), 1)


def month_after(month: date, *, months: int = 1) -> date:
    """The first day of the month that lies so many months later (or earlier, for a negative number)."""
    years, index = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(years, index + 1, 1)


def month_csv(billing: MonthBilling) -> bytes:
    """A row per dealership and their total, as CSV for spreadsheets."""
    return spreadsheet_csv([str(cell) for cell in row] for row in _dealership_rows(billing))


def month_workbook(billing: MonthBilling) -> bytes:
    """The same as XLSX, with a sheet of the orders and one of the vehicles left out and why."""
    return spreadsheet_xlsx(
        {
            f"Billing {billing.month:%Y-%m}": _dealership_rows(billing),
            "Orders": _order_rows(billing),
            "Left out": _left_out_rows(billing),
        }
    )


def _dealership_rows(billing: MonthBilling) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [[f"{billing.month:%Y-%m}", *FIGURE_WORDS.values()]]
    rows += [[row.dealership, *row.figures.cells] for row in billing.dealerships]
    return [*rows, ["Total", *billing.total.cells]]


def _order_rows(billing: MonthBilling) -> list[Sequence[Cell]]:
    words = [word for name, word in FIGURE_WORDS.items() if name != "orders"]
    rows: list[Sequence[Cell]] = [["Order number", "Dealership", "Kind", "Completed", *words]]
    for order in billing.orders:
        completed = f"{order.completed_at:%Y-%m-%d %H:%M}"
        rows.append([order.order_number, order.dealership, order.kind, completed, *order.figures.cells[1:]])
    return rows


def _left_out_rows(billing: MonthBilling) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [["Order number", "Dealership", "VIN", "Vehicle", "Stock", "Reason"]]
    rows += [
        [out.order.order_number, out.order.dealership, out.vin, out.vehicle, out.stock, out.reason]
        for out in billing.left_out
    ]
    return rows
