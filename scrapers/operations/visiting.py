"""A short visit to a website by a person's wish: a few requests, each as polite as those of a run, none repeated."""

import time
from dataclasses import replace
from urllib.parse import urlsplit

from scrapers.domain.addresses import is_same_site
from scrapers.domain.failures import FetchError
from scrapers.domain.proposals import ListReading, Marks
from scrapers.domain.readings import is_json
from scrapers.domain.robots import robots_url
from scrapers.domain.samples import half_read
from scrapers.domain.shapes import Adapter, Answer, CannotReadError, Kind, Page, Request, Site
from scrapers.fetching import Fetcher
from scrapers.models import RobotsFile
from scrapers.operations import pacing, robots

MOST_REQUESTS = 3
GONE = {404, 410}
_KEY_REFUSED = {401, 403, 404, 422}
_LONGEST_PAUSE_SECONDS = 20
_SLOWEST_PACE_SECONDS = 10


class Visit:
    """The requests of one visit; an answer that was had already is not asked for again.

    `marks` are what its web pages showed of their platform, `seconds` how long each answer took. A host's robots.txt
    does not count as a request.
    """

    def __init__(self, fetcher: Fetcher, *, pace_seconds: float, robots_override: str = "") -> None:
        self._fetcher, self._pace, self._override = fetcher, pace_seconds, robots_override
        self._delays: dict[str, float] = {}
        self._answers: dict[str, Answer] = {}
        self.marks = Marks()
        self.requests = 0
        self.seconds: list[float] = []

    @property
    def is_over(self) -> bool:
        return self.requests >= MOST_REQUESTS

    def page(self, url: str) -> Answer:
        """A web page as people see it."""
        return self.ask(Request(kind=Kind.CONFIG, url=url))

    def ask(self, request: Request) -> Answer:
        """The answer to a request. Raises `FetchError`; with E_REQUESTS when no further one may be made."""
        host = urlsplit(request.url).hostname or ""
        self._obey_robots(request.url, host)
        if request.method == "GET" and request.url in self._answers:
            return self._answers[request.url]
        if self.is_over:
            words = f"{MOST_REQUESTS} requests did not lead to a list of vehicles on {host}."
            raise FetchError("E_REQUESTS", f"{words} Give the address of the website's list of new vehicles.")
        answer = self._asked(request, host)
        if request.method == "GET":
            self._answers |= {request.url: answer, answer.url: answer}
        if not is_json(text := answer.text()):
            self.marks.look(text)
        return answer

    def _asked(self, request: Request, host: str) -> Answer:
        self._wait_for_turn(host)
        self.requests += 1
        began = time.monotonic()
        try:
            with pacing.hold_host(host=host):
                began = time.monotonic()
                return self._fetcher.fetch(request).answer
        except pacing.HostBusy as busy:
            raise FetchError("E_BUSY", f"{host} is being read by a worker. Probe it when that run has ended.") from busy
        finally:
            self.seconds.append(round(time.monotonic() - began, 3))

    def _obey_robots(self, url: str, host: str) -> None:
        if host not in self._delays:
            self._wait_for_turn(host)
        verdict = robots.may_fetch(fetcher=self._fetcher, url=url, override_reason=self._override)
        if not verdict.allowed:
            raise FetchError("E_ROBOTS", verdict.reason)
        self._delays[host] = min(verdict.crawl_delay or 0, _SLOWEST_PACE_SECONDS)
        kept = RobotsFile.objects.filter(host=urlsplit(url).netloc.lower()).first()
        if kept:
            address = robots_url(url)
            self._answers[address] = Answer(status=200, url=address, body=kept.body.encode())

    def _wait_for_turn(self, host: str) -> None:
        seconds = max(self._pace, self._delays.get(host, 0)) if self._pace else 0
        wait = pacing.reserve(host=host, seconds=seconds, at_most=_LONGEST_PAUSE_SECONDS)
        if wait > _LONGEST_PAUSE_SECONDS:
            words = f"{host} asked for more time between requests. Probe it again in {wait:.0f} seconds."
            raise FetchError("E_BUSY", words)
        time.sleep(wait)


def read_list(visit: Visit, adapter: Adapter, site: Site) -> ListReading:
    """Read one page of a list that holds vehicles, and one vehicle's own page where those complete it.

    Raises `FetchError`, `CannotReadError`, also when no list holds a vehicle.
    """
    waiting, learned, warnings = list(adapter.first(site)), dict[str, str](), list[str]()
    may_refresh = True
    while waiting:
        request = waiting.pop(0)
        try:
            page = adapter.parse(site, request, visit.ask(request))
        except FetchError as error:
            again = _key_again(adapter, site, request, error) if may_refresh else ()
            if not again:
                raise
            waiting, may_refresh = list(again), False
            warnings.append(f"What was known of the list is refused, and its page was asked anew: {error.message}")
            continue
        learned |= page.learned
        warnings += page.warnings
        site = replace(site, learned={**site.learned, **page.learned})
        if page.rows or (request.kind == Kind.SITEMAP and page.total_declared):
            return _with_one_vehicle(visit, adapter, site, page, learned=learned, warnings=warnings)
        waiting = [*page.next_requests, *waiting]
    raise CannotReadError("E_EMPTY", "The website answered, and lists no vehicle. Look at it in a browser.")


def _key_again(adapter: Adapter, site: Site, request: Request, error: FetchError) -> tuple[Request, ...]:
    """The requests that tell a platform's key anew when its service refuses the known one; a host's no is a no."""
    if error.status not in _KEY_REFUSED or request.kind not in {Kind.LIST, Kind.SITEMAP}:
        return ()
    again = adapter.refresh(site)
    hosts = [urlsplit(each.url).hostname or "" for each in (request, *again[:1])]
    return () if error.status == 403 and is_same_site(hosts[0], hosts[-1]) else again


def _with_one_vehicle(
    visit: Visit, adapter: Adapter, site: Site, page: Page, *, learned: dict[str, str], warnings: list[str]
) -> ListReading:
    whole, half = list(page.vehicles), half_read(page)
    details = [request for request in page.next_requests if request.kind == Kind.DETAIL]
    if details and not visit.is_over:
        try:
            told = adapter.parse(site, details[0], visit.ask(details[0]))
        except FetchError as error:
            if error.status not in GONE:
                raise
            told = Page(gone=1)
        whole += told.vehicles
        vins = {vehicle.vin for vehicle in told.vehicles}
        half = [vehicle for vehicle in half if vehicle.vin not in vins]
        learned |= told.learned
        warnings += told.warnings
    return ListReading(
        platform=adapter.PLATFORM, page=page, whole=whole, half_read=half, learned=learned, warnings=warnings
    )
