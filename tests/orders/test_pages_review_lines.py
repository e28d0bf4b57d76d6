"""The review of several rows: selection, undo, sorting, columns; with htmx and without script alike."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dealerships.domain.output import OrderKind
from foundation.preferences import change_preferences, preferences_of
from orders.models import Order, OrderLine
from orders.operations.checking import vins_taken_apart
from orders.operations.counting import order_totals
from orders.operations.presenting import review_order
from orders.operations.reviewing import edit_lines, leave_out_lines
from tests.factories import (
    import_rows,
    log_vins,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
    make_vin,
)
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "no script"])


@pytest.fixture
def staff() -> Client:
    return sign_in(role="staff")


@pytest.fixture
def order() -> Order:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=4)
    return make_order(dealership=elm)


def address(order: Order, name: str = "order_review", *more: int) -> str:
    return reverse(name, args=[order.pk, *more])


def line_of(order: Order, seq: int) -> OrderLine:
    return OrderLine.objects.get(order=order, seq=seq)


def send(client: Client, order: Order, rows: list[str], *, htmx: bool = True, query: str = "", **values: Any) -> Any:
    return client.post(address(order, "order_lines") + query, {"line": rows, **values}, headers=HTMX if htmx else {})


def row_of(response: Any, seq: int) -> str:
    return part(response, f'<tbody id="line-{seq}"', "</tbody>")


def seqs_of(response: Any) -> list[int]:
    return [row.line.seq for row in response.context["rows"]]


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


# ---------- sorting, columns ----------
def test_rows_are_sorted_by_the_address_and_empty_values_stand_last(staff: Client) -> None:
    elm = make_dealership()
    cells = [("9000", "Zed"), ("", "amber"), ("30000", "Beta"), ("10000", "Zed")]
    import_rows(rows=[make_row(number=n, location=elm.name, Price=p, Trim=t) for n, (p, t) in enumerate(cells, 1)])
    order = make_order(dealership=elm)
    shown = {
        sort: seqs_of(staff.get(f"{address(order)}?sort={sort}"))
        for sort in ("price", "-price", "trim", "-number", "x")
    }
    assert shown == {
        "price": [1, 4, 3, 2],
        "-price": [3, 4, 1, 2],
        "trim": [2, 3, 1, 4],
        "-number": [4, 3, 2, 1],
        "x": [1, 2, 3, 4],
    }
    head = " ".join(staff.get(f"{address(order)}?sort=price&q=zed").content.decode().split())
    assert 'class="of-price" aria-sort="ascending"> <a href="/orders/' in head
    assert f"{address(order)}?sort=-price&amp;q=zed" in head
    assert head.count("aria-sort") == 1


def test_a_person_chooses_columns_and_keeps_them_for_every_review(staff: Client, order: Order) -> None:
    change_preferences(User.objects.get(username="staff"), columns={"other": ["a"]})
    answer = staff.post(address(order, "order_columns") + "?show=edited", {"column": ["site", "price", "nonsense"]})
    assert answer["Location"] == address(order) + "?show=edited"
    page = staff.get(address(order))
    row = row_of(page, 1)
    assert "$21,995 S00001 · Used · 2022 · Jeep · Renegade · Latitude · 21995" in row
    assert [header["word"] for header in page.context["headers"]] == ["#", "VIN", "Price", "Site's texts", "Remarks"]
    assert preferences_of(User.objects.get(username="staff")).columns == {"other": ["a"], "review": ["price", "site"]}
    staff.post(address(order, "order_columns"), {})
    assert [header["name"] for header in staff.get(address(order)).context["headers"]][2] == "stock"
    assert sign_in(role="viewer").post(address(order, "order_columns"), {"column": "make"}).status_code == 302


# ---------- one row by its keys ----------
def test_each_row_has_its_keys(staff: Client, order: Order) -> None:
    leave_out_lines(order=order, versions={2: 1}, reason="sold")
    markup = staff.get(address(order)).content.decode()
    first, second = (markup[markup.index(f'id="line-{n}" data-row') :].split("</tbody>")[0] for n in (1, 2))
    assert f'href="{address(order, "order_line_edit", 1)}" data-key="e"' in first
    assert f'href="{address(order, "order_line_out", 1)}" data-key="l"' in first
    assert 'data-key="l"' in second
    assert "Put back" in second
    assert 'data-key="e"' not in second


@BOTH
def test_leaving_out_opens_the_row_with_its_reason_first(staff: Client, order: Order, htmx: bool) -> None:
    response = staff.get(address(order, "order_line_out", 2), headers=HTMX if htmx else {})
    markup = " ".join(response.content.decode().split())
    assert response.status_code == 200
    assert re.findall(r"<input[^>]*\bname=\"(\w+)\"[^>]*\bdata-focus", markup) == ["reason"]


# ---------- remarks and counts ----------
def test_an_odd_price_and_a_wrong_check_digit_are_warned_of(staff: Client) -> None:
    elm = make_dealership()
    import_rows(rows=[make_row(number=1, location=elm.name, Price="1")])
    good = make_vin(number=2)
    vins = [make_row(number=1, location=elm.name)["Vin"], f"{good[:8]}{'1' if good[8] != '1' else '2'}{good[9:]}"]
    order = make_order(dealership=elm, kind=OrderKind.LIST, entries=vins, include_missing=True)
    page = staff.get(address(order))
    assert "The price is $1; check it." in row_of(page, 1)
    assert "The check digit of this VIN is wrong; compare it with the windshield." in row_of(page, 2)


def test_the_counts_of_an_answer_are_those_of_the_page(staff: Client) -> None:
    elm = make_dealership(approved_hosts=["elm-street.example"])
    rows = [
        make_row(number=1, location=elm.name),
        make_row(number=2, location=elm.name, **{"Vechile URL": ""}),
        make_row(number=3, location=elm.name, **{"Vechile URL": "https://WWW.Elm-Street.example/3"}),
        make_row(number=4, location=elm.name, **{"Vechile URL": "https://elsewhere.example:443/4"}),
        make_row(number=5, location=elm.name, Stock=""),
        make_row(number=6, location=elm.name),
        make_row(number=7, location=elm.name),
        make_row(number=8, location=elm.name, Status="In Transit"),
    ]
    import_rows(rows=rows)
    entries = [rows[4]["Vin"], rows[7]["Vin"], "1C4RJFAG5NC999999"]
    order = make_order(dealership=elm, kind=OrderKind.MAINTENANCE, entries=entries, include_missing=True)
    log_vins(dealership=elm, vins=[rows[5]["Vin"], rows[6]["Vin"]], label="44109")
    by_vin = {line.vin: line.seq for line in order.lines.all()}
    edit_lines(order=order, versions={by_vin[rows[0]["Vin"]]: 1}, changes={"url": "https://other.example/1"})
    edit_lines(order=order, versions={by_vin[rows[3]["Vin"]]: 1}, changes={"url": ""})
    leave_out_lines(order=order, versions={by_vin[rows[6]["Vin"]]: 1}, reason="sold")
    order = Order.objects.select_related("dealership").get(pk=order.pk)
    ours, read = order_totals(order=order, taken=vins_taken_apart(order=order)), review_order(order=order).totals
    assert {name: ours.counts[name] for name in read.counts} == read.counts
    assert (ours.stopping, ours.fault, ours.can_complete) == (read.stopping, read.fault, read.can_complete)
    assert (read.counts["warnings"], len(read.stopping)) == (7, 3)


def test_what_stands_in_a_row_leads_back_to_the_same_filter_and_sort(staff: Client, order: Order) -> None:
    leave_out_lines(order=order, versions={2: 1}, reason="sold")
    query = "?show=all&sort=-price"
    page = BeautifulSoup(staff.get(address(order) + query).content, "html.parser")
    lines = f"/orders/{order.pk}/lines/"
    links, buttons = page.select("tbody a"), page.select("tbody button.action")
    found = [tag["href"] for tag in links] + [tag[name] for tag in buttons for name in ("formaction", "hx-post")]
    wanted = [f"{lines}{seq}/{deed}/{query}" for seq in (1, 3, 4) for deed in ("edit", "out")]
    assert sorted(found) == sorted([*wanted, *[f"{lines}2/put-back/{query}"] * 2])


def test_lines_that_were_never_judged_are_judged_when_they_are_read(staff: Client) -> None:
    elm = make_dealership()
    row = make_row(number=1, location=elm.name, Stock="", Price="1")
    import_rows(rows=[row])
    order = make_order(dealership=elm, kind=OrderKind.LIST, entries=[row["Vin"]])
    OrderLine.objects.update(warnings=None, lacks="")
    page = staff.get(address(order))
    assert "No stock for STOCK" in row_of(page, 1)
    assert "The price is $1" in row_of(page, 1)
    assert order_totals(order=order, taken=set()).counts == {"all": 1, "warnings": 1, "edited": 0, "left_out": 0}


def test_a_path_that_cannot_be_written_stops_every_line(staff: Client, order: Order) -> None:
    order.output_settings["profile_base"] = "C:\\" + "x" * 250
    order.save()
    answer = send(staff, order, ["1-1"], do="edit", trim="X")
    assert "Windows allows 259" in part(answer, 'id="order-stops"', "</div>")
    assert "The output path is not set up." in words(answer)


# ---------- size and questions to the database ----------
def make_large(count: int) -> Order:
    elm = make_dealership(name=f"Elm Street {count}")
    make_vehicles(dealership=elm, count=count, first=1000 * (count > 3) + 1)
    return make_order(dealership=elm, confirmed=True)


def questions(act: Callable[[], Any], status: int = 200) -> int:
    """How many queries an answer takes."""
    with CaptureQueriesContext(connection) as queries:
        assert act().status_code == status
    return len(queries)


def questions_of_a_review(client: Client, order: Order) -> list[int]:
    row, typed = address(order, "order_line_edit", 2), {"version": 1, "was-trim": "", "trim": "X"}
    return [
        questions(lambda: client.get(address(order))),
        questions(lambda: client.get(row, headers=HTMX)),
        questions(lambda: client.post(row, typed, headers=HTMX)),
        questions(lambda: send(client, order, ["1-1", "2-2"], do="edit", trim="Y")),
        questions(lambda: send(client, order, ["1-1", "2-3"], do="edit", trim="Z"), status=409),
    ]


def test_page_row_and_selection_take_the_same_number_of_queries_for_3_and_500_lines(staff: Client) -> None:
    small, large = (questions_of_a_review(staff, make_large(size)) for size in (3, 500))
    assert small == large
    assert max(small) <= 22


def test_a_page_of_500_lines_weighs_less_than_300_kilobytes(staff: Client) -> None:
    order = make_large(500)
    page = staff.get(address(order))
    assert len(seqs_of(page)) == 500
    assert len(page.content) < 300_000
