"""What is odd about a vehicle itself, however it will be printed."""

from decimal import Decimal

from inventory.domain.vin import has_valid_check_digit
from orders.domain.lines import LineContent

_USUAL_PRICES = (Decimal(1_000), Decimal(300_000))


def vehicle_warnings(line: LineContent) -> list[str]:
    """A VIN that is probably mistyped and a price that is probably none, as sentences; empty when all is plain."""
    warnings = []
    if not has_valid_check_digit(line.vin):
        warnings.append("The check digit of this VIN is wrong; compare it with the windshield.")
    lowest, highest = _USUAL_PRICES
    if line.price is not None and not lowest <= line.price <= highest:
        warnings.append(f"The price is ${line.price:,.2f}; check it.".replace(".00;", ";"))
    return warnings
