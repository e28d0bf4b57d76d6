"""Who may enter the admin site."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from foundation.roles import MANAGER, has_role


class SilverFoxAdminSite(AdminSite):
    """Managers configure here; their permissions say what. There is one way to sign in, the product's own."""

    site_header = "Silver Fox"
    site_title = "Silver Fox"
    index_title = "Settings"
    password_change_template = "registration/password.html"  # noqa: S105 - the name of a template

    def has_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, MANAGER)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Whoever is signed in and may not enter is told so at once; only others are asked to sign in."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def told(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return told

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
