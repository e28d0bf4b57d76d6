"""A scrape run as work: how its state changes while workers read its website."""

from django.utils import timezone

from jobs.models import CLAIM_COLUMNS
from jobs.registry import Work, register_work
from scrapers.models import ScrapeRun

SCRAPE_JOB = "scrape_website"


def move_run(run: ScrapeRun, state: str, /, *, action: str, detail: str) -> None:
    """Give a locked run another state, with the moments of its start and its end."""
    run.state = state
    if state == ScrapeRun.State.RUNNING:
        run.started_at = run.started_at or timezone.now()
    run.ended_at = None if state in ScrapeRun.OPEN else timezone.now()
    run.save(update_fields=["state", "started_at", "ended_at", *CLAIM_COLUMNS])


# What was read is kept page by page: a run that lost its worker goes on behind the last page.
register_work(Work(kind=SCRAPE_JOB, model=ScrapeRun, move=move_run))
