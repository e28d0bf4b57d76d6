"""The billing summary of a month: the figures, the page, the orders behind each number, and the files."""

import csv
import io
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import USED, Condition
from dealerships.models import Dealership
from foundation.errors import BadInput
from orders.domain.billing import billing_of, count_condition
from orders.domain.billing_month import FIGURE_WORDS, Figures, month_after, read_month
from orders.models import Order
from orders.operations.billing import month_billing
from orders.operations.checking import order_content
from orders.operations.completing import void_order
from orders.operations.reviewing import edit_line, leave_out_line
from tests.factories import finish_order, import_rows, log_vins, make_dealership, make_order, make_row, make_vehicles
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
AUGUST = date(2025, 8, 1)
HEADER = list(FIGURE_WORDS.values())


def at(order: Order, *moment: int) -> Order:
    """The order as if it had been completed then, at the shop's clock."""
    Order.objects.filter(pk=order.pk).update(completed_at=datetime(*moment, tzinfo=CHICAGO))  # type: ignore[arg-type,misc]
    order.refresh_from_db()
    return order


def make_mixed_order(dealership: Dealership, number: str = "45001") -> Order:
    """A CAO of four vehicles in August, of which one is corrected to new and one is left out."""
    types = ["Used", "Used", "Certified", "New"]
    rows = [make_row(number=place, location=dealership.name, Type=text) for place, text in enumerate(types, start=1)]
    import_rows(rows=rows)
    order = make_order(dealership=dealership)
    first, second, *_ = order.lines.all()
    edit_line(line=first, version=1, changes={"condition": "new"})
    leave_out_line(line=second, version=1, reason="=1+1, sold")
    return at(finish_order(order=order, order_number=number), 2025, 8, 19, 10, 15)


def make_list_order(dealership: Dealership) -> Order:
    """A LIST of five entries in August: two vehicles, one repeat, one printed before, one not on the website."""
    vins = make_vehicles(dealership=dealership, first=21)
    log_vins(dealership=dealership, vins=vins[:1])
    missing = "1HGCM82633A004352"
    entries = [*vins[:2], vins[0], missing, missing]
    order = make_order(dealership=dealership, kind=OrderKind.LIST, entries=entries)
    return at(finish_order(order=order, order_number="45002"), 2025, 8, 20, 9, 0)


def figures_on_the_sheet(order: Order) -> Figures:
    """The counts as the billing sheet of the order has them."""
    billing = billing_of(order_content(order))
    return Figures(
        orders=1,
        ordered=len(billing.ordered),
        produced=len(billing.lines),
        new=count_condition(billing.lines, Condition.NEW),
        used=count_condition(billing.lines, *USED),
        certified=count_condition(billing.lines, Condition.CERTIFIED),
        duplicates=len(billing.duplicates),
        not_on_website=len(billing.not_on_website),
        left_out=len(billing.left_out),
    )


def get(client: Client, name: str, **query: Any) -> Any:
    return client.get(reverse(name), {"month": "2025-08", **query})


# ---------- the figures ----------
def test_a_month_counts_each_order_as_its_billing_sheet_does() -> None:
    cao, listed = make_mixed_order(make_dealership()), make_list_order(make_dealership(name="Oak Motors"))
    billing = month_billing(month=AUGUST)
    assert {order.order_id: order.figures for order in billing.orders} == {
        cao.pk: Figures(orders=1, ordered=3, produced=3, new=2, used=1, certified=1, left_out=1),
        listed.pk: Figures(orders=1, ordered=3, produced=2, used=2, duplicates=1, not_on_website=1),
    }
    assert [order.figures for order in billing.orders] == [figures_on_the_sheet(cao), figures_on_the_sheet(listed)]


def test_the_dealerships_add_up_to_the_total() -> None:
    elm = make_dealership()
    make_mixed_order(elm)
    make_vehicles(dealership=elm, first=31, count=2)
    at(finish_order(order=make_order(dealership=elm), order_number="45003"), 2025, 8, 30, 8, 0)
    make_list_order(make_dealership(name="Oak Motors"))
    billing = month_billing(month=AUGUST)
    assert [(row.dealership, row.figures.orders, row.figures.produced) for row in billing.dealerships] == [
        ("Elm Street Motors", 2, 5),
        ("Oak Motors", 1, 2),
    ]
    assert billing.total == Figures(
        orders=3, ordered=8, produced=7, new=2, used=5, certified=1, duplicates=1, not_on_website=1, left_out=1
    )


def test_a_vehicle_left_out_is_named_with_its_reason() -> None:
    order = make_mixed_order(make_dealership())
    [out] = month_billing(month=AUGUST).left_out
    line = order.lines.get(included=False)
    assert (out.order.order_id, out.vin, out.vehicle, out.stock, out.reason) == (
        order.pk,
        line.vin,
        "2022 Jeep Renegade",
        "S00002",
        "=1+1, sold",
    )


def test_a_void_order_and_one_that_is_not_done_do_not_count() -> None:
    elm = make_dealership()
    void_order(order=make_mixed_order(elm), reason="printed twice")
    at(make_order(dealership=elm), 2025, 8, 21, 8, 0)
    billing = month_billing(month=AUGUST)
    assert (billing.orders, billing.dealerships, billing.left_out, billing.total) == ((), [], (), Figures())


@pytest.mark.parametrize(
    ("moment", "is_august"),
    [
        ((2025, 7, 31, 23, 59, 59), False),
        ((2025, 8, 1, 0, 0, 0), True),
        ((2025, 8, 31, 23, 59, 59), True),
        ((2025, 9, 1, 0, 0, 0), False),
    ],
)
def test_a_month_begins_and_ends_at_midnight_of_the_shop(moment: tuple[int, ...], is_august: bool) -> None:
    at(make_mixed_order(make_dealership()), *moment)
    assert month_billing(month=AUGUST).total.orders == int(is_august)


@pytest.mark.parametrize("count", [1, 3])
def test_a_month_costs_four_queries_however_many_orders_it_has(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(count):
        make_mixed_order(make_dealership(name=f"Dealership {place}"), number=f"4500{place}")
    with django_assert_num_queries(4):
        billing = month_billing(month=AUGUST)
    assert billing.total.orders == count


def test_months_follow_each_other_across_years() -> None:
    assert [month_after(date(2025, 12, 1)), month_after(date(2026, 1, 1), months=-1)] == [
        date(2026, 1, 1),
        date(2025, 12, 1),
    ]
    assert read_month("2025-12") == date(2025, 12, 1)


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "1999-01", "2025", "2025-08-01", "x"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"write it as 2025-08\."):
        read_month(text)


# ---------- the pages ----------
def test_the_page_shows_each_dealership_and_the_total() -> None:
    make_mixed_order(make_dealership())
    make_list_order(make_dealership(name="Oak Motors"))
    page = get(sign_in(role="staff"), "billing_month")
    assert "every number leads to its orders. 5 produced in 2 orders of 2 dealerships: 2 new, 3 used." in words(page)
    assert [[count for _, _, count in figures] for _, figures in page.context["rows"]] == [
        [1, 3, 3, 2, 1, 1, 0, 0, 1],
        [1, 3, 2, 0, 2, 0, 1, 1, 0],
    ]
    assert [count for _, _, count in page.context["sums"]] == [2, 6, 5, 2, 3, 1, 1, 1, 1]


def test_the_page_begins_with_this_month_and_says_when_it_is_empty() -> None:
    page = sign_in(role="manager").get(reverse("billing_month"))
    assert page.context["month"] == timezone.localdate().replace(day=1)
    assert f"No order was completed in {timezone.localdate():%B %Y}." in words(page)


def test_each_number_leads_to_the_orders_that_it_counts() -> None:
    cao, listed = make_mixed_order(make_dealership()), make_list_order(make_dealership(name="Oak Motors"))
    staff = sign_in(role="staff")

    def behind(**query: Any) -> tuple[int, list[int]]:
        page = get(staff, "billing_orders", **query)
        return page.context["count"], [order.order_id for order, _ in page.context["rows"]]

    assert [behind(figure=figure) for figure in FIGURE_WORDS] == [
        (2, [cao.pk, listed.pk]),
        (6, [cao.pk, listed.pk]),
        (5, [cao.pk, listed.pk]),
        (2, [cao.pk]),
        (3, [cao.pk, listed.pk]),
        (1, [cao.pk]),
        (1, [listed.pk]),
        (1, [listed.pk]),
        (1, [cao.pk]),
    ]
    assert behind(figure="used", dealership=listed.dealership_id) == (2, [listed.pk])
    assert behind(figure="new", dealership=listed.dealership_id) == (0, [])
    assert "=1+1, sold" in words(get(staff, "billing_orders", figure="left_out"))
    link = f'{reverse("billing_orders")}?month=2025-08&amp;figure=left_out&amp;dealership={cao.dealership_id}"'
    assert link in get(staff, "billing_month").content.decode()


@pytest.mark.parametrize("name", ["billing_month", "billing_orders", "billing_csv", "billing_xlsx"])
def test_billing_is_for_staff_and_managers(name: str) -> None:
    statuses = {role: get(sign_in(role=role), name).status_code for role in ("nobody", "viewer", "staff", "manager")}
    assert statuses == {"nobody": 302, "viewer": 403, "staff": 200, "manager": 200}


def test_an_address_that_names_no_month_or_figure_is_not_found() -> None:
    staff = sign_in(role="staff")
    answers = [get(staff, "billing_month", month="2025-13"), get(staff, "billing_orders", figure="cost")]
    assert [answer.status_code for answer in answers] == [404, 404]


# ---------- the files ----------
def test_the_csv_has_a_row_per_dealership_and_the_total_and_runs_no_formula() -> None:
    make_mixed_order(make_dealership(name="=Elm"))
    make_list_order(make_dealership(name="Oak Motors"))
    answer = get(sign_in(role="staff"), "billing_csv")
    assert answer["Content-Disposition"] == 'attachment; filename="billing_2025-08.csv"'
    assert list(csv.reader(io.StringIO(answer.content.decode(), newline=""))) == [
        ["2025-08", *HEADER],
        ["'=Elm", "1", "3", "3", "2", "1", "1", "0", "0", "1"],
        ["Oak Motors", "1", "3", "2", "0", "2", "0", "1", "1", "0"],
        ["Total", "2", "6", "5", "2", "3", "1", "1", "1", "1"],
    ]


def test_the_workbook_has_the_orders_and_the_vehicles_left_out_as_well() -> None:
    order = make_mixed_order(make_dealership(name="=Elm"))
    out = order.lines.get(included=False)
    answer = get(sign_in(role="staff"), "billing_xlsx")
    assert answer["Content-Disposition"] == 'attachment; filename="billing_2025-08.xlsx"'
    book = load_workbook(io.BytesIO(answer.content))
    sheets = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert sheets == {
        "Billing 2025-08": [
            ["2025-08", *HEADER],
            ["=Elm", 1, 3, 3, 2, 1, 1, 0, 0, 1],
            ["Total", 1, 3, 3, 2, 1, 1, 0, 0, 1],
        ],
        "Orders": [
            ["Order number", "Dealership", "Kind", "Completed", *HEADER[1:]],
            ["45001", "=Elm", "CAO", "2025-08-19 10:15", 3, 3, 2, 1, 1, 0, 0, 1],
        ],
        "Left out": [
            ["Order number", "Dealership", "VIN", "Vehicle", "Stock", "Reason"],
            ["45001", "=Elm", out.vin, "2022 Jeep Renegade", "S00002", "=1+1, sold"],
        ],
    }
    assert book["Left out"]["F2"].data_type == "s"
