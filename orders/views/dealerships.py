"""The page of one dealership with the way from its lot to an order."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from inventory.models import Dataset, Vehicle
from inventory.operations.activation import is_stale
from orders.models import GROUP_CHOICES, Order
from orders.operations.overview import log_of
from orders.operations.rewriting import preview_rewrites
from orders.operations.selecting import explain_vin, survey_lot
from orders.views.funnel import funnel_rows, verdict_rows

VEHICLES_PER_PAGE = 100
DATASETS_SHOWN = 8
ORDERS_SHOWN = 8


@require_safe
def dealership_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One dealership: from the lot to the order, why a vehicle is in or out, its inventory, settings, orders, log."""
    dealership = get_object_or_404(
        Dealership.objects.select_related("path_profile", "template_new", "template_used"), pk=pk
    )
    group = request.GET.get("group", "")
    group = ConditionGroup(group) if group in set(ConditionGroup) else ConditionGroup.ALL
    datasets = Dataset.objects.for_dealership(dealership).select_related("inventory_import")
    active = next(iter(datasets.active()), None)
    context = {
        "dealership": dealership,
        "group": group,
        "groups": GROUP_CHOICES,
        "active": active,
        "is_stale": active is not None and is_stale(dataset=active, now=timezone.now()),
        "waiting_datasets": list(datasets.held()),
        "datasets": datasets[:DATASETS_SHOWN],
        "dataset_count": datasets.count(),
        "log": log_of(dealership=dealership),
        "orders": Order.objects.for_dealership(dealership)[:ORDERS_SHOWN],
        "open_orders": Order.objects.open().for_dealership(dealership),
        "aliases": dealership.aliases.all(),
        **_survey(request, dealership, group),
        **_answer(request.GET.get("vin", "").strip(), dealership, group),
    }
    return render(request, "dealerships/dealership_detail.html", context)


def _survey(request: HttpRequest, dealership: Dealership, group: ConditionGroup) -> dict[str, Any]:
    """The funnel and the vehicles of the chosen step; without rules or inventory the reason."""
    try:
        survey = survey_lot(dealership=dealership, group=group, today=timezone.localdate())
    except Refused as refusal:
        return {"no_survey": refusal.message, "no_survey_code": refusal.code}
    rules = dealership.filter_rules()
    rows = funnel_rows(survey, rules, group) if rules else []
    step = request.GET.get("step", "")
    row = next((row for row in rows if row.step == step), None)
    reasons = {removal.vin: removal for removal in survey.selection.removed}
    if row:
        vehicles = [survey.candidates[vin] for vin, removal in reasons.items() if removal.step == step]
    else:
        vehicles = list(survey.selection.selected)
    page = Paginator(vehicles, VEHICLES_PER_PAGE).get_page(request.GET.get("page"))
    shown = [(candidate.facts, reasons.get(candidate.facts.vin)) for candidate in page]
    return {"survey": survey, "rows": rows, "row": row, "page": page, "vehicles": shown}


def _answer(vin: str, dealership: Dealership, group: ConditionGroup) -> dict[str, Any]:
    """The verdict of every rule for one vehicle, or why there is none."""
    if not vin:
        return {}
    try:
        found, verdicts = explain_vin(dealership=dealership, vin=vin, group=group, today=timezone.localdate())
    except (BadInput, Refused) as error:
        return {"vin": vin, "vin_error": error.message}
    vehicles = Vehicle.objects.active().for_dealership(dealership)
    return {
        "vin": found,
        "vehicle": vehicles.filter(vin=found).first(),
        "verdicts": verdict_rows(verdicts),
        "is_selected": all(verdict.passed for verdict in verdicts),
        "stops": next((verdict for verdict in verdicts if not verdict.passed), None),
    }


@require_safe
def dealership_rewrites(request: HttpRequest, pk: int) -> HttpResponse:
    """The text rewrites of a dealership and the vehicles on its lot that they change, before and after."""
    dealership = get_object_or_404(Dealership, pk=pk)
    considered, changed = preview_rewrites(dealership=dealership)
    context = {
        "dealership": dealership,
        "rules": dealership.rewrites.all(),
        "considered": considered,
        "page": Paginator(changed, VEHICLES_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "dealerships/rewrites.html", context)
