"""The pages of those who keep the program running: what the worker does, and whether all is well."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.errors import Refused
from foundation.roles import AuthenticatedRequest, manager_required, staff_required
from jobs.models import Job
from jobs.operations.background import cancel_job, retry_job
from silverfox.system.background import worker_checks
from silverfox.system.checks import run_checks
from silverfox.system.verdicts import document_of, worst
from silverfox.system.work_list import list_work


@require_safe
@staff_required
def job_list(request: AuthenticatedRequest) -> HttpResponse:
    """What runs, waits and has failed."""
    return _list(request)


def _list(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    worker = list(worker_checks(timezone.now()))
    # Both have the same remedy, so it is told once.
    context = {"groups": list_work(), "worker": worker, "trouble": [check for check in worker if check.remedy]}
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
        return render(request, "system/job_cancel.html", {"job": job})
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
