"""`python -m tests.inventory.dying_program STATEMENT COMMAND ...`: a command that is killed behind one SQL statement.

The product's code runs as it is: Django's own hook tells which statement was executed. `commit` dies behind the commit
of the transaction that switches a dataset.
"""

import os
import signal
import sys
from typing import Any

import django
from django.core.management import execute_from_command_line

LAST_OF_ACTIVATION = "INSERT INTO inventory_firstseen"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    _, place, *command = sys.argv
    django.setup()
    from django.db import connection

    def watch(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(sql, parameters, many, context)
        if sql.strip().startswith(place):
            die()
        if place == "commit" and sql.strip().startswith(LAST_OF_ACTIVATION):
            connection.on_commit(die)
        return result

    connection.execute_wrappers.append(watch)
    execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    main()
