"""Invented vehicles: the same for the same seed, with the gaps and oddities that real websites have."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import count, islice

from inventory.domain.vin import check_digit
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.models import Model, load_models

_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_PLANTS = "0123456789ABCDEFGHJKLMNPRSTUVW"
_SERIALS_PER_LOT = 500_000
_OLDEST_YEARS, _CERTIFIED_YEARS, _CERTIFIED_SHARE = 12, 6, 0.22
_COLORS = (
    "Agate Black Metallic", "Alpine White", "Blueprint", "Celestite Gray Metallic", "Diffused Sky Blue Pearl",
    "Gravity Gray", "Ice Cap", "Jet Black", "Lunar Rock", "Platinum White Pearl", "Radiant Red Metallic",
    "Sonic Gray Pearl", "Star White Metallic Tri-Coat", "Summit White", "Velvet Red Pearlcoat",
)  # fmt: skip
_BODIES = {
    "SUV": ("SUV", "SUV", "Sport Utility", "4D Sport Utility"),
    "Sedan": ("Sedan", "4dr Car", "4D Sedan", "Four-Door Sedan"),
    "Truck": ("Truck", "Crew Cab Pickup", "4D Crew Cab", "Truck SuperCrew Cab"),
}


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """One vehicle as the dealership knows it; every platform writes it in its own way.

    condition   new, demo, used or certified
    state       on_lot, in_transit, in_production, allocated or courtesy
    final_vin   what replaces the VIN when the factory has built the vehicle; empty when the VIN is final
    odd         how the price is hidden: empty when it is shown, else blank or a word of the site's settings
    msrp, since 0 and None where the website has nothing
    """

    number: int
    vin: str
    stock: str
    condition: str
    year: int
    make: str
    model: str
    trim: str
    color: str
    body: str
    fuel: str
    price: int
    msrp: int
    odd: str
    state: str
    since: date | None
    miles: int
    code: str
    token: str
    rooftop: str
    final_vin: str = ""
    badges: bool = True

    @property
    def is_new(self) -> bool:
        return self.condition in {"new", "demo"}

    @property
    def name(self) -> str:
        return f"{self.year} {self.make} {self.model}"

    @property
    def number_on_site(self) -> str:
        return str(1_000_000 + self.number)


class Maker:
    """Makes the vehicles of one stream of a website: its own, or its siblings'."""

    def __init__(self, lot: Lot, seed: int, today: date, *, first: int, rooftops: tuple[str, ...]) -> None:
        self.lot, self.today, self.rooftops = lot, today, rooftops
        self.rng = random.Random(f"{seed} {lot.domain} {first}")  # noqa: S311 - the same every time, nothing secret
        self._numbers = count(first)

    def vehicles(self, number: int) -> Iterator[Vehicle]:
        """Vehicles as they stand on an ordinary day; the first of them may still be in the factory."""
        temporary = int(self.lot.setting("temporary", "0"))
        for position in range(number):
            vehicle = self.vehicle("new" if position < temporary else self._condition())
            yield self._in_factory(vehicle) if position < temporary else self._with_state(vehicle)

    def vehicle(self, condition: str) -> Vehicle:
        """A vehicle on the lot, with the gaps of its website."""
        rng, lot, number = self.rng, self.lot, next(self._numbers)
        model, year = self._model_and_year("new" if condition == "demo" else condition)
        is_new = condition in {"new", "demo"}
        msrp = model.msrp + 250 * rng.randrange(40)
        age = max(self.today.year - year, 0)
        price = msrp - 500 * rng.randrange(4) if is_new else max(int(msrp * 0.86 ** (age + 1)), 2500)
        stock = f"{'' if is_new else 'P'}{model.make[0]}{year % 100}{number % 100_000:05}"
        return Vehicle(
            number=number,
            vin=build_vin(model, year, lot, number),
            stock="" if rng.random() < lot.share("no_stock", 0.08) else stock,
            condition=condition,
            year=year,
            make=model.make,
            model=model.name,
            trim=rng.choice(model.trims),
            color=rng.choice(_COLORS),
            body="" if rng.random() < 0.034 else rng.choice(_BODIES.get(model.body, (model.body,))),
            fuel="" if rng.random() < lot.share("no_fuel", 0.12) else model.fuel,
            price=price,
            msrp=0 if not is_new or rng.random() < 0.04 else msrp,
            odd=self._odd_price(),
            state="on_lot",
            since=self._since(days=rng.randrange(5, 170 if is_new else 80)),
            miles=rng.randrange(3, 60) if is_new else 3000 + 11_000 * age + rng.randrange(9000),
            code=f"{model.wmi[1:]}{model.number:03}{model.trims[0][:1].upper()}",
            token=f"{rng.getrandbits(128):032x}",
            rooftop=self.rooftops[number % len(self.rooftops)],
            badges=rng.random() >= lot.share("no_badges"),
        )

    def arrivals(self, number: int) -> list[Vehicle]:
        """Vehicles that came today."""
        return [
            replace(vehicle, since=vehicle.since and self.today) for vehicle in islice(self.vehicles_on_lot(), number)
        ]

    def vehicles_on_lot(self) -> Iterator[Vehicle]:
        while True:
            yield self.vehicle(self._condition())

    def _condition(self) -> str:
        draw = self.rng.random()
        if draw >= self.lot.used_share:
            return "demo" if self.rng.random() < self.lot.share("demo") else "new"
        return "certified" if draw < self.lot.used_share * _CERTIFIED_SHARE and self.lot.makes else "used"

    def _with_state(self, vehicle: Vehicle) -> Vehicle:
        draw = self.rng.random()
        if not vehicle.is_new or self.lot.setting("off_lot") == "0":
            return vehicle
        shares = (
            ("in_transit", 0.14),
            ("in_production", 0.05),
            ("courtesy", 0.03),
            ("allocated", self.lot.share("allocated")),
        )
        for state, share in shares:
            if draw < share:
                return replace(vehicle, state=state, since=vehicle.since if state == "courtesy" else None)
            draw -= share
        return vehicle

    def _in_factory(self, vehicle: Vehicle) -> Vehicle:
        vin = f"{vehicle.vin[:13]}{'IOQ'[vehicle.number % 3]}{vehicle.vin[14:]}"
        stock = vehicle.stock or f"F{vehicle.number:06}"
        return replace(
            vehicle, vin=vin, final_vin=vehicle.vin, state="in_production", since=None, stock=stock, badges=True
        )

    def _odd_price(self) -> str:
        if self.rng.random() >= self.lot.share("odd_share", 0.04):
            return ""
        return self.rng.choice(("blank", self.lot.setting("odd", "blank")))

    def _since(self, *, days: int) -> date | None:
        if self.rng.random() < self.lot.share("no_date", 0.05):
            return None
        return self.today - timedelta(days=days)

    def _model_and_year(self, condition: str) -> tuple[Model, int]:
        this_year = self.today.year
        if condition == "new":
            return self.rng.choice(self._new_models), this_year + self.rng.choice((0, 0, 1))
        model = self.rng.choice(self._used_models)
        oldest = this_year - (_CERTIFIED_YEARS if condition == "certified" else _OLDEST_YEARS)
        newest = min(model.last or this_year, this_year)
        return model, self.rng.randint(min(max(model.first, oldest), newest), newest)

    @cached_property
    def _new_models(self) -> list[Model]:
        return [m for m in load_models() if m.make in self.lot.makes and m.last is None]

    @cached_property
    def _used_models(self) -> list[Model]:
        models = [m for m in load_models() if (m.last or self.today.year) >= self.today.year - _OLDEST_YEARS]
        # Most trade-ins are of the make that the dealership sells.
        return models + [m for m in models if m.make in self.lot.makes] * 4


def build_vin(model: Model, year: int, lot: Lot, number: int) -> str:
    """A VIN of the right form, year and check digit; ZX in the fourth and fifth place marks it as invented."""
    plant = _PLANTS[lot.number % len(_PLANTS)]
    serial = lot.number // len(_PLANTS) * _SERIALS_PER_LOT + number
    kind = f"ZX{model.number % 10}{_LETTERS[model.number // 10]}{number % 10}"
    draft = f"{model.wmi}{kind}0{_YEAR_CODES[(year - 1980) % len(_YEAR_CODES)]}{plant}{serial:06}"
    return f"{draft[:8]}{check_digit(draft)}{draft[9:]}"
