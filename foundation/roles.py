"""Who may do what: three roles, each a group, each including those below it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden

VIEWER, STAFF, MANAGER = ROLES = ("viewer", "staff", "manager")


class AuthenticatedRequest(HttpRequest):
    """A request behind `staff_required` or `manager_required`: somebody is signed in."""

    user: User


P = ParamSpec("P")
_Guarded = Callable[Concatenate[AuthenticatedRequest, P], HttpResponseBase]
_View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def has_role(user: AbstractBaseUser | AnonymousUser, name: str) -> bool:
    """Whether the user is an active member of that role or of one above it; a superuser counts as a manager."""
    if name not in ROLES:
        raise ValueError(f"There is no role {name!r}; the roles are {', '.join(ROLES)}.")
    if not isinstance(user, AbstractUser) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    # The groups stay with the user for the rest of the request, however often a page asks.
    prefetch_related_objects([user], "groups")
    allowed = ROLES[ROLES.index(name) :]
    return any(group.name in allowed for group in user.groups.all())


def staff_required(view: _Guarded[P]) -> _View[P]:
    """Open the view to staff and managers; others get the page that says so, htmx a sentence, both with 403."""
    return _guard(view, STAFF)


def manager_required(view: _Guarded[P]) -> _View[P]:
    """Open the view to managers only."""
    return _guard(view, MANAGER)


def _guard(view: _Guarded[P], role: str) -> _View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if has_role(request.user, role):
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # its user is signed in
        return _forbid(request)

    return guarded


def _forbid(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return HttpResponseForbidden(
            "Your role does not include this action. A manager can change your role.", content_type="text/plain"
        )
    raise PermissionDenied
