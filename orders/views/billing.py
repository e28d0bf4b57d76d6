"""The billing summary of a month: a page, the orders behind each number, and files."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from foundation.downloads import download
from foundation.errors import BadInput
from foundation.roles import AuthenticatedRequest, staff_required
from foundation.spreadsheet_xlsx import XLSX_TYPE
from orders.domain.billing_month import (
    FIGURE_WORDS,
    Figures,
    MonthBilling,
    month_after,
    month_csv,
    month_workbook,
    read_month,
    total_of,
)
from orders.operations.billing import month_billing

_FILES: dict[str, tuple[Callable[[MonthBilling], bytes], str]] = {
    "csv": (month_csv, "text/csv; charset=utf-8"),
    "xlsx": (month_workbook, XLSX_TYPE),
}


@require_safe
@staff_required
def billing_month(request: AuthenticatedRequest) -> HttpResponse:
    """The month's figures per dealership and in total; each leads to the orders that it counts."""
    billing = month_billing(month=_month(request))
    rows = [(row, _figures(row.figures)) for row in billing.dealerships]
    context = {**_months(billing), "rows": rows, "total": billing.total, "sums": _figures(billing.total)}
    return render(request, "orders/billing/month.html", context)


@require_safe
@staff_required
def billing_orders(request: AuthenticatedRequest) -> HttpResponse:
    """The orders behind a number: of one dealership or all, those in which that figure is not zero."""
    billing = month_billing(month=_month(request))
    figure, dealership = request.GET.get("figure", "orders"), request.GET.get("dealership", "")
    if figure not in FIGURE_WORDS:
        raise Http404(f"There is no figure {figure}.")
    orders = [
        order
        for order in billing.orders
        if dealership in {"", str(order.dealership_id)} and getattr(order.figures, figure)
    ]
    left_out = [out for out in billing.left_out if out.order in orders] if figure == "left_out" else []
    total = total_of(orders)
    context = {
        **_months(billing),
        "figure": figure,
        "word": FIGURE_WORDS[figure],
        "count": getattr(total, figure),
        "dealership": orders[0].dealership if dealership and orders else "",
        "rows": [(order, _figures(order.figures)[1:]) for order in orders],
        "left_out": left_out,
        "sums": _figures(total)[1:],
    }
    return render(request, "orders/billing/orders.html", context)


@require_safe
@download
def billing_file(request: AuthenticatedRequest, form: str) -> HttpResponse:
    """The month as a file: CSV, or XLSX with the orders and the vehicles left out on sheets of their own."""
    billing = month_billing(month=_month(request))
    write, content_type = _FILES[form]
    name = f"billing_{billing.month:%Y-%m}.{form}"
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
    }
    return HttpResponse(write(billing), content_type=content_type, headers=headers)


def _month(request: HttpRequest) -> date:
    text = request.GET.get("month", "")
    if not text:
        return timezone.localdate().replace(day=1)
    try:
        return read_month(text)
    except BadInput as error:
        raise Http404(error.message) from error


def _months(billing: MonthBilling) -> dict[str, Any]:
    month = billing.month
    return {
        "month": month,
        "before": month_after(month, months=-1),
        "after": month_after(month),
        "is_current": month == timezone.localdate().replace(day=1),
        "words": list(FIGURE_WORDS.items()),
    }


def _figures(figures: Figures) -> list[tuple[str, str, int]]:
    """Name, word and count of each figure."""
    return [(name, word, count) for (name, word), count in zip(FIGURE_WORDS.items(), figures.cells, strict=True)]
