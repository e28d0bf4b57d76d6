"""The pages of websites: how all of them stand, one with its history, and the button that has them read."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from foundation.errors import BadInput, Refused, SilverFoxError
from foundation.rate_limits import give_token_back, in_words, take_token, too_many
from foundation.roles import AuthenticatedRequest, staff_required
from inventory.models import Dataset
from inventory.operations.activation import is_stale
from scrapers.domain.charting import Chart, chart_of
from scrapers.domain.wording import platform_name, rooftop_words, settings_words
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.sessions import start_session
from scrapers.operations.surveying import WebsiteStatus, survey_websites
from scrapers.operations.websites import due_websites

READS_PER_HOUR = 4
# More than so many are read only after a confirmation.
MANY = 5
RUNS_PER_PAGE = 20
RUNS_IN_CHART = 20
_LIMIT: dict[str, Any] = {"limit": READS_PER_HOUR, "per": timedelta(hours=1)}
_LONG_AGO = datetime.min.replace(tzinfo=timezone.get_default_timezone())
SHOWS: dict[str, tuple[str, Callable[[WebsiteStatus], bool]]] = {
    "all": ("All", lambda _: True),
    "trouble": ("Needs you", lambda status: status.needs_somebody),
    "stale": ("Old inventory", lambda status: status.is_stale),
    "reading": ("Being read", lambda status: status.is_reading),
    "on": ("Switched on", lambda status: status.is_on),
    "off": ("Off", lambda status: not status.is_on),
}
SORTS: dict[str, Callable[[WebsiteStatus], Any]] = {
    "name": lambda status: status.website.dealership.name.casefold(),
    "platform": lambda status: platform_name(status.website.platform).casefold(),
    "time": lambda status: status.website.scrape_at,
    "state": lambda status: status.urgency,
    "read": lambda status: status.run.created_at if status.run else _LONG_AGO,
    "vehicles": lambda status: status.run.vehicles if status.run else -1,
    "age": lambda status: status.dataset.collected_at if status.dataset else _LONG_AGO,
}


@require_safe
def website_list(request: HttpRequest) -> HttpResponse:
    """Every dealership's website with its last run and the age of its inventory."""
    return _list(request)


def _list(request: HttpRequest, *, error: SilverFoxError | None = None) -> HttpResponse:
    now = timezone.now()
    statuses = survey_websites(now=now)
    show, sort = request.GET.get("show", "all"), request.GET.get("sort", "state")
    show = show if show in SHOWS else "all"
    key = sort.removeprefix("-")
    sort, key = (sort, key) if key in SORTS else ("state", "state")
    shown = [status for status in statuses if SHOWS[show][1](status)]
    shown.sort(key=SORTS[key], reverse=sort.startswith("-"))
    context = {
        "rows": [(status, platform_name(status.website.platform)) for status in shown],
        "websites": statuses,
        "shows": [(name, word, sum(map(test, statuses))) for name, (word, test) in SHOWS.items()],
        "show": show,
        "sort": sort,
        "on_count": sum(status.is_on for status in statuses),
        "due_count": sum(status.is_due and not status.is_reading for status in statuses),
        "sessions": _open_sessions(),
        "error": error,
    }
    status = 200 if error is None else 422 if isinstance(error, BadInput) else 409
    return render(request, "scrapers/website_list.html", context, status=status)


def _open_sessions() -> list[ScrapeSession]:
    open_runs = Count("runs", filter=Q(runs__state__in=ScrapeRun.OPEN))
    sessions = ScrapeSession.objects.annotate(open_runs=open_runs).filter(open_runs__gt=0)
    return list(sessions.select_related("created_by"))


# Having websites read


@require_POST
@staff_required
def website_read(request: AuthenticatedRequest) -> HttpResponse:
    """Have websites read: those that were chosen, all that are switched on, or those that are due."""
    which = request.POST.get("which", "selected")
    try:
        websites = _asked_for(request, which)
    except BadInput as error:
        return _list(request, error=error)
    if (which != "selected" or len(websites) > MANY) and "confirmed" not in request.POST:
        return render(request, "scrapers/website_read.html", {"websites": websites, "which": which})
    free, wait = _take_turns(websites)
    if not free:
        return too_many(request, _rule(websites), seconds=wait)
    # The schedule's own reading of today is done with it, so that it is not repeated.
    trigger = ScrapeSession.Trigger.SCHEDULE if which == "due" else ScrapeSession.Trigger.PERSON
    try:
        session = start_session(websites=free, trigger=trigger, actor=request.user)
    except Refused as refusal:
        _give_turns_back(free)
        return _list(request, error=refusal)
    _give_turns_back(_left_out(request, session, free))
    if len(free) < len(websites):
        limited = [website for website in websites if website not in free]
        messages.warning(request, f"{_rule(limited)} These were left out.")
    return redirect("website_session", session.pk)


def _asked_for(request: HttpRequest, which: str) -> list[Website]:
    """Raises `BadInput` when it comes to no website at all."""
    if which == "all":
        found, none = list(Website.objects.enabled().select_related("dealership")), "No website is switched on."
    elif which == "due":
        found, none = due_websites(now=timezone.now()), "No website is due."
    else:
        chosen = [int(pk) for pk in request.POST.getlist("websites") if pk.isdecimal() and len(pk) < 10]
        found = list(Website.objects.filter(pk__in=chosen).select_related("dealership"))
        none = "No website was chosen. Tick those that are to be read."
    if not found:
        raise BadInput(none)
    return found


def _take_turns(websites: Sequence[Website]) -> tuple[list[Website], int]:
    """Those whose dealership may be read once more within the hour, and the seconds until the first other one may."""
    waits = [take_token(action="scrape", key=str(website.dealership_id), **_LIMIT) for website in websites]
    free = [website for website, wait in zip(websites, waits, strict=True) if not wait]
    return free, min(filter(None, waits), default=0)


def _give_turns_back(websites: Sequence[Website]) -> None:
    for website in websites:
        give_token_back(action="scrape", key=str(website.dealership_id))


def _left_out(request: HttpRequest, session: ScrapeSession, websites: Sequence[Website]) -> list[Website]:
    """Those that another session reads already; the person is told."""
    started = set(session.runs.values_list("dealership", flat=True))
    busy = [website for website in websites if website.dealership_id not in started]
    if busy:
        messages.warning(request, f"Left to the runs that read them already: {_names(busy)}.")
    return busy


def _rule(websites: Sequence[Website]) -> str:
    return f"{_names(websites)}: a website may be read {READS_PER_HOUR} times {in_words(_LIMIT['per'])}."


def _names(websites: Sequence[Website]) -> str:
    names = [website.dealership.name for website in websites[:MANY]]
    rest = len(websites) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


# One website


@require_safe
def website_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One website: its settings in words, its runs, how many vehicles they found, and what is held."""
    website = get_object_or_404(Website.objects.select_related("dealership"), pk=pk)
    datasets = Dataset.objects.for_dealership(website.dealership)
    active = datasets.active().first()
    runs = ScrapeRun.objects.filter(dealership=website.dealership).select_related("session__created_by")
    page = Paginator(runs.prefetch_related("inventory_import__datasets"), RUNS_PER_PAGE)
    context = {
        "website": website,
        "platform": platform_name(website.platform),
        "rooftop": rooftop_words(website.site().rooftop),
        "settings": _settings(website),
        "last": runs.filter(session__is_dry_run=False).first(),
        "active": active,
        "is_stale": active is not None and is_stale(dataset=active, now=timezone.now()),
        "held": list(datasets.held().select_related("inventory_import")),
        "page": page.get_page(request.GET.get("page")),
        "chart": _chart(website),
    }
    return render(request, "scrapers/website_detail.html", context)


def _settings(website: Website) -> list[tuple[str, list[str]]]:
    site = website.site()
    found = [
        ("Parameters", settings_words(site.parameters)),
        ("Restricted to", settings_words(site.scope)),
        ("Status read from", list(site.status_keys)),
        ("Sister websites", list(website.extra_hosts)),
        ("Learned from its pages", sorted(site.learned)),
    ]
    return [(word, values) for word, values in found if values]


def _chart(website: Website) -> Chart:
    ended = ScrapeRun.objects.filter(dealership=website.dealership, session__is_dry_run=False)
    runs = ended.exclude(state__in=[*ScrapeRun.OPEN, ScrapeRun.State.CANCELLED])[:RUNS_IN_CHART]
    return chart_of([(run.vehicles, _day(run.created_at), run.state == ScrapeRun.State.DONE) for run in runs])


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "M j")
