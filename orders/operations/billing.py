"""What is billed for a month, counted by the database."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db.models import Count, Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import USED, Condition
from orders.domain.billing import full_name
from orders.domain.billing_month import Figures, LeftOutVehicle, MonthBilling, OrderFigures, month_after
from orders.domain.lines import EntryOutcome
from orders.models import ListEntry, Order, OrderLine
from orders.operations.line_contents import line_content

_OF_LINES = ("produced", "new", "used", "certified", "duplicates", "left_out")
_OF_ENTRIES = ("ordered", "not_on_website")


def month_billing(*, month: date) -> MonthBilling:
    """The orders completed in the month that begins on that day, at the shop's clock, with what they are billed for.

    Done orders count, void ones do not. Ordered are the typed entries without repeats, for a CAO its lines; the same
    numbers stand on the billing sheets of the orders.
    """
    done = Order.objects.done().filter(completed_at__gte=_start(month), completed_at__lt=_start(month_after(month)))
    rows = list(done.select_related("dealership").order_by("dealership__name", "completed_at", "pk"))
    keys = [order.pk for order in rows]
    lines, entries = _line_counts(keys), _entry_counts(keys)
    orders = tuple(_order_figures(order, lines.get(order.pk, {}), entries.get(order.pk, {})) for order in rows)
    return MonthBilling(month=month, orders=orders, left_out=_left_out(orders))


def _start(month: date) -> datetime:
    return timezone.make_aware(datetime(month.year, month.month, month.day))  # noqa: DTZ001 - made aware here


def _line_counts(orders: Iterable[int]) -> Mapping[int, Mapping[str, int]]:
    """Counts of lines by order; a condition corrected in review counts as corrected."""
    included = Q(included=True)
    counted = (
        OrderLine.objects.filter(order__in=orders)
        .annotate(printed_as=Coalesce(KT("overrides__condition"), Cast("condition", TextField())))
        .order_by()
        .values("order_id")
        .annotate(
            produced=Count("pk", filter=included),
            new=Count("pk", filter=included & Q(printed_as=Condition.NEW)),
            used=Count("pk", filter=included & Q(printed_as__in=USED)),
            certified=Count("pk", filter=included & Q(printed_as=Condition.CERTIFIED)),
            duplicates=Count("pk", filter=included & Q(is_duplicate=True)),
            left_out=Count("pk", filter=~included),
        )
    )
    rows = counted.values_list("order_id", *_OF_LINES)
    return {order_id: dict(zip(_OF_LINES, counts, strict=True)) for order_id, *counts in rows}


def _entry_counts(orders: Iterable[int]) -> Mapping[int, Mapping[str, int]]:
    """Counts of typed entries by order; two entries that led to one VIN were ordered once."""
    counted = (
        ListEntry.objects.filter(order__in=orders)
        .exclude(outcome=EntryOutcome.DUPLICATE_ENTRY)
        .annotate(wanted=Coalesce(NullIf("vin", Value("")), "text"))
        .order_by()
        .values("order_id")
        .annotate(
            ordered=Count("wanted", distinct=True),
            not_on_website=Count("wanted", distinct=True, filter=Q(outcome=EntryOutcome.NOT_ON_WEBSITE)),
        )
    )
    rows = counted.values_list("order_id", *_OF_ENTRIES)
    return {order_id: dict(zip(_OF_ENTRIES, counts, strict=True)) for order_id, *counts in rows}


def _order_figures(order: Order, lines: Mapping[str, int], entries: Mapping[str, int]) -> OrderFigures:
    typed = {"ordered": lines.get("produced", 0)} if order.kind == OrderKind.CAO else entries
    return OrderFigures(
        order_id=order.pk,
        order_number=order.order_number,
        kind=order.get_kind_display(),
        dealership_id=order.dealership_id,
        dealership=order.dealership.name,
        completed_at=timezone.localtime(order.completed_at),
        figures=Figures(orders=1, **lines, **typed),
    )


def _left_out(orders: Iterable[OrderFigures]) -> tuple[LeftOutVehicle, ...]:
    by_id = {order.order_id: order for order in orders}
    places = {order_id: place for place, order_id in enumerate(by_id)}
    lines = OrderLine.objects.filter(order__in=list(by_id), included=False)
    return tuple(
        LeftOutVehicle(
            order=by_id[line.order_id],
            vin=line.vin,
            vehicle=full_name(content),
            stock=content.stock,
            reason=line.exclusion_reason,
        )
        for line in sorted(lines, key=lambda line: (places[line.order_id], line.seq))
        for content in [line_content(line, seq=line.seq)]
    )
