"""Datasets in the browser: one beside the one in use, the vehicles behind each figure, and who decides."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.confirmation import password_confirmed
from foundation.errors import Refused
from foundation.roles import MANAGER, STAFF, AuthenticatedRequest, has_role, staff_required
from inventory.forms import ReasonForm
from inventory.models import Dataset, ImportProblem
from inventory.operations.activation import activate_dataset, is_stale, reject_dataset, role_to_decide
from inventory.operations.comparing import compare_dataset, compared_with, list_difference

VEHICLES_PER_PAGE = 100
DIFFERENCES = {"new": "New", "gone": "Gone", "repriced": "Other price", "moved": "Other condition"}


@require_safe
def import_dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """One dataset beside another one, with what may be decided about it."""
    return _render_dataset(request, _find_dataset(pk))


def _find_dataset(pk: int) -> Dataset:
    return get_object_or_404(Dataset.objects.select_related("dealership", "inventory_import"), pk=pk)


def _render_dataset(
    request: HttpRequest,
    dataset: Dataset,
    *,
    error: str = "",
    status: int = 200,
    template: str = "inventory/dataset.html",
) -> HttpResponse:
    role = role_to_decide(dataset=dataset)
    problems = ImportProblem.objects.filter(
        inventory_import=dataset.inventory_import_id, dealership=dataset.dealership_id
    )
    context = {
        "dataset": dataset,
        "is_stale": is_stale(dataset=dataset, now=timezone.now()),
        "comparison": compare_dataset(dataset=dataset),
        "codes": problems.values_list("code").annotate(rows=Count("id")).order_by("code"),
        "events": dataset.events.select_related("actor"),
        "is_open": dataset.status in {Dataset.Status.STAGED, Dataset.Status.HELD, Dataset.Status.ARCHIVED},
        "may_reject": dataset.status in {Dataset.Status.HELD, Dataset.Status.STAGED},
        "may_decide": has_role(request.user, role),
        "needs_manager": role == MANAGER,
        "form": _reason_form(request, dataset),
        "error": error,
    }
    return render(request, template, context, status=status)


def _reason_form(request: HttpRequest, dataset: Dataset) -> ReasonForm:
    """Whoever goes back has one reason in most cases, which can be typed over."""
    is_archived = dataset.status == Dataset.Status.ARCHIVED
    initial = {"reason": "The inventory after it was wrong"} if is_archived else None
    return ReasonForm(request.POST if request.method == "POST" else None, initial=initial)


@require_safe
def import_difference(request: HttpRequest, pk: int) -> HttpResponse:
    """The vehicles behind one figure: what a dataset has more, less or otherwise than another one."""
    dataset = _find_dataset(pk)
    what = request.GET.get("what", "new")
    if what not in DIFFERENCES:
        raise Http404
    other = _other(request, dataset)
    gone = next((each for each in (dataset, other) if each and each.status == Dataset.Status.REMOVED), None)
    context: dict[str, Any] = {
        "dataset": dataset,
        "other": other,
        "gone": gone,
        "what": what,
        "differences": DIFFERENCES.items(),
    }
    if other and not gone:
        vehicles = list_difference(dataset=dataset, other=other, what=what)
        context["page"] = Paginator(vehicles, VEHICLES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "inventory/difference.html", context)


def _other(request: HttpRequest, dataset: Dataset) -> Dataset | None:
    """The dataset that the address names, of the same dealership, or the one that it is looked at beside."""
    wanted = request.GET.get("with", "")
    if not wanted:
        return compared_with(dataset)
    if not wanted.isdecimal() or len(wanted) > 18:
        raise Http404
    return get_object_or_404(Dataset.objects.for_dealership(dataset.dealership), pk=int(wanted))


def _is_for_managers(request: AuthenticatedRequest, pk: int) -> bool:
    if request.method != "POST" or not has_role(request.user, MANAGER):
        return False
    return role_to_decide(dataset=_find_dataset(pk)) == MANAGER


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@password_confirmed(when=_is_for_managers)
def dataset_activate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Make a staged, held or archived dataset the one in use; going back is asked on a page of its own."""
    dataset = _find_dataset(pk)
    is_return = dataset.status == Dataset.Status.ARCHIVED
    if request.method != "POST":
        if not is_return:
            return redirect("import_dataset", pk)
        return _render_dataset(request, dataset, template="inventory/dataset_return.html")
    form = _decision(request, dataset)
    template = "inventory/dataset_return.html" if is_return else "inventory/dataset.html"
    if not form.is_valid():
        return _render_dataset(request, dataset, status=422, template=template)
    try:
        activate_dataset(
            dataset=dataset,
            force=True,
            as_role=MANAGER if has_role(request.user, MANAGER) else STAFF,
            actor=request.user,
            reason=form.cleaned_data["reason"],
        )
    except Refused as refusal:
        return _render_dataset(request, dataset, error=refusal.message, status=409, template=template)
    messages.success(request, _told(dataset, is_return=is_return))
    return redirect("import_dataset", pk)


def _told(dataset: Dataset, *, is_return: bool) -> str:
    words = f"{dataset.dealership} {'uses' if is_return else 'now uses'} dataset {dataset.pk} with "
    words += f"{dataset.rows_accepted:,} vehicles{' again' if is_return else ''}"
    if not dataset.difference:
        return f"{words}."
    new, gone = dataset.difference["new"], dataset.difference["gone"]
    return f"{words}: {new:,} came {'back' if is_return else 'in'}, {gone:,} left."


@require_POST
@staff_required
def dataset_reject(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Refuse a staged or held dataset for good."""
    dataset = _find_dataset(pk)
    form = _decision(request, dataset)
    if not form.is_valid():
        return _render_dataset(request, dataset, status=422)
    try:
        reject_dataset(dataset=dataset, actor=request.user, reason=form.cleaned_data["reason"])
    except Refused as refusal:
        return _render_dataset(request, dataset, error=refusal.message, status=409)
    messages.success(request, f"Dataset {pk} of {dataset.dealership} is rejected; the inventory in use stays.")
    return redirect("import_dataset", pk)


def _decision(request: AuthenticatedRequest, dataset: Dataset) -> ReasonForm:
    if not has_role(request.user, role_to_decide(dataset=dataset)):
        raise PermissionDenied
    return ReasonForm(request.POST)
