"""An order's page: completion, files, and what may be done with a finished order."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.models import Artifact, Order, VinLogEntry
from orders.operations.completing import approve_order
from orders.views.order import CODES_PER_PAGE
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles
from tests.orders.order_pages import make_order_at_elm
from tests.pages import content_of, part, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order_at_elm(vehicles=3)


def address(order: Order, name: str = "order_detail") -> str:
    return reverse(name, args=[order.pk])


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def complete(client: Client, order: Order, **fields: str) -> Any:
    return client.post(address(order, "order_complete"), {"order_number": "45001", **fields})


# ---------- completion ----------
def test_an_order_is_completed_in_the_background_and_its_page_follows(
    staff: Client, order: Order, run_queued_jobs: Callable[[], int]
) -> None:
    response = complete(staff, order)
    assert (response["Location"], state_of(order)) == (address(order), "queued")
    assert 'hx-trigger="every 2s"' in staff.get(address(order)).content.decode()
    waiting = staff.get(address(order, "order_progress"))
    assert (waiting.status_code, "Waits for a worker." in words(waiting)) == (200, True)
    assert run_queued_jobs() == 1
    ended = staff.get(address(order, "order_progress"))
    assert (ended.status_code, ended["HX-Refresh"], state_of(order)) == (286, "true", "done")
    assert VinLogEntry.objects.filter(order=order, label="45001").count() == 3


def test_edits_and_left_out_lines_reach_the_files(
    staff: Client, order: Order, run_queued_jobs: Callable[[], int]
) -> None:
    first, second, _ = order.lines.all()
    staff.post(reverse("order_line_edit", args=[order.pk, 1]), {"version": 1, "was-trim": "Latitude", "trim": "Sahara"})
    staff.post(reverse("order_line_leave_out", args=[order.pk, 2]), {"version": 1, "reason": "sold"})
    complete(staff, order)
    run_queued_jobs()
    csv = Artifact.objects.get(order=order, kind="csv")
    data = content_of(staff.get(reverse("order_file", args=[csv.public_id])))
    assert (b"SAHARA" in data, first.vin.encode() in data, second.vin.encode() in data) == (True, True, False)


def test_a_number_that_another_order_has_asks_first(staff: Client, order: Order) -> None:
    oak = make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=oak, first=11)
    other = finish_order(order=make_order(dealership=oak), order_number="45001")
    asked = complete(staff, order)
    assert asked.status_code == 409
    assert (
        f"Order number 45001 belongs to Oak Street Motors, order {other.pk}. Nothing has been completed yet."
        in words(asked)
    )
    assert state_of(order) == "review"
    assert complete(staff, order, confirmed="yes")["Location"] == address(order)


@pytest.mark.parametrize("number", ["", "   ", "x" * 101])
def test_a_number_that_is_none_is_refused_at_its_field(staff: Client, order: Order, number: str) -> None:
    response = complete(staff, order, order_number=number)
    assert (response.status_code, state_of(order)) == (422, "review")


def test_a_line_that_cannot_be_printed_stops_the_completion(staff: Client, order: Order) -> None:
    staff.post(reverse("order_line_edit", args=[order.pk, 2]), {"version": 1, "was-stock": "S00002", "stock": ""})
    response = complete(staff, order)
    assert (response.status_code, state_of(order)) == (409, "review")
    assert 'href="#line-2"' in response.content.decode()
    assert "1 line must be mended first." in words(response)


def test_a_vehicle_printed_meanwhile_stops_the_completion_by_name(staff: Client, order: Order) -> None:
    vin = order.lines.get(seq=2).vin
    log_vins(dealership=order.dealership, vins=[vin])
    response = complete(staff, order)
    assert response.status_code == 409
    assert f"Printed or ordered elsewhere since this order was prepared: {vin}." in words(response)


def test_completing_twice_is_completing_once(staff: Client, order: Order, run_queued_jobs: Callable[[], int]) -> None:
    assert [complete(staff, order).status_code for _ in range(2)] == [302, 302]
    run_queued_jobs()
    assert complete(staff, order)["Location"] == address(order)
    assert VinLogEntry.objects.filter(order=order).count() == 3


# ---------- failure ----------
@pytest.fixture
def failed(order: Order, settings: Settings, tmp_path: Path) -> Order:
    settings.ORDERS_DIR = tmp_path / "a file"
    settings.ORDERS_DIR.write_text("in the way")
    with pytest.raises(Exception, match="The files could not be written"):
        finish_order(order=order)
    settings.ORDERS_DIR = tmp_path / "orders"
    return order


def test_a_failed_order_says_why_and_succeeds_on_retry(
    staff: Client, failed: Order, run_queued_jobs: Callable[[], int]
) -> None:
    page = words(staff.get(address(failed)))
    assert "The files could not be written" in page
    assert "Stage: write, code: disk" in page
    assert staff.post(address(failed, "order_retry"))["Location"] == address(failed)
    run_queued_jobs()
    assert (state_of(failed), Order.objects.get(pk=failed.pk).order_number) == ("done", "45001")


def test_a_failed_order_goes_back_to_review_and_keeps_its_number(staff: Client, failed: Order) -> None:
    assert staff.post(address(failed, "order_send_back"))["Location"] == address(failed, "order_review")
    assert staff.get(address(failed, "order_review")).context["form"].initial == {"order_number": "45001"}


def test_an_order_that_was_not_to_be_logged_stays_so_on_retry(
    staff: Client, order: Order, settings: Settings, tmp_path: Path, run_queued_jobs: Callable[[], int]
) -> None:
    settings.ORDERS_DIR = tmp_path / "missing" / "file"
    settings.ORDERS_DIR.parent.write_text("in the way")
    with pytest.raises(Exception, match="could not be written"):
        finish_order(order=order, log_vins=False, reason="a sample")
    settings.ORDERS_DIR = tmp_path / "orders"
    staff.post(address(order, "order_retry"))
    run_queued_jobs()
    assert (state_of(order), VinLogEntry.objects.count()) == ("done", 0)


def test_an_order_whose_ring_was_lost_calls_a_worker_again(
    staff: Client, order: Order, run_queued_jobs: Callable[[], int]
) -> None:
    approve_order(order=order, order_number="45001")
    assert run_queued_jobs() == 0
    staff.post(address(order, "order_retry"))
    assert (run_queued_jobs(), state_of(order)) == (1, "done")


# ---------- files ----------
def test_every_file_is_handed_out_with_its_own_bytes(staff: Client, order: Order) -> None:
    finish_order(order=order)
    for artifact in order.artifacts.all():
        response = staff.get(reverse("order_file", args=[artifact.public_id]))
        name = artifact.name.rpartition("/")[2]
        assert hashlib.sha256(content_of(response)).hexdigest() == artifact.sha256
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert "no-store" in response["Cache-Control"]


def test_the_page_shows_files_csv_rows_codes_billing_and_what_happened(staff: Client, order: Order) -> None:
    finish_order(order=order)
    response = staff.get(address(order))
    text = words(response)
    names = [artifact.name for artifact in order.artifacts.exclude(kind__in=["qr", "zip"])]
    assert [name for name in names if name not in text] == []
    assert "3 of 3 rows, exactly as in the file" in text
    assert "2022 RENEGADE - S00001" in text
    assert response.content.decode().count('alt="QR code of line') == 3
    assert "Reads: https://www.elm-street.example/used/" in text
    assert "Files released: 3 VINs logged" in text


def test_a_long_csv_is_shown_in_part_and_as_a_whole_on_request(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=7)
    order = finish_order(order=make_order(dealership=elm))
    shown = [len(staff.get(address(order) + query).context["csvs"][0].rows) for query in ("", "?rows=all")]
    assert shown == [5, 7]


def test_the_codes_of_a_long_order_stand_on_pages(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=CODES_PER_PAGE + 1)
    order = finish_order(order=make_order(dealership=elm))
    first, last = (staff.get(address(order) + query) for query in ("?rows=all", "?rows=all&page=2"))
    assert f"{CODES_PER_PAGE + 1} of {CODES_PER_PAGE + 1} read back" in words(first)
    assert 'href="?rows=all&amp;page=2#codes-title"' in first.content.decode()
    shown = [[item["line"].seq for item in page.context["codes"]] for page in (first, last)]
    assert [len(shown[0]), shown[1]] == [CODES_PER_PAGE, [CODES_PER_PAGE + 1]]


def test_a_qr_image_is_shown_in_the_page(staff: Client, order: Order) -> None:
    finish_order(order=order)
    code = order.artifacts.filter(kind="qr").first()
    assert code is not None
    response = staff.get(reverse("order_qr", args=[code.public_id]))
    assert content_of(response).startswith(b"\x89PNG")
    assert (response["Content-Type"], response["Content-Disposition"].split(";")[0]) == ("image/png", "inline")
    csv = order.artifacts.get(kind="csv")
    assert staff.get(reverse("order_qr", args=[csv.public_id])).status_code == 404


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"other")], ids=["missing", "altered"])
def test_a_file_that_is_not_the_released_one_is_not_handed_out_until_it_is_issued_again(
    staff: Client, order: Order, settings: Settings, damage: Callable[[Path], object]
) -> None:
    finish_order(order=order)
    csv = order.artifacts.get(kind="csv")
    damage(settings.ORDERS_DIR / csv.path)
    page = reverse("order_file", args=[csv.public_id])
    lost = staff.get(page)
    assert (lost.status_code, "Re-issue order 45001" in words(lost)) == (410, True)
    reissued = staff.post(address(order, "order_reissue"), follow=True)
    assert "Order 45001 issued again. 1 files were written again." in words(reissued)
    assert hashlib.sha256(content_of(staff.get(page))).hexdigest() == csv.sha256


def test_viewers_read_the_page_and_get_no_file(order: Order) -> None:
    finish_order(order=order)
    viewer = sign_in(role="viewer")
    page = viewer.get(address(order))
    assert (page.status_code, "Download" in words(page)) == (200, False)
    files = [viewer.get(reverse("order_file", args=[a.public_id])).status_code for a in order.artifacts.all()]
    codes = [viewer.get(reverse("order_qr", args=[a.public_id])).status_code for a in order.artifacts.filter(kind="qr")]
    assert set(files + codes) == {403}


def test_an_unknown_file_is_not_found(staff: Client) -> None:
    assert staff.get("/orders/files/00000000-0000-4000-8000-000000000000/").status_code == 404
    assert staff.get("/orders/files/../../etc/passwd/").status_code == 404


# ---------- cancel, void ----------
def test_an_open_order_is_cancelled_after_a_question(staff: Client, order: Order) -> None:
    assert "Cancel the CAO order of Elm Street Motors?" in words(staff.get(address(order, "order_cancel")))
    assert state_of(order) == "review"
    response = staff.post(address(order, "order_cancel"), {"reason": "typed twice"}, follow=True)
    assert "The CAO order of Elm Street Motors is cancelled." in words(response)
    assert (state_of(order), order.events.last().detail) == ("cancelled", "typed twice")  # type: ignore[union-attr]


def test_a_done_order_cannot_be_cancelled(staff: Client, order: Order) -> None:
    finish_order(order=order)
    response = staff.post(address(order, "order_cancel"))
    assert (response.status_code, state_of(order)) == (409, "done")
    assert "An order that is done cannot become cancelled." in words(response)


def test_a_manager_voids_a_done_order_with_a_reason(order: Order) -> None:
    finish_order(order=order)
    manager = sign_in(role="manager")
    assert part(manager.get(address(order, "order_void")), "<h1", "</h1>") == "Void order 45001 of Elm Street Motors?"
    without = manager.post(address(order, "order_void"), {"reason": " "})
    assert (without.status_code, state_of(order)) == (422, "done")
    response = manager.post(address(order, "order_void"), {"reason": "printed twice"}, follow=True)
    assert "Order 45001 is void. 3 VINs left the VIN log." in words(response)
    assert (state_of(order), VinLogEntry.objects.in_force().count()) == ("voided", 0)


@pytest.mark.parametrize(
    ("name", "state", "said"),
    [
        ("order_cancel", "done", "An order that is done cannot become cancelled."),
        ("order_void", "review", "An order that is review cannot become voided."),
        ("order_profile", "review", "is review; only a done order can be re-issued."),
    ],
)
def test_nobody_is_asked_about_what_cannot_be_done(order: Order, name: str, state: str, said: str) -> None:
    if state == "done":
        finish_order(order=order)
    page = sign_in(role="manager").get(address(order, name))
    assert (page.status_code, said in words(page), state_of(order)) == (409, True, state)


def test_an_order_is_voided_once(order: Order) -> None:
    finish_order(order=order)
    manager = sign_in(role="manager")
    answers = [manager.post(address(order, "order_void"), {"reason": "twice"}).status_code for _ in range(2)]
    assert answers == [302, 409]


@pytest.mark.parametrize(
    "name",
    ["order_complete", "order_retry", "order_send_back", "order_reissue", "order_cancel", "order_void"],
)
def test_what_changes_an_order_is_closed_to_viewers_and_never_done_by_a_link(order: Order, name: str) -> None:
    finish_order(order=order)
    assert sign_in(role="viewer").post(address(order, name)).status_code == 403
    read = sign_in(role="manager").get(address(order, name)).status_code
    assert read == {"order_void": 200, "order_cancel": 409}.get(name, 405)
    assert state_of(order) == "done"


def test_staff_do_not_void(staff: Client, order: Order) -> None:
    finish_order(order=order)
    assert staff.post(address(order, "order_void"), {"reason": "x"}).status_code == 403
    assert "Void" not in words(staff.get(address(order)))


# ---------- the history ----------
def test_the_history_counts_and_filters(staff: Client, order: Order) -> None:
    oak = make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=oak, first=11)
    done = finish_order(order=make_order(dealership=oak), order_number="45017")
    queries = {
        "": [done.pk, order.pk],
        "?state=open": [order.pk],
        "?state=done": [done.pk],
        f"?dealership={oak.pk}": [done.pk],
        "?q=5017": [done.pk],
        "?q=%00": [done.pk, order.pk],
        "?dealership=x&state=nonsense&page=99": [done.pk, order.pk],
        "?state=failed": [],
    }
    shown = {query: [item.pk for item in staff.get(f"/orders/{query}").context["page"]] for query in queries}
    assert shown == queries
    assert [item["count"] for item in staff.get("/orders/").context["shows"]] == [2, 1, 0, 1, 0]


def test_an_empty_history_says_so_and_offers_the_first_order(staff: Client) -> None:
    assert "No order has been prepared yet. Prepare the first one" in words(staff.get("/orders/"))
    assert "No order fits these filters. Show all orders" in words(staff.get("/orders/?state=done"))


@pytest.mark.parametrize("count", [1, 4])
def test_the_history_takes_the_same_number_of_queries_for_any_number_of_orders(
    count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        elm = make_dealership(name=f"Elm Street {number}")
        make_vehicles(dealership=elm, first=10 * number + 1)
        make_order(dealership=elm)
    staff = sign_in(role="staff")
    with django_assert_num_queries(8):
        staff.get("/orders/")


def test_the_codes_of_a_done_order_are_scanned_once_more(staff: Client, order: Order, settings: Any) -> None:
    finish_order(order=order)
    page = reverse("order_detail", args=[order.pk])
    assert "Scan check: 3 of 3" not in words(staff.get(page))
    assert "Scan check: 3 of 3 read as their addresses." in words(staff.get(f"{page}?scan=1"))
    code = order.artifacts.filter(kind="qr")[1]
    (settings.ORDERS_DIR / code.path).write_bytes(b"no picture")
    lost = words(staff.get(f"{page}?scan=1"))
    assert "Scan check: 2 of 3 read as their addresses." in lost
    assert f"Line 2: {code.name} is missing or altered on disk. Re-issue the order." in lost
    assert "Scan check" not in words(sign_in(role="viewer").get(f"{page}?scan=1"))
