"""What the text rewrites of a dealership do to the vehicles on its lot."""

from dataclasses import dataclass

from dealerships.domain.rewrites import rewrite_texts
from dealerships.models import Dealership
from inventory.models import Vehicle


@dataclass(frozen=True)
class RewrittenVehicle:
    """A vehicle that the rules change, with its model and trim as they would be printed."""

    vehicle: Vehicle
    model: str
    trim: str


def preview_rewrites(*, dealership: Dealership) -> tuple[int, list[RewrittenVehicle]]:
    """How many vehicles the active inventory has, and those in row order that the rules would change.

    The rules count as they stand, also while they are switched off, so that they can be judged first.
    """
    rules = dealership.text_rules()
    vehicles = list(Vehicle.objects.active().for_dealership(dealership).order_by("row_number"))
    changed = []
    for vehicle in vehicles:
        model, trim = rewrite_texts(rules, model=vehicle.model, trim=vehicle.trim)
        if (model, trim) != (vehicle.model, vehicle.trim):
            changed.append(RewrittenVehicle(vehicle, model, trim))
    return len(vehicles), changed
