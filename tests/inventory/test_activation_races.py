"""Activations at the same moment: real threads, connections and commits; exactly one dataset is in use afterwards."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dealerships.models import Dealership
from inventory.models import Dataset, DatasetEvent, Vehicle
from inventory.operations.activation import activate_dataset, reject_dataset
from inventory.operations.retention import remove_old_datasets
from tests.factories import ensure_mappings, make_csv, make_dealership
from tests.inventory.arrivals import ELM, OAK, gates_of, import_file, import_lot, rows_at
from tests.racing import at_once, times

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RUNNERS = 10
IN_SUITE, BY_FAULTS = 2, 50
MONDAY = datetime(2025, 9, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def elm() -> Dealership:
    ensure_mappings()
    return make_dealership(name=ELM)


def staged(count: int, *, round_number: int = 0) -> Dataset:
    """A dataset that waits; those of one round were collected at one moment, so that none is the older one."""
    content = make_csv(rows=rows_at(ELM, count, Price=str(20_000 + round_number)))
    at = MONDAY + timedelta(days=round_number)
    return import_file(content, collected_at=at, stage_only=True).datasets.get()


def states(datasets: list[Dataset]) -> Counter[str]:
    return Counter(Dataset.objects.filter(pk__in=[dataset.pk for dataset in datasets]).values_list("status", flat=True))


def race(rounds: int) -> None:
    make_dealership(name=OAK)
    oak = import_lot(OAK, 3)
    for number in range(rounds):
        datasets = [staged(5 + runner, round_number=number) for runner in range(RUNNERS)]
        answers = at_once(*[lambda dataset=dataset: activate_dataset(dataset=dataset) for dataset in datasets])
        assert answers == ["ok"] * RUNNERS
        assert states(datasets) == {"active": 1, "archived": RUNNERS - 1}
        # Each took the place of another one: nine were followed, each by a dataset of its own.
        followed = DatasetEvent.objects.filter(dataset__in=datasets, to_status="archived")
        assert len(set(followed.values_list("reason", flat=True))) == followed.count() == RUNNERS - 1
        in_use = Dataset.objects.active().get(dealership__name=ELM)
        assert Vehicle.objects.filter(dataset=in_use).count() == in_use.rows_accepted
    assert list(Dataset.objects.active().filter(dealership__name=OAK)) == [oak]


def test_ten_activations_at_the_same_time_leave_one_active(elm: Dealership) -> None:
    race(IN_SUITE)


@pytest.mark.faults
def test_ten_activations_at_the_same_time_leave_one_active_fifty_times(elm: Dealership) -> None:
    race(BY_FAULTS)


def test_ten_activations_of_one_dataset_are_one(elm: Dealership) -> None:
    dataset = staged(5)
    answers = at_once(*times(RUNNERS, lambda: activate_dataset(dataset=Dataset.objects.get(pk=dataset.pk))))
    assert Counter(answers) == {"ok": 1, "already_active": RUNNERS - 1}
    assert list(dataset.events.values_list("to_status", flat=True)) == ["active"]


def test_gates_judge_against_the_dataset_that_won_and_not_against_the_one_that_was_there(elm: Dealership) -> None:
    small = [staged(5 + runner) for runner in range(5)]
    large = [staged(60 + runner) for runner in range(5)]
    answers = at_once(*[lambda dataset=dataset: activate_dataset(dataset=dataset) for dataset in [*small, *large]])
    # Every one of them passed its gates when it was staged; whoever came first decides about the other size.
    winners, losers = (small, large) if states(small)["active"] else (large, small)
    assert states(winners) == {"active": 1, "archived": 4}
    assert states(losers) == {"held": 5}
    assert Counter(answers)["ok"] == 5
    assert {gate for dataset in losers for gate in gates_of(dataset)} <= {"G_SMALL_LOT", "G_COLLAPSE", "G_OVERLAP"}


def test_a_release_and_a_rejection_at_once_have_one_winner(elm: Dealership) -> None:
    import_lot(ELM, 40)
    held = import_lot(ELM, 10)
    answers = at_once(
        lambda: activate_dataset(dataset=Dataset.objects.get(pk=held.pk), force=True),
        lambda: reject_dataset(dataset=Dataset.objects.get(pk=held.pk), actor=None, reason="wrong file"),
    )
    held.refresh_from_db()
    assert (held.status, answers) in [("active", ["ok", "refused"]), ("rejected", ["rejected", "ok"])]
    assert Dataset.objects.active().count() == 1


def test_a_return_and_a_removal_at_once_never_leave_an_inventory_without_rows(elm: Dealership) -> None:
    oldest, *_ = [import_lot(ELM, count, force=True) for count in range(3, 11)]
    answers = at_once(
        lambda: activate_dataset(dataset=Dataset.objects.get(pk=oldest.pk)),
        lambda: remove_old_datasets(now=timezone.now() + timedelta(days=31), needed=Dataset.objects.none()),
    )
    oldest.refresh_from_db()
    vehicles = Vehicle.objects.filter(dataset=oldest).count()
    assert (oldest.status, vehicles, answers) in [("active", 3, ["ok", "ok"]), ("removed", 0, ["rows_removed", "ok"])]
    assert Dataset.objects.active().get().vehicles.count() > 0
