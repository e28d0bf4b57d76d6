"""What every page of an order shares: find it, say no with the right status."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from foundation.errors import BadInput, SilverFoxError
from foundation.roles import STAFF, has_role
from orders.models import Order, OrderLine

LOCKED = 423


def get_order(pk: int) -> Order:
    related = ("dealership", "dataset", "created_by", "corrects", "batch")
    return get_object_or_404(Order.objects.select_related(*related), pk=pk)


def get_line(pk: int, seq: int) -> OrderLine:
    return get_object_or_404(OrderLine.objects.select_related("order__dealership"), order=pk, seq=seq)


def status_of(error: SilverFoxError) -> int:
    """422 for what was typed, 423 for lines that are fixed, 409 for every other no."""
    if isinstance(error, BadInput):
        return 422
    return LOCKED if error.code == "not_in_review" else 409


def may_edit(request: HttpRequest, order: Order) -> bool:
    """Whether the page shows what changes lines."""
    return order.is_editable and has_role(request.user, STAFF)
