import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.json_ld import (
    Documents,
    is_decoy,
    read_documents,
    read_tolerantly,
    scripts_of,
    vehicle_of,
    vehicles_in,
)
from scrapers.domain.readings import html_of
from scrapers.domain.shapes import ScrapedVehicle

VIN = "1FMCU9MN5RUA00011"


def documents_of(html: str) -> Documents:
    return read_documents(scripts_of(html_of(html)))


def read(*documents: Any) -> list[ScrapedVehicle]:
    return [vehicle_of(offered) for offered in vehicles_in(documents)]


def car(**values: Any) -> dict[str, Any]:
    return {"@type": "Car", "vehicleIdentificationNumber": VIN, **values}


def test_every_field_is_read_from_its_own_place() -> None:
    document = car(
        sku="A1",
        vehicleModelDate="2024",
        brand={"@type": "Brand", "name": "Ford"},
        model="Escape",
        vehicleConfiguration="ST-Line",
        color="Rapid Red",
        bodyType="SUV",
        fuelType="Gasoline",
        mileageFromOdometer={"@type": "QuantitativeValue", "value": "38,210"},
        image=["a.jpg", "b.jpg"],
        url="/used/1",
        offers={
            "@type": "Offer",
            "price": 24995,
            "itemCondition": "https://schema.org/UsedCondition",
            "availability": "https://schema.org/InStock",
            "seller": {"@type": "AutoDealer", "name": "Elm Motors"},
        },
    )
    assert read(document) == [
        ScrapedVehicle(
            vin=VIN,
            stock="A1",
            v_type="Used",
            year="2024",
            make="Ford",
            model="Escape",
            trim="ST-Line",
            ext_color="Rapid Red",
            price="24995",
            body="SUV",
            fuel_type="Gasoline",
            vehicle_url="/used/1",
            rooftop="Elm Motors",
            mileage="38,210",
            photo_count="2",
        )
    ]


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"vin": "2T3P1RFV9SC000011", "vehicleIdentificationNumber": None}, "vin", "2T3P1RFV9SC000011"),
        ({"mpn": "2T3P1RFV9SC000011", "vehicleIdentificationNumber": ""}, "vin", "2T3P1RFV9SC000011"),
        ({"mpn": "PART-7", "vehicleIdentificationNumber": ""}, "vin", ""),
        ({"modelDate": "2020"}, "year", "2020"),
        ({"releaseDate": "2021-01-01"}, "year", "2021"),
        ({"productionDate": "2022-05-01T00:00:00Z"}, "year", "2022"),
        ({"vehicleModelDate": 2024.0}, "year", "2024"),
        ({"vehicleModelDate": "soon"}, "year", "soon"),
        ({"brand": "Chevrolet"}, "make", "Chevrolet"),
        ({"manufacturer": {"name": "Ford"}}, "make", "Ford"),
        ({"brand": [{"name": "Ram"}]}, "make", "Ram"),
        ({"model": {"@type": "ProductModel", "name": "Escape"}}, "model", "Escape"),
        ({"trim": "XLT"}, "trim", "XLT"),
        ({"vehicleEngine": {"fuelType": "Diesel"}}, "fuel_type", "Diesel"),
        ({"mileageFromOdometer": 5}, "mileage", "5"),
        ({"image": "one.jpg"}, "photo_count", "1"),
        ({"image": None}, "photo_count", ""),
        ({"offers": {"sku": "B2"}}, "stock", "B2"),
        ({"offers": {"itemCondition": "schema:NewCondition"}}, "v_type", "New"),
        ({"offers": {"itemCondition": "RefurbishedCondition"}}, "v_type", "Refurbished"),
        ({"offers": {"itemCondition": "Certified Pre-Owned"}}, "v_type", "Certified Pre-Owned"),
        ({"itemCondition": "http://schema.org/UsedCondition"}, "v_type", "Used"),
        ({"offers": {"availability": "https://schema.org/SoldOut"}}, "status", "SoldOut"),
        ({"offers": [{"price": "24,995"}]}, "price", "24,995"),
        ({"offers": {"price": 0, "lowPrice": "23995"}}, "price", "23995"),
        ({"offers": {"priceSpecification": {"price": "31995"}}}, "price", "31995"),
        ({"offers": {"priceSpecification": [{"price": "31995"}]}}, "price", "31995"),
        ({"offers": {"price": "Please Call"}}, "price", "Please Call"),
        ({"offers": {"offeredBy": "Elm Motors"}}, "rooftop", "Elm Motors"),
        ({"offers": "none"}, "price", ""),
        ({"offers": []}, "price", ""),
    ],
)
def test_a_field_is_found_in_each_of_its_forms(values: dict[str, Any], field: str, text: str) -> None:
    [vehicle] = read(car(**values))
    assert getattr(vehicle, field) == text


@pytest.mark.parametrize(
    "document",
    [
        car(),
        [car()],
        {"@graph": [{"@type": "WebPage"}, car()]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": car()}]},
        {"@type": "ItemList", "itemListElement": [car()]},
        {"@type": "WebPage", "mainEntity": car()},
        {"@type": "Offer", "itemOffered": car()},
        {"@type": "AutoDealer", "makesOffer": [{"@type": "Offer", "itemOffered": car()}]},
        car(**{"@type": ["Product", "schema:Car"]}),
        car(**{"@type": "https://schema.org/MotorVehicle"}),
        car(**{"@type": "Product"}),
        {"@graph": [{"mainEntity": {"@id": "#car"}}, {"@id": "#car", **car()}]},
    ],
    ids=["one", "list", "graph", "item", "element", "main", "offer", "dealer", "types", "address", "product", "id"],
)
def test_a_vehicle_is_found_in_every_shape_and_only_once(document: Any) -> None:
    assert [vehicle.vin for vehicle in read(document)] == [VIN]


@pytest.mark.parametrize(
    "document",
    [
        {"@type": "Product", "mpn": "PART-7"},
        {"@type": "Organization", "name": "Elm Motors"},
        {"@type": "WebPage", "isRelatedTo": car()},
        {"@type": None},
        {"@type": [None, 5, {}]},
        {"vin": VIN},
        "Car",
        5,
        None,
        [[], [None]],
    ],
)
def test_what_is_not_the_page_s_own_vehicle_is_passed_over(document: Any) -> None:
    assert read(document) == []


def test_an_offer_is_found_by_its_id_in_another_document() -> None:
    offer = {"@id": "#offer1", "@type": "Offer", "price": "24,995"}
    assert [vehicle.price for vehicle in read(car(offers={"@id": "#offer1"}), offer)] == ["24,995"]
    assert [vehicle.price for vehicle in read(car(offers={"@type": "Offer", "@id": "#nowhere"}))] == [""]


def test_an_offer_around_a_vehicle_is_its_offer_unless_it_has_its_own() -> None:
    around = {"@type": "Offer", "price": 15021, "itemCondition": "UsedCondition", "itemOffered": car()}
    [vehicle] = read({"@type": "AutoDealer", "makesOffer": [around]})
    assert (vehicle.price, vehicle.v_type) == ("15021", "Used")
    [vehicle] = read({**around, "itemOffered": car(offers={"price": 14000})})
    assert vehicle.price == "14000"


def test_a_vehicle_that_is_met_again_keeps_the_offer_that_was_found() -> None:
    node = {"@id": "#car", **car()}
    offer = {"@type": "Offer", "price": 7, "itemOffered": {"@id": "#car"}}
    assert [vehicle.price for vehicle in read({"@graph": [node, offer]})] == ["7"]
    assert [vehicle.price for vehicle in read({"@graph": [offer, node]})] == ["7"]


def test_nodes_that_lead_to_one_another_come_to_an_end() -> None:
    first = {"@id": "#a", "@type": "WebPage", "mainEntity": {"@id": "#b"}}
    second = {"@id": "#b", "@type": "WebPage", "mainEntity": {"@id": "#a"}, "item": car()}
    assert [vehicle.vin for vehicle in read([first, second])] == [VIN]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "b"}',
        '<![CDATA[ {"a": "b"} ]]>',
        '//<![CDATA[\n{"a": "b"}\n//]]>',
        '/*<![CDATA[*/ {"a": "b"} /*]]>*/',
        '<!-- {"a": "b"} -->',
        '{"a": "b",}',
        '{"a": "b" , \n }',
        "{&quot;a&quot;: &quot;b&quot;}",
        '{"a": "b"};',
    ],
)
def test_broken_json_is_read_all_the_same(text: str) -> None:
    assert read_tolerantly(text) == {"a": "b"}


def test_texts_that_only_look_broken_stay_as_they_are() -> None:
    assert read_tolerantly('{"a": "x,}", "b": "line\nbreak", "c": [1,2,],}') == {
        "a": "x,}",
        "b": "line\nbreak",
        "c": [1, 2],
    }


@pytest.mark.parametrize("text", ["", "{", "var a = 1", "[" * 100_000, '{"a": ' * 50_000])
def test_hopeless_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        read_tolerantly(text)


def test_scripts_are_found_by_their_type_and_unreadable_ones_counted() -> None:
    html = """
    <script type="application/ld+json">{"a": 1}</script>
    <SCRIPT TYPE='application/LD+JSON; charset=utf-8'>{"b": 2,}</SCRIPT>
    <script type="application/ld+json">{nonsense</script>
    <script type="application/ld+json"> </script>
    <script type="application/json">{"c": 3}</script>
    """
    assert documents_of(html) == Documents(({"a": 1}, {"b": 2}), unreadable=1)


def test_a_vin_of_one_character_is_a_decoy() -> None:
    assert is_decoy("0" * 17)
    assert not is_decoy(VIN)
    assert not is_decoy("")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10) | st.sampled_from(["Car", "Offer", "#a", VIN]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@id", "@type", "@graph", "offers", "itemOffered", "mainEntity", "brand", "vin", "price"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_gives_vehicles_of_texts(document: Any) -> None:
    assert all(isinstance(text, str) for vehicle in read(document) for text in vehicle)


@given(st.text(max_size=60))
def test_any_text_is_json_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        json.dumps(read_tolerantly(text))
