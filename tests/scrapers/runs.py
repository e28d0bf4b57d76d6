"""Websites of dealerships in tests, read by the product from the fake dealer web."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from dealerships.models import Dealership
from dealerships.operations import load_dealerships
from inventory.models import Dataset, RawVehicle
from scrapers.models import ScrapePage, ScrapeRun, ScrapeSession, Website
from scrapers.operations.loading import load_websites
from scrapers.operations.running import work_on_runs
from scrapers.operations.sessions import start_session
from tests.factories import ensure_mappings, ensure_output_templates

# Small lots of different platforms; the fake web lists them on one page each or a few.
JAGUAR, CADILLAC, STEHOUWER, TWIN_CITY = (
    "Jaguar Rancho Mirage",
    "Rusty Drewing Cadillac",
    "Tom Stehouwer Auto Sales",
    "Twin City Toyota",
)


def load_shop() -> None:
    """All dealerships and their websites, as shipped, switched on."""
    ensure_mappings()
    ensure_output_templates()
    load_dealerships()
    load_websites()
    now = timezone.now()
    Website.objects.update(enabled=True, probed_at=now, enabled_at=now)


def website_of(name: str) -> Website:
    return Website.objects.select_related("dealership").get(dealership__name=name)


def start(*names: str, **choices: Any) -> ScrapeSession:
    choices.setdefault("trigger", ScrapeSession.Trigger.COMMAND)
    return start_session(websites=[website_of(name) for name in names], **choices)


def read(*names: str, **choices: Any) -> list[ScrapeRun]:
    """Read these websites to their end, or as far as they come in one go; gives their runs in that order."""
    session = start(*names, **choices)
    work_on_runs(session_id=session.pk)
    return [session.runs.get(dealership__name=name) for name in names]


def read_one(name: str, **choices: Any) -> ScrapeRun:
    [run] = read(name, **choices)
    return run


def outcome(run: ScrapeRun) -> tuple[str, str]:
    run.refresh_from_db()
    return run.state, run.error_code


def active_vins(name: str) -> list[str]:
    """VINs of the rows of the dealership's active dataset, those included that the import rejected."""
    dataset = Dataset.objects.active().filter(dealership__name=name).first()
    return sorted(RawVehicle.objects.filter(dataset=dataset).values_list("vin", flat=True)) if dataset else []


def rows_of(run: ScrapeRun) -> dict[str, RawVehicle]:
    """The rows that a run handed over, by VIN."""
    return {row.vin: row for row in RawVehicle.objects.filter(dataset__inventory_import=run.inventory_import)}


def pages_of(runs: Iterable[ScrapeRun]) -> Sequence[ScrapePage]:
    return list(ScrapePage.objects.filter(run__in=list(runs)))


def dealership(name: str) -> Dealership:
    return Dealership.objects.get(name=name)
