"""Checking an order against the lot: the proof sheet as page and command, and the walk from vehicle to vehicle."""

from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from orders.domain.qr import decode_png, qr_text
from orders.models import Artifact, Order
from orders.operations.checking import order_content
from orders.operations.completing import cancel_order, void_order
from orders.operations.reviewing import leave_out_line
from tests.command_line import run_command
from tests.factories import finish_order, import_rows, make_dealership, make_order, make_row, make_vehicles
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


@pytest.fixture
def order() -> Order:
    return make_reviewed(count=3)


def make_reviewed(*, count: int) -> Order:
    """An order in review of a dealership of its own."""
    elm = make_dealership()
    make_vehicles(dealership=elm, count=count)
    return make_order(dealership=elm)


def leave_out(order: Order, seq: int) -> None:
    line = order.lines.get(seq=seq)
    leave_out_line(line=line, version=line.version, reason="sold", actor=None)


def address(order: Order, name: str, *more: int) -> str:
    return reverse(name, args=[order.pk, *more])


def sheet_text(data: bytes) -> str:
    pages = pypdfium2.PdfDocument(data)
    return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)


def pdf_text(client: Client, order: Order) -> str:
    response = client.get(address(order, "order_proof"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    return sheet_text(response.content)


# ---------- the proof sheet ----------
def test_an_order_in_review_has_a_proof_sheet(staff: Client, order: Order) -> None:
    leave_out(order, 2)
    text = pdf_text(staff, order)
    first, second, third = (line.vin for line in order.lines.all())
    assert "CAO, not numbered," in text
    assert "2 vehicles, 1 left out, not released yet" in text
    assert [f"Line {place} of 2 {vin}" in text for place, vin in ((1, first), (2, third))] == [True, True]
    assert text.endswith(f"{second}, 2022 Jeep Renegade Latitude, stock S00002 Reason: sold")


def test_the_sheet_of_a_released_order_names_number_and_state(staff: Client, order: Order) -> None:
    finish_order(order=order)
    assert "CAO, order 45001," in pdf_text(staff, order)
    assert "3 vehicles, released" in pdf_text(staff, order)


def test_the_sheet_of_a_void_or_cancelled_order_says_so(staff: Client, order: Order) -> None:
    finish_order(order=order)
    void_order(order=order, reason="wrong dealership", actor=None)
    assert "VOID, not to be printed" in pdf_text(staff, order)
    again = make_order(dealership=order.dealership)
    cancel_order(order=again, actor=None)
    assert "3 vehicles, cancelled" in pdf_text(staff, again)


def test_a_warning_of_the_review_stands_on_the_card(staff: Client) -> None:
    elm = make_dealership()
    import_rows(rows=[make_row(number=1, location=elm.name, **{"Vechile URL": ""})])
    assert "! No usable web address: the QR code holds the VIN." in pdf_text(staff, make_order(dealership=elm))


def test_a_lost_qr_code_is_said_on_the_order_page_instead(staff: Client, order: Order, settings: Settings) -> None:
    finish_order(order=order)
    code = order.artifacts.filter(kind=Artifact.Kind.QR).first()
    assert code is not None
    (settings.ORDERS_DIR / code.path).unlink()
    response = staff.get(address(order, "order_proof"), follow=True)
    assert response.redirect_chain == [(address(order, "order_detail"), 302)]
    assert f"{code.name} is missing or altered on disk. Re-issue the order." in words(response)


@pytest.mark.parametrize(("role", "leads_to_sheet"), [("staff", True), ("viewer", False)])
def test_review_and_order_lead_everybody_to_the_walk_and_staff_to_the_sheet(
    order: Order, role: str, leads_to_sheet: bool
) -> None:
    client = sign_in(role=role)
    pages = [client.get(address(order, name)).content.decode() for name in ("order_review", "order_detail")]
    links = [f'href="{address(order, name)}"' for name in ("order_proof", "order_walk_start")]
    assert [[link in page for link in links] for page in pages] == [[leads_to_sheet, True]] * 2


def test_the_codes_of_a_sheet_are_not_for_viewers(viewer: Client, order: Order) -> None:
    assert viewer.get(address(order, "order_proof")).status_code == 403


@pytest.mark.parametrize("name", ["order_proof", "order_walk_start"])
def test_without_signing_in_nothing_is_shown(order: Order, name: str) -> None:
    response = sign_in(role="nobody").get(address(order, name))
    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("login"))


@pytest.mark.django_db(transaction=True)
def test_the_command_writes_the_sheet(order: Order, tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    leave_out(order, 3)
    answer = run_command("proof_sheet", order.pk, path, "--json")
    assert (answer.exit_code, answer.document) == (0, {"written": str(path), "vehicles": 2, "left_out": 1})
    assert "2 vehicles, 1 left out, not released yet" in sheet_text(path.read_bytes())
    text = run_command("proof_sheet", order.pk, path)
    assert (text.exit_code, text.out) == (0, f"{path}: 2 vehicles, 1 left out.\n")


@pytest.mark.django_db(transaction=True)
def test_the_command_refuses_an_unknown_order_and_a_path_that_cannot_be_written(order: Order, tmp_path: Path) -> None:
    unknown = run_command("proof_sheet", order.pk + 1, tmp_path / "sheet.pdf", "--json")
    assert (unknown.exit_code, unknown.error_code) == (2, "unknown_order")
    path = tmp_path / "missing" / "sheet.pdf"
    answer = run_command("proof_sheet", order.pk, path)
    assert (answer.exit_code, answer.err) == (
        2,
        f"{path} cannot be written: No such file or directory. Name a file that can.\n",
    )


# ---------- the walk ----------
def walk(client: Client, order: Order, seq: int) -> Any:
    return client.get(address(order, "order_walk", seq))


def steps(response: Any) -> str:
    return part(response, '<nav class="walk-steps"', "</nav>")


def test_the_walk_goes_from_the_first_vehicle_to_the_last(staff: Client, order: Order) -> None:
    assert staff.get(address(order, "order_walk_start"))["Location"] == address(order, "order_walk", 1)
    said = ["First vehicle 1 of 3 Next", "Previous 2 of 3 Next", "Previous 3 of 3 Last vehicle"]
    assert [steps(walk(staff, order, seq)) for seq in (1, 2, 3)] == said
    middle = walk(staff, order, 2).content.decode()
    neighbours = [f'href="{address(order, "order_walk", seq)}"' in middle for seq in (1, 3)]
    assert neighbours == [True, True]


def test_a_stop_shows_the_vehicle_and_what_its_code_says(staff: Client, order: Order) -> None:
    text = words(walk(staff, order, 2))
    assert "2022 Jeep Renegade Latitude" in text
    assert "Stock S00002 Price $21,995 Condition PO Color Red" in text
    line = order_content(order).lines[1]
    assert f"Reads: {qr_text(line, order_content(order).settings)}" in text


def test_a_line_that_is_left_out_is_passed_over_and_says_so_at_its_address(staff: Client, order: Order) -> None:
    leave_out(order, 2)
    assert steps(walk(staff, order, 1)) == "First vehicle 1 of 2 Next"
    assert walk(staff, order, 1).context["stop"].next == 3
    left = walk(staff, order, 2)
    assert (steps(left), "Left out: sold" in words(left)) == ("Previous Left out Next", True)
    page = left.content.decode()
    assert address(order, "order_line_qr", 2) not in page
    assert address(order, "order_line_edit", 2) not in page
    assert f'href="{address(order, "order_review")}#line-2">Put back in the review</a>' in page


def test_a_walk_without_vehicles_leads_to_the_review(staff: Client, order: Order) -> None:
    for seq in (1, 2, 3):
        leave_out(order, seq)
    assert staff.get(address(order, "order_walk_start"))["Location"] == address(order, "order_review")


def test_lines_are_edited_and_left_out_from_the_walk_in_review_only(staff: Client, order: Order) -> None:
    edit = f'href="{address(order, "order_line_edit", 2)}#'
    assert walk(staff, order, 2).content.decode().count(edit) == 2
    finish_order(order=order)
    assert walk(staff, order, 2).content.decode().count(edit) == 0


def test_viewers_see_the_facts_without_code_and_buttons(viewer: Client, order: Order) -> None:
    page = walk(viewer, order, 2)
    assert "QR codes are shown to staff." in words(page)
    assert [name in page.content.decode() for name in ("qr.png", "/edit/")] == [False, False]
    assert viewer.get(address(order, "order_line_qr", 2)).status_code == 403


def test_an_unknown_line_is_not_found(staff: Client, order: Order) -> None:
    pages = [staff.get(address(order, name, 9)).status_code for name in ("order_walk", "order_line_qr")]
    assert pages == [404, 404]


@pytest.mark.parametrize("count", [2, 12])
def test_the_number_of_queries_does_not_grow_with_the_lines(
    count: int, staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_reviewed(count=count)
    with django_assert_num_queries(9):
        walk(staff, order, 2)
    with django_assert_num_queries(13):
        staff.get(address(order, "order_proof"))


# ---------- the QR code of a line ----------
def test_the_code_in_review_is_the_one_that_would_be_released(staff: Client, order: Order) -> None:
    leave_out(order, 1)
    response = staff.get(address(order, "order_line_qr", 3))
    content = order_content(order)
    assert (response["Content-Type"], "no-store" in response["Cache-Control"]) == ("image/png", True)
    assert decode_png(response.content) == [qr_text(content.lines[1], content.settings)]
    gone = staff.get(address(order, "order_line_qr", 1))
    assert (gone.status_code, gone.content) == (410, b"Line 1 is left out; it has no QR code.")


def test_the_code_of_a_done_order_is_the_released_file(staff: Client, order: Order, settings: Settings) -> None:
    finish_order(order=order)
    code = order.artifacts.get(kind=Artifact.Kind.QR, name__contains=order.lines.get(seq=2).vin)
    path = settings.ORDERS_DIR / code.path
    assert staff.get(address(order, "order_line_qr", 2)).content == path.read_bytes()
    path.write_bytes(b"other")
    lost = staff.get(address(order, "order_line_qr", 2))
    assert (lost.status_code, lost.content.decode()) == (
        410,
        f"{code.name} is missing or altered on disk. Re-issue the order.",
    )
