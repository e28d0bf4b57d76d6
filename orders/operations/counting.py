"""How many lines of orders are warned of, edited, left out: counted by the database from what is stored with them.

The page of a review counts the lines that it shows anyway; these counts are for whoever does not read them all.
"""

from collections.abc import Collection

from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Lower

from orders.models import Order, OrderLine, VinLogEntry
from orders.operations.presenting import PRINTED_MEANWHILE, SHOWS, ReviewTotals, Stop, output_fault, review_order

_HOST = r"^https?://(?:www\.)?([^/:?#]+)"
IS_INCLUDED = Q(included=True)
IS_EDITED = ~Q(overrides={})


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


def order_totals(*, order: Order, reprints: Collection[str]) -> ReviewTotals:
    """The totals of an order's review without reading its lines; where some are not judged yet, these are read.

    `reprints` are what `vins_printed_meanwhile` gives.
    """
    lines = OrderLine.objects.filter(order=order).order_by("seq")
    found = with_warnings(lines.order_by()).aggregate(
        count_all=Count("pk"),
        count_warnings=Count("pk", filter=IS_INCLUDED & Q(is_warned=True)),
        count_edited=Count("pk", filter=IS_EDITED),
        count_left_out=Count("pk", filter=~IS_INCLUDED),
        unjudged=Count("pk", filter=Q(warnings=None)),
    )
    if found["unjudged"]:
        return review_order(order=order, reprints=reprints).totals
    counts = {show: found[f"count_{show}"] for show in SHOWS}
    stopping = lines.filter(IS_INCLUDED).exclude(~Q(vin__in=reprints), lacks="")
    return ReviewTotals(
        is_editable=order.is_editable,
        counts=counts,
        stopping=[Stop(seq, lacks or PRINTED_MEANWHILE) for seq, lacks in stopping.values_list("seq", "lacks")],
        fault=output_fault(order, counts["all"] - counts["left_out"]),
    )
