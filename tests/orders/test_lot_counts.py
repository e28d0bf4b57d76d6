"""The counts of lots are kept between requests, and every change that could move one is seen at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.rules import fold_text
from dealerships.models import Dealership
from inventory.models import Dataset, LotStatusMapping, Vehicle
from inventory.operations.activation import activate_dataset
from inventory.operations.mapping import remap_vehicles
from orders.operations.completing import cancel_order, void_order
from orders.operations.lot_counts import count_lots
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles

pytestmark = pytest.mark.django_db


@pytest.fixture
def elm() -> Dealership:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=5)
    return dealership


def counted(dealership: Dealership) -> tuple[int, int]:
    """Vehicles on the lot, and those that a CAO would print."""
    dealership.refresh_from_db()
    count = count_lots(dealerships=[dealership], today=timezone.localdate())[dealership.pk]
    return count.on_lot, count.waiting.total()


def log_two(elm: Dealership) -> None:
    log_vins(dealership=elm, vins=[vehicle.vin for vehicle in vehicles(elm)[:2]])


def vehicles(elm: Dealership) -> list[Vehicle]:
    return list(Dataset.objects.active().get(dealership=elm).vehicles.order_by("row_number"))


def prepare(elm: Dealership) -> None:
    make_order(dealership=elm)


def prepare_and_cancel(elm: Dealership) -> None:
    cancel_order(order=make_order(dealership=elm), reason="too early")


def print_all(elm: Dealership) -> None:
    finish_order(order=make_order(dealership=elm))


def print_and_void(elm: Dealership) -> None:
    order = finish_order(order=make_order(dealership=elm))
    assert counted(elm) == (5, 0)
    void_order(order=order, reason="printed twice")


def import_more(elm: Dealership) -> None:
    make_vehicles(dealership=elm, count=7)


def import_and_go_back(elm: Dealership) -> None:
    before = Dataset.objects.active().get(dealership=elm)
    make_vehicles(dealership=elm, count=7)
    assert counted(elm) == (7, 7)
    activate_dataset(dataset=before, force=True)


def change_the_rules(elm: Dealership) -> None:
    Dealership.objects.filter(pk=elm.pk).update(conditions=["new"])


def read_the_status_otherwise(elm: Dealership) -> None:
    folded = fold_text("In-Stock")
    assert LotStatusMapping.objects.filter(folded=folded).update(lot_status="off_lot") == 1
    remap_vehicles(mapping=LotStatusMapping, folded_texts=[folded], actor=None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (log_two, (5, 3)),
        (prepare, (5, 0)),
        (prepare_and_cancel, (5, 5)),
        (print_all, (5, 0)),
        (print_and_void, (5, 5)),
        (import_more, (7, 7)),
        (import_and_go_back, (5, 5)),
        (change_the_rules, (5, 0)),
        (read_the_status_otherwise, (0, 0)),
    ],
)
def test_every_change_is_counted_at_once(
    elm: Dealership, change: Callable[[Dealership], None], expected: tuple[int, int]
) -> None:
    assert counted(elm) == (5, 5)
    change(elm)
    assert counted(elm) == expected


def test_a_day_more_of_seasoning_counts(elm: Dealership) -> None:
    Dealership.objects.filter(pk=elm.pk).update(seasoning_days=3)
    elm.refresh_from_db()
    today = timezone.localdate()
    waiting = [
        count_lots(dealerships=[elm], today=today + timedelta(days=days))[elm.pk].waiting.total() for days in (2, 3, 2)
    ]
    assert waiting == [0, 5, 0]


def test_without_a_change_no_vehicle_is_read_again(
    elm: Dealership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    oak = make_dealership(name="Oak Hill Cars")
    make_vehicles(dealership=oak, first=100)
    today = timezone.localdate()
    count_lots(dealerships=[elm, oak], today=today)
    with django_assert_num_queries(2):
        count_lots(dealerships=[elm, oak], today=today)
    log_two(elm)
    with django_assert_num_queries(4):
        counts = count_lots(dealerships=[elm, oak], today=today)
    assert [counts[dealership.pk].waiting.total() for dealership in (elm, oak)] == [3, 3]


def test_a_dealership_without_inventory_has_no_count() -> None:
    bare = make_dealership()
    assert count_lots(dealerships=[bare], today=timezone.localdate()) == {}
