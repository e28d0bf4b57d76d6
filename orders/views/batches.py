"""Batches: their list, and one of them from the review of its orders to the summary of what came of them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.errors import SilverFoxError
from foundation.roles import STAFF, AuthenticatedRequest, has_role, staff_required
from orders.domain.batches import (
    FINAL_STATES,
    IN_REVIEW,
    RELEASED,
    BatchState,
    NumberError,
    consecutive_numbers,
)
from orders.domain.states import OrderState
from orders.models import Artifact, Batch, BatchSummary
from orders.operations.batch_completing import cancel_batch, complete_batch, plan_completion, retry_batch
from orders.operations.batch_results import BatchRow, batch_rows, progress_of
from orders.operations.drafting import begun_drafts
from orders.operations.finding import suggest_order_number
from orders.views.answers import status_of

PAGE_SIZE = 50
STOPS_POLLING = 286
WORKING = {BatchState.BUILDING, BatchState.PROCESSING}


@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    batches = Batch.objects.select_related("created_by").annotate(
        without_count=Count("entries", filter=Q(entries__order__isnull=True)),
        order_count=Count("entries__order"),
        done_count=Count("entries", filter=Q(entries__order__state__in=RELEASED)),
        failed_count=Count("entries", filter=Q(entries__order__state=OrderState.FAILED)),
    )
    page = Paginator(batches.order_by("-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "batches/list.html", {"page": page})


def _get(pk: int) -> Batch:
    return get_object_or_404(Batch.objects.select_related("created_by"), pk=pk)


@require_safe
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _get(pk))


@require_safe
def batch_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part that polls; when nothing is being worked on any more the page loads again with what came of it."""
    batch = _get(pk)
    if batch.state in WORKING:
        return render(request, "batches/_progress.html", _progress(request, batch))
    return HttpResponse(status=STOPS_POLLING, headers={"HX-Refresh": "true"})


@require_POST
@staff_required
def batch_complete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show first what would be done and what is in the way; do it when that was confirmed."""
    batch = _get(pk)
    typed = {
        int(name.removeprefix("number-")): request.POST.get(name, "")
        for name in request.POST
        if name.startswith("number-") and name.removeprefix("number-").isdecimal()
    }
    try:
        if "confirmed" not in request.POST:
            plan = plan_completion(batch=batch, numbers=typed)
            return _page(request, batch, typed=typed, plan=plan)
        complete_batch(batch=batch, numbers=typed, actor=request.user, confirmed=True)
    except SilverFoxError as error:
        batch.refresh_from_db()
        return _page(request, batch, status=status_of(error), typed=typed, refusal=error)
    return redirect("batch_detail", pk)


@require_POST
@staff_required
def batch_retry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Try again all orders that failed, or the one that the pressed button names."""
    batch, named = _get(pk), request.POST.get("order", "")
    order_id = int(named) if named.isdecimal() and named.isascii() and len(named) < 10 else None
    try:
        _, refusals = retry_batch(batch=batch, order_id=order_id, actor=request.user)
    except SilverFoxError as error:
        return _page(request, batch, status=status_of(error), refusal=error)
    for refusal in refusals:
        messages.error(request, refusal)
    return redirect("batch_detail", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def batch_cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, on a page of its own; the reason is optional."""
    batch = _get(pk)
    if request.method != "POST":
        return render(request, "batches/cancel.html", {"batch": batch, "progress": progress_of(batch=batch)})
    try:
        cancel_batch(batch=batch, actor=request.user, reason=request.POST.get("reason", "").strip()[:300])
    except SilverFoxError as error:
        return _page(request, batch, status=status_of(error), refusal=error)
    messages.success(request, f"What was open in batch {batch.pk} is cancelled.")
    return redirect("batch_detail", pk)


@require_safe
def batch_summary(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _get(pk)
    context = {"batch": batch, "summary": _summary(batch), "is_final": batch.state in FINAL_STATES}
    return render(request, "batches/summary.html", context)


@require_safe
def batch_summary_json(request: HttpRequest, pk: int) -> JsonResponse:
    batch = _get(pk)
    summary = _summary(batch)
    if summary is None:
        return JsonResponse({"status": "pending", "batch_id": batch.pk, "batch_status": batch.state})
    return JsonResponse({"status": "ready", **summary.data})


def _summary(batch: Batch) -> BatchSummary | None:
    return BatchSummary.objects.filter(batch=batch).first()


def _progress(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    rows = [(row, "") for row in batch_rows(batch=batch)]
    return {"batch": batch, "rows": rows, "progress": progress_of(batch=batch), **_beside(request, batch)}


def _beside(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    """What the rows offer: the ZIP of each done order, and where the user has typed the vehicles meanwhile."""
    may_work = isinstance(request.user, User) and has_role(request.user, STAFF)
    zips = Artifact.objects.filter(order__batch=batch, kind=Artifact.Kind.ZIP, order__state=OrderState.DONE)
    typed = begun_drafts(user=request.user) if may_work and isinstance(request.user, User) else []
    return {
        "may_work": may_work,
        "is_working": batch.state in WORKING,
        "zips": {item.order_id: item for item in zips} if may_work else {},
        "typed": {draft.dealership_id for draft in typed},
    }


def _page(
    request: HttpRequest, batch: Batch, *, status: int = 200, typed: dict[int, str] | None = None, **said: Any
) -> HttpResponse:
    """The whole page; `typed` are the order numbers as they were sent, `said` what an action had to say."""
    rows = batch_rows(batch=batch)
    review = [row for row in rows if row.order and row.order.state in IN_REVIEW]
    first = request.GET.get("first", "").strip()[:100] or suggest_order_number()
    numbers, number_fault = _numbers(review, first)
    given = numbers if typed is None else typed
    context = {
        "batch": batch,
        "progress": progress_of(batch=batch),
        "rows": [(row, given.get(row.entry.order_id or 0, "")) for row in rows],
        "in_review": len(review),
        "vehicles": sum(row.lines.included for row in review),
        "first": first,
        "number_fault": number_fault,
        "is_final": batch.state in FINAL_STATES,
        **_beside(request, batch),
        "can_complete": bool(review) and batch.state not in WORKING and has_role(request.user, STAFF),
        "can_cancel": any(row.order and row.order.is_open for row in rows) or batch.state == BatchState.BUILDING,
        "summary": _summary(batch),
        **said,
    }
    return render(request, "batches/detail.html", context, status=status)


def _numbers(review: list[BatchRow], first: str) -> tuple[dict[int, str], str]:
    """The order numbers that are proposed by order id, counted up from the first; why there are none."""
    try:
        proposed = consecutive_numbers(first, len(review)) if first else [""] * len(review)
    except NumberError as error:
        return {}, str(error)
    return {row.order.pk: number for row, number in zip(review, proposed, strict=True) if row.order}, ""
