"""The orders of a batch, which stand as tabs over the review of each."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Order
from tests.factories import (
    import_rows,
    make_row,
)
from tests.orders.batches import finish, make_lots, orders_of, start
from tests.orders.order_pages import address, make_order_at_elm
from tests.pages import HTMX, part, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order_at_elm(vehicles=4)


def test_the_orders_of_a_batch_are_tabs_with_their_counts_in_words(staff: Client) -> None:
    ash, birch, cedar = make_lots(3, vehicles=2)
    import_rows(rows=[make_row(number=101, location=birch.name, **{"Vechile URL": ""})])
    batch = start([ash, birch, cedar])
    first, second, third = orders_of(batch)
    page = staff.get(address(second))
    tabs = part(page, '<nav class="tabs"', "</nav>")
    assert "Birch Motors in review, 1 vehicle 1 warning" in tabs
    assert "Ash Motors in review, 2 vehicles" in tabs
    markup = " ".join(page.content.decode().split())
    assert f'href="{address(first)}" data-key="["' in markup
    assert f'href="{address(second)}" aria-current="page"' in markup
    assert f'href="{address(third)}" data-key="]"' in markup
    assert f'href="{reverse("batch_detail", args=[batch.pk])}">Number and complete all' in markup


def test_an_action_brings_the_tab_of_its_order_up_to_date(staff: Client) -> None:
    batch = start(make_lots(2, vehicles=2))
    [first, _] = orders_of(batch)
    answer = staff.post(
        address(first, "order_lines"), {"line": ["1-1"], "do": "leave-out", "reason": "sold"}, headers=HTMX
    )
    assert "1 vehicle" in part(answer, f'id="tab-{first.pk}"', "<div")


def test_done_orders_of_the_batch_show_their_state(staff: Client) -> None:
    batch = start(make_lots(2, vehicles=1))
    finish(batch)
    [first, second] = orders_of(batch)
    assert "Birch Motors 1 vehicle, Done" in part(staff.get(address(first)), '<nav class="tabs"', "</nav>")
    assert second.state == "done"


def test_an_order_of_its_own_has_no_tabs(staff: Client, order: Order) -> None:
    markup = staff.get(address(order)).content.decode()
    assert ('class="tabs"' in markup, "Number and complete all" in markup) == (False, False)


@pytest.mark.parametrize("count", [1, 4])
def test_the_tabs_take_the_same_number_of_queries_for_any_number_of_orders(count: int) -> None:
    [first, *_] = orders_of(start(make_lots(count, vehicles=1)))
    staff = sign_in(role="staff")
    with CaptureQueriesContext(connection) as queries:
        staff.get(address(first))
    assert len(queries) == 14
