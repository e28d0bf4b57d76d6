"""The table of a review: sorting, columns, keys, remarks and counts, and what a large one costs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

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
from tests.orders.order_pages import BOTH, address, make_order_at_elm, row_of, send, seqs_of
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order_at_elm(vehicles=4)


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
