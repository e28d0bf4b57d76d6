import json
from pathlib import Path

import pytest
from django.conf import settings

from orders.models import Batch, Order, VinLogEntry
from tests.command_line import run_command
from tests.factories import log_vins, make_dealership, make_vehicles
from tests.orders.batches import make_lots
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_batch_is_prepared_completed_and_told_by_its_commands() -> None:
    make_lots(2, schedule_days=["tue"])
    make_dealership(name="Quiet Motors", schedule_days=["tue"], default_order_kind="cao")
    prepared = run_command("run_batch", "--day", "tue", "--json")
    first, second = Order.objects.order_by("pk")
    batch = Batch.objects.get()
    assert (prepared.exit_code, prepared.err) == (0, "")
    assert (prepared.document["batch_id"], prepared.document["status"]) == (batch.pk, "review")
    assert [
        {key: row[key] for key in ("dealership", "order_id", "status", "lines")} for row in prepared.document["orders"]
    ] == [
        {"dealership": "Ash Motors", "order_id": first.pk, "status": "review", "lines": 2},
        {"dealership": "Birch Motors", "order_id": second.pk, "status": "review", "lines": 2},
        {"dealership": "Quiet Motors", "order_id": None, "status": "refused", "lines": 0},
    ]
    assert "has no active inventory" in prepared.document["orders"][2]["reason"]

    done = run_command("complete_batch", batch.pk, "--first-number", "45182", "--wait", "--json")
    rows = done.document["orders"]
    assert (done.exit_code, done.document["status"]) == (1, "completed_with_errors")
    assert [(row["order_number"], row["status"], row["vin_log_added"], len(row["files"])) for row in rows] == [
        ("45182", "done", 2, 8),
        ("45183", "done", 2, 8),
        ("", "refused", 0, 0),
    ]
    assert set(rows[0]["files"][0]) == {"kind", "name", "sha256", "bytes"}
    assert run_command("batch_status", batch.pk, "--json").document == done.document
    assert run_command("finalize_batch", batch.pk, "--json").document == done.document
    assert VinLogEntry.objects.count() == 4
    told = run_command("batch_status", batch.pk).out.splitlines()
    assert told[:2] == [
        f"Batch {batch.pk} is completed with errors.",
        "  Ash Motors: order 45182, 2 lines, done",
    ]


def test_nobody_named_is_an_error_and_nothing_to_order_a_refusal() -> None:
    [lot] = make_lots(1)
    answer = run_command("run_batch", "--json")
    assert (answer.exit_code, answer.error_code, Batch.objects.count()) == (2, "no_choice", 0)
    assert (run_command("run_batch", "Nobody", "--json").error_code) == "unknown_dealership"
    assert run_command("run_batch", "--day", "sun", "--json").exit_code == 2
    log_vins(dealership=lot, vins=make_vehicles(dealership=lot))
    quiet = run_command("run_batch", lot.name, "--json")
    assert (quiet.exit_code, quiet.document["status"]) == (1, "completed")
    assert (run_command("batch_status", 999, "--json").error_code) == "unknown_batch"


def test_without_wait_the_orders_are_queued_and_failed_ones_are_retried_by_command() -> None:
    make_lots(1)
    batch_id = run_command("run_batch", "Ash Motors", "--json").document["batch_id"]
    queued = run_command("complete_batch", batch_id, "--first-number", "45182", "--json")
    assert (queued.exit_code, queued.document["orders"][0]["status"]) == (0, "queued")
    none = run_command("retry_batch", batch_id, "--json")
    assert (none.exit_code, none.error_code) == (1, "nothing_failed")
    assert json.loads(none.out)["error"]["message"] == f"No order of batch {batch_id} has failed."
    again = run_command("complete_batch", batch_id, "--first-number", "45182", "--wait", "--json")
    assert (again.exit_code, again.document["status"]) == (0, "completed")


def test_what_an_order_failed_with_stands_in_the_answer_and_on_the_page() -> None:
    Path(settings.ORDERS_DIR, ".tmp").write_text("a file in the way")
    make_lots(1)
    make_dealership(name="Birch Motors", default_order_kind="cao")
    batch_id = run_command("run_batch", "Ash Motors", "Birch Motors", "--json").document["batch_id"]
    run_command("complete_batch", batch_id, "--first-number", "45182", "--wait", "--yes")
    rows = run_command("batch_status", batch_id, "--json").document["orders"]
    assert [(row["stage"], row["code"]) for row in rows] == [("write", "disk"), ("prepare", "no_inventory")]
    page = words(sign_in(role="staff").get(f"/batches/{batch_id}/"))
    assert "Stage: write, code: disk" in page
    assert "Stage: prepare, code: no_inventory" in page


def test_a_command_orders_another_kind_and_other_conditions_of_a_dealership() -> None:
    make_lots(3, schedule_days=["tue"])
    wanted = [
        "--order",
        "Ash Motors=maintenance:used",
        "--order",
        "Birch Motors=:apart",
        "--order",
        "Cedar Motors=list",
    ]
    document = run_command("run_batch", "--day", "tue", *wanted, "--json").document
    assert [(row["dealership"], row["conditions"], row["status"]) for row in document["orders"]] == [
        ("Ash Motors", "used", "review"),
        ("Birch Motors", "new", "refused"),
        ("Birch Motors", "used", "review"),
        ("Cedar Motors", "all", "needs_entries"),
    ]
    assert Order.objects.order_by("pk")[0].kind == "maintenance"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ash Motors=poster", "unknown_order"),
        ("Ash Motors=cao:old", "unknown_order"),
        ("Nobody=cao", "unknown_dealership"),
    ],
)
def test_an_order_that_nobody_can_make_is_an_error(text: str, code: str) -> None:
    make_lots(1)
    answer = run_command("run_batch", "Ash Motors", "--order", text, "--json")
    assert (answer.exit_code, answer.error_code, Batch.objects.count()) == (2, code, 0)
