"""The main job as a person does it: the whole program, its demonstration, a real browser."""

import csv
import io
import re
import shutil
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.silverfox.installation import throw_away_installation
from tests.silverfox.test_run import start, stop

CHROMIUM = shutil.which("chromium")
QUIET = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-sync"]
DEALERSHIP = "South County DCJR"

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
def page(address_and_logins: tuple[str, dict[str, str]]) -> Iterator[Page]:
    """A browser in which staff have signed in; a message on its console fails the test."""
    address, logins = address_and_logins
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in QUIET])
        page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        page.get_by_label("Username").fill("staff")
        page.get_by_label("Password").fill(logins["staff"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        yield page
        browser.close()
    assert complaints == []


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


def read_zip(path: Path) -> tuple[list[str], list[list[str]], set[str]]:
    """Header and rows of the order's CSV, and the names of its QR images."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        table = next(name for name in names if name.endswith(" - CSV.csv"))
        header, *rows = csv.reader(io.StringIO(archive.read(table).decode("ascii"), newline=""))
    return header, rows, {name.rpartition("/")[2] for name in names if name.endswith(".png")}
