from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process lives, without database and session."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("orders/", include("orders.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
