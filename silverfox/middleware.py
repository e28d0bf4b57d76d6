"""What every request and every answer has: an id, a place to log to, and nothing that a browser may keep."""

import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from foundation import context
from foundation.auditing import record
from inventory.files import MOST_BYTES

logger = logging.getLogger("silverfox.requests")
# The largest file and the rest of its form; a file that is only a little too large is named at its field.
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
MOST_BODY_BYTES = MOST_BYTES + 1024 * 1024
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContextMiddleware:
    """Binds the request's id, address and user for logs and events, and closes the answer to every cache.

    It stands first, so that this holds for every answer, errors included.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        request_id = sane_id(request.headers.get("X-Request-ID", ""))
        with context.bound(request_id=request_id, address=client_address(request)):
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            response.headers.setdefault("Cache-Control", "private, no-store")
            if response.status_code == 403:
                _record_refusal(request)
            facts = {"method": request.method, "path": request.path, "status": response.status_code}
            logger.info("request", extra={**facts, "duration_ms": round((time.monotonic() - started) * 1000)})
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        # Views without a login answer without a session and without the database.
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            context.add(user_id=request.user.pk)


class LimitsMiddleware:
    """Refuses what no page takes: other methods, and bodies that are too large.

    It stands behind what closes answers to browsers, and before anything that reads a body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return _refuse_large(request) or self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page is private unless it says otherwise."""

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """An open page asks nobody who reads it: that would be a question to the database."""
        return super().process_view(request, view, args, kwargs) if getattr(view, "login_required", True) else None

    def handle_no_permission(  # type: ignore[override]  # the stubs know Django's own answer only
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        """Send to the sign-in page, and from there back; the page around a part of a page stays and asks itself.

        What was sent has no page of its own to come back to, so that is the page with the form.
        """
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401)
        if request.method == "POST":
            return redirect_to_login(page_before(request))
        return super().handle_no_permission(request, view_func)


def current_path(request: HttpRequest) -> str:
    """The page that an htmx request came from, when it is one of ours; else the start page."""
    return _own_path(request, request.headers.get("HX-Current-URL", ""))


def page_before(request: HttpRequest) -> str:
    """The page whose form was sent, when it is one of ours; else the start page."""
    return _own_path(request, request.headers.get("Referer", ""))


def _own_path(request: HttpRequest, address: str) -> str:
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _refuse_large(request: HttpRequest) -> HttpResponse | None:
    """Before a byte of it is read; the server takes no body without its length."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) <= MOST_BODY_BYTES:
        return None
    return render(request, "413.html", {"limit": MOST_BYTES // (1024 * 1024)}, status=413)


def sane_id(text: str) -> str:
    """The id that a proxy gave the request, or a new one when it gave none that may stand in a log."""
    return text if _SANE_ID.fullmatch(text) else uuid.uuid4().hex


def client_address(request: HttpRequest) -> str:
    """Where the request comes from: what the outermost trusted proxy wrote, else the other end of the connection.

    Everything further left in X-Forwarded-For was written by the client and proves nothing.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        forwarded = hops[-settings.TRUSTED_PROXIES]
        return forwarded if _is_address(forwarded) else address
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _record_refusal(request: HttpRequest) -> None:
    # Only of people who are signed in: nobody else shall be able to fill the table.
    if "user_id" in context.facts():
        method = request.method or ""
        record("access.refused", object_type="page", object_name=request.path, actor=request.user, detail=method)
