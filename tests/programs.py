"""Starts the product's commands as programs of their own that share the database and folders of the running test."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def run_program(
    *arguments: str, standard_input: str = "", lease_seconds: int = 60, most_file_bytes: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS` to its end. The test must have committed what the program is to see.

    `most_file_bytes` lets every longer write to a file fail, as a full disk does.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=_environment(lease_seconds),
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=_limit(most_file_bytes),
    )


def _environment(lease_seconds: int) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "silverfox.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "VAR_DIR": str(Path(settings.ORDERS_DIR).parent),
        "LEASE_SECONDS": str(lease_seconds),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def database_url() -> str:
    """Where the test's database is, for a program started by the test."""
    server = connection.settings_dict
    options = {**server["OPTIONS"], "host": server["HOST"], "port": server["PORT"]}
    query = urlencode({name: value for name, value in options.items() if value})
    user = f"{quote(server['USER'], safe='')}:{quote(server['PASSWORD'] or '', safe='')}"
    return f"postgresql://{user}@/{server['NAME']}?{query}"


def _limit(most_file_bytes: int | None) -> Callable[[], None] | None:
    if most_file_bytes is None:
        return None
    limit = most_file_bytes

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return limit_files
