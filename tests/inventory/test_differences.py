"""What a dataset changes: counted beside the one in use when it is judged, with the vehicles behind every count."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from inventory.models import Dataset
from inventory.operations.activation import activate_dataset
from inventory.operations.checking import check_import
from tests.factories import ensure_mappings, make_csv, make_dealership, make_row, make_vin
from tests.inventory.arrivals import ELM, OAK, import_file, import_lot, rows_at
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db
COUNTED = ("before", "new", "gone", "repriced", "moved")


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


def changed_rows() -> list[dict[str, str]]:
    """Beside vehicles 1 to 40: 1 to 3 are gone, 41 and 42 are new, four prices differ, one condition does."""
    rows = rows_at(ELM, 39, first=4)
    rows[0]["Price"], rows[1]["Price"], rows[2]["Price"] = "19995", "", "18995"
    rows[3]["Type"], rows[3]["Price"] = "Certified", "17995"
    return rows


@pytest.fixture
def changed() -> Dataset:
    make_dealership(name=ELM)
    import_lot(ELM, 40)
    return import_file(make_csv(rows=changed_rows())).datasets.get()


def figures(difference: dict[str, int]) -> tuple[int, ...]:
    return tuple(difference[name] for name in COUNTED)


def listed(client: Client, dataset: Dataset, what: str, **query: Any) -> str:
    answer = client.get(reverse("import_difference", args=[dataset.pk]), {"what": what, **query})
    assert answer.status_code == 200
    return (
        part(answer, 'aria-label="Vehicles"', "</table>") if 'aria-label="Vehicles"' in answer.content.decode() else ""
    )


def vin_words(number: int) -> str:
    vin = make_vin(number=number)
    return f"{vin[:9]} {vin[9:]}"


def test_new_gone_price_and_condition_are_counted_beside_the_dataset_in_use(changed: Dataset) -> None:
    assert changed.status == "active"
    assert figures(changed.difference) == (40, 2, 3, 4, 1)
    assert changed.difference["dataset"] == Dataset.objects.get(status="archived").pk


def test_the_first_dataset_differs_from_nothing() -> None:
    make_dealership(name=ELM)
    assert import_lot(ELM, 5).difference == {}


def test_a_dataset_that_is_judged_again_is_counted_beside_the_one_in_use_by_then() -> None:
    make_dealership(name=ELM)
    import_lot(ELM, 40)
    held = import_lot(ELM, 24)
    assert figures(held.difference) == (40, 0, 16, 0, 0)
    newer = import_lot(ELM, 36, force=True)
    activate_dataset(dataset=held, force=True)
    assert (held.difference["dataset"], held.difference["gone"]) == (newer.pk, 12)


def test_the_page_of_an_import_shows_each_count_with_the_way_to_its_vehicles(viewer: Client, changed: Dataset) -> None:
    page = viewer.get(reverse("import_detail", args=[changed.inventory_import_id]))
    table = part(page, 'aria-label="Datasets of this import"', "</table>")
    assert "40 before, 39 now of 39 read" in table
    assert "2 new 3 gone 4 with another price 1 with another condition" in table
    other = changed.difference["dataset"]
    for what in ("new", "gone", "repriced", "moved"):
        assert f"/datasets/{changed.pk}/difference/?what={what}&amp;with={other}" in page.content.decode()


@pytest.mark.parametrize(
    ("what", "vehicles", "extra"),
    [
        ("new", [41, 42], "$21,995"),
        ("gone", [1, 2, 3], "$21,995"),
        ("repriced", [4, 5, 6, 7], "$21,995 → $19,995"),
        ("moved", [7], "PO → CPO"),
    ],
)
def test_the_vehicles_behind_a_count_are_listed(
    what: str, vehicles: list[int], extra: str, viewer: Client, changed: Dataset
) -> None:
    table = listed(viewer, changed, what)
    assert [number for number in range(1, 43) if vin_words(number) in table] == vehicles
    assert extra in table


def test_a_price_that_is_missing_now_is_another_price(viewer: Client, changed: Dataset) -> None:
    assert "$21,995 → \u2013" in listed(viewer, changed, "repriced")


def test_many_vehicles_are_split_into_pages_of_a_hundred(viewer: Client) -> None:
    make_dealership(name=ELM)
    import_lot(ELM, 130)
    lot = import_lot(ELM, 10, first=500, force=True)
    pages = [listed(viewer, lot, "gone", page=str(number)).count("Jeep") for number in (1, 2)]
    assert pages == [100, 30]


def test_a_difference_without_vehicles_and_without_another_dataset_says_so(viewer: Client) -> None:
    make_dealership(name=ELM)
    first = import_lot(ELM, 5)
    address = reverse("import_difference", args=[first.pk])
    assert "There is no other dataset of this dealership to compare with." in words(viewer.get(address))
    second = import_file(make_csv(rows=[*rows_at(ELM, 5), *rows_at(OAK, 1, first=9)])).datasets.get()
    assert "No vehicle differs in this way." in words(viewer.get(reverse("import_difference", args=[second.pk])))


def test_rows_that_are_no_longer_kept_are_told(viewer: Client, changed: Dataset) -> None:
    Dataset.objects.filter(pk=changed.difference["dataset"]).update(status="removed")
    answer = viewer.get(reverse("import_difference", args=[changed.pk]))
    assert f"The rows of dataset {changed.difference['dataset']} are no longer kept" in words(answer)


@pytest.mark.parametrize(
    "query", ["what=all", "what=new&with=0", "what=new&with=x", f"what=new&with={'9' * 40}", "what=%00", "with=-1"]
)
def test_an_address_that_nobody_gave_is_a_missing_page(query: str, viewer: Client, changed: Dataset) -> None:
    assert viewer.get(f"/datasets/{changed.pk}/difference/?{query}").status_code == 404


def test_a_dataset_is_never_shown_beside_one_of_another_dealership(viewer: Client, changed: Dataset) -> None:
    make_dealership(name=OAK)
    oak = import_lot(OAK, 5, first=900)
    address = reverse("import_difference", args=[changed.pk])
    assert viewer.get(address, {"what": "new", "with": str(oak.pk)}).status_code == 404


def test_a_check_tells_the_same_difference_and_stores_nothing() -> None:
    make_dealership(name=ELM)
    import_lot(ELM, 40)
    content = make_csv(rows=changed_rows())
    told = check_import(stream=io.BytesIO(content), file_name="lots.csv")
    assert figures(told["datasets"][0]["difference"]) == (40, 2, 3, 4, 1)
    page = sign_in(role="staff").post(
        "/imports/upload/", {"file": SimpleUploadedFile("lots.csv", content), "check": "only"}
    )
    assert "40 before, 39 of 39 read" in words(page)
    assert "2 new, 3 gone, 4 with another price, 1 with another condition." in words(page)
    assert Dataset.objects.count() == 1


def test_the_page_of_two_hundred_dealerships_needs_no_more_queries_than_that_of_two(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ensure_mappings()
    for number in range(202):
        make_dealership(name=f"Lot {number:03}", short_code=f"L{number}", file_name=f"Lot_{number}")
    numbers = []
    for first, count in ((0, 2), (2, 200)):
        for price in ("21995", "20995"):
            rows = [
                make_row(number=10 * lot + each, location=f"Lot {lot:03}", Price=price)
                for lot in range(first, first + count)
                for each in (1, 2)
            ]
            done = import_file(make_csv(rows=rows), force=True, file_name=f"{count}-{price}.csv")
        numbers.append(done.pk)
    manager = sign_in(role="manager")
    for pk in numbers:
        with django_assert_num_queries(14):
            page = manager.get(reverse("import_detail", args=[pk]))
    assert len(page.content) < 300_000
    assert "1 to 50 of 200" in words(page)
    last = manager.get(reverse("import_detail", args=[pk]), {"lots": "4"})
    assert ["Lot 201" in words(last), "Lot 002" in words(last)] == [True, False]
    with django_assert_num_queries(7):
        assert "200 dealerships use" in words(manager.get(reverse("import_take_back", args=[pk])))
