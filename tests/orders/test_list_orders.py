from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from orders.domain.states import OrderState
from orders.models import Order
from orders.operations.preparing import read_entries
from tests.factories import (
    import_rows,
    log_vins,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
    make_vin,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def elm() -> Dealership:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return dealership


def vins_of(order: Order) -> list[str]:
    return [line.vin for line in order.lines.all()]


def refusal(dealership: Dealership, kind: OrderKind = OrderKind.CAO, **request: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        make_order(dealership=dealership, kind=kind, **request)
    assert Order.objects.filter(dealership=dealership).exclude(state=OrderState.DONE).count() == 0
    return raised.value


def outcomes_of(order: Order) -> list[tuple[str, str, str]]:
    return [(entry.text, entry.outcome, entry.vin) for entry in order.entries.all()]


def test_without_inventory_a_cao_stops_and_a_list_takes_placeholders() -> None:
    dealership = make_dealership()
    vin = make_vin(number=1, year=2024)
    assert refusal(dealership).code == "no_inventory"
    assert refusal(dealership, OrderKind.MAINTENANCE, entries=[vin]).code == "no_inventory"
    assert refusal(dealership, OrderKind.LIST, entries=[vin]).code == "nothing_to_order"
    order = make_order(dealership=dealership, kind=OrderKind.LIST, entries=[vin], include_missing=True)
    line = order.lines.get()
    assert (line.vin, line.is_placeholder, line.year, line.stock, line.condition) == (vin, True, 2024, "", "unknown")
    assert order.dataset is None


def test_a_list_holds_one_line_per_vehicle_in_typed_order_and_an_outcome_per_entry() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership, count=4)
    missing = make_vin(number=999)
    entries = [vins[2], "s00001", missing, vins[2].lower(), "x" * 18, "nobody"]
    order = make_order(dealership=dealership, kind=OrderKind.LIST, entries=entries)
    assert vins_of(order) == [vins[2], vins[0]]
    assert outcomes_of(order) == [
        (vins[2], "produced", vins[2]),
        ("s00001", "produced", vins[0]),
        (missing, "not_on_website", missing),
        (vins[2].lower(), "duplicate_entry", vins[2]),
        ("x" * 18, "invalid", ""),
        ("nobody", "not_on_website", ""),
    ]


def test_a_list_skips_the_rules_and_the_log_but_warns_of_the_rules() -> None:
    dealership = make_dealership(conditions=["po", "cpo"])
    rows = [
        make_row(number=1, location=dealership.name),
        make_row(number=2, location=dealership.name, Type="New"),
        make_row(number=3, location=dealership.name, Status="In Transit"),
        make_row(number=4, location=dealership.name, Stock="N/A"),
    ]
    import_rows(rows=rows)
    vins = [row["Vin"] for row in rows]
    log_vins(dealership=dealership, vins=vins)
    order = make_order(dealership=dealership, kind=OrderKind.LIST, entries=vins)
    assert [(line.vin, line.rule_warning) for line in order.lines.all()] == [
        (vins[0], ""),
        (vins[1], "new"),
        (vins[2], "off lot: In Transit"),
        (vins[3], "no stock number"),
    ]


def test_an_order_that_no_entry_leads_to_tells_what_became_of_each() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    answer = refusal(dealership, OrderKind.LIST, entries=["nobody", "x" * 18])
    assert (answer.code, [item["outcome"] for item in answer.detail["outcomes"]]) == (
        "nothing_to_order",
        ["not_on_website", "invalid"],
    )


@pytest.mark.parametrize(
    ("text", "code"), [("", "no_entries"), (" ,;\n", "no_entries"), ("x," * 2001, "too_many_entries")]
)
def test_no_entries_or_too_many_are_bad_input(text: str, code: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_entries(text)
    assert raised.value.code == code


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800"])
def test_a_text_with_control_characters_is_no_list(character: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_entries(f"1C4RJFAG0LC000001\n12{character}34")
    assert raised.value.message == "Entry 2 holds a character that is no text. Paste plain text."


def test_maintenance_is_cao_first_then_the_listed_vehicles_each_once_with_its_sources() -> None:
    dealership = make_dealership(conditions=["po"])
    rows = [
        make_row(number=1, location=dealership.name),
        make_row(number=2, location=dealership.name),
        make_row(number=3, location=dealership.name, Type="New"),
        make_row(number=4, location=dealership.name),
    ]
    import_rows(rows=rows)
    vins = [row["Vin"] for row in rows]
    log_vins(dealership=dealership, vins=[vins[3]])
    order = make_order(
        dealership=dealership, kind=OrderKind.MAINTENANCE, entries=[vins[3], "S00002", vins[2], "s00004", "nobody"]
    )
    assert [(line.vin, line.sources, line.rule_warning) for line in order.lines.all()] == [
        (vins[0], ["CAO"], ""),
        (vins[1], ["CAO", "LIST"], ""),
        (vins[3], ["LIST"], ""),
        (vins[2], ["LIST"], "new"),
    ]
    assert [outcome for _, outcome, _ in outcomes_of(order)] == [
        "produced",
        "produced",
        "produced",
        "duplicate_entry",
        "not_on_website",
    ]


@given(
    text=st.lists(
        st.one_of(st.sampled_from([make_vin(number=n) for n in (1, 2, 999)]), st.just("s00003"), st.text(max_size=30))
    ).map("\n".join),
    include_missing=st.booleans(),
)
@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_typed_text_is_refused_or_every_entry_has_its_one_outcome(
    elm: Dealership, text: str, *, include_missing: bool
) -> None:
    savepoint = transaction.savepoint()
    try:
        entries = read_entries(text)
        order = make_order(dealership=elm, kind=OrderKind.LIST, entries=entries, include_missing=include_missing)
    except (BadInput, Refused) as error:
        outcomes = error.detail.get("outcomes")
        is_counted = outcomes is None or len(outcomes) == len(entries)
    else:
        lines = sum(outcome in {"produced", "placeholder"} for _, outcome, _ in outcomes_of(order))
        is_counted = (order.entries.count(), order.lines.count()) == (len(entries), lines)
    transaction.savepoint_rollback(savepoint)
    assert is_counted
