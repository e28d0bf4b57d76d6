"""What the first page of the day tells of websites."""

from typing import Any

from django import template
from django.utils import timezone

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
