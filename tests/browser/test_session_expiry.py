"""A session that ends in the middle of an edit costs a password, and nothing that was typed."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.browser.conftest import PASSWORD, SignIn, enter
from tests.browser.serving import Site
from tests.browser.watching import Watch
from tests.factories import make_dealership, make_order, make_vehicles

ENDED = r"status of 401|Error Code 401"


@pytest.fixture
def order(site: Site) -> Order:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    return make_order(dealership=elm)


@pytest.fixture
def editing(order: Order, sign_in: SignIn) -> Page:
    """Staff in the middle of an edit, whose session has just ended."""
    page = sign_in("staff")
    page.goto(f"/orders/{order.pk}/review/")
    page.locator("#line-1").get_by_role("link", name="Edit").click()
    page.locator("#line-1").get_by_label("Trim").fill("Hand Picked")
    Session.objects.all().delete()
    page.locator("#line-1").get_by_role("button", name="Save row").click()
    expect(page.get_by_role("dialog", name="You were signed out")).to_be_visible()
    return page


def test_the_password_is_asked_over_the_page_and_the_edit_is_saved_behind_it(editing: Page, watch: Watch) -> None:
    editing.get_by_label("Your password").fill("not this one")
    editing.get_by_role("button", name="Sign in").click()
    expect(editing.get_by_role("dialog")).to_contain_text("This is not your password")
    editing.get_by_label("Your password").fill(PASSWORD)
    editing.get_by_role("button", name="Sign in").click()
    expect(editing.get_by_role("dialog")).to_have_count(0)
    expect(editing.locator("#line-1")).to_contain_text("Hand Picked")
    assert Order.objects.get().lines.get(seq=1).overrides == {"trim": "Hand Picked"}
    watch.forget(editing, ENDED)


def test_what_was_typed_stays_when_nobody_signs_in_now(editing: Page, watch: Watch) -> None:
    editing.get_by_role("button", name="Not now").click()
    expect(editing.locator("#line-1").get_by_label("Trim")).to_have_value("Hand Picked")
    assert Order.objects.get().lines.get(seq=1).overrides == {}
    watch.forget(editing, ENDED)


def test_without_script_the_sign_in_leads_back_to_the_page_of_the_form(sign_in: SignIn, order: Order) -> None:
    page = sign_in("staff", java_script_enabled=False)
    page.goto(f"/orders/{order.pk}/lines/1/edit/")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save row").click()
    enter(page, "staff")
    expect(page).to_have_url(f"/orders/{order.pk}/lines/1/edit/")
    expect(page.locator("#line-1").get_by_label("Trim")).to_be_visible()


def test_a_page_that_was_only_read_comes_back_at_its_own_address(sign_in: SignIn, order: Order) -> None:
    page = sign_in("staff")
    Session.objects.all().delete()
    address = f"/orders/{order.pk}/review/?show=all"
    page.goto(address)
    enter(page, "staff")
    expect(page).to_have_url(address)
