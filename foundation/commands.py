"""What every management command shares: `--json`, exit codes, errors as one readable line."""

import json
import sys
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from foundation.errors import ConfirmationNeeded, SilverFoxError


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
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
        return parser

    @abstractmethod
    def run(self, **options: Any) -> Outcome:
        """Do the work; raise `Refused` or `BadInput` with a message for a person."""

    def run_from_argv(self, argv: list[str]) -> None:
        self._json_wanted = "--json" in argv
        try:
            super().run_from_argv(argv)
        except SilverFoxError as error:
            self._report(error)
            sys.exit(error.exit_code)

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
        self.stdout.write(plain(what) if isinstance(what, str) else json.dumps(what, indent=1, default=str))


def plain(text: str) -> str:
    """Text that any console can print: other characters become escapes instead of failing the run."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; without one, or with a no, refuse and say which option answers it."""
    if yes:
        return
    if sys.stdin.isatty() and input(f"{plain(question)} [y/N] ").strip().lower() in {"y", "yes"}:
        return
    raise ConfirmationNeeded(f"{question} Nothing was changed; repeat with --yes to go on.")
