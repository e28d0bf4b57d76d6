"""How far a newcomer has to go: every press of the mouse counts, a choice in a list as two; typing does not."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Locator, expect

from orders.models import Order
from tests.browser.conftest import PASSWORD, Browse, SignIn
from tests.browser.zips import read_zip
from tests.factories import make_dealership, make_vehicles
from tests.faults.shop import Worker

SLOW = 60_000
DEALERSHIPS = 12


class Hand:
    """Presses the mouse and counts."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click(timeout=SLOW)

    def choose(self, target: Locator, label: str) -> None:
        """Open the list and take one of it."""
        self.clicks += 2
        target.select_option(label=label)


def test_from_the_sign_in_to_the_first_downloaded_order(browse: Browse, worker: Worker) -> None:
    vins = make_vehicles(dealership=make_dealership(default_order_kind="cao"), count=3)
    hand, page = Hand(), browse("staff")
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill(PASSWORD)
    hand.click(page.get_by_role("button", name="Sign in"))
    hand.click(page.get_by_role("link", name="New order").first)
    hand.choose(page.get_by_label("Dealership"), "Elm Street Motors")
    expect(page.locator("#dealership-facts")).to_contain_text("Elm Street Motors")
    hand.click(page.get_by_role("button", name="Prepare the order"))
    hand.click(page.get_by_label("Order number"))
    page.keyboard.type("45001")
    hand.click(page.get_by_role("button", name="Complete this order"))
    with page.expect_download(timeout=SLOW) as downloaded:
        hand.click(page.get_by_role("link", name=re.compile("ZIP")).first)
    assert read_zip(downloaded.value.path())[2] == {f"{vin}.png" for vin in vins}
    assert hand.clicks <= 8


def test_a_whole_day_of_twelve_dealerships(sign_in: SignIn, worker: Worker) -> None:
    today = f"{timezone.localdate():%a}".lower()
    tomorrow = f"{timezone.localdate() + timedelta(days=1):%a}".lower()
    for number in range(DEALERSHIPS + 1):
        day = today if number < DEALERSHIPS else tomorrow
        lot = make_dealership(name=f"Lot {number:02}", default_order_kind="cao", schedule_days=[day])
        make_vehicles(dealership=lot, count=2, first=100 * number + 1)
    hand, page = Hand(), sign_in("staff")
    hand.click(page.get_by_role("link", name=re.compile("^Prepare 12 orders")))
    hand.click(page.get_by_role("button", name=re.compile("^Prepare 12")))
    page.get_by_label("First order number").fill("45001", timeout=SLOW)
    hand.click(page.get_by_role("button", name="Number all from here"))
    hand.click(page.get_by_role("button", name="Complete all"))
    hand.click(page.get_by_role("button", name="Complete 12"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done", timeout=2 * SLOW)
    assert hand.clicks <= 6
    numbers = Order.objects.filter(state="done").order_by("order_number").values_list("order_number", flat=True)
    assert list(numbers) == [str(45001 + at) for at in range(DEALERSHIPS)]
