"""Correction orders: lines of a done order are printed again by an order that names it."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from foundation.errors import BadInput, Refused
from orders.domain.billing import billing_of
from orders.domain.output_template_data import output_template_data
from orders.models import OpenVin, Order, OrderLine, VinLogEntry
from orders.operations.checking import order_content
from orders.operations.completing import cancel_order, void_order
from orders.operations.correcting import create_correction, printed_seqs
from orders.operations.output_templates import save_version
from orders.operations.reviewing import edit_line, leave_out_line
from tests.command_line import run_command
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.orders.released import csv_rows, released_bytes
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """A done CAO order of three lines printed and one left out, with one edited price."""
    elm = make_dealership()
    make_vehicles(dealership=elm, count=4)
    order = make_order(dealership=elm)
    edit_line(line=order.lines.get(seq=2), version=1, changes={"trim": "Sahara"})
    leave_out_line(line=order.lines.get(seq=4), version=1, reason="sold")
    return finish_order(order=order)


def correct(order: Order, *seqs: int, **values: Any) -> Order:
    return create_correction(order=order, seqs=seqs, reason=values.pop("reason", "wrong trim"), **values)


def snapshot(line: OrderLine) -> dict[str, Any]:
    own = {"id", "order_id", "seq", "version", "reprint_confirmed", "is_duplicate"}
    return {field.attname: getattr(line, field.attname) for field in line._meta.fields if field.attname not in own}


# ---------- preparing ----------
def test_chosen_lines_come_into_review_as_they_were_printed(order: Order) -> None:
    correction = correct(order, 3, 2)
    assert (correction.state, correction.kind, correction.corrects) == ("review", "list", order)
    copies, printed = list(correction.lines.all()), list(order.lines.filter(seq__in=[2, 3]))
    assert [line.seq for line in copies] == [1, 2]
    assert [snapshot(line) for line in copies] == [snapshot(line) for line in printed]
    assert (copies[0].overrides, copies[0].raw == printed[0].raw != {}) == ({"trim": "Sahara"}, True)


def test_a_correction_is_changed_in_review_and_the_first_order_stays(order: Order) -> None:
    correction = correct(order, 2)
    files = released_bytes(order)
    edit_line(line=correction.lines.get(), version=1, changes={"price": "19,500"})
    finish_order(order=correction, order_number="45002")
    assert order_content(correction).lines[0].price == Decimal("19500.00")
    assert order_content(Order.objects.get(pk=order.pk)).lines[1].price == Decimal("21995.00")
    assert released_bytes(order) == files


def test_its_vehicles_are_duplicates_on_billing_and_are_logged_again(order: Order) -> None:
    correction = finish_order(order=correct(order, 1, 2), order_number="45002")
    billing = billing_of(order_content(correction))
    assert (len(billing.ordered), len(billing.lines), len(billing.duplicates)) == (2, 2, 2)
    vins = list(order.lines.filter(seq__in=[1, 2]).values_list("vin", flat=True))
    for vin in vins:
        labels = VinLogEntry.objects.in_force().filter(vin=vin).order_by("id").values_list("label", flat=True)
        assert list(labels) == ["45001", "45002"]
    assert not OpenVin.objects.exists()


def test_it_is_printed_by_the_output_template_of_today_and_says_so(order: Order) -> None:
    described = output_template_data(order.template_version_used.as_output_template())
    mended = described | {
        "code": "mended",
        "name": "Mended",
        "abbreviation": "MND",
        "columns": described["columns"][3:],
    }
    version, _ = save_version(data=mended)
    order.dealership.template_new = order.dealership.template_used = version.output_template
    order.dealership.save()
    correction = correct(order, 1)
    assert correction.template_version_used == version
    said = "Printed by the output template of today: Mended version 1, before Shortcut Pack version 1."
    assert correction.notices == [said]
    finish_order(order=correction, order_number="45002")
    (csv,) = released_bytes(correction, "csv").values()
    assert csv_rows(csv)[0][0] == "STOCK"


def test_with_the_same_output_template_nothing_is_said_of_it(order: Order) -> None:
    assert correct(order, 1).notices == []


def test_both_orders_tell_of_each_other_in_their_events(order: Order) -> None:
    user = User.objects.create_user("dana")
    correction = correct(order, 1, 3, reason=" wrong  price ", actor=user)
    last, opened = order.events.last(), correction.events.first()
    assert last is not None
    assert (last.action, last.detail, last.actor) == (
        "correct",
        f"order {correction.pk} prints lines 1, 3 again: wrong price",
        user,
    )
    assert opened is not None
    assert (opened.action, opened.detail) == ("create", "corrects order 45001: wrong price")


def test_a_correction_can_be_corrected(order: Order) -> None:
    second = finish_order(order=correct(order, 1), order_number="45002")
    assert correct(second, 1).corrects == second


def test_the_same_key_gives_the_same_correction(order: Order) -> None:
    key = uuid.uuid4()
    assert correct(order, 1, idempotency_key=key) == correct(order, 1, idempotency_key=key)
    assert order.corrections.count() == 1


# ---------- refusals ----------
@pytest.mark.parametrize(
    ("seqs", "reason", "message"),
    [
        ([1], "  ", "Say what is to be corrected"),
        ([], "wrong", "Choose at least one line"),
        ([1, 4], "wrong", "did not print line 4. Choose lines that it printed."),
        ([9], "wrong", "did not print line 9."),
    ],
)
def test_a_choice_without_a_printed_line_or_a_reason_is_refused(
    order: Order, seqs: list[int], reason: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        correct(order, *seqs, reason=reason)
    assert order.corrections.count() == 0


def test_a_void_order_is_not_corrected_because_its_vehicles_are_free(order: Order) -> None:
    void_order(order=order, reason="wrong paper")
    with pytest.raises(Refused, match="is voided. Its vehicles may be printed again: prepare a new CAO or LIST order"):
        correct(order, 1)


def test_an_order_that_is_not_done_is_changed_in_review(order: Order) -> None:
    correction = correct(order, 1)
    with pytest.raises(Refused, match="is review. Only a done order is corrected; change its lines in review."):
        correct(correction, 1)
    with pytest.raises(Refused, match="is cancelled. Nothing of it was printed"):
        correct(cancel_order(order=correction), 1)


def test_an_open_order_in_the_way_is_named(order: Order) -> None:
    first = correct(order, 1)
    with pytest.raises(Refused, match=f"has an open LIST order already, order {first.pk} ") as refusal:
        correct(order, 2)
    assert refusal.value.detail == {"open_order_id": first.pk}


def test_a_vehicle_in_another_open_order_is_named_with_it(order: Order) -> None:
    vin = order.lines.get(seq=1).vin
    VinLogEntry.objects.filter(vin=vin).update(voided_at=order.created_at, void_reason="peeled off")
    other = make_order(dealership=order.dealership)
    with pytest.raises(Refused, match=f"In open order {other.pk} already: {vin}. Complete or cancel it first"):
        correct(order, 1, 2)
    assert correct(order, 2).lines.count() == 1


def test_an_inactive_dealership_gets_no_correction(order: Order) -> None:
    order.dealership.active = False
    order.dealership.save()
    with pytest.raises(Refused, match="is inactive"):
        correct(order, 1)


def test_the_database_holds_that_a_correction_is_a_list_of_another_order(order: Order) -> None:
    correction = correct(order, 1)
    for values in ({"corrects": correction}, {"kind": "cao"}):
        with pytest.raises(IntegrityError, match="correction_is_a_list_of_another_order"), transaction.atomic():
            Order.objects.filter(pk=correction.pk).update(**values)


# ---------- the page ----------
def address(order: Order, name: str = "order_correct") -> str:
    return reverse(name, args=[order.pk])


def test_lines_are_chosen_on_a_page_and_the_review_opens(staff: Client, order: Order) -> None:
    assert f'href="{address(order)}"' in staff.get(address(order, "order_detail")).content.decode()
    page = staff.get(address(order))
    boxes = page.content.decode().count('name="lines"')
    assert (boxes, page.content.decode().count("checked")) == (3, 0)
    key = page.context["form"]["idempotency_key"].value()
    fields = {"lines": ["1", "3"], "reason": "wrong trim", "idempotency_key": key}
    answers = [staff.post(address(order), fields) for _ in range(2)]
    correction = order.corrections.get()
    assert [answer["Location"] for answer in answers] == [address(correction, "order_review")] * 2
    assert correction.created_by == User.objects.get(username="staff")


def test_both_orders_lead_to_each_other(staff: Client, order: Order) -> None:
    correction = correct(order, 1)
    for name in ("order_detail", "order_review"):
        assert "Corrects order 45001" in words(staff.get(address(correction, name)))
    assert f"Corrected by order {correction.pk}, not numbered , review" in words(
        staff.get(address(order, "order_detail"))
    )
    finish_order(order=correction, order_number="45002")
    assert "Corrected by order 45002 , done" in words(staff.get(address(order, "order_detail")))


def test_a_cancelled_correction_corrects_nothing(staff: Client, order: Order) -> None:
    cancel_order(order=correct(order, 1))
    assert "Corrected by" not in words(staff.get(address(order, "order_detail")))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reason": "wrong"}, "Choose at least one line to be printed again."),
        ({"reason": "wrong", "lines": ["4"]}, "Line 4 was not printed."),
        ({"reason": " ", "lines": ["2"]}, "Say what is to be corrected, for example wrong price."),
    ],
)
def test_what_is_missing_is_said_and_the_choice_stays(
    staff: Client, order: Order, fields: dict[str, Any], message: str
) -> None:
    answer = staff.post(address(order), {**fields, "idempotency_key": str(uuid.uuid4())})
    assert (answer.status_code, message in words(answer)) == (422, True)
    assert answer.context["chosen"] == {int(seq) for seq in fields.get("lines", [])}


def test_a_refusal_leads_to_the_open_order(staff: Client, order: Order) -> None:
    first = correct(order, 1)
    answer = staff.post(address(order), {"lines": "2", "reason": "wrong", "idempotency_key": str(uuid.uuid4())})
    assert (answer.status_code, f'href="{address(first, "order_detail")}"' in answer.content.decode()) == (409, True)


def test_a_void_orders_page_says_what_to_do_instead(staff: Client, order: Order) -> None:
    void_order(order=order, reason="wrong paper")
    answer = staff.get(address(order), follow=True)
    assert "Its vehicles may be printed again: prepare a new CAO or LIST order." in words(answer)
    assert address(order) not in answer.content.decode()


def test_viewers_correct_nothing(order: Order) -> None:
    viewer = sign_in(role="viewer")
    assert [viewer.get(address(order)).status_code, viewer.post(address(order)).status_code] == [403, 403]
    assert address(order) not in viewer.get(address(order, "order_detail")).content.decode()


# ---------- the command ----------
@pytest.mark.django_db(transaction=True)
def test_the_command_takes_lines_vins_or_all_and_nothing_by_itself(order: Order) -> None:
    for chosen in ([], ["--all", "--line", "1"], ["--vin", "1C4RJFAG0NC999999"]):
        assert run_command("create_correction", order.pk, *chosen, "--reason", "x").exit_code == 2
    vin = order.lines.get(seq=3).vin
    answer = run_command("create_correction", order.pk, "--line", 1, "--vin", vin.lower(), "--reason", "x", "--json")
    correction = order.corrections.get()
    document = {"order_id": correction.pk, "corrects": order.pk, "lines": 2}
    assert (answer.exit_code, answer.document) == (0, document)
    cancel_order(order=correction)
    answer = run_command("create_correction", order.pk, "--all", "--reason", "x")
    assert f"corrects order {order.pk} of Elm Street Motors, 3 lines, in review." in answer.out


def test_a_vin_that_was_left_out_was_not_printed(order: Order) -> None:
    with pytest.raises(BadInput, match="did not print"):
        printed_seqs(order=order, vins=[order.lines.get(seq=4).vin])
