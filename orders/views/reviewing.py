"""Review: all lines of an order, and its completion."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from foundation.errors import ConfirmationNeeded, SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.forms import NumberForm
from orders.models import Order
from orders.operations.completing import approve_order
from orders.operations.finding import suggest_order_number
from orders.operations.preparing import entry_outcomes
from orders.operations.presenting import SHOWS, Review, outcome_rows, outcome_sums, review_order
from orders.views.answers import get_order, may_edit, status_of


@require_safe
def order_review(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_order(pk)
    form = NumberForm(initial={"order_number": order.order_number or suggest_order_number()})
    return review_page(request, order, form)


@require_POST
@staff_required
def order_complete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    order, form = get_order(pk), NumberForm(request.POST)
    if not form.is_valid():
        return review_page(request, order, form, status=422)
    try:
        approve_order(
            order=order,
            order_number=form.cleaned_data["order_number"],
            confirmed="confirmed" in request.POST,
            actor=request.user,
            in_background=True,
        )
    except ConfirmationNeeded as error:
        return review_page(request, order, form, status=status_of(error), questions=error.detail["questions"])
    except SilverFoxError as error:
        return review_page(request, order, form, status=status_of(error), refusal=error)
    return redirect("order_detail", order.pk)


def review_page(
    request: HttpRequest, order: Order, form: NumberForm | None = None, *, status: int = 200, **said: Any
) -> HttpResponse:
    """The whole page; `said` is what an action had to say, `editor` the row that is open."""
    review = review_order(order=order)
    rows = outcome_rows(dealership=order.dealership, outcomes=entry_outcomes(order), vehicles=_vehicles(review))
    context = {
        **review_context(request, order, review),
        "form": form or NumberForm(initial={"order_number": order.order_number or suggest_order_number()}),
        "outcomes": rows,
        "outcome_sums": outcome_sums(rows),
        **said,
    }
    return render(request, "orders/order_review.html", context, status=status)


def review_context(request: HttpRequest, order: Order, review: Review) -> dict[str, Any]:
    """What the page and its parts need: the rows chosen by the address, and counts of all."""
    show, text = request.GET.get("show", "all"), request.GET.get("q", "").strip()
    chosen = [row for row in review.lines if row.belongs_to(show) and row.holds(text)]
    return {
        "order": order,
        "review": review,
        "rows": chosen,
        "show": show,
        "q": text,
        "shows": [(name, review.count(name)) for name in SHOWS],
        "query": f"?{request.GET.urlencode()}" if request.GET else "",
        "can_edit": may_edit(request, order),
    }


def _vehicles(review: Review) -> dict[str, str]:
    """Year, make and model by VIN."""
    lines = [row.content for row in review.lines]
    return {line.vin: " ".join(str(part) for part in (line.year, line.make, line.model) if part) for line in lines}
