"""New orders: what to prepare, and why it was not. What is typed is held in a draft until the order is prepared."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dealerships.models import CONDITION_CHOICES, Dealership
from foundation.errors import BadInput, ConfirmationNeeded, SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from inventory.models import Dataset
from orders.forms.orders import CreateForm
from orders.models import Order, OrderDraft
from orders.operations.drafting import begun_drafts, find_draft, prepare_draft, save_draft
from orders.operations.entry_checking import check_entries, hint_entries
from orders.operations.preparing import read_entries
from orders.operations.presenting import outcome_rows, outcome_sums
from orders.views.answers import status_of

_FIELD_OF = {"no_entries": "entries", "too_many_entries": "entries", "no_text": "entries"}
# Of longer lists only what needs a person is listed, unless all is asked for.
MOST_LISTED = 100


@dataclass(frozen=True)
class PageState:
    """What a page must know of its draft to save without overwriting another page's text."""

    key: Any
    version: Any
    writer: Any
    shown_for: Any

    @classmethod
    def of(cls, draft: OrderDraft | None, dealership: Dealership | None, writer: UUID | None = None) -> "PageState":
        key, version = (draft.key, draft.version) if draft else (uuid4(), 0)
        return cls(key, version, writer or uuid4(), dealership.pk if dealership else None)

    @classmethod
    def posted(cls, form: CreateForm) -> "PageState":
        """That of a page whose text was not saved: it stays as it is."""
        names = ("idempotency_key", "version", "writer", "shown_for")
        return cls(*(form[name].value() for name in names))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def order_create(request: AuthenticatedRequest) -> HttpResponse:
    if request.method == "POST":
        return _create(request)
    if "dealership" in request.GET:
        dealership = _dealership(request)
        draft = find_draft(user=request.user, dealership=dealership)
    else:
        draft = next(iter(begun_drafts(user=request.user)), None)
        dealership = draft.dealership if draft else None
    return draft_page(request, draft, dealership)


def _dealership(request: HttpRequest) -> Dealership | None:
    text = request.GET["dealership"]
    return Dealership.objects.active().filter(pk=int(text)).first() if text.isdecimal() and text.isascii() else None


def _create(request: AuthenticatedRequest) -> HttpResponse:
    form = CreateForm(request.POST)
    if not form.is_valid():
        return new_order_page(request, form, form.cleaned_data.get("dealership"), status=422)
    typed = form.typed()
    state, draft = PageState.posted(form), None
    try:
        draft = save_draft(user=request.user, typed=typed)
        vin_only = draft.vin_only if draft else ()
        wanted = form.order_request(actor=request.user, confirmed="confirmed" in request.POST, vin_only=vin_only)
        order = prepare_draft(request=wanted, draft=draft)
    except SilverFoxError as error:
        if error.code == "already_prepared":
            return redirect("order_review", error.detail["order_id"])
        if draft:
            state = PageState.of(draft, draft.dealership, typed.writer)
        return _say_no(request, form, error, draft=draft, state=state)
    return redirect("order_review", order.pk)


def _say_no(request: HttpRequest, form: CreateForm, error: SilverFoxError, **page: Any) -> HttpResponse:
    dealership = form.cleaned_data["dealership"]
    said: dict[str, Any] = {}
    if error.code in _FIELD_OF:
        form.add_error(_FIELD_OF[error.code], error.message)
    elif error.code == "separate_orders":
        form.add_error("conditions", f"{dealership} orders new and used separately: choose New or Used.")
    elif error.code == "draft_changed":
        said["conflict"] = changed_draft(error)
    elif isinstance(error, ConfirmationNeeded):
        said["questions"] = error.detail["questions"]
    else:
        said["refusal"] = error
        rows = outcome_rows(dealership=dealership, outcomes=error.detail.get("outcomes", []), vehicles={})
        said |= {"outcomes": rows, "outcome_sums": outcome_sums(rows), "funnel": _funnel(error)}
    return new_order_page(request, form, dealership, status=status_of(error), **page, **said)


def changed_draft(error: SilverFoxError) -> OrderDraft:
    """The draft as another page left it."""
    return OrderDraft.objects.get(pk=error.detail["draft_id"])


def _funnel(error: SilverFoxError) -> list[dict[str, Any]]:
    """Each step with the vehicles left and the vehicles it removed."""
    steps = error.detail.get("funnel", [])
    lefts = [steps[0]["left"], *(step["left"] for step in steps)] if steps else []
    return [
        {"step": step["step"], "left": step["left"], "removed": before - step["left"]}
        for before, step in zip(lefts, steps, strict=False)
    ]


def draft_page(
    request: HttpRequest, draft: OrderDraft | None, dealership: Dealership | None, **said: Any
) -> HttpResponse:
    """The page as a draft fills it; without one, with what the dealership usually orders."""
    form = CreateForm.of_draft(draft) if draft else CreateForm.proposed(dealership)
    return new_order_page(request, form, dealership, draft=draft, **said)


def new_order_page(
    request: HttpRequest,
    form: CreateForm,
    dealership: Dealership | None,
    *,
    draft: OrderDraft | None = None,
    state: PageState | None = None,
    template: str = "orders/order_create.html",
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    """The page or a part of it, with the outcome of every entry that is typed."""
    context: dict[str, Any] = {
        "form": form,
        "dealership": dealership,
        "draft": draft,
        "state": state or (PageState.posted(form) if form.is_bound else PageState.of(draft, dealership)),
        **_outcomes(form, dealership, draft, lists_all="all" in request.GET),
        **said,
    }
    if template == "orders/order_create.html" and isinstance(request.user, User):
        context["others"] = [other for other in begun_drafts(user=request.user) if other != draft]
    if dealership is not None:
        context["dataset"] = Dataset.objects.active().for_dealership(dealership).first()
        chosen = dealership.conditions or ()
        context["condition_words"] = [word for value, word in CONDITION_CHOICES if value in chosen]
        context["open_orders"] = Order.objects.open().for_dealership(dealership)
    return render(request, template, context, status=status)


def _outcomes(
    form: CreateForm, dealership: Dealership | None, draft: OrderDraft | None, *, lists_all: bool
) -> dict[str, Any]:
    """What becomes of each typed entry as things stand; of a long list, what needs a person."""
    text = str(form["entries"].value() or "")
    if not text.strip():
        return {}
    try:
        entries = read_entries(text)
    except BadInput as error:
        return {"entries_fault": error.message}
    if dealership is None:
        checked = hint_entries(entries=entries)
    else:
        checked = check_entries(
            dealership=dealership,
            entries=entries,
            include_missing=bool(form["include_missing"].value()),
            vin_only=draft.vin_only if draft else (),
        )
    if lists_all or len(entries) <= MOST_LISTED:
        return {"checked": checked, "listed": checked.entries}
    unsettled = [entry for entry in checked.entries if entry.needs_a_person]
    return {"checked": checked, "listed": unsettled[:MOST_LISTED], "unsettled": len(unsettled), "is_cut": True}
