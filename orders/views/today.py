"""The start page: what is due, what needs a person, what runs, and every other dealership."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealerships.domain.names import fold_name
from dealerships.domain.output import OrderKind
from foundation.addresses import addresses
from foundation.roles import MANAGER, STAFF, has_role
from inventory.models import InventoryImport
from orders.domain.batches import FINAL_STATES, RELEASED
from orders.domain.day import DayState
from orders.domain.states import OrderState
from orders.models import Batch
from orders.operations.overview import Overview, survey_dealerships, unmatched_names_of_last_import

SORTS = {"state": "By state", "waiting": "By waiting", "name": "A to Z"}
# Above so many the cards of what is due become a table.
MOST_CARDS = 60
RUNNING_SHOWN = 5
_AT_REST = {DayState.DONE, DayState.NOTHING_NEW}


@require_safe
def dealership_list(request: HttpRequest) -> HttpResponse:
    """Every active dealership: what is due today as cards, or as a table where it is many; the others as a table."""
    now = timezone.now()
    overviews = survey_dealerships(now=now)
    due = [overview for overview in overviews if overview.is_due]
    due_states = Counter(overview.state for overview in due)
    query, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "state"
    rows = _rows(request, _sorted(_found(overviews, query), sort))
    rest = [row for row in rows if not row["overview"].is_due]
    context = {
        "now": timezone.localtime(now),
        "overviews": overviews,
        "due": due,
        "due_states": due_states,
        "legend": [(name, due_states[name]) for name in DayState if due_states[name]],
        "due_shown": [row for row in rows if row["overview"].is_due and state in ("", row["overview"].state)],
        "is_table": len(due) > MOST_CARDS,
        "rest_shown": [row for row in rest if row["overview"].dealership.has_inventory_source],
        "accounts_shown": [row for row in rest if not row["overview"].dealership.has_inventory_source],
        "rest_waiting": sum(row["overview"].to_print for row in rest),
        "is_staff": has_role(request.user, STAFF),
        **_to_prepare(due, timezone.localdate(now)),
        **_needs(overviews),
        **_running(),
        "query": query,
        "state": state,
        "sort": sort,
        "sorts": SORTS,
    }
    return render(request, "dealerships/dealership_list.html", context)


def _to_prepare(due: Iterable[Overview], today: date) -> dict[str, Any]:
    """Who is due and has no order of today, how many orders the batch would make of them, and of how many vehicles."""
    unordered = [o for o in due if not o.open_orders and not _was_ordered(o, today)]
    waiting = [
        overview.waiting_of(group)
        for overview in unordered
        if overview.state == DayState.READY and overview.dealership.default_order_kind != OrderKind.LIST
        for group in overview.dealership.order_groups()
    ]
    return {
        "unordered": unordered,
        "orders_to_prepare": sum(map(bool, waiting)),
        "vehicles_to_prepare": sum(waiting),
    }


def _was_ordered(overview: Overview, today: date) -> bool:
    return overview.last_order is not None and timezone.localdate(overview.last_order.created_at) == today


def _needs(overviews: list[Overview]) -> dict[str, Any]:
    """What cannot go on without a person."""
    failed = [(o, order) for o in overviews for order in o.open_orders if order.state == OrderState.FAILED]
    held = [overview for overview in overviews if overview.held]
    unmatched = unmatched_names_of_last_import()
    return {
        "failed": failed,
        "held": held,
        "unmatched": unmatched,
        "unmatched_rows": sum(name.rows for name in unmatched),
        "needs_count": len(failed) + len(held) + bool(unmatched),
    }


def _running() -> dict[str, Any]:
    """Batches that have not ended and imports that are being read, the newest first."""
    batches = Batch.objects.exclude(state__in=FINAL_STATES).annotate(
        order_count=Count("entries"),
        done_count=Count("entries", filter=Q(entries__order__state__in=RELEASED)),
        failed_count=Count("entries", filter=Q(entries__order__state=OrderState.FAILED)),
    )
    imports = InventoryImport.objects.filter(status__in=["queued", "running"]).order_by("-id")
    return {"batches": batches[:RUNNING_SHOWN], "imports": imports[:RUNNING_SHOWN]}


def _found(overviews: list[Overview], query: str) -> list[Overview]:
    words = fold_name(query)
    return [overview for overview in overviews if words in fold_name(overview.dealership.name)]


def _sorted(overviews: list[Overview], sort: str) -> list[Overview]:
    if sort == "waiting":
        return sorted(overviews, key=lambda overview: -overview.to_print)
    if sort == "name":
        return sorted(overviews, key=lambda overview: overview.dealership.name.casefold())
    return overviews


def _rows(request: HttpRequest, overviews: Iterable[Overview]) -> list[dict[str, Any]]:
    """What the page shows of each dealership: plain texts by name, because there may be hundreds of rows."""
    step_of = _Steps(is_staff=has_role(request.user, STAFF), is_manager=has_role(request.user, MANAGER))
    dealership_address, order_address = addresses("dealership_detail"), addresses("order_detail")
    return [_row(overview, dealership_address, order_address, step_of) for overview in overviews]


def _row(
    overview: Overview,
    dealership_address: Callable[[int], str],
    order_address: Callable[[int], str],
    step_of: "_Steps",
) -> dict[str, Any]:
    dealership, dataset, last = overview.dealership, overview.dataset, overview.last_order
    step_address, step = step_of(overview)
    return {
        "overview": overview,
        "pk": dealership.pk,
        "name": dealership.name,
        "address": dealership_address(dealership.pk),
        "conditions": dealership.conditions,
        "templates": dealership.output_template_names,
        "to_print": str(overview.to_print) if dataset and dealership.conditions else "",
        "on_lot": f"{overview.on_lot:,}" if dataset else "",
        # Nothing is to be said of the inventory but its age.
        "is_current": dataset is not None and not overview.held and not overview.is_stale,
        "collected_at": dataset.collected_at if dataset else None,
        "collected": _moment(dataset.collected_at) if dataset else "",
        "last_address": order_address(last.pk) if last else "",
        "last_number": last.order_number if last else "",
        "last_day": _day(last.completed_at) if last else "",
        "state": _state_markup(overview.state),
        "is_at_rest": overview.state in _AT_REST,
        "step_address": step_address,
        "step": step,
    }


class _Steps:
    """Gives the one link that goes on from a dealership's state: its address and its words."""

    def __init__(self, *, is_staff: bool, is_manager: bool) -> None:
        self.is_staff, self.is_manager = is_staff, is_manager
        self.order, self.review = addresses("order_detail"), addresses("order_review")
        self.settings = addresses("admin:dealerships_dealership_change")
        self.new_order = reverse("order_create")

    def __call__(self, overview: Overview) -> tuple[str, str]:
        order = next(iter(overview.open_orders), None)
        if order and overview.state == DayState.IN_REVIEW and self.is_staff:
            vehicles: int = order.vehicles  # type: ignore[attr-defined]
            return self.review(order.pk), f"Review {vehicles} vehicle{pluralize(vehicles)}"
        if order:
            return self.order(order.pk), f"Open order {order.order_number or order.pk}"
        if overview.state == DayState.READY and self.is_staff:
            return f"{self.new_order}?dealership={overview.dealership.pk}", "Prepare order"
        if overview.last_order:
            return self.order(overview.last_order.pk), f"Order {overview.last_order.order_number}"
        if overview.state == DayState.NOT_SET_UP and self.is_manager:
            return self.settings(overview.dealership.pk), "Set rules"
        return "", ""


def _day(moment: datetime | None) -> str:
    return f"{(local := timezone.localtime(moment)):%b} {local.day}" if moment else ""


def _moment(moment: datetime) -> str:
    return f"{_day(moment)}, {timezone.localtime(moment):%Y, %H:%M}"


@cache
def _state_markup(state: DayState) -> str:
    """A state's shape and word; the same for every row of every page."""
    return render_to_string("dealerships/state.html", {"state": state})
