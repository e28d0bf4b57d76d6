import hashlib
import io
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from dealerships.models import Dealership
from orders.models import Order, VinLogEntry
from tests.command_line import Answer, run_command
from tests.factories import finish_order, import_rows, log_vins, make_dealership, make_order, make_row, make_vehicles
from tests.orders.released import released_bytes
from tests.programs import run_program

pytestmark = pytest.mark.django_db(transaction=True)
ELM = "Elm Street Motors"


@pytest.fixture
def dealership() -> Dealership:
    return make_dealership()


def refused(answer: Answer, exit_code: int, code: str) -> dict[str, Any]:
    """The document of a refusal: one on standard output, the same message on standard error, no traceback."""
    document = answer.document
    assert (answer.exit_code, document["error"]["code"]) == (exit_code, code), answer
    assert answer.err.splitlines()[-1] == document["error"]["message"].encode("ascii", "backslashreplace").decode()
    assert "Traceback" not in answer.err
    return document


def test_explain_gives_the_funnel_and_the_selected_vins(dealership: Dealership) -> None:
    vins = make_vehicles(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:1])
    answer = run_command("explain", "elm street motors.", "--json")
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.document == {
        "dealership": ELM,
        "funnel": [
            {"step": "considered", "left": 3},
            {"step": "on_lot", "left": 3},
            {"step": "condition", "left": 3},
            {"step": "stock", "left": 3},
            {"step": "price", "left": 3},
            {"step": "rules", "left": 3},
            {"step": "not_in_log", "left": 2},
            {"step": "not_in_open_order", "left": 2},
            {"step": "selected", "left": 2},
        ],
        "selected": vins[1:],
    }
    assert run_command("explain", ELM, "--conditions", "new", "--json").document["selected"] == []
    text = run_command("explain", ELM)
    assert (text.exit_code, text.out.splitlines()[0], text.out.splitlines()[-2:]) == (0, "     3  considered", vins[1:])


def test_explain_gives_the_verdict_of_every_rule_for_one_vin(dealership: Dealership) -> None:
    vins = make_vehicles(dealership=dealership)
    log_vins(dealership=dealership, vins=vins[:1])
    assert run_command("explain", ELM, vins[0], "--json").document == {
        "dealership": ELM,
        "vin": vins[0],
        "selected": False,
        "verdicts": [
            {"rule": "on_lot", "passed": True, "detail": "on the lot: In-Stock"},
            {"rule": "conditions", "passed": True, "detail": "pre-owned"},
            {"rule": "stock_required", "passed": True, "detail": "stock S00001"},
            {"rule": "not_in_log", "passed": False, "detail": "printed, order 40001"},
            {"rule": "not_in_open_order", "passed": True, "detail": "in no open order"},
        ],
    }
    assert run_command("explain", ELM, vins[0]).out.splitlines()[::4] == [
        f"{vins[0]} is not selected at {ELM}.",
        "FAILS   not_in_log: printed, order 40001",
    ]


def test_create_order_gives_its_id_its_lines_and_the_outcome_of_every_entry(
    dealership: Dealership, tmp_path: Path
) -> None:
    vins = make_vehicles(dealership=dealership)
    typed = tmp_path / "vins.txt"
    typed.write_text(f"\ufeff{vins[0]}\r\nnobody;{vins[0].lower()}\n", encoding="utf-8")
    answer = run_command("create_order", "list", ELM, "--vins", typed, "--json")
    order = Order.objects.get()
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.document == {
        "order_id": order.pk,
        "lines": 1,
        "outcomes": [
            {"entry": vins[0], "outcome": "produced", "vin": vins[0], "detail": ""},
            {"entry": "nobody", "outcome": "not_on_website", "vin": "", "detail": "Not on the website."},
            {
                "entry": vins[0].lower(),
                "outcome": "duplicate_entry",
                "vin": vins[0],
                "detail": "The same as entry 1.",
            },
        ],
    }
    cao = run_command("create_order", "cao", ELM)
    assert cao.out == f"Order {order.pk + 1}: CAO of {ELM}, 2 lines, in review.\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_entries_may_come_from_standard_input(
    dealership: Dealership, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    vins = make_vehicles(dealership=dealership)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{mark}{vins[2]}\n".encode()), encoding="utf-8"))
    answer = run_command("create_order", "maintenance", ELM, "--vins", "-", "--json")
    assert (answer.exit_code, answer.document["lines"]) == (0, 3)
    assert [outcome["outcome"] for outcome in answer.document["outcomes"]] == ["produced"]


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_bytes_that_are_no_text_are_bad_input(
    dealership: Dealership, monkeypatch: pytest.MonkeyPatch, errors: str
) -> None:
    make_vehicles(dealership=dealership)
    typed = io.TextIOWrapper(io.BytesIO(b"S00001\n\xff\xfe\n"), encoding="utf-8", errors=errors)
    monkeypatch.setattr(sys, "stdin", typed)
    answer = run_command("create_order", "list", ELM, "--vins", "-", "--json")
    assert (answer.exit_code, "Traceback" in answer.err, Order.objects.count()) == (2, False, 0)


def test_include_missing_prints_placeholders(dealership: Dealership, tmp_path: Path) -> None:
    typed = tmp_path / "vins.txt"
    typed.write_text("1HGCM82633A004352")
    answer = run_command("create_order", "list", ELM, "--vins", typed, "--include-missing", "--json")
    assert [outcome["outcome"] for outcome in answer.document["outcomes"]] == ["placeholder"]


def test_nothing_to_order_and_questions_exit_1_with_a_document(dealership: Dealership) -> None:
    vins = make_vehicles(dealership=dealership, collected_at=timezone.now() - timedelta(hours=40))
    asked = refused(run_command("create_order", "cao", ELM, "--json"), 1, "confirmation_needed")
    assert asked["questions"] == ["The inventory is 40 hours old (limit 36)."]
    assert run_command("create_order", "cao", ELM, "--yes").exit_code == 0
    in_the_way = refused(run_command("create_order", "cao", ELM, "--yes", "--json"), 1, "open_order")
    assert in_the_way["open_order_id"] == Order.objects.get().pk
    finish_order(order=Order.objects.get())
    document = refused(run_command("create_order", "cao", ELM, "--json"), 1, "nothing_to_order")
    assert (document["order_id"], document["lines"], document["outcomes"]) == (None, 0, [])
    assert (document["funnel"][0], document["funnel"][-1]) == (
        {"step": "considered", "left": len(vins)},
        {"step": "selected", "left": 0},
    )


def test_a_dealership_with_separate_orders_exits_1_and_names_both() -> None:
    make_dealership(name="Two Order Motors", separate_orders=True)
    import_rows(rows=[make_row(number=n, location="Two Order Motors", Type=t) for n, t in enumerate(["New", "Used"])])
    document = refused(run_command("create_order", "cao", "two order motors", "--json"), 1, "separate_orders")
    assert document["conditions"] == ["new", "used"]
    lines = [
        run_command("create_order", "cao", "Two Order Motors", "--conditions", group, "--json").document["lines"]
        for group in ("new", "used")
    ]
    assert lines == [1, 1]


def test_complete_order_lists_the_released_files(dealership: Dealership) -> None:
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    answer = run_command("complete_order", order.pk, "--order-number", "45001", "--json")
    files = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in released_bytes(order).items()
    ]
    kinds = ["csv", "qr", "qr", "qr", "billing", "billing", "vehicles", "summary", "zip"]
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.document == {
        "order_id": order.pk,
        "status": "done",
        "files": [{"kind": kind, **file} for kind, file in zip(kinds, files, strict=True)],
        "vin_log_added": 3,
    }


def test_complete_order_without_vin_log_needs_a_reason(dealership: Dealership) -> None:
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    arguments = ("complete_order", order.pk, "--order-number", "45001", "--no-vin-log")
    refused(run_command(*map(str, arguments), "--json"), 2, "reason_needed")
    answer = run_command(*map(str, arguments), "--reason", "trade fair")
    assert (answer.exit_code, answer.out) == (0, f"Order {order.pk} (45001) is done: 9 files, 0 VINs logged.\n")
    assert VinLogEntry.objects.count() == 0


def test_a_reused_order_number_needs_yes(dealership: Dealership) -> None:
    make_vehicles(dealership=dealership)
    finish_order(order=make_order(dealership=dealership))
    make_vehicles(dealership=dealership, first=11)
    order = make_order(dealership=dealership)
    arguments = ["complete_order", str(order.pk), "--order-number", "45001", "--json"]
    asked = refused(run_command(*arguments), 1, "confirmation_needed")
    assert len(asked["questions"]) == 1
    assert run_command(*arguments, "--yes").document["status"] == "done"


def test_export_order_writes_the_delivered_folder(dealership: Dealership, tmp_path: Path) -> None:
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    refused(run_command("export_order", order.pk, tmp_path / "out", "--json"), 1, "no_files")
    order = finish_order(order=order)
    answer = run_command("export_order", order.pk, tmp_path / "out", "--json")
    folder = tmp_path / "out" / f"Elm_Street_Motors_CAO_{timezone.localtime(order.completed_at):%Y%m%d_%H%M%S}"
    files = {name: data for name, data in released_bytes(order).items() if not name.endswith(".zip")}
    assert answer.document == {"written": [str(folder / name) for name in files]}
    assert {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files
    refused(run_command("export_order", order.pk, "/proc/nowhere", "--json"), 2, "bad_input")
    lost = Path(settings.ORDERS_DIR) / order.artifacts.all()[0].path
    lost.write_bytes(b"altered")
    refused(run_command("export_order", order.pk, tmp_path / "again", "--json"), 1, "artifact_lost")


def test_void_order_takes_the_log_entries_back(dealership: Dealership) -> None:
    make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    refused(run_command("void_order", order.pk, "--reason", " ", "--json"), 2, "reason_needed")
    answer = run_command("void_order", order.pk, "--reason", "wrong paper", "--json")
    assert answer.document == {"order_id": order.pk, "status": "voided", "vin_log_voided": 3}
    refused(run_command("void_order", order.pk, "--reason", "again", "--json"), 1, "illegal_transition")


def test_import_vin_log_accounts_for_every_row(dealership: Dealership, tmp_path: Path) -> None:
    vins = make_vehicles(dealership=dealership)
    sheet = tmp_path / "log.csv"
    sheet.write_text(f"ORDER,VIN\n40001,{vins[0]}\n,\n,{vins[1][:-1]}\n,nothing\n")
    preview = run_command("import_vin_log", ELM, sheet, "--dry-run", "--json")
    assert (preview.exit_code, VinLogEntry.objects.count()) == (0, 0)
    answer = run_command("import_vin_log", ELM, sheet, "--json")
    document = answer.document
    assert document == preview.document
    problems, warnings = document.pop("problems"), document.pop("warnings")
    assert document == {"rows_read": 4, "entries_added": 2, "already_logged": 0, "blank_rows": 1, "orders": 1}
    assert [(item["row"], item["value"], item["code"]) for item in problems] == [(5, "nothing", "E_VIN")]
    assert [(item["row"], item["value"], item["code"]) for item in warnings] == [(4, vins[1][:-1], "W_VIN_LEN")]
    assert run_command("import_vin_log", ELM, sheet).out.splitlines()[0] == (
        f"{ELM}: 4 rows read = 0 added + 2 already logged + 1 blank + 1 problems; 1 orders."
    )


def test_export_vin_log_writes_a_file_that_imports_as_the_same_entries(dealership: Dealership, tmp_path: Path) -> None:
    vins = make_vehicles(dealership=dealership)
    other = make_dealership(name="Oak Street Motors")
    log_vins(dealership=dealership, vins=vins)
    log_vins(dealership=other, vins=vins[:1])
    one, every = tmp_path / "one.csv", tmp_path / "all.csv"
    assert run_command("export_vin_log", ELM, one, "--json").document == {"rows": 3}
    assert run_command("export_vin_log", "--all", every).out == f"4 VIN log entries written to {every}.\n"
    third = make_dealership(name="Third Street Motors")
    assert run_command("import_vin_log", third.name, one, "--json").document["entries_added"] == 3
    for name, entries in ((ELM, 3), ("Oak Street Motors", 1)):
        assert run_command("import_vin_log", name, every, "--json").document["already_logged"] == entries


def test_what_nobody_can_use_exits_2_with_one_document_and_changes_nothing(
    dealership: Dealership, tmp_path: Path
) -> None:
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    log, control, other = tmp_path / "log.csv", tmp_path / "control.txt", tmp_path / "utf16.txt"
    log.write_text("ORDER,VIN\n")
    control.write_bytes(b"S00001\nS0\x000002\n")
    other.write_bytes("S00001\n".encode("utf-16"))
    many = tmp_path / "many.txt"
    many.write_text("x\n" * 2001)
    wrong: dict[tuple[Any, ...], str] = {
        ("explain", "Elm Stret Motors"): "unknown_dealership",
        ("explain", ""): "unknown_dealership",
        ("explain", ELM, "NOBODY"): "bad_input",
        ("explain", ELM, "--conditions", "old"): "bad_arguments",
        ("explain",): "bad_arguments",
        ("create_order", "cao", "Elm Stret Motors"): "unknown_dealership",
        ("create_order", "CAO", ELM): "bad_arguments",
        ("create_order", "cao", ELM, "--vins", log): "bad_input",
        ("create_order", "list", ELM): "bad_input",
        ("create_order", "list", ELM, "--vins", tmp_path / "missing"): "bad_input",
        ("create_order", "list", ELM, "--vins", tmp_path): "bad_input",
        ("create_order", "list", ELM, "--vins", control): "no_text",
        ("create_order", "list", ELM, "--vins", other): "bad_input",
        ("create_order", "list", ELM, "--vins", many): "too_many_entries",
        ("complete_order", 999999, "--order-number", "1"): "unknown_order",
        ("complete_order", 10**30, "--order-number", "1"): "unknown_order",
        ("complete_order", "x", "--order-number", "1"): "bad_arguments",
        ("complete_order", order.pk): "bad_arguments",
        ("complete_order", order.pk, "--order-number", " "): "order_number",
        ("export_order", 999999, tmp_path): "unknown_order",
        ("void_order", 999999, "--reason", "x"): "unknown_order",
        ("void_order", order.pk): "bad_arguments",
        ("import_vin_log", "Elm Stret Motors", log): "unknown_dealership",
        ("import_vin_log", ELM, tmp_path / "missing"): "bad_input",
        ("import_vin_log", ELM, other): "bad_input",
        ("import_vin_log", ELM, log, "--columns", "1"): "bad_input",
        ("import_vin_log", ELM, log, "--columns", "1:9"): "bad_input",
        ("export_vin_log", tmp_path / "out.csv"): "bad_input",
        ("export_vin_log", "--all", ELM, tmp_path / "out.csv"): "bad_input",
        ("export_vin_log", ELM, tmp_path / "out.csv", "--all"): "bad_input",
        ("export_vin_log", "--all", tmp_path / "missing" / "out.csv"): "bad_input",
        ("export_vin_log", "Elm Stret Motors", tmp_path / "out.csv"): "unknown_dealership",
        ("backtest", tmp_path / "missing"): "bad_input",
    }
    found = {}
    for command in wrong:
        answer = run_command(*map(str, command), "--json")
        refused(answer, 2, answer.error_code)
        found[command] = answer.error_code
    assert found == wrong
    order.refresh_from_db()
    assert (order.state, Order.objects.count(), VinLogEntry.objects.count()) == ("review", 1, 0)


def test_an_unknown_dealership_is_answered_with_the_nearest_name(dealership: Dealership) -> None:
    for command in (["explain"], ["create_order", "cao"]):
        answer = run_command(*command, "Elm Stret Moters")
        assert (answer.exit_code, answer.out, answer.err) == (
            2,
            "",
            "There is no dealership 'Elm Stret Moters'. Did you mean Elm Street Motors?\n",
        )


@pytest.mark.slow
def test_the_programs_answer_as_the_commands_do(dealership: Dealership) -> None:
    vins = make_vehicles(dealership=dealership)
    made = run_program("manage.py", "create_order", "list", ELM, "--vins", "-", "--json", standard_input=vins[1])
    document = json.loads(made.stdout)
    assert (made.returncode, document["lines"], "Traceback" in made.stderr) == (0, 1, False)
    again = run_program("manage.py", "create_order", "list", ELM, "--vins", "-", "--json", standard_input=vins[2])
    assert (again.returncode, json.loads(again.stdout)["error"]["code"]) == (1, "open_order")
    wrong = run_program("manage.py", "explain", "Nobody at all", "--json")
    assert (wrong.returncode, json.loads(wrong.stdout)["error"]["code"]) == (2, "unknown_dealership")
