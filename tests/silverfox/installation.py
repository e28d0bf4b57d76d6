"""A whole installation in a directory of its own, used through its commands only."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

PROJECT = Path(__file__).resolve().parents[2]
FROM_THE_TEST_RUN = {
    "TEST_RUN_PID",
    "DJANGO_SETTINGS_MODULE",
    "DATABASE_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "PYTEST_XDIST_WORKER",
}


class Installation:
    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.pid_file = var_dir / "pgdata" / "postmaster.pid"

    def environment(self, **extra: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in FROM_THE_TEST_RUN}
        return {**inherited, "VAR_DIR": str(self.var_dir), **extra}

    def start(self, *arguments: str, errors: int | IO[str] = subprocess.PIPE, **extra: str) -> subprocess.Popen[str]:
        """Who logs for long needs a file for its errors: a full pipe that nobody reads would stop it."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.environment(**extra),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def python(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        program = self.start(*arguments, errors=subprocess.PIPE, **extra)
        out, err = program.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, program.returncode, out, err)

    def manage(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return self.python("manage.py", *arguments, **extra)

    def server_pid(self) -> int:
        return int(self.pid_file.read_text().splitlines()[0])

    def server_pids(self) -> list[int]:
        """The servers of this installation; the children of each have it as their parent."""
        found = self.processes("postgres")
        return [process.pid for process in found if process.ppid() not in {other.pid for other in found}]

    def processes(self, name_start: str = "") -> list[psutil.Process]:
        """Every living process that was started with this installation's directory."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("VAR_DIR") == str(self.var_dir)
                if ours and process.name().startswith(name_start) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def kill_server(self) -> None:
        os.kill(self.server_pid(), signal.SIGKILL)
        wait_until(lambda: not self.processes("postgres"))


def free_port() -> int:
    """A port of this computer that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number: int = taken.getsockname()[1]
    return number


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        time.sleep(0.05)


@contextmanager
def throw_away_installation() -> Iterator[Installation]:
    """Made under the system's temporary directory: pytest's own are too long for a socket."""
    installation = Installation(Path(tempfile.mkdtemp(prefix="sf-")))
    try:
        yield installation
    finally:
        installation.manage("db", "stop")
        assert installation.processes() == []
        shutil.rmtree(installation.var_dir)
