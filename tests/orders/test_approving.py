import json

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.output import OrderKind
from foundation.errors import BadInput, ConfirmationNeeded, Refused
from jobs.claims import claim
from orders.models import OpenVin, VinLogEntry
from orders.operations.checking import vins_printed_meanwhile
from orders.operations.completing import approve_order, cancel_order, complete_order, void_order
from orders.operations.presenting import review_order
from orders.operations.reviewing import confirm_reprint, edit_line, leave_out_line
from tests.command_line import run_command
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles, make_vin
from tests.orders.released import decoded, released_bytes

pytestmark = pytest.mark.django_db


def test_the_log_and_other_orders_are_asked_at_one_moment(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """An order that completes between two questions would be in the answer of neither."""
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:1])
    OpenVin.objects.filter(order=order, vin=vins[1]).update(
        order=make_order(
            dealership=dealership, kind=OrderKind.LIST, entries=[make_vin(number=900)], include_missing=True
        )
    )
    with django_assert_num_queries(1):
        assert vins_printed_meanwhile(order=order) == set(vins[:2])
    assert {stop.seq for stop in review_order(order=order).totals.stopping} == {1, 2}


def test_a_vehicle_logged_meanwhile_stops_the_completion_until_it_is_left_out_or_confirmed() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:2])
    lines = list(order.lines.all())
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    assert (raised.value.code, raised.value.detail) == ("printed_meanwhile", {"vins": sorted(vins[:2])})
    order.refresh_from_db()
    assert order.state == "review"
    leave_out_line(line=lines[0], version=1, reason="printed yesterday")
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    assert raised.value.detail == {"vins": [vins[1]]}
    confirm_reprint(line=lines[1], version=1)
    order = finish_order(order=order)
    assert list(order.vin_log_entries.values_list("vin", flat=True)) == vins[1:]
    assert [line.vin for line in order.lines.filter(is_duplicate=True)] == vins[:2]


def test_a_placeholder_must_be_filled_in_before_it_is_printed() -> None:
    dealership = make_dealership()
    vin = make_vin(number=1, year=2024)
    order = make_order(dealership=dealership, kind=OrderKind.LIST, entries=[vin], include_missing=True)
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    assert raised.value.code == "empty_required_field"
    assert raised.value.message == (
        f"Line 1, VIN {vin}: no make for YEARMAKE; no model for MODEL, STOCK, QRYEARMODEL; "
        "no stock for STOCK, QRYEARMODEL; no condition for VIN, QRSTOCK. "
        "Fill it in on the review page or remove the line."
    )
    values = {"make": "Jeep", "model": "Compass", "stock": "9", "condition": "new"}
    edit_line(line=order.lines.get(), version=1, changes=values)
    order = finish_order(order=order)
    assert decoded(released_bytes(order)[f"qr_codes/{vin}.png"])[1] == [vin]
    summary = json.loads(released_bytes(order)["order_summary.json"])
    assert (summary["counts"]["produced"], summary["not_on_website"]) == (1, [])


def test_an_empty_required_column_refuses_and_changes_nothing() -> None:
    dealership = make_dealership(stock_required=False)
    make_vehicles(dealership=dealership, Stock="")
    order = make_order(dealership=dealership)
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    assert (raised.value.code, len(raised.value.detail["problems"])) == ("empty_required_field", 3)
    order.refresh_from_db()
    assert (order.state, order.order_number, order.error_text) == ("review", "", "")


def test_an_order_with_every_line_left_out_is_refused() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=1)
    order = make_order(dealership=dealership)
    leave_out_line(line=order.lines.get(), version=1, reason="sold")
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    assert raised.value.code == "no_lines"


@pytest.mark.parametrize("number", ["", "   ", "x" * 101, "45\x00001", "45\u202e001"])
def test_an_order_number_is_a_short_printable_text(number: str) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    with pytest.raises(BadInput) as raised:
        finish_order(order=make_order(dealership=dealership), order_number=number)
    assert raised.value.message == "An order number has 1 to 100 characters."


def test_a_reused_order_number_needs_a_yes_that_is_recorded() -> None:
    dealership, other = make_dealership(), make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=dealership)
    make_vehicles(dealership=other, first=11)
    first = finish_order(order=make_order(dealership=dealership), order_number="45001")
    order = make_order(dealership=other)
    with pytest.raises(ConfirmationNeeded) as raised:
        finish_order(order=order, order_number="45001")
    question = f"Order number 45001 belongs to Elm Street Motors, order {first.pk}."
    assert raised.value.detail == {"questions": [question]}
    order = finish_order(order=order, order_number="45001", confirmed=True)
    assert order.events.get(action="approve").detail == f"order number 45001; confirmed: {question}"


def test_the_number_of_a_voided_or_cancelled_order_is_free() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    void_order(order=finish_order(order=make_order(dealership=dealership)), reason="wrong paper")
    cancel_order(order=approve_order(order=make_order(dealership=dealership), order_number="45001"))
    assert finish_order(order=make_order(dealership=dealership), order_number="45001").state == "done"


def test_addresses_of_websites_that_nobody_approved_need_a_yes() -> None:
    dealership = make_dealership(approved_hosts=["oak-street.example"])
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    with pytest.raises(ConfirmationNeeded, match=r"not approved for Elm Street Motors: elm-street.example \(3 lines\)"):
        finish_order(order=order)
    assert finish_order(order=order, confirmed=True).state == "done"


def test_not_logging_needs_a_reason_and_is_recorded_and_logs_nothing() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    user = User.objects.create_user("ann")
    order = make_order(dealership=dealership)
    with pytest.raises(BadInput) as raised:
        approve_order(order=order, order_number="45001", log_vins=False, reason="  ")
    assert raised.value.code == "reason_needed"
    order = complete_order(
        order=approve_order(order=order, order_number="45001", log_vins=False, reason="trade fair", actor=user)
    )
    assert (order.log_vins, order.log_skip_reason, VinLogEntry.objects.count()) == (False, "trade fair", 0)
    event = order.events.get(action="approve")
    assert (event.detail, event.actor) == ("order number 45001; VINs are not logged: trade fair", user)
    assert make_order(dealership=dealership).lines.count() == 3


def test_a_queued_order_keeps_the_number_and_choices_it_was_approved_with() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    assert approve_order(order=order, order_number="45001").state == "queued"
    for other in ({"order_number": "45002"}, {"order_number": "45001", "log_vins": False, "reason": "fair"}):
        with pytest.raises(Refused) as raised:
            approve_order(order=order, **other)
        assert raised.value.message == (f"Order {order.pk} is queued as order number 45001. Repeat that, or cancel it.")


@pytest.mark.django_db(transaction=True)
def test_the_command_cancels_after_a_yes_and_asks_the_worker_of_an_order_in_production() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    assert run_command("cancel_order", order.pk, "--json").error_code == "confirmation_needed"
    assert run_command("cancel_order", order.pk, "--yes").out == f"Order {order.pk} is cancelled.\n"
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    assert claim(order) is not None
    asked = run_command("cancel_order", order.pk, "--yes", "--reason", "sold", "--json").document
    assert asked == {"order_id": order.pk, "status": "processing", "cancel_requested": True}
