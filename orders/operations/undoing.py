"""Undo: what somebody did to lines in review is taken back by an action of its own, while nothing came after it."""

from collections.abc import Sequence
from copy import deepcopy

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from foundation.errors import Refused
from orders.domain.line_changes import LineChange, change_words, read_changes, rows_in_words
from orders.models import Order, OrderEvent, OrderLine
from orders.operations.reviewing import LinesOutcome, lock_lines, save_lines, state_of
from orders.operations.transitions import record_event


def undoable_event(*, order: Order, actor: User) -> OrderEvent | None:
    """The last thing that this person did to lines of the order and has not undone; none outside review."""
    if not order.is_editable:
        return None
    own = OrderEvent.objects.filter(order=order, actor=actor, undoes=None, undone_by=None)
    return own.exclude(line_changes=[]).last()


def undo_lines(*, order: Order, event_id: int, actor: User) -> LinesOutcome:
    """Give the lines of an event of this person the state back that they had before it, all of them or none.

    The lines are told by what the event left them as, so that several actions can be undone one after the other.
    Raises `Refused` when there is nothing to undo, when it is undone already, when one of the lines was changed
    since, and when the order is not in review.
    """
    with transaction.atomic():
        event = OrderEvent.objects.filter(order=order, pk=event_id, actor=actor, undoes=None).first()
        changes = read_changes(event.line_changes) if event else []
        if not event or not changes:
            raise Refused("There is nothing of yours to undo here. Load the page again.", code="nothing_to_undo")
        locked, lines = lock_lines(order, [change.seq for change in changes])
        _require_not_undone(event)
        _require_unchanged(locked, lines, changes)
        before = [state_of(line) for line in lines]
        for line, change in zip(lines, changes, strict=True):
            for name, value in change.before.items():
                setattr(line, name, deepcopy(value))
        changed, undone = save_lines(locked, lines, before)
        own = record_event(
            locked,
            "undo",
            actor=actor,
            detail=change_words(changes),
            line_changes=[change.as_data() for change in undone],
            undoes=event,
        )
    return LinesOutcome(changed, changed, (), own)


def _require_not_undone(event: OrderEvent) -> None:
    """Behind the lock of the order: whoever was first has committed."""
    earlier = OrderEvent.objects.filter(undoes=event).first()
    if earlier:
        at = timezone.localtime(earlier.at)
        raise Refused(f"That was undone already at {at:%H:%M}. Nothing was done again.", code="already_undone")


def _require_unchanged(order: Order, lines: Sequence[OrderLine], changes: Sequence[LineChange]) -> None:
    touched = [
        line.seq
        for line, change in zip(lines, changes, strict=True)
        if any(getattr(line, name) != value for name, value in change.after.items())
    ]
    if touched:
        one = len(touched) == 1
        later = last_change(order=order, seq=touched[0])
        who = f", by {later.actor} at {timezone.localtime(later.at):%H:%M}" if later and later.actor else ""
        raise Refused(
            f"{'Row' if one else 'Rows'} {rows_in_words(touched)} {'was' if one else 'were'} changed since{who}, so "
            f"nothing was undone. Edit {'the row' if one else 'the rows'} instead.",
            code="changed_since",
        )


def last_change(*, order: Order, seq: int) -> OrderEvent | None:
    """The event by which somebody last changed a line."""
    events = OrderEvent.objects.filter(order=order, line_changes__contains=[{"seq": seq}])
    return events.select_related("actor").last()


def overrides_seen(*, order: Order, versions: dict[int, int]) -> dict[int, dict[str, object]]:
    """The overrides that lines had at those versions, by the number of the line, as far as it is on record."""
    seen: dict[int, dict[str, object]] = {}
    for data in order.events.exclude(line_changes=[]).order_by("pk").values_list("line_changes", flat=True):
        for change in read_changes(data):
            # The first change behind the version that touched the overrides tells what they were.
            if change.seq in versions and change.version > versions[change.seq] and "overrides" in change.before:
                seen.setdefault(change.seq, change.before["overrides"])
    return seen
