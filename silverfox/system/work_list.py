"""What runs, waits and has failed, of every kind of background work, for the page Jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from inventory.models import InventoryImport
from jobs.claims import rows_of, state_is
from jobs.models import Claimable, Job
from jobs.registry import Work, all_works
from orders.models import Order
from scrapers.models import ScrapeRun

MOST_SHOWN = 50
# The page of a row, and what its name is made of.
_PAGES: dict[type[Claimable], tuple[str, list[str]]] = {
    Order: ("order_detail", ["dealership"]),
    InventoryImport: ("import_detail", []),
    ScrapeRun: ("website_run", ["dealership"]),
}


@dataclass(frozen=True)
class WorkRow:
    """One row of work; `page` is empty for a job, which is retried and cancelled where it is listed."""

    row: Any
    name: str
    page: str
    state: str

    @property
    def job(self) -> Job | None:
        return self.row if isinstance(self.row, Job) else None

    @property
    def since(self) -> datetime:
        """When it was asked for."""
        asked: datetime = self.row.created_at
        return asked


@dataclass(frozen=True)
class WorkGroup:
    """Rows in one state, oldest first; `count` also counts those that are not shown."""

    state: str
    title: str
    rows: list[WorkRow]
    count: int


def list_work() -> list[WorkGroup]:
    """What runs, waits and has failed, and the jobs that ended last."""
    return [_group("running", "Running"), _group("queued", "Waiting"), _group("failed", "Failed"), _ended()]


def _group(state: str, title: str) -> WorkGroup:
    rows: list[WorkRow] = []
    count = 0
    for work in all_works():
        found = rows_of(work).filter(state_is(work, getattr(work, state))).order_by("pk")
        if work.model is ScrapeRun and state == "failed":
            # A website that was read again since has nothing to be mended.
            later = ScrapeRun.objects.filter(dealership=OuterRef("dealership"), pk__gt=OuterRef("pk"))
            found = found.exclude(Exists(later))
        count += found.count()
        rows += _rows(work, found, state)
    return WorkGroup(state, title, sorted(rows, key=lambda row: row.since)[:MOST_SHOWN], count)


def _rows(work: Work, found: Any, state: str) -> Iterator[WorkRow]:
    page, named_by = _PAGES.get(work.model, ("", []))
    for row in (found.select_related(*named_by) if named_by else found)[:MOST_SHOWN]:
        yield WorkRow(row, _name(row), reverse(page, args=[row.pk]) if page else "", state)


def _ended() -> WorkGroup:
    ended = Job.objects.filter(state__in=[Job.State.DONE, Job.State.CANCELLED]).order_by("-finished_at")
    rows = [WorkRow(job, _name(job), "", job.state) for job in ended[:MOST_SHOWN]]
    return WorkGroup("done", "Jobs that ended", rows, ended.count())


def _name(row: Claimable) -> str:
    if not isinstance(row, Job):
        return str(row)
    words = row.kind.replace("_", " ").capitalize()
    return f"{words} {row.subject_id}" if row.subject_id else words
