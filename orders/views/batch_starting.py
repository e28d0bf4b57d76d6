"""The start of a batch: whose orders it prepares, what is in their way, and another try for those that got none."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dealerships.domain.names import fold_name
from dealerships.models import Dealership
from foundation.errors import SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.batches import Weight
from orders.forms import BatchForm
from orders.models import BatchEntry
from orders.operations.batch_planning import (
    DAYS,
    Choice,
    choose_dealerships,
    due_dealerships,
    plan_orders,
    plan_problems,
    scheduled_dealerships,
)
from orders.operations.batching import prepare_again, run_batch
from orders.operations.overview import survey_dealerships
from orders.operations.preflight import is_worker_alive, means_problems
from orders.views.answers import status_of

CHOICES = {"due", "named", *DAYS}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@vary_on_headers("HX-Request")
def batch_create(request: AuthenticatedRequest) -> HttpResponse:
    if request.method == "POST":
        return _start(request)
    chosen = request.GET.get("choose", "due")
    chosen = chosen if chosen in CHOICES else "due"
    named = [int(text) for text in request.GET.getlist("dealerships") if text.isdecimal() and text.isascii()]
    form = BatchForm(initial={"choose": chosen})
    page = "batches/_plan.html" if request.headers.get("HX-Request") else "batches/create.html"
    return _page(request, form, chosen, named, page=page)


def _start(request: AuthenticatedRequest) -> HttpResponse:
    form = BatchForm(request.POST)
    if not form.is_valid():
        return _page(request, form, "named", [], status=422)
    chosen, named = form.cleaned_data["choose"], list(form.cleaned_data["dealerships"])
    try:
        batch = run_batch(
            choice=_choice(chosen, named),
            actor=request.user,
            idempotency_key=form.cleaned_data["idempotency_key"],
            in_background=is_worker_alive(),
        )
    except SilverFoxError as error:
        return _page(request, form, chosen, [d.pk for d in named], status=status_of(error), refusal=error.message)
    return redirect("batch_detail", batch.pk)


def _choice(chosen: str, named: list[Dealership]) -> Choice:
    today = timezone.localdate()
    if chosen == "named":
        return choose_dealerships(names=[dealership.name for dealership in named], today=today)
    return choose_dealerships(day="" if chosen == "due" else chosen, due=chosen == "due", today=today)


def _page(
    request: HttpRequest,
    form: BatchForm,
    chosen: str,
    named: list[int],
    *,
    page: str = "batches/create.html",
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    overviews = {overview.dealership.pk: overview for overview in survey_dealerships(now=timezone.now())}
    query = request.GET.get("q", "").strip()
    planned = plan_orders(_shown(chosen, named, query, [o.dealership for o in overviews.values()]))
    problems = plan_problems(planned, overviews)
    rows: list[dict[str, Any]] = [
        {
            "planned": item,
            "waiting": overviews[item.dealership.pk].waiting_of(item.group),
            "problems": found,
            "is_first": not at or planned[at - 1].dealership != item.dealership,
        }
        for at, (item, found) in enumerate(zip(planned, problems, strict=True))
    ]
    context = {
        "form": form,
        "chosen": chosen,
        "named": named,
        "query": query,
        "rows": rows,
        "prepared": sum(
            bool(row["waiting"]) and not any(p.weight == Weight.STOPS for p in row["problems"]) for row in rows
        ),
        "means": means_problems(),
        **said,
    }
    return render(request, page, context, status=status)


def _can_be_prepared(row: dict[str, Any]) -> bool:
    return row["waiting"] > 0 and all(problem.weight != Weight.STOPS for problem in row["problems"])


def _shown(chosen: str, named: list[int], query: str, dealerships: list[Dealership]) -> list[Dealership]:
    """Whom the page lists: all that are chosen; where dealerships are named, all that fit what is searched, too."""
    if chosen == "named":
        words = fold_name(query)
        fitting = [d for d in dealerships if d.pk in named or words in fold_name(d.name)]
        return sorted(fitting, key=lambda dealership: dealership.name.casefold())
    found = due_dealerships(today=timezone.localdate()) if chosen == "due" else scheduled_dealerships(day=chosen)
    by_id = {dealership.pk: dealership for dealership in dealerships}
    return [by_id[dealership.pk] for dealership in found]


@require_POST
@staff_required
def batch_prepare_again(request: AuthenticatedRequest, pk: int, position: int) -> HttpResponse:
    entry = get_object_or_404(BatchEntry.objects.select_related("dealership"), batch=pk, position=position)
    try:
        entry = prepare_again(entry=entry, confirmed="confirmed" in request.POST, actor=request.user)
    except SilverFoxError as error:
        messages.error(request, error.message)
        return redirect("batch_detail", pk)
    if entry.order_id:
        messages.success(request, f"The order of {entry.dealership} is prepared.")
    else:
        messages.error(request, entry.reason)
    return redirect("batch_detail", pk)
