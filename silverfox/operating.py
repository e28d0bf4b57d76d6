"""The pages of those who keep the program running: what the worker does, and whether all is well."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.errors import Refused
from foundation.roles import AuthenticatedRequest, manager_required, staff_required
from jobs.models import Job, WorkerHeartbeat
from jobs.operations.background import cancel_job, retry_job
from silverfox.system.background import worker_checks
from silverfox.system.checks import run_checks
from silverfox.system.verdicts import document_of, worst
from silverfox.system.work_list import ended_jobs, kinds_of_jobs, list_work, name_of

JOBS_PER_PAGE = 50
# The page never stops asking: with nothing to do it still tells whether a worker answers.
ASKED_SECONDS, ASKED_SECONDS_IDLE = 2, 10
SHOWS = (("", "All"), ("done", "Done"), ("failed", "Failed"), ("cancelled", "Cancelled"))


@require_safe
@staff_required
def job_list(request: AuthenticatedRequest) -> HttpResponse:
    """What runs, waits and has failed, and what has ended."""
    return _list(request)


@require_safe
@staff_required
def job_live(request: AuthenticatedRequest) -> HttpResponse:
    """The part of the page that is asked for again and again."""
    seen = request.GET.get("ended", "")
    known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None
    return render(request, "system/_jobs_live.html", _live(known))


def _live(ended_seen: int | None) -> dict[str, Any]:
    """`ended_seen` jobs had ended when the page was loaded; more of them are told, not pushed into the list."""
    worker = list(worker_checks(timezone.now()))
    groups, ended = list_work(), ended_jobs().count()
    is_idle = not any(group.count for group in groups if group.state != "failed")
    return {
        "groups": groups,
        "worker": worker,
        "trouble": [check for check in worker if check.remedy],
        "last_answer": WorkerHeartbeat.objects.aggregate(at=Max("at"))["at"],
        "asked_seconds": ASKED_SECONDS_IDLE if is_idle else ASKED_SECONDS,
        "ended": ended if ended_seen is None else ended_seen,
        "ended_since": 0 if ended_seen is None else max(0, ended - ended_seen),
    }


def _list(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    kinds = kinds_of_jobs()
    state, kind = state if state in dict(SHOWS) else "", kind if kind in dict(kinds) else ""
    page = Paginator(ended_jobs(state=state, kind=kind), JOBS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **_live(None),
        "page": page,
        "rows": [(job, name_of(job)) for job in page],
        "state": state,
        "kind": kind,
        "shows": SHOWS,
        "kinds": kinds,
    }
    return render(request, "system/job_list.html", context, status=status)


@require_POST
@staff_required
def job_retry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Queue a failed job again."""
    try:
        job = retry_job(job=get_object_or_404(Job, pk=pk))
    except Refused as error:
        messages.error(request, error.message)
        return _list(request, status=409)
    messages.success(request, f"Job {job.pk} waits for the worker again.")
    return redirect("job_list")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def job_cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, on a page of its own."""
    job = get_object_or_404(Job, pk=pk)
    if request.method != "POST":
        return render(request, "system/job_cancel.html", {"job": job, "name": name_of(job)})
    try:
        job = cancel_job(job=job)
    except Refused as error:
        messages.error(request, error.message)
        return _list(request, status=409)
    when = "ends as soon as its worker looks" if job.cancel_requested else "is cancelled"
    messages.success(request, f"Job {job.pk} {when}.")
    return redirect("job_list")


@require_safe
@manager_required
def job_system(request: AuthenticatedRequest) -> HttpResponse:
    """Every check of `check_system`, without reading all released files; as JSON for who asks for that."""
    checks = run_checks()
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse(document_of(checks))
    return render(request, "system/checks.html", {"checks": checks, "worst": worst(checks)})
