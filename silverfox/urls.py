from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe

from orders.views import billing, dealerships, vin_log


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process lives, without database and session."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", dealerships.dealership_list, name="dealership_list"),
    path("dealerships/<int:pk>/", dealerships.dealership_detail, name="dealership_detail"),
    path("dealerships/<int:pk>/rewrites/", dealerships.dealership_rewrites, name="dealership_rewrites"),
    path("orders/", include("orders.urls")),
    path("", include("inventory.urls")),
    path("vin-log/", vin_log.vin_log_list, name="vin_log_list"),
    path("vin-log/import/", vin_log.vin_log_import, name="vin_log_import"),
    path("vin-log/export/", vin_log.vin_log_export, name="vin_log_export"),
    path("billing/", billing.billing_month, name="billing_month"),
    path("billing/orders/", billing.billing_orders, name="billing_orders"),
    path("billing/month.csv", billing.billing_file, {"form": "csv"}, name="billing_csv"),
    path("billing/month.xlsx", billing.billing_file, {"form": "xlsx"}, name="billing_xlsx"),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
