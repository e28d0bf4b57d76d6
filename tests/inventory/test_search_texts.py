"""What vehicles are found by follows the inventory that is in use."""

from importlib import import_module

import pytest
from django.db import connection

from dealerships.models import Dealership
from inventory.models import Dataset, FirstSeen
from inventory.operations.activation import activate_dataset
from tests.factories import import_rows, make_dealership, make_row, make_vin

pytestmark = pytest.mark.django_db


@pytest.fixture
def elm() -> Dealership:
    return make_dealership()


def texts() -> dict[str, str]:
    return dict(FirstSeen.objects.values_list("vin", "search_text"))


def test_letters_and_figures_of_a_vehicle_are_kept_while_it_stands_there(elm: Dealership) -> None:
    first = make_row(number=1, location=elm.name, Model="Grand-Cherokee L", Trim="4x4/Limited", Stock="S-1")
    import_rows(rows=[first, make_row(number=2, location=elm.name)])
    assert texts()[first["Vin"]] == f"Jeep Grand Cherokee L 4x4 Limited 2022 S 1 {first['Vin']}"
    import_rows(rows=[make_row(number=2, location=elm.name, Model="Compass", Price="1")])
    assert texts() == {first["Vin"]: "", make_vin(number=2): f"Jeep Compass Latitude 2022 S00002 {make_vin(number=2)}"}


def test_who_goes_back_to_an_older_dataset_finds_what_stood_there(elm: Dealership) -> None:
    import_rows(rows=[make_row(number=1, location=elm.name, Model="Wrangler")])
    import_rows(rows=[make_row(number=2, location=elm.name)])
    activate_dataset(dataset=Dataset.objects.get(status="archived"))
    assert {vin for vin, text in texts().items() if text} == {make_vin(number=1)}


def test_a_vehicle_without_any_word_is_kept_by_its_vin(elm: Dealership) -> None:
    bare = dict.fromkeys(("Year", "Make", "Model", "Trim", "Stock"), "")
    import_rows(rows=[make_row(number=1, location=elm.name, **bare)])
    [(vin, text)] = texts().items()
    assert text.endswith(vin)


def test_long_texts_are_cut_and_other_dealerships_are_left_alone(elm: Dealership) -> None:
    oak = make_dealership(name="Oak Street Motors")
    import_rows(rows=[make_row(number=1, location=oak.name)])
    import_rows(rows=[make_row(number=2, location=elm.name, Trim="very long " * 300)])
    assert {len(text) for text in texts().values()} == {500, len(f"Jeep Renegade Latitude 2022 S00001 {'V' * 17}")}


def test_the_migration_fills_in_what_activation_would_have_kept(elm: Dealership) -> None:
    import_rows(rows=[make_row(number=number, location=elm.name) for number in (1, 2)])
    import_rows(rows=[make_row(number=2, location=elm.name, Model="F-150")])
    kept = texts()
    FirstSeen.objects.update(search_text="")
    with connection.cursor() as cursor:
        cursor.execute(import_module("inventory.migrations.0010_find_vehicles_by_words").FILL)
    assert texts() == kept
