"""What a page of a new order sends while it is being filled in; each answer is the part of the page that changed."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from dealerships.models import Dealership
from foundation.errors import BadInput, SilverFoxError
from foundation.rate_limits import uploads_limited
from foundation.roles import AuthenticatedRequest, staff_required
from orders.forms.orders import CreateForm, DraftForm, EntryFileForm
from orders.models import OrderDraft
from orders.operations.drafting import (
    Decision,
    TypedOrder,
    discard_draft,
    find_draft,
    print_vin_only,
    read_entry_file,
    replace_in_draft,
    restore_draft,
    save_draft,
)
from orders.views.answers import status_of
from orders.views.creating import PageState, changed_draft, draft_page, new_order_page

_PARTS = {
    "order-outcomes": "orders/_draft_outcomes.html",
    "order-entries": "orders/_draft_entries.html",
    "order-choices": "orders/_create_choices.html",
}


@require_POST
@staff_required
@vary_on_headers("HX-Request", "HX-Target")
def order_draft(request: AuthenticatedRequest) -> HttpResponse:
    """Save what is typed, with what one click changes of it; a click is a decision, a replacement, or a VIN alone."""
    return _answer(request, DraftForm(request.POST))


@require_POST
@staff_required
@uploads_limited
@vary_on_headers("HX-Request", "HX-Target")
def order_draft_file(request: AuthenticatedRequest) -> HttpResponse:
    """Put the entries of a file behind those that are typed."""
    form, files = DraftForm(request.POST), EntryFileForm(request.POST, request.FILES)
    if not files.is_valid():
        return _part(request, form, status=422, entries_fault=files.errors["file"][0])
    try:
        added = read_entry_file(files.cleaned_data["file"].read())
    except BadInput as error:
        return _part(request, form, status=422, entries_fault=error.message)
    return _answer(request, form, added=added)


@require_POST
@staff_required
def order_draft_discard(request: AuthenticatedRequest) -> HttpResponse:
    key = _uuid(request.POST.get("idempotency_key", ""))
    draft = discard_draft(user=request.user, key=key) if key else None
    if draft is None:
        messages.warning(request, "There was no draft to discard.")
        return redirect("order_create")
    whom = f" for {draft.dealership}" if draft.dealership else ""
    undo = reverse("order_draft_restore", args=[draft.key])
    messages.success(request, f"The entries{whom} are discarded.", extra_tags=undo)
    return redirect(_address(draft.dealership))


@require_POST
@staff_required
def order_draft_restore(request: AuthenticatedRequest, key: UUID) -> HttpResponse:
    try:
        draft = restore_draft(user=request.user, key=key)
    except SilverFoxError as error:
        messages.error(request, error.message)
        return redirect("order_create")
    return redirect(_address(draft.dealership))


def _answer(request: AuthenticatedRequest, form: DraftForm, *, added: str = "") -> HttpResponse:
    if not form.is_valid():
        return _part(request, form, status=422)
    typed = form.typed()
    if added:
        typed = replace(typed, entries="\n".join(filter(None, [typed.entries.rstrip(), added])))
    if form.has_changed_dealership():
        if not typed.entries.strip():
            return _shown(request, find_draft(user=request.user, dealership=typed.dealership), typed)
        typed = _with_habits(typed)
    draft = None
    try:
        draft = save_draft(user=request.user, typed=typed, decision=_decision(request.POST.get("decide", "")))
        if draft:
            draft = _clicked(draft, request)
    except SilverFoxError as error:
        return _refused(request, form, error, draft=draft)
    return _shown(request, draft, typed)


def _with_habits(typed: TypedOrder) -> TypedOrder:
    """What is typed goes along to another dealership, whose own habits count for the rest."""
    dealership = typed.dealership
    if dealership is None:
        return typed
    group = "" if dealership.separate_orders else "all"
    return replace(typed, group=group, include_missing=dealership.include_missing)


def _decision(text: str) -> Decision | None:
    key, _, rest = text.partition(":")
    version, _, word = rest.partition(":")
    found = _uuid(key)
    if found is None or not (version.isascii() and version.isdigit()):
        return None
    return Decision(key=found, version=int(version), keeps_both=word == "both")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _clicked(draft: OrderDraft, request: HttpRequest) -> OrderDraft:
    """The draft with what the pressed button changes of it."""
    if "replace" in request.POST:
        # No entry holds a semicolon: it sets entries apart.
        position, was, by = (*request.POST["replace"].split(";"), "", "", "")[:3]
        return replace_in_draft(draft=draft, position=int(position) if position.isdecimal() else 0, was=was, by=by)
    for name in ("print_vin_only", "leave_out_vin"):
        if name in request.POST:
            return print_vin_only(draft=draft, vin=request.POST[name], wanted=name == "print_vin_only")
    return draft


def _refused(
    request: HttpRequest, form: CreateForm, error: SilverFoxError, *, draft: OrderDraft | None
) -> HttpResponse:
    if error.code == "already_prepared" and not request.headers.get("HX-Request"):
        return redirect("order_review", error.detail["order_id"])
    said: dict[str, Any] = {"refusal": error}
    if error.code == "draft_changed":
        said = {"conflict": changed_draft(error)}
    if draft:
        state = PageState.of(draft, draft.dealership, form.cleaned_data["writer"])
        said |= {"draft": draft, "state": state}
    return _part(request, form, status=status_of(error), **said)


def _shown(request: AuthenticatedRequest, draft: OrderDraft | None, typed: TypedOrder) -> HttpResponse:
    """The part that was asked for, as the draft is now; without script the whole page under its address."""
    dealership = typed.dealership
    if not request.headers.get("HX-Request"):
        return redirect(_address(dealership))
    template = _PARTS.get(request.headers.get("HX-Target", ""), _PARTS["order-entries"])
    state = PageState.of(draft, dealership, typed.writer)
    answer = draft_page(request, draft, dealership, template=template, state=state)
    if template == _PARTS["order-choices"]:
        answer["HX-Push-Url"] = _address(dealership)
    return answer


def _part(request: HttpRequest, form: CreateForm, *, status: int, **said: Any) -> HttpResponse:
    """What was typed, as it was typed, with what is wrong; a part for htmx, else the whole page."""
    form.is_valid()
    target = request.headers.get("HX-Target", "") if request.headers.get("HX-Request") else ""
    template = _PARTS.get(target, "orders/order_create.html")
    dealership = form.cleaned_data.get("dealership")
    return new_order_page(request, form, dealership, template=template, status=status, **said)


def _address(dealership: Dealership | None) -> str:
    return f"{reverse('order_create')}?dealership={dealership.pk if dealership else ''}"
