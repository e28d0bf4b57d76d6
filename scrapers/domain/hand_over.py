"""From the vehicles of a run to the rows of an import: addresses added, discounts kept out, repetitions collapsed."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from inventory.domain.facts import RawFields
from inventory.domain.vin import normalise_vin
from scrapers.domain.shapes import ScrapedVehicle
from scrapers.domain.texts import amount_of

LEAST_PERCENT_OF_MSRP = 40


@dataclass(frozen=True, kw_only=True)
class DealershipAddress:
    """Where a dealership stands, in the texts of its configuration; `location` is its name, which owns the rows."""

    location: str
    street_address: str = ""
    locality: str = ""
    postal_code: str = ""
    region: str = ""
    country: str = "US"


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """The rows for the import, and what was done to them on the way.

    dropped_prices   VINs whose price is less than 40 % of the list price: it is the amount of a discount
    collapsed        how many rows said the same as an earlier one
    conflicts        VINs that two rows describe differently; the later row was kept
    """

    rows: tuple[RawFields, ...]
    dropped_prices: tuple[str, ...] = ()
    collapsed: int = 0
    conflicts: tuple[str, ...] = ()


def hand_over(vehicles: Iterable[ScrapedVehicle], address: DealershipAddress) -> HandOver:
    """The rows of a run's own vehicles, in the order in which each was first seen.

    Rows without a valid VIN stay as they are, each of them, so that the import rejects and lists them.
    """
    kept: dict[object, RawFields] = {}
    dropped, conflicts, collapsed = dict[str, None](), dict[str, None](), 0
    for number, vehicle in enumerate(vehicles):
        row, vin = raw_fields(vehicle, address), normalise_vin(vehicle.vin).vin
        if has_discount_as_price(vehicle):
            dropped[vehicle.vin] = None
        earlier = kept.get(vin)
        if earlier == row:
            collapsed += 1
        elif earlier is not None:
            conflicts[vin] = None
        kept[vin or number] = row
    return HandOver(
        rows=tuple(kept.values()), dropped_prices=tuple(dropped), collapsed=collapsed, conflicts=tuple(conflicts)
    )


def has_discount_as_price(vehicle: ScrapedVehicle) -> bool:
    """Whether the price is so far below a known list price that it must be the amount of a discount."""
    price, msrp = amount_of(vehicle.price), amount_of(vehicle.msrp)
    return price is not None and msrp is not None and price * 100 < msrp * LEAST_PERCENT_OF_MSRP


def raw_fields(vehicle: ScrapedVehicle, address: DealershipAddress) -> RawFields:
    """One row of the import; a price that is a discount stays empty and is never replaced."""
    return RawFields(
        vin=vehicle.vin,
        stock=vehicle.stock,
        type=vehicle.v_type,
        year=vehicle.year,
        make=vehicle.make,
        model=vehicle.model,
        trim=vehicle.trim,
        ext_color=vehicle.ext_color,
        status=vehicle.status,
        price="" if has_discount_as_price(vehicle) else vehicle.price,
        body_style=vehicle.body,
        fuel_type=vehicle.fuel_type,
        msrp=vehicle.msrp,
        date_in_stock=vehicle.date_in_stock,
        vehicle_url=vehicle.vehicle_url,
        **{name.name: getattr(address, name.name) for name in fields(DealershipAddress)},
    )
