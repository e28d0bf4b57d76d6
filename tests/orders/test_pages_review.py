"""Review: edits are saved line by line, nothing disappears, nobody overwrites anybody."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.output import OrderKind
from orders.models import Order, OrderLine
from orders.operations.completing import approve_order
from orders.operations.presenting import line_texts
from tests.factories import finish_order, import_rows, log_vins, make_dealership, make_order, make_row, make_vehicles
from tests.orders.order_pages import address, line_of, make_order_at_elm
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order_at_elm(vehicles=3)


def editor_fields(line: OrderLine, **typed: str) -> dict[str, Any]:
    """What the editor of a line sends when a person changed these fields."""
    texts = line_texts(line)
    return {"version": line.version, **{f"was-{name}": text for name, text in texts.items()}, **texts, **typed}


def save(client: Client, line: OrderLine, *, htmx: bool = True, **typed: str) -> Any:
    return client.post(
        address(line.order, "order_line_edit", line.seq), editor_fields(line, **typed), headers=HTMX if htmx else {}
    )


def act(client: Client, line: OrderLine, name: str, *, htmx: bool = True, **values: str) -> Any:
    fields = {"version": str(line.version), **values}
    return client.post(address(line.order, name, line.seq), fields, headers=HTMX if htmx else {})


def row_of(response: Any, seq: int) -> str:
    """The words of a line's row and of what is open under it."""
    return part(response, f'<tbody id="line-{seq}"', "</tbody>")


# ---------- the page ----------
def test_every_line_is_shown_with_its_facts_and_the_next_order_number(staff: Client, order: Order) -> None:
    log_vins(dealership=order.dealership, vins=["1C4RJFAG5NC999999"], label="45392")
    response = staff.get(address(order))
    assert "NC000002 S00002 PO 2022 Jeep Renegade Latitude" in row_of(response, 2)
    assert 'name="order_number" value="45393"' in response.content.decode()
    assert part(response, '<span id="order-count"', "</b>") == "3 vehicles"


def test_the_first_order_ever_suggests_no_number(staff: Client, order: Order) -> None:
    assert staff.get(address(order)).context["form"].initial == {"order_number": ""}


@pytest.mark.parametrize("count", [3, 30])
def test_the_page_takes_the_same_number_of_queries_for_3_and_30_lines(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=count)
    log_vins(dealership=elm, vins=["1C4RJFAG5NC999999"])
    order = make_order(dealership=elm, kind=OrderKind.LIST, entries=vins)
    staff = sign_in(role="staff")
    with django_assert_num_queries(12):
        staff.get(address(order))


def test_the_remarks_of_a_line_say_what_a_reviewer_must_know(staff: Client) -> None:
    elm = make_dealership(approved_hosts=["elm-street.example"])
    rows = [
        make_row(number=1, location=elm.name, Status="In Transit"),
        make_row(number=2, location=elm.name, **{"Vechile URL": ""}),
        make_row(number=3, location=elm.name, Model="=Renegade", **{"Vechile URL": "https://user@elm.example/3"}),
        make_row(number=4, location=elm.name, **{"Vechile URL": "https://elsewhere.example/4"}),
        make_row(number=5, location=elm.name, Stock=""),
    ]
    import_rows(rows=rows)
    log_vins(dealership=elm, vins=[rows[1]["Vin"]], label="44109")
    entries = [*(row["Vin"] for row in rows), "1C4RJFAG5NC999999"]
    order = make_order(dealership=elm, kind=OrderKind.LIST, entries=entries, include_missing=True)
    response = staff.get(address(order))
    assert "A rule would leave it out: off lot: In Transit" in row_of(response, 1)
    assert "Printed, order 44109" in row_of(response, 2)
    assert "No usable web address: the QR code holds the VIN." in row_of(response, 2)
    unsafe = "The web address 'https://user@elm.example/3' names a user or a password: the QR code holds the VIN."
    assert unsafe in row_of(response, 3)
    assert "MODEL would start with '='; that character is left out." in row_of(response, 3)
    assert "The website elsewhere.example is not approved for this dealership" in row_of(response, 4)
    assert "No stock for STOCK, QRYEARMODEL" in row_of(response, 5)
    assert "Not on the website; only the VIN is known" in row_of(response, 6)


def test_the_filter_and_the_search_show_fewer_rows_and_keep_the_counts(staff: Client, order: Order) -> None:
    save(staff, line_of(order, 2), trim="Sahara")
    act(staff, line_of(order, 3), "order_line_leave_out", reason="sold")
    shown = {
        query: [row.line.seq for row in staff.get(f"{address(order)}?{query}").context["rows"]]
        for query in ("show=all", "show=edited", "show=left_out", "show=nonsense", "q=s00001", "q=nothing")
    }
    assert shown == {
        "show=all": [1, 2, 3],
        "show=edited": [2],
        "show=left_out": [3],
        "show=nonsense": [1, 2, 3],
        "q=s00001": [1],
        "q=nothing": [],
    }
    assert staff.get(f"{address(order)}?q=nothing").context["shows"] == [
        ("all", "All", 3),
        ("warnings", "Warnings", 0),
        ("edited", "Edited", 1),
        ("left_out", "Left out", 1),
    ]


def test_viewers_read_the_lines_and_find_nothing_to_press(order: Order) -> None:
    response = sign_in(role="viewer").get(address(order))
    assert response.status_code == 200
    assert "S00001" in row_of(response, 1)
    assert "Edit" not in row_of(response, 1)
    assert "Complete this order" not in words(response)


# ---------- the editor ----------
def test_the_editor_opens_under_its_row_beside_the_sites_own_texts(staff: Client, order: Order) -> None:
    response = staff.get(address(order, "order_line_edit", 2), headers=HTMX)
    assert "<html" not in response.content.decode()
    row = row_of(response, 2)
    assert "Site: Used" in row
    assert "Site: 21995" in row
    assert "STOCK 2022 RENEGADE - S00002" in row
    assert "QR code reads https://www.elm-street.example/used/" in row


def test_without_script_the_editor_is_a_page_of_its_own(staff: Client, order: Order) -> None:
    response = staff.get(address(order, "order_line_edit", 2))
    assert "<html" in response.content.decode()
    assert "Save row" in row_of(response, 2)
    assert "Save row" not in row_of(response, 1)


def test_a_saved_value_stands_in_the_row_and_is_marked(staff: Client, order: Order) -> None:
    response = save(staff, line_of(order, 2), trim="Sahara", price="19,995")
    assert response.status_code == 200
    assert "Sahara" in row_of(response, 2)
    assert "Edited: trim, price" in row_of(response, 2)
    assert "Row 2 saved." in words(response)
    assert line_of(order, 2).overrides == {"trim": "Sahara", "price": "19995.00"}


def test_only_fields_that_were_changed_are_saved(staff: Client, order: Order) -> None:
    assert save(staff, line_of(order, 2)).status_code == 200
    assert (line_of(order, 2).overrides, line_of(order, 2).version) == ({}, 1)


def test_without_script_saving_comes_back_to_the_row(staff: Client, order: Order) -> None:
    response = save(staff, line_of(order, 2), htmx=False, trim="Sahara")
    assert (response.status_code, response["Location"]) == (302, f"{address(order)}#line-2")
    assert line_of(order, 2).overrides == {"trim": "Sahara"}


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "no script"])
def test_a_value_that_cannot_be_taken_is_said_at_its_field_and_nothing_is_saved(
    staff: Client, order: Order, htmx: bool
) -> None:
    response = save(staff, line_of(order, 2), htmx=htmx, price="cheap", trim="Sahara")
    assert response.status_code == 422
    assert "An amount such as 23,456 or 23456.50." in row_of(response, 2)
    assert 'value="cheap"' in response.content.decode()
    assert line_of(order, 2).overrides == {}


def test_the_live_preview_shows_the_output_row_without_saving(staff: Client, order: Order) -> None:
    response = staff.get(address(order, "order_line_preview", 2), {"model": "Wrangler", "price": "x"}, headers=HTMX)
    assert "MODEL WRANGLER" in words(response)
    assert "Price: An amount such as 23,456 or 23456.50." in words(response)
    assert line_of(order, 2).overrides == {}


def test_the_live_preview_says_what_is_missing(staff: Client, order: Order) -> None:
    response = staff.get(address(order, "order_line_preview", 2), {"stock": ""}, headers=HTMX)
    assert "No stock for STOCK" in words(response)


def test_cancel_shows_the_row_as_it_is(staff: Client, order: Order) -> None:
    response = staff.get(address(order, "order_line", 2), headers=HTMX)
    assert "Save row" not in row_of(response, 2)


def test_back_to_the_sites_values_forgets_every_edit(staff: Client, order: Order) -> None:
    save(staff, line_of(order, 2), trim="Sahara", stock="")
    response = act(staff, line_of(order, 2), "order_line_reset")
    assert (response.status_code, line_of(order, 2).overrides) == (200, {})
    assert "Row 2 has the site's values again." in words(response)


# ---------- two editors ----------
def test_a_conflict_shows_both_values_of_each_field_and_overwrites_nothing(staff: Client, order: Order) -> None:
    opened = line_of(order, 2)
    save(sign_in(role="manager"), opened, trim="Theirs", price="19,995")
    response = save(staff, opened, trim="Mine")
    assert response.status_code == 409
    conflict = row_of(response, 2)
    assert "manager saved this row" in conflict
    assert "Trim Latitude Mine Theirs" in conflict
    assert "Price 21,995 21,995 19,995" in conflict
    assert line_of(order, 2).overrides == {"trim": "Theirs", "price": "19995.00"}
    markup = " ".join(response.content.decode().split())
    assert 'name="trim" value="Mine" checked' in markup
    assert 'name="price" value="19,995" checked' in markup


def test_the_chosen_values_of_a_conflict_are_saved(staff: Client, order: Order) -> None:
    opened = line_of(order, 2)
    save(sign_in(role="manager"), opened, trim="Theirs", price="19,995")
    now = line_of(order, 2)
    choice = {"version": now.version, "was-trim": "Theirs", "trim": "Mine", "was-price": "19,995", "price": "19,995"}
    response = staff.post(address(order, "order_line_edit", 2), choice, headers=HTMX)
    assert response.status_code == 200
    assert line_of(order, 2).overrides == {"trim": "Mine", "price": "19995.00"}


def test_two_people_who_saved_the_same_have_nothing_to_choose(staff: Client, order: Order) -> None:
    opened = line_of(order, 2)
    save(sign_in(role="manager"), opened, trim="Sahara")
    response = save(staff, opened, trim="Sahara")
    assert response.status_code == 409
    assert "This is the row as it is now." in row_of(response, 2)


def test_leaving_out_a_row_that_somebody_saved_meanwhile_is_refused(staff: Client, order: Order) -> None:
    opened = line_of(order, 2)
    save(sign_in(role="manager"), opened, trim="Theirs")
    response = act(staff, opened, "order_line_leave_out", reason="sold")
    assert (response.status_code, line_of(order, 2).included) == (409, True)


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_a_version_that_is_none_is_a_conflict(staff: Client, order: Order, version: str) -> None:
    response = act(staff, line_of(order, 2), "order_line_put_back", version=version)
    assert response.status_code == 409


# ---------- leave out, put back, print again ----------
def test_a_line_that_is_left_out_stays_with_its_reason_and_leaves_the_count(staff: Client, order: Order) -> None:
    response = act(staff, line_of(order, 2), "order_line_leave_out", reason="sold")
    assert response.status_code == 200
    assert "Left out: sold" in row_of(response, 2)
    assert part(response, '<span id="order-count"', "</b>") == "2 vehicles"
    assert part(response, 'id="order-segments"', "</nav>").endswith("Left out 1")


def test_leaving_out_needs_a_reason(staff: Client, order: Order) -> None:
    response = act(staff, line_of(order, 2), "order_line_leave_out", reason="  ")
    assert (response.status_code, line_of(order, 2).included) == (422, True)
    assert "Say why, for example sold." in row_of(response, 2)


def test_a_line_is_put_back_without_script_too(staff: Client, order: Order) -> None:
    act(staff, line_of(order, 2), "order_line_leave_out", reason="sold")
    response = act(staff, line_of(order, 2), "order_line_put_back", htmx=False)
    assert (response["Location"], line_of(order, 2).included) == (f"{address(order)}#line-2", True)


def test_a_line_printed_meanwhile_waits_for_a_yes(staff: Client, order: Order) -> None:
    log_vins(dealership=order.dealership, vins=[line_of(order, 2).vin], label="44109")
    before = staff.get(address(order))
    assert "row 2 (printed since this order was prepared)" in part(before, 'id="order-stops"', "</div>")
    assert "Print again" in row_of(before, 2)
    response = act(staff, line_of(order, 2), "order_line_confirm_reprint")
    assert (response.status_code, line_of(order, 2).reprint_confirmed) == (200, True)
    assert "Print again" not in row_of(response, 2)


# ---------- lines that are fixed ----------
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "no script"])
def test_after_the_approval_no_line_can_be_changed(staff: Client, order: Order, htmx: bool) -> None:
    line = line_of(order, 2)
    approve_order(order=order, order_number="45001")
    answers = [
        save(staff, line, htmx=htmx, trim="Late"),
        act(staff, line, "order_line_leave_out", htmx=htmx, reason="sold"),
        act(staff, line, "order_line_reset", htmx=htmx),
        act(staff, line, "order_line_confirm_reprint", htmx=htmx),
    ]
    assert [answer.status_code for answer in answers] == [423] * 4
    assert "its lines are fixed" in words(answers[0])
    assert line_of(order, 2).overrides == {}


def test_the_lines_of_a_done_order_can_still_be_read(staff: Client, order: Order) -> None:
    finish_order(order=order)
    response = staff.get(address(order))
    assert response.status_code == 200
    assert "Edit" not in row_of(response, 1)


# ---------- who may ----------
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "no script"])
def test_viewers_change_nothing(order: Order, htmx: bool) -> None:
    viewer, line = sign_in(role="viewer"), line_of(order, 2)
    answers = [
        viewer.get(address(order, "order_line_edit", 2), headers=HTMX if htmx else {}),
        save(viewer, line, htmx=htmx, trim="X"),
        act(viewer, line, "order_line_leave_out", htmx=htmx, reason="sold"),
        act(viewer, line, "order_line_put_back", htmx=htmx),
        act(viewer, line, "order_line_reset", htmx=htmx),
        act(viewer, line, "order_line_confirm_reprint", htmx=htmx),
        viewer.post(address(order, "order_complete"), {"order_number": "45001"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 7
    assert line_of(order, 2).version == 1


def test_a_line_that_the_order_does_not_have_is_not_found(staff: Client, order: Order) -> None:
    assert staff.get(address(order, "order_line_edit", 9)).status_code == 404
    assert staff.get("/orders/999999/review/").status_code == 404


# ---------- hostile texts ----------
def test_texts_of_websites_and_people_are_never_markup(staff: Client) -> None:
    payload = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
    elm = make_dealership()
    cells = {"Model": payload, "Trim": payload, "Make": payload, "Stock": payload[:40], "Ext Color": payload}
    import_rows(rows=[make_row(number=1, location=elm.name, **cells), make_row(number=2, location=elm.name)])
    entries = [make_row(number=1, location=elm.name)["Vin"], "S00002", payload]
    order = make_order(dealership=elm, kind=OrderKind.LIST, entries=entries)
    act(staff, line_of(order, 2), "order_line_leave_out", reason=payload)
    pages = [
        staff.get(address(order)),
        staff.get(address(order, "order_line_edit", 1)),
        staff.get(address(order, "order_line_preview", 1), {"model": payload}),
        staff.get(address(order, "order_detail")),
        staff.get(f"{address(order)}?q={payload}&show={payload}"),
        staff.post(address(order, "order_complete"), {"order_number": payload + "x" * 100}),
        staff.get("/orders/", {"q": payload}),
    ]
    texts = [page.content.decode() for page in pages]
    assert [("alert(1)" in text, "<script>alert" in text, "<img src=x" in text) for text in texts] == [
        (True, False, False)
    ] * len(pages)
