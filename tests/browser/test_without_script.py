"""A browser that runs no script does the same work: forms post, and pages come back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.zips import read_zip
from tests.factories import ensure_mappings, make_csv, make_dealership, make_vehicles, make_vin
from tests.faults.shop import Worker
from tests.inventory.arrivals import rows_at

ENTRIES = "VINs or stock numbers"


@pytest.fixture
def page(sign_in: SignIn) -> Page:
    return sign_in("staff", java_script_enabled=False)


def test_a_cao_is_edited_completed_and_downloaded(page: Page, worker: Worker) -> None:
    vins = make_vehicles(dealership=make_dealership(), count=3)
    begin(page, "CAO")
    first, second = page.locator("#line-1"), page.locator("#line-2")

    first.get_by_role("link", name="Edit").click()
    page.locator("#line-1").get_by_label("Trim").fill("Hand Picked")
    page.get_by_role("button", name="Save row").click()
    expect(first).to_contain_text("Hand Picked")

    second.get_by_role("link", name="Edit").click()
    page.get_by_label("Reason to leave row 2 out").fill("sold")
    second.get_by_role("button", name="Leave out").click()
    expect(second).to_contain_text("sold")
    expect(second.get_by_role("button", name="Put back")).to_be_visible()

    page.get_by_label("Order number").fill("45001")
    page.get_by_role("button", name="Complete this order").click()
    expect(page).to_have_url(re.compile(r"/orders/\d+/$"))
    archive = page.get_by_role("link", name=re.compile("ZIP")).first
    load_until(page, archive.is_visible)
    with page.expect_download() as downloaded:
        archive.click()
    header, rows, images = read_zip(downloaded.value.path())
    assert [row[header.index("TRIM")] for row in rows] == ["HAND PICKED", "LATITUDE"]
    assert images == {f"{vins[0]}.png", f"{vins[2]}.png"}


def test_a_list_tells_every_outcome(page: Page) -> None:
    vins = make_vehicles(dealership=make_dealership(), count=2)
    begin(page, "LIST", f"{vins[0]}\n{vins[0]}\ns00002\n{make_vin(number=9)}\nABC")
    for words in ("Produced", "Duplicate entry", "Not on website"):
        expect(page.locator(".outcomes").get_by_text(words, exact=True).first).to_be_visible()
    expect(page.locator("#line-2")).to_contain_text(vins[1][-8:])


def test_a_refused_form_keeps_what_was_typed(page: Page) -> None:
    make_vehicles(dealership=make_dealership())
    begin(page, "LIST", "nothing known")
    expect(page.get_by_role("alert").filter(has_text="nothing known: Not on the website.")).to_be_visible()
    expect(page.get_by_label(ENTRIES)).to_have_value("nothing known")


def test_an_inventory_is_uploaded_and_read(page: Page, worker: Worker) -> None:
    ensure_mappings()
    elm = make_dealership()
    page.goto("/imports/upload/")
    content = make_csv(rows=rows_at(elm.name, 5))
    page.get_by_label("File").set_input_files({"name": "lots.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and read").click()
    done = page.get_by_role("row", name=elm.name)
    load_until(page, done.is_visible)
    expect(done).to_contain_text("In use")
    expect(done.get_by_role("cell", name="5", exact=True)).to_be_visible()


def begin(page: Page, kind: str, entries: str = "") -> None:
    """Send the form of a new order of the one dealership."""
    page.goto("/orders/new/")
    page.get_by_label("Dealership").select_option(label="Elm Street Motors")
    page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
    if entries:
        page.get_by_label(ENTRIES).fill(entries)
    page.get_by_role("button", name="Prepare the order").click()


def load_until(page: Page, is_so: Callable[[], bool]) -> None:
    """As a person does whose page does not follow by itself."""
    for _ in range(120):
        if is_so():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())
