"""How all websites stand, with a number of queries that does not grow with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from inventory.models import Dataset
from inventory.operations.activation import STALE_HOURS, is_stale
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.sessions import latest_runs
from scrapers.operations.websites import due_websites

_STATE = ScrapeRun.State
_URGENCY = [_STATE.FAILED, _STATE.PARTIAL, _STATE.HELD, _STATE.RUNNING, _STATE.QUEUED, _STATE.CANCELLED, _STATE.DONE]


@dataclass(frozen=True, kw_only=True)
class WebsiteStatus:
    """One website: its last run that was no trial, the inventory in use, and the dataset that waits for a decision."""

    website: Website
    run: ScrapeRun | None
    dataset: Dataset | None
    held: Dataset | None
    is_stale: bool
    is_due: bool

    @property
    def is_on(self) -> bool:
        return self.website.enabled and self.website.dealership.active

    @property
    def is_reading(self) -> bool:
        return self.run is not None and self.run.state in ScrapeRun.OPEN

    @property
    def needs_somebody(self) -> bool:
        """Whether it cannot go on by itself: not read, not whole, held, or its inventory is too old."""
        is_bad = self.run is not None and self.run.state in {_STATE.FAILED, _STATE.PARTIAL}
        return self.is_on and (is_bad or self.held is not None or self.is_stale)

    @property
    def urgency(self) -> tuple[int, int]:
        """What needs a person first, what is well last, what is off behind it."""
        state = _URGENCY.index(_STATE(self.run.state)) if self.run else len(_URGENCY)
        return (0 if self.needs_somebody else 1 if self.is_on else 2), state


@dataclass(frozen=True)
class WebsiteAlerts:
    """What the first page of the day tells of websites: those not read, and inventories that grew too old.

    Datasets that are held stand there already, whatever brought them.
    """

    failed: list[ScrapeRun]
    stale: list[Dataset]

    def __len__(self) -> int:
        return len(self.failed) + bool(self.stale)


def survey_websites(*, now: datetime) -> list[WebsiteStatus]:
    """Every website in the order of the dealerships' names."""
    runs = {run.dealership_id: run for run in _last_runs()}
    datasets: dict[tuple[int, str], Dataset] = {}
    for dataset in Dataset.objects.filter(status__in=[Dataset.Status.ACTIVE, Dataset.Status.HELD]).order_by("id"):
        datasets[dataset.dealership_id, dataset.status] = dataset
    due = {website.pk for website in due_websites(now=now)}
    return [
        _status(
            website,
            runs.get(website.dealership_id),
            active=datasets.get((website.dealership_id, Dataset.Status.ACTIVE)),
            held=datasets.get((website.dealership_id, Dataset.Status.HELD)),
            is_due=website.pk in due,
            now=now,
        )
        for website in Website.objects.select_related("dealership")
    ]


def _status(
    website: Website,
    run: ScrapeRun | None,
    *,
    active: Dataset | None,
    held: Dataset | None,
    is_due: bool,
    now: datetime,
) -> WebsiteStatus:
    stale = active is not None and is_stale(dataset=active, now=now)
    return WebsiteStatus(website=website, run=run, dataset=active, held=held, is_stale=stale, is_due=is_due)


def _last_runs() -> QuerySet[ScrapeRun]:
    return latest_runs().filter(session__is_dry_run=False)


def website_alerts(*, now: datetime) -> WebsiteAlerts:
    """Websites that are switched on and were not read the last time, and stale inventories of all dealerships."""
    last = _last_runs().filter(dealership__active=True, dealership__website__enabled=True)
    runs = ScrapeRun.objects.filter(pk__in=last.values("pk"), state=_STATE.FAILED)
    stale = Dataset.objects.active().filter(
        dealership__active=True,
        dealership__has_inventory_source=True,
        collected_at__lt=now - timedelta(hours=STALE_HOURS),
    )
    return WebsiteAlerts(
        failed=list(runs.select_related("dealership__website").order_by("dealership__name")),
        stale=list(stale.select_related("dealership").order_by("collected_at", "dealership__name")),
    )


def last_states() -> dict[int, tuple[int, str]]:
    """The websites that are switched on, each with the state of its last run, by dealership id."""
    websites = dict(Website.objects.enabled().order_by().values_list("dealership_id", "pk"))
    runs = _last_runs().filter(dealership__in=websites).values_list("dealership_id", "state")
    return {pk: (websites[pk], state) for pk, state in runs}


def open_sessions() -> list[dict[str, Any]]:
    """The sessions that have not ended, the newest first, with the number of their runs and of those that did."""
    is_open = Q(runs__state__in=ScrapeRun.OPEN)
    sessions = ScrapeSession.objects.annotate(total=Count("runs"), still_open=Count("runs", filter=is_open))
    return [
        {"pk": session.pk, "total": session.total, "ended": session.total - session.still_open}
        for session in sessions.filter(still_open__gt=0)
    ]
