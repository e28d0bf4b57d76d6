"""What a worker does for websites, and when it does it by itself."""

from datetime import time, timedelta

from django.utils import timezone

from jobs.registry import job
from jobs.schedules import Daily, Every, schedule
from scrapers.operations.claiming import SCRAPE_JOB
from scrapers.operations.retention import apply_scrape_retention
from scrapers.operations.running import work_on_runs
from scrapers.operations.sessions import start_due_session

DUE_JOB = "scrape_due"
RETENTION_JOB = "apply_scrape_retention"


@job(SCRAPE_JOB)
def read_websites(run_id: int) -> None:
    work_on_runs(first=run_id)


@job(DUE_JOB)
def read_due_websites(_: int) -> str:
    session = start_due_session(now=timezone.now())
    return f"Session {session.pk}: {session.runs.count()} websites." if session else "No website is due."


@job(RETENTION_JOB)
def retain(_: int) -> str:
    removed = apply_scrape_retention(now=timezone.now(), actor_name="schedule")
    return ", ".join(f"{item.count} {item.name}" for item in removed)


# Each website has its own time of day, so this only looks whether one has come.
schedule("websites that are due", kind=DUE_JOB, when=Every(timedelta(minutes=5)))
schedule("nightly retention of websites", kind=RETENTION_JOB, when=Daily(time(2, 30)))
