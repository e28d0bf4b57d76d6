"""Which vehicles of a group's feed stand on the dealership's own lot."""

from collections.abc import Iterable

from scrapers.domain.shapes import Match, RooftopRule, ScrapedVehicle
from scrapers.domain.texts import fold_label


def is_own(label: str, rule: RooftopRule) -> bool:
    """Whether a label names the dealership's rooftop; a missing label does only where any does."""
    if rule.match == Match.ANY:
        return True
    folded, wanted = fold_label(label), fold_label(rule.text)
    return folded == wanted if rule.match == Match.EQUALS else bool(wanted) and wanted in folded


def split_rooftops(
    vehicles: Iterable[ScrapedVehicle], rule: RooftopRule
) -> tuple[list[ScrapedVehicle], list[ScrapedVehicle]]:
    """The dealership's own vehicles, and those of other rooftops."""
    own: list[ScrapedVehicle] = []
    others: list[ScrapedVehicle] = []
    for vehicle in vehicles:
        (own if is_own(vehicle.rooftop, rule) else others).append(vehicle)
    return own, others
