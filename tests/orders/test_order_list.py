"""The history of orders: filters, sort and page in the address, and the file of what is filtered."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dealerships.models import Dealership
from foundation.models import AuditEntry
from orders.models import Order
from tests.factories import finish_order, make_dealership, make_order, make_vehicles, make_vin
from tests.pages import content_of, sign_in, words

pytestmark = pytest.mark.django_db
PAGE, FILE = "/orders/", "/orders/export.csv"


@pytest.fixture
def orders() -> dict[str, Order]:
    """A done CAO of Elm with three vehicles and an open LIST of Oak with one, prepared on other days by others."""
    elm, oak = make_dealership(), make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=elm, count=3)
    make_vehicles(dealership=oak, count=2, first=11)
    dana, kim = (User.objects.create_user(name) for name in ("dana", "kim"))
    done = finish_order(order=make_order(dealership=elm, actor=dana), order_number="45182")
    entries = [make_vin(number=11)]
    listed = make_order(dealership=oak, kind="list", entries=entries, actor=kim)  # type: ignore[arg-type]
    # The shop's days: in the evening of June 30 it is July already elsewhere.
    Order.objects.filter(pk=done.pk).update(
        created_at=datetime(2026, 6, 29, 15, tzinfo=UTC), completed_at=datetime(2026, 7, 1, 3, tzinfo=UTC)
    )
    Order.objects.filter(pk=listed.pk).update(created_at=datetime(2026, 7, 2, 15, tzinfo=UTC))
    return {"done": done, "listed": listed}


def shown(client: Client, query: dict[str, Any]) -> list[int]:
    return [order.pk for order in client.get(PAGE, query).context["page"]]


def names(orders: dict[str, Order], found: list[int]) -> list[str]:
    return [name for pk in found for name, order in orders.items() if order.pk == pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["listed", "done"]),
        ({"kind": "cao"}, ["done"]),
        ({"kind": "list", "state": "done"}, []),
        ({"q": "5182"}, ["done"]),
        ({"q": make_vin(number=2)[-6:].lower()}, ["done"]),
        ({"q": make_vin(number=11)}, ["listed"]),
        ({"q": make_vin(number=2)[-5:]}, []),
        ({"since": "2026-06-29", "until": "2026-06-29"}, ["done"]),
        ({"since": "2026-06-30"}, ["listed"]),
        ({"day": "completed", "until": "2026-06-30"}, ["done"]),
        ({"day": "completed", "since": "2026-07-01"}, []),
        ({"q": "%"}, []),
        ({"q": "\x00"}, ["listed", "done"]),
    ],
)
def test_every_filter_stands_in_the_address(
    query: dict[str, str], found: list[str], orders: dict[str, Order], staff: Client
) -> None:
    assert names(orders, shown(staff, query)) == found


def test_dealership_and_person_are_filters_too(orders: dict[str, Order], staff: Client) -> None:
    oak, dana = Dealership.objects.get(name="Oak Street Motors"), User.objects.get(username="dana")
    assert names(orders, shown(staff, {"dealership": oak.pk})) == ["listed"]
    assert names(orders, shown(staff, {"who": dana.pk})) == ["done"]
    assert shown(staff, {"who": dana.pk, "dealership": oak.pk}) == []


def test_counts_of_the_states_follow_the_other_filters(orders: dict[str, Order], staff: Client) -> None:
    counts = {item["name"]: item["count"] for item in staff.get(PAGE, {"kind": "cao"}).context["shows"]}
    assert counts == {"all": 1, "open": 0, "failed": 0, "done": 1, "ended": 0}


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("number", ["listed", "done"]),
        ("-number", ["done", "listed"]),
        ("dealership", ["done", "listed"]),
        ("-dealership", ["listed", "done"]),
        ("prepared", ["done", "listed"]),
        ("completed", ["done", "listed"]),
        ("-completed", ["done", "listed"]),
        ("nonsense", ["listed", "done"]),
    ],
)
def test_titles_sort(sort: str, found: list[str], orders: dict[str, Order], staff: Client) -> None:
    assert names(orders, shown(staff, {"sort": sort})) == found


def test_a_sorted_title_says_so_and_turns_around(orders: dict[str, Order], staff: Client) -> None:
    text = staff.get(PAGE, {"sort": "number", "kind": "cao"}).content.decode()
    assert 'aria-sort="ascending"' in text
    assert 'href="?sort=-number&amp;kind=cao"' in text


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"until": "9999-12-31"}, {"dealership": "²"}, {"kind": "x"}, {"who": "1 OR 1=1"}]
)
def test_a_filter_that_cannot_be_read_is_named_and_nothing_is_exported_by_it(
    query: dict[str, str], orders: dict[str, Order], staff: Client
) -> None:
    page = staff.get(PAGE, query)
    assert (page.status_code, 'class="errorlist"' in page.content.decode()) == (422, True)
    assert names(orders, [order.pk for order in page.context["page"]]) == ["listed", "done"]
    answer = staff.get(FILE, query)
    assert (answer.status_code, answer["Content-Type"]) == (422, "text/html; charset=utf-8")


def test_filters_are_cleared_by_one_link(orders: dict[str, Order], staff: Client) -> None:
    assert ["Clear filters" in words(staff.get(PAGE, query)) for query in ({}, {"kind": "cao"})] == [False, True]
    assert "No order fits these filters. Show all orders" in words(staff.get(PAGE, {"q": "zebra"}))


# ---------- the file ----------
def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content_of(answer).decode())))


def test_what_is_filtered_is_exported_and_recorded(orders: dict[str, Order], staff: Client) -> None:
    answer = staff.get(FILE, {"kind": "cao", "sort": "number", "page": "7"})
    assert (answer.streaming, "no-store" in answer["Cache-Control"]) == (True, True)
    title, row = rows_of(answer)
    assert title[:5] == ["Number", "Dealership", "Kind", "Conditions", "Vehicles"]
    assert row == [
        *("45182", "Elm Street Motors", "CAO", "All", "3", "0", "done", "2026-06-29 10:00", "dana"),
        *("2026-06-30 22:00", "", ""),
    ]
    entry = AuditEntry.objects.get(action="file.downloaded")
    assert ("kind=cao" in entry.detail, entry.actor_name) == (True, "staff")


def test_the_page_leads_to_the_file_of_what_it_shows(orders: dict[str, Order], staff: Client) -> None:
    text = staff.get(PAGE, {"kind": "cao", "page": "1"}).content.decode()
    assert 'href="/orders/export.csv?kind=cao"' in text
    assert "Export 1" in words(staff.get(PAGE, {"kind": "cao"}))


def test_no_cell_of_the_file_is_a_formula(orders: dict[str, Order], staff: Client) -> None:
    Order.objects.filter(pk=orders["done"].pk).update(order_number='=HYPERLINK("http://evil.example")')
    assert rows_of(staff.get(FILE, {"kind": "cao"}))[1][0] == '\'=HYPERLINK("http://evil.example")'


def test_viewers_read_the_list_and_take_no_file(orders: dict[str, Order]) -> None:
    viewer = sign_in(role="viewer")
    assert (viewer.get(PAGE).status_code, viewer.get(FILE).status_code) == (200, 403)
    assert "Export" not in words(viewer.get(PAGE))


# ---------- cost ----------
GROW = """
    INSERT INTO orders_order SELECT made.* FROM orders_order row, generate_series(1, 2000) n,
    LATERAL jsonb_populate_record(row, jsonb_build_object('id', 1000000 + n, 'order_number', 'N' || n,
        'idempotency_key', gen_random_uuid())) made
    WHERE row.state = 'done'
"""


@pytest.mark.parametrize("is_large", [False, True])
def test_two_thousand_orders_take_the_queries_of_two(
    is_large: bool, orders: dict[str, Order], staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    if is_large:
        with connection.cursor() as cursor:
            cursor.execute(GROW)
    # Session, user, preferences; counts of the states, the page; groups; dealerships and people to choose from.
    with django_assert_num_queries(8):
        page = staff.get(PAGE, {"sort": "number"})
    assert page.context["page"].paginator.count == (2002 if is_large else 2)
    assert len(page.context["page"]) == (50 if is_large else 2)
    if is_large:
        assert len(rows_of(staff.get(FILE))) == 2003
