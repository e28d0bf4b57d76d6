"""What an order would print as it stands, and whether anything keeps it from being printed."""

from collections import Counter

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import Refused
from inventory.domain.urls import host_of
from orders.domain.lines import (
    EntryOutcome,
    LeftOutContent,
    ListEntryContent,
    OrderContent,
    OutputSettings,
    settings_from_json,
)
from orders.domain.rendering import RenderError, render_line, template_for
from orders.models import OpenVin, Order, OrderLine, OutputTemplateVersion, VinLogEntry
from orders.operations.line_contents import line_content


def order_content(order: Order) -> OrderContent:
    """Everything that the order's files are made from."""
    lines = list(order.lines.order_by("seq"))
    included = [line for line in lines if line.included]
    return OrderContent(
        kind=OrderKind(order.kind),
        order_number=order.order_number,
        completed_at=timezone.localtime(order.completed_at),
        dataset_id=order.dataset_id,
        settings=order_settings(order),
        lines=tuple(line_content(line, seq=seq) for seq, line in enumerate(included, start=1)),
        left_out=tuple(
            LeftOutContent(line=line_content(line, seq=line.seq), reason=line.exclusion_reason)
            for line in lines
            if not line.included
        ),
        entries=tuple(
            ListEntryContent(text=entry.text, outcome=EntryOutcome(entry.outcome), vin=entry.vin)
            for entry in order.entries.all()
        ),
        excluded=order.excluded,
    )


def order_settings(order: Order) -> OutputSettings:
    """The settings that the order was prepared with, output templates included."""
    chosen = {order.template_version_new_id, order.template_version_used_id}
    versions = OutputTemplateVersion.objects.select_related("output_template").in_bulk(chosen)
    return settings_from_json(
        order.output_settings,
        new=versions[order.template_version_new_id].as_output_template(),
        used=versions[order.template_version_used_id].as_output_template(),
    )


def require_printable(*, order: Order) -> None:
    """Raise `Refused` unless every included line can be printed now, naming lines, columns and remedy."""
    content = order_content(order)
    if not content.lines:
        raise Refused("Every line is left out; put one back or cancel the order.", code="no_lines")
    problems = line_problems(content)
    if problems:
        raise Refused(" ".join(problems), code="empty_required_field", detail={"problems": problems})
    require_not_printed_meanwhile(order=order)


def line_problems(content: OrderContent) -> list[str]:
    """Why lines cannot be printed as they stand, one sentence for each of them."""
    problems = []
    for line in content.lines:
        try:
            render_line(line, template_for(line, content.settings), content)
        except RenderError as error:
            problems.append(error.message)
    return problems


def require_not_printed_meanwhile(*, order: Order) -> None:
    """Raise `Refused` naming the VINs of `vins_printed_meanwhile`, if there are any."""
    found = sorted(vins_printed_meanwhile(order=order))
    if found:
        raise Refused(
            f"Printed or ordered elsewhere since this order was prepared: {', '.join(found)}. "
            "Leave these lines out, or confirm a reprint in review.",
            code="printed_meanwhile",
            detail={"vins": found},
        )


def vins_printed_meanwhile(*, order: Order) -> set[str]:
    """VINs of CAO lines that were logged, or taken by another order, since the preparation, and nobody confirmed.

    Asked in one statement: an order that completes meanwhile gives its VINs from one to the other.
    """
    lines = order.lines.filter(included=True, reprint_confirmed=False, sources__contains=["CAO"])
    taken = Q(Exists(_taken_apart(order).filter(vin=OuterRef("vin"))))
    return set(lines.filter(logged_apart(order) | taken).values_list("vin", flat=True))


def logged_apart(order: Order) -> Q:
    """Of a line of the order: whether its VIN is in the dealership's log by another order or by a file."""
    entries = VinLogEntry.objects.in_force().filter(dealership=order.dealership_id, vin=OuterRef("vin"))
    return Q(Exists(entries.exclude(order=order)))


def vins_taken_apart(*, order: Order) -> set[str]:
    """VINs that other open orders of the dealership have taken.

    To be asked before the log: what an order that completes in between has taken is then known by one of the two.
    """
    return set(_taken_apart(order).values_list("vin", flat=True))


def _taken_apart(order: Order) -> QuerySet[OpenVin]:
    return OpenVin.objects.filter(dealership=order.dealership_id).exclude(order=order)


def unapproved_hosts(*, order: Order) -> dict[str, int]:
    """Hosts of included lines' addresses that the dealership does not list, with their lines; none without a list."""
    if not order.dealership.approved_hosts:
        return {}
    hosts = (unapproved_host(line, order.dealership) for line in order.lines.filter(included=True))
    return dict(Counter(host for host in hosts if host))


def unapproved_host(line: OrderLine, dealership: Dealership) -> str:
    """The host of a line's address when the dealership lists hosts and not this one; empty otherwise."""
    if not dealership.approved_hosts:
        return ""
    host = host_of(line.overrides.get("url", line.url)).removeprefix("www.")
    return "" if host in dealership.approved_hosts else host
