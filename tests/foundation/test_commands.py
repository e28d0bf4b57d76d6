"""What every command promises to people and programs: one document, one line, an exit code, never a traceback."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import connection

from foundation.commands import JsonCommand, Outcome, confirm, operator, plain
from foundation.errors import BadInput, ConfirmationNeeded, Refused
from tests.command_line import run_command

PROJECT = Path(__file__).resolve().parents[2]


def environment(**extra: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**inherited, "SECRET_KEY": "only-for-a-test-" * 5, **extra}


def manage(*arguments: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Fixed(JsonCommand):
    """A command that ends as its option says."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("end", choices=["done", "not_done", "refused", "bad"])

    def run(self, **options: Any) -> Outcome:
        if options["end"] == "refused":
            raise Refused("The lot is closed \u2013 come back.", code="closed", detail={"lot": 7})
        if options["end"] == "bad":
            raise BadInput("Row 3: that is no VIN.")
        return Outcome({"n": 1}, "One \u00e9.", exit_code=int(options["end"] == "not_done"))


def run_fixed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    exit_code = 0
    try:
        Fixed().run_from_argv(["manage.py", "fixed", *arguments])
    except SystemExit as stop:
        exit_code = int(stop.code or 0)
    return exit_code, *capsys.readouterr()


@pytest.mark.parametrize(("end", "exit_code"), [("done", 0), ("not_done", 1)])
def test_the_text_is_ascii_and_the_exit_code_is_the_outcomes(
    capsys: pytest.CaptureFixture[str], end: str, exit_code: int
) -> None:
    assert run_fixed(capsys, end) == (exit_code, "One \\xe9.\n", "")


@pytest.mark.parametrize(("end", "exit_code"), [("done", 0), ("not_done", 1)])
def test_json_is_one_document(capsys: pytest.CaptureFixture[str], end: str, exit_code: int) -> None:
    code, out, err = run_fixed(capsys, end, "--json")
    assert (code, json.loads(out), err) == (exit_code, {"n": 1}, "")


def test_a_refusal_is_one_line_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fixed(capsys, "refused") == (1, "", "The lot is closed \\u2013 come back.\n")


def test_a_refusal_as_json_keeps_its_detail(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_fixed(capsys, "refused", "--json")
    error = {"code": "closed", "message": "The lot is closed \u2013 come back."}
    assert (code, json.loads(out)) == (1, {"lot": 7, "error": error})


def test_bad_input_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_fixed(capsys, "bad", "--json")
    assert (code, json.loads(out)["error"]["code"], err) == (2, "bad_input", "Row 3: that is no VIN.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "The following arguments are required: end."),
        (["maybe"], "Argument end: invalid choice: 'maybe' (choose from 'done', 'not_done', 'refused', 'bad')."),
        (["done", "--jsn"], "Unrecognized arguments: --jsn."),
        (["done", "more"], "Unrecognized arguments: more."),
        (["done", "--verbosity", "x"], "Argument -v/--verbosity: invalid int value: 'x'."),
        (["done", "--js"], "Unrecognized arguments: --js."),
    ],
)
def test_arguments_that_cannot_be_read_are_bad_input_in_both_forms(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    message = f"{words} Run manage.py fixed --help for its arguments."
    assert run_fixed(capsys, *arguments) == (2, "", f"{message}\n")
    code, out, _ = run_fixed(capsys, *arguments, "--json")
    assert (code, json.loads(out)) == (2, {"error": {"code": "bad_arguments", "message": message}})


def test_an_argument_that_is_no_text_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_fixed(capsys, os.fsdecode(b"caf\xe9"), "--json")
    message = "The argument 'caf\\udce9' is not UTF-8 text. Rename the file, or type it again."
    assert (code, json.loads(out)["error"]["message"]) == (2, message)


def test_ctrl_c_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(JsonCommand):
        def run(self, **options: Any) -> Outcome:
            raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stop:
        Interrupted().run_from_argv(["manage.py", "interrupted", "--json"])
    assert (stop.value.code, capsys.readouterr()) == (130, ("", ""))


def test_other_characters_become_escapes() -> None:
    assert plain("Jos\u00e9 \u2013 \U0001f697") == "Jos\\xe9 \\u2013 \\U0001f697"


def test_the_operator_has_a_name() -> None:
    assert operator() != ""


def test_a_question_without_a_terminal_is_refused_and_names_the_option() -> None:
    with pytest.raises(ConfirmationNeeded) as refusal:
        confirm("The inventory is old.", yes=False)
    assert str(refusal.value) == "The inventory is old. Nothing was changed; repeat with --yes to go on."
    confirm("The inventory is old.", yes=True)


@pytest.mark.parametrize(("typed", "goes_on"), [("y\n", True), (" YES \n", True), ("n\n", False), ("\n", False)])
def test_a_question_on_a_terminal_takes_its_answer_and_leaves_standard_output_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, goes_on: bool
) -> None:
    mine, theirs = os.openpty()
    os.write(mine, typed.encode())
    with os.fdopen(theirs, encoding="utf-8") as terminal, os.fdopen(mine, "wb"):
        monkeypatch.setattr(sys, "stdin", terminal)
        try:
            confirm("Is it \u00e9?", yes=False)
        except ConfirmationNeeded:
            assert not goes_on
        else:
            assert goes_on
    assert capsys.readouterr() == ("", "Is it \\xe9? [y/N] ")


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[str]:
    """The address of a database without tables, on the server of the tests."""
    values = connection.settings_dict
    server = psycopg2.connect(
        host=values["HOST"],
        port=values["PORT"] or None,
        user=values["USER"],
        password=values.get("PASSWORD") or None,
        dbname=values["NAME"],
    )
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS test_without_tables")
        cursor.execute("CREATE DATABASE test_without_tables")
        password = f":{values['PASSWORD']}" if values.get("PASSWORD") else ""
        port = f"&port={values['PORT']}" if values["PORT"] else ""
        yield f"postgresql://{values['USER']}{password}@/test_without_tables?host={values['HOST']}{port}"
        cursor.execute("DROP DATABASE test_without_tables")
    server.close()


NOT_MIGRATED = "The database lacks tables of this version. Run manage.py migrate first."


def test_a_database_without_tables_is_named_with_its_remedy(empty_database: str) -> None:
    done = manage("load_dealerships", "--json", DATABASE_URL=empty_database, ALLOWED_HOSTS="localhost")
    document = {"error": {"code": "database_not_migrated", "message": NOT_MIGRATED}}
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (2, document, f"{NOT_MIGRATED}\n")


def test_a_database_that_does_not_answer_is_named_with_its_remedy() -> None:
    url = "postgresql://someone:secret-word@127.0.0.1:1/nothing"
    done = manage("load_dealerships", "--json", DATABASE_URL=url, ALLOWED_HOSTS="localhost")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], done.stderr) == (2, "database_unavailable", f"{error['message']}\n")
    assert error["message"].startswith("The database cannot be used: ")
    assert error["message"].endswith(" Check that its server runs and that DATABASE_URL names it.")
    assert "secret-word" not in done.stdout


def test_a_fault_of_a_statement_is_not_explained_away(transactional_db: None) -> None:
    class Faulty(JsonCommand):
        def run(self, **options: Any) -> Outcome:
            with connection.cursor() as cursor:
                cursor.execute("SELEC 1")
            return Outcome({}, "")

    with pytest.raises(Exception, match="syntax error"):
        Faulty().run_from_argv(["manage.py", "faulty"])


@pytest.mark.parametrize("shell", ["%s | true", "%s >&-", "%s >&- 2>&-", "%s --json | head -c 1"])
def test_a_reader_who_leaves_causes_no_traceback(shell: str) -> None:
    command = shell % f"{sys.executable} manage.py db status"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture
def heard_ctrl_c() -> Iterator[None]:
    """Programs that the test starts hear Ctrl-C, also where a shell in the background has shut it off for the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_real_command_with_130_and_no_words(
    transactional_db: None, tmp_path: Path, heard_ctrl_c: None
) -> None:
    # A pipe that nobody writes to keeps the import waiting.
    pipe = tmp_path / "endless.csv"
    os.mkfifo(pipe)
    program = subprocess.Popen(
        [sys.executable, "manage.py", "import_inventory", str(pipe)],
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with pipe.open("wb"):
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=60)
    assert (program.returncode, out, err) == (130, "", "")


def test_every_command_of_the_product_prints_one_document_for_missing_arguments() -> None:
    commands = ["import_inventory", "activate_dataset", "import_vin_log", "explain", "create_order", "complete_order"]
    commands += ["export_order", "export_vin_log", "export_inventory", "void_order", "backtest"]
    answers = {command: run_command(command, "--json") for command in commands}
    assert {name: (answer.exit_code, answer.error_code) for name, answer in answers.items()} == dict.fromkeys(
        commands, (2, "bad_arguments")
    )


def test_a_command_called_by_another_one_raises_instead_of_ending_the_program(db: None) -> None:
    with pytest.raises(BadInput):
        call_command("activate_dataset", "No such dealership")
