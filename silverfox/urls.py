from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from orders.urls import batch_patterns, output_template_patterns
from orders.views import billing, dealerships, searching, today, vehicle, vin_log, vin_log_voiding
from silverfox import audit, guide, operating, views

handler500 = "silverfox.views.server_error"

urlpatterns = [
    path("", today.dealership_list, name="dealership_list"),
    path("dealerships/<int:pk>/", dealerships.dealership_detail, name="dealership_detail"),
    path("dealerships/<int:pk>/rewrites/", dealerships.dealership_rewrites, name="dealership_rewrites"),
    path("orders/", include("orders.urls")),
    path("batches/", include(batch_patterns)),
    path("", include("inventory.urls")),
    path("websites/", include("scrapers.urls")),
    path("vin-log/", vin_log.vin_log_list, name="vin_log_list"),
    path("vin-log/import/", vin_log.vin_log_import, name="vin_log_import"),
    path("vin-log/export/", vin_log.vin_log_export, name="vin_log_export"),
    path("vin-log/entries.csv", vin_log.vin_log_list_export, name="vin_log_list_export"),
    path("vin-log/void/", vin_log_voiding.vin_log_void, name="vin_log_void"),
    path("search/", searching.search, name="search"),
    path("vehicles/<str:vin>/", vehicle.vehicle, name="vehicle"),
    path("billing/", billing.billing_month, name="billing_month"),
    path("billing/orders/", billing.billing_orders, name="billing_orders"),
    path("billing/month.csv", billing.billing_file, {"form": "csv"}, name="billing_csv"),
    path("billing/month.xlsx", billing.billing_file, {"form": "xlsx"}, name="billing_xlsx"),
    path("output-templates/", include(output_template_patterns)),
    path("jobs/", operating.job_list, name="job_list"),
    path("jobs/live/", operating.job_live, name="job_live"),
    path("jobs/<int:pk>/retry/", operating.job_retry, name="job_retry"),
    path("jobs/<int:pk>/cancel/", operating.job_cancel, name="job_cancel"),
    path("system/", operating.job_system, name="job_system"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("preferences/", views.preferences, name="preferences"),
    path("help/", guide.help_page, {"slug": "start"}, name="help_start"),
    path("help/<slug:slug>/", guide.help_page, name="help"),
    path("styleguide/", guide.styleguide, name="styleguide"),
    path("accounts/login/", views.login, name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/password/", views.PasswordView.as_view(), name="password"),
    path("accounts/sign-out-everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("admin/", admin.site.urls),
    path("status", views.status, name="status"),
    path("readyz", views.readyz, name="readyz"),
    path("healthz", views.healthz, name="healthz"),
]
