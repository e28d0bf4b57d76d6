"""How the vehicles of a lot would be printed by an output template that nobody has saved; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import Refused
from inventory.models import Dataset, Vehicle
from orders.domain.lines import LineContent, OrderContent
from orders.domain.output_templates import Column, OutputTemplate
from orders.domain.rendering import RenderError, line_warnings, render_line
from orders.operations.finding import suggest_order_number
from orders.operations.line_contents import line_content
from orders.operations.preparing import output_settings, raw_texts, vehicle_line

VEHICLES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class PreviewCell:
    """One cell as it would be printed; `lacks` names the empty field that would stop an order, `excess` the length."""

    text: str
    lacks: str = ""
    excess: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One vehicle as it would be printed, and what its reviewer would be told; `stops` keeps it from being printed."""

    vin: str
    cells: tuple[PreviewCell, ...]
    stops: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TemplatePreview:
    """The first vehicles of a dealership by an output template; `fault` keeps all of them from being printed."""

    dealership: Dealership
    vehicles: int = 0
    rows: tuple[PreviewRow, ...] = ()
    fault: str = ""

    @property
    def stopped(self) -> int:
        return sum(bool(row.stops) for row in self.rows)


def lots_to_preview() -> list[tuple[Dealership, int]]:
    """The active dealerships by name, each with the number of vehicles in its active inventory; 0 for none."""
    counts = dict(Dataset.objects.active().values_list("dealership_id", "rows_accepted"))
    return [(dealership, counts.get(dealership.pk, 0)) for dealership in Dealership.objects.filter(active=True)]


def preview_template(*, template: OutputTemplate, dealership: Dealership) -> TemplatePreview:
    """The first vehicles of the dealership's active inventory as an order prepared now would print them.

    Without an active inventory there are no vehicles and no rows.
    """
    dataset = Dataset.objects.active().for_dealership(dealership).first()
    if dataset is None:
        return TemplatePreview(dealership=dealership)
    vehicles = Vehicle.objects.filter(dataset=dataset).order_by("row_number")
    lines = _lines(dealership, dataset, list(vehicles[:VEHICLES_SHOWN]))
    content = OrderContent(
        kind=OrderKind.CAO,
        order_number=suggest_order_number(),
        completed_at=timezone.localtime(),
        dataset_id=dataset.pk,
        settings=output_settings(dealership, new=template, used=template),
        lines=lines,
    )
    try:
        rows = tuple(_row(line, template, content) for line in lines)
    except Refused as error:
        return TemplatePreview(dealership=dealership, vehicles=dataset.rows_accepted, fault=error.message)
    return TemplatePreview(dealership=dealership, vehicles=dataset.rows_accepted, rows=rows)


def _lines(dealership: Dealership, dataset: Dataset, vehicles: Sequence[Vehicle]) -> tuple[LineContent, ...]:
    rewrites = dealership.text_rules() if dealership.text_rewrites else ()
    raws = raw_texts(dataset_id=dataset.pk, vins=[vehicle.vin for vehicle in vehicles])
    lines = []
    for seq, vehicle in enumerate(vehicles, start=1):
        line = vehicle_line(facts=vehicle.facts(), rewrites=rewrites)
        line.raw = raws.get(vehicle.vin, {})
        lines.append(line_content(line, seq=seq))
    return tuple(lines)


def _row(line: LineContent, template: OutputTemplate, content: OrderContent) -> PreviewRow:
    stops, missing = "", dict[str, str]()
    try:
        cells = render_line(line, template, content)
    except RenderError as error:
        cells, stops = error.cells, f"{error.lacks[0].upper()}{error.lacks[1:]}"
        missing = {item.column: item.field for item in error.missing}
    shown = tuple(
        PreviewCell(cell, missing.get(column.header, ""), _excess(column, cell))
        for column, cell in zip(template.columns, cells, strict=True)
    )
    return PreviewRow(line.vin, shown, stops, tuple(line_warnings(line, content.settings)))


def _excess(column: Column, cell: str) -> str:
    if column.max_length is None or len(cell) <= column.max_length:
        return ""
    return f"{len(cell)} of {column.max_length} characters"
