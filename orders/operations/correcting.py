"""Correction: a changed line after completion is a new order that names the done one and prints the line again."""

import uuid
from collections.abc import Collection, Sequence

from django.contrib.auth.models import User
from django.db import transaction

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from orders.domain.lines import EntryOutcome, settings_to_json
from orders.domain.states import OrderState
from orders.models import ListEntry, OpenVin, Order, OrderLine, OutputTemplateVersion
from orders.operations.judging import judge_lines
from orders.operations.output_templates import ChosenVersions, choose_versions
from orders.operations.preparing import OrderRequest, output_settings, require_orderable
from orders.operations.transitions import lock_order, move_order, record_event

_NAMED = 5


def create_correction(
    *,
    order: Order,
    seqs: Collection[int],
    reason: str,
    actor: User | None = None,
    idempotency_key: uuid.UUID | None = None,
) -> Order:
    """Prepare a LIST order for review that prints the lines `seqs` of a done order again; gives the new order.

    The lines are copied as they were printed, reviewer's values included, and each counts as a confirmed reprint;
    output templates and settings are the dealership's of today. The same `idempotency_key` gives the same order again.
    Raises `BadInput` for no reason, no line, or a line that was not printed, and `Refused` for an order that is not
    done, an inactive dealership, and an open order in the way.
    """
    key, reason = idempotency_key or uuid.uuid4(), " ".join(reason.split())
    if not reason:
        raise BadInput("Say what is to be corrected (--reason).", code="reason_needed")
    with transaction.atomic():
        dealership = Dealership.objects.select_for_update().get(pk=order.dealership_id)
        existing = Order.objects.filter(idempotency_key=key).first()
        if existing:
            return existing
        first = lock_order(order.pk)
        require_correctable(order=first)
        lines = _printed_lines(first, seqs)
        require_orderable(OrderRequest(dealership=dealership, kind=OrderKind.LIST))
        _require_free(dealership, [line.vin for line in lines])
        correction = _save(first, dealership, actor=actor, key=key)
        _record(first, correction, [line.seq for line in lines], reason=reason, actor=actor)
        _copy_lines(first, correction, lines)
    return correction


def printed_seqs(*, order: Order, vins: Collection[str] = ()) -> list[int]:
    """The numbers of the printed lines, or of those with these VINs. Raises `BadInput` for a VIN that has none."""
    seq_of = dict(order.lines.filter(included=True).values_list("vin", "seq"))
    wanted = [vin.strip().upper() for vin in vins]
    unknown = [vin for vin in wanted if vin not in seq_of]
    if unknown:
        raise BadInput(f"Order {order.pk} did not print {_some(unknown)}. Name VINs of its lines.", code="unknown_line")
    return [seq_of[vin] for vin in wanted] if vins else list(seq_of.values())


def require_correctable(*, order: Order) -> None:
    """Raise `Refused`, with what to do instead, for an order that is not done."""
    if order.state == OrderState.DONE:
        return
    advice = {
        OrderState.VOIDED: "Its vehicles may be printed again: prepare a new CAO or LIST order.",
        OrderState.CANCELLED: "Nothing of it was printed: prepare a new order.",
    }.get(OrderState(order.state), "Only a done order is corrected; change its lines in review.")
    raise Refused(f"Order {order.pk} is {order.state}. {advice}", code="not_done")


def _printed_lines(order: Order, seqs: Collection[int]) -> list[OrderLine]:
    if not seqs:
        raise BadInput("Choose at least one line to be printed again.", code="no_lines")
    lines = list(order.lines.filter(included=True, seq__in=seqs).order_by("seq"))
    unknown = sorted(set(seqs) - {line.seq for line in lines})
    if unknown:
        raise BadInput(
            f"Order {order.pk} did not print line {_some(unknown)}. Choose lines that it printed.",
            code="unknown_line",
        )
    return lines


def _require_free(dealership: Dealership, vins: Sequence[str]) -> None:
    taken = list(OpenVin.objects.filter(dealership=dealership, vin__in=vins).order_by("order", "vin"))
    if taken:
        orders = sorted({row.order_id for row in taken})
        raise Refused(
            f"In open order {', '.join(map(str, orders))} already: {_some([row.vin for row in taken])}. "
            "Complete or cancel it first, or correct the other lines.",
            code="vin_in_open_order",
            detail={"open_order_id": orders[0], "vins": [row.vin for row in taken]},
        )


def _save(first: Order, dealership: Dealership, *, actor: User | None, key: uuid.UUID) -> Order:
    versions = choose_versions(dealership=dealership)
    return Order.objects.create(
        dealership=dealership,
        kind=OrderKind.LIST,
        corrects=first,
        dataset=first.dataset,
        rules=first.rules,
        output_settings=settings_to_json(
            output_settings(dealership, new=versions.new.as_output_template(), used=versions.used.as_output_template())
        ),
        template_version_new=versions.new,
        template_version_used=versions.used,
        notices=[text for text in (versions.notice, _changed_layout(first, versions)) if text],
        idempotency_key=key,
        created_by=actor,
    )


def _changed_layout(first: Order, versions: ChosenVersions) -> str:
    """What review tells where another output template, or version of it, is in force than the first order had."""
    chosen = OutputTemplateVersion.objects.select_related("output_template")
    before = chosen.in_bulk({first.template_version_new_id, first.template_version_used_id})
    pairs = {
        (before[first.template_version_new_id], versions.new),
        (before[first.template_version_used_id], versions.used),
    }
    changed = sorted(f"{new}, before {old}" for old, new in pairs if old != new)
    return f"Printed by the output template of today: {'; '.join(changed)}." if changed else ""


def _record(first: Order, correction: Order, seqs: Sequence[int], *, reason: str, actor: User | None) -> None:
    lines = f"line{'s' if len(seqs) > 1 else ''} {_some(seqs)}"
    record_event(correction, "create", actor=actor, detail=f"corrects {first.in_words()}: {reason}")
    move_order(correction, OrderState.REVIEW, action="prepare", actor=actor, detail=f"{len(seqs)} lines")
    record_event(first, "correct", actor=actor, detail=f"order {correction.pk} prints {lines} again: {reason}")


def _copy_lines(first: Order, correction: Order, lines: Sequence[OrderLine]) -> None:
    for seq, line in enumerate(lines, start=1):
        line.pk, line.order, line.seq, line.version = None, correction, seq, 1
        line.reprint_confirmed, line.is_duplicate = True, False
    judge_lines(order=correction, lines=lines)
    OrderLine.objects.bulk_create(lines)
    OpenVin.objects.bulk_create(
        OpenVin(dealership=correction.dealership, vin=line.vin, order=correction) for line in lines
    )
    ListEntry.objects.bulk_create(
        ListEntry(
            order=correction,
            position=line.seq,
            text=line.vin,
            outcome=EntryOutcome.PLACEHOLDER if line.is_placeholder else EntryOutcome.PRODUCED,
            vin=line.vin,
            detail=f"corrects {first.in_words()}",
        )
        for line in lines
    )


def _some(names: Sequence[object]) -> str:
    more = len(names) - _NAMED
    return ", ".join(map(str, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")
