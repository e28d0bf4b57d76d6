"""How a manager types a website's configuration."""

import json
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from dealerships.forms import TextListField
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.wording import platform_name
from scrapers.models import Website
from scrapers.operations.configuring import is_another

_MOST_SETTINGS, _LONGEST_SETTING = 50, 2_000


class TextMapField(forms.JSONField):
    """A JSON object of texts by name, without anything inside of anything."""

    def __init__(self, *, help_text: str = "") -> None:
        widget = forms.Textarea(attrs={"rows": 4, "cols": 80, "spellcheck": "false"})
        example = '{"name": "value"}'
        super().__init__(required=False, widget=widget, help_text=f"{help_text} As JSON: {example}".strip())

    def clean(self, value: Any) -> dict[str, str]:
        found = super().clean(value)
        if found in (None, ""):
            return {}
        if not isinstance(found, dict):
            raise ValidationError('Write one JSON object: {"name": "value"}.')
        if len(found) > _MOST_SETTINGS:
            raise ValidationError(f"These are {len(found)} settings; {_MOST_SETTINGS} are allowed.")
        for name, text in found.items():
            if not name.strip() or not isinstance(text, str):
                raise ValidationError(f"{name!r} holds {json.dumps(text)[:60]}; every value is a text in quotes.")
            if len(text) > _LONGEST_SETTING:
                raise ValidationError(f"{name!r} has {len(text):,} characters; {_LONGEST_SETTING:,} are allowed.")
            if "\0" in name + text:
                raise ValidationError(f"{name!r} holds a character that cannot be stored.")
        return found


class WebsiteForm(forms.ModelForm[Website]):
    """All that a manager says about a website; what runs learned is not typed."""

    platform = forms.ChoiceField(choices=[(key, f"{platform_name(key)} ({key})") for key in sorted(ADAPTERS)])
    base_url = forms.URLField(
        label="Address",
        max_length=200,
        assume_scheme="https",
        help_text="For example https://www.example.com, without a path.",
    )
    pace_seconds = forms.DecimalField(
        min_value=1, max_value=10, decimal_places=1, initial="1.5", help_text="Seconds between two requests."
    )
    parameters = TextMapField(help_text="The platform's ids by name.")
    scope = TextMapField(help_text="Query parameters that restrict lists to the rooftop.")

    class Meta:
        model = Website
        fields = (
            "dealership", "platform", "base_url", "parameters", "scope", "status_keys", "page_size", "extra_hosts",
            "rooftop_match", "rooftop_text", "rooftop_source", "rooftop_confirmed", "street_address", "locality",
            "postal_code", "region", "country", "enabled", "scrape_at", "pace_seconds", "most_megabytes",
            "robots_override", "permission_note",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status_keys"] = TextListField(help_text="Where the lot status stands, the most important first.")
        self.fields["extra_hosts"] = TextListField(help_text="Sister websites that lists come from.")

    def clean_base_url(self) -> str:
        """The address of the website itself, which programs may be sent to."""
        address = str(self.cleaned_data["base_url"]).strip().rstrip("/")
        parts = urlsplit(address)
        if parts.scheme != "https" or parts.path or parts.query or parts.fragment or "@" in parts.netloc or parts.port:
            raise ValidationError("Write the address without a path, for example https://www.example.com")
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # On the page of a website that exists its dealership is not typed.
        dealership = self.instance.dealership if self.instance.pk else cleaned.get("dealership")
        address = cleaned.get("base_url")
        if dealership and address:
            host = (urlsplit(address).hostname or "").removeprefix("www.")
            if host not in {approved.removeprefix("www.") for approved in dealership.approved_hosts}:
                words = f"{host} is no approved host of {dealership}. Add it to the dealership's website hosts first."
                self.add_error("base_url", words)
        return cleaned

    def _post_clean(self) -> None:
        """Behind the checks of the model, which put the typed values on the row."""
        super()._post_clean()  # type: ignore[misc]  # a documented hook that the stubs leave out
        before = Website.objects.filter(pk=self.instance.pk).first()
        if before and self.instance.enabled and is_another(website=self.instance, before=before):
            words = (
                "With another platform or address it has to be probed again. Switch it off, save it, probe it, then"
                " switch it on."
            )
            self.add_error("enabled", words)
