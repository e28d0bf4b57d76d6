"""The main job as a person does it: the whole program, its demonstration, a real browser."""

import re
import shutil
import socket
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.browser.zips import read_zip
from tests.silverfox.installation import throw_away_installation
from tests.silverfox.test_run import start, stop

CHROMIUM = shutil.which("chromium")
QUIET = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-sync"]
DEALERSHIP = "South County DCJR"
BATCH = ("Glendale CDJR", "Honda of Frontenac")
ANOTHER = "Spirit Lexus"
CUT_OFF = re.compile(r"htmx:(afterRequest|sendAbort),")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine; Debian's package chromium has it"),
]


@pytest.fixture(scope="module")
def address_and_logins() -> Iterator[tuple[str, dict[str, str]]]:
    """The program as `make run` starts it on a fresh machine."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    said: list[str] = []
    with throw_away_installation() as installation:
        program = start(installation, port, said)
        logins = {found[1]: found[2] for line in said if (found := re.fullmatch(r"  (\w+) +(\S+)\n", line))}
        try:
            yield f"http://127.0.0.1:{port}", logins
        finally:
            stop(program)


@pytest.fixture
def sign_in(address_and_logins: tuple[str, dict[str, str]]) -> Iterator[Callable[[str], Page]]:
    """Gives a browser in which a person of that role has signed in; a message on its console fails the test."""
    address, logins = address_and_logins
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in QUIET])

        def hear(message: ConsoleMessage) -> None:
            # Of a request that was under way when its page was left, htmx says so.
            if not CUT_OFF.match(message.text):
                complaints.append(message.text)

        def open_page(role: str) -> Page:
            page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
            page.on("console", hear)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto("/")
            page.get_by_label("Username").fill(role)
            page.get_by_label("Password").fill(logins[role])
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            return page

        yield open_page
        browser.close()
    assert complaints == []


@pytest.fixture
def page(sign_in: Callable[[str], Page]) -> Page:
    """A browser of staff."""
    return sign_in("staff")


def test_a_cao_is_reviewed_completed_and_downloaded(page: Page) -> None:
    page.goto("/orders/new/")
    page.get_by_label("Dealership").select_option(label=DEALERSHIP)
    page.get_by_role("button", name="Prepare the order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(DEALERSHIP)
    vins = [line.get_attribute("data-copy") or "" for line in page.locator("table.review [data-copy]").all()]
    assert len(vins) == len(set(vins)) > 2

    page.locator("#line-1").get_by_role("link", name="Edit").click()
    page.locator("#line-1").get_by_label("Trim").fill("Hand Picked")
    expect(page.locator("#preview-1")).to_contain_text("HAND PICKED")
    page.locator("#line-1").get_by_role("button", name="Save row").click()
    expect(page.locator("#line-1")).to_contain_text("Hand Picked")

    page.locator("#line-2").get_by_role("link", name="Edit").click()
    page.locator("#line-2").get_by_label("Reason to leave row 2 out").fill("sold")
    page.locator("#line-2").get_by_role("button", name="Leave out").click()
    expect(page.locator("#line-2")).to_contain_text("sold")

    number = page.get_by_label("Order number").input_value()
    page.get_by_role("button", name="Complete this order").click()
    with page.expect_download(timeout=60_000) as downloaded:
        page.get_by_role("link", name=re.compile("ZIP")).first.click(timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)

    header, rows, images = read_zip(downloaded.value.path())
    printed = [row[header.index("VIN")].rpartition(" - ")[2] for row in rows]
    assert printed == [vins[0], *vins[2:]]
    assert rows[0][header.index("TRIM")] == "HAND PICKED"
    assert images == {f"{vin}.png" for vin in printed}


def test_a_manager_builds_an_output_template_and_staff_print_an_order_by_it(sign_in: Callable[[str], Page]) -> None:
    manager = sign_in("manager")
    build_poster(manager)
    assign_poster(manager)

    page = sign_in("staff")
    page.goto("/orders/new/")
    page.get_by_label("Dealership").select_option(label=ANOTHER)
    page.get_by_role("button", name="Prepare the order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(ANOTHER)
    vins = [line.get_attribute("data-copy") or "" for line in page.locator("table.review [data-copy]").all()]
    page.get_by_role("button", name="Complete this order").click()
    with page.expect_download(timeout=60_000) as downloaded:
        page.get_by_role("link", name=re.compile("ZIP")).first.click(timeout=60_000)

    header, rows, images = read_zip(downloaded.value.path())
    assert header == ["SERIAL", "@QR", "TITLE"]
    assert [row[0] for row in rows] == vins
    assert all(row[1].endswith(f"\\{vin}.png") for row, vin in zip(rows, vins, strict=True))
    assert all(re.fullmatch(r"20\d\d [^a-z]+", row[2]) for row in rows)
    assert images == {f"{vin}.png" for vin in vins}


def build_poster(page: Page) -> None:
    """Three columns written by hand, one moved by keyboard and one by dragging, with a mistake mended on the way."""
    page.goto("/output-templates/")
    page.get_by_role("link", name="New output template").click()
    page.get_by_label("Name", exact=True).fill("Window poster")
    expect(page.get_by_label("Code")).to_have_value("window_poster")
    page.get_by_label("Abbreviation").fill("WPO")
    columns = page.locator(".builder-column")
    columns.nth(0).get_by_label("Header").fill("TITLE")
    columns.nth(0).get_by_label("Formula").fill("{year} ")
    page.get_by_role("button", name="{model}", exact=True).click()
    page.get_by_role("button", name="|upper", exact=True).click()
    expect(columns.nth(0).get_by_label("Formula")).to_have_value("{year} {model|upper}")

    page.get_by_role("button", name="Add a column").click()
    page.keyboard.type("SERIAL")
    columns.nth(1).get_by_label("Formula").fill("{vim}")
    expect(columns.nth(1)).to_contain_text("Did you mean {vin}?")
    columns.nth(1).get_by_label("Formula").fill("{vin}")
    expect(columns.nth(1)).not_to_contain_text("Did you mean")
    page.keyboard.press("Alt+ArrowUp")
    expect(columns.nth(0).get_by_label("Formula")).to_be_focused()

    page.get_by_role("button", name="Add a column").click()
    page.keyboard.type("@QR")
    columns.nth(2).get_by_label("Formula").fill("{qr}")
    columns.nth(2).locator(".grip").drag_to(columns.nth(1).locator(".grip"), target_position={"x": 4, "y": 2})
    expect(page.locator("table.live thead")).to_contain_text(re.compile(r"SERIAL\s*@QR\s*TITLE"))
    expect(page.locator("#live")).to_contain_text("No problem found.")
    assert page.evaluate("window.dispatchEvent(new Event('beforeunload', {cancelable: true}))") is False
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Window poster")


def assign_poster(page: Page) -> None:
    """In the admin, for new and for used vehicles of another dealership."""
    page.goto("/admin/dealerships/dealership/?q=" + ANOTHER.replace(" ", "+"))
    page.get_by_role("link", name=ANOTHER, exact=True).click()
    for field in ("template_new", "template_used"):
        page.locator(f"#id_{field}").select_option(label="Window poster")
    page.locator("[name=_save]").first.click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def test_a_batch_is_prepared_numbered_completed_and_summed_up(page: Page) -> None:
    page.goto("/batches/new/?choose=named")
    for name in BATCH:
        page.get_by_label("Find a dealership").fill(name[:8])
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Prepare 2 orders").click()
    page.get_by_label("First order number").fill("00998", timeout=60_000)
    page.get_by_role("button", name="Number all from here").click()
    expect(page.get_by_label(f"Order number of {BATCH[1]}")).to_have_value("00999")
    page.get_by_role("button", name="Complete all").click()
    page.get_by_role("button", name="Complete 2").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done", timeout=60_000)
    for name, number in zip(BATCH, ("00998", "00999"), strict=True):
        expect(page.get_by_role("row", name=name)).to_contain_text(number)
    page.get_by_role("link", name="Summary").click()
    expect(page.get_by_role("row", name=BATCH[0])).to_contain_text("Done", timeout=60_000)
