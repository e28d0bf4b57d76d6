"""A day of work leaves no VIN and no stock number in the log."""

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client

from dealerships.models import Dealership
from inventory.models import Dataset, FirstSeen
from orders.models import Artifact, Order, OrderLine
from orders.operations.verifying import verify_nightly
from silverfox.json_log import JsonFormatter
from tests.factories import ensure_mappings, make_csv, make_dealership, make_row
from tests.orders.batches import make_lots, orders_of, start
from tests.pages import sign_in

pytestmark = pytest.mark.django_db
Work = Callable[[], int]
ROWS = [make_row(number=number, location="Elm Street Motors") for number in range(1, 31)]
SPOILT = [make_row(number=40, location="Elm Street Motors", Year="1885"), make_row(number=41, location="Nobody")]
VINS = [row["Vin"] for row in [*ROWS, *SPOILT]]
STOCKS = [row["Stock"] for row in [*ROWS, *SPOILT]]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line that is written to any of the logs."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger(name) for name in ("", *settings.LOGGING["loggers"])]
    apart = [logger for logger in loggers if not logger.name or not logger.propagate or logger.name == "root"]
    for logger in apart:
        logger.addHandler(handler)
    yield stream
    for logger in apart:
        logger.removeHandler(handler)


@pytest.fixture
def elm() -> Dealership:
    ensure_mappings()
    return make_dealership()


def messages(log: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in log.getvalue().splitlines()]


def named(log: io.StringIO) -> list[str]:
    """The vehicles that the log names, in the spelling of anybody."""
    text = log.getvalue().upper()
    return [name for name in [*VINS, *STOCKS] if name.upper() in text]


def prepare(staff: Client, dealership: Dealership, kind: str, entries: str = "") -> Order | None:
    """Ask for an order by its page; gives it, or None when the page had something to say."""
    asked = {"dealership": dealership.pk, "kind": kind, "entries": entries, "conditions": "all"}
    staff.post("/orders/new/", {**asked, "confirmed": "yes", "idempotency_key": str(uuid.uuid4())})
    return Order.objects.order_by("-pk").first()


def upload(staff: Client, content: bytes, work: Work, **fields: str) -> None:
    assert staff.post("/imports/upload/", {"file": SimpleUploadedFile("lots.csv", content), **fields}).status_code < 400
    work()


def test_a_day_of_imports_orders_batches_and_searches_names_no_vehicle(
    elm: Dealership, log: io.StringIO, run_queued_jobs: Work
) -> None:
    staff, manager = sign_in(role="staff"), sign_in(role="manager")
    upload(staff, make_csv(rows=[*ROWS, *SPOILT]), run_queued_jobs, check="only")
    upload(staff, make_csv(rows=[*ROWS, *SPOILT]), run_queued_jobs)
    assert Dataset.objects.active().get().rows_accepted == 30
    log_file = SimpleUploadedFile("log.csv", f"ORDER,VIN\r\n40001,{VINS[0]}\r\n".encode())
    staff.post("/vin-log/import/", {"dealership": elm.pk, "file": log_file})

    prepare(staff, elm, "list", f"{VINS[1]}\n{STOCKS[2]}\n{VINS[5][:16]}\nS99999")
    order = prepare(staff, elm, "cao")
    assert order is not None
    assert Order.objects.count() == 2
    staff.post(f"/orders/{order.pk}/lines/1/edit/", {"version": 1, "trim": f"Trim of {VINS[3]}"})
    places = ("/?q=", "/vin-log/?q=", "/orders/?q=", "/search/?q=", "/vehicles/", "/nowhere/?q=")
    for address in (*places, f"/dealerships/{elm.pk}/?vehicle="):
        staff.get(f"{address}{VINS[0]}")
        staff.get(f"{address}{VINS[0]}/")
    approval = {"order_number": "45001", "confirmed": "yes"}
    staff.post(f"/orders/{order.pk}/complete/", approval)
    run_queued_jobs()
    order.refresh_from_db()
    assert order.state == "done"
    for artifact in Artifact.objects.filter(order=order)[:20]:
        assert b"".join(staff.get(f"/orders/files/{artifact.public_id}/"))
    manager.post(f"/orders/{order.pk}/void/", {"reason": f"{VINS[4]} was sold"})

    batch = start(make_lots(1))
    staff.post(f"/batches/{batch.pk}/complete/", {f"number-{orders_of(batch)[0].pk}": "45002", "confirmed": "yes"})
    run_queued_jobs()
    assert set(messages(log)) == {"request", "job done", "Not Found: /nowhere/"}
    assert named(log) == []


def test_work_that_fails_names_no_vehicle(elm: Dealership, log: io.StringIO, run_queued_jobs: Work) -> None:
    staff = sign_in(role="staff")
    upload(staff, make_csv(rows=ROWS), run_queued_jobs)
    order = prepare(staff, elm, "cao")
    assert order is not None
    staff.post(f"/orders/{order.pk}/complete/", {"order_number": "45001", "confirmed": "yes"})
    stock = OrderLine.objects.get(order=order, seq=3).stock
    OrderLine.objects.filter(order=order, seq=3).update(stock="")
    run_queued_jobs()
    order.refresh_from_db()
    assert (order.state, OrderLine.objects.get(order=order, seq=3).vin in order.error_text) == ("failed", True)

    OrderLine.objects.filter(order=order, seq=3).update(stock=stock)
    staff.post(f"/orders/{order.pk}/retry/", {"order_number": "45001", "confirmed": "yes"})
    run_queued_jobs()
    image = Artifact.objects.filter(order=order, kind="qr")[0]
    Path(settings.ORDERS_DIR, image.path).unlink()
    verify_nightly()
    refuse_a_row(elm)
    assert {"order failed", "order not completed", "released files are not what was released", "refused"} <= set(
        messages(log)
    )
    assert "[VIN].png" in log.getvalue()
    assert named(log) == []


def refuse_a_row(dealership: Dealership) -> None:
    """Have the database refuse a row for its VIN, and log that as anything that was not foreseen."""
    seen = FirstSeen.objects.filter(dealership=dealership)[0]
    try:
        with transaction.atomic():
            FirstSeen.objects.create(dealership=dealership, vin=seen.vin, first_seen_date=seen.first_seen_date)
    except DatabaseError:
        logging.getLogger("orders").exception("refused")


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("VIN 1C4RJFAG1NC000001: no stock", "VIN [VIN]: no stock"),
        ("3-cars/QR/1c4rjfag1nc000001.png", "3-cars/QR/[VIN].png"),
        ("one\n1C4RJFAG1NC000001", "one\n[VIN]"),
        ("é1C4RJFAG1NC000001_2", "é[VIN]_2"),
        ("internationalities", "internationalities"),
        ("12345678901234567", "12345678901234567"),
        ("a1C4RJFAG1NC000001", "a1C4RJFAG1NC000001"),
    ],
)
def test_a_vin_is_known_by_its_form_wherever_it_stands(text: str, logged: str) -> None:
    record = logging.LogRecord("orders.x", logging.INFO, "x", 1, text, (), None)
    record.__dict__.update(paths=[text, {"path": text}], order_id=7, rate=0.5, nothing=None)
    entry = json.loads(JsonFormatter().format(record))
    assert (entry["message"], entry["paths"]) == (logged, [logged, {"path": logged}])
    assert (entry["order_id"], entry["rate"], entry["nothing"]) == (7, 0.5, None)
