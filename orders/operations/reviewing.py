"""Review: edits belong to the line and are saved at once; two editors never overwrite each other."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from foundation.errors import BadInput, Refused
from orders.domain.lines import LineContent
from orders.domain.overrides import EDITABLE_FIELDS, OverrideError, effective, read_override
from orders.domain.states import OrderState
from orders.models import Order, OrderLine
from orders.operations.transitions import lock_order, move_order, record_event


class LineConflict(Refused):
    """Somebody else saved the line after it was read; nothing was overwritten."""

    default_code = "line_conflict"


class LineErrors(BadInput):
    """Values that a line cannot take; `fields` has the message by field name."""

    default_code = "line_errors"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()), detail={"fields": fields})
        self.fields = fields


def edit_line(*, line: OrderLine, version: int, changes: Mapping[str, str], actor: User | None = None) -> OrderLine:
    """Save typed values as overrides; a value equal to the site's own is no override.

    Raises `LineErrors`, `LineConflict` when `version` is not the line's, `Refused` when the order is not in review.
    """
    values, errors = {}, {}
    for name, text in changes.items():
        try:
            values[name] = read_override(name, text, year_now=timezone.localdate().year)
        except OverrideError as error:
            errors[name] = str(error)
    if errors:
        raise LineErrors(errors)
    with transaction.atomic():
        fresh = _lock_line(line, version)
        before = dict(fresh.overrides)
        for name, value in values.items():
            fresh.overrides.pop(name, None)
            if value != _site_value(fresh, name):
                fresh.overrides[name] = value
        if fresh.overrides == before:
            return fresh
        _save(fresh, ["overrides"])
        changed = [name for name in EDITABLE_FIELDS if before.get(name) != fresh.overrides.get(name)]
        words = ", ".join(f"{name} {_word(before, fresh, name)}" for name in changed)
        record_event(fresh.order, "edit line", actor=actor, detail=f"line {fresh.seq}, VIN {fresh.vin}: {words}")
    return fresh


def _word(before: Mapping[str, Any], line: OrderLine, name: str) -> str:
    old = before.get(name, _site_value(line, name))
    return f"{old!r} to {line.overrides.get(name, _site_value(line, name))!r}"


def _site_value(line: OrderLine, name: str) -> Any:
    if name in {"features", "headline"}:
        return ""
    value = getattr(line, name)
    return str(value) if name == "price" and value is not None else value


def reset_line(*, line: OrderLine, version: int, actor: User | None = None) -> OrderLine:
    """Give a line the site's own values back. Raises as `edit_line`."""
    with transaction.atomic():
        fresh = _lock_line(line, version)
        if not fresh.overrides:
            return fresh
        words = ", ".join(fresh.overrides)
        fresh.overrides = {}
        _save(fresh, ["overrides"])
        detail = f"line {fresh.seq}, VIN {fresh.vin}: back to the site's {words}"
        record_event(fresh.order, "edit line", actor=actor, detail=detail)
    return fresh


def leave_out_line(*, line: OrderLine, version: int, reason: str, actor: User | None = None) -> OrderLine:
    """Take a line out of the order; it stays visible with its reason. Raises as `edit_line`."""
    reason = " ".join(reason.split())
    if not reason:
        raise LineErrors({"reason": "Say why, for example sold."})
    return _include(line, version, included=False, reason=reason, actor=actor)


def put_back_line(*, line: OrderLine, version: int, actor: User | None = None) -> OrderLine:
    """Take a left-out line in again. Raises as `edit_line`."""
    return _include(line, version, included=True, reason="", actor=actor)


def _include(line: OrderLine, version: int, *, included: bool, reason: str, actor: User | None) -> OrderLine:
    with transaction.atomic():
        fresh = _lock_line(line, version)
        if fresh.included == included:
            return fresh
        fresh.included, fresh.exclusion_reason = included, reason
        _save(fresh, ["included", "exclusion_reason"])
        action = "put back" if included else "leave out"
        detail = f"line {fresh.seq}, VIN {fresh.vin}" + (f": {reason}" if reason else "")
        record_event(fresh.order, action, actor=actor, detail=detail)
    return fresh


def confirm_reprint(*, line: OrderLine, version: int, actor: User | None = None) -> OrderLine:
    """Let a CAO line be printed although its VIN was logged meanwhile. Raises as `edit_line`."""
    with transaction.atomic():
        fresh = _lock_line(line, version)
        fresh.reprint_confirmed = True
        _save(fresh, ["reprint_confirmed"])
        record_event(fresh.order, "confirm reprint", actor=actor, detail=f"line {fresh.seq}, VIN {fresh.vin}")
    return fresh


def _lock_line(line: OrderLine, version: int) -> OrderLine:
    order = lock_order(line.order_id)
    if not order.is_editable:
        raise Refused(
            f"Order {order.pk} is {order.state}; its lines are fixed. Send it back to review to edit.",
            code="not_in_review",
        )
    fresh = OrderLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
    fresh.order = order
    if fresh.version != version:
        raise LineConflict(f"Line {fresh.seq} was saved by somebody else while you were editing it.")
    return fresh


def _save(line: OrderLine, fields: list[str]) -> None:
    line.version += 1
    line.save(update_fields=[*fields, "version"])


def line_content(line: OrderLine, *, seq: int) -> LineContent:
    """A line as it will be printed: the snapshot with the reviewer's values, at position `seq` of the files."""
    snapshot = {name: getattr(line, name) for name in _SNAPSHOT}
    return LineContent(
        seq=seq,
        vin=line.vin,
        sources=tuple(line.sources),
        is_placeholder=line.is_placeholder,
        is_duplicate=line.is_duplicate,
        raw=line.raw,
        **effective({**snapshot, "features": "", "headline": ""}, line.overrides),
    )


_SNAPSHOT = (
    "condition",
    "stock",
    "year",
    "make",
    "model",
    "trim",
    "ext_color",
    "body_style",
    "fuel_type",
    "raw_status",
    "price",
    "msrp",
    "date_in_stock",
    "street_address",
    "locality",
    "postal_code",
    "region",
    "url",
)


def send_back_to_review(*, order: Order, actor: User | None = None) -> Order:
    """Make the lines of an approved or failed order editable again; its order number stays."""
    with transaction.atomic():
        locked = lock_order(order.pk)
        move_order(locked, OrderState.REVIEW, action="back to review", actor=actor)
    return locked
