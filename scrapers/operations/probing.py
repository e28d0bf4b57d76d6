"""Probing: a look at a dealership's website, with three requests at most, before it is configured or switched on.

A website that is configured is read as configured first; any other one, and one that cannot be read so, by what its
pages show. Nothing is kept but the hosts' pace and their robots.txt.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from dealerships.models import Dealership
from foundation.errors import BadInput
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.addresses import AddressRefused, check_url, registrable_domain
from scrapers.domain.failures import FetchError
from scrapers.domain.hand_over import DealershipAddress
from scrapers.domain.proposals import ANY_PLATFORM, ListReading, as_platform, is_bot_check, list_link, propose_rule
from scrapers.domain.shapes import CannotReadError, Match, Page, RooftopRule
from scrapers.domain.site_addresses import bare_host
from scrapers.domain.sites import SiteRow
from scrapers.fetching import Fetcher
from scrapers.models import Website
from scrapers.operations.reading import pace_of
from scrapers.operations.visiting import GONE, Visit, read_list
from scrapers.operations.websites import adapter_of, site_of

_USUAL_LIST = "/new-vehicles/"
# What no other way of reading the same website would change.
_FINAL = {"E_CONNECT", "E_TLS", "E_TIMEOUT", "E_DEADLINE", "E_SSRF", "E_ROBOTS", "E_BUSY", "E_REDIRECT", "E_REQUESTS"}
_PROBE_ADVICE = re.compile(r"\s*Probe the website[^.]*\.")
_LOOK_ADVICE = "Open the website in a browser, and probe the address of its list of new vehicles."
_AS_FILE = "Ask the website's owner to let Silver Fox in, or upload the inventory as a file."


@dataclass(kw_only=True)
class Probe:
    """What a probe found; `code` and `reason` say why it failed, and what to do.

    `row` is the configuration that was read, or is proposed; `website` is the one that is kept so far, None for a new
    one. `is_certain` tells that the rooftop rule needs no person's look.
    """

    url: str
    dealership: Dealership | None
    website: Website | None
    row: SiteRow
    visit: Visit
    reading: ListReading | None = None
    is_certain: bool = False
    warnings: list[str] = field(default_factory=list)
    code: str = ""
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Whether vehicles were read, so that the website may be switched on."""
        return not self.code and self.reading is not None and self.reading.rows > 0

    @property
    def confidence(self) -> int:
        """How certain the platform is, in percent: a list that was read as configured needs no further sign."""
        if self.is_good and self.website and self.website.platform == self.row.platform:
            return 100
        return self.visit.marks.confidence(self.row.platform)


def probe_website(*, website: Website) -> Probe:
    """Look whether a configured website can be read so; when it cannot, what it shows instead.

    Raises `Refused` for a platform that no adapter knows; what the website does wrong stands on the probe.
    """
    adapter_of(website)
    return _probe(website.base_url, website.dealership, website)


def probe_address(*, url: str, dealership: Dealership | None = None) -> Probe:
    """Look at the website of an address that a person typed, a page of it or its host alone.

    It is that of `dealership`, else of the one that has its host. Raises `BadInput` for an address that may not be
    asked.
    """
    address = _checked(url)
    host = urlsplit(address).hostname or ""
    dealership = dealership or _dealership_at(host)
    website = Website.objects.select_related("dealership").filter(dealership=dealership).first() if dealership else None
    return _probe(address, dealership, website)


def _checked(url: str) -> str:
    """The address with https, which every website speaks."""
    scheme, separator, rest = url.strip().rpartition("://")
    address = f"https://{rest}" if scheme.lower() in {"", "http", "https"} else f"{scheme}{separator}{rest}"
    try:
        checked = check_url(address)
    except AddressRefused as error:
        words = f"{url[:100]!a} cannot be probed: {error}. Type an address such as https://www.example.com."
        raise BadInput(words) from error
    if not registrable_domain(checked.host):
        raise BadInput(f"{checked.host} is no website's name. Type an address such as https://www.example.com.")
    return address


def _dealership_at(host: str) -> Dealership | None:
    """The dealership whose website lies there, else the only one that has the host among its hosts."""
    bare = host.removeprefix("www.")
    for website in Website.objects.select_related("dealership"):
        if bare_host(website.base_url) == bare:
            return website.dealership
    found = list(Dealership.objects.filter(approved_hosts__overlap=[bare, f"www.{bare}"])[:2])
    return found[0] if len(found) == 1 else None


def row_of(website: Website) -> SiteRow:
    """A kept configuration as a row of the table of websites."""
    return SiteRow(
        number=0,
        dealership=website.dealership.name,
        platform=website.platform,
        base_url=website.base_url.rstrip("/"),
        parameters=website.parameters,
        scope=website.scope,
        rooftop=RooftopRule(
            match=Match(website.rooftop_match), text=website.rooftop_text, source=website.rooftop_source
        ),
        status_keys=tuple(website.status_keys),
        page_size=website.page_size,
        extra_hosts=tuple(website.extra_hosts),
        address=DealershipAddress(
            location=website.dealership.name,
            street_address=website.street_address,
            locality=website.locality,
            postal_code=website.postal_code,
            region=website.region,
            country=website.country or "US",
        ),
        in_starter_set=False,
    )


def _new_row(url: str, dealership: Dealership | None) -> SiteRow:
    name = dealership.name if dealership else ""
    return SiteRow(
        number=0,
        dealership=name,
        platform="",
        base_url=_base_of(url),
        parameters={},
        scope={},
        rooftop=RooftopRule(),
        status_keys=(),
        page_size=None,
        extra_hosts=(),
        address=DealershipAddress(location=name),
        in_starter_set=False,
    )


def _base_of(url: str) -> str:
    return f"https://{urlsplit(url).hostname}"


def _probe(url: str, dealership: Dealership | None, website: Website | None) -> Probe:
    row = row_of(website) if website else _new_row(url, dealership)
    approved = dealership.approved_hosts if dealership else []
    services = {domain for adapter in ADAPTERS.values() for domain in adapter.API_DOMAINS}
    hosts = {urlsplit(url).hostname or "", *approved, *row.extra_hosts}
    own_domains = {registrable_domain(urlsplit(url).hostname or "")}
    with Fetcher(hosts=hosts, services=services | own_domains) as fetcher:
        kept = website or Website()
        visit = Visit(fetcher, pace_seconds=pace_of(kept), robots_override=kept.robots_override)
        probe = Probe(url=url, dealership=dealership, website=website, row=row, visit=visit)
        try:
            _look(probe)
        except (FetchError, CannotReadError) as error:
            probe.code, probe.reason = error.code, _reason(error)
    return probe


def _reason(error: FetchError | CannotReadError) -> str:
    """The reason for people; the advice to probe gives way to what helps who did."""
    words = _PROBE_ADVICE.sub("", error.message)
    if getattr(error, "status", None) == 422:
        return f"{words} DealerOn may want its filter: take baseFilter from the website's links as base_filter."
    return words if words == error.message else f"{words} {_LOOK_ADVICE}"


def _look(probe: Probe) -> None:
    is_there = probe.website and bare_host(probe.website.base_url) == bare_host(probe.url)
    if probe.website is None or not is_there:
        _read_afresh(probe, probe.url)
    else:
        _read_as_configured(probe, probe.website)
    _judge_rooftops(probe)


# A configured website


def _read_as_configured(probe: Probe, website: Website) -> None:
    try:
        probe.reading = read_list(probe.visit, ADAPTERS[website.platform], site_of(website))
    except (FetchError, CannotReadError) as error:
        _read_otherwise(probe, website, error)
        return
    _compare_platform(probe, website)


def _read_otherwise(probe: Probe, website: Website, error: FetchError | CannotReadError) -> None:
    """Read a website that has changed by what it shows; `error` stands when that is nothing else."""
    if error.code in _FINAL or getattr(error, "status", None) == 403:
        raise error
    try:
        _read_afresh(probe, f"{probe.row.base_url}/")
    except (FetchError, CannotReadError):
        probe.row = row_of(website)
        shown = probe.visit.marks.platform
        if shown and shown != website.platform:
            probe.warnings.append(_other_platform(probe, website))
        raise error from None
    words = f"It could not be read as configured: {error.message}"
    probe.warnings.insert(0, words)
    if probe.row.platform != website.platform:
        probe.warnings.insert(0, _other_platform(probe, website))


def _compare_platform(probe: Probe, website: Website) -> None:
    """Look at the home page when no page showed a platform yet: it may be another one that answers as before."""
    if not probe.visit.marks.likeliest and not probe.visit.is_over:
        try:
            probe.visit.page(f"{probe.row.base_url}/")
        except FetchError as error:
            probe.warnings.append(f"Its home page was not seen: {error.message}")
    if probe.visit.marks.platform and website.platform not in probe.visit.marks:
        probe.warnings.append(_other_platform(probe, website))


def _other_platform(probe: Probe, website: Website) -> str:
    shown = probe.visit.marks.platform
    confidence = probe.visit.marks.confidence(shown)
    return f"The website shows {shown} ({confidence} %) and is configured as {website.platform}."


# Any other website


def _read_afresh(probe: Probe, url: str) -> None:
    """Find out the platform from a page, and read a list by what was found. Raises `FetchError`, `CannotReadError`."""
    answer, marks = probe.visit.page(url), probe.visit.marks
    probe.row = replace(probe.row, base_url=_base_of(answer.url))
    if not marks.platform:
        _look_at_list(probe, answer.text())
    if marks.platform:
        _read_by_marks(probe, marks.platform)
        return
    before = probe.row
    try:
        _read_by_marks(probe, marks.likeliest or ANY_PLATFORM)
    except (FetchError, CannotReadError) as error:
        probe.row = before
        _propose_any_platform(probe, error)
    if probe.row.platform == ANY_PLATFORM:
        words = "It shows none of the known platforms; its vehicles' pages can be read, one request each."
        probe.warnings.append(words)


def _read_by_marks(probe: Probe, platform: str) -> None:
    marks = probe.visit.marks
    probe.row = as_platform(probe.row, platform, marks.found(platform))
    probe.reading = read_list(probe.visit, ADAPTERS[platform], probe.row.site())
    # Pages that were read on the way may have told more.
    probe.row = as_platform(probe.row, platform, marks.found(platform))


def _look_at_list(probe: Probe, html: str) -> None:
    """Look at the page that lists the vehicles, as the first page shows no platform beyond doubt."""
    link = list_link(probe.row.site(), html)
    if not link and probe.visit.marks.likeliest:
        return
    if not link and is_bot_check(html):
        words = f"The website answered with a check for robots instead of its pages. {_AS_FILE}"
        raise CannotReadError("E_CHALLENGE", words)
    try:
        probe.visit.page(link or f"{probe.row.base_url}{_USUAL_LIST}")
    except FetchError as error:
        if error.status not in GONE:
            raise


def _propose_any_platform(probe: Probe, error: FetchError | CannotReadError) -> None:
    """Propose the way that every website has when a page at least describes a vehicle, though none could be read."""
    if isinstance(error, FetchError) and error.status not in GONE and error.code != "E_REQUESTS":
        raise error
    if ANY_PLATFORM not in probe.visit.marks:
        words = (
            "It shows none of the known platforms, and neither a sitemap with vehicles' pages nor vehicles in"
            " JSON-LD. Give the address of its list of new vehicles, or upload the inventory as a file."
        )
        raise CannotReadError("E_UNKNOWN_PLATFORM", words) from error
    probe.row = as_platform(probe.row, ANY_PLATFORM, {})
    probe.reading = ListReading(platform=ANY_PLATFORM, page=Page(), whole=())


# Whose vehicles they are


def _judge_rooftops(probe: Probe) -> None:
    """Propose a rooftop rule where no person chose one, and warn of what a person must look at."""
    reading, website = probe.reading, probe.website
    if reading is None or not reading.rows:
        return
    probe.warnings += reading.warnings
    labels = reading.rooftops()
    if website is None or not (website.rooftop_confirmed or website.rooftop_text):
        rule, probe.is_certain = propose_rule(labels, _names_of(probe.dealership))
        probe.row = replace(probe.row, rooftop=rule)
    probe.warnings += _rooftop_warnings(probe, labels)


def _names_of(dealership: Dealership | None) -> list[str]:
    if dealership is None:
        return []
    return [dealership.name, *dealership.aliases.values_list("text", flat=True)]


def _rooftop_warnings(probe: Probe, labels: Iterable[str]) -> list[str]:
    rule, reading = probe.row.rooftop, probe.reading
    named = [label for label in labels if label]
    if len(named) > 1 and rule.match == Match.ANY:
        return [f"{len(named)} rooftops are listed and all of them are kept: choose which is the dealership's own."]
    if reading and not reading.own(rule):
        words = f"None of the {reading.rows:,} vehicles of this page carries the rooftop {rule.text!r}"
        return [f"{words}: they may stand on other pages, or the rule names what the website does not."]
    if not named and not (probe.website and probe.website.rooftop_confirmed):
        return ["The page names no rooftop: look in a browser whether it lists vehicles of other dealerships."]
    return []
