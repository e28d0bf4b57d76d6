"""Which website is read how, and which are due."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from dealerships.models import Dealership
from foundation.errors import Refused
from inventory.domain.facts import LotStatus
from inventory.models import Vehicle
from jobs.schedules import Daily
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.addresses import registrable_domain
from scrapers.domain.shapes import Adapter, Site
from scrapers.models import ScrapeRun, ScrapeSession, Website


def adapter_of(website: Website) -> Adapter:
    """The adapter of the website's platform. Raises `Refused` for a platform that no adapter knows."""
    adapter = ADAPTERS.get(website.platform)
    if adapter is None:
        known = ", ".join(sorted(ADAPTERS))
        words = f"{website.dealership}: no adapter is called {website.platform!r}. Choose one of {known}."
        raise Refused(words, code="unknown_platform")
    return adapter


def site_of(website: Website) -> Site:
    """The website as its adapter needs it, with what is known of the vehicles that are on the lot now."""
    on_lot = Vehicle.objects.active().for_dealership(website.dealership).filter(lot_status=LotStatus.ON_LOT)
    found = list(on_lot.values_list("vin", "raw_status", "date_in_stock"))
    return replace(
        website.site(),
        known={vin: status for vin, status, _ in found},
        known_dates={vin: f"{day:%m/%d/%Y}" for vin, _, day in found if day},
    )


def hosts_of(website: Website) -> frozenset[str]:
    """The hosts that may be asked for this website: the dealership's approved ones and sister websites."""
    return frozenset([*website.dealership.approved_hosts, *website.extra_hosts])


def services_of(website: Website) -> frozenset[str]:
    """Registrable domains that may be asked beside: the platform's services, and the website's own other hosts."""
    return frozenset([*adapter_of(website).API_DOMAINS, registrable_domain(website.base_url.partition("://")[2])])


def due_websites(*, now: datetime) -> list[Website]:
    """Enabled websites whose time has come since the schedule read them last, and since they were switched on."""
    runs = ScrapeRun.objects.filter(session__trigger=ScrapeSession.Trigger.SCHEDULE, session__is_dry_run=False)
    started: dict[int, datetime] = dict(runs.values_list("dealership").annotate(Max("created_at")))
    return [
        website
        for website in Website.objects.enabled().select_related("dealership")
        if (slot := slot_of(website, now)) > (website.enabled_at or now)
        and (website.dealership_id not in started or started[website.dealership_id] < slot)
    ]


def slot_of(website: Website, now: datetime) -> datetime:
    """When the website was to be read last by its schedule."""
    return Daily(website.scrape_at).latest_slot(now, timezone.get_default_timezone())


def find_websites(*, dealerships: Iterable[Dealership]) -> list[Website]:
    """The websites of these dealerships. Raises `Refused` when one has none."""
    wanted = list(dealerships)
    found = {website.dealership_id: website for website in Website.objects.filter(dealership__in=wanted)}
    missing = [dealership.name for dealership in wanted if dealership.pk not in found]
    if missing:
        words = f"No website is configured for {', '.join(missing)}. Import the inventory as a CSV, or add the website."
        raise Refused(words, code="no_website")
    return [found[dealership.pk] for dealership in wanted]


def enable_website(*, website: Website) -> Website:
    """Have a website read on schedule, from its next time of day on, because a probe has just read it.

    Raises `Refused` while nobody has confirmed its rooftop rule, and for a platform that no adapter knows.
    """
    with transaction.atomic():
        locked = Website.objects.select_for_update(of=["self"]).select_related("dealership").get(pk=website.pk)
        adapter_of(locked)
        if not locked.rooftop_confirmed:
            words = (
                f"{locked.dealership}: nobody has confirmed its rooftop rule. Look whether it keeps this dealership's"
                " vehicles and no others, confirm it, then switch the website on."
            )
            raise Refused(words, code="rooftop_unconfirmed")
        locked.probed_at = timezone.now()
        if not locked.enabled:
            locked.enabled, locked.enabled_at = True, locked.probed_at
        locked.save(update_fields=["probed_at", "enabled", "enabled_at"])
    return locked
