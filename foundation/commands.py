"""What every management command shares: `--json`, exit codes, errors as one readable line."""

import getpass
import json
import os
import sys
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Never

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, ProgrammingError

from foundation.connections import is_not_migrated
from foundation.errors import BadInput, ConfirmationNeeded, SilverFoxError

_INTERRUPTED = 130


@dataclass(frozen=True)
class Outcome:
    """What a command did: the JSON document, the text for people, and 0 (done) or 1 (not done, for a reason)."""

    document: dict[str, Any]
    text: str
    exit_code: int = 0


class JsonCommand(BaseCommand):
    """A command that computes an `Outcome`; with `--json` it prints exactly one document, errors included."""

    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Without abbreviations `--json` is either in the arguments or not wanted, also when they cannot be read.
        parser = super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)
        parser.error = partial(_refuse_arguments, subcommand)  # type: ignore[method-assign]
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
        return parser

    @abstractmethod
    def run(self, **options: Any) -> Outcome:
        """Do the work; raise `Refused` or `BadInput` with a message for a person."""

    def run_from_argv(self, argv: list[str]) -> None:
        self._json_wanted = "--json" in argv
        try:
            _refuse_undecodable(argv)
            with _explained_database_errors():
                super().run_from_argv(argv)
        except SilverFoxError as error:
            self._report(error)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        outcome = self.run(**options)
        self._print(outcome.document if as_json else outcome.text)
        if outcome.exit_code:
            sys.exit(outcome.exit_code)

    def _report(self, error: SilverFoxError) -> None:
        if self._json_wanted:
            self._print({**error.detail, "error": {"code": error.code, "message": error.message}})
        self.stderr.write(plain(error.message))

    def _print(self, what: dict[str, Any] | str) -> None:
        text = plain(what) if isinstance(what, str) else json.dumps(what, indent=1, default=str)
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except BrokenPipeError:
            # The reader has left and what was done is done; the interpreter must not try again at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse_arguments(command: str, message: str) -> Never:
    sentence = f"{message[:1].upper()}{message[1:]}"
    raise BadInput(f"{sentence}. Run manage.py {command} --help for its arguments.", code="bad_arguments")


def _refuse_undecodable(argv: list[str]) -> None:
    for argument in argv:
        if not argument.isascii() and not _is_text(argument):
            raise BadInput(f"The argument {argument!r} is not UTF-8 text. Rename the file, or type it again.")


def _is_text(argument: str) -> bool:
    # Bytes that are no UTF-8 arrive as lone surrogates, which neither the database nor a log can hold.
    return not any("\ud800" <= char <= "\udfff" for char in argument)


@contextmanager
def _explained_database_errors() -> Iterator[None]:
    """Turn a database that is not there, or not ready, into one line with its remedy; other faults stay faults."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = str(error).split("\n")[0]
        raise BadInput(
            f"The database cannot be used: {reason}. Check that its server runs and that DATABASE_URL names it.",
            code="database_unavailable",
        ) from error
    except ProgrammingError as error:
        if not is_not_migrated(error):
            raise
        raise BadInput(
            "The database lacks tables of this version. Run manage.py migrate first.", code="database_not_migrated"
        ) from error


def operator() -> str:
    """Who runs the command, for the record: the name of the user of this computer."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError):
        # Some containers run under a number that has no name.
        return "a user without a name"


def plain(text: str) -> str:
    """Text that any console can print: other characters become escapes instead of failing the run."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; without one, or with a no, refuse and say which option answers it."""
    if yes or (sys.stdin and sys.stdin.isatty() and _answer(f"{plain(question)} [y/N] ") in {"y", "yes"}):
        return
    raise ConfirmationNeeded(f"{question} Nothing was changed; repeat with --yes to go on.")


def _answer(prompt: str) -> str:
    # Standard output belongs to the result, so the question goes where the errors go.
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower()
