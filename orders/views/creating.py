"""New orders: what to prepare, and why it was not."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from dealerships.models import CONDITION_CHOICES, Dealership
from foundation.errors import ConfirmationNeeded, SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from inventory.models import Dataset
from orders.forms import CreateForm
from orders.models import Order
from orders.operations.preparing import create_order
from orders.operations.presenting import outcome_rows, outcome_sums
from orders.views.answers import status_of

_FIELD_OF = {"no_entries": "entries", "too_many_entries": "entries"}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@vary_on_headers("HX-Request")
def order_create(request: AuthenticatedRequest) -> HttpResponse:
    if request.method == "POST":
        return _create(request)
    dealership = _dealership(request)
    page = "orders/_create_choices.html" if request.headers.get("HX-Request") else "orders/order_create.html"
    return _page(request, CreateForm.proposed(dealership), dealership, page=page)


def _dealership(request: HttpRequest) -> Dealership | None:
    text = request.GET.get("dealership", "")
    return Dealership.objects.active().filter(pk=int(text)).first() if text.isdecimal() and text.isascii() else None


def _create(request: AuthenticatedRequest) -> HttpResponse:
    form = CreateForm(request.POST)
    if not form.is_valid():
        return _page(request, form, form.cleaned_data.get("dealership"), status=422)
    try:
        wanted = form.order_request(actor=request.user, confirmed="confirmed" in request.POST)
        order, _ = create_order(wanted)
    except SilverFoxError as error:
        return _say_no(request, form, error)
    return redirect("order_review", order.pk)


def _say_no(request: AuthenticatedRequest, form: CreateForm, error: SilverFoxError) -> HttpResponse:
    dealership = form.cleaned_data["dealership"]
    said: dict[str, Any] = {}
    if error.code in _FIELD_OF:
        form.add_error(_FIELD_OF[error.code], error.message)
    elif error.code == "separate_orders":
        form.add_error("conditions", f"{dealership} orders new and used separately: choose New or Used.")
    elif isinstance(error, ConfirmationNeeded):
        said["questions"] = error.detail["questions"]
    else:
        said["refusal"] = error
        rows = outcome_rows(dealership=dealership, outcomes=error.detail.get("outcomes", []), vehicles={})
        said |= {"outcomes": rows, "outcome_sums": outcome_sums(rows), "funnel": _funnel(error)}
    return _page(request, form, dealership, status=status_of(error), **said)


def _funnel(error: SilverFoxError) -> list[dict[str, Any]]:
    """Each step with the vehicles left and the vehicles it removed."""
    steps = error.detail.get("funnel", [])
    lefts = [steps[0]["left"], *(step["left"] for step in steps)] if steps else []
    return [
        {"step": step["step"], "left": step["left"], "removed": before - step["left"]}
        for before, step in zip(lefts, steps, strict=False)
    ]


def _page(
    request: HttpRequest,
    form: CreateForm,
    dealership: Dealership | None,
    *,
    page: str = "orders/order_create.html",
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "dealership": dealership, **said}
    if dealership is not None:
        context["dataset"] = Dataset.objects.active().for_dealership(dealership).first()
        chosen = dealership.conditions or ()
        context["condition_words"] = [word for value, word in CONDITION_CHOICES if value in chosen]
        context["open_orders"] = Order.objects.open().for_dealership(dealership)
    return render(request, page, context, status=status)
