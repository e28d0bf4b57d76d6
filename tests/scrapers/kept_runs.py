"""Websites and runs as rows, for tests of what is made of them; nothing is asked for."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dealerships.models import Dealership
from inventory.models import InventoryImport
from scrapers.domain.shapes import Answer, Kind, Request
from scrapers.files import store_snapshot
from scrapers.models import ScrapePage, ScrapeRun, ScrapeSession, Website
from tests.factories import make_dealership

BODY = b'{"vehicles": []}'


def make_website(*, name: str = "Elm Street Motors", dealership: Dealership | None = None, **fields: Any) -> Website:
    """A website that is switched on since yesterday and was probed before."""
    host = f"{name.lower().replace(' ', '-')}.example"
    values: dict[str, Any] = {
        "platform": "dealeron",
        "base_url": f"https://www.{host}",
        "rooftop_confirmed": True,
        "enabled": True,
        "probed_at": timezone.now() - timedelta(days=2),
        "enabled_at": timezone.now() - timedelta(days=1),
    }
    owner = dealership or make_dealership(name=name, approved_hosts=[host])
    return Website.objects.create(dealership=owner, **(values | fields))


def make_session(**fields: Any) -> ScrapeSession:
    return ScrapeSession.objects.create(**({"trigger": ScrapeSession.Trigger.COMMAND} | fields))


def make_run(
    website: Website,
    *,
    state: str = "done",
    session: ScrapeSession | None = None,
    ago: timedelta | None = None,
    **fields: Any,
) -> ScrapeRun:
    """A run in that state; one that has ended did so `ago`."""
    at = timezone.now() - (ago or timedelta())
    is_open = state in ScrapeRun.OPEN
    values: dict[str, Any] = {
        "platform": website.platform,
        "vehicles": 0 if state == "failed" else 120,
        "started_at": None if state == "queued" else at - timedelta(seconds=9),
        "ended_at": None if is_open else at,
    }
    run = ScrapeRun.objects.create(
        session=session or make_session(), dealership=website.dealership, state=state, **(values | fields)
    )
    ScrapeRun.objects.filter(pk=run.pk).update(created_at=at - timedelta(seconds=10))
    return run


def keep_answer(
    run: ScrapeRun, *, number: int = 1, body: bytes = BODY, at: datetime | None = None, **fields: Any
) -> ScrapePage:
    """An answer of the run's website, on disk and on record."""
    url = fields.pop("url", "https://www.elm-street-motors.example/inventory?page=1")
    request = Request(kind=Kind.LIST, url=url)
    answer = Answer(status=200, url=url, headers={"content-type": "text/html"}, body=body)
    stored = store_snapshot(run_id=run.pk, page_number=number, request=request, answer=answer, at=at or timezone.now())
    values: dict[str, Any] = {
        "vehicles": [["1C4RJFAG0NC000001"]],
        "rows": 1,
        "kind": "list",
        "list_name": "all",
        "snapshot": stored.name,
    }
    return ScrapePage.objects.create(
        run=run,
        number=number,
        round=0,
        method="GET",
        url=url,
        status=200,
        seconds=0.4,
        received_bytes=len(body),
        body_bytes=len(body),
        sha256=stored.sha256,
        **(values | fields),
    )


def attach_import(run: ScrapeRun, inventory_import: InventoryImport) -> None:
    """Let an import be the one that the run handed over."""
    run.inventory_import = inventory_import
    run.save(update_fields=["inventory_import"])
