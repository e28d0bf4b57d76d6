"""The review of several rows: selection and undo; with htmx and without script alike."""

import re
from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from orders.operations.reviewing import edit_lines, leave_out_lines
from tests.factories import (
    log_vins,
)
from tests.orders.order_pages import BOTH, address, line_of, make_order_at_elm, row_of, send
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order_at_elm(vehicles=4)


def undo_of(response: Any) -> str:
    """The address of the Undo that an answer offers in the page's head."""
    found = re.search(r'id="order-undo"[^>]*>\s*<form[^>]*action="([^"]+)"', response.content.decode())
    return found[1] if found else ""


# ---------- several rows ----------
@BOTH
def test_selected_rows_get_the_typed_values(staff: Client, order: Order, htmx: bool) -> None:
    response = send(staff, order, ["1-1", "3-1"], htmx=htmx, do="edit", trim="Sahara", make="", clear="price")
    overrides = [line.overrides for line in order.lines.all()]
    assert overrides == [{"trim": "Sahara", "price": None}, {}, {"trim": "Sahara", "price": None}, {}]
    if htmx:
        assert response.status_code == 200
        assert "Sahara" in row_of(response, 1)
        assert "Sahara" in row_of(response, 3)
        assert '<tbody id="line-2"' not in response.content.decode()
        assert "2 rows saved." in words(response)
    else:
        assert (response.status_code, response["Location"]) == (302, address(order))
        assert "2 rows saved." in words(staff.get(address(order)))


@BOTH
def test_selected_rows_are_left_out_and_put_back(staff: Client, order: Order, htmx: bool) -> None:
    send(staff, order, ["1-1", "2-1"], htmx=htmx, do="leave-out", reason="sold")
    assert list(order.lines.filter(included=False).values_list("seq", flat=True)) == [1, 2]
    response = send(staff, order, ["1-2", "2-2", "3-1"], htmx=htmx, do="put-back")
    assert order.lines.filter(included=False).count() == 0
    page = response if htmx else staff.get(address(order))
    assert "2 vehicles in the order again." in words(page)


def test_enter_in_the_reason_leaves_out_though_it_presses_the_first_button(staff: Client, order: Order) -> None:
    response = send(staff, order, ["1-1"], do="edit", reason="sold")
    assert (response.status_code, line_of(order, 1).exclusion_reason) == (200, "sold")
    assert "1 vehicle left out: sold." in words(response)


@BOTH
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"do": "edit"}, "Nothing is typed and nothing is cleared."),
        ({"do": "edit", "price": "cheap"}, "An amount such as 23,456 or 23456.50."),
        ({"do": "edit", "trim": "X", "clear": "trim"}, "Type a value or clear the field, not both."),
        ({"do": "leave-out", "reason": " "}, "Say why, for example sold."),
    ],
)
def test_what_cannot_be_done_is_said_at_its_field_and_the_rows_stay_selected(
    staff: Client, order: Order, htmx: bool, values: dict[str, str], said: str
) -> None:
    response = send(staff, order, ["1-1", "2-1"], htmx=htmx, **values)
    assert response.status_code == 422
    assert said in words(response)
    assert [line.version for line in order.lines.all()] == [1] * 4
    markup = response.content.decode()
    assert ("<details open>" in " ".join(markup.split())) is True
    if not htmx:
        assert markup.count('aria-label="Row 1" checked=') == markup.count('aria-label="Row 2" checked=') == 1
        assert 'aria-label="Row 3" checked=' not in markup


@BOTH
@pytest.mark.parametrize("rows", [[], ["x"], ["0-1"], ["1"], ["1-1-1"], ["99999999999999-1"]])
def test_without_a_row_nothing_is_done(staff: Client, order: Order, htmx: bool, rows: list[str]) -> None:
    response = send(staff, order, rows, htmx=htmx, do="edit", trim="X")
    assert (response.status_code, "No row is selected. Tick at least one." in words(response)) == (422, True)


def test_a_row_that_the_order_does_not_have_is_named(staff: Client, order: Order) -> None:
    response = send(staff, order, ["1-1", "9-1"], do="edit", trim="X")
    assert (response.status_code, f"Order {order.pk} has no row 9." in words(response)) == (422, True)
    assert line_of(order, 1).version == 1


@BOTH
def test_rows_that_others_saved_meanwhile_are_named_with_both_values_and_the_rest_is_done(
    staff: Client, order: Order, htmx: bool
) -> None:
    sign_in(role="manager").post(
        address(order, "order_line_edit", 2), {"version": 1, "was-trim": "Latitude", "trim": "Theirs"}
    )
    response = send(staff, order, ["1-1", "2-1", "3-1"], htmx=htmx, do="edit", trim="Mine", price="19995")
    assert response.status_code == 409
    assert "Row 2 was saved by somebody else meanwhile and was not changed by you." in words(response)
    assert "2 rows saved." in words(response)
    conflict = row_of(response, 2)
    assert "manager saved this row" in conflict
    assert "Trim Latitude Mine Theirs" in conflict
    assert "Price 21,995 19,995 21,995" in conflict
    markup = " ".join(response.content.decode().split())
    assert 'name="trim" value="Mine" checked' in markup
    trims = [line.overrides.get("trim") for line in order.lines.all()]
    assert trims == ["Mine", "Theirs", "Mine", None]
    choice = {"version": 2, "was-trim": "Theirs", "trim": "Mine", "was-price": "21,995", "price": "19,995"}
    assert staff.post(address(order, "order_line_edit", 2), choice, headers=HTMX).status_code == 200
    assert line_of(order, 2).overrides == {"trim": "Mine", "price": "19995.00"}


def test_rows_that_others_left_out_meanwhile_are_named_and_stay_as_they_are(staff: Client, order: Order) -> None:
    leave_out_lines(order=order, versions={2: 1}, reason="sold")
    response = send(staff, order, ["1-1", "2-1"], do="leave-out", reason="not on the lot")
    assert response.status_code == 409
    assert "This is the row as it is now." in row_of(response, 2)
    assert (line_of(order, 1).exclusion_reason, line_of(order, 2).exclusion_reason) == ("not on the lot", "sold")


def test_the_page_comes_back_with_its_filter_search_and_sort(staff: Client, order: Order) -> None:
    query = "?show=all&q=renegade&sort=-price"
    response = send(staff, order, ["1-1"], htmx=False, query=query, do="edit", trim="X")
    assert response["Location"] == address(order) + "?show=all&q=renegade&sort=-price#line-1"


def test_viewers_select_and_change_nothing(order: Order) -> None:
    viewer = sign_in(role="viewer")
    assert 'name="line"' not in viewer.get(address(order)).content.decode()
    assert send(viewer, order, ["1-1"], do="edit", trim="X").status_code == 403
    assert line_of(order, 1).version == 1


# ---------- undo ----------
@BOTH
def test_the_last_own_action_is_named_and_undone(staff: Client, order: Order, htmx: bool) -> None:
    assert undo_of(staff.get(address(order))) == ""
    send(staff, order, ["1-1", "2-1"], do="edit", price="19995")
    page = staff.get(address(order))
    assert 'title="Undo: 2 rows price"' in page.content.decode()
    response = staff.post(undo_of(page), headers=HTMX if htmx else {}, follow=not htmx)
    assert response.status_code == 200
    assert "Undone: 2 rows price." in words(response)
    assert [line.overrides for line in order.lines.all()] == [{}] * 4
    assert undo_of(response) == ""


def test_undo_after_undo_takes_back_the_action_before(staff: Client, order: Order) -> None:
    send(staff, order, ["1-1"], do="edit", trim="First")
    answer = send(staff, order, ["2-1"], do="leave-out", reason="sold")
    assert 'title="Undo: row 2 left out"' in answer.content.decode()
    answer = staff.post(undo_of(answer), headers=HTMX)
    assert 'title="Undo: row 1 trim"' in answer.content.decode()
    staff.post(undo_of(answer), headers=HTMX)
    assert [(line.included, line.overrides) for line in order.lines.all()] == [(True, {})] * 4


def test_every_action_of_one_row_offers_its_undo(staff: Client, order: Order) -> None:
    log_vins(dealership=order.dealership, vins=[line_of(order, 3).vin])
    acts = [
        ("order_line_edit", {"version": "1", "was-trim": "Latitude", "trim": "X"}, "row 3 trim"),
        ("order_line_reset", {"version": "2"}, "row 3 trim"),
        ("order_line_leave_out", {"version": "3", "reason": "sold"}, "row 3 left out"),
        ("order_line_put_back", {"version": "4"}, "row 3 put back"),
        ("order_line_confirm_reprint", {"version": "5"}, "row 3 to be printed again"),
    ]
    for name, values, deed in acts:
        answer = staff.post(address(order, name, 3), values, headers=HTMX)
        event = order.events.last()
        assert event is not None
        toast = part(answer, 'hx-swap-oob="beforeend:#toasts"', "</div>")
        assert (f'title="Undo: {deed}"' in answer.content.decode(), "Undo" in toast) == (True, True), name
        assert f'action="{address(order, "order_undo", event.pk)}"' in answer.content.decode()


@BOTH
def test_an_undo_that_comes_too_late_says_why_and_changes_nothing(staff: Client, order: Order, htmx: bool) -> None:
    answer = send(staff, order, ["1-1"], do="edit", trim="Mine")
    edit_lines(order=order, versions={1: 2}, changes={"trim": "Theirs"})
    response = staff.post(undo_of(answer), headers=HTMX if htmx else {})
    assert (response.status_code, "Row 1 was changed since, so nothing was undone." in words(response)) == (409, True)
    assert line_of(order, 1).overrides == {"trim": "Theirs"}


def test_nobody_undoes_what_another_did_and_viewers_nothing(staff: Client, order: Order) -> None:
    undo = undo_of(send(staff, order, ["1-1"], do="edit", trim="Mine"))
    assert undo_of(sign_in(role="manager").get(address(order))) == ""
    assert sign_in(role="manager").post(undo).status_code == 409
    assert sign_in(role="viewer").post(undo).status_code == 403
    assert staff.get(undo).status_code == 405
    assert line_of(order, 1).overrides == {"trim": "Mine"}
