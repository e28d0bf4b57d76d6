"""The website platforms that can be read, by their keys."""

from scrapers.domain.platforms import (
    algolia_legacy,
    carscommerce,
    dealercom,
    dealereprocess,
    dealeron,
    dealeron_html,
    dealr,
    jsonld,
    smartpath,
    teamvelocity,
)
from scrapers.domain.shapes import Adapter, Detection


def _by_key(*adapters: Adapter) -> dict[str, Adapter]:
    return {adapter.PLATFORM: adapter for adapter in adapters}


ADAPTERS = _by_key(
    carscommerce,
    algolia_legacy,
    dealercom,
    dealeron,
    dealeron_html,
    teamvelocity,
    dealereprocess,
    smartpath,
    dealr,
    jsonld,
)


def detect_platform(html: str) -> list[Detection]:
    """The platforms whose marks a page shows, the most certain first; of equals the earlier in `ADAPTERS`."""
    shown = [detection for adapter in ADAPTERS.values() if (detection := adapter.detect(html))]
    return sorted(shown, key=lambda detection: -detection.confidence)
