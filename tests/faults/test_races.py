"""The same race fifty times: of simultaneous creations, changes and activations exactly one counts."""

from collections import Counter
from functools import partial

import pytest

from inventory.models import Dataset
from inventory.operations.activation import activate_dataset
from orders.models import OpenVin, Order
from orders.operations.completing import cancel_order
from orders.operations.reviewing import edit_line
from tests.factories import make_dealership, make_order, make_vehicles
from tests.faults.invariants import assert_invariants
from tests.racing import at_once, times

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.faults]
REPETITIONS = 50


@pytest.mark.fault("C1", "30 creations of one order at once, 50 times", "one order each time")
def test_of_thirty_simultaneous_orders_one_is_made_every_time() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    for _ in range(REPETITIONS):
        answers = at_once(*times(30, lambda: make_order(dealership=dealership)))
        assert Counter(answers) == {"ok": 1, "open_order": 29}
        assert OpenVin.objects.count() == 3
        cancel_order(order=Order.objects.open().get())
    assert_invariants()


@pytest.mark.fault(
    "C2", "20 changes of one version of a line at once, 50 times", "one saved, 19 told, none overwritten"
)
def test_of_twenty_stale_changes_one_is_saved_every_time() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    line = make_order(dealership=dealership).lines.all()[0]
    for version in range(1, REPETITIONS + 1):
        trims = [f"Trim {version} {number}" for number in range(20)]
        acts = [partial(edit_line, line=line, version=version, changes={"trim": trim}) for trim in trims]
        answers = at_once(*acts)
        line.refresh_from_db()
        assert Counter(answers) == {"ok": 1, "line_conflict": 19}
        assert (line.version, line.overrides["trim"]) == (version + 1, trims[answers.index("ok")])
    assert_invariants()


@pytest.mark.fault("C3", "10 activations of a dealership at once, 50 times", "one active dataset each time")
def test_of_ten_simultaneous_activations_one_stays_active_every_time() -> None:
    dealership = make_dealership()
    for number in range(10):
        make_vehicles(dealership=dealership, first=1, Price=str(20000 + number))
    datasets = list(Dataset.objects.filter(dealership=dealership))
    for _ in range(REPETITIONS):
        answers = at_once(*[partial(activate_dataset, dataset=dataset, force=True) for dataset in datasets])
        assert set(answers) <= {"ok", "already_active"}
        assert Dataset.objects.active().filter(dealership=dealership).count() == 1
    assert_invariants()
