"""What the first page of the day tells of websites."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from foundation.addresses import addresses
from scrapers.operations import surveying

register = template.Library()
MOST_NAMED = 5


@register.inclusion_tag("scrapers/_alerts.html", takes_context=True)
def website_alerts(context: template.Context) -> dict[str, Any]:
    """Websites that were not read the last time, and inventories that are too old; nothing where all is well."""
    alerts = surveying.website_alerts(now=timezone.now())
    stale = alerts.stale
    return {
        "user": context["user"],
        "count": len(alerts),
        "failed": alerts.failed[:MOST_NAMED],
        "more_failed": max(0, len(alerts.failed) - MOST_NAMED),
        "stale": stale,
        "stale_names": ", ".join(dataset.dealership.name for dataset in stale[:MOST_NAMED]),
        "more_stale": max(0, len(stale) - MOST_NAMED),
    }


@register.simple_tag
def website_states() -> dict[int, SafeString]:
    """How the website of each dealership was read the last time, as a link to it, by dealership id."""
    address = addresses("website_detail")
    return {
        pk: format_html('<a href="{}">{}</a>', address(website), _state_markup(state))
        for pk, (website, state) in surveying.last_states().items()
    }


@cache
def _state_markup(state: str) -> SafeString:
    """A state's shape and word; the same for every row of every page."""
    return render_to_string("scrapers/_state.html", {"state": state})


@register.filter
def at(values: Mapping[int, Any], key: int) -> Any:
    """The value of a mapping at a key that is not known before; empty for none."""
    return values.get(key, "")


@register.simple_tag
def running_websites() -> list[dict[str, Any]]:
    """The sessions whose websites are being read, with how many of them have ended."""
    return surveying.open_sessions()
