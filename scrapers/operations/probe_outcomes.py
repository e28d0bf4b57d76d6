"""What is kept of a probe when a person wants it, and how it is told."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from dealerships.models import Dealership
from foundation.errors import Refused
from scrapers.domain.proposals import cells_of, masked
from scrapers.domain.site_addresses import bare_host
from scrapers.domain.sites import SiteRow
from scrapers.models import Website
from scrapers.operations.probing import Probe, row_of
from scrapers.operations.websites import enable_website

_IDENTITY = frozenset({"platform", "base_url"})
_IDENTITY_AND_RULE = _IDENTITY | {"rooftop_match", "rooftop_text", "rooftop_source"}
_ADDRESS = ("street_address", "locality", "postal_code", "region", "country")


def save_probe(*, probe: Probe, confirm_rooftop: bool = False) -> Website:
    """Keep what a probe found: the configuration as far as it differs, and what was learned, keys included.

    The rooftop rule counts as confirmed when the probe left no doubt or a person says so. A website whose platform,
    address or rule changed is confirmed anew, and is off until then. Raises `Refused` for a failed probe, an unknown
    dealership, a host that is not approved and values that cannot be kept.
    """
    dealership = _owner(probe)
    before = _values(row_of(probe.website)) if probe.website else {}
    changed = {name: value for name, value in _values(probe.row).items() if name not in before or value != before[name]}
    with transaction.atomic():
        website = Website.objects.select_for_update().filter(dealership=dealership).first()
        website = website or Website(dealership=dealership, **_address(probe.row))
        for name, value in changed.items():
            setattr(website, name, value)
        _keep_reading(website, probe, is_another=not _IDENTITY.isdisjoint(changed))
        is_as_before = website.rooftop_confirmed and _IDENTITY_AND_RULE.isdisjoint(changed)
        website.rooftop_confirmed = is_as_before or probe.is_certain or confirm_rooftop
        if not (website.rooftop_confirmed and website.probed_at):
            website.enabled, website.enabled_at = False, None
        _save(website)
    return website


def _keep_reading(website: Website, probe: Probe, *, is_another: bool) -> None:
    if is_another:
        website.learned, website.probed_at = {}, None
    if probe.reading:
        website.learned = {**website.learned, **probe.reading.learned}
    if probe.is_good:
        website.probed_at = timezone.now()


def _owner(probe: Probe) -> Dealership:
    if probe.code:
        raise Refused(f"Nothing was saved: {probe.reason}", code=probe.code)
    host = bare_host(probe.row.base_url)
    if probe.dealership is None:
        words = f"No dealership has {host} among its website hosts. Say --dealership NAME, and have a manager add it."
        raise Refused(words, code="no_dealership")
    if host not in {approved.removeprefix("www.") for approved in probe.dealership.approved_hosts}:
        words = (
            f"{host} is no approved host of {probe.dealership}: a manager adds it to the dealership's website hosts."
        )
        raise Refused(words, code="host_not_approved")
    return probe.dealership


def _values(row: SiteRow) -> dict[str, Any]:
    return {
        "platform": row.platform,
        "base_url": row.base_url,
        "parameters": dict(row.parameters),
        "scope": dict(row.scope),
        "page_size": row.page_size,
        "rooftop_match": row.rooftop.match.value,
        "rooftop_text": row.rooftop.text,
        "rooftop_source": row.rooftop.source,
    }


def _address(row: SiteRow) -> dict[str, str]:
    return {name: getattr(row.address, name) for name in _ADDRESS}


def _save(website: Website) -> None:
    try:
        website.full_clean()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(f"Nothing was saved: {name}: {messages[0]}", code="not_valid") from error
    website.save()


def switch_on(*, probe: Probe) -> Website:
    """Have the probed website read on schedule. Raises `Refused` when it cannot be, with the reason.

    Only what is kept can be switched on: a website for which something else is proposed is saved first.
    """
    name = probe.dealership.name if probe.dealership else probe.url
    if not probe.is_good:
        raise Refused(f"{name}: {probe.reason or 'no vehicle was read; probe it by its name.'}", code=probe.code)
    kept = Website.objects.filter(dealership=probe.dealership).select_related("dealership").first()
    if kept is None or _values(row_of(kept)) != _values(probe.row):
        words = f"{name}: what was read or proposed is not what is configured. Repeat the probe with --save."
        raise Refused(words, code="not_saved")
    return enable_website(website=kept)


def probe_document(probe: Probe) -> dict[str, Any]:
    """A probe as one document; keys are masked, `proposed` are the cells of a row of the table of websites."""
    reading, marks = probe.reading, probe.visit.marks
    found = {**marks.found(probe.row.platform), **(reading.learned if reading else {})}
    document: dict[str, Any] = {
        "url": probe.url,
        "dealership": probe.dealership.name if probe.dealership else None,
        "host": bare_host(probe.row.base_url),
        "platform": probe.row.platform or None,
        "confidence": probe.confidence,
        "shown": {seen.platform: seen.confidence for seen in marks.by_confidence},
        "found": masked(found),
        "list": reading.page.list_name if reading else None,
        "reported_total": reading.page.total_declared if reading else None,
        "rows": reading.rows if reading else 0,
        "rooftops": reading.rooftops() if reading else {},
        "own": reading.own(probe.row.rooftop) if reading else 0,
        "blank": reading.blank_shares() if reading else dict.fromkeys(("price", "status", "stock")),
        "page_size": reading.page.page_size if reading else None,
        "requests": probe.visit.requests,
        "seconds": probe.visit.seconds,
        "warnings": probe.warnings,
        "proposed": cells_of(probe.row),
        "rooftop_is_certain": probe.is_certain,
    }
    return document | ({"error": {"code": probe.code, "message": probe.reason}} if probe.code else {})
