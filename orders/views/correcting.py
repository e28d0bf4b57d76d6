"""Correction of a done order: choose lines, say why, go on in the review of the new order."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from foundation.errors import Refused, SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.lines import LineContent
from orders.forms.orders import CorrectionForm
from orders.models import Order
from orders.operations.correcting import create_correction, require_correctable
from orders.operations.line_contents import line_content
from orders.views.answers import get_order, status_of


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def order_correct(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    order = get_order(pk)
    try:
        require_correctable(order=order)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("order_detail", order.pk)
    lines = [line_content(line, seq=line.seq) for line in order.lines.filter(included=True)]
    form = CorrectionForm(request.POST or None, seqs=[line.seq for line in lines])
    if request.method != "POST":
        return _page(request, order, form, lines)
    if not form.is_valid():
        return _page(request, order, form, lines, status=422)
    try:
        correction = create_correction(
            order=order,
            seqs=form.cleaned_data["lines"],
            reason=form.cleaned_data["reason"],
            actor=request.user,
            idempotency_key=form.cleaned_data["idempotency_key"],
        )
    except SilverFoxError as error:
        return _page(request, order, form, lines, status=status_of(error), refusal=error)
    return redirect("order_review", correction.pk)


def _page(
    request: HttpRequest,
    order: Order,
    form: CorrectionForm,
    lines: Sequence[LineContent],
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    chosen = {int(seq) for seq in form["lines"].data or [] if seq.isdecimal() and seq.isascii()}
    context = {"order": order, "form": form, "lines": lines, "chosen": chosen, **said}
    return render(request, "orders/order_correct.html", context, status=status)
