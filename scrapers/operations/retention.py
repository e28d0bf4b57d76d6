"""What is removed of readings when its time is over: kept answers with the vehicles read in them, then the runs.

The inventory that came of a run has its own time, and so has the audit trail.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from foundation.auditing import record
from foundation.retention import Removed, remove_rows
from jobs.operations.background import keep_alive
from scrapers.files import SnapshotOnDisk, delete_snapshots_of, snapshots_on_disk
from scrapers.models import ScrapePage, ScrapeRun, ScrapeSession

GOOD_RUNS_KEPT = 3
BAD_RUN_DAYS = 30
RUN_DAYS = 730
STRAY_HOURS = 24


def apply_scrape_retention(*, now: datetime, dry_run: bool = False, actor_name: str = "") -> list[Removed]:
    """Remove old answers, runs and stray files, or with `dry_run` only count them; gives each class.

    What was removed is recorded in the audit trail.
    """
    removed = [
        remove_old_answers(now=now, dry_run=dry_run),
        *remove_old_runs(now=now, dry_run=dry_run),
        remove_stray_snapshots(now=now, dry_run=dry_run),
    ]
    after = {item.name: item.count for item in removed if item.count}
    if after and not dry_run:
        with transaction.atomic():
            record("retention", object_type="retention", actor_name=actor_name, after=after)
    return removed


def remove_old_answers(*, now: datetime, dry_run: bool = False) -> Removed:
    """Delete the kept answers of runs, and the vehicles read in them; the account of each answer stays with its run.

    The last three good runs of a dealership keep theirs, others for 30 days. Every run is a step of its own, so this
    may be broken off and repeated.
    """
    ids = list(_runs_over_their_time(now).values_list("pk", flat=True))
    files = _files_of(ids)
    if not dry_run:
        for pk in ids:
            # The files first: their names are on record until they are gone.
            delete_snapshots_of(pk)
            ScrapePage.objects.filter(run=pk).update(snapshot="", vehicles=[])
            keep_alive()
    return Removed("websites' answers", len(files), sum(file.size for file in files))


def _runs_over_their_time(now: datetime) -> QuerySet[ScrapeRun]:
    good = ScrapeRun.objects.filter(state=ScrapeRun.State.DONE, session__is_dry_run=False)
    rank = Window(RowNumber(), partition_by=F("dealership"), order_by=F("pk").desc())
    is_good = Q(pk__in=good.values("pk"))
    is_kept = Q(pk__in=good.annotate(rank=rank).filter(rank__lte=GOOD_RUNS_KEPT).values("pk"))
    is_old = Q(ended_at__lt=now - timedelta(days=BAD_RUN_DAYS))
    has_answers = Exists(ScrapePage.objects.filter(run=OuterRef("pk")).exclude(snapshot=""))
    ended = ScrapeRun.objects.exclude(state__in=ScrapeRun.OPEN).filter(has_answers)
    return ended.filter((is_good & ~is_kept) | (~is_good & is_old)).order_by("pk")


def _files_of(runs: Iterable[int]) -> list[SnapshotOnDisk]:
    wanted = set(runs)
    return [file for file in snapshots_on_disk() if file.run_id in wanted]


def remove_old_runs(*, now: datetime, dry_run: bool = False) -> list[Removed]:
    """Delete runs of more than 24 months ago with the account of their answers, and sessions that have no run left.

    Files of theirs that are still there are stray from then on.
    """
    before = now - timedelta(days=RUN_DAYS)
    old = ScrapeRun.objects.exclude(state__in=ScrapeRun.OPEN).filter(ended_at__lt=before)
    empty = ScrapeSession.objects.filter(~Exists(ScrapeRun.objects.filter(session=OuterRef("pk"))))
    return [
        remove_rows("runs of websites", old, dry_run=dry_run, beat=keep_alive),
        remove_rows("sessions without a run", empty.filter(created_at__lt=before), dry_run=dry_run, beat=keep_alive),
    ]


def remove_stray_snapshots(*, now: datetime, dry_run: bool = False) -> Removed:
    """Delete kept answers that no run names, a day after they were written: what a killed program left."""
    limit = now - timedelta(hours=STRAY_HOURS)
    named = set(ScrapePage.objects.exclude(snapshot="").values_list("run", flat=True).distinct())
    named |= set(ScrapeRun.objects.open().values_list("pk", flat=True))
    stray = [file for file in snapshots_on_disk() if file.run_id not in named and file.written_at < limit]
    if not dry_run:
        for run_id in {file.run_id for file in stray}:
            delete_snapshots_of(run_id)
            keep_alive()
    return Removed("stray answers of websites", len(stray), sum(file.size for file in stray))
