import pytest

from inventory.domain.facts import RawFields
from scrapers.domain.hand_over import DealershipAddress, HandOver, hand_over
from scrapers.domain.shapes import ScrapedVehicle

ADDRESS = DealershipAddress(
    location="Elm Street Motors",
    street_address="1 Elm St",
    locality="Ballwin",
    postal_code="63011",
    region="MO",
    country="US",
)
VIN, OTHER = "1FMCU9MN5RUA00011", "2T3P1RFV9SC000011"


def make(vin: str = VIN, **values: str) -> ScrapedVehicle:
    return ScrapedVehicle(vin=vin, **values)


def handed(*vehicles: ScrapedVehicle) -> HandOver:
    return hand_over(vehicles, ADDRESS)


def test_a_vehicle_becomes_a_row_with_the_address_of_the_dealership() -> None:
    vehicle = ScrapedVehicle(
        vin=VIN,
        stock="A1",
        v_type="New",
        year="2024",
        make="Ford",
        model="Escape",
        trim="ST-Line",
        ext_color="Red",
        status="On-Lot",
        price="$30,000",
        msrp="31000",
        body="SUV",
        fuel_type="Gas",
        date_in_stock="03/21/2026",
        vehicle_url="https://www.elm.test/1",
        rooftop="Elm",
        mileage="5",
        model_code="U9M",
        photo_count="12",
    )
    assert handed(vehicle) == HandOver(
        rows=(
            RawFields(
                vin=VIN,
                stock="A1",
                type="New",
                year="2024",
                make="Ford",
                model="Escape",
                trim="ST-Line",
                ext_color="Red",
                status="On-Lot",
                price="$30,000",
                body_style="SUV",
                fuel_type="Gas",
                msrp="31000",
                date_in_stock="03/21/2026",
                street_address="1 Elm St",
                locality="Ballwin",
                postal_code="63011",
                region="MO",
                country="US",
                location="Elm Street Motors",
                vehicle_url="https://www.elm.test/1",
            ),
        )
    )


@pytest.mark.parametrize(
    ("price", "msrp", "kept"),
    [
        ("15021", "72965", ""),
        ("$15,021.00", "$72,965", ""),
        ("29185.99", "72965", ""),
        ("29186", "72965", "29186"),
        ("57944", "72965", "57944"),
        ("80000", "72965", "80000"),
        ("15021", "", "15021"),
        ("15021", "0", "15021"),
        ("15021", "Call", "15021"),
        ("Please Call", "72965", "Please Call"),
        ("0", "72965", "0"),
        ("", "72965", ""),
    ],
)
def test_a_price_below_forty_percent_of_the_list_price_is_a_discount(price: str, msrp: str, kept: str) -> None:
    result = handed(make(price=price, msrp=msrp))
    assert (result.rows[0].price, result.rows[0].msrp) == (kept, msrp)
    assert result.dropped_prices == ((VIN,) if kept != price else ())


def test_rows_that_say_the_same_become_one() -> None:
    result = handed(make(stock="A1", rooftop="x"), make(OTHER), make(stock="A1", rooftop="y"), make(stock="A1"))
    assert [row.vin for row in result.rows] == [VIN, OTHER]
    assert (result.collapsed, result.conflicts) == (2, ())


def test_of_rows_that_differ_the_later_is_kept_in_the_place_of_the_first() -> None:
    result = handed(make(price="1"), make(OTHER), make(price="2"), make(price="1"))
    assert [(row.vin, row.price) for row in result.rows] == [(VIN, "1"), (OTHER, "")]
    assert (result.collapsed, result.conflicts) == (0, (VIN,))


def test_the_same_vin_in_another_writing_is_the_same_vehicle() -> None:
    result = handed(make(f" {VIN.lower()} "), make())
    assert [row.vin for row in result.rows] == [VIN]
    assert result.conflicts == (VIN,)


@pytest.mark.parametrize("vin", ["", "0" * 17, "JTMAB3FV0SDIOQ003", "SHORT"])
def test_every_row_without_a_valid_vin_stays_for_the_import_to_list(vin: str) -> None:
    result = handed(make(vin), make(vin), make())
    assert [row.vin for row in result.rows] == [vin, vin, VIN]
    assert (result.collapsed, result.conflicts) == (0, ())


def test_a_dropped_price_is_told_once_though_the_row_came_twice() -> None:
    discount = make(price="15021", msrp="72965")
    result = handed(discount, discount)
    assert (result.dropped_prices, result.collapsed) == ((VIN,), 1)


def test_nothing_gives_nothing() -> None:
    assert handed() == HandOver(rows=())
