"""How a website's configuration is kept: what a change means for what was learned and for the schedule."""

from django.db import transaction
from django.utils import timezone

from scrapers.models import Website

# Another one of these is another website: what was read from the former one no longer counts.
_IDENTITY = ("platform", "base_url")


def save_website(*, website: Website) -> None:
    """Keep a website as it was typed and checked.

    One that is switched on is due from its next time of day on. One of another platform or address has to be probed
    before it may be switched on, and forgets what was learned.
    """
    with transaction.atomic():
        before = Website.objects.select_for_update().filter(pk=website.pk).first()
        if before and is_another(website=website, before=before):
            website.probed_at = None
            website.learned = {}
        if not website.enabled:
            website.enabled_at = None
        elif before is None or not before.enabled:
            website.enabled_at = timezone.now()
        website.save()


def is_another(*, website: Website, before: Website) -> bool:
    """Whether a changed configuration names another website than before."""
    return any(getattr(website, name) != getattr(before, name) for name in _IDENTITY)
