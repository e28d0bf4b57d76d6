"""The search box: what is found by what, what Enter opens, what happens while somebody types, and how much it costs."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dealerships.models import Dealership, DealershipAlias
from orders.domain.search_terms import read_terms
from orders.models import Order, VinLogEntry
from orders.operations.searching import count_found, did_you_mean, find, vehicles_of
from orders.operations.tracking import track_vehicle
from tests.factories import (
    finish_order,
    import_rows,
    log_vins,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
    make_vin,
)
from tests.pages import HTMX, sign_in, words

pytestmark = pytest.mark.django_db
PAGE = "/search/"


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


@pytest.fixture
def elm() -> Dealership:
    """A lot with a Jeep that was printed, and two other vehicles."""
    elm = make_dealership()
    make_vehicles(dealership=elm, count=1)
    finish_order(order=make_order(dealership=elm), order_number="45182")
    cells = [
        {"Make": "Jeep", "Model": "Renegade", "Trim": "Latitude"},
        {"Make": "Jeep", "Model": "Wrangler", "Trim": "Sahara 4xe", "Year": "2025", "Stock": "25-J113"},
        {"Make": "Ford", "Model": "F-150", "Trim": "XLT", "Year": "2025"},
    ]
    import_rows(rows=[make_row(number=n, location=elm.name, **row) for n, row in enumerate(cells, start=1)])
    return elm


JEEP, WRANGLER, TRUCK = make_vin(number=1), make_vin(number=2, year=2025), make_vin(number=3, year=2025)


def shown(vin: str) -> str:
    """A VIN as the words of a page have it: its last eight characters are emphasised."""
    return f"{vin[:9]} {vin[9:]}"


def counts(response: Any) -> dict[str, int]:
    """How many hits each group has, by its name."""
    groups = response.context.get("groups", {})
    return {name: group.count for name, group in groups.items() if group.count}


# ---------- what is found ----------
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (JEEP[-6:], {"vehicles": 1, "orders": 1, "log": 1}),
        (JEEP[-8:].lower(), {"vehicles": 1, "orders": 1, "log": 1}),
        (f" {JEEP[-8:-4]} {JEEP[-4:]}", {"vehicles": 1, "orders": 1, "log": 1}),
        ("S00001", {"vehicles": 1, "orders": 1}),
        ("25-j113", {"vehicles": 1}),
        ("J113", {"vehicles": 1}),
        ("45182", {"orders": 1, "log": 1}),
        ("4518", {"orders": 1, "log": 1}),
        ("jeep wrangler 2025", {"vehicles": 1}),
        ("2025 WRANG", {"vehicles": 1}),
        ("jeep", {"vehicles": 2}),
        ("f-150", {"vehicles": 1}),
        ("jeep 2019", {}),
        ("elm mot", {"dealerships": 1}),
        ("ELMSTREETMOTORS", {"dealerships": 1}),
        ("the old elm", {"dealerships": 1}),
        (JEEP[-5:], {}),
        ("zebra", {}),
    ],
)
def test_everything_is_found_by_what_people_have_of_it(
    typed: str, found: dict[str, int], elm: Dealership, viewer: Client
) -> None:
    DealershipAlias.objects.create(dealership=elm, text="The Old Elm")
    assert counts(viewer.get(PAGE, {"q": typed})) == found


def test_a_hit_says_what_it_is_and_where(elm: Dealership, viewer: Client) -> None:
    page = words(viewer.get(PAGE, {"q": "wrangler"}))
    assert f"On the lot {shown(WRANGLER)} 2025 Jeep Wrangler Sahara 4xe Stock 25-J113 at Elm Street Motors" in page
    assert "Done 45182 CAO of Elm Street Motors" in words(viewer.get(PAGE, {"q": "45182"}))
    assert f"Printed {shown(JEEP)} 45182 at Elm Street Motors" in words(viewer.get(PAGE, {"q": "45182"}))


def test_a_vehicle_that_has_left_is_found_by_its_vin_and_not_by_its_words(elm: Dealership, viewer: Client) -> None:
    import_rows(rows=[make_row(number=1, location=elm.name, Price="19995")])
    assert counts(viewer.get(PAGE, {"q": "wrangler"})) == {}
    page = viewer.get(PAGE, {"q": WRANGLER[-7:]})
    assert counts(page) == {"vehicles": 1}
    assert f"Gone {shown(WRANGLER)} No longer in the inventory of Elm Street Motors" in words(page)


def test_words_follow_the_inventory_in_use(elm: Dealership, viewer: Client) -> None:
    renamed = make_row(number=2, location=elm.name, Year="2025", Model="Gladiator", Stock="NEW99")
    import_rows(rows=[renamed])
    found = {typed: counts(viewer.get(PAGE, {"q": typed})) for typed in ("wrangler", "gladiator", "new99", "25-J113")}
    assert found == {"wrangler": {}, "gladiator": {"vehicles": 1}, "new99": {"vehicles": 1}, "25-J113": {}}


def test_the_same_vin_on_two_lots_is_two_hits(elm: Dealership, viewer: Client) -> None:
    oak = make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=oak, count=1)
    page = viewer.get(PAGE, {"q": JEEP[-8:]})
    assert counts(page)["vehicles"] == 2
    assert "at Oak Street Motors" in words(page)


def test_a_void_entry_is_found_and_says_so(elm: Dealership, viewer: Client) -> None:
    VinLogEntry.objects.update(voided_at="2026-01-01T10:00Z", void_reason="wrong dealership")
    assert f"Void {shown(JEEP)}" in words(viewer.get(PAGE, {"q": JEEP[-6:]}))


# ---------- groups and pages ----------
@pytest.fixture
def many() -> Dealership:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=60)
    return elm


def test_a_group_shows_five_and_leads_to_all_of_them_in_pages(many: Dealership, viewer: Client) -> None:
    page = viewer.get(PAGE, {"q": "renegade"})
    assert (counts(page), len(page.context["groups"]["vehicles"].hits)) == ({"vehicles": 60}, 5)
    assert "?q=renegade&amp;in=vehicles" in page.content.decode()
    lengths = [
        len(viewer.get(PAGE, {"q": "renegade", "in": "vehicles", "page": number}).context["groups"]["vehicles"].hits)
        for number in (1, 2, 99)
    ]
    assert lengths == [50, 10, 10]
    assert "51 to 60 of 60" in words(viewer.get(PAGE, {"q": "renegade", "in": "vehicles", "page": "2"}))


def test_a_group_without_a_hit_leads_back_to_the_others(many: Dealership, viewer: Client) -> None:
    page = viewer.get(PAGE, {"q": "renegade", "in": "orders"})
    assert "Nothing under Orders fits renegade. Show all 60" in words(page)
    assert viewer.get(PAGE, {"q": "renegade", "in": "nonsense"}).status_code == 200


# ---------- Enter ----------
@pytest.mark.parametrize(
    ("typed", "opens"),
    [
        (JEEP, f"/vehicles/{JEEP}/"),
        (JEEP[-6:], f"/vehicles/{JEEP}/"),
        ("wrangler", f"/vehicles/{WRANGLER}/"),
        ("25-J113", f"/vehicles/{WRANGLER}/"),
        ("45182", "order"),
        ("elm street", "dealership"),
        ("jeep", ""),
        ("zebra", ""),
        ("ab", ""),
        (make_vin(number=77), ""),
    ],
)
def test_enter_opens_the_one_thing_that_a_text_can_only_mean(
    typed: str, opens: str, elm: Dealership, viewer: Client
) -> None:
    order = Order.objects.get()
    named = {"order": reverse("order_detail", args=[order.pk]), "dealership": f"/dealerships/{elm.pk}/"}
    answer = viewer.get(PAGE, {"q": typed, "open": "1"})
    assert (answer.status_code, answer.get("Location", "")) == (302 if opens else 200, named.get(opens, opens))


def test_a_page_of_hits_offers_the_only_one_first_and_stays(elm: Dealership, viewer: Client) -> None:
    page = viewer.get(PAGE, {"q": JEEP[-6:]})
    assert page.status_code == 200
    assert f'href="/vehicles/{JEEP}/"' in page.content.decode()
    assert "Open it" in words(page)
    assert "Open it" not in words(viewer.get(PAGE, {"q": "jeep"}))


def test_a_whole_vin_leads_to_its_page_from_a_link_too(elm: Dealership, viewer: Client) -> None:
    assert viewer.get(PAGE, {"q": JEEP.lower()})["Location"] == f"/vehicles/{JEEP}/"


def test_a_vin_that_only_an_order_holds_is_opened(viewer: Client) -> None:
    elm = make_dealership()
    vin = make_vin(number=9)
    make_order(dealership=elm, kind="list", entries=[vin], include_missing=True)  # type: ignore[arg-type]
    assert viewer.get(PAGE, {"q": vin})["Location"] == f"/vehicles/{vin}/"
    assert counts(viewer.get(PAGE, {"q": vin[-6:]})) == {"orders": 1}


# ---------- typing ----------
def test_while_typing_only_the_results_come_and_nothing_is_opened(elm: Dealership, viewer: Client) -> None:
    answer = viewer.get(PAGE, {"q": JEEP}, headers=HTMX)
    text = answer.content.decode()
    assert (answer.status_code, "<html" in text, text.count('id="results"')) == (200, False, 1)
    assert "HX-Request" in answer["Vary"]
    assert ('hx-swap-oob="true"' in text, words(answer).endswith("3 hits.")) == (True, True)


def test_the_box_of_the_page_asks_while_typing_and_replaces_the_address(viewer: Client) -> None:
    text = viewer.get(PAGE).content.decode()
    for attribute in ('hx-get="/search/"', "delay:250ms", 'hx-replace-url="true"', 'hx-target="#results"'):
        assert attribute in text


def test_every_page_has_the_box_and_the_page_of_hits_only_its_own(elm: Dealership, viewer: Client) -> None:
    box = 'class="rail-search"'
    assert [viewer.get(page).content.decode().count(box) for page in ("/", "/orders/", f"/vehicles/{JEEP}/")] == [1] * 3
    text = viewer.get(PAGE, {"q": "jeep"}).content.decode()
    assert (text.count(box), text.count('type="search"')) == (0, 1)


# ---------- nothing found ----------
def test_an_empty_box_says_what_can_be_typed(viewer: Client) -> None:
    assert "Type a whole VIN, its last 6 to 8 characters" in words(viewer.get(PAGE))


def test_too_short_a_text_says_what_is_missing(viewer: Client) -> None:
    assert "ab is too short to search for. Type at least three characters." in words(viewer.get(PAGE, {"q": "ab"}))


@pytest.mark.parametrize(
    ("slip", "role"),
    [
        (f"{JEEP[-8:-2]}10", "staff"),
        (f"{JEEP[:16]}7", "viewer"),
        (JEEP[:-6] + JEEP[-5:], "viewer"),
        ("O00001X", "staff"),
    ],
)
def test_one_slip_is_answered_with_the_vehicle_that_was_probably_meant(slip: str, role: str, elm: Dealership) -> None:
    page = sign_in(role=role).get(PAGE, {"q": slip})
    assert "Did you mean" in words(page), words(page)
    assert page.context["suggestion"] in {JEEP, WRANGLER, TRUCK}
    assert ("a LIST order" in words(page)) == (role == "staff")


def test_a_slip_in_a_logged_vin_is_answered_too(viewer: Client) -> None:
    log_vins(dealership=make_dealership(), vins=[JEEP])
    assert did_you_mean(terms=read_terms(f"{JEEP[:-2]}10")) == JEEP
    assert did_you_mean(terms=read_terms(JEEP)) == ""


def test_words_that_fit_nothing_get_the_next_step(elm: Dealership, viewer: Client) -> None:
    page = words(viewer.get(PAGE, {"q": "jeep zebra"}))
    assert "Nothing fits jeep zebra" in page
    assert "Type fewer words" in page
    assert "Did you mean" not in page


# ---------- hostile input ----------
HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE orders_order; --",
    "%%%%%%",
    "______",
    "jeep:* & !x | (y",
    "a' || 'b",
    "\\\\\\\\\\",
    "\x00\x00jeep\x00",
    "²²²²",
    "\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
    "\uff2a\uff25\uff25\uff30 \u017ftreet",
    "🦊🦊🦊 fox",
    "\u202eevil\u202c",
    "x" * 5000,
    "jeep " * 2000,
    "{{7919*7907}}{% debug %}",
    "&amp;<>&\"'",
    "IOQIOQ",
    "0" * 17,
    "\ufffd\ufffd\ufffd",
]


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_hostile_input_is_only_text(typed: str, headers: dict[str, str], elm: Dealership, viewer: Client) -> None:
    for more in ({}, {"open": "1"}, {"in": typed, "page": typed}, {"in": "vehicles", "page": "-1"}):
        answer = viewer.get(PAGE, {"q": typed, **more}, headers=headers)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
    assert Order.objects.count() == 1


def test_signs_that_the_database_reads_as_wildcards_are_letters(viewer: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=[JEEP], label="50%_OFF")
    found = [counts(viewer.get(PAGE, {"q": typed})) for typed in ("50%_OFF", "50%", "50__OFF", "%_OFF")]
    assert found == [{"log": 1}, {}, {}, {}]


def test_a_visitor_has_to_sign_in() -> None:
    assert Client().get(PAGE, {"q": "jeep"}).status_code == 302


# ---------- cost ----------
@pytest.mark.parametrize("count", [6, 60])
@pytest.mark.parametrize(("chosen", "queries"), [("", 15), ("vehicles", 13)])
def test_the_queries_do_not_grow_with_the_hits(
    count: int, chosen: str, queries: int, viewer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count // 3):
        make_dealership(name=f"Renegade Motors {number}")
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=count)
    log_vins(dealership=elm, vins=vins[: count // 2], label="RENEGADE")
    finish_order(order=make_order(dealership=elm), order_number="RENEGADE")
    # Session, user, preferences, groups; lines of orders; four counts, the hits that are shown, what stands of them.
    with django_assert_num_queries(queries):
        page = viewer.get(PAGE, {"q": "renegade", "in": chosen})
    assert counts(page) == {"vehicles": count, "orders": 1, "log": count, "dealerships": count // 3}


GROW = """
    INSERT INTO {table} SELECT made.* FROM {table} row, generate_series(1, {rows}) n,
    LATERAL jsonb_populate_record(row, jsonb_build_object('id', 1000000 + n, {values})) made
    WHERE row.id = (SELECT min(id) FROM {table})
"""
VIN_OF_N = "'1FTFW1ET0NF' || lpad(n::text, 6, '0')"
TABLES = {
    "inventory_vehicle": f"'vin', {VIN_OF_N}, 'row_number', n + 10",
    "inventory_firstseen": f"'vin', {VIN_OF_N}, 'search_text', 'Ford F 150 ' || n || ' 2024 T' || n",
    "orders_orderline": f"'vin', {VIN_OF_N}, 'seq', n + 10, 'stock', 'T' || n",
    "orders_vinlogentry": f"'vin', {VIN_OF_N}, 'label', 'L' || n, 'order_id', NULL",
    "orders_order": "'order_number', 'N' || n, 'idempotency_key', gen_random_uuid()",
}


@pytest.fixture
def hundred_thousand(elm: Dealership) -> Dealership:
    with connection.cursor() as cursor:
        for table, values in TABLES.items():
            cursor.execute(GROW.format(table=table, values=values, rows=100_000))
            cursor.execute(f"ANALYZE {table}")
    return elm


def plans(queries: CaptureQueriesContext) -> Iterator[tuple[str, str]]:
    """Each statement that reads one of the large tables, with its plan."""
    for query in list(queries.captured_queries):
        sql = query["sql"]
        if sql.startswith("SELECT") and any(table in sql for table in TABLES):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                yield sql, json.dumps(cursor.fetchone()[0])


TYPED = ["054321", "NF054321", "1FTFW1ET0NF054321", "T54321", "N54321", "L54321", "wrangler 2025", "F-150 54321"]


@pytest.mark.slow
def test_no_table_of_a_hundred_thousand_rows_is_read_from_end_to_end(hundred_thousand: Dealership) -> None:
    for typed in TYPED:
        terms = read_terms(typed)
        with CaptureQueriesContext(connection) as queries:
            found = find(terms=terms)
            total = 0
            for rows in (found.vehicles, found.orders, found.log):
                total += count_found(rows)
                list(rows[:5])
            vehicles_of(seen=found.vehicles[:5])
            did_you_mean(terms=terms)
        assert total > 0, typed
        explained = dict(plans(queries))
        assert len(explained) >= 7, typed
        assert [sql for sql, plan in explained.items() if reads_whole(plan)] == [], typed
    with CaptureQueriesContext(connection) as queries:
        tracked = track_vehicle(vin="1FTFW1ET0NF054321", today=date(2026, 7, 1))
    assert (len(tracked.sightings), tracked.lines, len(tracked.entries)) == (1, 1, 1)
    assert [sql for sql, plan in plans(queries) if reads_whole(plan)] == []
    with CaptureQueriesContext(connection) as queries:
        list(VinLogEntry.objects.filter(vin__contains="ZZZZ"))
    assert [reads_whole(plan) for _, plan in plans(queries)] == [True]


def reads_whole(plan: str) -> bool:
    """Whether one of the large tables is read from end to end."""
    return any(
        re.search(rf'"Node Type": "Seq Scan"[^}}]*"Relation Name": "{table}"', plan) is not None for table in TABLES
    )
