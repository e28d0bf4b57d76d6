"""A database and a folder that a measurement has for itself, on the server and the disk in use; neither stays."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import ProgrammingError, connection
from psycopg2 import sql

from dealerships.models import Dealership
from foundation.errors import BadInput, Refused

_SUFFIX = "_benchmark"
_NOT_ALLOWED = "42501"


def is_own() -> bool:
    """Whether this process works in such a database."""
    return str(connection.settings_dict["NAME"]).endswith(_SUFFIX)


def require_empty(what: str) -> None:
    """Raise `Refused` where `what` would be measured in a database that is not its own or holds anything."""
    if not is_own() or Dealership.objects.exists():
        raise Refused(f"{what} measured in an empty database of its own only.", code="not_own_database")


def know_the_sizes() -> None:
    """Let the database plan with the rows that there are, as it does in an installation that has run for a day."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def manage_there(*arguments: str, **variables: str) -> dict[str, Any]:
    """Migrate a database of the measurement's own, and give what a command answers that runs in it with `variables`.

    Raises `Refused` with the words of the command when it refuses, and `BadInput` where no database may be made.
    """
    with _own_installation() as own:
        environment = {**own, **variables}
        subprocess.run([*_manage("migrate"), "--verbosity=0"], env=environment, check=True)
        command = [*_manage(*arguments), "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    document: dict[str, Any] = json.loads(done.stdout)
    if done.returncode:
        raise Refused(document["error"]["message"], code=document["error"]["code"])
    return document


def manage_here(*arguments: str, **variables: str) -> tuple[list[str], dict[str, str]]:
    """The program and the environment of a command that works in the database of this process."""
    return _manage(*arguments), {**environment(), **variables}


def environment(database: str = "") -> dict[str, str]:
    """What a new process needs to reach the database of this one, also where tests have made one of their own."""
    server = connection.settings_dict
    query = urlencode({"host": server["HOST"], **server["OPTIONS"]} if server["HOST"] else server["OPTIONS"])
    port = f":{server['PORT']}" if server["PORT"] else ""
    name = quote(database or server["NAME"])
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{quote(server['USER'])}@{port}/{name}?{query}",
        "PGPASSWORD": server["PASSWORD"],
        "SECRET_KEY": settings.SECRET_KEY,
    }


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


@contextmanager
def _own_installation() -> Iterator[Mapping[str, str]]:
    """The environment of programs that work in a new, empty database and folder."""
    name = f"{connection.settings_dict['NAME']}{_SUFFIX}"
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix=".benchmark-") as folder:
        # One that was left by an interrupted measurement goes; one that is in use is not touched.
        _execute("DROP DATABASE IF EXISTS {}", name)
        _execute("CREATE DATABASE {}", name)
        try:
            yield {**environment(name), "VAR_DIR": folder}
        finally:
            _execute("DROP DATABASE {} WITH (FORCE)", name)


def _execute(statement: str, name: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
    except ProgrammingError as error:
        if getattr(error.__cause__, "pgcode", None) != _NOT_ALLOWED:
            raise
        raise BadInput(
            f"This measurement works in a database of its own, {name}, and the user of DATABASE_URL may not make one. "
            "Give that user the right CREATEDB, or measure on the embedded server.",
            code="database_not_allowed",
        ) from error
