"""Whole days of the shop, before the real web server and worker."""

import json
import re
import zipfile
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page, expect

from dealerships.models import Dealership
from inventory.models import Dataset, Vehicle
from orders.models import Order, VinLogEntry
from tests.browser.conftest import SignIn
from tests.browser.serving import Site
from tests.factories import (
    ensure_mappings,
    import_rows,
    log_vins,
    make_csv,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
    make_vin,
)
from tests.faults.shop import Worker
from tests.inventory.arrivals import rows_at
from tests.programs import run_program

SLOW = 60_000
ELM, OAK, ASH = "Elm Street Motors", "Oak Hill Cars", "Ash Motors"


def lots_due_today() -> list[Dealership]:
    today = f"{timezone.localdate():%a}".lower()
    lots = [make_dealership(name=name, default_order_kind="cao", schedule_days=[today]) for name in (ELM, OAK, ASH)]
    for number, lot in enumerate(lots):
        make_vehicles(dealership=lot, count=4, first=100 * number + 1)
    return lots


def test_a_scheduled_day(sign_in: SignIn, site: Site, worker: Worker, tmp_path: Path) -> None:
    """Batch, review with a conflict and a vehicle left out, a worker that stops, completion, downloads, void."""
    lots_due_today()
    page, other = sign_in("staff"), sign_in("manager")
    page.get_by_role("link", name=re.compile("^Prepare 3 orders")).click()
    page.get_by_role("button", name=re.compile("^Prepare 3")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review", timeout=SLOW)
    batch = page.url

    page.get_by_role("link", name=ELM).first.click()
    review_lines(page, other)
    page.keyboard.press("]")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text(ELM)

    page.goto(batch)
    page.get_by_label("First order number").fill("45001")
    page.get_by_role("button", name="Number all from here").click()
    page.get_by_role("button", name="Complete all").click()
    worker.stop()
    page.get_by_role("button", name="Complete 3").click()
    expect(page.get_by_text("Waits for a worker.").first).to_be_visible()
    with site.worker():
        expect(page.get_by_role("heading", level=1)).to_contain_text("Done", timeout=2 * SLOW)

    elm = Order.objects.get(dealership__name=ELM)
    for order in Order.objects.all():
        files = download(page, order)
        assert files == by_command(order, tmp_path / str(order.pk))
    assert VinLogEntry.objects.in_force().count() == 11

    void(other, elm)
    again = make_order(dealership=elm.dealership)
    page.goto(f"/orders/{again.pk}/review/")
    review_lines(page, other)
    # What the page made first is what the command line makes of the same lines under the same number.
    done = run_program("manage.py", "complete_order", str(again.pk), "--order-number", elm.order_number, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert without_summary(by_command(again, tmp_path / "again")) == without_summary(
        by_command(elm, tmp_path / "before")
    )


def review_lines(page: Page, other: Page) -> None:
    """Change the trim of line 1 while a manager changes its price, leave out line 2, undo that, and do it again."""
    line, theirs = page.locator("#line-1"), other.locator("#line-1")
    other.goto(page.url)
    theirs.get_by_role("link", name="Edit").click()
    theirs.get_by_label("Price").fill("31,000")
    line.get_by_role("link", name="Edit").click()
    line.get_by_label("Trim").fill("Hand Picked")
    theirs.get_by_role("button", name="Save row").click()
    expect(theirs).to_contain_text("$31,000")
    line.get_by_role("button", name="Save row").click()
    conflict = line.get_by_role("form", name="Choose the values of row 1")
    expect(conflict).to_contain_text("Nothing of yours is lost")
    conflict.get_by_role("button", name="Save these values").click()
    expect(line).to_contain_text("Hand Picked")
    expect(line).to_contain_text("$31,000")
    left_out = page.locator("#line-2")
    for is_undone in (True, False):
        left_out.get_by_role("link", name="Edit").click()
        left_out.get_by_label("Reason to leave row 2 out").fill("sold")
        left_out.get_by_role("button", name="Leave out").click()
        expect(left_out).to_contain_text("sold")
        if is_undone:
            page.keyboard.press("u")
            expect(left_out).not_to_contain_text("sold")


def download(page: Page, order: Order) -> dict[str, bytes]:
    """The files of an order as they lie in the ZIP of its page, by name."""
    page.goto(f"/orders/{order.pk}/")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name=re.compile("ZIP")).first.click()
    with zipfile.ZipFile(downloaded.value.path()) as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    # It tells the designer where the images belong, and lies in the ZIP only.
    assert files.pop("README.txt")
    return files


def by_command(order: Order, folder: Path) -> dict[str, bytes]:
    """The same as the command line gives them, the ZIP itself apart."""
    folder.mkdir()
    done = run_program("manage.py", "export_order", str(order.pk), str(folder), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    paths = [Path(path) for path in json.loads(done.stdout)["written"]]
    [root] = folder.iterdir()
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.suffix != ".zip"}


def without_summary(files: dict[str, bytes]) -> dict[str, bytes]:
    """It has the time of completion."""
    return {name: data for name, data in files.items() if name != "order_summary.json"}


def void(manager: Page, order: Order) -> None:
    """Take the order back as a manager does, with the reason; its vehicles may be ordered again."""
    manager.goto(f"/orders/{order.pk}/")
    manager.get_by_role("link", name=re.compile("^Void")).click()
    manager.get_by_label("Reason").fill("Wrong vinyl")
    manager.get_by_role("button", name="Void order 4").click()
    expect(manager.get_by_role("heading", level=1)).to_contain_text("Voided")


def test_a_list_with_every_outcome(page: Page, worker: Worker) -> None:
    elm = make_dealership()
    ensure_mappings()
    twins = [make_row(number=number, location=ELM, Stock="TWIN") for number in (11, 12)]
    import_rows(rows=[*rows_at(ELM, 4), *twins])
    vins = [make_vin(number=number) for number in range(1, 5)]
    log_vins(dealership=elm, vins=[*vins[:3], *(row["Vin"] for row in twins)])
    assert make_order(dealership=elm).lines.get().vin == vins[3]
    page.goto("/orders/new/")
    page.get_by_label("Dealership").select_option(label=ELM)
    page.get_by_role("radio", name=re.compile("LIST")).check()
    typed = page.get_by_label("VINs or stock numbers")
    unknown, wrong = make_vin(number=77), vins[2].replace("0", "O", 1)
    typed.fill("\n".join([vins[0], vins[0], vins[3], "TWIN", unknown, wrong, "1C4RJFAG0N"]))
    outcomes = page.locator("#order-outcomes")
    for words in ("Produced", "Duplicate entry", "In another order", "Ambiguous", "Not on website", "Invalid"):
        expect(outcomes.get_by_text(words, exact=True).first).to_be_visible()
    expect(page.locator("#entry-1")).to_contain_text("rinted")
    page.reload()
    expect(typed).to_have_value(re.compile(f"^{vins[0]}"))

    outcomes.get_by_role("button", name=re.compile("^Choose.*" + make_vin(number=12)[-8:])).click()
    expect(outcomes.get_by_text("Ambiguous", exact=True)).to_have_count(0)
    outcomes.get_by_role("button", name="Print VIN only").first.click()
    expect(outcomes.get_by_text("VIN only", exact=True).first).to_be_visible()
    outcomes.get_by_role("button", name=re.compile("^Use")).click()
    expect(outcomes.get_by_text("Invalid", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Prepare the order").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(ELM)
    shown = [line.inner_text() for line in page.locator("table.review .vin").all()]
    assert shown == [vins[0], make_vin(number=12), unknown, vins[2]]


def test_inventory_that_is_held_and_explained_and_taken_back(sign_in: SignIn, worker: Worker) -> None:
    ensure_mappings()
    elm = make_dealership()
    make_vehicles(dealership=elm, count=40)
    page, manager = sign_in("staff"), sign_in("manager")
    rows = [*rows_at(ELM, 4), *rows_at(ELM, 1, first=5, Type="Barely driven"), *rows_at("Elm St Motors", 2, first=50)]
    upload(page, make_csv(rows=rows))
    expect(page.locator(".sums")).to_contain_text("7 read = 5 accepted + 0 rejected + 2 unmatched", timeout=SLOW)
    expect(page.get_by_role("row", name=ELM)).to_contain_text("Held")

    page.get_by_label("What Barely driven means").select_option(value="po")
    page.get_by_role("button", name="Apply the chosen meanings").click()
    expect(page.locator("#unmapped")).to_contain_text("Mapped")
    page.get_by_label("Dealership of Elm St Motors").fill(ELM)
    page.get_by_role("button", name="Attach and read the file again").click()
    expect(page.locator(".sums")).to_contain_text("7 read = 7 accepted + 0 rejected + 0 unmatched", timeout=SLOW)

    manager.goto(page.url)
    manager.get_by_role("link", name=re.compile("Decide|Compare")).first.click()
    manager.get_by_label("Reason").fill("The lot was sold off")
    manager.get_by_role("button", name="Release and use it").click()
    expect(manager.get_by_role("heading", level=1)).to_contain_text("In use")
    assert Vehicle.objects.active().for_dealership(elm).count() == 7

    manager.goto(f"/dealerships/{elm.pk}/")
    manager.get_by_role("link", name=re.compile("Use this one again")).first.click()
    manager.get_by_label("Reason").fill("The file was wrong")
    manager.get_by_role("button", name="Use this dataset again").click()
    expect(manager.get_by_role("heading", level=1)).to_contain_text("In use")
    assert Vehicle.objects.active().for_dealership(elm).count() == 40
    assert Dataset.objects.active().get().dealership == elm


def upload(page: Page, content: bytes) -> None:
    page.goto("/imports/upload/")
    page.get_by_label("File").set_input_files({"name": "lots.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and read").click()


def test_everything_about_a_vehicle_is_found_by_its_last_characters(page: Page) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=3)
    page.keyboard.press("/")
    page.keyboard.type(vins[1][-8:])
    page.keyboard.press("Enter")
    # The only hit is opened at once.
    expect(page.get_by_role("heading", level=1)).to_contain_text(vins[1])
    expect(page.get_by_role("main")).to_contain_text(ELM)
    page.goto("/search/?q=jeep+2022")
    expect(page.get_by_role("main")).to_contain_text(vins[0][-8:])
