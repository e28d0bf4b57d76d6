"""What one request sees of a site: its vehicles and pages, bent by the content faults that are set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from scrapers.fake_web.lots import Lot
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.world import World, mixed

# A word that no site has used, for sites that change their wording.
CHANGED_STATE, CHANGED_WORD = "changed", "Awaiting Dispatch"


class Cut(NamedTuple):
    """One page of a list: its vehicles, and what the site says of the whole list."""

    rows: list[Vehicle]
    start: int
    total: int
    pages: int
    size: int

    @property
    def number(self) -> int:
        """The page's number, the first is 1."""
        return self.start // self.size + 1


@dataclass(frozen=True, kw_only=True)
class View:
    """A site for one request; `faults` are the content faults by name, with their options."""

    lot: Lot
    world: World
    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def has(self, fault: str) -> bool:
        return fault in self.faults

    @cached_property
    def listed(self) -> list[Vehicle]:
        """What the site lists when its scope is kept: own and siblings, in the order of its pages."""
        listed = list(self.world.listed_here(self.lot))
        if not self.faults:
            return listed
        if "share" in self.faults:
            listed = self._shared(listed)
        if "rooftop_lost" in self.faults:
            listed = mixed([*listed, *self.world.outside(self.lot)])
        return [self._bent(vehicle) for vehicle in listed]

    @cached_property
    def everything(self) -> list[Vehicle]:
        """What the site lists to somebody who names no scope."""
        if self.has("rooftop_lost"):
            return self.listed
        return mixed([*self.listed, *map(self._bent, self.world.outside(self.lot))])

    def find(self, key: Callable[[Vehicle], str], wanted: str) -> Vehicle | None:
        """The vehicle of an address."""
        wanted = wanted.casefold()
        return next((v for v in self.listed if key(v).casefold() == wanted), None) or next(
            (v for v in self.world.outside(self.lot) if key(v).casefold() == wanted), None
        )

    def cut(self, vehicles: Sequence[Vehicle], start: int, size: int) -> Cut:
        """One page of a list, as the site that may be faulty shows it."""
        vehicles, total = self._reordered(list(vehicles), start, size), len(vehicles)
        rows = vehicles[start : start + size]
        if "duplicate" in self.faults:
            total = len(vehicles)
        if "repeat_page" in self.faults:
            rows = vehicles[:size]
        if "endless" in self.faults:
            rows, total = _endless(vehicles, start, size), start + 2 * size
        if "empty_rows" in self.faults:
            rows = []
        if options := self.faults.get("total"):
            total = max(0, round(total * float(options.get("factor", 1))) + int(options.get("add", 0)))
        return Cut(rows, start, total, max(1, -(-total // size)), size)

    def _reordered(self, vehicles: list[Vehicle], start: int, size: int) -> list[Vehicle]:
        if "moving" in self.faults and start > 0:
            # Somebody sold the first one after page 1 was read, and another came in at the end of the list.
            vehicles = vehicles[1:] + vehicles[:1]
        if "duplicate" in self.faults and len(vehicles) > size:
            again = replace(vehicles[size - 1], price=vehicles[size - 1].price + 111)
            vehicles = [*vehicles[:size], again, *vehicles[size:]]
        return vehicles

    def _shared(self, listed: list[Vehicle]) -> list[Vehicle]:
        """The share of its own vehicles that the site serves, beside all others; a share above 1 adds some."""
        own = [vehicle for vehicle in listed if vehicle.rooftop == self.lot.label]
        number = round(len(own) * float(self.faults["share"]["share"]))
        kept = set(own[:number])
        listed = [vehicle for vehicle in listed if vehicle.rooftop != self.lot.label or vehicle in kept]
        return mixed([*listed, *self.world.more(self.lot, max(0, number - len(own)))])

    def _bent(self, vehicle: Vehicle) -> Vehicle:
        if "prices_blank" in self.faults:
            vehicle = replace(vehicle, odd="blank")
        if "statuses_changed" in self.faults:
            vehicle = replace(vehicle, state=CHANGED_STATE)
        return vehicle


def _endless(vehicles: Sequence[Vehicle], start: int, size: int) -> list[Vehicle]:
    """Always one more full page, of vehicles that were not there before."""
    rows = []
    for position in range(start, start + size):
        vehicle = vehicles[position % len(vehicles)]
        rounds = position // len(vehicles)
        vin = f"{vehicle.vin[:8]}{rounds:03}{vehicle.vin[11:]}" if rounds else vehicle.vin
        rows.append(replace(vehicle, vin=vin, token=f"{vehicle.token[:24]}{position:08x}"))
    return rows
