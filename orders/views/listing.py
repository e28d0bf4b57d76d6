"""The history of orders: filters, sort and page stand in the address, and what is filtered can be taken as a file."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from dealerships.models import KIND_CHOICES, Dealership
from foundation.downloads import download
from foundation.roles import AuthenticatedRequest
from foundation.spreadsheet_csv import one_line, stream_spreadsheet_csv
from foundation.widgets import LongSelect
from orders.operations.order_listing import SHOWS, SORTS, OrderQuestion, count_orders, find_orders, order_cells

PAGE_SIZE = 50
CSV_TYPE = "text/csv; charset=utf-8"
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput({"type": "date"}),
        validators=[MinValueValidator(_FIRST_DAY), MaxValueValidator(_LAST_DAY)],
    )


class OrderFilters(forms.Form):
    """What the history can be asked for; nothing chosen asks for all."""

    dealership = forms.ModelChoiceField(Dealership.objects.all(), required=False, empty_label="All", widget=LongSelect)
    kind = forms.ChoiceField(choices=[("", "All"), *KIND_CHOICES], required=False)
    day = forms.ChoiceField(label="Days of", choices=[("", "Preparation"), ("completed", "Completion")], required=False)
    since = _day("From")
    until = _day("To")
    who = forms.ModelChoiceField(
        User.objects.order_by("username"), label="Prepared by", required=False, empty_label="All"
    )
    q = forms.CharField(required=False)

    def filters(self) -> list[forms.BoundField]:
        """All but the text, which has a box of its own."""
        return [field for field in self if field.name != "q"]

    def question(self) -> OrderQuestion:
        """What is asked by the fields that can be read; the days are whole days of the shop."""
        data = self.cleaned_data
        until = data.get("until")
        return OrderQuestion(
            dealership=data.get("dealership"),
            kind=data.get("kind", ""),
            since=_start_of(data.get("since")),
            until=_start_of(until and until + timedelta(days=1)),
            by_completion=data.get("day") == "completed",
            who=data.get("who"),
            text=one_line(data.get("q", "")),
        )


def _start_of(day: date | None) -> datetime | None:
    """Midnight of the shop at which the day begins."""
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """What fits the filters; one that cannot be read is named and left out."""
    form, show, sort = _filters(request), _show(request), _sort(request)
    is_valid = form.is_valid()
    question = form.question()
    counts = count_orders(question=question)
    orders = find_orders(question=question, show=show, sort=sort)
    context: dict[str, Any] = {
        "form": form,
        "page": _Pages(orders, counts[show]).get_page(request.GET.get("page")),
        "show": show,
        "shows": [{"name": name, "count": count} for name, count in counts.items()],
        "sort": sort,
        "heads": {name: _head(name, sort) for name in SORTS},
        "text": question.text,
        "is_filtered": show != "all" or question.asks,
    }
    return render(request, "orders/order_list.html", context, status=200 if is_valid else 422)


class _Pages(Paginator[Any]):
    """Pages of orders that were counted by state before."""

    def __init__(self, orders: Any, found: int) -> None:
        super().__init__(orders, PAGE_SIZE)
        self.found = found

    @property
    def count(self) -> int:
        return self.found


def _filters(request: HttpRequest) -> OrderFilters:
    # A null byte is in no text that the database keeps, and a field that holds one would be an error of its own.
    return OrderFilters({name: value.replace("\0", "") for name, value in request.GET.dict().items()})


def _show(request: HttpRequest) -> str:
    show = request.GET.get("state", "")
    return show if show in SHOWS else "all"


def _sort(request: HttpRequest) -> str:
    sort = request.GET.get("sort", "")
    return sort if sort.removeprefix("-") in SORTS else ""


def _head(name: str, sort: str) -> dict[str, str]:
    """What a click on the title of a column asks for, and how the column is sorted now."""
    is_sorted = sort.removeprefix("-") == name
    return {
        "next": f"-{name}" if sort == name else name,
        "sorted": ("descending" if sort.startswith("-") else "ascending") if is_sorted else "",
    }


@require_safe
@download
def order_list_export(request: AuthenticatedRequest) -> HttpResponseBase:
    """The filtered orders as a file for a spreadsheet; filters that cannot be read get the page that says so."""
    form = _filters(request)
    if not form.is_valid():
        return order_list(request)
    rows = order_cells(question=form.question(), show=_show(request), sort=_sort(request))
    name = f"orders_{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        stream_spreadsheet_csv(rows),
        content_type=CSV_TYPE,
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment"},
    )
