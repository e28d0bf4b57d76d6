from collections import Counter
from datetime import date

import pytest

from dealerships.domain.rules import ConditionGroup
from foundation.errors import BadInput
from orders.models import Order
from orders.operations.selecting import explain_vin, select_for_cao
from tests.factories import (
    import_rows,
    log_vins,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
)

pytestmark = pytest.mark.django_db
TODAY = date(2025, 9, 2)


def vins_of(order: Order) -> list[str]:
    return [line.vin for line in order.lines.all()]


def test_why_gives_the_verdict_of_every_rule_for_a_vehicle_named_in_any_way() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:1])
    for text in (vins[0], vins[0].lower(), vins[0][-8:], "s00001"):
        vin, verdicts = explain_vin(dealership=dealership, vin=text, group=ConditionGroup.ALL, today=TODAY)
        assert vin == vins[0]
        assert [(verdict.rule, verdict.passed) for verdict in verdicts] == [
            ("on_lot", True),
            ("conditions", True),
            ("stock_required", True),
            ("not_in_log", False),
            ("not_in_open_order", True),
        ]
        assert verdicts[3].detail == "printed, order 40001"


def test_why_asks_for_a_vehicle_that_there_is_once() -> None:
    dealership = make_dealership()
    first, second = make_vehicles(dealership=dealership, count=2, Stock="SAME")
    with pytest.raises(BadInput, match="No vehicle with 'NOBODY'"):
        explain_vin(dealership=dealership, vin="NOBODY", group=ConditionGroup.ALL, today=TODAY)
    with pytest.raises(BadInput) as raised:
        explain_vin(dealership=dealership, vin="SAME", group=ConditionGroup.ALL, today=TODAY)
    assert raised.value.message == (f"2 vehicles fit 'SAME': {', '.join(sorted([first, second]))}. Type the whole VIN.")


def test_why_and_the_order_agree_on_every_vehicle() -> None:
    dealership = make_dealership(conditions=["po", "cpo"], price_required=True, year_min=2020)
    rows = [
        make_row(number=1, location=dealership.name),
        make_row(number=2, location=dealership.name, Type="New"),
        make_row(number=3, location=dealership.name, Price="Call"),
        make_row(number=4, location=dealership.name, Year="2019"),
        make_row(number=5, location=dealership.name, Status="Sold to a friend"),
        make_row(number=6, location=dealership.name, Stock="TBD"),
        make_row(number=7, location=dealership.name, Type="Certified", Status=""),
    ]
    import_rows(rows=rows)
    selection = select_for_cao(dealership=dealership, group=ConditionGroup.ALL, today=TODAY)
    selected = [candidate.facts.vin for candidate in selection.selected]
    explained = []
    for row in rows:
        vin, verdicts = explain_vin(dealership=dealership, vin=row["Vin"], group=ConditionGroup.ALL, today=TODAY)
        explained += [vin] if all(verdict.passed for verdict in verdicts) else []
    assert selected == explained == [rows[0]["Vin"], rows[6]["Vin"]]
    assert Counter(removed.rule for removed in selection.removed) == {
        "conditions": 1,
        "price_required": 1,
        "year_min": 1,
        "on_lot": 1,
        "stock_required": 1,
    }
    assert vins_of(make_order(dealership=dealership)) == selected
