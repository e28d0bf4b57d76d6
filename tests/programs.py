"""Starts the product's commands as programs of their own that share the database and folders of the running test."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def run_program(
    *arguments: str,
    standard_input: str = "",
    lease_seconds: int = 60,
    most_file_bytes: int | None = None,
    patience_seconds: int = 120,
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
        timeout=patience_seconds,
        check=False,
        preexec_fn=_limit(most_file_bytes),
    )


@contextmanager
def started_program(*arguments: str, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """`python ARGUMENTS` running beside the test; what is left of it and its descendants at the end is killed."""
    program = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**_environment(60), **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        for process in program_processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        program.communicate(timeout=60)


def program_processes() -> list[psutil.Process]:
    """Every living process that the test started, directly or not: by the test's own folder in its environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            ours = process.environ().get("VAR_DIR") == str(Path(settings.ORDERS_DIR).parent)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


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
