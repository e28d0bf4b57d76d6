"""The history of orders."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealerships.models import Dealership
from orders.domain.states import OPEN_STATES, OrderState
from orders.models import Order

PAGE_SIZE = 50
SHOWS: dict[str, frozenset[OrderState]] = {
    "all": frozenset(OrderState),
    "open": OPEN_STATES,
    "failed": frozenset({OrderState.FAILED}),
    "done": frozenset({OrderState.DONE}),
    "ended": frozenset({OrderState.CANCELLED, OrderState.VOIDED}),
}


@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    show = request.GET.get("state", "all")
    show = show if show in SHOWS else "all"
    matching = _matching(request)
    chosen = matching.filter(state__in=SHOWS[show]).select_related("dealership", "created_by")
    counted = chosen.annotate(included=Count("lines", filter=Q(lines__included=True))).order_by("-pk")
    context = {
        "page": Paginator(counted, PAGE_SIZE).get_page(request.GET.get("page")),
        "show": show,
        "shows": _counts(matching),
        "dealerships": Dealership.objects.all(),
        "dealership": request.GET.get("dealership", ""),
        "number": request.GET.get("number", ""),
        "is_filtered": any(request.GET.get(name) for name in ("state", "dealership", "number")),
    }
    return render(request, "orders/order_list.html", context)


def _matching(request: HttpRequest) -> QuerySet[Order]:
    orders = Order.objects.all()
    dealership, number = request.GET.get("dealership", ""), request.GET.get("number", "").strip()
    if dealership.isdecimal() and dealership.isascii():
        orders = orders.filter(dealership=int(dealership))
    return orders.filter(order_number__icontains=number.replace("\0", "")) if number else orders


def _counts(orders: QuerySet[Order]) -> list[dict[str, Any]]:
    by_state = dict(orders.order_by().values_list("state").annotate(Count("pk")))
    return [{"name": name, "count": sum(by_state.get(state, 0) for state in states)} for name, states in SHOWS.items()]
