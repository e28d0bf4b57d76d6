"""The page of one vehicle: its verdicts, what the websites said, its history, and a VIN that nothing names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dealerships.models import Dealership
from inventory.models import Dataset, Vehicle
from orders.models import OrderLine, VinLogEntry
from orders.operations.completing import void_order
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
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db
VIN = make_vin(number=1)
PAGE = f"/vehicles/{VIN}/"
START = datetime(2026, 7, 1, 9, tzinfo=UTC)


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


@pytest.fixture
def elm() -> Dealership:
    return make_dealership()


def stand(dealership: Dealership, *, day: int, **cells: str) -> None:
    """The dealership's inventory of that day, with the vehicle and another one."""
    # No two files are the same.
    other = make_row(number=2, location=dealership.name, Price=str(20_000 + day))
    rows = [make_row(number=1, location=dealership.name, **cells), other]
    import_rows(rows=rows, collected_at=START + timedelta(days=day))


def leave(dealership: Dealership, *, day: int) -> None:
    rows = [make_row(number=2, location=dealership.name)]
    import_rows(rows=rows, collected_at=START + timedelta(days=day))


def history(page: Any) -> str:
    return part(page, '<ol class="timeline">', "</ol>")


# ---------- verdict ----------
def test_a_vehicle_that_would_be_printed_says_so_first(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    page = words(viewer.get(PAGE))
    assert "Would be selected by a CAO at Elm Street Motors now: every rule lets it through." in page
    assert "2022 Jeep Renegade Latitude" in page


def test_a_printed_vehicle_names_the_day_and_the_order_and_every_rule(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    order = finish_order(order=make_order(dealership=elm, confirmed=True), order_number="44109")
    page = viewer.get(PAGE)
    date = order.vin_log_entries.get(vin=VIN).date
    assert f"Not selected at Elm Street Motors: printed {date}, order 44109." in words(page)
    rules = part(page, 'aria-label="Verdict of every rule at Elm Street Motors"', "</table>")
    assert "Passes On the lot on the lot: In-Stock" in rules
    assert f"Stops here Not in the VIN log printed {date}, order 44109" in rules


def test_each_lot_has_its_own_verdict(elm: Dealership, viewer: Client) -> None:
    oak = make_dealership(name="Oak Street Motors", conditions=["new"])
    ash = make_dealership(name="Ash Motors", conditions=None)
    gone = make_dealership(name="Pine Motors")
    for dealership in (elm, oak, ash, gone):
        make_vehicles(dealership=dealership, count=1)
    Dealership.objects.filter(pk=gone.pk).update(active=False)
    page = words(viewer.get(PAGE))
    assert "Would be selected by a CAO at Elm Street Motors now" in page
    assert "Not selected at Oak Street Motors: pre-owned." in page
    assert "At Ash Motors: CAO is not set up for Ash Motors" in page
    assert "At Pine Motors: Pine Motors is inactive, so it gets no orders." in page


def test_a_log_of_another_dealership_keeps_nothing_out(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    log_vins(dealership=make_dealership(name="Oak Street Motors"), vins=[VIN])
    assert "Would be selected by a CAO at Elm Street Motors now" in words(viewer.get(PAGE))


def test_a_vehicle_on_no_lot_says_where_it_was_printed(elm: Dealership, viewer: Client) -> None:
    log_vins(dealership=elm, vins=[VIN], label="43001")
    page = words(viewer.get(PAGE))
    assert "Not selected anywhere: it stands in no active inventory. Printed at Elm Street Motors, order 43001." in page
    assert "No inventory whose rows are kept holds it" in page


def test_a_wrong_check_digit_is_told(elm: Dealership, viewer: Client) -> None:
    wrong = VIN[:8] + ("0" if VIN[8] != "0" else "1") + VIN[9:]
    log_vins(dealership=elm, vins=[wrong, "WVGAV7AX7AW51328"])
    pages = [words(viewer.get(f"/vehicles/{vin}/")) for vin in (wrong, "WVGAV7AX7AW51328")]
    assert ["Wrong check digit" in page for page in pages] == [True, True]


# ---------- facts ----------
def test_the_text_of_the_site_stands_beside_what_was_read(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1, Type="Certified Pre-Owned", Price="$21,995.00", Status="In-Stock")
    page = part(viewer.get(PAGE), 'aria-labelledby="facts"', "</table>")
    assert "Condition Certified Pre-Owned CPO" in page
    assert "Price $21,995.00 $21,995" in page
    assert "Lot status In-Stock On the lot" in page


def test_facts_of_an_older_inventory_have_their_address(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1, Price="25000")
    stand(elm, day=2, Price="21000")
    older = Dataset.objects.get(status="archived")
    shown = [
        viewer.get(PAGE, query).context["shown"].price for query in ({}, {"dataset": older.pk}, {"dataset": "nonsense"})
    ]
    assert shown == [21000, 25000, 21000]


# ---------- history ----------
def test_changes_leaving_and_return_are_told_newest_first(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1, Price="30000", Type="New")
    stand(elm, day=2, Price="30000", Type="New")
    stand(elm, day=3, Price="28500", Type="Used")
    leave(elm, day=4)
    stand(elm, day=5, Price="28500")
    told = history(viewer.get(PAGE))
    steps = ["Back in the inventory", "No longer in the inventory", "Changed on the website", "In the first kept"]
    assert [told.index(step) for step in steps] == sorted(told.index(step) for step in steps)
    assert "Condition: New → PO" in told
    assert "Price: $30,000 → $28,500" in told
    assert told.count("inventory of") == 4


def test_an_inventory_that_waits_for_a_decision_is_told_as_unused(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    Dataset.objects.update(status="held", activated_at=None)
    assert "In an inventory that orders never used, $21,995" in history(viewer.get(PAGE))


def test_orders_and_log_entries_stand_in_the_same_line_of_time(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    order = finish_order(order=make_order(dealership=elm, confirmed=True), order_number="44109")
    void_order(order=order, reason="printed twice")
    again = make_order(dealership=elm, confirmed=True)
    line = again.lines.get(vin=VIN)
    OrderLine.objects.filter(pk=line.pk).update(included=False, exclusion_reason="sold")
    page = viewer.get(PAGE)
    told = history(page)
    assert "CAO order not numbered Review Left out: sold" in told
    assert "CAO order 44109 Voided" in told
    assert "Logged as printed: 44109 Void since" in told
    assert "printed twice" in told
    assert "<s>" in page.content.decode()
    assert (page.context["vehicle"].lines, len(page.context["vehicle"].logged)) == (2, 0)


def test_only_managers_are_offered_to_void_an_entry(elm: Dealership, viewer: Client) -> None:
    log_vins(dealership=elm, vins=[VIN], label="43001")
    link = f"/vin-log/void/?entry={VinLogEntry.objects.get().pk}"
    shown = [link in client.get(PAGE).content.decode() for client in (viewer, sign_in(role="manager"))]
    assert shown == [False, True]


def test_older_rows_that_are_gone_are_told(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1, Price="30000")
    stand(elm, day=30)
    assert "Rows of older inventories are gone" not in words(viewer.get(PAGE))
    old = Dataset.objects.get(status="archived")
    Vehicle.objects.filter(dataset=old).delete()
    Dataset.objects.filter(pk=old.pk).update(status="removed")
    page = words(viewer.get(PAGE))
    assert "Rows of older inventories are gone: of 1 dataset up to Jul 2, 2026 only the counts are kept." in page
    assert "First seen at Elm Street Motors Jul 2, 2026" in page


def test_a_long_history_has_pages(elm: Dealership, viewer: Client) -> None:
    for number in range(3):
        log_vins(dealership=elm, vins=[VIN] * 20, label=f"4300{number}")
    assert [len(viewer.get(PAGE, {"page": number}).context["moments"]) for number in (1, 2)] == [50, 10]


# ---------- nothing is known ----------
@pytest.mark.parametrize(
    ("vin", "said"),
    [
        (make_vin(number=77), "stood in no kept inventory"),
        (f"{VIN[:15]}10", "Did you mean"),
        ("1C4RJFAG0NC00000I", "A VIN has 17 letters and figures"),
        ("x", "A VIN has 17 letters and figures"),
        ("<script>alert(1)<%2Fscript>"[:19], "Search for its last six characters"),
        ("%00%00", "What to do"),
        ("9" * 400, "What to do"),
        ("'; DROP TABLE x;--", "What to do"),
    ],
)
def test_an_unknown_vin_is_not_found_and_has_its_next_steps(
    vin: str, said: str, elm: Dealership, viewer: Client
) -> None:
    stand(elm, day=1)
    page = viewer.get(f"/vehicles/{vin}/")
    assert (page.status_code, said in words(page)) == (404, True)
    assert "<script>alert" not in page.content.decode()


def test_a_vin_in_small_letters_leads_to_its_page(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    assert viewer.get(f"/vehicles/{VIN.lower()}/")["Location"] == PAGE


# ---------- links and cost ----------
def test_pages_that_show_a_vin_lead_to_its_page(elm: Dealership, viewer: Client) -> None:
    stand(elm, day=1)
    log_vins(dealership=elm, vins=[make_vin(number=2)])
    order = finish_order(order=make_order(dealership=elm, confirmed=True))
    staff = sign_in(role="staff")
    link = f'href="{PAGE}"'
    pages = [
        f"/dealerships/{elm.pk}/?step=not_in_log",
        f"/dealerships/{elm.pk}/?vin={VIN}",
        "/vin-log/",
        f"/search/?q={VIN[-6:]}",
        reverse("order_correct", args=[order.pk]),
        reverse("order_detail", args=[order.pk]),
    ]
    assert [page for page in pages if link not in staff.get(page).content.decode()] == []


@pytest.mark.parametrize("count", [1, 12])
def test_the_queries_do_not_grow_with_lots_orders_and_entries(
    count: int, viewer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        dealership = make_dealership(name=f"Elm Street {number}")
        stand(dealership, day=1, Price="30000")
        stand(dealership, day=2, Price="29000")
        finish_order(order=make_order(dealership=dealership, confirmed=True), order_number=f"45{number:03}")
    with django_assert_num_queries(14):
        page = viewer.get(PAGE)
    assert (len(page.context["lots"]), page.context["vehicle"].lines) == (count, count)
