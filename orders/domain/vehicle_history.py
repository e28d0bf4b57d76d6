"""What became of a vehicle from one inventory to the next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from inventory.domain.facts import VehicleFacts


class Happening(StrEnum):
    """How an inventory differs from the one before it, for one vehicle."""

    SEEN = "seen"
    CHANGED = "changed"
    GONE = "gone"
    BACK = "back"
    UNUSED = "unused"


@dataclass(frozen=True)
class Inventory:
    """A dataset whose rows are kept; `is_used` says whether orders ever used it."""

    dataset_id: int
    dealership_id: int
    collected_at: datetime
    is_used: bool


@dataclass(frozen=True)
class Change:
    """One field whose value another inventory gave differently."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Step:
    """What one inventory said of the vehicle that the one before it did not."""

    inventory: Inventory
    happening: Happening
    facts: VehicleFacts | None = None
    changes: tuple[Change, ...] = ()


# A text that only stands beside what was read from it is no change of its own.
_COMPARED = tuple(name for name in VehicleFacts._fields if not name.startswith("raw_") and name != "vin")


def history_of(inventories: Iterable[Inventory], sightings: Mapping[int, VehicleFacts]) -> list[Step]:
    """The steps of one vehicle, oldest first; `sightings` holds its facts by the id of the dataset.

    Inventories of one dealership are compared in the order in which they were collected. Those that orders never used
    are told by themselves: what they say was no state of the lot.
    """
    ordered = sorted(inventories, key=lambda inventory: (inventory.collected_at, inventory.dataset_id))
    steps = [
        Step(inventory, Happening.UNUSED, sightings[inventory.dataset_id])
        for inventory in ordered
        if not inventory.is_used and inventory.dataset_id in sightings
    ]
    for dealership_id in dict.fromkeys(inventory.dealership_id for inventory in ordered):
        used = [i for i in ordered if i.is_used and i.dealership_id == dealership_id]
        steps += _steps(used, sightings)
    return sorted(steps, key=lambda step: (step.inventory.collected_at, step.inventory.dataset_id))


def _steps(inventories: Iterable[Inventory], sightings: Mapping[int, VehicleFacts]) -> Iterator[Step]:
    last: VehicleFacts | None = None
    is_here = False
    for inventory in inventories:
        facts = sightings.get(inventory.dataset_id)
        if facts is None:
            if is_here:
                yield Step(inventory, Happening.GONE)
        elif last is None:
            yield Step(inventory, Happening.SEEN, facts)
        else:
            changes = _changes(last, facts)
            if not is_here or changes:
                yield Step(inventory, Happening.CHANGED if is_here else Happening.BACK, facts, changes)
        last, is_here = facts or last, facts is not None


def _changes(before: VehicleFacts, after: VehicleFacts) -> tuple[Change, ...]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _COMPARED)
    return tuple(Change(name, old, new) for name, old, new in pairs if old != new)
