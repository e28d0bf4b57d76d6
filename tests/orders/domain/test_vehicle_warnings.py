from decimal import Decimal

import pytest

from orders.domain.vehicle_warnings import vehicle_warnings
from tests.orders.domain.content import make_line


@pytest.mark.parametrize("price", [None, Decimal(1_000), Decimal(300_000)])
def test_nothing_is_said_of_a_usual_vehicle_and_of_one_without_a_price(price: Decimal | None) -> None:
    assert vehicle_warnings(make_line(price=price)) == []


@pytest.mark.parametrize(
    ("price", "shown"), [("1", "$1"), ("999.99", "$999.99"), ("0", "$0"), ("300000.01", "$300,000.01")]
)
def test_an_odd_price_is_named(price: str, shown: str) -> None:
    assert vehicle_warnings(make_line(price=Decimal(price))) == [f"The price is {shown}; check it."]


def test_a_wrong_check_digit_is_named() -> None:
    [warning] = vehicle_warnings(make_line(vin="1C4RJFAG1NC000001"))
    assert warning == "The check digit of this VIN is wrong; compare it with the windshield."
