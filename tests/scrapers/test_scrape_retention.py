"""How long answers of websites, runs and their files are kept, and what stays."""

import os
from datetime import time, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from foundation.models import AuditEntry
from inventory.models import Dataset, InventoryImport
from jobs.models import Job
from jobs.operations.background import run_job, start_job
from jobs.schedules import Daily, all_schedules
from orders.operations.retention import apply_retention
from scrapers.models import ScrapePage, ScrapeRun, ScrapeSession
from scrapers.operations.retention import apply_scrape_retention
from tests.command_line import run_command
from tests.factories import make_vehicles
from tests.scrapers.kept_runs import attach_import, keep_answer, make_run, make_session, make_website

pytestmark = pytest.mark.django_db


def retain(*, after: int = 0, dry_run: bool = False) -> dict[str, int]:
    """What is removed by a run that many days from now, per class."""
    now = timezone.now() + timedelta(days=after)
    return {item.name: item.count for item in apply_scrape_retention(now=now, dry_run=dry_run) if item.count}


def kept_on_disk() -> list[str]:
    root = Path(settings.SCRAPES_DIR)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.gz"))


def runs_with_answers() -> list[int]:
    return sorted(ScrapePage.objects.exclude(snapshot="").values_list("run", flat=True).distinct())


def test_the_last_three_good_runs_of_each_dealership_keep_their_answers() -> None:
    elm, oak = make_website(), make_website(name="Oak Hill Cars")
    runs = [make_run(elm) for _ in range(5)]
    other = make_run(oak)
    for run in [*runs, other]:
        keep_answer(run)
    assert retain(dry_run=True) == {"websites' answers": 2}
    assert len(kept_on_disk()) == 6
    assert retain() == {"websites' answers": 2}
    assert runs_with_answers() == [run.pk for run in (*runs[2:], other)]
    assert kept_on_disk() == sorted(f"{run.pk}/00001.snapshot.gz" for run in (*runs[2:], other))
    gone = ScrapePage.objects.get(run=runs[0])
    assert (gone.vehicles, gone.rows, gone.url != "") == ([], 1, True)
    assert retain(after=700) == {}


@pytest.mark.parametrize("state", ["failed", "partial", "held", "cancelled"])
def test_other_runs_keep_their_answers_for_30_days_however_many_there_are(state: str) -> None:
    elm = make_website()
    for _ in range(5):
        keep_answer(make_run(elm, state=state))
    assert (retain(after=29), len(kept_on_disk())) == ({}, 5)
    assert (retain(after=31), len(kept_on_disk())) == ({"websites' answers": 5}, 0)


def test_trials_are_no_good_runs_and_open_runs_keep_everything() -> None:
    elm, oak = make_website(), make_website(name="Oak Hill Cars")
    good = [make_run(elm) for _ in range(3)]
    trials = [make_run(elm, session=make_session(is_dry_run=True)) for _ in range(2)]
    still_open = make_run(oak, state="running")
    for run in [*good, *trials, still_open]:
        keep_answer(run)
    assert retain(after=31) == {"websites' answers": 2}
    assert runs_with_answers() == [run.pk for run in (*good, still_open)]
    assert retain(after=800) == {"runs of websites": 5, "sessions without a run": 5, "stray answers of websites": 3}
    assert ScrapeRun.objects.get() == still_open
    assert len(kept_on_disk()) == 1


def test_runs_are_kept_for_24_months_and_their_import_longer() -> None:
    elm = make_website()
    make_vehicles(dealership=elm.dealership)
    run = make_run(elm)
    attach_import(run, InventoryImport.objects.get())
    assert retain(after=729) == {}
    assert retain(after=731) == {"runs of websites": 1, "sessions without a run": 1}
    assert (ScrapeRun.objects.count(), ScrapeSession.objects.count()) == (0, 0)
    assert (InventoryImport.objects.count(), Dataset.objects.count()) == (1, 1)


def test_an_import_goes_before_the_run_that_brought_it() -> None:
    """Whichever time is over first, neither keeps the other from going."""
    run = make_run(make_website(), state="failed")
    old = timezone.now() - timedelta(days=1000)
    item = InventoryImport.objects.create(source="x", sha256="1", collected_at=old, status="failed")
    InventoryImport.objects.update(created_at=old)
    attach_import(run, item)
    apply_retention(now=timezone.now())
    run.refresh_from_db()
    assert (InventoryImport.objects.count(), run.inventory_import) == (0, None)


def test_files_that_no_run_names_go_after_a_day() -> None:
    run = make_run(make_website())
    keep_answer(run)
    ScrapeRun.objects.all().delete()
    assert retain() == {}
    yesterday = (timezone.now() - timedelta(hours=25)).timestamp()
    [name] = kept_on_disk()
    os.utime(Path(settings.SCRAPES_DIR) / name, (yesterday, yesterday))
    assert retain(dry_run=True) == {"stray answers of websites": 1}
    assert (retain(), kept_on_disk()) == ({"stray answers of websites": 1}, [])


def test_what_was_removed_stands_in_the_audit_trail() -> None:
    keep_answer(make_run(make_website(), state="failed", ago=timedelta(days=31)))
    retain(dry_run=True)
    assert not AuditEntry.objects.filter(action="retention").exists()
    apply_scrape_retention(now=timezone.now(), actor_name="schedule")
    entry = AuditEntry.objects.get(action="retention")
    assert (entry.actor_name, entry.after) == ("schedule", {"websites' answers": 1})


def test_a_worker_does_it_every_night() -> None:
    [mine] = [schedule for schedule in all_schedules() if schedule.name == "nightly retention of websites"]
    assert mine.when == Daily(time(2, 30))
    keep_answer(make_run(make_website(), state="failed", ago=timedelta(days=31)))
    job = start_job(kind=mine.kind)
    run_job(job_id=job.pk)
    assert Job.objects.get(kind=mine.kind).result.startswith("1 websites' answers")


@pytest.mark.django_db(transaction=True)
def test_the_command_counts_and_removes_the_websites_answers_too() -> None:
    keep_answer(make_run(make_website(), state="failed", ago=timedelta(days=31)))
    for option, left in (("--dry-run", 1), ("--all", 0)):
        answer = run_command("retention", option, "--json")
        counts = {item["name"]: item["count"] for item in answer.document["classes"]}
        assert (counts["websites' answers"], counts["uploads"], len(kept_on_disk())) == (1, 0, left)
