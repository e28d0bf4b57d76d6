"""Review: all lines of an order, and its completion."""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from foundation.errors import ConfirmationNeeded, SilverFoxError
from foundation.preferences import change_preferences, preferences_of
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.line_changes import change_words, read_changes
from orders.forms.orders import LinesForm, NumberForm
from orders.models import Order, OrderEvent
from orders.operations.batch_results import batch_rows
from orders.operations.completing import approve_order
from orders.operations.finding import suggest_order_number
from orders.operations.preparing import entry_outcomes
from orders.operations.presenting import SHOWS, Review, ReviewTotals, outcome_rows, outcome_sums, review_order
from orders.operations.review_columns import COLUMNS, TABLE, ReviewTable, chosen_columns
from orders.operations.undoing import undoable_event
from orders.views.answers import get_order, may_edit, status_of

SHOW_WORDS = {"all": "All", "warnings": "Warnings", "edited": "Edited", "left_out": "Left out"}
Opened = Mapping[int, Mapping[str, Any]]


@require_safe
def order_review(request: HttpRequest, pk: int) -> HttpResponse:
    return review_page(request, get_order(pk))


@require_POST
@staff_required
def order_complete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    order, form = get_order(pk), NumberForm(request.POST)
    if not form.is_valid():
        return review_page(request, order, status=422, form=form)
    try:
        approve_order(
            order=order,
            order_number=form.cleaned_data["order_number"],
            confirmed="confirmed" in request.POST,
            actor=request.user,
            in_background=True,
        )
    except ConfirmationNeeded as error:
        return review_page(request, order, status=status_of(error), form=form, questions=error.detail["questions"])
    except SilverFoxError as error:
        return review_page(request, order, status=status_of(error), form=form, refusal=error)
    return redirect("order_detail", order.pk)


@require_POST
def order_columns(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Which columns this person wants to see from now on, in every review."""
    order = get_order(pk)
    names = [column.name for column in chosen_columns(request.POST.getlist("column"))]
    change_preferences(request.user, columns={**preferences_of(request.user).columns, TABLE: names})
    return redirect(review_address(request, order))


def review_address(request: HttpRequest, order: Order) -> str:
    """The page with the filter, the sort and the search that the request came with."""
    return reverse("order_review", args=[order.pk]) + query_of(request)


def query_of(request: HttpRequest) -> str:
    """The filter, the sort and the search of an address; what else it holds belongs to no page."""
    query = request.GET.copy()
    for name in set(query) - {"show", "q", "sort"}:
        del query[name]
    return f"?{query.urlencode()}" if query else ""


def review_page(request: HttpRequest, order: Order, *, status: int = 200, **said: Any) -> HttpResponse:
    """The whole page; `said` is what an action had to say, `opened` the rows that are open with what stands in them."""
    review, table = review_order(order=order), read_table(request)
    outcomes = outcome_rows(dealership=order.dealership, outcomes=entry_outcomes(order), vehicles=_vehicles(review))
    context = {
        **review_context(request, order, review.totals),
        "rows": table.choose(review.lines),
        "headers": _headers(table),
        **_tabs(order),
        "number": order.order_number or suggest_order_number(),
        "outcomes": outcomes,
        "outcome_sums": outcome_sums(outcomes),
        **said,
    }
    context["form"] = said.get("form") or NumberForm(initial={"order_number": context["number"]})
    return render(request, "orders/order_review.html", context, status=status)


def review_context(
    request: HttpRequest,
    order: Order,
    totals: ReviewTotals | None,
    *,
    opened: Opened | None = None,
    saved: Collection[int] = (),
    event: OrderEvent | None = None,
) -> dict[str, Any]:
    """What the page and its parts need; `saved` are the rows that an action has just changed, `event` its record.

    A part that shows no counts does without the totals.
    """
    table, can_edit = read_table(request), may_edit(request, order)
    return {
        "order": order,
        "totals": totals,
        "review_url": reverse("order_review", args=[order.pk]),
        "table": table,
        "shows": [(name, SHOW_WORDS[name], totals.counts[name]) for name in SHOWS] if totals else [],
        "all_columns": COLUMNS,
        "query": query_of(request),
        "can_edit": can_edit,
        "opened": opened or {},
        "saved": set(saved),
        "chosen": set(),
        "lines_form": LinesForm(),
        "undo": _undo(request, order, event) if can_edit and totals else None,
    }


def read_table(request: HttpRequest) -> ReviewTable:
    names = preferences_of(request.user).columns.get(TABLE, [])  # type: ignore[arg-type]  # readers are signed in
    get = request.GET.get
    return ReviewTable(get("show", "all"), get("q", "").strip(), get("sort", ""), chosen_columns(names))


def _undo(request: HttpRequest, order: Order, event: OrderEvent | None) -> dict[str, str] | None:
    """The last action of this person that can be undone: where, and what it was. `event` may be known to be it."""
    event = event or undoable_event(order=order, actor=request.user)  # type: ignore[arg-type]  # who edits is signed in
    if event is None:
        return None
    address = reverse("order_undo", args=[order.pk, event.pk])
    return {"url": address, "words": change_words(read_changes(event.line_changes))}


def _headers(table: ReviewTable) -> list[dict[str, str]]:
    columns = [(column.name, column.word) for column in table.columns]
    names = [("number", "#"), ("vin", "VIN"), *columns, ("remarks", "Remarks")]
    return [
        {"name": name, "word": word, "direction": table.direction(name), "next_sort": table.next_sort(name)}
        for name, word in names
    ]


def _tabs(order: Order) -> dict[str, Any]:
    """The orders of the same batch, and which of them stand before and behind this one, counted from 1.

    Entries of the batch that have no order are told by its own page.
    """
    if not order.batch:
        return {}
    tabs = [row for row in batch_rows(batch=order.batch) if row.order]
    place = next(place for place, row in enumerate(tabs, start=1) if row.entry.order_id == order.pk)
    return {"tabs": tabs, "neighbours": (place - 1, place + 1)}


def _vehicles(review: Review) -> dict[str, str]:
    """Year, make and model by VIN, for the entries of a LIST."""
    if review.order.kind == "cao":
        return {}
    named = ((row.line.vin, [row.value(name) for name in ("year", "make", "model")]) for row in review.lines)
    return {vin: " ".join(str(part) for part in parts if part) for vin, parts in named}
