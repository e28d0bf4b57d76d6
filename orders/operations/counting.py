"""How many lines of orders are warned of, edited, left out: counted from what is stored with them.

The page of a review counts the lines that it shows anyway; these counts are for whoever does not read them all.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Lower

from orders.models import Order, OrderLine, VinLogEntry
from orders.operations.checking import logged_apart, unapproved_host, vins_taken_apart
from orders.operations.presenting import (
    PRINTED_MEANWHILE,
    ReviewLine,
    ReviewTotals,
    Stop,
    is_checked,
    output_fault,
    review_lines,
    review_order,
)

_HOST = r"^https?://(?:www\.)?([^/:?#]+)"
IS_INCLUDED = Q(included=True)
IS_EDITED = ~Q(overrides={})
_COUNTED = (
    "seq",
    "vin",
    "included",
    "lacks",
    "rule_warning",
    "warnings",
    "overrides",
    "url",
    "sources",
    "reprint_confirmed",
)


def with_warnings(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """The lines with `is_warned`: whether a reviewer is warned of them while they are included."""
    own = {"dealership": OuterRef("order__dealership"), "vin": OuterRef("vin")}
    logged = Exists(VinLogEntry.objects.in_force().filter(**own).exclude(order=OuterRef("order")))
    address = Lower(Coalesce(KT("overrides__url"), "url"))
    host = Func(address, Value(_HOST), function="substring", output_field=CharField())
    is_known = Q(order__dealership__approved_hosts=[]) | Q(order__dealership__approved_hosts__contains=[F("host")])
    return lines.annotate(host=host).annotate(
        is_warned=~Q(lacks="")
        | ~Q(rule_warning="")
        | Q(warnings__len__gt=0)
        | Q(logged, sources__contains=["CAO"], reprint_confirmed=False)
        | (Q(host__isnull=False) & ~is_known)
    )


def review_part(
    *, order: Order, lines: Sequence[OrderLine], is_counted: bool
) -> tuple[Sequence[ReviewLine], ReviewTotals | None]:
    """Lines of an order as its reviewer sees them, and the totals of the order: whoever only looks changes none."""
    taken = vins_taken_apart(order=order)
    totals = order_totals(order=order, taken=taken) if is_counted else None
    return review_lines(order=order, lines=lines, taken=taken), totals


def order_totals(*, order: Order, taken: set[str]) -> ReviewTotals:
    """The totals of an order's review, where `vins_taken_apart` gave `taken` before.

    Where some of its lines are not judged yet, the totals are made as for its page.
    """
    lines = OrderLine.objects.filter(order=order).order_by("seq")
    # Plain values: making a model of every line would take longer than the query.
    found: Any = lines.annotate(is_logged=logged_apart(order)).values_list(*_COUNTED, "is_logged", named=True)
    found = list(found)
    if any(line.warnings is None for line in found):
        return review_order(order=order).totals
    included = [line for line in found if line.included]
    counts = {
        "all": len(found),
        "warnings": sum(_is_warned(line, order) for line in included),
        "edited": sum(bool(line.overrides) for line in found),
        "left_out": len(found) - len(included),
    }
    stops = [(line.seq, line.lacks or (PRINTED_MEANWHILE if _is_reprint(line, taken) else "")) for line in included]
    stopping = [Stop(seq, why) for seq, why in stops if why]
    return ReviewTotals(order.is_editable, counts, stopping, output_fault(order, len(included)))


def _is_warned(line: Any, order: Order) -> bool:
    is_printed = line.is_logged and is_checked(line)
    own = line.lacks or line.rule_warning or line.warnings
    return bool(own or is_printed or unapproved_host(line, order.dealership))


def _is_reprint(line: Any, taken: set[str]) -> bool:
    return (line.is_logged or line.vin in taken) and is_checked(line)
