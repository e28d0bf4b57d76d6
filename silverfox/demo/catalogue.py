"""What the demonstration invents from: each dealership's lot and website."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dealerships.domain.rules import Condition

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Site:
    """How one kind of website words and writes what it shows; a text that stands more often is used more often."""

    on_lot: tuple[str, ...] = ("In Stock",)
    off_lot: tuple[str, ...] = ("In Transit", "In-Transit", "In Transit", "Allocated")
    courtesy: tuple[str, ...] = ("Courtesy Vehicle",)
    new: tuple[str, ...] = ("New",)
    pre_owned: tuple[str, ...] = ("Used",)
    certified: tuple[str, ...] = ("Certified Pre-Owned",)
    date_format: str = "%m/%d/%Y"
    price_format: str = "{}"
    no_price: tuple[str, ...] = ("", "Please Call")
    path: str = "inventory/{words}-{vin}/"
    has_temporary_vins: bool = False

    def type_texts(self, condition: Condition) -> tuple[str, ...]:
        """The words for a condition."""
        return {Condition.NEW: self.new, Condition.PRE_OWNED: self.pre_owned}.get(condition, self.certified)


@dataclass(frozen=True, kw_only=True)
class LotPlan:
    """What a dealership's lot looks like: `makes` it sells new (none: a used car dealer), and what arrived today."""

    number: int
    dealership: str
    makes: tuple[str, ...]
    vehicles: int
    used_share: float
    site: Site
    no_stock: float
    arrivals: int
    city: str
    region: str
    postal_code: str


SITES = {
    "bare": Site(on_lot=("",), off_lot=("",), courtesy=("",), certified=("Certified",), date_format=""),
    "bravo": Site(
        on_lot=("In-Stock",),
        off_lot=("In-Transit", "In Transit to U.S.", "Dealer Ordered"),
        courtesy=("Courtesy Transportation Unit",),
        new=(*("New",) * 40, "Demo"),
        certified=("CarBravo", "CarBravo", "Certified Used"),
        price_format="${:,}",
        no_price=("", "Call for Price"),
    ),
    "classic": Site(
        on_lot=(*("InStock",) * 11, ""),
        off_lot=("In-transit", "Being Built", "Arriving Soon"),
        courtesy=("In-service",),
        pre_owned=("Pre-Owned",),
        certified=("Certified",),
        path="{type}/{make}/{words}-{token}.htm",
    ),
    "factory": Site(
        on_lot=(*("On-Lot",) * 11, ""),
        off_lot=("In-Transit", "In-Transit", "In-Build-Phase", "Build Phase", "Allocated"),
        courtesy=("In-Service Courtesy Vehicle", "In-Service FCTP"),
        price_format="{:,}",
        no_price=("", "Please call for price"),
        has_temporary_vins=True,
    ),
    "modern": Site(
        on_lot=("Available", "available", "Available at Retailer"),
        off_lot=("In Transit", "In Production"),
        pre_owned=("Pre-Owned",),
        date_format="%Y-%m-%d",
        no_price=('<span class="callforprice">Please call for price</span>',),
        path="{type}/{make}/{words}-{token}.htm",
    ),
    "nodates": Site(on_lot=("On Lot", "On The Lot"), date_format="", price_format="{}.00"),
    "portal": Site(
        on_lot=(*("In Stock",) * 11, ""),
        courtesy=("Courtesy Vehicle", "In-Service Courtesy Vehicle"),
        price_format="${:,}",
    ),
    "slashes": Site(
        on_lot=(*("In-stock",) * 11, ""),
        certified=("Certified Used", "Certified Pre-Owned"),
        date_format="%Y/%m/%d",
        path="{type}-{city}-{words}-{vin}",
    ),
    "unpriced": Site(
        on_lot=("In-Stock", "In-Stock", "In Stock", "In Stock", ""), no_price=("-1000", ""), price_format="{:,}"
    ),
}


@cache
def load_plans() -> tuple[LotPlan, ...]:
    """The lots of all dealerships with a website."""
    return tuple(
        LotPlan(
            number=number,
            dealership=row["dealership"],
            makes=tuple(filter(None, row["makes"].split("|"))),
            vehicles=int(row["vehicles"]),
            used_share=float(row["used_share"]),
            site=SITES[row["site"]],
            no_stock=float(row["no_stock"]),
            arrivals=int(row["arrivals"]),
            city=row["city"],
            region=row["region"],
            postal_code=row["postal_code"],
        )
        for number, row in enumerate(_rows("lots.csv"))
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))
