"""Invented vehicles of one dealership, the same for the same day every time, with the quirks of real websites."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count, cycle, islice

from dealerships.domain.rules import Condition
from inventory.domain.facts import RawFields
from inventory.domain.vin import check_digit
from scrapers.fake_web.models import Model, load_models
from silverfox.demo.catalogue import LotPlan

_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_COLORS = (
    "Black", "White", "Silver Metallic", "Gray Metallic", "Red", "Blue Metallic", "Pearl White Tricoat",
    "Granite Crystal", "Dark Green", "Summit White", "Magnetic Metallic", "Burgundy",
)  # fmt: skip
_OFF_LOT_SHARE, _COURTESY_SHARE, _NO_PRICE_SHARE, _NO_DATE_SHARE = 0.21, 0.035, 0.05, 0.04
_CERTIFIED_SHARE, _CERTIFIED_YEARS = 0.22, 6
_OLDEST_YEARS = 12
_SERIALS_PER_LOT = 20_000
_TEMPORARY_VINS = 6
_SOLD = 4


@dataclass(frozen=True, kw_only=True)
class Seller:
    """What the invention needs of a dealership: its name, website host and what it has printed."""

    name: str
    host: str
    conditions: frozenset[Condition]
    seasoning_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Vehicles around one night: `sold` were there until yesterday, `arrivals` came since; `gone` left long ago."""

    standing: tuple[RawFields, ...]
    sold: tuple[RawFields, ...]
    arrivals: tuple[RawFields, ...]
    gone_vins: tuple[str, ...]


def build_vin(model: Model, year: int, serial: int) -> str:
    """A VIN of the right form, year and check digit; ZZ in the fourth and fifth place marks it as invented."""
    kind = f"ZZ{model.number % 10}{_VIN_LETTERS[model.number // 10]}{serial % 10}"
    year_code = _YEAR_CODES[(year - 2010) % len(_YEAR_CODES)]
    draft = f"{model.wmi}{kind}0{year_code}Z{serial:06}"
    return f"{draft[:8]}{check_digit(draft)}{draft[9:]}"


def build_lot(plan: LotPlan, seller: Seller, *, today: date) -> Lot:
    """The vehicles of a dealership; arrivals satisfy its rules, so that they wait for their graphics."""
    maker = _VehicleMaker(plan, seller, today)
    return Lot(
        standing=(*maker.vehicles(plan.vehicles), *maker.temporary_vehicles()),
        sold=tuple(maker.vehicles(_SOLD)),
        arrivals=tuple(maker.arrivals()),
        gone_vins=tuple(vehicle.vin for vehicle in maker.vehicles(plan.vehicles // 3)),
    )


@dataclass
class _VehicleMaker:
    plan: LotPlan
    seller: Seller
    today: date
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"demo {self.plan.number}")  # noqa: S311 - the same every time, nothing secret
        self._numbers = count(1)
        models = load_models()
        self._new_models = [m for m in models if m.make in self.plan.makes and m.last is None]
        self._used_models = [m for m in models if (m.last or self.today.year) >= self.today.year - _OLDEST_YEARS]
        # Most trade-ins are of the make that the dealership sells.
        self._used_models += [m for m in self._used_models if m.make in self.plan.makes] * 4

    def vehicles(self, number: int) -> Iterator[RawFields]:
        for _ in range(number):
            yield self._with_quirks(self._vehicle(self._condition()))

    def temporary_vehicles(self) -> Iterator[RawFields]:
        """Vehicles that the factory has not built: an I, O or Q stands where no real VIN has one."""
        for _ in range(_TEMPORARY_VINS if self.plan.site.has_temporary_vins else 0):
            vehicle = self._vehicle(Condition.NEW)
            vin = f"{vehicle.vin[:13]}{self.rng.choice('IOQ')}{vehicle.vin[14:]}"
            yield vehicle._replace(vin=vin, stock="", status=self.plan.site.off_lot[-1])

    def arrivals(self) -> Iterator[RawFields]:
        conditions = cycle(condition for condition in Condition if condition in self.seller.conditions)
        for condition in islice(conditions, self.plan.arrivals):
            days = self.seller.seasoning_days + self.rng.randrange(4)
            yield self._vehicle(condition)._replace(date_in_stock=self._date(days))

    def _condition(self) -> Condition:
        if self.rng.random() >= self.plan.used_share:
            return Condition.NEW
        return Condition.CERTIFIED if self.rng.random() < _CERTIFIED_SHARE else Condition.PRE_OWNED

    def _vehicle(self, condition: Condition) -> RawFields:
        """A vehicle as a website without faults would show it."""
        plan, site, number = self.plan, self.plan.site, next(self._numbers)
        model, year = self._model_and_year(condition)
        msrp = model.msrp + 250 * self.rng.randrange(40)
        age = max(self.today.year - year, 0)
        price = msrp - 500 * self.rng.randrange(4) if condition is Condition.NEW else int(msrp * 0.86 ** (age + 1))
        vin = build_vin(model, year, plan.number * _SERIALS_PER_LOT + 7 * number)
        stock = f"{model.make[0]}{year % 100}{number:04}"
        vehicle = RawFields(
            vin=vin,
            stock=stock if condition is Condition.NEW else f"P{stock}",
            type=self.rng.choice(site.type_texts(condition)),
            year=str(year),
            make=model.make,
            model=model.name,
            trim=self.rng.choice(model.trims),
            ext_color=self.rng.choice(_COLORS),
            status=self.rng.choice(site.on_lot),
            price=site.price_format.format(price),
            body_style=model.body,
            fuel_type=model.fuel,
            msrp=site.price_format.format(msrp) if condition is Condition.NEW else "",
            date_in_stock=self._date(self.rng.randrange(5, 170 if condition is Condition.NEW else 80)),
            street_address=f"{100 + 50 * plan.number} Auto Plaza Drive ",
            locality=plan.city,
            postal_code=plan.postal_code,
            region=plan.region,
            country="US",
            location=self.seller.name,
        )
        return vehicle._replace(vehicle_url=self._url(vehicle))

    def _model_and_year(self, condition: Condition) -> tuple[Model, int]:
        this_year = self.today.year
        if condition is Condition.NEW:
            # The next model year reaches the lots in the second half of the year.
            other = this_year + 1 if self.today.month > 6 else this_year - 1
            return self.rng.choice(self._new_models), self.rng.choice((this_year, this_year, other))
        model = self.rng.choice(self._used_models)
        oldest = this_year - (_CERTIFIED_YEARS if condition is Condition.CERTIFIED else _OLDEST_YEARS)
        newest = min(model.last or this_year, this_year)
        return model, self.rng.randint(min(max(model.first, oldest), newest), newest)

    def _with_quirks(self, vehicle: RawFields) -> RawFields:
        """What real pages leave out or say instead."""
        changes: dict[str, str] = {}
        chance, site = self.rng.random, self.plan.site
        no_stock = self.plan.no_stock
        if vehicle.type in site.new and (draw := chance()) < _OFF_LOT_SHARE + _COURTESY_SHARE:
            is_courtesy = draw >= _OFF_LOT_SHARE
            changes["status"] = self.rng.choice(site.courtesy if is_courtesy else site.off_lot)
            if not is_courtesy:
                changes["date_in_stock"] = self._date(-self.rng.randrange(3, 60))
                no_stock = max(no_stock, 0.3)
        if chance() < no_stock:
            changes["stock"] = self.rng.choice(("", "", "N/A"))
        if chance() < _NO_PRICE_SHARE:
            changes["price"] = self.rng.choice(site.no_price)
        if chance() < _NO_DATE_SHARE:
            changes["date_in_stock"] = ""
        return vehicle._replace(**changes)

    def _date(self, days_ago: int) -> str:
        return (self.today - timedelta(days=days_ago)).strftime(self.plan.site.date_format)

    def _url(self, vehicle: RawFields) -> str:
        path = self.plan.site.path.format(
            type="new" if vehicle.type in self.plan.site.new else "used",
            make=_slug([vehicle.make]),
            city=_slug([self.plan.city]),
            words=_slug([vehicle.year, vehicle.make, vehicle.model, vehicle.trim]),
            vin=vehicle.vin.lower(),
            token=f"{self.rng.getrandbits(128):032x}",
        )
        return f"https://www.{self.seller.host}/{path}"


def _slug(words: Sequence[str]) -> str:
    text = " ".join(words).lower().replace("&amp;", "and")
    return "-".join("".join(char if char.isalnum() else " " for char in text).split())
