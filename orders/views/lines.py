"""One line: the editor under its row and what its buttons do, as parts for htmx and as whole pages without script."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from foundation.errors import SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.overrides import EDITABLE_FIELDS
from orders.forms import LineForm
from orders.models import OrderLine
from orders.operations.presenting import FIELD_WORDS, last_editor, line_texts, preview_line, review_order, site_texts
from orders.operations.reviewing import (
    LineConflict,
    LineErrors,
    confirm_reprint,
    edit_line,
    leave_out_line,
    put_back_line,
    reset_line,
)
from orders.views.answers import get_line, status_of
from orders.views.reviewing import review_context, review_page


@require_safe
def line_row(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    return _answer(request, get_line(pk, seq))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@vary_on_headers("HX-Request")
def line_edit(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    line = get_line(pk, seq)
    if request.method != "POST":
        return _answer(request, line, editor=_editor(line, LineForm(line=line)))
    form = LineForm(request.POST, line=line)
    if not form.is_valid():
        return _answer(request, line, status=422, editor=_editor(line, form))
    try:
        saved = edit_line(line=line, version=form.cleaned_data["version"], changes=form.changes(), actor=request.user)
    except LineErrors as error:
        for name, message in error.fields.items():
            form.add_error(name, message)
        return _answer(request, line, status=422, editor=_editor(line, form))
    except LineConflict as error:
        fields = _conflict(line, form)
        said = (
            {"editor": {"conflict": fields, "event": last_editor(line=line)}} if fields else {"notice": error.message}
        )
        return _answer(request, line, status=status_of(error), **said)
    except SilverFoxError as error:
        return _answer(request, line, status=status_of(error), notice=error.message)
    return _done(request, saved, f"Row {seq} saved.")


@require_safe
@staff_required
def line_preview(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    line = get_line(pk, seq)
    texts = {name: request.GET[name] for name in EDITABLE_FIELDS if name in request.GET}
    was = line_texts(line)
    changed = {name: text for name, text in texts.items() if text != was[name]}
    return render(request, "orders/_preview.html", {"line": line, "preview": preview_line(line=line, texts=changed)})


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_reset(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    return _act(request, get_line(pk, seq), reset_line, f"Row {seq} has the site's values again.")


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_put_back(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    return _act(request, get_line(pk, seq), put_back_line, f"Row {seq} is in the order again.")


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_confirm_reprint(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    return _act(request, get_line(pk, seq), confirm_reprint, f"Row {seq} will be printed again.")


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_leave_out(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    line = get_line(pk, seq)
    reason = request.POST.get("reason", "")
    try:
        return _act(request, line, leave_out_line, f"Row {seq} left out: {reason}.", reason=reason)
    except LineErrors as error:
        editor = {**_editor(line, LineForm(line=line)), "reason_error": error.fields["reason"]}
        return _answer(request, line, status=422, editor=editor)


def _act(
    request: AuthenticatedRequest, line: OrderLine, operation: Callable[..., OrderLine], said: str, **values: str
) -> HttpResponse:
    """Do one thing to a line at the version that the page showed."""
    version = request.POST.get("version", "")
    try:
        changed = operation(
            line=line,
            version=int(version) if version.isdecimal() and version.isascii() else 0,
            actor=request.user,
            **values,
        )
    except LineErrors:
        raise
    except SilverFoxError as error:
        return _answer(request, line, status=status_of(error), notice=error.message)
    return _done(request, changed, said)


def _done(request: AuthenticatedRequest, line: OrderLine, said: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return _answer(request, line, said=said)
    messages.success(request, said)
    return redirect(f"{reverse('order_review', args=[line.order_id])}#line-{line.seq}")


def _answer(request: HttpRequest, line: OrderLine, *, status: int = 200, **said: Any) -> HttpResponse:
    """The line's rows with the counts of the page, or the whole page for a browser without script."""
    if not request.headers.get("HX-Request"):
        return review_page(request, line.order, status=status, open_seq=line.seq, **said)
    review = review_order(order=line.order)
    context = {
        **review_context(request, line.order, review),
        "row": review.row(line.seq),
        "open_seq": line.seq,
        "is_saved": "said" in said,
        **said,
    }
    return render(request, "orders/_line_answer.html", context, status=status)


def _editor(line: OrderLine, form: LineForm) -> dict[str, Any]:
    raw = site_texts(line)
    if raw.get("url") == form.was["url"]:
        raw["url"] = "the same"
    fields = [
        {
            "field": form[name],
            "name": name,
            "was": form.was[name],
            "raw": raw.get(name, ""),
            "changed": name in line.overrides,
            "is_wide": name in {"url", "features", "headline"},
        }
        for name in EDITABLE_FIELDS
    ]
    names = ",".join(EDITABLE_FIELDS)
    return {"form": form, "fields": fields, "names": names, "preview": preview_line(line=line, texts=_texts(form))}


def _texts(form: LineForm) -> dict[str, str]:
    return form.changes() if form.is_bound and form.is_valid() else {}


def _conflict(line: OrderLine, form: LineForm) -> list[dict[str, Any]]:
    """What was typed beside what somebody else saved meanwhile; fields that agree are not asked about."""
    theirs = line_texts(line)
    return [
        {
            "name": name,
            "word": FIELD_WORDS[name].capitalize(),
            "was": form.was[name],
            "mine": form.cleaned_data[name],
            "theirs": theirs[name],
            "is_mine": form.cleaned_data[name] != form.was[name],
        }
        for name in EDITABLE_FIELDS
        if form.cleaned_data[name] != theirs[name]
    ]
