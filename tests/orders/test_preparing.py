import uuid
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership
from dealerships.operations import add_built_in_rewrites
from foundation.errors import ConfirmationNeeded, Refused
from inventory.models import FirstSeen
from orders.domain.states import OPEN_STATES, OrderState
from orders.models import ListEntry, OpenVin, Order, OrderLine
from orders.operations.completing import cancel_order, void_order
from orders.operations.preparing import OrderRequest, create_order
from orders.operations.vin_logs import import_vin_log
from tests.factories import (
    active_dataset_of,
    finish_order,
    import_rows,
    log_vins,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
)

pytestmark = pytest.mark.django_db


def vins_of(order: Order) -> list[str]:
    return [line.vin for line in order.lines.all()]


def refusal(dealership: Dealership, kind: OrderKind = OrderKind.CAO, **request: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        make_order(dealership=dealership, kind=kind, **request)
    assert Order.objects.filter(dealership=dealership).exclude(state=OrderState.DONE).count() == 0
    return raised.value


def test_a_cao_holds_the_selected_vehicles_in_row_order_and_waits_for_review() -> None:
    dealership = make_dealership()
    rows = [make_row(number=number, location=dealership.name) for number in (5, 3, 9, 1)]
    rows[1]["Status"] = "In Transit"
    import_rows(rows=rows)
    log_vins(dealership=dealership, vins=[rows[2]["Vin"]])

    order = make_order(dealership=dealership)

    assert (order.state, order.kind, order.condition_group) == ("review", "cao", "all")
    assert [(line.seq, line.vin, line.sources) for line in order.lines.all()] == [
        (1, rows[0]["Vin"], ["CAO"]),
        (2, rows[3]["Vin"], ["CAO"]),
    ]
    assert order.excluded == {
        "off_lot": 1,
        "condition": 0,
        "no_stock": 0,
        "no_price": 0,
        "rules": 0,
        "vin_log": 1,
        "open_order": 0,
    }
    assert order.dataset == active_dataset_of(dealership=dealership)


def test_what_an_order_was_prepared_with_stays_with_it() -> None:
    dealership = make_dealership(price_required=True, excluded_makes=["Fiat"], utm_source="Elm")
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    rules_then = dealership.filter_rules()

    dealership.price_required, dealership.utm_source, dealership.template_used_id = False, "Other", "flyout"
    dealership.save()
    order.refresh_from_db()

    assert order.filter_rules() == rules_then
    assert order.output_settings["utm"] == [["utm_source", "Elm"], ["utm_medium", "VDP_ShortCut"]]
    assert (str(order.template_version_new), str(order.template_version_used)) == (
        "Shortcut Pack version 1",
        "Shortcut Pack version 1",
    )


def test_a_line_is_a_snapshot_of_the_vehicle_and_of_the_sites_own_texts() -> None:
    dealership = make_dealership()
    [vin] = make_vehicles(
        dealership=dealership, count=1, Type="Certified Pre-Owned", Price="$21,995", MSRP="25000", Status=""
    )
    line = make_order(dealership=dealership).lines.get()
    make_vehicles(dealership=dealership, count=1, Model="Changed")
    line.refresh_from_db()
    assert (line.vin, line.stock, line.condition, line.year, line.model) == (vin, "S00001", "cpo", 2022, "Renegade")
    assert (line.price, line.msrp, line.lot_status) == (Decimal("21995.00"), Decimal("25000.00"), "on_lot")
    assert (line.raw["price"], line.raw["type"], line.raw["status"]) == ("$21,995", "Certified Pre-Owned", "")


def test_every_state_change_of_the_preparation_is_recorded_with_its_user() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    user = User.objects.create_user("ann")
    order = make_order(dealership=dealership, actor=user)
    assert [(e.action, e.from_state, e.to_state, e.actor) for e in order.events.all()] == [
        ("create", "", "draft", user),
        ("prepare", "draft", "review", user),
    ]
    assert order.created_by == user


def test_the_same_request_sent_twice_gives_the_same_order() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    key = uuid.uuid4()
    request = OrderRequest(dealership=dealership, kind=OrderKind.LIST, entries=(vins[0], "nobody"), idempotency_key=key)
    order, outcomes = create_order(request)
    assert create_order(request) == (order, outcomes)
    assert Order.objects.count() == 1


def test_a_dealership_without_rules_has_no_cao_but_lists() -> None:
    dealership = make_dealership(conditions=None)
    vins = make_vehicles(dealership=dealership)
    assert refusal(dealership).code == "cao_not_set_up"
    assert refusal(dealership, OrderKind.MAINTENANCE, entries=vins).code == "cao_not_set_up"
    assert vins_of(make_order(dealership=dealership, kind=OrderKind.LIST, entries=vins)) == vins


def test_an_inactive_dealership_gets_no_order() -> None:
    dealership = make_dealership(active=False)
    vins = make_vehicles(dealership=dealership)
    assert refusal(dealership, OrderKind.LIST, entries=vins).code == "inactive"


def test_nothing_to_print_is_a_normal_answer_with_its_numbers() -> None:
    dealership = make_dealership()
    log_vins(dealership=dealership, vins=make_vehicles(dealership=dealership))
    answer = refusal(dealership)
    assert answer.message == "Nothing to print for Elm Street Motors: 3 vehicles considered, 3 vin log."
    assert {step["step"]: step["left"] for step in answer.detail["funnel"]} == {
        "considered": 3,
        "on_lot": 3,
        "condition": 3,
        "stock": 3,
        "price": 3,
        "rules": 3,
        "not_in_log": 0,
        "not_in_open_order": 0,
        "selected": 0,
    }
    assert (answer.detail["order_id"], answer.detail["lines"], answer.detail["outcomes"]) == (None, 0, [])


@pytest.mark.parametrize("label", ["40001", "baseline 1.24", "MAINTENANCE", ""])
def test_any_entry_of_the_own_log_keeps_a_vehicle_out_whatever_its_label(label: str) -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:1], label=label)
    assert vins_of(make_order(dealership=dealership)) == vins[1:]


def test_the_log_of_another_dealership_has_no_influence() -> None:
    dealership, other = make_dealership(), make_dealership(name="Oak Street Motors")
    vins = make_vehicles(dealership=dealership)
    log_vins(dealership=other, vins=vins)
    assert vins_of(make_order(dealership=dealership)) == vins


def test_only_the_active_marker_decides_which_inventory_is_used() -> None:
    dealership = make_dealership()
    now = timezone.now()
    make_vehicles(dealership=dealership, first=1, collected_at=now)
    older_but_active = make_vehicles(dealership=dealership, first=11, collected_at=now - timedelta(hours=30))
    assert vins_of(make_order(dealership=dealership)) == older_but_active


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_an_order_in_any_open_state_blocks_the_next_one_of_its_kind_and_its_vins(state: str) -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    Order.objects.filter(pk=order.pk).update(state=state)
    with pytest.raises(Refused) as raised:
        make_order(dealership=dealership)
    assert (raised.value.code, raised.value.detail) == ("open_order", {"open_order_id": order.pk})
    with pytest.raises(Refused) as raised:
        make_order(dealership=dealership, kind=OrderKind.LIST, entries=vins[:1])
    assert [(o["outcome"], o["detail"]) for o in raised.value.detail["outcomes"]] == [
        ("in_another_order", f"It stands in open order {order.pk}.")
    ]


def test_a_cancelled_order_frees_its_vehicles() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    cancel_order(order=make_order(dealership=dealership))
    assert OpenVin.objects.count() == 0
    assert vins_of(make_order(dealership=dealership)) == vins


@pytest.mark.parametrize(
    ("first", "second", "blocked"),
    [
        ("all", "all", True),
        ("all", "new", True),
        ("all", "used", True),
        ("new", "all", True),
        ("used", "all", True),
        ("new", "new", True),
        ("new", "used", False),
        ("used", "new", False),
    ],
)
def test_one_open_order_per_kind_and_condition_group(first: str, second: str, *, blocked: bool) -> None:
    dealership = make_dealership()
    rows = [
        make_row(number=number, location=dealership.name, Type=text)
        for number, text in enumerate(["New", "Used"] * 2, start=1)
    ]
    import_rows(rows=rows)
    make_order(dealership=dealership, group=ConditionGroup(first))
    with pytest.raises(Refused, match="has an open CAO order") if blocked else nullcontext():
        make_order(dealership=dealership, group=ConditionGroup(second))
    assert Order.objects.count() == (1 if blocked else 2)


def test_a_dealership_with_separate_orders_is_asked_which_one() -> None:
    dealership = make_dealership(name="Two Order Motors", separate_orders=True)
    rows = [
        make_row(number=number, location=dealership.name, Type=text)
        for number, text in enumerate(["New", "Used", "Certified"], start=1)
    ]
    import_rows(rows=rows)
    for kind in (OrderKind.CAO, OrderKind.MAINTENANCE):
        answer = refusal(dealership, kind, entries=[rows[0]["Vin"]])
        assert (answer.code, answer.detail) == ("separate_orders", {"conditions": ["new", "used"]})
        assert answer.message == (
            "Two Order Motors orders new and used separately: prepare one order with --conditions new and one with "
            "--conditions used."
        )
    new, used = (make_order(dealership=dealership, group=ConditionGroup(group)) for group in ("new", "used"))
    assert (vins_of(new), vins_of(used)) == ([rows[0]["Vin"]], [rows[1]["Vin"], rows[2]["Vin"]])


def test_inventory_older_than_36_hours_needs_a_yes() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, collected_at=timezone.now() - timedelta(hours=37))
    answer = refusal(dealership)
    assert isinstance(answer, ConfirmationNeeded)
    assert answer.message == "The inventory is 37 hours old (limit 36). Confirm to go on (--yes)."
    order = make_order(dealership=dealership, confirmed=True)
    assert order.lines.count() == 3
    assert order.events.get(action="create").detail == "confirmed: The inventory is 37 hours old (limit 36)."


def test_inventory_of_35_hours_needs_none() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, collected_at=timezone.now() - timedelta(hours=35))
    order = make_order(dealership=dealership)
    assert (order.lines.count(), order.events.get(action="create").detail) == (3, "")


def test_more_than_100_lines_need_a_yes_that_shows_the_date_of_the_last_log_entry() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership, count=102)
    answer = refusal(dealership)
    assert answer.message == "102 vehicles. The VIN log is empty. Confirm to go on (--yes)."
    log_vins(dealership=dealership, vins=vins[:1])
    today = timezone.localdate()
    assert refusal(dealership).message == (
        f"101 vehicles. The last log entry is of {today:%Y-%m-%d}. Confirm to go on (--yes)."
    )
    log_vins(dealership=dealership, vins=vins[1:2])
    assert make_order(dealership=dealership).lines.count() == 100


def test_the_last_log_entry_is_dated_by_its_own_date_where_it_has_one() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership, count=102)
    sheet = f"VIN,ORDER_NUMBER,ORDER_DATE\n{vins[0]},40001,2025-03-04\n"
    import_vin_log(dealership=dealership, data=sheet.encode(), file_name="log.csv")
    assert refusal(dealership).message == (
        "101 vehicles. The last log entry is of 2025-03-04. Confirm to go on (--yes)."
    )


def test_more_than_three_times_the_usual_number_needs_a_yes() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=2)
    finish_order(order=make_order(dealership=dealership))
    make_vehicles(dealership=dealership, first=11, count=7)
    today = timezone.localdate()
    assert refusal(dealership).message == (
        f"7 vehicles, usually 2. The last log entry is of {today:%Y-%m-%d}. Confirm to go on (--yes)."
    )
    make_vehicles(dealership=dealership, first=21, count=6)
    assert make_order(dealership=dealership).lines.count() == 6


def test_a_voided_order_brings_its_vehicles_back() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    assert refusal(dealership).code == "nothing_to_order"
    void_order(order=order, reason="wrong template")
    assert vins_of(make_order(dealership=dealership)) == vins


def test_seasoning_counts_from_the_first_activation_that_held_the_vin_and_is_never_moved_later() -> None:
    dealership = make_dealership(seasoning_days=7)
    ten_days_ago = timezone.now() - timedelta(days=10)
    make_vehicles(dealership=dealership, count=1, collected_at=ten_days_ago)
    vins = make_vehicles(dealership=dealership, count=2)
    assert vins_of(make_order(dealership=dealership)) == vins[:1]
    assert FirstSeen.objects.get(vin=vins[0]).first_seen_date == timezone.localdate(ten_days_ago)


def test_a_dealership_with_text_rewrites_shows_them_as_the_reviewers_values() -> None:
    dealership = make_dealership(text_rewrites=True)
    add_built_in_rewrites(dealership=dealership)
    make_vehicles(dealership=dealership, count=1, Model="Wrangler Unlimited", Trim="Sahara")
    line = make_order(dealership=dealership).lines.get()
    assert (line.model, line.trim) == ("Wrangler Unlimited", "Sahara")
    assert line.overrides == {"model": "Wrangler", "trim": "Unlimited Sahara"}


def test_switched_off_text_rewrites_change_no_line() -> None:
    dealership = make_dealership()
    add_built_in_rewrites(dealership=dealership)
    make_vehicles(dealership=dealership, count=1, Model="Wrangler Unlimited", Trim="Sahara")
    assert make_order(dealership=dealership).lines.get().overrides == {}


def test_an_order_without_a_known_output_template_says_so() -> None:
    dealership = make_dealership(template_new="", template_used="custom")
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    assert str(order.template_version_used) == "Shortcut Pack version 1"
    assert order.notices == ["The custom layout of this dealership is not described yet; its lines use Shortcut Pack."]


def test_a_refused_order_leaves_no_trace() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, collected_at=timezone.now() - timedelta(days=3))
    refusal(dealership)
    assert [model.objects.count() for model in (Order, OrderLine, OpenVin, ListEntry)] == [0, 0, 0, 0]
