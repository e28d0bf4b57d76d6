"""What log records say of the work that they were written in."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from inventory.models import InventoryImport
from inventory.operations.queueing import queue_import
from orders.models import Order
from silverfox.json_log import JsonFormatter
from tests.orders.batches import make_lots, orders_of, start
from tests.pages import sign_in

pytestmark = pytest.mark.django_db
Records = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def records() -> Iterator[Records]:
    """The records written so far, as they stand in the log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def facts_of(written: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {(entry["request_id"], entry["job"], entry["order_id"], entry["batch_id"]) for entry in written}


def complete_by_page(work: Callable[[], int], records: Records) -> tuple[Order, list[dict[str, Any]]]:
    """Complete a batch of one order by its page and a worker; gives the order and the records of the worker."""
    batch = start(make_lots(1))
    [order] = orders_of(batch)
    typed = {f"number-{order.pk}": "45001", "confirmed": "yes"}
    headers = {"X-Request-ID": "asked-1234"}
    sign_in(role="staff").post(f"/batches/{batch.pk}/complete/", typed, headers=headers)
    before = len(records())
    work()
    order.refresh_from_db()
    return order, records()[before:]


def test_each_record_of_a_completion_names_its_request_job_order_and_batch(
    run_queued_jobs: Callable[[], int], records: Records
) -> None:
    order, written = complete_by_page(run_queued_jobs, records)
    assert [(entry["message"], order.state) for entry in written] == [("job done", "done")]
    assert facts_of(written) == {("asked-1234", f"complete_order {order.pk}", order.pk, order.batch_id)}


def test_each_record_of_a_failed_completion_names_them_too(
    run_queued_jobs: Callable[[], int], records: Records
) -> None:
    Path(settings.ORDERS_DIR, ".tmp").write_text("a file in the way")
    order, written = complete_by_page(run_queued_jobs, records)
    assert [entry["message"] for entry in written] == ["order failed", "order not completed", "job done"]
    assert facts_of(written) == {("asked-1234", f"complete_order {order.pk}", order.pk, order.batch_id)}
    assert order.state == "failed"


def test_a_record_of_an_import_names_it(run_queued_jobs: Callable[[], int], records: Records) -> None:
    boss = User.objects.create_superuser("boss")
    item = queue_import(stream=io.BytesIO(b"no,such,file\n"), file_name="lots.csv", actor=boss)
    run_queued_jobs()
    assert [(entry["message"], entry["import_id"]) for entry in records()] == [
        ("import not done", item.pk),
        ("job done", item.pk),
    ]
    assert InventoryImport.objects.get().status == "failed"
