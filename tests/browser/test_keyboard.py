"""Everything that staff do, done without a pointer."""

import re

import pytest
from playwright.sync_api import Page, expect

from foundation.preferences import change_preferences
from orders.models import Order
from tests.browser.conftest import PASSWORD, Browse, SignIn, make_user
from tests.browser.keyboard import press, tab_to, walk
from tests.browser.zips import read_zip
from tests.factories import make_dealership, make_order, make_vehicles
from tests.faults.shop import Worker


def test_an_order_is_made_reviewed_and_downloaded_by_keyboard_alone(browse: Browse, worker: Worker) -> None:
    vins = make_vehicles(dealership=make_dealership(default_order_kind="cao"), count=4)
    page = browse("staff")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("staff")
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    press(page, "n")
    expect(page.get_by_role("heading", level=1)).to_have_text("New order")
    tab_to(page, page.get_by_label("Dealership"))
    page.keyboard.type("Elm")
    expect(page.locator("#dealership-facts")).to_contain_text("Elm Street Motors")
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Elm Street Motors")

    first, second = page.locator("#line-1"), page.locator("#line-2")
    press(page, "j")
    expect(first).to_be_focused()
    press(page, "e")
    tab_to(page, first.get_by_label("Trim"))
    page.keyboard.type("Hand Picked")
    press(page, "Enter")
    expect(first).to_contain_text("Hand Picked")
    expect(first).to_be_focused()
    press(page, "u")
    expect(first).not_to_contain_text("Hand Picked")

    leave_out(page, "sold")
    press(page, "u")
    expect(second).not_to_contain_text("sold")
    leave_out(page, "sold again")

    tab_to(page, page.get_by_label("Order number"))
    page.keyboard.type("45001")
    press(page, "Control+Enter")
    archive = page.get_by_role("link", name=re.compile("ZIP")).first
    expect(archive).to_be_visible(timeout=60_000)
    tab_to(page, archive)
    with page.expect_download() as downloaded:
        press(page, "Enter")
    header, rows, _ = read_zip(downloaded.value.path())
    assert [row[header.index("VIN")].rpartition(" - ")[2] for row in rows] == [vins[0], *vins[2:]]


def leave_out(page: Page, reason: str) -> None:
    """Of the second row, wherever the focus is in the table."""
    row = page.locator("#line-2")
    for _ in range(6):
        if row.evaluate("(node) => node === document.activeElement"):
            break
        press(page, "j" if page.evaluate("document.activeElement.id !== 'line-3'") else "k")
    press(page, "l")
    expect(row.get_by_label("Reason to leave row 2 out")).to_be_focused()
    page.keyboard.type(reason)
    press(page, "Enter")
    expect(row).to_contain_text(reason)


def test_vehicles_are_listed_by_keyboard_alone(page: Page) -> None:
    vins = make_vehicles(dealership=make_dealership(default_order_kind="cao"), count=3)
    press(page, "n")
    tab_to(page, page.get_by_label("Dealership"))
    page.keyboard.type("Elm")
    expect(page.locator("#dealership-facts")).to_contain_text("Elm Street Motors")
    tab_to(page, page.get_by_role("radio", name=re.compile("^CAO")))
    press(page, "ArrowDown")
    expect(page.get_by_role("radio", name=re.compile("^LIST"))).to_be_checked()
    tab_to(page, page.get_by_label("VINs or stock numbers"))
    page.keyboard.type(f"{vins[1]}\ns00003\n")
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Elm Street Motors")
    assert [line.vin for line in Order.objects.get().lines.all()] == vins[1:]


def test_the_first_stop_leads_past_the_menu(page: Page) -> None:
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press(page, "Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_dialog_gives_the_focus_back(page: Page) -> None:
    tab_to(page, page.get_by_role("link", name="Orders").first)
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Orders").first).to_be_focused()


def test_single_keys_do_nothing_for_those_who_switched_them_off_nor_in_a_field(sign_in: SignIn) -> None:
    change_preferences(make_user("viewer"), single_keys=False)
    page = sign_in("viewer")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page = sign_in("staff")
    press(page, "/")
    page.keyboard.type("n?")
    expect(page.locator("input[type=search]:focus")).to_have_value("n?")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 360])
def test_tab_comes_to_everything_and_is_seen_everywhere(width: int, page: Page) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=3)
    order = make_order(dealership=elm)
    page.set_viewport_size({"width": width, "height": 740})
    for address in ("/", "/orders/new/", f"/orders/{order.pk}/review/", f"/orders/{order.pk}/lines/1/edit/", "/help/"):
        page.goto(address)
        stops, wanted, faults = walk(page)
        assert (faults, stops) == ([], wanted), address
