"""`python -m tests.orders.dying_program PLACE COMMAND ...`: a management command that is killed at one place.

The product's code runs as it is: Python's own audit events and Django's own hooks tell where it has come to.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import django
from django.core.management import execute_from_command_line

AFTER_STATEMENT = {
    "artifacts inserted": 'INSERT INTO "orders_artifact"',
    "VIN log inserted": 'INSERT INTO "orders_vinlogentry"',
    "state updated": 'UPDATE "orders_order" SET',
    "open VINs deleted": 'DELETE FROM "orders_openvin"',
    "event inserted": 'INSERT INTO "orders_orderevent"',
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Watch:
    """Follows a completion and kills its own process when it has come to `place`."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.images_begun = 0
        self.published: Path | None = None

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What comes next is not done yet: Python tells of a file or a rename just before."""
        if event == "open" and not isinstance(arguments[0], int):
            self._opened(Path(os.fsdecode(arguments[0])), str(arguments[1]))
        elif event == "os.rename" and "/.tmp/" in os.fsdecode(arguments[0]):
            self.published = Path(os.fsdecode(arguments[1]))
            self._die_at("files verified")

    def _opened(self, path: Path, mode: str) -> None:
        if path.suffix == ".png" and mode.startswith("w"):
            self.images_begun += 1
            self._die_at({1: "CSV written", 2: "first PNG written"}.get(self.images_begun, ""))
        if self.published is not None and path == self.published.parent:
            self._die_at("folder renamed")

    def statement(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        """Only statements of the closing transaction count: those after the files were published."""
        result = execute(sql, parameters, many, context)
        if self.published is not None:
            for place, beginning in AFTER_STATEMENT.items():
                if sql.startswith(beginning):
                    self._die_at(place)
            if self.place == "committed" and sql.startswith(AFTER_STATEMENT["event inserted"]):
                context["connection"].on_commit(die)
        return result

    def _die_at(self, place: str) -> None:
        if place == self.place:
            die()


def main() -> None:
    _, place, *command = sys.argv
    django.setup()
    from django.db import connection

    watch = Watch(place)
    connection.execute_wrappers.append(watch.statement)
    sys.addaudithook(watch.audit)
    execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    main()
