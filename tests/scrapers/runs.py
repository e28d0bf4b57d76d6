"""Websites of dealerships in tests, read by the product from the fake dealer web."""

import csv
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.utils import timezone

from dealerships.operations import SHIPPED_TABLE as DEALERSHIPS
from dealerships.operations import load_dealerships
from inventory.models import Dataset, RawVehicle
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.loading import SHIPPED_TABLE as WEBSITES
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
SMALL = (JAGUAR, CADILLAC, STEHOUWER, TWIN_CITY)


def load_shop(folder: Path, names: Collection[str] = SMALL) -> None:
    """These dealerships and their websites, as shipped, switched on; every one when `names` is empty."""
    ensure_mappings()
    ensure_output_templates()
    load_dealerships(path=_rows(DEALERSHIPS, folder / "dealerships.csv", "name", names))
    load_websites(path=_rows(WEBSITES, folder / "sites.csv", "dealership", names))
    now = timezone.now()
    Website.objects.update(enabled=True, probed_at=now, enabled_at=now)


def _rows(table: Path, copy: Path, column: str, names: Collection[str]) -> Path:
    """A copy of a table with the rows of these dealerships only."""
    with table.open(encoding="utf-8", newline="") as lines, copy.open("w", encoding="utf-8", newline="") as kept:
        reader = csv.DictReader(lines)
        writer = csv.DictWriter(kept, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in reader if not names or row[column] in names)
    return copy


def website_of(name: str) -> Website:
    return Website.objects.select_related("dealership").get(dealership__name=name)


def start(*names: str, **choices: Any) -> ScrapeSession:
    choices.setdefault("trigger", ScrapeSession.Trigger.COMMAND)
    return start_session(websites=[website_of(name) for name in names], **choices)


def read(*names: str, **choices: Any) -> list[ScrapeRun]:
    """Read these websites to their end, or until they pause; gives their runs in that order."""
    session = start(*names, **choices)
    while work_on_runs(session_id=session.pk):
        pass
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
