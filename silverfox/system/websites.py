"""Whether the dealerships' websites are read: which failed again and again, and which shut programs out."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from scrapers.models import ScrapeRun, Website
from silverfox.system.verdicts import MOST_NAMED, Check, judged

FAILURES_IN_A_ROW = 2
_FORBIDDEN = {"E_FORBIDDEN", "E_CHALLENGE", "E_ROBOTS"}


def website_checks() -> Iterator[Check]:
    """Every check of the websites that are switched on; each is told of by its last two runs."""
    runs = _last_runs()
    yield _failed(runs)
    yield _shut_out(runs)


def _last_runs() -> list[list[ScrapeRun]]:
    """Of each website its last ended runs that were no trials, the newest first."""
    enabled = Website.objects.enabled().values("dealership")
    ended = ScrapeRun.objects.exclude(state__in=[*ScrapeRun.OPEN, ScrapeRun.State.CANCELLED])
    rank = Window(RowNumber(), partition_by=F("dealership"), order_by=F("pk").desc())
    ranked = ended.filter(session__is_dry_run=False, dealership__in=enabled).annotate(rank=rank)
    last = ranked.filter(rank__lte=FAILURES_IN_A_ROW).select_related("dealership").order_by("dealership__name", "-pk")
    found: defaultdict[int, list[ScrapeRun]] = defaultdict(list)
    for run in last:
        found[run.dealership_id].append(run)
    return list(found.values())


def _failed(runs: list[list[ScrapeRun]]) -> Check:
    failed = [last for last in runs if _is_failure(last[0])]
    again = [last for last in failed if len(last) == FAILURES_IN_A_ROW and all(map(_is_failure, last))]
    details = [
        f"{last[0].dealership}: {last[0].error_text}" for last in [*again, *(f for f in failed if f not in again)]
    ]
    value = f"{len(failed)}, {len(again)} of them {FAILURES_IN_A_ROW} times in a row" if failed else "0"
    remedy = "The page Websites tells why. Mend the settings or read it again; meanwhile inventory can be uploaded."
    return judged(
        "websites not read",
        value,
        person=bool(again),
        warning=bool(failed),
        remedy=remedy,
        details=details[:MOST_NAMED],
    )


def _shut_out(runs: list[list[ScrapeRun]]) -> Check:
    shut = [last[0] for last in runs if last[0].error_code in _FORBIDDEN]
    details = [f"{run.dealership}: {run.error_text}" for run in shut[:MOST_NAMED]]
    remedy = "Ask the website's owner to let Silver Fox in. Nothing is gained by asking the website more often."
    return judged("websites that shut programs out", str(len(shut)), warning=bool(shut), remedy=remedy, details=details)


def _is_failure(run: ScrapeRun) -> bool:
    return run.state == ScrapeRun.State.FAILED
