"""The page of the search box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from inventory.models import FirstSeen
from orders.domain.search_terms import SearchTerms, read_terms
from orders.models import Order
from orders.operations.searching import MOST, Findings, count_found, did_you_mean, find, only_vin, vehicles_of

SHOWN = 5
HITS_PER_PAGE = 50
GROUPS = {"vehicles": "Vehicles", "orders": "Orders", "log": "VIN log", "dealerships": "Dealerships"}


@dataclass(frozen=True)
class Group:
    """The hits of one kind that the page shows, and how many there are."""

    name: str
    word: str
    count: int
    page: Page[Any]

    @property
    def has_more(self) -> bool:
        """Whether there are more than anybody would look through; the page shows the first of them."""
        return self.count > MOST

    @property
    def hits(self) -> Sequence[Any]:
        return list(self.page.object_list)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything that fits what was typed, in groups; Enter opens the one thing that it can only mean."""
    terms = read_terms(request.GET.get("q", ""))
    chosen = request.GET.get("in", "")
    chosen = chosen if chosen in GROUPS else ""
    is_typing = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {"terms": terms, "chosen": chosen, "is_typing": is_typing}
    if not terms.is_too_short:
        groups = _groups(find(terms=terms), chosen, request.GET.get("page"))
        only = _only(groups, terms)
        if only and not is_typing and ("open" in request.GET or terms.is_whole_vin):
            return redirect(only)
        context |= {"groups": groups, "only": only, "total": sum(group.count for group in groups.values())}
        if not context["total"]:
            context["suggestion"] = did_you_mean(terms=terms)
    answer = render(request, "search/_results.html" if is_typing else "search/page.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _groups(found: Findings, chosen: str, number: str | None) -> dict[str, Group]:
    groups = {}
    for name, word in GROUPS.items():
        rows: QuerySet[Any] = getattr(found, name)
        count = count_found(rows)
        pages = _Pages(rows, HITS_PER_PAGE if name == chosen else SHOWN)
        pages.found = min(count, MOST)
        groups[name] = Group(name, word, count, pages.get_page(number if name == chosen else 1))
    vehicles: list[FirstSeen] = list(groups["vehicles"].hits)
    standing = vehicles_of(seen=vehicles)
    groups["vehicles"].page.object_list = [(row, standing.get((row.dealership_id, row.vin))) for row in vehicles]
    return groups


class _Pages(Paginator[Any]):
    """Pages of rows that were counted before."""

    found = 0

    @property
    def count(self) -> int:
        return self.found


def _only(groups: dict[str, Group], terms: SearchTerms) -> str:
    """The address of the one order, vehicle or dealership that the hits are about, or an empty text."""
    counts = {name: group.count for name, group in groups.items()}
    orders: list[Order] = list(groups["orders"].hits)
    numbered = [order for order in orders if order.order_number.upper() == terms.key]
    if len(numbered) == counts["orders"] == 1 and not counts["vehicles"] + counts["dealerships"]:
        return reverse("order_detail", args=[numbered[0].pk])
    if counts["dealerships"] == 1 and sum(counts.values()) == 1:
        return reverse("dealership_detail", args=[groups["dealerships"].hits[0].pk])
    if counts["dealerships"] or max(counts.values()) > SHOWN:
        return ""
    shown = [row for row, _ in groups["vehicles"].hits] + list(groups["log"].hits)
    if vin := only_vin(shown=shown, orders=orders, terms=terms):
        return reverse("vehicle", args=[vin])
    is_one_order = counts["orders"] == sum(counts.values()) == 1
    return reverse("order_detail", args=[orders[0].pk]) if is_one_order else ""
