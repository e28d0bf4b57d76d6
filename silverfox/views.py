"""Pages of the whole: signing in, health, and what is shown when something is wrong."""

import sys
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.crypto import constant_time_compare
from django.views.csrf import csrf_failure as csrf_failure_page
from django.views.decorators.http import require_POST, require_safe
from django.views.defaults import server_error as server_error_500
from django_htmx.http import trigger_client_event

from foundation import context
from foundation.connections import is_connection_lost
from foundation.preferences import change_preferences
from foundation.rate_limits import give_token_back, take_token, too_many
from silverfox.db_embedded import DatabaseUnavailable
from silverfox.forms import PreferencesForm
from silverfox.health import failed_checks
from silverfox.middleware import current_path, page_before
from silverfox.system.checks import run_checks
from silverfox.system.verdicts import document_of

LOGINS_PER_HOUR = 20
# What PostgreSQL answers while it stops, starts, has no place left or must not be written; without a code there was no
# answer at all.
_UNAVAILABLE = ("08", "53", "57P", "25006")


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process lives, without database and session."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Tell machines on the local network, holders of the key and superusers what keeps the program from its work."""
    if not _may_ask(request):
        return JsonResponse({"error": "Ask from the local network or with the header X-Readyz-Key."}, status=403)
    failed = failed_checks()
    return JsonResponse({"ready": not failed, "failed": failed}, status=503 if failed else 200)


@require_safe
@login_not_required
def status(request: HttpRequest) -> HttpResponseBase:
    """Every check as JSON for holders of the key; others see the page of the checks, if they may."""
    return JsonResponse(document_of(run_checks())) if _has_key(request) else redirect("job_system")


def _has_key(request: HttpRequest) -> bool:
    key = request.headers.get("X-Readyz-Key", "")
    return bool(settings.READYZ_KEY) and constant_time_compare(key, settings.READYZ_KEY)


def _may_ask(request: HttpRequest) -> bool:
    if _has_key(request):
        return True
    try:
        is_local = not ip_address(context.address()).is_global
    except ValueError:
        is_local = False
    return is_local or (isinstance(request.user, User) and request.user.is_active and request.user.is_superuser)


_login = LoginView.as_view()


@login_not_required
def login(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
    """The product's only door; each address has 20 failed attempts an hour, whatever names it tries."""
    if request.method != "POST":
        return _login(request, **kwargs)
    is_part = request.headers.get("HX-Request") == "true"
    bucket = {"action": "login", "key": context.address()}
    if wait := take_token(**bucket, limit=LOGINS_PER_HOUR, per=timedelta(hours=1)):
        return too_many(request, f"Signing in may fail {LOGINS_PER_HOUR} times within an hour.", seconds=wait)
    answer = _login(request, **kwargs)
    if request.user.is_authenticated:
        give_token_back(**bucket)
    return _answer_part(request, answer) if is_part else answer


def _answer_part(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """The dialog over a page whose session has ended needs no page, but the new token for the forms behind it."""
    if request.user.is_authenticated:
        return trigger_client_event(HttpResponse(status=204), "signedIn", {"value": get_token(request)})
    if answer.status_code != 200:
        return answer
    said = {"username": request.POST.get("username", ""), "error": "This is not your password. Type it again."}
    return render(request, "registration/_sign_in.html", said, status=422)


class PasswordView(PasswordChangeView):
    """A person's own password; every other browser in which that person is signed in is signed out."""

    template_name = "registration/password.html"
    success_url = reverse_lazy("dealership_list")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is changed. Other browsers are signed out.")
        return super().form_valid(form)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep what the person chose about the pages, and show the page on which it was chosen."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return HttpResponse("Nothing of this can be chosen.\n", status=422, content_type="text/plain")
    change_preferences(cast("User", request.user), **form.chosen())
    return redirect(page_before(request))


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of the person who asks, this one too."""
    own = str(request.user.pk)
    sessions = [item for item in Session.objects.all() if item.get_decoded().get(SESSION_KEY) == own]
    Session.objects.filter(pk__in=[item.pk for item in sessions]).delete()
    logout(request)
    return redirect(settings.LOGIN_URL)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form that was too old; a part of a page has its whole page loaded again, with a new token."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=403, headers={"HX-Redirect": current_path(request)})
    return csrf_failure_page(request, reason)


def locked_out(request: HttpRequest, response: Any, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """The answer to the fifth wrong password of one name at one address, and to all further attempts."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    return too_many(request, "Signing in is closed for this account from this computer.", seconds=seconds)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """The page for a fault of ours; a database that cannot be reached is no fault of a page and passes by itself."""
    if not _is_unavailable(sys.exc_info()[1]):
        return server_error_500(request)
    answer = render(request, "503.html", status=503)
    answer["Retry-After"] = "10"
    return answer


def _is_unavailable(error: BaseException | None) -> bool:
    if isinstance(error, DatabaseUnavailable):
        return True
    code = getattr(getattr(error, "__cause__", None), "pgcode", None)
    return is_connection_lost(error) if code is None else code.startswith(_UNAVAILABLE)
