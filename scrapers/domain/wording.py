"""A website's configuration in words."""

from collections.abc import Mapping

from scrapers.domain.addresses import is_secret_name
from scrapers.domain.shapes import Match, RooftopRule

PLATFORM_NAMES = {
    "carscommerce": "Dealer Inspire",
    "algolia_legacy": "Dealer Inspire (Algolia)",
    "dealeron": "DealerOn",
    "dealeron_html": "DealerOn (pages)",
    "dealercom": "Dealer.com",
    "teamvelocity": "Team Velocity",
    "dealereprocess": "Dealer eProcess",
    "smartpath": "Toyota SmartPath",
    "dealr": "Dealr",
    "jsonld": "JSON-LD",
}


def platform_name(platform: str) -> str:
    """The platform as its maker calls it; its key where it has no name here."""
    return PLATFORM_NAMES.get(platform, platform)


def rooftop_words(rule: RooftopRule) -> str:
    """Which vehicles of the website are the dealership's own."""
    if rule.match == Match.ANY:
        return "Every vehicle of the website"
    verb = "is exactly" if rule.match == Match.EQUALS else "contains"
    where = f", read from {rule.source}" if rule.source else ""
    return f"Vehicles whose label {verb} “{rule.text}”{where}"


def settings_words(settings: Mapping[str, str]) -> list[str]:
    """Each setting as `name = value`; a key is not shown."""
    return [f"{name} = {'(kept secret)' if is_secret_name(name) else value}" for name, value in settings.items()]
