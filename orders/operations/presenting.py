"""What the pages of an order show of its lines: read only, the same number of queries for any number of lines."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import Condition
from dealerships.models import Dealership
from foundation.errors import Refused
from orders.domain.file_names import image_path
from orders.domain.lines import EntryOutcome, LineContent, OrderContent
from orders.domain.order_files import csv_groups
from orders.domain.overrides import EDITABLE_FIELDS, FIELD_WORDS, OverrideError, read_override
from orders.domain.qr import qr_text
from orders.domain.rendering import CONDITION_NAMES, RenderError, render_line, template_for
from orders.models import OpenVin, Order, OrderLine, VinLogEntry
from orders.operations.checking import unapproved_host, vins_taken_apart
from orders.operations.judging import empty_content, judge_lines, path_content
from orders.operations.line_contents import line_content
from orders.operations.selecting import log_remark

PRINTED_MEANWHILE = "printed since this order was prepared"
_ANY_VIN = "1" * 17
_RAW_NAMES = {"condition": "type", "url": "vehicle_url"}


@dataclass(frozen=True)
class Remark:
    """A sentence about a line with the tone and the icon of its state."""

    tone: str
    icon: str
    text: str


@dataclass(frozen=True)
class ReviewLine:
    """A line as the reviewer sees it; `needs_reprint` asks for a yes.

    `position` is its place in the files where all lines of the order were read, its number for one that is left out.
    """

    line: OrderLine
    position: int
    remarks: tuple[Remark, ...]
    needs_reprint: bool

    @cached_property
    def content(self) -> LineContent:
        return line_content(self.line, seq=self.position)

    def value(self, name: str) -> Any:
        """What the line prints of a field; its content is made only where the reviewer changed something."""
        return getattr(self.content if self.line.overrides else self.line, name)

    @property
    def condition(self) -> str:
        return CONDITION_NAMES[self.value("condition")] or "Unknown"

    @property
    def is_warned(self) -> bool:
        return any(remark.tone == "warn" for remark in self.remarks)

    @property
    def is_edited(self) -> bool:
        return bool(self.line.overrides)

    @property
    def stops(self) -> str:
        """Why the order cannot be completed with this line; empty when it can."""
        if not self.line.included:
            return ""
        return self.line.lacks or (PRINTED_MEANWHILE if self.needs_reprint else "")

    def belongs_to(self, show: str) -> bool:
        return _BELONGS.get(show, _BELONGS["all"])(self)

    def holds(self, text: str) -> bool:
        """Whether the text, in any case, stands in a field that people search for."""
        fields = (self.value(name) for name in ("vin", "stock", "year", "make", "model", "trim"))
        return text.lower() in " ".join(str(field or "") for field in fields).lower()


_BELONGS: Mapping[str, Callable[[ReviewLine], bool]] = {
    "all": lambda _: True,
    "warnings": lambda row: row.is_warned,
    "edited": lambda row: row.is_edited,
    "left_out": lambda row: not row.line.included,
}
SHOWS = tuple(_BELONGS)


class Stop(NamedTuple):
    """A line that keeps its order from being completed, and why."""

    seq: int
    why: str


@dataclass(frozen=True)
class ReviewTotals:
    """How many lines of an order belong to what may be shown, and what stands in the way of its completion.

    `fault` is what keeps every line from being printed.
    """

    is_editable: bool
    counts: Mapping[str, int]
    stopping: Sequence[Stop]
    fault: str = ""

    @property
    def left_out(self) -> int:
        return self.counts["left_out"]

    @property
    def warnings(self) -> int:
        return self.counts["warnings"]

    @property
    def included(self) -> int:
        return self.counts["all"] - self.left_out

    @property
    def can_complete(self) -> bool:
        return self.is_editable and self.included > 0 and not self.stopping and not self.fault


@dataclass(frozen=True)
class Review:
    """Lines of an order as the reviewer sees them."""

    order: Order
    lines: tuple[ReviewLine, ...]

    @cached_property
    def totals(self) -> ReviewTotals:
        """The totals of an order whose lines are all here."""
        return ReviewTotals(
            is_editable=self.order.is_editable,
            counts={show: sum(row.belongs_to(show) for row in self.lines) for show in SHOWS},
            stopping=[Stop(row.line.seq, why) for row in self.lines if (why := row.stops)],
            fault=output_fault(self.order, sum(row.line.included for row in self.lines)),
        )

    def row(self, seq: int) -> ReviewLine:
        return next(row for row in self.lines if row.line.seq == seq)


def review_order(*, order: Order) -> Review:
    """All lines of an order with everything that a reviewer should know of each."""
    lines = list(order.lines.all())
    places = accumulate(int(line.included) for line in lines)
    positions = {line.seq: place for line, place in zip(lines, places, strict=True) if line.included}
    taken = vins_taken_apart(order=order)
    return Review(order, review_lines(order=order, lines=lines, taken=taken, positions=positions))


def review_lines(
    *, order: Order, lines: Sequence[OrderLine], taken: set[str], positions: Mapping[int, int] | None = None
) -> tuple[ReviewLine, ...]:
    """Lines of the order with everything that a reviewer should know of each; `positions` by their numbers.

    `taken` is what `vins_taken_apart` gave before.
    """
    unjudged = [line for line in lines if line.warnings is None]
    if unjudged:
        judge_lines(order=order, lines=unjudged)
    before = _printed_before(order, lines)
    checked = {line.vin for line in lines if line.included and is_checked(line)}
    reprints = checked & (taken | before.keys())
    rows, places = [], positions or {}
    for line in lines:
        line.order = order
        remarks = tuple(_remarks(line, before=before.get(line.vin, "")))
        rows.append(ReviewLine(line, places.get(line.seq, line.seq), remarks, line.vin in reprints))
    return tuple(rows)


def is_checked(line: OrderLine) -> bool:
    """Whether the VIN log and other orders may stop the line: a CAO line that nobody confirmed to be printed again."""
    return "CAO" in line.sources and not line.reprint_confirmed


def output_fault(order: Order, included: int) -> str:
    """Why no image path can be written, told of the last of so many lines because its number is the longest."""
    if not included:
        return ""
    try:
        image_path(LineContent(seq=included, vin=_ANY_VIN, condition=Condition.UNKNOWN), path_content(order))
    except Refused as error:
        return error.message
    return ""


def _printed_before(order: Order, lines: Sequence[OrderLine]) -> dict[str, str]:
    """What the VIN log says of each line's VIN, this order's own entries apart; the newest entry counts."""
    entries = VinLogEntry.objects.in_force().for_dealership(order.dealership).exclude(order=order)
    of_lines = entries.filter(vin__in=[line.vin for line in lines]).order_by("id")
    # Plain values: making a model of every entry would take longer than the query.
    logged: Any = of_lines.values_list("vin", "label", "date", "is_baseline", named=True)
    return {entry.vin: log_remark(entry) for entry in logged}


def _remarks(line: OrderLine, *, before: str) -> list[Remark]:
    if not line.included:
        return [Remark("", "minus", f"Left out: {line.exclusion_reason}")]
    remarks = [_warning(f"{line.lacks[0].upper()}{line.lacks[1:]}")] if line.lacks else []
    if before:
        words = f"{before[0].upper()}{before[1:]}"
        remarks.append(_warning(words) if is_checked(line) else Remark("", "log", words))
    if line.rule_warning:
        remarks.append(_warning(f"A rule would leave it out: {line.rule_warning}"))
    if line.is_placeholder:
        remarks.append(Remark("", "info", "Not on the website; only the VIN is known"))
    host = unapproved_host(line, line.order.dealership)
    if host:
        remarks.append(_warning(f"The website {host} is not approved for this dealership"))
    remarks += [_warning(warning) for warning in line.warnings or ()]
    if line.order.kind == OrderKind.MAINTENANCE:
        remarks.append(Remark("", "info", f"From {' and '.join(line.sources)}"))
    if line.overrides:
        edited = [FIELD_WORDS[name] for name in EDITABLE_FIELDS if name in line.overrides]
        remarks.append(Remark("info", "edit", f"Edited: {', '.join(edited)}"))
    return remarks


def _warning(text: str) -> Remark:
    return Remark("warn", "warn", text)


def line_texts(line: OrderLine) -> dict[str, str]:
    """The values that a line prints, as a person would type them, by the name of the editable field."""
    return {name: as_typed(name, line.overrides.get(name, getattr(line, name, ""))) for name in EDITABLE_FIELDS}


def site_texts(line: OrderLine) -> dict[str, str]:
    """The site's own wording by editable field; none for a placeholder and for fields that no site gives."""
    names = {name: _RAW_NAMES.get(name, name) for name in EDITABLE_FIELDS}
    return {name: line.raw[raw] or "(blank)" for name, raw in names.items() if raw in line.raw}


def as_typed(name: str, value: Any) -> str:
    """A value of a field as a person would type it."""
    if value is None or (name == "condition" and value == "unknown"):
        return ""
    return f"{Decimal(value):,.2f}".removesuffix(".00") if name == "price" else str(value)


def text_as_kept(name: str, text: str) -> str:
    """A typed text that a line can take, as it will be shown when it is saved."""
    return as_typed(name, read_override(name, text, year_now=timezone.localdate().year))


@dataclass(frozen=True)
class Preview:
    """A line as it would print: pairs of header and cell, what its QR code says, and what is wrong with it."""

    cells: tuple[tuple[str, str], ...]
    qr: str
    problems: tuple[str, ...]


def preview_line(*, line: OrderLine, texts: Mapping[str, str]) -> Preview:
    """The output row of a line with typed texts in place of its values; nothing is saved."""
    problems = []
    spare = copy(line)
    spare.overrides = dict(line.overrides)
    for name, text in texts.items():
        try:
            spare.overrides[name] = read_override(name, text, year_now=timezone.localdate().year)
        except OverrideError as error:
            problems.append(f"{FIELD_WORDS[name].capitalize()}: {error}")
    content = empty_content(line.order)
    position = line.order.lines.filter(included=True, seq__lt=line.seq).count() + 1
    shown = line_content(spare, seq=position)
    template = template_for(shown, content.settings)
    try:
        cells = render_line(shown, template, content)
    except RenderError as error:
        cells = error.cells
        problems.append(f"{error.lacks[0].upper()}{error.lacks[1:]}.")
    except Refused as error:
        return Preview((), "", (*problems, error.message))
    pairs = tuple(zip(template.headers, cells, strict=True))
    return Preview(pairs, qr_text(shown, content.settings), tuple(problems))


@dataclass(frozen=True)
class OutcomeRow:
    """One typed entry, what became of it, the vehicle it led to, and the open order that it stands in."""

    position: int
    text: str
    outcome: EntryOutcome
    vin: str
    vehicle: str
    detail: str
    open_order_id: int | None


def outcome_rows(
    *, dealership: Dealership, outcomes: Sequence[Mapping[str, str]], vehicles: Mapping[str, str]
) -> list[OutcomeRow]:
    """Rows of the outcome list from the documents of `create_order`; `vehicles` names a vehicle by its VIN."""
    taken = [item["vin"] for item in outcomes if item["outcome"] == EntryOutcome.IN_ANOTHER_ORDER]
    open_orders = OpenVin.objects.filter(dealership=dealership, vin__in=taken).values_list("vin", "order_id")
    order_of = dict(open_orders) if taken else {}
    return [
        OutcomeRow(
            position=position,
            text=item["entry"],
            outcome=EntryOutcome(item["outcome"]),
            vin=item["vin"],
            vehicle=vehicles.get(item["vin"], ""),
            detail=item["detail"],
            open_order_id=order_of.get(item["vin"]),
        )
        for position, item in enumerate(outcomes, start=1)
    ]


def outcome_sums(rows: Sequence[OutcomeRow]) -> list[tuple[EntryOutcome, int]]:
    """How many entries had each outcome, in the fixed order of outcomes; the sum is the number of entries."""
    counts = Counter(row.outcome for row in rows)
    return [(outcome, counts[outcome]) for outcome in EntryOutcome if counts[outcome]]


@dataclass(frozen=True)
class CsvPreview:
    """The first rows of a CSV exactly as in the file."""

    name: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def preview_csv(*, content: OrderContent, rows: int | None) -> list[CsvPreview]:
    """The CSVs of an order, each with its first `rows` rows (None: all), made as its files are made."""
    return [
        CsvPreview(
            group.name,
            group.template.headers,
            tuple(render_line(line, group.template, content) for line in group.lines[:rows]),
            len(group.lines),
        )
        for group in csv_groups(content)
    ]
