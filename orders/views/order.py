"""One order: its state, its files, what happened to it, and what may still be done with it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.confirmation import password_confirmed
from foundation.errors import SilverFoxError
from foundation.roles import STAFF, AuthenticatedRequest, has_role, manager_required, staff_required
from orders.domain.billing import billing_of
from orders.domain.lines import OrderContent
from orders.domain.qr import qr_text
from orders.domain.states import OrderState
from orders.forms.orders import ProfileForm, ReasonForm
from orders.models import Artifact, Order
from orders.operations.checking import order_content
from orders.operations.completing import approve_order, cancel_order, reissue_order, ring_again, void_order
from orders.operations.presenting import preview_csv
from orders.operations.profiling import change_profile, require_done
from orders.operations.reviewing import send_back_to_review
from orders.operations.scanning import scan_codes
from orders.operations.transitions import require_move
from orders.views.answers import get_order, status_of

STOPS_POLLING = 286
WORKING = {OrderState.QUEUED, OrderState.PROCESSING}
PREVIEW_ROWS = 5
CODES_PER_PAGE = 60


@require_safe
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_order(pk))


@require_safe
def order_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part that polls; when the work has ended the page loads again, with files or with the reason."""
    order = get_order(pk)
    if order.state in WORKING:
        return render(request, "orders/_progress.html", {"order": order})
    return HttpResponse(status=STOPS_POLLING, headers={"HX-Refresh": "true"})


@require_POST
@staff_required
def order_retry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Approve a failed order again under its number, or call a worker again for one that waits."""
    order = get_order(pk)
    try:
        if order.state in WORKING:
            ring_again(order=order)
        else:
            approve_order(
                order=order,
                order_number=order.order_number,
                confirmed=True,
                log_vins=order.log_vins,
                reason=order.log_skip_reason,
                actor=request.user,
                in_background=True,
            )
    except SilverFoxError as error:
        return _page(request, order, status=status_of(error), refusal=error)
    return redirect("order_detail", order.pk)


@require_POST
@staff_required
def order_send_back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    order = get_order(pk)
    try:
        send_back_to_review(order=order, actor=request.user)
    except SilverFoxError as error:
        return _page(request, order, status=status_of(error), refusal=error)
    return redirect("order_review", order.pk)


@require_POST
@staff_required
def order_reissue(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    order = get_order(pk)
    try:
        mended = reissue_order(order=order, actor=request.user)
    except SilverFoxError as error:
        return _page(request, order, status=status_of(error), refusal=error)
    words = f"{len(mended)} files were written again." if mended else "Every file is as it was released."
    messages.success(request, f"Order {order.order_number} issued again. {words}")
    return redirect("order_detail", order.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def order_cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, on a page of its own; the reason is optional."""
    order = get_order(pk)
    try:
        if request.method != "POST":
            require_move(order, OrderState.CANCELLED)
            return render(request, "orders/order_cancel.html", {"order": order})
        order = cancel_order(order=order, actor=request.user, reason=request.POST.get("reason", "").strip())
    except SilverFoxError as error:
        return _page(request, order, status=status_of(error), refusal=error)
    when = "will be cancelled before anything is released" if order.cancel_requested else "is cancelled"
    messages.success(request, f"The {order.get_kind_display()} order of {order.dealership} {when}.")
    return redirect("order_detail", order.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
@password_confirmed()
def order_void(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, on a page of its own; the reason stays with the order and its log entries."""
    order = get_order(pk)
    form = ReasonForm(request.POST or None)
    try:
        require_move(order, OrderState.VOIDED)
        if not form.is_valid():
            context = {"order": order, "form": form, "logged": order.vin_log_entries.in_force().count()}
            return render(request, "orders/order_void.html", context, status=422 if form.is_bound else 200)
        _, voided = void_order(order=order, reason=form.cleaned_data["reason"], actor=request.user)
    except SilverFoxError as error:
        return _page(request, order, status=status_of(error), refusal=error)
    messages.success(request, f"Order {order.order_number} is void. {voided} VIN{pluralize(voided)} left the VIN log.")
    return redirect("order_detail", order.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def order_profile(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Issue the order again for another computer: only the image paths in its CSV files change."""
    order = get_order(pk)
    form = ProfileForm(request.POST or None)
    try:
        require_done(order)
        if not form.is_valid():
            context = {"order": order, "form": form, "profile_name": order.output_settings["profile_name"]}
            return render(request, "orders/order_profile.html", context, status=422 if form.is_bound else 200)
        changed = change_profile(order=order, profile=form.cleaned_data["profile"], actor=request.user)
    except SilverFoxError as error:
        return _page(request, order, status=status_of(error), refusal=error)
    words = f"{len(changed)} files have new image paths." if changed else "No image path changed."
    messages.success(request, f"Order {order.order_number} issued for {form.cleaned_data['profile']}. {words}")
    return redirect("order_detail", order.pk)


def _page(request: HttpRequest, order: Order, *, status: int = 200, **said: Any) -> HttpResponse:
    order.refresh_from_db()
    content = order_content(order)
    context = {"order": order, "is_working": order.state in WORKING, **_facts(order, content), **said}
    artifacts = list(order.artifacts.all())
    if artifacts:
        context |= _files(content, artifacts, request.GET)
        if "scan" in request.GET and has_role(request.user, STAFF):
            context["scan"] = scan_codes(order=order)
    return render(request, "orders/order_detail.html", context, status=status)


def _facts(order: Order, content: OrderContent) -> dict[str, Any]:
    settings = content.settings
    events = order.events.select_related("actor").defer("line_changes").order_by("-id")
    return {
        "content": content,
        "billing": billing_of(content),
        "templates": list(dict.fromkeys((settings.template_new, settings.template_used))),
        "left_out": order.lines.filter(included=False).count(),
        "logged": order.vin_log_entries.in_force().count(),
        "events": events,
    }


def _files(content: OrderContent, artifacts: Sequence[Artifact], asked: QueryDict) -> dict[str, Any]:
    codes = [artifact for artifact in artifacts if artifact.kind == Artifact.Kind.QR]
    page = Paginator(list(zip(content.lines, codes, strict=True)), CODES_PER_PAGE).get_page(asked.get("page"))
    all_rows = asked.get("rows") == "all"
    return {
        "package": next(artifact for artifact in artifacts if artifact.kind == Artifact.Kind.ZIP),
        "files": [artifact for artifact in artifacts if artifact.kind not in {Artifact.Kind.QR, Artifact.Kind.ZIP}],
        "csvs": preview_csv(content=content, rows=None if all_rows else PREVIEW_ROWS),
        "codes": [{"line": line, "code": code, "text": qr_text(line, content.settings)} for line, code in page],
        "page": page,
        "all_rows": all_rows,
    }
