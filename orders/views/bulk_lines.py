"""Several lines at once, and undo: what the bar of selected rows and the Undo buttons do."""

import re
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from foundation.errors import SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.line_changes import rows_in_words
from orders.forms.orders import LinesForm
from orders.models import Order
from orders.operations.presenting import as_typed, text_as_kept
from orders.operations.reviewing import LineErrors, LinesOutcome, edit_lines, leave_out_lines, put_back_lines
from orders.operations.undoing import overrides_seen, undo_lines
from orders.views.answers import get_order, status_of
from orders.views.line_answers import answer_done, answer_lines, conflict_panel, undo_address
from orders.views.lines import CONFLICT

_ROW = re.compile(r"([1-9][0-9]{0,5})-([1-9][0-9]{0,8})")
EDIT, LEAVE_OUT, PUT_BACK = "edit", "leave-out", "put-back"


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def order_lines(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Edit, leave out or put back the selected rows at the versions that the page showed."""
    order, form = get_order(pk), LinesForm(request.POST)
    rows = filter(None, map(_ROW.fullmatch, request.POST.getlist("line")))
    versions = {int(row[1]): int(row[2]) for row in rows}
    deed = _deed(request, form)
    if not form.is_valid():
        return _panel(request, order, form, deed, versions)
    try:
        outcome = _do(deed, order, versions, form, request)
    except LineErrors as error:
        for name, message in error.fields.items():
            form.add_error(name, message)
        return _panel(request, order, form, deed, versions)
    except SilverFoxError as error:
        return _panel(request, order, form, deed, versions, status=status_of(error), alert=error.message)
    said = _said(deed, outcome, form)
    if outcome.conflicts:
        return _conflicts(request, order, outcome, said, versions=versions, form=form if deed == EDIT else None)
    return answer_done(request, order, outcome, said, out_of_band=True)


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def order_undo(request: AuthenticatedRequest, pk: int, event_pk: int) -> HttpResponse:
    """Take back what this person did to lines."""
    order = get_order(pk)
    try:
        outcome = undo_lines(order=order, event_id=event_pk, actor=request.user)
    except SilverFoxError as error:
        return answer_lines(request, order, [], status=status_of(error), alert=error.message, out_of_band=True)
    return answer_done(request, order, outcome, f"Undone: {_undone(outcome)}.", out_of_band=True)


def _undone(outcome: LinesOutcome) -> str:
    return outcome.event.detail if outcome.event else ""


def _deed(request: AuthenticatedRequest, form: LinesForm) -> str:
    """What is asked for; Enter in the reason means to leave out, though it presses the form's first button."""
    deed = request.POST.get("do", EDIT)
    is_reason_only = form["reason"].data and not any(form[field.name].data for field, _ in form.edits())
    return LEAVE_OUT if deed == EDIT and is_reason_only and not form.cleared else deed


def _do(
    deed: str, order: Order, versions: dict[int, int], form: LinesForm, request: AuthenticatedRequest
) -> LinesOutcome:
    wanted: dict[str, Any] = {"order": order, "versions": versions, "actor": request.user}
    if deed == LEAVE_OUT:
        return leave_out_lines(**wanted, reason=form.cleaned_data["reason"])
    if deed == PUT_BACK:
        return put_back_lines(**wanted)
    changes = form.changes()
    if not changes:
        raise LineErrors({"make": "Nothing is typed and nothing is cleared. A blank field keeps what each row has."})
    return edit_lines(**wanted, changes=changes)


def _said(deed: str, outcome: LinesOutcome, form: LinesForm) -> str:
    """What was done in one line."""
    count = len(outcome.changed)
    if not count:
        return "Nothing changed."
    if deed == EDIT:
        return f"{count} row{'s' if count > 1 else ''} saved."
    vehicles = f"{count} vehicle{'s' if count > 1 else ''}"
    if deed == LEAVE_OUT:
        return f"{vehicles} left out: {' '.join(form.cleaned_data['reason'].split())}."
    return f"{vehicles} in the order again."


def _panel(
    request: AuthenticatedRequest,
    order: Order,
    form: LinesForm,
    deed: str,
    versions: dict[int, int],
    *,
    status: int = 422,
    **said: Any,
) -> HttpResponse:
    """The bar as it was sent, with what is wrong; the rows stay selected."""
    said |= {"lines_form": form, "open_panel": deed, "out_of_band": True, "chosen": set(versions)}
    return answer_lines(request, order, [], status=status, **said)


def _conflicts(
    request: AuthenticatedRequest,
    order: Order,
    outcome: LinesOutcome,
    said: str,
    *,
    versions: dict[int, int],
    form: LinesForm | None,
) -> HttpResponse:
    """Name the rows that somebody saved meanwhile, each with both values to choose from; the others are done."""
    mine = {name: text_as_kept(name, text) for name, text in form.changes().items()} if form else {}
    seqs = [line.seq for line in outcome.conflicts]
    seen = overrides_seen(order=order, versions={seq: versions[seq] for seq in seqs})
    opened = {}
    for line in outcome.conflicts:
        overrides = seen.get(line.seq, line.overrides)
        was = {name: as_typed(name, overrides.get(name, getattr(line, name, ""))) for name in mine}
        opened[line.seq] = conflict_panel(line, was=was, mine=mine)
    one = len(seqs) == 1
    alert = (
        f"{'Row' if one else 'Rows'} {rows_in_words(seqs)} {'was' if one else 'were'} saved by somebody else meanwhile "
        f"and {'was' if one else 'were'} not changed by you. The rest: {said}"
    )
    undo = undo_address(request, order, outcome)
    if not request.headers.get("HX-Request"):
        messages.success(request, said, extra_tags=undo)
    rows = sorted([*outcome.conflicts, *outcome.done], key=attrgetter("seq"))
    more: dict[str, Any] = {"saved": [line.seq for line in outcome.changed], "said": said, "said_undo": undo}
    return answer_lines(request, order, rows, status=CONFLICT, opened=opened, alert=alert, out_of_band=True, **more)
