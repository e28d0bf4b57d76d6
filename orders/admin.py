"""Orders, files and the VIN log as they are stored, to be looked at."""

from django.contrib import admin

from foundation.admin import ReadOnlyAdmin
from orders.models import Artifact, Order, OrderEvent, VinLogEntry, VinLogImport


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "dealership",
        "kind",
        "condition_group",
        "state",
        "order_number",
        "created_at",
        "completed_at",
    )
    list_filter = ("state", "kind", "dealership")
    list_select_related = ("dealership",)
    search_fields = ("order_number", "dealership__name")


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "order", "action", "from_state", "to_state", "actor", "at")
    list_filter = ("action",)
    list_select_related = ("order__dealership", "actor")


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    list_display = ("id", "order", "kind", "name", "size", "sha256", "created_at")
    list_filter = ("kind",)
    list_select_related = ("order__dealership",)
    search_fields = ("name", "sha256")


@admin.register(VinLogEntry)
class VinLogEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "dealership", "vin", "label", "date", "source", "is_baseline", "voided_at")
    list_filter = ("source", "is_baseline", "dealership")
    list_select_related = ("dealership",)
    search_fields = ("vin", "label")
    show_full_result_count = False


@admin.register(VinLogImport)
class VinLogImportAdmin(ReadOnlyAdmin):
    list_display = ("id", "dealership", "file_name", "rows_read", "entries_added", "already_logged", "created_at")
    list_select_related = ("dealership",)
