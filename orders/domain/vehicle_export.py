"""The vehicles of an order as a plain table for other programs."""

from foundation.spreadsheet_csv import spreadsheet_csv
from orders.domain.billing import full_name
from orders.domain.filters import plain_number
from orders.domain.lines import OrderContent

HEADER = ("VIN", "Make", "Model", "Year", "Price", "Full_Name", "URL", "Dealership")


def vehicle_export(content: OrderContent) -> bytes:
    """The lines in row order as CSV; prices are plain numbers, addresses are without tracking keys."""
    rows = [
        (
            line.vin,
            line.make,
            line.model,
            str(line.year or ""),
            "" if line.price is None else plain_number(line.price),
            full_name(line),
            line.url,
            content.settings.dealership_name,
        )
        for line in content.lines
    ]
    return spreadsheet_csv([HEADER, *rows])
