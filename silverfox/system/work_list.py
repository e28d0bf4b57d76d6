"""What runs, waits and has failed, of every kind of background work, for the page Jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from inventory.models import InventoryImport
from jobs.claims import rows_of, state_is
from jobs.models import Claimable, Job
from jobs.registry import Work, all_works
from orders.models import Order
from scrapers.models import ScrapeRun

MOST_SHOWN = 50
ENDED = (Job.State.DONE, Job.State.CANCELLED, Job.State.FAILED)
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
    """What runs, waits and has failed."""
    return [_group("running", "Running"), _group("queued", "Waiting"), _group("failed", "Failed")]


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
        yield WorkRow(row, name_of(row), reverse(page, args=[row.pk]) if page else "", state)


def ended_jobs(*, state: str = "", kind: str = "") -> QuerySet[Job]:
    """The jobs that ended, the last one first: all, or those of one state or one kind."""
    jobs = Job.objects.filter(state__in=[state] if state else ENDED).order_by("-finished_at", "-pk")
    return jobs.filter(kind=kind) if kind else jobs


def kinds_of_jobs() -> list[tuple[str, str]]:
    """Every kind of job on record with its words."""
    kinds = Job.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, in_words(kind)) for kind in kinds]


def in_words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def name_of(row: Claimable) -> str:
    """What people call it."""
    if not isinstance(row, Job):
        return str(row)
    words = in_words(row.kind)
    return f"{words} {row.subject_id}" if row.subject_id else words
