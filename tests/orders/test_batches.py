"""Batches: how their orders are prepared, numbered, produced, tried again and cancelled."""

import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from dealerships.models import Dealership
from foundation.errors import BadInput, ConfirmationNeeded, Refused
from inventory.models import Dataset
from orders.domain.states import OrderState
from orders.models import Artifact, Batch, Order, VinLogEntry
from orders.operations.batch_completing import cancel_batch, complete_batch, retry_batch, wait_for_batch
from orders.operations.batch_planning import choose_dealerships, due_dealerships
from orders.operations.batch_results import batch_document, progress_of
from orders.operations.batching import prepare_again, prepare_batch
from orders.operations.completing import cancel_order, void_order
from orders.operations.output_templates import save_version
from orders.operations.preflight import preflight
from orders.operations.reviewing import edit_line, leave_out_line
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles
from tests.orders.batches import finish, make_lots, orders_of, reasons, start, states
from tests.orders.released import csv_rows, released_bytes

pytestmark = pytest.mark.django_db(transaction=True)
TUESDAY = date(2025, 7, 15)


def test_each_dealership_gets_its_usual_orders_and_those_without_one_keep_the_reason() -> None:
    apart = make_dealership(name="Apart Motors", default_order_kind="cao", separate_orders=True)
    make_vehicles(dealership=apart, count=2, first=500, Type="New")
    listed = make_dealership(name="Listed Motors", default_order_kind="list")
    [quiet] = make_lots(1)
    log_vins(dealership=quiet, vins=_vins(quiet))
    bare = make_dealership(name="Bare Motors", default_order_kind="cao", conditions=None)

    batch = start([listed, apart, bare, quiet])
    assert [(row["dealership"], row["conditions"], row["status"], row["lines"]) for row in _rows(batch)] == [
        ("Apart Motors", "new", "review", 2),
        ("Apart Motors", "used", "refused", 0),
        ("Ash Motors", "all", "refused", 0),
        ("Bare Motors", "all", "refused", 0),
        ("Listed Motors", "all", "needs_entries", 0),
    ]
    assert [code for _, code in reasons(batch)] == [
        "",
        "nothing_to_order",
        "nothing_to_order",
        "cao_not_set_up",
        "needs_entries",
    ]
    assert all(row["reason"] for row in _rows(batch) if row["order_id"] is None)
    assert (batch.state, [order.batch_id for order in Order.objects.all()]) == ("review", [batch.pk])


def _vins(dealership: Dealership) -> list[str]:
    return list(Dataset.objects.active().get(dealership=dealership).vehicles.values_list("vin", flat=True))


def _rows(batch: Batch) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = batch_document(batch=batch)["orders"]
    return rows


def test_the_day_of_the_schedule_and_what_is_due_choose_the_dealerships() -> None:
    tuesday = make_dealership(name="Tuesday Motors", schedule_days=["tue"], default_order_kind="cao")
    ordered = make_dealership(name="Ordered Motors", schedule_days=["tue", "thu"])
    make_dealership(name="Closed Motors", schedule_days=["tue"], active=False)
    make_dealership(name="Thursday Motors", schedule_days=["thu"])
    make_vehicles(dealership=ordered)
    order = make_order(dealership=ordered)

    chosen = choose_dealerships(day="tue", today=TUESDAY)
    assert (chosen.words, chosen.dealerships) == ("Tuesday", (ordered, tuesday))
    assert due_dealerships(today=TUESDAY) == [ordered, tuesday]
    Order.objects.update(created_at=datetime(2025, 7, 15, 0, 5, tzinfo=ZoneInfo("America/Chicago")))
    assert due_dealerships(today=TUESDAY) == [tuesday]
    cancel_order(order=order)
    assert due_dealerships(today=TUESDAY) == [ordered, tuesday]
    with pytest.raises(Refused, match="No dealership is due"):
        choose_dealerships(due=True, today=TUESDAY - timedelta(days=2))


@pytest.mark.parametrize("chosen", [{}, {"day": "tue", "due": True}, {"names": ["Ash Motors"], "due": True}])
def test_a_batch_wants_exactly_one_way_of_choosing(chosen: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="nothing is chosen by itself"):
        choose_dealerships(today=TUESDAY, **chosen)  # type: ignore[arg-type]


def test_a_batch_is_numbered_in_the_order_of_its_dealerships_and_completed() -> None:
    lots = make_lots()
    batch = finish(start(list(reversed(lots))))
    assert [(o.dealership.name, o.order_number, o.state) for o in orders_of(batch)] == [
        (lot.name, number, "done") for lot, number in zip(lots, ("45001", "45002", "45003"), strict=True)
    ]
    assert (batch.state, VinLogEntry.objects.count(), batch.summary.data["totals"]) == (
        "completed",
        6,
        {"left_out": 0, "duplicates": 0, "files": 24, "vin_log_added": 6, "lines": 6},
    )
    assert progress_of(batch=batch).percent == 100
    with pytest.raises(Refused, match="none of its orders is in review"):
        complete_batch(batch=batch, first_number="45010")


@pytest.mark.parametrize("code", ["shortcut", "shortcut_pack", "priced_shortcut_pack", "flyout_data"])
def test_the_same_lines_alone_and_in_a_batch_give_the_same_bytes(code: str) -> None:
    lots = make_lots(3, template_new=code, template_used=code)
    assert _released_alone(lots) == _released_in_a_batch(lots)


def _released_alone(lots: list[Dealership]) -> list[dict[str, bytes]]:
    files = []
    for place, lot in enumerate(lots):
        order = make_order(dealership=lot)
        _edit(order, place)
        files.append(_contents(finish_order(order=order, order_number=str(45001 + place))))
    _forget()
    return files


def _released_in_a_batch(lots: list[Dealership]) -> list[dict[str, bytes]]:
    batch = start(lots)
    for place, order in enumerate(orders_of(batch)):
        _edit(order, place)
    return [_contents(order) for order in orders_of(finish(batch, confirmed=True))]


def _edit(order: Order, place: int) -> None:
    """Of three dealerships one is printed unedited, one with an edited line, one with a line left out."""
    line = order.lines.all()[0]
    if place == 1:
        edit_line(line=line, version=1, changes={"trim": "Hand Picked", "price": "19999"})
    elif place == 2:
        leave_out_line(line=line, version=1, reason="sold")


def _contents(order: Order) -> dict[str, bytes]:
    """All files but the summary, which states the moment, and the ZIP that holds it."""
    kinds = (Artifact.Kind.CSV, Artifact.Kind.QR, Artifact.Kind.BILLING, Artifact.Kind.VEHICLES)
    return {name: data for kind in kinds for name, data in released_bytes(order, kind).items()}


def _forget() -> None:
    for order in Order.objects.filter(state=OrderState.DONE, batch=None):
        void_order(order=order, reason="to order the same again")


def test_an_order_that_fails_stops_no_other_and_is_tried_again_alone(settings: Settings) -> None:
    lots = make_lots()
    batch = complete_batch(batch=start(lots), first_number="45001")
    [first, broken, last] = orders_of(batch)
    assert len({order.completed_at for order in orders_of(batch)} - {None}) == 1
    (Path(settings.ORDERS_DIR) / str(broken.pk)).write_text("a file where the folder is to be")
    batch = wait_for_batch(batch=batch)
    assert (states(batch), batch.state) == (["done", "failed", "done"], "completed_with_errors")
    assert batch.summary.data["orders"][1]["status"] == "failed"
    assert "could not be written" in batch.summary.data["orders"][1]["reason"]

    (Path(settings.ORDERS_DIR) / str(broken.pk)).unlink()
    batch, refusals = retry_batch(batch=batch)
    assert (batch.state, refusals, hasattr(batch, "summary")) == ("processing", [], False)
    broken.refresh_from_db()
    assert (broken.attempts, broken.order_number) == (0, "45002")
    batch = wait_for_batch(batch=batch)
    assert (states(batch), batch.state, VinLogEntry.objects.count()) == (["done"] * 3, "completed", 6)
    assert [order.completed_at for order in orders_of(batch)][::2] == [
        Order.objects.get(pk=order.pk).completed_at for order in (first, last)
    ]
    with pytest.raises(Refused, match="No order of batch"):
        retry_batch(batch=batch)


def test_a_batch_whose_orders_all_fail_has_failed_and_released_nothing(settings: Settings) -> None:
    batch = complete_batch(batch=start(make_lots(2)), first_number="45001")
    for order in orders_of(batch):
        (Path(settings.ORDERS_DIR) / str(order.pk)).write_text("a file where the folder is to be")
    batch = wait_for_batch(batch=batch)
    assert (batch.state, Artifact.objects.count(), VinLogEntry.objects.count()) == ("failed", 0, 0)


def test_a_dealership_whose_output_template_has_no_usable_column_gets_no_order_and_the_others_do() -> None:
    lots = make_lots()
    data = {"code": "odd", "name": "Odd", "abbreviation": "ODD", "columns": [{"header": "A", "formula": "{vin}"}]}
    save_version(data=data)
    Dealership.objects.filter(pk=lots[1].pk).update(template_new="odd", template_used="odd")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_outputtemplateversion DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE orders_outputtemplateversion SET columns = '[]' WHERE output_template_id ="
            " (SELECT id FROM dealerships_outputtemplate WHERE code = 'odd')"
        )
        cursor.execute("ALTER TABLE orders_outputtemplateversion ENABLE TRIGGER USER")
    batch = finish(start(lots))
    assert (batch.state, states(batch)) == ("completed_with_errors", ["done", "done"])
    assert [row["status"] for row in _rows(batch)] == ["done", "refused", "done"]
    assert "no columns" in str(_rows(batch)[1]["reason"])


def test_a_dealership_with_an_open_order_is_refused_with_the_order_in_its_way() -> None:
    lots = make_lots(2)
    first = start(lots[:1])
    second = start(lots)
    entry = second.entries.get(dealership=lots[0])
    assert (entry.code, entry.in_the_way, entry.order) == ("open_order", orders_of(first)[0], None)
    assert states(second) == ["review"]
    cancel_batch(batch=first)
    assert prepare_again(entry=entry).order is not None
    assert states(second) == ["review", "review"]
    with pytest.raises(Refused, match="has its order"):
        prepare_again(entry=entry)


def test_stale_inventory_waits_for_a_yes_of_the_entry_or_of_the_whole_batch() -> None:
    old = timezone.now() - timedelta(hours=40)
    [lot] = [make_dealership(name="Ash Motors", default_order_kind="cao")]
    make_vehicles(dealership=lot, collected_at=old)
    batch = start([lot])
    entry = batch.entries.get()
    assert (entry.code, batch.state) == ("confirmation_needed", "failed")
    assert prepare_again(entry=entry, confirmed=True).order is not None
    batch.refresh_from_db()
    assert batch.state == "review"
    cancel_batch(batch=batch)
    assert states(start([lot], confirmed=True)) == ["review"]


def test_the_same_key_gives_the_same_batch() -> None:
    lots = make_lots(1)
    key = uuid.uuid4()
    assert len({start(lots, idempotency_key=key).pk for _ in range(3)}) == 1
    assert (Batch.objects.count(), Order.objects.count()) == (1, 1)


def test_a_preparation_that_was_cut_off_goes_on_where_it_stopped() -> None:
    lots = make_lots()
    batch = start(lots, in_background=True)
    assert (batch.state, progress_of(batch=batch).by_state) == ("building", {"waiting": 3})
    first = batch.entries.all()[0]
    order = make_order(dealership=lots[0], idempotency_key=first.order_key, batch=batch)
    batch = prepare_batch(batch_id=batch.pk)
    assert (batch.state, orders_of(batch)[0], states(batch)) == ("review", order, ["review"] * 3)


def test_cancelling_keeps_what_is_done_and_frees_the_rest() -> None:
    lots = make_lots()
    batch = start(lots)
    finish(batch, numbers={orders_of(batch)[0].pk: "45001"})
    batch = cancel_batch(batch=batch, reason="wrong day")
    assert (states(batch), batch.state) == (["done", "cancelled", "cancelled"], "completed")
    assert VinLogEntry.objects.values_list("order__order_number").distinct().get() == ("45001",)
    assert states(start(lots[1:])) == ["review", "review"]
    with pytest.raises(Refused, match="Nothing of batch"):
        cancel_batch(batch=batch)


def test_a_batch_cancelled_while_it_is_built_prepares_no_more() -> None:
    batch = start(make_lots(2), in_background=True)
    assert cancel_batch(batch=batch).state == "cancelled"
    assert (prepare_batch(batch_id=batch.pk).state, Order.objects.count()) == ("cancelled", 0)


def test_changes_of_settings_and_inventory_behind_the_preparation_change_nothing() -> None:
    lots = make_lots(1)
    batch = start(lots)
    Dealership.objects.update(price_markup=2000, template_used="shortcut", file_name="Renamed")
    make_vehicles(dealership=lots[0], count=5, first=700)
    batch = finish(batch)
    [sheet] = released_bytes(orders_of(batch)[0], "csv").values()
    assert (len(csv_rows(sheet)), len(csv_rows(sheet)[0]), VinLogEntry.objects.count()) == (3, 10, 2)


def test_every_problem_of_every_order_is_told_at_once_and_nothing_is_written() -> None:
    lots = make_lots(3, approved_hosts=["elm-street.example"])
    batch = start(lots)
    first, second, third = orders_of(batch)
    edit_line(line=first.lines.all()[0], version=1, changes={"stock": ""})
    for line in second.lines.all():
        leave_out_line(line=line, version=1, reason="sold")
    edit_line(line=third.lines.all()[0], version=1, changes={"url": "https://other.example/x"})
    log_vins(dealership=lots[2], vins=[third.lines.all()[1].vin])
    events = first.events.count()

    found = {(problem.dealership, problem.code, str(problem.weight)) for problem in preflight(batch=batch)}
    assert found == {
        ("", "no_worker", "tells"),
        ("Ash Motors", "empty_required_field", "stops"),
        ("Birch Motors", "no_lines", "stops"),
        ("Cedar Motors", "printed_meanwhile", "stops"),
        ("Cedar Motors", "unapproved_hosts", "asks"),
    }
    with pytest.raises(Refused) as refusal:
        complete_batch(batch=batch, first_number="45001")
    assert refusal.value.code == "preflight_failed"
    assert {problem["dealership"] for problem in refusal.value.detail["problems"]} == {lot.name for lot in lots}
    assert (states(batch), first.events.count()) == (["review"] * 3, events)


def test_an_order_that_cannot_be_printed_is_skipped_only_after_a_yes() -> None:
    batch = start(make_lots())
    edit_line(line=orders_of(batch)[1].lines.all()[0], version=1, changes={"stock": ""})
    with pytest.raises(ConfirmationNeeded) as question:
        complete_batch(batch=batch, first_number="45001")
    assert question.value.detail["questions"][-1] == "1 of 3 orders cannot be completed and would stay in review."
    assert states(batch) == ["review"] * 3
    batch = finish(batch, confirmed=True)
    assert [(order.order_number, order.state) for order in orders_of(batch)] == [
        ("45001", "done"),
        ("", "review"),
        ("45002", "done"),
    ]
    assert batch.state == "review"


def test_numbers_that_are_taken_ask_and_numbers_given_twice_are_refused() -> None:
    lots = make_lots()
    finish_order(order=make_order(dealership=lots[2]), order_number="45002")
    batch = start(lots[:2])
    with pytest.raises(ConfirmationNeeded, match="Order number 45002 belongs to Cedar Motors"):
        complete_batch(batch=batch, first_number="45001")
    first, second = orders_of(batch)
    with pytest.raises(BadInput, match="45009 is given twice"):
        complete_batch(batch=batch, numbers={first.pk: "45009", second.pk: " 45009 "})
    with pytest.raises(BadInput, match="does not end in digits"):
        complete_batch(batch=batch, first_number="July")
    with pytest.raises(BadInput, match="No order has a number"):
        complete_batch(batch=batch, numbers={first.pk: " "})
    assert states(batch) == ["review"] * 2
    complete_batch(batch=batch, numbers={first.pk: "45009", second.pk: ""})
    assert states(batch) == ["queued", "review"]


def test_no_batch_starts_without_room_for_its_files(settings: Settings, tmp_path: Path) -> None:
    lots = make_lots(1)
    (tmp_path / "file").write_text("no folder")
    settings.ORDERS_DIR = tmp_path / "file"
    with pytest.raises(Refused, match="cannot be written"):
        start(lots)
    assert Batch.objects.count() == 0


def test_what_a_batch_needs_does_not_grow_with_its_orders(django_assert_max_num_queries: object) -> None:
    batch = start(make_lots(4))
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert len(batch_document(batch=batch, with_files=True)["orders"]) == 4
