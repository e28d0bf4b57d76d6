"""The days of the fake dealer web: what stands on every lot, and what changes from one day to the next."""

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import islice

from scrapers.fake_web.given import GivenLots
from scrapers.fake_web.lots import Lot, find_lot, load_lots
from scrapers.fake_web.vehicles import Maker, Vehicle

FIRST_DAY = date(2026, 6, 1)
_OWN, _SIBLINGS, _OUTSIDE, _MORE = 1, 100_000, 200_000, 300_000
_SOLD_SHARE, _ARRIVING_SHARE, _CHANGED_PRICE_SHARE, _MOVING_SHARE = 0.04, 0.04, 0.02, 0.15
_NEXT_STATE = {"in_transit": "on_lot", "in_production": "in_transit", "allocated": "in_transit"}


@dataclass(frozen=True, kw_only=True)
class World:
    """All lots on one day. The same seed, scale and day give the same vehicles; `given` ones stand there on day 0."""

    seed: int = 1
    day: int = 0
    scale: float = 1.0
    first_day: date = FIRST_DAY
    given: GivenLots | None = None

    @property
    def today(self) -> date:
        return self.first_day + timedelta(days=self.day)

    def own(self, lot: Lot) -> tuple[Vehicle, ...]:
        """The vehicles of the dealership's own rooftop, wherever the group lists them."""
        if self.given and (given := self.given.of(lot)):
            return _on_day(self, lot, first=_OWN, number=len(given), rooftops=(lot.label,))
        vehicles = self._stream(lot, _OWN, lot.vehicles, (lot.label,))
        if shared := lot.setting("also_lists"):
            other = self.own(find_lot(shared))
            vehicles += tuple(replace(v, rooftop=lot.label) for v in other[: self._scaled(int(lot.setting("also")))])
        return vehicles

    def siblings(self, lot: Lot) -> tuple[Vehicle, ...]:
        """What its website lists beside its own, from other rooftops of the group."""
        return self._stream(lot, _SIBLINGS, lot.siblings, lot.sibling_labels)

    def outside(self, lot: Lot) -> tuple[Vehicle, ...]:
        """What its website lists too when it loses its restriction to the rooftop."""
        number = int(lot.setting("outside", str(2 * lot.vehicles)))
        return self._stream(lot, _OUTSIDE, number, lot.sibling_labels or (f"Another Store of {lot.city}",))

    @cache  # noqa: B019 - worlds are few and live as long as the program
    def more(self, lot: Lot, number: int) -> tuple[Vehicle, ...]:
        """So many more vehicles of the own rooftop, for a site that suddenly serves too many."""
        maker = Maker(lot, self.seed, self.today, first=_MORE, rooftops=(lot.label,))
        return tuple(islice(maker.vehicles_on_lot(), number))

    @cache  # noqa: B019 - worlds are few and live as long as the program
    def listed_here(self, lot: Lot) -> tuple[Vehicle, ...]:
        """What the website lists on its own host, in the order of its pages."""
        here = [v for v in self.own(lot) + self.siblings(lot) if not is_elsewhere(lot, v)]
        return tuple(mixed([*here, *self.guests(lot)]))

    def guests(self, lot: Lot) -> tuple[Vehicle, ...]:
        """Vehicles of sister stores that are listed on this host only."""
        return tuple(
            vehicle
            for sister in load_lots()
            if sister.setting("used_on") == lot.domain
            for vehicle in self.own(sister)
            if is_elsewhere(sister, vehicle)
        )

    def _scaled(self, number: int) -> int:
        return max(1, round(number * self.scale)) if number else 0

    def _stream(self, lot: Lot, first: int, number: int, rooftops: tuple[str, ...]) -> tuple[Vehicle, ...]:
        return _on_day(self, lot, first=first, number=self._scaled(number), rooftops=rooftops)


def is_elsewhere(lot: Lot, vehicle: Vehicle) -> bool:
    """Whether the dealership's vehicle stands on a sister's website only."""
    return bool(lot.setting("used_on")) and not vehicle.is_new and vehicle.rooftop == lot.label


def mixed(vehicles: Sequence[Vehicle]) -> list[Vehicle]:
    """The vehicles in an order that has nothing to do with rooftop or condition."""
    return sorted(vehicles, key=lambda vehicle: (zlib.crc32(vehicle.token.encode()), vehicle.number))


@cache
def _on_day(world: World, lot: Lot, *, first: int, number: int, rooftops: tuple[str, ...]) -> tuple[Vehicle, ...]:
    if world.day == 0:
        if first == _OWN and world.given and (given := world.given.of(lot)):
            return given
        if not number:
            return ()
        maker = Maker(lot, world.seed, world.today, first=first, rooftops=rooftops)
        return tuple(_with_used_count(lot, maker, number, first))
    before = _on_day(replace(world, day=world.day - 1), lot, first=first, number=number, rooftops=rooftops)
    # Each day numbers its arrivals in a range of its own.
    numbers = first + number + (number // 16 + 10) * world.day
    maker = Maker(lot, world.seed, world.today, first=numbers, rooftops=rooftops)
    return _next_day(before, maker)


def _with_used_count(lot: Lot, maker: Maker, number: int, first: int) -> list[Vehicle]:
    """The vehicles of day 0; a site whose used ones stand elsewhere has a fixed number of them."""
    if first != _OWN or not lot.setting("used"):
        return list(maker.vehicles(number))
    used = round(number * int(lot.setting("used")) / lot.vehicles)
    new = [maker.vehicle("new") for _ in range(number - used)]
    return new + [maker.vehicle("certified" if n % 5 == 0 else "used") for n in range(used)]


def _next_day(before: tuple[Vehicle, ...], maker: Maker) -> tuple[Vehicle, ...]:
    rng = maker.rng
    kept = [_changed(vehicle, rng, maker.today) for vehicle in before if rng.random() >= _SOLD_SHARE]
    return (*maker.arrivals(round(len(before) * _ARRIVING_SHARE)), *kept)


def _changed(vehicle: Vehicle, rng: random.Random, today: date) -> Vehicle:
    if rng.random() < _CHANGED_PRICE_SHARE:
        vehicle = replace(vehicle, price=int(vehicle.price * 0.98))
    if vehicle.state in _NEXT_STATE and rng.random() < _MOVING_SHARE:
        state = _NEXT_STATE[vehicle.state]
        vehicle = replace(vehicle, state=state, since=today if state == "on_lot" else None)
        if vehicle.final_vin:
            vehicle = replace(vehicle, vin=vehicle.final_vin, final_vin="")
    return vehicle
