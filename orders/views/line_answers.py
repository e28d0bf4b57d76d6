"""What an action on lines answers: the changed rows as parts for htmx, the whole page or a redirect without script."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from foundation.roles import AuthenticatedRequest
from orders.domain.overrides import EDITABLE_FIELDS, FIELD_WORDS
from orders.models import Order, OrderEvent, OrderLine
from orders.operations.counting import review_part
from orders.operations.presenting import line_texts
from orders.operations.reviewing import LinesOutcome
from orders.operations.undoing import last_change
from orders.views.reviewing import Opened, query_of, review_address, review_context, review_page


def answer_lines(
    request: HttpRequest,
    order: Order,
    lines: Sequence[OrderLine],
    *,
    status: int = 200,
    opened: Opened | None = None,
    saved: Sequence[int] = (),
    event: OrderEvent | None = None,
    **said: Any,
) -> HttpResponse:
    """These lines, read in this request, with the counts of the page; `opened` tells what stands under them.

    A line that an address names replaces the row that asked; the lines of a selection find their own places.
    """
    if not request.headers.get("HX-Request"):
        return review_page(request, order, status=status, opened=opened or {}, **said)
    rows, totals = review_part(order=order, lines=lines, is_counted=request.method == "POST")
    context = {
        **review_context(request, order, totals, opened=opened, saved=saved, event=event),
        "rows": rows,
        **said,
    }
    return render(request, "orders/_lines_answer.html", context, status=status)


def answer_done(
    request: AuthenticatedRequest, order: Order, outcome: LinesOutcome, text: str, **said: Any
) -> HttpResponse:
    """Say what was done, with the address that undoes it, on the page that the action came from."""
    undo = undo_address(request, order, outcome)
    if request.headers.get("HX-Request"):
        saved = [line.seq for line in outcome.changed]
        event = outcome.event if undo else None
        return answer_lines(request, order, outcome.done, saved=saved, event=event, said=text, said_undo=undo, **said)
    messages.success(request, text, extra_tags=undo)
    anchor = f"#line-{outcome.done[0].seq}" if len(outcome.done) == 1 else ""
    return redirect(review_address(request, order) + anchor)


def undo_address(request: HttpRequest, order: Order, outcome: LinesOutcome) -> str:
    """Where an action can be undone; empty when it changed nothing or is an undo itself."""
    event = outcome.event
    if event is None or event.undoes_id:
        return ""
    return reverse("order_undo", args=[order.pk, event.pk]) + query_of(request)


def conflict_panel(line: OrderLine, *, was: dict[str, str], mine: dict[str, str]) -> dict[str, Any]:
    """What stands under a line that somebody saved meanwhile: values to choose from, or a sentence where all agree."""
    theirs = line_texts(line)
    fields = [
        {
            "name": name,
            "word": FIELD_WORDS[name].capitalize(),
            "was": was.get(name, ""),
            "mine": mine[name],
            "theirs": theirs[name],
            "is_mine": mine[name] != was.get(name, ""),
        }
        for name in EDITABLE_FIELDS
        if name in mine and mine[name] != theirs[name]
    ]
    if not fields:
        return {"notice": f"Line {line.seq} was saved by somebody else while you were editing it."}
    return {"editor": {"conflict": fields, "event": last_change(order=line.order, seq=line.seq)}}
