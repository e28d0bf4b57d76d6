"""What one inventory said of a vehicle that the one before it did not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from dealerships.domain.rules import Condition
from inventory.domain.facts import LotStatus, VehicleFacts
from orders.domain.vehicle_history import Change, Happening, Inventory, history_of
from tests.orders.domain.test_selection import FACTS

START = datetime(2026, 7, 1, 9, tzinfo=UTC)


def make_facts(**values: Any) -> VehicleFacts:
    return FACTS._replace(**values)


def inventory(number: int, *, dealership: int = 1, is_used: bool = True) -> Inventory:
    return Inventory(number, dealership, START + timedelta(days=number), is_used)


def told(days: dict[int, VehicleFacts | None]) -> list[tuple[int, str, tuple[Change, ...]]]:
    steps = history_of([inventory(n) for n in days], {n: facts for n, facts in days.items() if facts})
    return [(step.inventory.dataset_id, step.happening.value, step.changes) for step in steps]


def test_the_first_sighting_changes_leaving_and_return_are_told() -> None:
    first = make_facts(price=Decimal(30000), condition=Condition.NEW)
    moved = first._replace(price=Decimal(28500), condition=Condition.PRE_OWNED)
    changed = (Change("condition", Condition.NEW, Condition.PRE_OWNED), Change("price", Decimal(30000), Decimal(28500)))
    back = moved._replace(stock="S2")
    history = told({1: None, 2: first, 3: first, 4: moved, 5: None, 6: None, 7: back})
    assert history == [
        (2, "seen", ()),
        (4, "changed", changed),
        (5, "gone", ()),
        (7, "back", (Change("stock", moved.stock, "S2"),)),
    ]


def test_a_text_beside_what_was_read_is_no_change() -> None:
    first = make_facts(raw_price="$30,000", raw_status="In-Stock")
    assert told({1: first, 2: first._replace(raw_price="30000", raw_status="in stock")}) == [(1, "seen", ())]


def test_two_dealerships_are_never_compared_with_each_other() -> None:
    inventories = [inventory(1), inventory(2, dealership=2), inventory(3), inventory(4, dealership=2)]
    facts = make_facts()
    steps = history_of(inventories, {1: facts, 3: facts, 4: facts})
    assert [(s.inventory.dataset_id, s.happening) for s in steps] == [(1, Happening.SEEN), (4, Happening.SEEN)]


def test_an_inventory_that_orders_never_used_says_nothing_of_the_lot() -> None:
    facts = make_facts(lot_status=LotStatus.ON_LOT)
    inventories = [inventory(1), inventory(2, is_used=False), inventory(3), inventory(4, is_used=False)]
    steps = history_of(inventories, {1: facts, 3: facts, 4: facts})
    assert [(s.inventory.dataset_id, s.happening.value) for s in steps] == [(1, "seen"), (4, "unused")]


def test_order_of_arrival_does_not_matter() -> None:
    facts = make_facts()
    inventories = [inventory(n) for n in (3, 1, 2)]
    assert [s.happening.value for s in history_of(inventories, {1: facts, 2: facts})] == ["seen", "gone"]
