"""Addresses of an order's pages, what is sent to them, and what a test reads off them."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dealerships.models import Dealership
from orders.models import Order, OrderLine
from tests.factories import make_dealership, make_order, make_vehicles
from tests.pages import HTMX, part

NEW_ORDER = "/orders/new/"
BOTH = pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "no script"])


def make_order_at_elm(*, vehicles: int) -> Order:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=vehicles)
    return make_order(dealership=elm)


def ask(client: Client, dealership: Dealership, **fields: Any) -> Any:
    """Send the form of a new order."""
    asked = {"dealership": dealership.pk, "kind": "cao", "conditions": "all", "idempotency_key": uuid.uuid4(), **fields}
    return client.post(NEW_ORDER, asked)


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
