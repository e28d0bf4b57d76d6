"""Measures the review of one large order as people see it: whole requests to the page and to one row of it.

It works in the database that it finds, which therefore must be one of the measurement's own.
"""

from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from django.forms import modelformset_factory
from django.template import Context
from django.urls import reverse

from dealerships.domain.output import OrderKind
from orders.models import Order, OrderLine
from orders.operations.preparing import OrderRequest, create_order
from orders.operations.presenting import review_order
from orders.operations.review_columns import ReviewTable, chosen_columns
from silverfox.benchmarks.browsing import answer_of, median_ms, sign_in
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.import_operations import make_import
from silverfox.benchmarks.order_operations import fill_log, make_dealership_with_lot
from silverfox.benchmarks.own_database import know_the_sizes, require_empty
from silverfox.templatetags.review_rows import review_rows

RATIO = 20
GOAL_PAGE_MS, GOAL_ROW_MS, GOAL_BYTES = 100, 30, 300_000
_FIELDS = ("stock", "condition", "year", "make", "model", "trim", "price", "url", "ext_color", "exclusion_reason")


@dataclass(frozen=True, kw_only=True)
class ReviewTimes:
    """Medians of whole requests, in milliseconds, and the size of the page."""

    page_ms: float
    open_row_ms: float
    save_row_ms: float
    page_bytes: int


def measure_review(*, lines: int, log_entries: int, rounds: int) -> tuple[ReviewTimes, Comparison]:
    """Answer the page of an order of so many lines, open one row and save it, `rounds` times each.

    The rows of the page are compared with a ModelFormset of the same lines, both from lines that are read already.
    Raises `Refused` in a database that is not the measurement's own, and when an answer is not the expected one.
    """
    require_empty("A review is")
    dealership = make_dealership_with_lot(make_import(), 0, lines)
    fill_log(dealership, range(lines, lines + log_entries))
    know_the_sizes()
    order, _ = create_order(OrderRequest(dealership=dealership, kind=OrderKind.CAO, confirmed=True))
    return _times(order, rounds), _compare_rows(order, rounds)


def _times(order: Order, rounds: int) -> ReviewTimes:
    browser, _ = sign_in()
    page, seq = reverse("order_review", args=[order.pk]), order.lines.count() // 2
    row, htmx = reverse("order_line_edit", args=[order.pk, seq]), {"HX-Request": "true"}
    size = len(answer_of(browser.get(page, secure=True)))
    versions = count(OrderLine.objects.values_list("version", flat=True).get(order=order, seq=seq))

    def save() -> Any:
        version = next(versions)
        values = {"version": version, "was-trim": "", "trim": f"Trim {version}"}
        return browser.post(row, values, headers=htmx, secure=True)

    return ReviewTimes(
        page_ms=median_ms(lambda: browser.get(page, secure=True), rounds),
        open_row_ms=median_ms(lambda: browser.get(row, headers=htmx, secure=True), rounds),
        save_row_ms=median_ms(save, rounds),
        page_bytes=size,
    )


def _discard(_: object) -> None:
    return None


def _compare_rows(order: Order, rounds: int) -> Comparison:
    lines = order.lines.all()
    rows = review_order(order=order).lines
    context = {
        "order": order,
        "can_edit": True,
        "query": "",
        "table": ReviewTable("all", "", "", chosen_columns([])),
        "opened": {},
        "saved": set(),
        "chosen": set(),
    }
    formset = modelformset_factory(OrderLine, fields=_FIELDS, extra=0)
    list(lines)  # both begin with lines that are in memory
    return compare(
        ours=("the rows of the page, one edited at a time", lambda: _discard(review_rows(Context(context), rows))),
        peer=("ModelFormset of the same rows", lambda: _discard(formset(queryset=lines).as_table())),
        rounds=rounds,
        target=RATIO,
    )


def times_document(times: ReviewTimes) -> dict[str, Any]:
    goals = {"page_ms": GOAL_PAGE_MS, "open_row_ms": GOAL_ROW_MS, "save_row_ms": GOAL_ROW_MS, "page_bytes": GOAL_BYTES}
    return {**asdict(times), "goals": goals}
