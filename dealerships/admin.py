"""Where managers configure dealerships."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from dealerships.forms import (
    ActiveForm,
    AliasFormSet,
    BulkForm,
    DealershipForm,
    OutputTemplateForm,
    PriceRequiredForm,
    ScheduleForm,
    TextRewriteForm,
)
from dealerships.models import WEEKDAYS, Dealership, DealershipAlias, PathProfile, TextRewrite
from dealerships.operations import change_dealerships
from foundation.admin import HistoryAdmin, KeptAdmin
from foundation.errors import SilverFoxError

BulkAction = Callable[["DealershipAdmin", HttpRequest, QuerySet[Dealership]], HttpResponse | None]


def bulk_action(name: str, form_class: type[BulkForm]) -> BulkAction:
    """An admin action that asks once, on a page with the dealerships and the value to choose, and then acts."""

    @admin.action(description=f"{form_class.question}…", permissions=["change"])
    def act(
        model_admin: "DealershipAdmin", request: HttpRequest, queryset: QuerySet[Dealership]
    ) -> HttpResponse | None:
        form = form_class(request.POST if "apply" in request.POST else None)
        if form.is_bound and form.is_valid() and model_admin.change_many(request, queryset, form):
            return None
        context = {
            **model_admin.admin_site.each_context(request),
            "title": form_class.question,
            "opts": model_admin.opts,
            "action": name,
            "form": form,
            "dealerships": queryset,
            "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/dealerships/bulk_change.html", context, status=status)

    act.__name__ = name
    return act


class ScheduleFilter(admin.SimpleListFilter):
    title = "schedule day"
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*WEEKDAYS, ("none", "No day")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        day = self.value()
        if day == "none":
            return queryset.filter(schedule_days=[])
        return queryset.filter(schedule_days__contains=[day]) if day else queryset


class CaoFilter(admin.SimpleListFilter):
    title = "CAO"
    parameter_name = "cao"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Set up"), ("0", "Not set up")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(conditions__isnull=self.value() == "0") if self.value() else queryset


class AccountStatusFilter(admin.AllValuesFieldListFilter):
    """The library names the choice of those without a text by that text, which is nothing to read or press."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "None"}


class AliasInline(admin.StackedInline[DealershipAlias, Dealership]):
    model = DealershipAlias
    formset = AliasFormSet
    fields = ("text",)
    extra = 1
    verbose_name = "name that a source uses"
    verbose_name_plural = "names that sources use"


class TextRewriteInline(admin.StackedInline[TextRewrite, Dealership]):
    model = TextRewrite
    form = TextRewriteForm
    fields = ("position", "kind", "field", "texts", "replacement", "trim_prefix", "model_contains")
    extra = 0


@admin.register(Dealership)
class DealershipAdmin(KeptAdmin, HistoryAdmin):
    form = DealershipForm
    inlines = (AliasInline, TextRewriteInline)
    list_display = (
        "name",
        "active",
        "cao",
        "price_required",
        "schedule",
        "output_template_names",
        "default_order_kind",
        "rule_status",
    )
    list_filter = (
        "active",
        CaoFilter,
        ScheduleFilter,
        "price_required",
        "has_inventory_source",
        "template_new",
        "template_used",
        ("account_status", AccountStatusFilter),
    )
    list_select_related = ("template_new", "template_used")
    search_fields = ("name", "short_code", "aliases__text", "approved_hosts")
    list_per_page = 100
    save_on_top = True
    fieldsets = (
        (None, {"fields": ("name", "short_code", "file_name", "active", "account_status", "notes")}),
        ("Website", {"fields": ("has_inventory_source", "approved_hosts", "locality")}),
        (
            "Rules of a CAO",
            {"fields": ("conditions", "stock_required", "price_required", "price_min", "price_max", "year_min",
                        "seasoning_days", "rule_status")},
        ),
        (
            "Makes, words and statuses",
            {"fields": ("required_brands", "excluded_makes", "excluded_keywords", "required_raw_statuses",
                        "excluded_raw_statuses")},
        ),
        (
            "Orders and schedule",
            {"fields": ("default_order_kind", "schedule_days", "separate_orders", "order_method_new",
                        "order_method_used", "coverage_new", "coverage_used", "include_missing")},
        ),
        (
            "Printed files",
            {"fields": ("template_new", "template_used", "price_markup", "text_rewrites", "rewrites_preview",
                        "path_profile", "utm_enabled", "utm_source", "utm_medium")},
        ),
        ("Billing", {"fields": ("billing_layout", "monthly_program", "price_per_month")}),
    )  # fmt: skip
    readonly_fields = ("rewrites_preview",)
    actions = (
        bulk_action("change_active", ActiveForm),
        bulk_action("change_schedule", ScheduleForm),
        bulk_action("change_output_template", OutputTemplateForm),
        bulk_action("change_price_required", PriceRequiredForm),
    )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; where an output template was retired between check and save, the check is asked again."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            return super().changeform_view(request, *args, **kwargs)

    def change_many(self, request: HttpRequest, queryset: QuerySet[Dealership], form: BulkForm) -> bool:
        """Give the values of the form to all of them; what is wrong goes to the form."""
        try:
            changed = change_dealerships(dealerships=queryset, values=form.values())
        except SilverFoxError as error:
            form.add_error(None, error.message)
            return False
        unchanged = len(queryset) - changed
        rest = f" {unchanged} had it already." if unchanged else ""
        self.message_user(request, f"{changed} dealerships changed.{rest}", messages.SUCCESS)
        return True

    @admin.display(description="What the rewrites change")
    def rewrites_preview(self, dealership: Dealership) -> str:
        if not dealership.pk:
            return "Seen once the dealership is saved."
        address = reverse("dealership_rewrites", args=[dealership.pk])
        return format_html('<a href="{}">Vehicles before and after</a>', address)

    @admin.display(description="CAO", ordering="conditions")
    def cao(self, dealership: Dealership) -> str:
        return " + ".join(word for key, word in _condition_words(dealership)) or "not set up"

    @admin.display(description="Schedule", ordering="schedule_days")
    def schedule(self, dealership: Dealership) -> str:
        return ", ".join(word[:3] for key, word in WEEKDAYS if key in dealership.schedule_days)


def _condition_words(dealership: Dealership) -> list[tuple[str, str]]:
    chosen = dealership.conditions or []
    return [(key, word) for key, word in (("new", "New"), ("po", "PO"), ("cpo", "CPO")) if key in chosen]


@admin.register(PathProfile)
class PathProfileAdmin(KeptAdmin, HistoryAdmin):
    list_display = ("name", "base", "separator", "layout", "qr_naming")
