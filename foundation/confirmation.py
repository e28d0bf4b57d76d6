"""Who does something that cannot be undone types the password again, unless it was typed in the last half hour."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib.auth import authenticate
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

P = ParamSpec("P")
_View = Callable[Concatenate[Any, P], HttpResponseBase]

CONFIRMED_AT = "confirmed_at"
LASTS = timedelta(minutes=30)
# The form was the answer to a page that was only opened, so there is nothing to be done by it yet.
_OPENED = "opened"


class PasswordForm(forms.Form):
    # The name by which the protection of the sign-in knows what it must not store.
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )


def note_confirmation(session: SessionBase) -> None:
    """The person of this session has just typed the right password."""
    session[CONFIRMED_AT] = time.time()


def password_confirmed(*, when: Callable[..., bool] = lambda *_, **__: True) -> Callable[[_View[P]], _View[P]]:
    """Ask for the password before the view, unless it was confirmed within 30 minutes or `when` says no.

    What was sent goes on with the password, so that nothing has to be typed twice but other passwords. Wrong ones count
    as failed sign-ins. To be put below the decorator that asks for the role; not for views that take files.
    """

    def decorate(view: _View[P]) -> _View[P]:
        @wraps(view)
        def confirmed(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not when(request, *args, **kwargs):
                return view(request, *args, **kwargs)
            if not _is_confirmed(request.session):
                form = PasswordForm(request.POST if "password" in request.POST else None)
                if not _confirm(request, form):
                    return _ask(request, form)
            if _OPENED in request.POST:
                return redirect(request.get_full_path())
            return view(request, *args, **kwargs)

        return confirmed

    return decorate


def _is_confirmed(session: SessionBase) -> bool:
    confirmed_at: float = session.get(CONFIRMED_AT, 0)
    return time.time() - confirmed_at < LASTS.total_seconds()


def _confirm(request: HttpRequest, form: PasswordForm) -> bool:
    if not form.is_valid():
        return False
    name = request.user.get_username()
    if authenticate(request, username=name, password=form.cleaned_data["password"]) != request.user:
        form.add_error("password", "This is not your password. Type it again.")
        return False
    note_confirmation(request.session)
    return True


def _ask(request: HttpRequest, form: PasswordForm) -> HttpResponse:
    """The one page that asks; a part of a page is answered with the whole one."""
    is_post = request.method == "POST"
    sent = [
        (name, value)
        for name, values in (request.POST.lists() if is_post else [(_OPENED, ["yes"])])
        for value in values
        if not name.startswith(("password", "csrf"))
    ]
    answer = render(request, "registration/confirm.html", {"form": form, "sent": sent}, status=422 if is_post else 200)
    if request.headers.get("HX-Request") == "true":
        answer["HX-Retarget"], answer["HX-Reswap"] = "body", "innerHTML"
    return answer
