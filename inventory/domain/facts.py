"""The shapes of a vehicle on its way from a file to the database."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from dealerships.domain.rules import Condition


class LotStatus(StrEnum):
    ON_LOT = "on_lot"
    OFF_LOT = "off_lot"
    UNKNOWN = "unknown"


class RawFields(NamedTuple):
    """The 21 texts of one row, verbatim, in the order of the shop's inventory file."""

    vin: str = ""
    stock: str = ""
    type: str = ""
    year: str = ""
    make: str = ""
    model: str = ""
    trim: str = ""
    ext_color: str = ""
    status: str = ""
    price: str = ""
    body_style: str = ""
    fuel_type: str = ""
    msrp: str = ""
    date_in_stock: str = ""
    street_address: str = ""
    locality: str = ""
    postal_code: str = ""
    region: str = ""
    country: str = ""
    location: str = ""
    vehicle_url: str = ""


RAW_FIELD_NAMES = RawFields._fields
INVENTORY_HEADER = (
    "Vin", "Stock", "Type", "Year", "Make", "Model", "Trim", "Ext Color", "Status", "Price", "Body Style", "Fuel Type",
    "MSRP", "Date In Stock", "Street Address", "Locality", "Postal Code", "Region", "Country", "Location",
    "Vechile URL",
)  # fmt: skip


class VehicleFacts(NamedTuple):
    """One vehicle, normalised and typed. Texts are trimmed with single blanks; empty text means missing.

    `raw_type`, `raw_status` and `raw_price` are the site's own wording; prices are dollars with two decimals.
    """

    vin: str
    stock: str = ""
    condition: Condition = Condition.UNKNOWN
    raw_type: str = ""
    year: int | None = None
    make: str = ""
    model: str = ""
    trim: str = ""
    ext_color: str = ""
    lot_status: LotStatus = LotStatus.UNKNOWN
    raw_status: str = ""
    price: Decimal | None = None
    raw_price: str = ""
    body_style: str = ""
    fuel_type: str = ""
    msrp: Decimal | None = None
    date_in_stock: date | None = None
    street_address: str = ""
    locality: str = ""
    postal_code: str = ""
    region: str = ""
    country: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A remark on one row: codes with `E_` reject the row, codes with `W_` accept it."""

    row_number: int
    column: str
    value: str
    code: str
    message: str
