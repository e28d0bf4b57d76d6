"""What a person would read on a website about one vehicle."""

from typing import NamedTuple


class Reading(NamedTuple):
    """The texts of one vehicle; empty where the website says nothing. Prices and dates as they are written there."""

    vin: str
    stock: str = ""
    v_type: str = ""
    year: str = ""
    make: str = ""
    model: str = ""
    trim: str = ""
    ext_color: str = ""
    status: str = ""
    price: str = ""
    msrp: str = ""
    body: str = ""
    fuel_type: str = ""
    date_in_stock: str = ""
    vehicle_url: str = ""
    rooftop: str = ""
