"""The history of orders as people ask for it: by state, dealership, kind, days, person, number or VIN."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Right
from django.utils import timezone

from dealerships.models import Dealership
from inventory.domain.vin import VIN_END
from orders.domain.search_terms import read_terms
from orders.domain.states import OPEN_STATES, OrderState
from orders.models import Order, OrderLine, OrderQuerySet

SHOWS: dict[str, frozenset[OrderState]] = {
    "all": frozenset(OrderState),
    "open": OPEN_STATES,
    "failed": frozenset({OrderState.FAILED}),
    "done": frozenset({OrderState.DONE}),
    "ended": frozenset({OrderState.CANCELLED, OrderState.VOIDED}),
}
SORTS = {"number": "order_number", "dealership": "dealership__name", "prepared": "created_at", "completed": "completed"}
EXPORT_TITLES = (
    *("Number", "Dealership", "Kind", "Conditions", "Vehicles", "Left out", "State", "Prepared", "Prepared by"),
    *("Completed", "Batch", "Corrects"),
)
_RELEASED = [OrderState.DONE, OrderState.VOIDED]


@dataclass(frozen=True)
class OrderQuestion:
    """Which orders are wanted; an empty value asks for all.

    `since` and `until` (not included) are moments of the completion where `by_completion`, else of the preparation.
    """

    dealership: Dealership | None = None
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    by_completion: bool = False
    who: User | None = None
    text: str = ""

    @property
    def asks(self) -> bool:
        """Whether it leaves anything out."""
        return self != OrderQuestion(by_completion=self.by_completion)


def find_orders(*, question: OrderQuestion, show: str = "all", sort: str = "") -> QuerySet[Order]:
    """The orders that answer `question`, newest first or by `sort`, a name of `SORTS` or the same with a minus."""
    orders = _matching(question).filter(state__in=SHOWS[show]).select_related("dealership", "created_by")
    counted = orders.annotate(included=_lines_where(included=True), left_out=_lines_where(included=False))
    name = sort.removeprefix("-")
    if name not in SORTS:
        return counted.order_by("-pk")
    field = F(SORTS[name])
    order = field.desc(nulls_last=True) if sort.startswith("-") else field.asc(nulls_last=True)
    return counted.order_by(order, "-pk")


def count_orders(*, question: OrderQuestion) -> dict[str, int]:
    """How many of the orders that answer `question` each name of `SHOWS` would show."""
    by_state: Counter[str] = Counter(dict(_matching(question).order_by().values_list("state").annotate(Count("pk"))))
    return {name: sum(by_state[state] for state in states) for name, states in SHOWS.items()}


def _matching(question: OrderQuestion) -> OrderQuerySet:
    # An order that is still in work has no completion, whatever its row was given for its file names.
    orders = Order.objects.annotate(completed=_completed())
    if question.dealership:
        orders = orders.for_dealership(question.dealership)
    if question.kind:
        orders = orders.filter(kind=question.kind)
    if question.who:
        orders = orders.filter(created_by=question.who)
    moment = "completed" if question.by_completion else "created_at"
    if question.since:
        orders = orders.filter(**{f"{moment}__gte": question.since})
    if question.until:
        orders = orders.filter(**{f"{moment}__lt": question.until})
    return orders.filter(_named(question.text)) if question.text else orders


def _named(text: str) -> Q:
    """By a part of the number; a VIN or its end, from six characters on, finds the orders that it stands in."""
    terms = read_terms(text)
    named = Q(order_number__icontains=terms.text)
    if not terms.vin_part:
        return named
    lines = OrderLine.objects.alias(vin_end=Right("vin", VIN_END))
    return named | Q(
        pk__in=lines.filter(vin_end=terms.vin_part[-VIN_END:], vin__endswith=terms.vin_part).values("order")
    )


def _completed() -> Case:
    return Case(When(state__in=_RELEASED, then=F("completed_at")))


def _lines_where(*, included: bool) -> Coalesce:
    # Asked for the rows of the page only; a join would count the lines of every order first.
    lines = OrderLine.objects.filter(order=OuterRef("pk"), included=included).order_by()
    counted = lines.values("order").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def order_cells(*, question: OrderQuestion, show: str = "all", sort: str = "") -> Iterator[list[str]]:
    """Title and one row for each order that answers `question`, read in pieces."""
    yield list(EXPORT_TITLES)
    orders = find_orders(question=question, show=show, sort=sort).select_related("corrects")
    for order in orders.iterator(chunk_size=2000):
        yield _cells(order)


def _cells(order: Any) -> list[str]:
    return [
        order.order_number,
        order.dealership.name,
        order.get_kind_display(),
        order.get_condition_group_display(),
        str(order.included),
        str(order.left_out),
        order.state,
        _minute(order.created_at),
        order.created_by.get_username() if order.created_by else "",
        _minute(order.completed),
        str(order.batch_id or ""),
        order.corrects.in_words() if order.corrects else "",
    ]


def _minute(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
