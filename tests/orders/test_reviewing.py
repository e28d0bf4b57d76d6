from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from django.utils import timezone

from dealerships.domain.output import OrderKind
from foundation.errors import Refused
from orders.domain.states import TRANSITIONS, OrderState
from orders.models import OpenVin, Order, OrderLine, VinLogEntry
from orders.operations.completing import approve_order
from orders.operations.line_contents import line_content
from orders.operations.reviewing import (
    LineConflict,
    LineErrors,
    confirm_reprint,
    edit_line,
    leave_out_line,
    put_back_line,
    reset_line,
    send_back_to_review,
)
from orders.operations.transitions import move_order
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles, make_vin

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return make_order(dealership=dealership)


def first_line(order: Order) -> OrderLine:
    return order.lines.all()[0]


def test_an_edit_belongs_to_the_line_and_leaves_the_snapshot_as_it_was(order: Order) -> None:
    line = edit_line(line=first_line(order), version=1, changes={"price": "$19,500", "headline": " One  owner "})
    fresh = first_line(order)
    assert (fresh.overrides, fresh.version, fresh.price) == (
        {"price": "19500.00", "headline": "One owner"},
        2,
        Decimal("21995.00"),
    )
    content = line_content(line, seq=7)
    assert (content.seq, content.price, content.headline, content.stock) == (
        7,
        Decimal("19500.00"),
        "One owner",
        "S00001",
    )


def test_a_value_equal_to_the_sites_own_is_no_override(order: Order) -> None:
    same = {"price": "21,995", "stock": "S00001", "year": "2022", "condition": "po", "features": ""}
    assert edit_line(line=first_line(order), version=1, changes=same).version == 1
    changed = edit_line(line=first_line(order), version=1, changes={"price": "1", "year": "2021"})
    assert changed.overrides == {"price": "1.00", "year": 2021}
    back = edit_line(line=changed, version=2, changes={"price": "21995.00", "year": "2022"})
    assert (back.overrides, back.version) == ({}, 3)


def test_fields_that_are_not_named_keep_their_values(order: Order) -> None:
    line = edit_line(line=first_line(order), version=1, changes={"trim": "Sport"})
    line = edit_line(line=line, version=2, changes={"make": "Ram"})
    assert line.overrides == {"trim": "Sport", "make": "Ram"}


def test_an_edit_is_recorded_with_old_and_new_value_and_user(order: Order) -> None:
    user = User.objects.create_user("ann")
    line = edit_line(line=first_line(order), version=1, changes={"trim": "Sport"}, actor=user)
    edit_line(line=line, version=2, changes={"trim": "Limited"}, actor=user)
    events = order.events.filter(action="edit line")
    vin = make_vin(number=1)
    assert [(event.detail, event.actor) for event in events] == [
        (f"line 1, VIN {vin}: trim 'Latitude' to 'Sport'", user),
        (f"line 1, VIN {vin}: trim 'Sport' to 'Limited'", user),
    ]


def test_wrong_values_are_named_by_field_and_nothing_is_saved(order: Order) -> None:
    with pytest.raises(LineErrors) as raised:
        edit_line(
            line=first_line(order), version=1, changes={"year": "22", "price": "call", "trim": "Sport", "vin": "X"}
        )
    assert raised.value.fields == {
        "year": f"A year from 1981 to {timezone.localdate().year + 2}.",
        "price": "An amount such as 23,456 or 23456.50.",
        "vin": "vin cannot be edited.",
    }
    assert (first_line(order).overrides, first_line(order).version) == ({}, 1)


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(order: Order) -> None:
    one = two = first_line(order)
    edit_line(line=one, version=one.version, changes={"trim": "Sport"})
    acts: list[Callable[[], OrderLine]] = [
        lambda: edit_line(line=two, version=two.version, changes={"trim": "Limited"}),
        lambda: leave_out_line(line=two, version=two.version, reason="sold"),
        lambda: confirm_reprint(line=two, version=two.version),
        lambda: reset_line(line=two, version=two.version),
    ]
    for act in acts:
        with pytest.raises(LineConflict, match="Line 1 was saved by somebody else"):
            act()
    assert (first_line(order).overrides, first_line(order).version) == ({"trim": "Sport"}, 2)


def test_a_line_gets_the_sites_values_back(order: Order) -> None:
    line = edit_line(line=first_line(order), version=1, changes={"trim": "Sport", "price": ""})
    assert reset_line(line=line, version=2).overrides == {}
    assert order.events.last().detail == f"line 1, VIN {line.vin}: back to the site's trim, price"  # type: ignore[union-attr]


def test_a_left_out_line_stays_with_its_reason_and_can_be_put_back(order: Order) -> None:
    line = leave_out_line(line=first_line(order), version=1, reason="  sold  today ")
    assert (line.included, line.exclusion_reason, line.version) == (False, "sold today", 2)
    assert order.lines.count() == 3
    line = put_back_line(line=line, version=2)
    assert (line.included, line.exclusion_reason, line.version) == (True, "", 3)
    assert put_back_line(line=line, version=3).version == 3
    assert [event.action for event in order.events.all()][2:] == ["leave out", "put back"]


def test_leaving_out_needs_a_reason(order: Order) -> None:
    with pytest.raises(LineErrors) as raised:
        leave_out_line(line=first_line(order), version=1, reason=" \n")
    assert raised.value.fields == {"reason": "Say why, for example sold."}
    assert first_line(order).included


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.REVIEW}))
def test_lines_are_fixed_in_every_state_but_review(order: Order, state: str) -> None:
    Order.objects.filter(pk=order.pk).update(state=state)
    line = first_line(order)
    acts: list[Callable[[], OrderLine]] = [
        lambda: edit_line(line=line, version=1, changes={"trim": "Sport"}),
        lambda: leave_out_line(line=line, version=1, reason="sold"),
        lambda: put_back_line(line=line, version=1),
        lambda: confirm_reprint(line=line, version=1),
        lambda: reset_line(line=line, version=1),
    ]
    for act in acts:
        with pytest.raises(Refused) as raised:
            act()
        assert raised.value.code == "not_in_review"
    assert first_line(order).version == 1


@pytest.mark.parametrize("state", ["failed", "approved"])
def test_an_order_that_goes_back_to_review_keeps_its_number_and_can_be_edited(order: Order, state: str) -> None:
    Order.objects.filter(pk=order.pk).update(state=state, order_number="45001")
    back = send_back_to_review(order=order)
    assert (back.state, back.order_number) == ("review", "45001")
    assert edit_line(line=first_line(order), version=1, changes={"trim": "Sport"}).version == 2


def test_a_released_order_never_goes_back_to_review(order: Order) -> None:
    done = finish_order(order=order)
    with pytest.raises(Refused) as raised:
        send_back_to_review(order=done)
    assert raised.value.message == (
        f"Order {order.pk} of Elm Street Motors: An order that is done cannot become review."
    )


@pytest.mark.parametrize("target", sorted(OrderState))
@pytest.mark.parametrize("current", sorted(OrderState))
def test_the_database_holds_what_the_life_cycle_allows(order: Order, current: str, target: str) -> None:
    Order.objects.filter(pk=order.pk).update(state=current)
    order.refresh_from_db()
    events_before = order.events.count()
    is_allowed = OrderState(target) in TRANSITIONS[OrderState(current)]
    with nullcontext() if is_allowed else pytest.raises(Refused, match=f"{current} cannot become {target}"):
        move_order(order, OrderState(target), action="test", actor=None)
    order.refresh_from_db()
    assert order.state == (target if is_allowed else current)
    assert order.events.count() == events_before + is_allowed


def test_no_order_waits_in_a_state_that_nobody_can_see(order: Order) -> None:
    approve_order(order=order, order_number="45001")
    assert [(event.from_state, event.to_state) for event in order.events.all()] == [
        ("", "draft"),
        ("draft", "review"),
        ("review", "approved"),
        ("approved", "queued"),
    ]
    assert Order.objects.filter(state__in=["draft", "approved"]).count() == 0


def test_two_open_orders_of_a_dealership_cannot_hold_one_vin(order: Order) -> None:
    vin = first_line(order).vin
    other = make_order(
        dealership=order.dealership, kind=OrderKind.LIST, entries=[make_vin(number=77)], include_missing=True
    )
    with pytest.raises(IntegrityError, match="vin_in_one_open_order"), transaction.atomic():
        OpenVin.objects.create(dealership=order.dealership, vin=vin, order=other)
    elsewhere = make_dealership(name="Oak Street Motors")
    assert OpenVin.objects.create(dealership=elsewhere, vin=vin, order=other).pk


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("one_line_per_order_and_vin", "UPDATE orders_orderline SET vin = (SELECT min(vin) FROM orders_orderline)"),
        ("one_line_per_order_and_seq", "UPDATE orders_orderline SET seq = 1"),
        ("left_out_line_has_a_reason", "UPDATE orders_orderline SET included = false"),
        ("skipped_log_has_a_reason", "UPDATE orders_order SET log_vins = false"),
    ],
)
def test_the_database_itself_refuses(order: Order, constraint: str, statement: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("group", ["all", "used"])
def test_the_database_itself_refuses_a_second_open_order_of_kind_and_group(order: Order, group: str) -> None:
    values = {
        "dealership": order.dealership,
        "kind": "cao",
        "state": "failed",
        "template_version_new": order.template_version_new,
        "template_version_used": order.template_version_used,
    }
    assert Order.objects.create(**values, condition_group="new").pk
    if group == "used":
        assert Order.objects.create(**values, condition_group=group).pk
        return
    with pytest.raises(IntegrityError, match="one_open_order_per_kind_and_group"), transaction.atomic():
        Order.objects.create(**values, condition_group=group)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM orders_vinlogentry",
        "UPDATE orders_vinlogentry SET vin = 'ZACNJDB19NPN70500'",
        "UPDATE orders_vinlogentry SET label = '45002'",
        "UPDATE orders_vinlogentry SET is_baseline = true",
        "UPDATE orders_vinlogentry SET void_reason = 'quietly'",
        "UPDATE orders_vinlogentry SET voided_at = now(), void_reason = 'mistake', label = 'other'",
    ],
)
def test_the_vin_log_is_append_only_for_everybody(statement: str) -> None:
    dealership = make_dealership()
    log_vins(dealership=dealership, vins=[make_vin(number=1)])
    with pytest.raises(InternalError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_log_entry_can_be_voided_once_with_a_reason_and_never_again() -> None:
    dealership = make_dealership()
    log_vins(dealership=dealership, vins=[make_vin(number=1)])
    void = "UPDATE orders_vinlogentry SET voided_at = now(), void_reason = %s"
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="voided_entry_has_a_reason"), transaction.atomic():
            cursor.execute(void, [""])
        cursor.execute(void, ["typed twice"])
        for again in (void, "UPDATE orders_vinlogentry SET voided_at = NULL, void_reason = %s"):
            with pytest.raises(InternalError, match="append-only"), transaction.atomic():
                cursor.execute(again, ["changed my mind"])
    assert VinLogEntry.objects.get().void_reason == "typed twice"
