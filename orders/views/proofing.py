"""Checking an order against the lot: its proof sheet, and its vehicles one at a time on a phone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from foundation.downloads import download
from foundation.errors import Refused
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.qr import qr_text
from orders.operations.checking import order_settings
from orders.operations.proofing import line_image, make_proof_sheet, walk_order
from orders.views.answers import get_line, get_order, may_edit

GONE = 410


@require_safe
@download
def order_proof(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The PDF in the browser; when a released QR code is lost, the order's page says so."""
    order = get_order(pk)
    try:
        sheet = make_proof_sheet(order=order)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("order_detail", order.pk)
    name = f"proof_sheet_{order.pk}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(sheet.data, content_type="application/pdf", headers=headers)


@require_safe
@staff_required
@cache_control(no_store=True, private=True)
def order_line_qr(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    """The QR code of a line in its page."""
    try:
        return HttpResponse(line_image(line=get_line(pk, seq)), content_type="image/png")
    except Refused as error:
        return HttpResponse(error.message, content_type="text/plain", status=GONE)


@require_safe
def order_walk_start(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_order(pk)
    first = order.lines.filter(included=True).first()
    return redirect("order_walk", order.pk, first.seq) if first else redirect("order_review", order.pk)


@require_safe
def order_walk(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """One vehicle of an order, big enough for the lot."""
    line = get_line(pk, seq)
    order = line.order
    stop = walk_order(order=order, seq=seq)
    context = {
        "order": order,
        "stop": stop,
        "row": stop.row,
        "text": qr_text(stop.row.content, order_settings(order)),
        "can_edit": may_edit(request, order),
    }
    return render(request, "orders/order_walk.html", context)
