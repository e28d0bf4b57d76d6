"""The page that asks before entries of the VIN log are voided."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from foundation.confirmation import password_confirmed
from foundation.errors import SilverFoxError
from foundation.roles import AuthenticatedRequest, manager_required
from orders.forms.orders import ReasonForm
from orders.operations.voiding import VoidPlan, plan_void, void_log_entries
from orders.views.answers import status_of


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
@password_confirmed()
def vin_log_void(request: AuthenticatedRequest) -> HttpResponse:
    """Say what it would do, ask for the reason, do it; the reason stays with the entries."""
    form = ReasonForm(request.POST or None)
    ids = _chosen(request)
    try:
        plan = plan_void(entry_ids=ids)
        if request.method == "POST" and form.is_valid():
            count = void_log_entries(entry_ids=ids, reason=form.cleaned_data["reason"], actor=request.user)
            messages.success(request, f"{count} log entr{'y is' if count == 1 else 'ies are'} void. {_freed(plan)}")
            return redirect(_log_of(plan))
    except SilverFoxError as error:
        context = {"form": form, "refusal": error}
        return render(request, "orders/vin_log/void.html", context, status=status_of(error))
    status = 422 if request.method == "POST" else 200
    return render(
        request, "orders/vin_log/void.html", {"form": form, "plan": plan, "log": _log_of(plan)}, status=status
    )


def _chosen(request: AuthenticatedRequest) -> set[int]:
    """The ids that were ticked; a text that is none names no entry."""
    texts = (request.POST if request.method == "POST" else request.GET).getlist("entry")
    return {int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0 for text in texts}


def _freed(plan: VoidPlan) -> str:
    if not plan.freed:
        return "No vehicle is free for it: other entries are in force."
    return f"{plan.freed} vehicle{'' if plan.freed == 1 else 's'} can be ordered again."


def _log_of(plan: VoidPlan) -> str:
    """The log that the entries stand in; that of all dealerships where they belong to several."""
    owners = {entry.dealership_id for entry in plan.entries}
    address = reverse("vin_log_list")
    return f"{address}?dealership={owners.pop()}" if len(owners) == 1 else address
