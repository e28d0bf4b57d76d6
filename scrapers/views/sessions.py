"""The page of a session: what becomes of each of its runs, while they run and afterwards."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.errors import Refused
from foundation.roles import AuthenticatedRequest, staff_required
from inventory.models import Dataset
from scrapers.models import ScrapeRun, ScrapeSession
from scrapers.operations.sessions import cancel_run, cancel_session, seconds_of

STOPS_POLLING = 286


def _get(pk: int) -> ScrapeSession:
    return get_object_or_404(ScrapeSession.objects.select_related("created_by"), pk=pk)


@require_safe
def website_session(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _get(pk))


@require_safe
def website_session_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part that polls; when every run has ended the page loads again with what came of them."""
    context = _runs(_get(pk))
    if context["open_count"]:
        return render(request, "scrapers/_progress.html", context)
    return HttpResponse(status=STOPS_POLLING, headers={"HX-Refresh": "true"})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def website_session_cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, on a page of its own."""
    session = _get(pk)
    if request.method != "POST":
        return render(request, "scrapers/session_cancel.html", _runs(session))
    try:
        count = cancel_session(session=session, actor=request.user)
    except Refused as refusal:
        return _page(request, session, refusal=refusal, status=409)
    messages.success(request, f"{count} run{'' if count == 1 else 's'} cancelled; what was read of them is not used.")
    return redirect("website_session", pk)


@require_POST
@staff_required
def website_run_cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(ScrapeRun.objects.select_related("dealership", "session__created_by"), pk=pk)
    try:
        cancelled = cancel_run(run=run, actor=request.user)
    except Refused as refusal:
        return _page(request, run.session, refusal=refusal, status=409)
    when = "ends as soon as its worker looks" if cancelled.cancel_requested else "is cancelled"
    messages.success(request, f"The run of {run.dealership} {when}.")
    return redirect("website_session", run.session_id)


def _page(
    request: HttpRequest, session: ScrapeSession, *, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    context = {**_runs(session), "refusal": refusal}
    return render(request, "scrapers/session.html", context, status=status)


def _runs(session: ScrapeSession) -> dict[str, Any]:
    """The runs in the order of the dealerships' names, each with its seconds and the dataset that it brought."""
    runs = list(session.runs.select_related("dealership__website").order_by("dealership__name"))
    imports = [run.inventory_import_id for run in runs]
    datasets = Dataset.objects.filter(inventory_import__in=[pk for pk in imports if pk])
    brought = {(dataset.inventory_import_id, dataset.dealership_id): dataset for dataset in datasets}
    states = [run.state for run in runs]
    return {
        "session": session,
        "rows": [
            (run, seconds_of(run), brought.get((run.inventory_import_id or 0, run.dealership_id))) for run in runs
        ],
        "counts": {state.value: states.count(state) for state in ScrapeRun.State},
        "total": len(runs),
        "open_count": sum(state in ScrapeRun.OPEN for state in states),
        "vehicles": sum(run.vehicles for run in runs),
    }
