"""What a worker does for websites, and when it does it by itself."""

from datetime import timedelta

from django.utils import timezone

from jobs.registry import job
from jobs.schedules import Every, schedule
from scrapers.operations.claiming import SCRAPE_JOB
from scrapers.operations.running import work_on_runs
from scrapers.operations.sessions import start_due_session

DUE_JOB = "scrape_due"


@job(SCRAPE_JOB)
def read_websites(run_id: int) -> None:
    work_on_runs(first=run_id)


@job(DUE_JOB)
def read_due_websites(_: int) -> str:
    session = start_due_session(now=timezone.now())
    return f"Session {session.pk}: {session.runs.count()} websites." if session else "No website is due."


# Each website has its own time of day, so this only looks whether one has come.
schedule("websites that are due", kind=DUE_JOB, when=Every(timedelta(minutes=5)))
