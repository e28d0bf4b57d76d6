"""Which website answers for which host, and which platform's module speaks for it."""

from functools import cache
from types import ModuleType

from scrapers.fake_web import pages
from scrapers.fake_web.answers import Answer, Request, not_found, redirect
from scrapers.fake_web.lots import Lot, load_lots
from scrapers.fake_web.platforms import (
    algolia_legacy,
    carscommerce,
    dealercom,
    dealereprocess,
    dealeron,
    dealr,
    smartpath,
    teamvelocity,
)
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import View

_PLATFORMS: dict[str, ModuleType] = {
    "algolia_legacy": algolia_legacy,
    "carscommerce": carscommerce,
    "dealercom": dealercom,
    "dealereprocess": dealereprocess,
    "dealeron": dealeron,
    "dealeron_html": dealeron,
    "dealr": dealr,
    "smartpath": smartpath,
    "teamvelocity": teamvelocity,
}


def lot_of(request: Request) -> Lot | None:
    """The website that a request is for: by its host, or on a shared host by what it asks."""
    if request.host == carscommerce.API_HOST:
        return carscommerce.lot_of(request)
    if request.host.endswith(algolia_legacy.HOST_END):
        return algolia_legacy.lot_of(request)
    return _lots_by_host().get(request.host)


def answer(view: View, request: Request) -> Answer:
    """What the website answers."""
    lot = view.lot
    if request.host == lot.domain:
        return _to_www(lot, request)
    if request.host.endswith(algolia_legacy.HOST_END):
        return algolia_legacy.answer(view, request)
    platform = _PLATFORMS[lot.platform]
    found: Answer | None = platform.answer(view, request)
    return found or _common(view, request, platform)


def read(lot: Lot, vehicle: Vehicle, platform: str = "") -> Reading:
    """What a person would read about a vehicle of the website."""
    reading: Reading = _PLATFORMS[platform or lot.platform].read(lot, vehicle)
    return reading


@cache
def _lots_by_host() -> dict[str, Lot]:
    hosts = {host: lot for lot in load_lots() for host in (lot.domain, lot.host)}
    return hosts | {smartpath.host_of(lot): lot for lot in load_lots() if lot.platform == "smartpath"}


def _to_www(lot: Lot, request: Request) -> Answer:
    """From the bare domain to the website; Dealr loses the query on the way."""
    target = request.target.partition("?")[0] if lot.platform == "dealr" else request.target
    return redirect(f"{lot.site}{target}")


def _common(view: View, request: Request, platform: ModuleType) -> Answer:
    lot = view.lot
    if request.path == "/robots.txt":
        return pages.robots(lot)
    if request.path == "/sitemap.xml":
        return pages.sitemap([lot.site + platform.path_of(lot, vehicle) for vehicle in view.listed])
    return not_found()
