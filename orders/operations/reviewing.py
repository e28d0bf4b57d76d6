"""Review: edits belong to the lines and are saved at once; two editors never overwrite each other."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from foundation.errors import BadInput, Refused
from orders.domain.line_changes import STATE_FIELDS, LineChange, change_between, rows_in_words
from orders.domain.overrides import EDITABLE_FIELDS, OverrideError, read_override
from orders.domain.states import OrderState
from orders.models import Order, OrderEvent, OrderLine
from orders.operations.judging import judge_lines
from orders.operations.transitions import lock_order, move_order, record_event

Versions = Mapping[int, int]
_SAVED_FIELDS = (*STATE_FIELDS, "version", "lacks", "warnings")


class LineConflict(Refused):
    """Somebody else saved the line after it was read; nothing was overwritten."""

    default_code = "line_conflict"


class LineErrors(BadInput):
    """Values that a line cannot take; `fields` has the message by field name."""

    default_code = "line_errors"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()), detail={"fields": fields})
        self.fields = fields


@dataclass(frozen=True)
class LinesOutcome:
    """What came of an action on several lines: those that are now as was wished, and those that others had saved.

    `changed` are the ones among `done` that were not so before; `event` is what can be undone, None without any.
    """

    done: Sequence[OrderLine]
    changed: Sequence[OrderLine]
    conflicts: Sequence[OrderLine]
    event: OrderEvent | None = None


def edit_lines(
    *, order: Order, versions: Versions, changes: Mapping[str, str], actor: User | None = None
) -> LinesOutcome:
    """Save the same typed values as overrides of several lines; a value equal to the site's own is no override.

    `versions` are the versions that the person saw, by the number of the line: a line that somebody saved meanwhile is
    left as it is and among the conflicts. Raises `LineErrors`, `BadInput` for a line that the order does not have or
    for no line, and `Refused` when the order is not in review.
    """
    values = _read_values(changes)

    def edit(line: OrderLine) -> None:
        for name, value in values.items():
            line.overrides.pop(name, None)
            if value != _site_value(line, name):
                line.overrides[name] = value

    return _change_lines(order, versions, edit, action="edit line", words=_edit_words, actor=actor)


def leave_out_lines(*, order: Order, versions: Versions, reason: str, actor: User | None = None) -> LinesOutcome:
    """Take lines out of the order; they stay visible with their reason. Raises as `edit_lines`."""
    reason = " ".join(reason.split())
    if not reason:
        raise LineErrors({"reason": "Say why, for example sold."})

    def leave_out(line: OrderLine) -> None:
        if line.included:
            line.included, line.exclusion_reason = False, reason

    return _change_lines(order, versions, leave_out, action="leave out", words=lambda *_: reason, actor=actor)


def put_back_lines(*, order: Order, versions: Versions, actor: User | None = None) -> LinesOutcome:
    """Take left-out lines in again. Raises as `edit_lines`."""

    def put_back(line: OrderLine) -> None:
        line.included, line.exclusion_reason = True, ""

    return _change_lines(order, versions, put_back, action="put back", words=lambda *_: "", actor=actor)


def reset_lines(*, order: Order, versions: Versions, actor: User | None = None) -> LinesOutcome:
    """Give lines the site's own values back. Raises as `edit_lines`."""

    def words(_: Sequence[OrderLine], changes: Sequence[LineChange]) -> str:
        reset = {name for change in changes for name in change.edited}
        return f"back to the site's {', '.join(name for name in EDITABLE_FIELDS if name in reset)}"

    return _change_lines(
        order, versions, lambda line: line.overrides.clear(), action="edit line", words=words, actor=actor
    )


def confirm_reprints(*, order: Order, versions: Versions, actor: User | None = None) -> LinesOutcome:
    """Let CAO lines be printed although their VINs were logged meanwhile. Raises as `edit_lines`."""

    def confirm(line: OrderLine) -> None:
        line.reprint_confirmed = True

    return _change_lines(order, versions, confirm, action="confirm reprint", words=lambda *_: "", actor=actor)


def edit_line(*, line: OrderLine, version: int, changes: Mapping[str, str], actor: User | None = None) -> OrderLine:
    """`edit_lines` for one line, which it gives back; raises `LineConflict` when `version` is not the line's."""
    return _only(line, edit_lines(order=line.order, versions={line.seq: version}, changes=changes, actor=actor))


def leave_out_line(*, line: OrderLine, version: int, reason: str, actor: User | None = None) -> OrderLine:
    """`leave_out_lines` for one line. Raises as `edit_line`."""
    return _only(line, leave_out_lines(order=line.order, versions={line.seq: version}, reason=reason, actor=actor))


def put_back_line(*, line: OrderLine, version: int, actor: User | None = None) -> OrderLine:
    """`put_back_lines` for one line. Raises as `edit_line`."""
    return _only(line, put_back_lines(order=line.order, versions={line.seq: version}, actor=actor))


def reset_line(*, line: OrderLine, version: int, actor: User | None = None) -> OrderLine:
    """`reset_lines` for one line. Raises as `edit_line`."""
    return _only(line, reset_lines(order=line.order, versions={line.seq: version}, actor=actor))


def confirm_reprint(*, line: OrderLine, version: int, actor: User | None = None) -> OrderLine:
    """`confirm_reprints` for one line. Raises as `edit_line`."""
    return _only(line, confirm_reprints(order=line.order, versions={line.seq: version}, actor=actor))


def _only(line: OrderLine, outcome: LinesOutcome) -> OrderLine:
    if outcome.conflicts:
        raise LineConflict(f"Line {line.seq} was saved by somebody else while you were editing it.")
    return outcome.done[0]


def _read_values(changes: Mapping[str, str]) -> dict[str, Any]:
    values, errors = {}, {}
    for name, text in changes.items():
        try:
            values[name] = read_override(name, text, year_now=timezone.localdate().year)
        except OverrideError as error:
            errors[name] = str(error)
    if errors:
        raise LineErrors(errors)
    return values


def _site_value(line: OrderLine, name: str) -> Any:
    if name in {"features", "headline"}:
        return ""
    value = getattr(line, name)
    return str(value) if name == "price" and value is not None else value


_Words = Callable[[Sequence[OrderLine], Sequence[LineChange]], str]


def _change_lines(
    order: Order,
    versions: Versions,
    change: Callable[[OrderLine], None],
    *,
    action: str,
    words: _Words,
    actor: User | None,
) -> LinesOutcome:
    with transaction.atomic():
        locked, lines = lock_lines(order, versions)
        conflicts = [line for line in lines if line.version != versions[line.seq]]
        wished = [line for line in lines if line.version == versions[line.seq]]
        before = [state_of(line) for line in wished]
        for line in wished:
            change(line)
        changed, changes = save_lines(locked, wished, before)
        event = None
        if changes:
            detail = ": ".join(filter(None, [_names(changed), words(changed, changes)]))
            data = [item.as_data() for item in changes]
            event = record_event(locked, action, actor=actor, detail=detail, line_changes=data)
    return LinesOutcome(wished, changed, conflicts, event)


def lock_lines(order: Order, seqs: Sequence[int] | Versions) -> tuple[Order, list[OrderLine]]:
    """The order and these lines of it, locked; to be called in a transaction.

    Raises `BadInput` for no line and for one that is not the order's, `Refused` when the order is not in review.
    """
    locked = lock_order(order.pk)
    if not locked.is_editable:
        raise Refused(
            f"Order {locked.pk} is {locked.state}; its lines are fixed. Send it back to review to edit.",
            code="not_in_review",
        )
    if not seqs:
        raise BadInput("No row is selected. Tick at least one.", code="no_lines")
    lines = list(OrderLine.objects.select_for_update().filter(order=locked, seq__in=list(seqs)).order_by("seq"))
    if len(lines) < len(seqs):
        unknown = sorted(set(seqs) - {line.seq for line in lines})
        raise BadInput(f"Order {locked.pk} has no row {rows_in_words(unknown)}.", code="unknown_line")
    for line in lines:
        line.order = locked
    return locked, lines


def state_of(line: OrderLine) -> dict[str, Any]:
    """What review may change of a line, as it is now."""
    return {name: deepcopy(getattr(line, name)) for name in STATE_FIELDS}


def save_lines(
    order: Order, lines: Sequence[OrderLine], before: Sequence[Mapping[str, Any]]
) -> tuple[list[OrderLine], list[LineChange]]:
    """Save those of the locked lines that differ from their state before, each with its next version."""
    changed, changes = [], []
    for line, was in zip(lines, before, strict=True):
        change = change_between(was, state_of(line), seq=line.seq, version=line.version + 1)
        if change:
            line.version += 1
            changed.append(line)
            changes.append(change)
    if changed:
        judge_lines(order=order, lines=changed)
        _save(changed)
    return changed, changes


def _save(lines: Sequence[OrderLine]) -> None:
    if len(lines) == 1:  # the usual case, for which a statement that tells lines apart takes twice as long
        lines[0].save(update_fields=_SAVED_FIELDS)
    else:
        OrderLine.objects.bulk_update(lines, _SAVED_FIELDS)


def _names(lines: Sequence[OrderLine]) -> str:
    if len(lines) == 1:
        return f"line {lines[0].seq}, VIN {lines[0].vin}"
    return f"{len(lines)} lines, {rows_in_words([line.seq for line in lines])}"


def _edit_words(lines: Sequence[OrderLine], changes: Sequence[LineChange]) -> str:
    """Old and new values of one line; of several lines, which may have had different ones, the new ones."""
    if len(lines) == 1:
        old = changes[0].before["overrides"]
        return ", ".join(
            f"{name} {_value(lines[0], old, name)!r} to {_value(lines[0], lines[0].overrides, name)!r}"
            for name in changes[0].edited
        )
    edited = {
        name: _value(line, line.overrides, name) for line, c in zip(lines, changes, strict=True) for name in c.edited
    }
    return ", ".join(f"{name} to {edited[name]!r}" for name in EDITABLE_FIELDS if name in edited)


def _value(line: OrderLine, overrides: Mapping[str, Any], name: str) -> Any:
    return overrides.get(name, _site_value(line, name))


def send_back_to_review(*, order: Order, actor: User | None = None) -> Order:
    """Make the lines of an approved or failed order editable again; its order number stays."""
    with transaction.atomic():
        locked = lock_order(order.pk)
        move_order(locked, OrderState.REVIEW, action="back to review", actor=actor)
    return locked
