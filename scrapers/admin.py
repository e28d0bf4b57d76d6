"""Where managers configure websites."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from foundation.admin import HistoryAdmin, KeptAdmin
from scrapers.domain.wording import settings_words
from scrapers.forms import WebsiteForm
from scrapers.models import Website
from scrapers.operations.configuring import save_website


@admin.register(Website)
class WebsiteAdmin(KeptAdmin, HistoryAdmin):
    form = WebsiteForm
    list_display = ("dealership", "platform", "base_url", "enabled", "scrape_at", "rooftop_confirmed", "probed_at")
    list_filter = ("enabled", "platform", "rooftop_confirmed")
    list_select_related = ("dealership",)
    search_fields = ("dealership__name", "base_url")
    list_per_page = 100
    save_on_top = True
    readonly_fields = ("probed_at", "enabled_at", "learned_settings", "runs")
    fieldsets = (
        (None, {"fields": ("dealership", "base_url", "platform", "enabled", "scrape_at", "runs")}),
        ("Its own vehicles", {"fields": ("rooftop_match", "rooftop_text", "rooftop_source", "rooftop_confirmed")}),
        ("Platform", {"fields": ("parameters", "scope", "status_keys", "page_size", "extra_hosts")}),
        ("Address of every row", {"fields": ("street_address", "locality", "region", "postal_code", "country")}),
        ("Manners", {"fields": ("pace_seconds", "most_megabytes", "robots_override", "permission_note")}),
        ("Known by reading it", {"fields": ("probed_at", "enabled_at", "learned_settings")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A website stays with its dealership: its runs are the dealership's."""
        fixed = ("dealership",) if obj else ()
        return (*fixed, *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        save_website(website=obj)

    @admin.display(description="Learned")
    def learned_settings(self, website: Website) -> str:
        words = settings_words(website.learned)
        return format_html_join("", "<div>{}</div>", ([word] for word in words)) if words else "Nothing yet."

    @admin.display(description="Runs")
    def runs(self, website: Website) -> str:
        if not website.pk:
            return "None yet."
        return format_html('<a href="{}">How it is read</a>', reverse("website_detail", args=[website.pk]))
