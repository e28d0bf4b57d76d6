"""Billing sheets: one set of facts about an order, laid out the way a dealership's sheet always was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dealerships.domain.output import BillingLayout, OrderKind
from dealerships.domain.rules import USED, Condition
from foundation.spreadsheet_csv import spreadsheet_csv
from foundation.spreadsheet_xlsx import Cell, spreadsheet_xlsx
from orders.domain.lines import EntryOutcome, LeftOutContent, LineContent, OrderContent
from orders.domain.rendering import CONDITION_NAMES

_PRINTED_VEHICLES_WIDTH = 14
_LEFT_OUT_HEADER = ("VIN", "Vehicle", "Stock", "Reason")


@dataclass(frozen=True, kw_only=True)
class Billing:
    """What is billed: lines produced or left out, entries ordered, and the entries that no vehicle was found for.

    `ordered` holds the typed entries without repeats, as VINs where known (for CAO the VINs of the lines).
    """

    kind: OrderKind
    lines: tuple[LineContent, ...]
    ordered: tuple[str, ...]
    not_on_website: tuple[str, ...]
    left_out: tuple[LeftOutContent, ...]

    @property
    def duplicates(self) -> tuple[LineContent, ...]:
        """Produced vehicles that the dealership's VIN log already held before this order."""
        return tuple(line for line in self.lines if line.is_duplicate)

    @property
    def vins(self) -> tuple[str, ...]:
        return tuple(line.vin for line in self.lines)


def count_condition(lines: Sequence[LineContent], *conditions: Condition) -> int:
    """How many of the lines have one of the conditions."""
    return sum(line.condition in conditions for line in lines)


def full_name(line: LineContent) -> str:
    """Year, make and model of a line with one blank between those that are known."""
    return " ".join(filter(None, (str(line.year or ""), line.make, line.model)))


def billing_of(content: OrderContent) -> Billing:
    """What is billed for an order; repeats of a typed entry are not ordered twice."""
    entries = [entry for entry in content.entries if entry.outcome is not EntryOutcome.DUPLICATE_ENTRY]
    ordered = (
        [line.vin for line in content.lines]
        if content.kind is OrderKind.CAO
        else [entry.vin or entry.text for entry in entries]
    )
    missing = [entry.vin or entry.text for entry in entries if entry.outcome is EntryOutcome.NOT_ON_WEBSITE]
    return Billing(
        kind=content.kind,
        lines=content.lines,
        ordered=tuple(dict.fromkeys(ordered)),
        not_on_website=tuple(dict.fromkeys(missing)),
        left_out=content.left_out,
    )


def billing_sheet(content: OrderContent) -> bytes:
    """The billing sheet of an order in its dealership's layout, as CSV for spreadsheets."""
    return spreadsheet_csv([str(cell) for cell in row] for row in _layout_rows(content))


def billing_workbook(content: OrderContent) -> bytes:
    """The same sheet as XLSX; a second sheet names the vehicles that were left out of the order, with the reasons."""
    left_out = [[out.line.vin, full_name(out.line), out.line.stock, out.reason] for out in billing_of(content).left_out]
    return spreadsheet_xlsx({"Billing": _layout_rows(content), "Left out": [_LEFT_OUT_HEADER, *left_out]})


def _layout_rows(content: OrderContent) -> list[list[Cell]]:
    layouts = {BillingLayout.BILLING2: _billing2_rows, BillingLayout.PRINTED_VEHICLES: _printed_vehicles_rows}
    return layouts[content.settings.billing_layout](billing_of(content))


def _billing2_rows(billing: Billing) -> list[list[Cell]]:
    lines, duplicates = billing.lines, billing.duplicates
    totals: list[tuple[str, Cell]] = [
        ("Totals:", ""),
        ("Total Ordered", len(billing.ordered)),
        ("Total Produced:", len(lines)),
        ("Total New:", count_condition(lines, Condition.NEW)),
        ("Total Used:", count_condition(lines, *USED)),
        ("", ""),
        ("Used Duplicates:", count_condition(duplicates, *USED)),
        ("New Duplicates", count_condition(duplicates, Condition.NEW)),
        ("Duplicates:", len(duplicates)),
    ]
    columns = (
        totals,
        ["DUPLICATES", *(line.vin for line in duplicates)],
        ["ORDERED", *sorted(billing.ordered)],
        ["PRODUCED", *billing.vins],
    )
    return [
        [*(total or ("", "")), "", duplicate or "", "", "", "", ordered or "", produced or ""]
        for total, duplicate, ordered, produced in zip_longest(*columns)
    ]


def _printed_vehicles_rows(billing: Billing) -> list[list[Cell]]:
    heading: list[Cell] = [
        "Printed Vehicles:",
        "",
        "",
        "",
        "",
        "TOTALS:",
        "",
        "",
        "Duplicates:",
        len(billing.duplicates),
        "",
    ]
    rows = [[*heading, *(line.vin for line in billing.duplicates)]]
    for vehicle, total, duplicate in zip_longest(
        map(_vehicle_cells, billing.lines), _printed_vehicles_totals(billing), map(_duplicate_cells, billing.duplicates)
    ):
        rows.append([*(vehicle or [""] * 4), "", *(total or ("", "")), "", *(duplicate or [])])
    if billing.kind is not OrderKind.CAO:
        labels = ["Not on Website:", *([""] * (len(billing.not_on_website) - 1))]
        rows.append([])
        rows += [[*[""] * 5, label, entry or ""] for label, entry in zip_longest(labels, billing.not_on_website)]
    width = max(_PRINTED_VEHICLES_WIDTH, *map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


def _printed_vehicles_totals(billing: Billing) -> list[tuple[str, int]]:
    counted = [
        ("New:", count_condition(billing.lines, Condition.NEW)),
        ("PO:", count_condition(billing.lines, Condition.PRE_OWNED)),
        ("CPO:", count_condition(billing.lines, Condition.CERTIFIED)),
        ("Total:", len(billing.lines)),
    ]
    if billing.kind is not OrderKind.CAO:
        counted += [("Ordered:", len(billing.ordered)), ("Produced:", len(billing.lines))]
    return counted


def _vehicle_cells(line: LineContent) -> list[str]:
    return [line.vin, full_name(line), line.stock, CONDITION_NAMES[line.condition]]


def _duplicate_cells(line: LineContent) -> list[str]:
    return [line.vin, str(line.year or ""), line.make, line.model, line.stock, CONDITION_NAMES[line.condition]]
