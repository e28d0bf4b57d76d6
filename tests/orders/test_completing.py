import csv
import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models.signals import post_save
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from dealerships.operations import find_dealership, load_dealerships
from foundation.errors import BadInput, Refused
from orders.domain.states import OrderState
from orders.domain.workbook_reading import read_workbook
from orders.models import Artifact, OpenVin, Order, VinLogEntry
from orders.operations.completing import (
    approve_order,
    complete_order,
    reissue_order,
    void_order,
)
from orders.operations.reviewing import edit_line, leave_out_line
from orders.operations.vin_logs import import_vin_log
from tests.factories import (
    BASE,
    finish_order,
    import_rows,
    log_vins,
    make_dealership,
    make_order,
    make_row,
    make_vehicles,
)
from tests.orders.released import (
    PACK_HEADER,
    counts_by_kind,
    csv_rows,
    decoded,
    pack_row,
    qr_content,
    released_bytes,
    zip_members,
)

pytestmark = pytest.mark.django_db
SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared")
REAL_CASE = SHARED / "data" / "backtest" / "South_County_Dodge_Chrysler_Jeep_RAM__45414"


def assert_nothing_released(order: Order) -> None:
    assert (Artifact.objects.count(), VinLogEntry.objects.filter(order=order).count()) == (0, 0)
    assert [path for path in Path(settings.ORDERS_DIR).rglob("*") if path.is_file()] == []


def assert_order_prints(dealership: Dealership, rows: Sequence[dict[str, str]], number: str) -> None:
    """A CAO of exactly these rows, completed: every cell, every code and the log, computed here once more."""
    vins = [row["Vin"] for row in rows]
    order = finish_order(order=make_order(dealership=dealership), order_number=number)

    [sheet] = released_bytes(order, "csv").values()
    assert csv_rows(sheet) == [PACK_HEADER, *(pack_row(row, BASE) for row in rows)]
    assert sheet.count(b"\r\n") == sheet.count(b"\n") == len(rows) + 1

    images = released_bytes(order, "qr")
    assert {name: decoded(data) for name, data in images.items()} == {
        f"qr_codes/{row['Vin']}.png": ((388, 388), [qr_content(row)]) for row in rows
    }
    entries = VinLogEntry.objects.filter(order=order)
    assert list(entries.values_list("vin", "label", "source")) == [(vin, number, "order") for vin in vins]
    with pytest.raises(Refused) as nothing:
        make_order(dealership=dealership)
    assert nothing.value.code == "nothing_to_order"
    assert void_order(order=order, reason="printed on wrong paper")[1] == len(rows)
    assert [line.vin for line in make_order(dealership=dealership).lines.all()] == vins


@pytest.mark.skipif(not REAL_CASE.is_dir(), reason="needs the real orders in ../shared/data beside the project")
def test_a_real_order_of_59_lines_is_right_in_every_cell_code_and_log_entry() -> None:
    load_dealerships()
    dealership = find_dealership(name="South County DCJR")
    with (REAL_CASE / "inventory.csv").open(encoding="utf-8-sig", newline="") as sheet:
        rows = list(csv.DictReader(sheet))
    expected = set(json.loads((REAL_CASE / "expected.json").read_text())["expected_vins"])
    import_rows(rows=rows)
    import_vin_log(dealership=dealership, data=(REAL_CASE / "vinlog_before.csv").read_bytes(), file_name="log.csv")
    assert len(expected) == 59
    assert_order_prints(dealership, [row for row in rows if row["Vin"] in expected], "45414")


def test_a_generated_order_of_59_lines_is_right_in_every_cell_code_and_log_entry() -> None:
    dealership = make_dealership()
    odd: list[dict[str, str]] = [
        {"Type": "New", "Model": "Town &amp; Country", "Vechile URL": ""},
        {
            "Type": "Certified Pre-Owned",
            "Trim": 'Big Horn, 5\'7 "Box"',
            "Vechile URL": "https://elm.example/a?id=1#top",
        },
        {"Type": "Demo", "Make": "Citro\u00ebn", "Model": "C4  Cactus", "Trim": ""},
        {"Status": "", "Trim": "Laredo\u00ae \u2013 X", "Vechile URL": "https://elm.example/a/"},
    ]
    rows = [
        make_row(number=number, location=dealership.name, **odd[number % 5 - 1] if number % 5 else {})
        for number in range(1, 60)
    ]
    others = [
        make_row(number=101, location=dealership.name, Status="In Transit"),
        make_row(number=102, location=dealership.name, Stock="AUTO"),
        make_row(number=103, location=dealership.name),
    ]
    import_rows(rows=[others[0], *rows[:30], *others[1:], *rows[30:]])
    log_vins(dealership=dealership, vins=[others[2]["Vin"]])
    assert_order_prints(dealership, rows, "45001")


def test_two_orders_of_the_same_lines_at_two_times_give_the_same_bytes_but_for_the_summary() -> None:
    dealership = make_dealership(template_new="shortcut", template_used="shortcut_pack")
    rows = [
        make_row(number=number, location=dealership.name, Type=text, **{"Date In Stock": "01/02/2025"})
        for number, text in enumerate(["New", "Used", "Certified", "New"], start=1)
    ]
    import_rows(rows=rows)
    orders = []
    for number, day in (("45001", 5), ("45002", 26)):
        order = approve_order(order=make_order(dealership=dealership), order_number=number)
        moment = datetime(2025, 3, day, 23, 30, tzinfo=ZoneInfo("America/Chicago"))
        Order.objects.filter(pk=order.pk).update(completed_at=moment)
        orders.append(complete_order(order=order))
        void_order(order=orders[-1], reason="to order the same again")

    def contents(order: Order) -> dict[str, list[bytes]]:
        files = {kind: list(released_bytes(order, kind).values()) for kind in Artifact.Kind.values}
        members = zip_members(files.pop("zip")[0])
        summary = files.pop("summary")[0]
        assert members.pop("order_summary.json") == summary
        return {**files, "members": list(members.values())}

    first, second = orders
    assert contents(first) == contents(second)
    assert {kind: len(files) for kind, files in contents(first).items()} == {
        "csv": 2,
        "qr": 4,
        "billing": 2,
        "vehicles": 1,
        "members": 10,
    }
    summaries = [json.loads(released_bytes(order)["order_summary.json"]) for order in orders]
    assert summaries[0]["completed_at"] == "2025-03-05T23:30:00-06:00"
    for summary in summaries:
        del summary["order_number"], summary["completed_at"]
        for file in summary["files"]:
            del file["name"]
    assert summaries[0] == summaries[1]


def test_a_done_order_has_every_file_on_disk_as_recorded_and_frees_its_vins() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    user = User.objects.create_user("ann")
    approved = approve_order(order=make_order(dealership=dealership), order_number=" 45001 ", actor=user)
    order = complete_order(order=approved, actor=user)
    artifacts = list(order.artifacts.all())
    assert counts_by_kind(artifacts) == {"csv": 1, "qr": 3, "billing": 2, "vehicles": 1, "summary": 1, "zip": 1}
    assert [(hashlib.sha256(data).hexdigest(), len(data)) for data in released_bytes(order).values()] == [
        (artifact.sha256, artifact.size) for artifact in artifacts
    ]
    assert (order.state, order.order_number, order.token, OpenVin.objects.count()) == ("done", "45001", None, 0)
    assert [(event.action, event.actor) for event in order.events.all()][2:] == [
        ("approve", user),
        ("queue", user),
        ("start", None),
        ("complete", user),
    ]
    [folder] = Path(settings.ORDERS_DIR, str(order.pk)).iterdir()
    assert (folder.stat().st_mode & 0o777, list(Path(settings.ORDERS_DIR, ".tmp").iterdir())) == (0o700, [])


def test_the_files_show_the_edit_and_not_the_left_out_vehicle() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    lines = list(order.lines.all())
    edit_line(line=lines[0], version=1, changes={"model": "Compass", "stock": "EDITED", "url": "https://elm.example/e"})
    leave_out_line(line=lines[1], version=1, reason="sold")
    order = finish_order(order=order)
    [sheet] = released_bytes(order, "csv").values()
    assert [row[3] for row in csv_rows(sheet)[1:]] == ["2022 COMPASS - EDITED", "2022 RENEGADE - S00003"]
    images = released_bytes(order, "qr")
    assert list(images) == [f"qr_codes/{vins[0]}.png", f"qr_codes/{vins[2]}.png"]
    assert decoded(images[f"qr_codes/{vins[0]}.png"])[1] == [
        qr_content({"Vin": "", "Vechile URL": "https://elm.example/e"})
    ]
    assert list(order.vin_log_entries.values_list("vin", flat=True)) == [vins[0], vins[2]]
    files = released_bytes(order)
    [workbook] = [files.pop(name) for name in list(files) if name.endswith(".xlsx")]
    assert read_workbook(workbook)[1][1:] == [[vins[1], "2022 Jeep Renegade", "S00002", "sold"]]
    assert [vins[1].encode() in data for data in files.values()] == [False] * 7


def test_two_output_templates_give_a_file_each_in_row_order() -> None:
    dealership = make_dealership(template_new="shortcut", template_used="shortcut_pack")
    types = ["Used", "New", "Certified", "New"]
    rows = [make_row(number=number, location=dealership.name, Type=text) for number, text in enumerate(types, start=1)]
    import_rows(rows=rows)
    order = finish_order(order=make_order(dealership=dealership))
    completed = timezone.localtime(order.completed_at)
    day = f"{completed:%-m}.{completed:%-d}"
    sheets = {name.replace(day, "M.D"): csv_rows(data) for name, data in released_bytes(order, "csv").items()}
    assert {name: [row[-3 if len(row) == 10 else 1] for row in rows_of] for name, rows_of in sheets.items()} == {
        "ELMSTREETMOTORS_SC_NEW_M.D - CSV.csv": ["QRSTOCK", f"NEW - {rows[1]['Vin']}", f"NEW - {rows[3]['Vin']}"],
        "ELMSTREETMOTORS_SCP_USED_M.D - CSV.csv": ["QRSTOCK", f"USED - {rows[0]['Vin']}", f"USED - {rows[2]['Vin']}"],
    }
    entries = order.vin_log_entries.order_by("id")
    assert list(entries.values_list("output_template", flat=True)) == [
        "shortcut_pack",
        "shortcut",
        "shortcut_pack",
        "shortcut",
    ]


def test_a_vehicle_logged_between_approval_and_release_fails_the_order_and_leaves_nothing() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    log_vins(dealership=dealership, vins=vins[:1])
    with pytest.raises(Refused, match=vins[0]):
        complete_order(order=order)
    order.refresh_from_db()
    assert (order.state, order.token, vins[0] in order.error_text) == ("failed", None, True)
    assert order.error_stage == "release"
    assert_nothing_released(order)


def test_list_lines_are_not_checked_against_the_log_and_count_as_duplicates() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:1])
    log_vins(dealership=dealership, vins=vins[1:2], label="BASELINE")
    order = finish_order(order=make_order(dealership=dealership, kind=OrderKind.LIST, entries=vins))
    summary = json.loads(released_bytes(order)["order_summary.json"])
    assert (summary["duplicates"], summary["counts"]["duplicates"], order.vin_log_entries.count()) == ([vins[0]], 1, 3)


def test_an_unwritable_folder_fails_the_order_with_the_reason_and_a_retry_works() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    orders_dir = Path(settings.ORDERS_DIR)
    (orders_dir / ".tmp").write_text("a file in the way")
    order = make_order(dealership=dealership)
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    order.refresh_from_db()
    assert raised.value.code == "disk"
    assert (order.state, order.error_text) == ("failed", raised.value.message)
    assert order.error_text.startswith("The files could not be written: ")
    assert (order.error_stage, order.error_code) == ("write", "disk")
    assert (Artifact.objects.count(), VinLogEntry.objects.count(), OpenVin.objects.count()) == (0, 0, 3)
    (orders_dir / ".tmp").unlink()
    order = finish_order(order=order)
    assert (order.state, order.error_text, order.error_stage, order.vin_log_entries.count()) == ("done", "", "", 3)


@pytest.mark.django_db(transaction=True)
def test_an_error_after_the_commit_takes_no_released_file_away() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)

    def lose_connection(instance: Order, **_: Any) -> None:
        def fail() -> None:
            raise OperationalError("server closed the connection unexpectedly")

        if instance.state == OrderState.DONE:
            transaction.on_commit(fail)

    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    post_save.connect(lose_connection, sender=Order)
    try:
        with pytest.raises(OperationalError):
            complete_order(order=order)
    finally:
        post_save.disconnect(lose_connection, sender=Order)
    order.refresh_from_db()
    assert (order.state, order.error_text) == ("done", "")
    assert [hashlib.sha256(data).hexdigest() for data in released_bytes(order).values()] == list(
        order.artifacts.values_list("sha256", flat=True)
    )


def test_the_moment_of_completion_is_this_second() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    before = timezone.now().replace(microsecond=0)
    order = finish_order(order=make_order(dealership=dealership))
    assert order.completed_at is not None
    assert before <= order.completed_at <= timezone.now()


def test_an_order_is_completed_once() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    with pytest.raises(Refused) as raised:
        finish_order(order=order)
    assert (raised.value.code, raised.value.detail) == ("not_claimable", {"status": "done"})
    assert VinLogEntry.objects.count() == 3


def test_voiding_needs_a_reason_keeps_the_files_and_voids_the_entries_once() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    user = User.objects.create_user("ann")
    order = finish_order(order=make_order(dealership=dealership))
    files = released_bytes(order)
    with pytest.raises(BadInput):
        void_order(order=order, reason=" ")
    voided, entries = void_order(order=order, reason=" wrong  paper ", actor=user)
    assert (voided.state, entries, released_bytes(order)) == ("voided", 3, files)
    assert set(VinLogEntry.objects.values_list("voided_by", "void_reason")) == {(user.pk, "wrong paper")}
    with pytest.raises(Refused):
        void_order(order=order, reason="again")


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.DONE}))
def test_only_a_done_order_can_be_voided(state: str) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    Order.objects.filter(pk=order.pk).update(state=state)
    with pytest.raises(Refused) as raised:
        void_order(order=order, reason="wrong paper")
    assert raised.value.code == "illegal_transition"


def test_an_order_from_before_the_workbook_is_completed_and_issued_again_without_it() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    del order.output_settings["has_workbook"]
    order.save()
    order = finish_order(order=order)
    assert [name.rpartition(".")[2] for name in released_bytes(order, "billing")] == ["csv"]
    assert reissue_order(order=order) == []


def test_a_reissue_mends_lost_and_altered_files_byte_for_byte_and_logs_nothing() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    files = released_bytes(order)
    paths = {artifact.name: Path(settings.ORDERS_DIR) / artifact.path for artifact in order.artifacts.all()}
    lost, altered = list(paths)[1], list(paths)[4]
    paths[lost].unlink()
    paths[altered].write_bytes(b"something else")
    assert reissue_order(order=order) == [lost, altered]
    assert (released_bytes(order), VinLogEntry.objects.count()) == (files, 3)
    assert reissue_order(order=order) == []
