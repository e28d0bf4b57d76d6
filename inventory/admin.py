"""Where managers say what the sites' wordings mean, and where imports and datasets can be looked at."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from foundation.admin import HistoryAdmin, ReadOnlyAdmin
from inventory.models import ConditionMapping, Dataset, InventoryImport, LotStatusMapping, PricePhrase
from inventory.operations.mapping import remap_vehicles


class MappingAdmin(HistoryAdmin):
    """A change is carried into the vehicles that have the text."""

    search_fields = ("text",)
    list_per_page = 200

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        before = self.model.objects.filter(pk=obj.pk).values_list("folded", flat=True).first()
        super().save_model(request, obj, form, change)
        self._carry(request, {obj.folded, *([before] if before is not None else [])})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        self._carry(request, {obj.folded})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        folded = set(queryset.values_list("folded", flat=True))
        super().delete_queryset(request, queryset)
        self._carry(request, folded)

    def _carry(self, request: HttpRequest, folded: set[str]) -> None:
        actor = request.user if isinstance(request.user, User) else None
        changed = remap_vehicles(mapping=self.model, folded_texts=folded, actor=actor)
        self.message_user(request, f"{changed:,} vehicles of the current inventories were read anew.", messages.INFO)


@admin.register(ConditionMapping)
class ConditionMappingAdmin(MappingAdmin):
    list_display = ("__str__", "condition")
    list_filter = ("condition",)


@admin.register(LotStatusMapping)
class LotStatusMappingAdmin(MappingAdmin):
    list_display = ("__str__", "lot_status")
    list_filter = ("lot_status",)


@admin.register(PricePhrase)
class PricePhraseAdmin(HistoryAdmin):
    search_fields = ("text",)
    list_per_page = 200


@admin.register(InventoryImport)
class InventoryImportAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "source",
        "status",
        "rows_read",
        "rows_accepted",
        "rows_rejected",
        "rows_unmatched",
        "created_at",
    )
    list_filter = ("status",)
    search_fields = ("source", "file_name", "sha256")


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("id", "dealership", "status", "rows_accepted", "rows_rejected", "collected_at", "activated_at")
    list_filter = ("status", "dealership")
    list_select_related = ("dealership",)
