"""Preparation: an order's lines, settings and every exclusion are fixed here, once, under the dealership's lock."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from dealerships.domain.output import BillingLayout, OrderKind, QrNaming
from dealerships.domain.rewrites import Rewrite, changed_texts
from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership, PathProfile
from foundation.errors import BadInput, ConfirmationNeeded, Refused
from inventory.domain.facts import VehicleFacts
from inventory.domain.vin import decode_year
from inventory.models import FACT_NAMES, Dataset, RawVehicle, Vehicle
from inventory.operations.activation import STALE_HOURS, is_stale
from orders.domain.lines import EntryOutcome, OutputSettings, settings_to_json
from orders.domain.list_entries import (
    EntryResult,
    ListedVehicle,
    NoText,
    TooManyEntries,
    resolve_entries,
    split_entries,
)
from orders.domain.output_templates import OutputTemplate
from orders.domain.selection import Candidate, Selection, list_warning, select
from orders.domain.states import OrderState
from orders.models import Batch, ListEntry, OpenVin, Order, OrderLine, VinLogEntry
from orders.operations.judging import judge_lines
from orders.operations.output_templates import choose_versions
from orders.operations.profiling import profile_settings
from orders.operations.selecting import active_dataset, load_candidates, require_rules
from orders.operations.transitions import move_order, record_event

UNUSUAL_LINES = 100
UNUSUAL_FACTOR = 3
_RECENT_ORDERS = 5


@dataclass(frozen=True)
class OrderRequest:
    """What a person asks for: `entries` are typed LIST texts; `confirmed` answers what a page would ask.

    `vin_only` names VINs to be printed though they are not on the website; `include_missing` is all of them.
    """

    dealership: Dealership
    kind: OrderKind
    group: ConditionGroup = ConditionGroup.ALL
    entries: Sequence[str] = ()
    include_missing: bool = False
    vin_only: Sequence[str] = ()
    confirmed: bool = False
    actor: User | None = None
    idempotency_key: uuid.UUID = field(default_factory=uuid.uuid4)
    batch: Batch | None = None


@dataclass
class _Draft:
    """The lines of an order in the making: CAO lines first, then LIST-only lines in typed order."""

    candidates: Mapping[str, Candidate]
    selection: Selection | None = None
    results: Sequence[EntryResult] = ()
    sources: dict[str, list[str]] = field(default_factory=dict)

    def add(self, vin: str, source: str) -> None:
        self.sources.setdefault(vin, []).append(source)

    def outcomes(self) -> list[dict[str, Any]]:
        return [{"entry": r.text, "outcome": r.outcome.value, "vin": r.vin, "detail": r.detail} for r in self.results]


def read_entries(text: str) -> list[str]:
    """LIST entries of a typed or pasted text. Raises `BadInput` for none, for too many, and for what is no text."""
    try:
        entries = split_entries(text)
    except TooManyEntries as error:
        raise BadInput(str(error), code="too_many_entries") from error
    except NoText as error:
        raise BadInput(str(error), code="no_text") from error
    if not entries:
        raise BadInput("There is no entry. Type VINs or stock numbers, one per line.", code="no_entries")
    return entries


def create_order(request: OrderRequest) -> tuple[Order, list[dict[str, Any]]]:
    """Prepare an order for review; gives it with the outcome of every typed entry.

    The same `idempotency_key` gives the same order again. Raises `Refused` (nothing to order, CAO not set up, no
    inventory, an open order in the way; its detail holds funnel and outcomes) and `ConfirmationNeeded`.
    """
    with transaction.atomic():
        Dealership.objects.select_for_update().get(pk=request.dealership.pk)
        request.dealership.refresh_from_db()
        existing = Order.objects.filter(idempotency_key=request.idempotency_key).first()
        if existing:
            return existing, entry_outcomes(existing)
        require_orderable(request)
        dataset = _dataset(request)
        draft = _draft(request, dataset, today=timezone.localdate())
        _require_lines(request, draft)
        confirmed = _require_confirmation(request, dataset, draft)
        order = _save(request, dataset, draft)
        record_event(order, "create", actor=request.actor, detail=confirmed)
        move_order(
            order, OrderState.REVIEW, action="prepare", actor=request.actor, detail=f"{len(draft.sources)} lines"
        )
    return order, draft.outcomes()


def entry_outcomes(order: Order) -> list[dict[str, Any]]:
    return [
        {"entry": entry.text, "outcome": entry.outcome, "vin": entry.vin, "detail": entry.detail}
        for entry in order.entries.all()
    ]


def require_orderable(request: OrderRequest, *, open_orders: Iterable[Order] | None = None) -> None:
    """Raise `Refused` where the dealership may not have such an order now: inactive, no rules, one is open already.

    `open_orders` are the dealership's, where the caller knows them.
    """
    dealership, group = request.dealership, request.group
    if not dealership.active:
        raise Refused(f"{dealership} is inactive. Activate it in its settings first.", code="inactive")
    if request.kind != OrderKind.LIST:
        require_rules(dealership=dealership)
        if group not in dealership.order_groups() and dealership.separate_orders:
            raise Refused(
                f"{dealership} orders new and used separately: prepare one order with --conditions new and one with "
                "--conditions used.",
                code="separate_orders",
                detail={"conditions": list(dealership.order_groups())},
            )
    for order in Order.objects.open().for_dealership(dealership) if open_orders is None else open_orders:
        if order.kind == request.kind and ConditionGroup(order.condition_group).overlaps(group):
            raise Refused(
                f"{dealership} has an open {request.kind.upper()} order already, order {order.pk} ({order.state}). "
                "Complete or cancel it first.",
                code="open_order",
                detail={"open_order_id": order.pk},
            )


def _dataset(request: OrderRequest) -> Dataset | None:
    """The active dataset; a LIST does without one."""
    if request.kind == OrderKind.LIST:
        return Dataset.objects.active().for_dealership(request.dealership).first()
    return active_dataset(dealership=request.dealership)


def _draft(request: OrderRequest, dataset: Dataset | None, *, today: date) -> _Draft:
    candidates = load_candidates(dealership=request.dealership, dataset=dataset) if dataset else {}
    draft = _Draft(candidates)
    if request.kind != OrderKind.LIST:
        rules = require_rules(dealership=request.dealership)
        draft.selection = select(candidates.values(), rules, request.group, today=today)
        for candidate in draft.selection.selected:
            draft.add(candidate.facts.vin, "CAO")
    if request.kind != OrderKind.CAO:
        vehicles = [ListedVehicle(vin, candidate.facts.stock) for vin, candidate in candidates.items()]
        draft.results = resolve_request(request, vehicles)
        for result in draft.results:
            if result.outcome in {EntryOutcome.PRODUCED, EntryOutcome.PLACEHOLDER}:
                draft.add(result.vin, "LIST")
    return draft


def resolve_request(request: OrderRequest, vehicles: Iterable[ListedVehicle]) -> list[EntryResult]:
    """What becomes of each typed entry as things stand; `vehicles` is the whole active dataset. Nothing is written."""
    taken = OpenVin.objects.filter(dealership=request.dealership).values_list("vin", "order_id")
    return resolve_entries(
        request.entries,
        vehicles,
        {vin: f"open order {order_id}" for vin, order_id in taken},
        include_missing=request.include_missing,
        vin_only=request.vin_only,
    )


def _require_lines(request: OrderRequest, draft: _Draft) -> None:
    if draft.sources:
        return
    detail: dict[str, Any] = {"order_id": None, "lines": 0, "outcomes": draft.outcomes()}
    if draft.selection is not None:
        detail["funnel"] = [{"step": step, "left": left} for step, left in draft.selection.funnel()]
        message = f"Nothing to print for {request.dealership}: {_reasons(draft.selection)}."
    else:
        message = "No entry names a vehicle that can be printed: " + "; ".join(
            f"{result.text}: {result.detail}" for result in draft.results[:5]
        )
    raise Refused(message, code="nothing_to_order", detail=detail)


def _reasons(selection: Selection) -> str:
    removed = [f"{count} {name.replace('_', ' ')}" for name, count in selection.excluded().items() if count]
    return f"{selection.considered} vehicles considered, " + (", ".join(removed) or "none removed")


def _require_confirmation(request: OrderRequest, dataset: Dataset | None, draft: _Draft) -> str:
    """Ask before stale inventory or an unusual count is used; gives what was confirmed, for the record."""
    questions = []
    if dataset and is_stale(dataset=dataset, now=timezone.now()):
        hours = int((timezone.now() - dataset.collected_at).total_seconds() // 3600)
        questions.append(f"The inventory is {hours} hours old (limit {STALE_HOURS}).")
    if draft.selection is not None:
        questions.extend(_unusual_count(request.dealership, len(draft.selection.selected)))
    if questions and not request.confirmed:
        raise ConfirmationNeeded(
            " ".join([*questions, "Confirm to go on (--yes)."]), detail={"lines": 0, "questions": questions}
        )
    return " ".join(["confirmed:", *questions]) if questions else ""


def _unusual_count(dealership: Dealership, lines: int) -> list[str]:
    usual = _usual_count(dealership)
    limit = min(UNUSUAL_LINES, UNUSUAL_FACTOR * usual) if usual else UNUSUAL_LINES
    if lines <= limit:
        return []
    entries = VinLogEntry.objects.in_force().for_dealership(dealership)
    last = entries.aggregate(day=Max(Coalesce("date", TruncDate("created_at"))))["day"]
    logged = f"The last log entry is of {last:%Y-%m-%d}." if last else "The VIN log is empty."
    usually = f", usually {usual:.0f}" if usual else ""
    return [f"{lines} vehicles{usually}. {logged}"]


def _usual_count(dealership: Dealership) -> float:
    """The median number of lines of the last five completed CAO orders; 0 when there is none."""
    recent = Order.objects.done().for_dealership(dealership).filter(kind=OrderKind.CAO)[:_RECENT_ORDERS]
    counts = [order.lines.filter(included=True).count() for order in recent]
    return median(counts) if counts else 0


def _save(request: OrderRequest, dataset: Dataset | None, draft: _Draft) -> Order:
    rules = request.dealership.filter_rules()
    versions = choose_versions(dealership=request.dealership)
    order = Order.objects.create(
        dealership=request.dealership,
        kind=request.kind,
        condition_group=request.group,
        batch=request.batch,
        dataset=dataset,
        rules=rules.as_mapping() if rules else None,
        output_settings=settings_to_json(
            output_settings(
                request.dealership, new=versions.new.as_output_template(), used=versions.used.as_output_template()
            )
        ),
        template_version_new=versions.new,
        template_version_used=versions.used,
        notices=[versions.notice] if versions.notice else [],
        excluded=draft.selection.excluded() if draft.selection else {},
        idempotency_key=request.idempotency_key,
        created_by=request.actor,
    )
    lines = _build_lines(order, draft)
    judge_lines(order=order, lines=lines)
    OrderLine.objects.bulk_create(lines)
    OpenVin.objects.bulk_create(OpenVin(dealership=order.dealership, vin=line.vin, order=order) for line in lines)
    ListEntry.objects.bulk_create(
        ListEntry(
            order=order,
            position=position,
            text=result.text[:200],
            outcome=result.outcome,
            vin=result.vin,
            detail=result.detail,
            suggestion=result.suggestion,
        )
        for position, result in enumerate(draft.results, start=1)
    )
    return order


def output_settings(dealership: Dealership, *, new: OutputTemplate, used: OutputTemplate) -> OutputSettings:
    """What decides the files of an order prepared now with these output templates."""
    profile = dealership.path_profile or PathProfile.objects.order_by("pk").first()
    utm = (("utm_source", dealership.utm_source), ("utm_medium", dealership.utm_medium))
    values: dict[str, Any] = {}
    if profile:
        values = {
            **profile_settings(profile=profile),
            "qr_naming": QrNaming(profile.qr_naming),
        }
    return OutputSettings(
        dealership_name=dealership.name,
        file_name=dealership.file_name,
        short_code=dealership.short_code,
        template_new=new,
        template_used=used,
        billing_layout=BillingLayout(dealership.billing_layout),
        price_markup=dealership.price_markup,
        utm=utm if dealership.utm_enabled else (),
        has_workbook=True,
        **values,
    )


def _build_lines(order: Order, draft: _Draft) -> list[OrderLine]:
    raws = raw_texts(dataset_id=order.dataset_id, vins=list(draft.sources))
    rewrites = order.dealership.text_rules() if order.dealership.text_rewrites else ()
    today = timezone.localdate()
    lines = []
    for seq, (vin, sources) in enumerate(draft.sources.items(), start=1):
        candidate = draft.candidates.get(vin)
        line = _vehicle_line(order, candidate, rewrites, today) if candidate else _placeholder_line(vin, today)
        line.order, line.seq, line.sources = order, seq, sources
        line.raw = raws.get(vin, {})
        lines.append(line)
    return lines


def raw_texts(*, dataset_id: int | None, vins: Sequence[str]) -> dict[str, dict[str, str]]:
    """The site's own texts of the chosen vehicles by VIN."""
    rows = dict(Vehicle.objects.filter(dataset=dataset_id, vin__in=vins).values_list("row_number", "vin"))
    raws = RawVehicle.objects.filter(dataset=dataset_id, row_number__in=rows)
    return {rows[raw.row_number]: raw.texts() for raw in raws}


def vehicle_line(*, facts: VehicleFacts, rewrites: Sequence[Rewrite]) -> OrderLine:
    """The unsaved line of a vehicle of the lot: its snapshot, and what the text rewrites make of it."""
    line = OrderLine(**{name: getattr(facts, name) for name in FACT_NAMES})
    line.overrides = changed_texts(rewrites, model=facts.model, trim=facts.trim)
    return line


def _vehicle_line(order: Order, candidate: Candidate, rewrites: Sequence[Rewrite], today: date) -> OrderLine:
    line = vehicle_line(facts=candidate.facts, rewrites=rewrites)
    if order.kind != OrderKind.CAO:
        line.rule_warning = list_warning(candidate, order.filter_rules(), today=today)
    return line


def _placeholder_line(vin: str, today: date) -> OrderLine:
    return OrderLine(
        vin=vin,
        condition="unknown",
        lot_status="unknown",
        year=decode_year(vin, today.year),
        is_placeholder=True,
    )
