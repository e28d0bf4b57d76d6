"""One line: the editor under its row and what its buttons do, as parts for htmx and as whole pages without script."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from foundation.errors import SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.overrides import EDITABLE_FIELDS
from orders.forms.orders import LineForm
from orders.models import OrderLine
from orders.operations.presenting import line_texts, preview_line, site_texts
from orders.operations.reviewing import (
    LineErrors,
    LinesOutcome,
    confirm_reprints,
    edit_lines,
    leave_out_lines,
    put_back_lines,
    reset_lines,
)
from orders.views.answers import get_line, status_of
from orders.views.line_answers import answer_done, answer_lines, conflict_panel

CONFLICT = 409


@require_safe
def line_row(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    line = get_line(pk, seq)
    return answer_lines(request, line.order, [line])


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@vary_on_headers("HX-Request")
def line_edit(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    line = get_line(pk, seq)
    if request.method != "POST":
        return _open(request, line, LineForm(line=line))
    form = LineForm(request.POST, line=line)
    if not form.is_valid():
        return _open(request, line, form, status=422)
    versions = {seq: form.cleaned_data["version"]}
    try:
        outcome = edit_lines(order=line.order, versions=versions, changes=form.changes(), actor=request.user)
    except LineErrors as error:
        for name, message in error.fields.items():
            form.add_error(name, message)
        return _open(request, line, form, status=422)
    except SilverFoxError as error:
        return _notice(request, line, error.message, status=status_of(error))
    if outcome.conflicts:
        typed = {name: form.cleaned_data[name] for name in EDITABLE_FIELDS}
        panel = conflict_panel(outcome.conflicts[0], was=form.was, mine=typed)
        return answer_lines(request, line.order, outcome.conflicts, status=CONFLICT, opened={seq: panel})
    return answer_done(request, line.order, outcome, f"Row {seq} saved.")


@require_safe
@staff_required
@vary_on_headers("HX-Request")
def line_out(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    """The editor with the reason first, for whoever came to leave the line out."""
    line = get_line(pk, seq)
    form = LineForm(line=line)
    form.fields["stock"].widget.attrs.pop("data-focus")
    return _open(request, line, form, asks_reason=True)


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
    return _act(request, get_line(pk, seq), reset_lines, f"Row {seq} has the site's values again.")


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_put_back(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    return _act(request, get_line(pk, seq), put_back_lines, f"Row {seq} is in the order again.")


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_confirm_reprint(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    return _act(request, get_line(pk, seq), confirm_reprints, f"Row {seq} will be printed again.")


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def line_leave_out(request: AuthenticatedRequest, pk: int, seq: int) -> HttpResponse:
    line, reason = get_line(pk, seq), request.POST.get("reason", "")
    try:
        return _act(request, line, leave_out_lines, f"Row {seq} left out: {reason}.", reason=reason)
    except LineErrors as error:
        return _open(request, line, LineForm(line=line), status=422, reason_error=error.fields["reason"])


def _act(
    request: AuthenticatedRequest, line: OrderLine, operation: Callable[..., LinesOutcome], said: str, **values: str
) -> HttpResponse:
    """Do one thing to a line at the version that the page showed."""
    version = request.POST.get("version", "")
    shown = int(version) if version.isdecimal() and version.isascii() else 0
    try:
        outcome = operation(order=line.order, versions={line.seq: shown}, actor=request.user, **values)
    except LineErrors:
        raise
    except SilverFoxError as error:
        return _notice(request, line, error.message, status=status_of(error))
    if outcome.conflicts:
        words = f"Line {line.seq} was saved by somebody else while you were editing it."
        return _notice(request, line, words, status=CONFLICT)
    return answer_done(request, line.order, outcome, said)


def _notice(request: HttpRequest, line: OrderLine, words: str, *, status: int) -> HttpResponse:
    now = get_line(line.order_id, line.seq)
    return answer_lines(request, now.order, [now], status=status, opened={line.seq: {"notice": words}})


def _open(request: HttpRequest, line: OrderLine, form: LineForm, *, status: int = 200, **more: Any) -> HttpResponse:
    """The line with its editor under it."""
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
    editor = {"form": form, "fields": fields, "names": ",".join(EDITABLE_FIELDS), **more}
    editor["preview"] = preview_line(line=line, texts=_texts(form))
    return answer_lines(request, line.order, [line], status=status, opened={line.seq: {"editor": editor}})


def _texts(form: LineForm) -> dict[str, str]:
    return form.changes() if form.is_bound and form.is_valid() else {}
