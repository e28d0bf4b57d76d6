from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from foundation.roles import MANAGER, STAFF
from inventory.models import Dataset, DatasetEvent, FirstSeen, Vehicle
from inventory.operations.activation import (
    activate_dataset,
    choose_dataset,
    is_stale,
    judge_dataset,
    reject_dataset,
    role_to_decide,
)
from inventory.operations.importing import activate_import
from tests.factories import make_csv, make_dealership
from tests.inventory.arrivals import ELM, OAK, gates_of, import_file, import_lot, rows_at

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2025, 9, 1, 4, 0, tzinfo=CHICAGO)
DAY = timedelta(days=1)


@pytest.fixture
def elm() -> Dealership:
    return make_dealership(name=ELM)


def status_of(dataset: Dataset) -> str:
    return Dataset.objects.get(pk=dataset.pk).status


def staged(count: int, *, first: int = 1, at: datetime = MONDAY) -> Dataset:
    return import_lot(ELM, count, first=first, at=at, stage_only=True)


def vins_in_use() -> list[str]:
    return list(Vehicle.objects.active().order_by("row_number").values_list("vin", flat=True))


def refusal_of(dataset: Dataset, *, force: bool = False) -> Refused:
    with pytest.raises(Refused) as refusal:
        activate_dataset(dataset=dataset, force=force)
    return refusal.value


def test_the_first_dataset_of_a_dealership_is_activated_with_a_notice(elm: Dealership) -> None:
    dataset = import_lot(ELM, 3)
    assert (dataset.status, gates_of(dataset)) == ("active", ["G_FIRST"])


@pytest.mark.parametrize(
    ("count", "status", "gates"),
    [
        (19, "held", ["G_COLLAPSE"]),
        (20, "held", ["G_SHRINK"]),
        (27, "held", ["G_SHRINK"]),
        (28, "active", []),
        (56, "active", []),
        (57, "held", ["G_RISE"]),
        (80, "held", ["G_RISE"]),
        (81, "held", ["G_GROWTH"]),
    ],
)
def test_gates_compare_with_the_dataset_in_use(elm: Dealership, count: int, status: str, gates: list[str]) -> None:
    before = import_lot(ELM, 40)
    dataset = import_lot(ELM, count)
    assert (dataset.status, gates_of(dataset)) == (status, gates)
    assert status_of(before) == ("archived" if status == "active" else "active")


@pytest.mark.parametrize(("count", "status"), [(4, "held"), (5, "active"), (35, "active"), (36, "held")])
def test_small_lots_are_compared_by_number(elm: Dealership, count: int, status: str) -> None:
    import_lot(ELM, 20)
    assert import_lot(ELM, count).status == status


def test_vehicles_of_another_dealership_are_held(elm: Dealership) -> None:
    import_lot(ELM, 40)
    dataset = import_lot(ELM, 40, first=34)
    assert (dataset.status, gates_of(dataset)) == ("held", ["G_OVERLAP"])
    assert gates_of(import_lot(ELM, 40, first=41)) == ["G_OVERLAP"]


def test_a_fifth_of_the_vehicles_in_common_is_enough(elm: Dealership) -> None:
    import_lot(ELM, 40)
    assert import_lot(ELM, 40, first=33).status == "active"


def test_an_older_file_after_a_newer_one_is_held(elm: Dealership) -> None:
    import_lot(ELM, 3, at=MONDAY)
    older = import_lot(ELM, 4, at=MONDAY - timedelta(seconds=1))
    assert (older.status, gates_of(older)) == ("held", ["G_OLDER"])


def test_too_many_rejected_rows_are_held_but_factory_vins_off_the_lot_do_not_count(elm: Dealership) -> None:
    rows = rows_at(ELM, 10)
    for row in rows[:3]:
        row |= {"Vin": row["Vin"][:13] + "O" + row["Vin"][14:], "Status": "In-Build-Phase"}
    factory = import_file(make_csv(rows=rows)).datasets.get()
    assert (factory.status, factory.rows_rejected, factory.rejected_temporary_vins) == ("active", 3, 3)
    for row in rows[:3]:
        row["Status"] = "In Stock"
    dataset = import_file(make_csv(rows=rows)).datasets.get()
    assert (dataset.status, gates_of(dataset)) == ("held", ["G_REJECTS"])


def test_an_empty_dataset_is_refused_always(elm: Dealership) -> None:
    import_lot(ELM, 3)
    content = make_csv(rows=rows_at(ELM, 2, Vin="N/A"))
    dataset = import_file(content, force=True).datasets.get()
    assert (dataset.status, gates_of(dataset)) == ("rejected", ["G_ZERO"])
    assert refusal_of(dataset, force=True).code == "rejected"
    assert len(vins_in_use()) == 3


def test_a_held_dataset_is_released_with_force_only_and_by_whom_is_recorded(elm: Dealership) -> None:
    anna = User.objects.create(username="anna")
    first = import_lot(ELM, 40)
    held = import_lot(ELM, 10)
    refusal = refusal_of(held)
    assert (refusal.code, str(refusal)) == ("G_COLLAPSE", f"{ELM}: 10 vehicles after 40: below 50%.")
    assert refusal.detail == {"dealership": ELM, "dataset_id": held.pk, "status": "held", "previous_id": None}
    assert activate_dataset(dataset=held, force=True, actor=anna, reason="the lot was sold") == first.pk
    assert (status_of(held), status_of(first)) == ("active", "archived")
    events = DatasetEvent.objects.filter(dataset=held).values_list(
        "from_status", "to_status", "actor__username", "reason"
    )
    assert list(events) == [
        ("staged", "held", None, "10 vehicles after 40: below 50%."),
        ("held", "active", "anna", "the lot was sold"),
    ]
    assert DatasetEvent.objects.filter(dataset=first).last().reason == f"dataset {held.pk} took its place"  # type: ignore[union-attr]


@pytest.mark.parametrize(("count", "role", "may"), [(25, STAFF, True), (10, STAFF, False), (10, MANAGER, True)])
def test_most_gates_need_a_manager(elm: Dealership, count: int, role: str, may: bool) -> None:
    import_lot(ELM, 40)
    held = import_lot(ELM, count)
    assert role_to_decide(dataset=held) == (STAFF if count == 25 else MANAGER)
    if may:
        activate_dataset(dataset=held, force=True, as_role=role)
    else:
        with pytest.raises(Refused):
            activate_dataset(dataset=held, force=True, as_role=role)
    assert status_of(held) == ("active" if may else "held")


def test_an_archived_dataset_returns_with_the_same_vehicles_and_without_gates(elm: Dealership) -> None:
    first = import_lot(ELM, 40, at=MONDAY)
    values = list(Vehicle.objects.active().order_by("id").values())
    second = import_lot(ELM, 81, at=MONDAY + DAY, force=True)
    assert len(vins_in_use()) == 81
    assert activate_dataset(dataset=first) == second.pk
    assert list(Vehicle.objects.active().order_by("id").values()) == values
    assert (status_of(first), status_of(second)) == ("active", "archived")
    assert role_to_decide(dataset=Dataset.objects.get(pk=second.pk)) == MANAGER


def test_staff_do_not_go_back_to_an_older_dataset_even_when_it_was_archived_a_moment_ago(elm: Dealership) -> None:
    first = import_lot(ELM, 40)
    import_lot(ELM, 41)
    with pytest.raises(Refused) as refusal:
        activate_dataset(dataset=first, force=True, as_role=STAFF)
    assert (refusal.value.code, status_of(first)) == ("manager_only", "archived")


def test_gates_are_judged_again_at_activation_against_the_dataset_in_use_then(elm: Dealership) -> None:
    import_lot(ELM, 40, at=MONDAY)
    waiting, larger = staged(50, at=MONDAY + DAY), staged(56, at=MONDAY + DAY * 2)
    assert (waiting.status, gates_of(waiting)) == ("staged", [])
    activate_dataset(dataset=larger)
    refusal = refusal_of(waiting)
    assert (refusal.code, refusal.detail["status"], status_of(waiting)) == ("G_OLDER", "held", "held")
    assert gates_of(waiting) == ["G_OLDER"]


def test_a_held_dataset_whose_gates_pass_meanwhile_needs_no_force(elm: Dealership) -> None:
    import_lot(ELM, 40, at=MONDAY)
    held = import_lot(ELM, 90, at=MONDAY + DAY * 2)
    assert status_of(held) == "held"
    activate_dataset(dataset=import_lot(ELM, 70, at=MONDAY + DAY), force=True)
    activate_dataset(dataset=held)
    assert status_of(held) == "active"


def test_judging_alone_changes_nothing_of_the_dataset_in_use(elm: Dealership) -> None:
    first = import_lot(ELM, 40)
    held = import_lot(ELM, 10)
    assert [result.code for result in judge_dataset(dataset=held)] == ["G_COLLAPSE"]
    assert (status_of(held), status_of(first), DatasetEvent.objects.filter(dataset=held).count()) == (
        "held",
        "active",
        1,
    )


def test_the_usual_size_of_the_last_five_counts_too(elm: Dealership) -> None:
    for at, count in enumerate((100, 101, 102, 60)):
        import_lot(ELM, count, at=MONDAY + DAY * at, force=True)
    dataset = import_lot(ELM, 45, at=MONDAY + DAY * 9)
    assert gates_of(dataset) == ["G_COLLAPSE"]
    assert dataset.gates[0]["message"] == "45 vehicles after 60, and usually 100: below 50% of that."


def test_stage_only_waits_for_a_person_and_force_brings_it_in(elm: Dealership) -> None:
    dataset = staged(3)
    assert (dataset.status, vins_in_use()) == ("staged", [])
    activate_import(inventory_import=dataset.inventory_import, force=True)
    assert status_of(dataset) == "active"


def test_a_dataset_in_use_cannot_be_activated_again(elm: Dealership) -> None:
    assert refusal_of(import_lot(ELM, 3), force=True).code == "already_active"


def test_a_staged_or_held_dataset_can_be_rejected_for_good(elm: Dealership) -> None:
    anna = User.objects.create(username="anna")
    in_use, held = import_lot(ELM, 40), import_lot(ELM, 10)
    reject_dataset(dataset=held, actor=anna, reason="wrong file")
    assert (status_of(held), refusal_of(held, force=True).code) == ("rejected", "rejected")
    with pytest.raises(Refused, match="is in use; it cannot be rejected"):
        reject_dataset(dataset=in_use, actor=anna, reason="no")
    assert status_of(in_use) == "active"


def test_two_active_datasets_are_impossible_in_the_database(elm: Dealership) -> None:
    import_lot(ELM, 3)
    second = staged(4)
    with pytest.raises(IntegrityError, match="one_active_dataset_per_dealership"), transaction.atomic():
        Dataset.objects.filter(pk=second.pk).update(status="active")


def first_seen() -> dict[str, date]:
    return dict(FirstSeen.objects.values_list("vin", "first_seen_date"))


def test_a_vehicle_is_first_seen_on_the_local_day_of_its_collection(elm: Dealership) -> None:
    evening = datetime(2025, 9, 1, 23, 30, tzinfo=CHICAGO)
    import_lot(ELM, 2, at=evening)
    assert set(first_seen().values()) == {date(2025, 9, 1)}


def test_first_seen_never_moves_later_and_moves_earlier_with_an_older_dataset(elm: Dealership) -> None:
    import_lot(ELM, 2, at=MONDAY)
    import_lot(ELM, 3, at=MONDAY + DAY)
    assert sorted(first_seen().values()) == [date(2025, 9, 1), date(2025, 9, 1), date(2025, 9, 2)]
    import_lot(ELM, 1, at=MONDAY - DAY, force=True)
    assert sorted(first_seen().values()) == [date(2025, 8, 31), date(2025, 9, 1), date(2025, 9, 2)]
    activate_dataset(dataset=Dataset.objects.get(collected_at=MONDAY + DAY))
    assert sorted(first_seen().values()) == [date(2025, 8, 31), date(2025, 9, 1), date(2025, 9, 2)]


def test_only_an_activated_dataset_is_seen_and_each_dealership_sees_for_itself(elm: Dealership) -> None:
    staged(2, at=MONDAY)
    assert first_seen() == {}
    make_dealership(name=OAK)
    import_lot(ELM, 1, at=MONDAY)
    import_lot(OAK, 1, at=MONDAY + DAY)
    seen = FirstSeen.objects.values_list("dealership__name", "first_seen_date")
    assert dict(seen) == {ELM: date(2025, 9, 1), OAK: date(2025, 9, 2)}


def test_the_newest_waiting_dataset_is_chosen_unless_one_is_named(elm: Dealership) -> None:
    first, second = import_lot(ELM, 3), staged(4)
    assert choose_dataset(dealership=elm) == second
    assert choose_dataset(dealership=elm, dataset_id=first.pk) == first


@pytest.mark.parametrize("dataset_id", [0, 10**30])
def test_a_dataset_of_nobody_is_refused_with_the_known_ones(elm: Dealership, dataset_id: int) -> None:
    other = make_dealership(name=OAK)
    dataset = import_lot(ELM, 3)
    with pytest.raises(BadInput) as error:
        choose_dataset(dealership=elm, dataset_id=dataset_id)
    assert str(error.value) == f"{ELM} has no dataset {dataset_id}; its newest are: {dataset.pk}."
    with pytest.raises(BadInput, match="its newest are: none"):
        choose_dataset(dealership=other, dataset_id=dataset.pk)
    with pytest.raises(BadInput, match="has no staged, held or archived dataset"):
        choose_dataset(dealership=elm)


def test_inventory_is_stale_after_36_hours(elm: Dealership) -> None:
    dataset = import_lot(ELM, 1, at=MONDAY)
    assert not is_stale(dataset=dataset, now=MONDAY + timedelta(hours=36))
    assert is_stale(dataset=dataset, now=MONDAY + timedelta(hours=36, seconds=1))
