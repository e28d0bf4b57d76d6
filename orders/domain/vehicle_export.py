"""The vehicles of an order as a plain table for other programs."""

from decimal import Decimal

from foundation.spreadsheet_csv import spreadsheet_csv
from orders.domain.billing import full_name
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
            _plain_number(line.price),
            full_name(line),
            line.url,
            content.settings.dealership_name,
        )
        for line in content.lines
    ]
    return spreadsheet_csv([HEADER, *rows])


def _plain_number(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    return f"{amount:.0f}" if amount == int(amount) else f"{amount:.2f}"
