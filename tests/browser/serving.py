"""The product's web server and its worker, as programs of their own on the running test's database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.conf import settings

from silverfox.management.commands.run import is_accepting, programs
from tests.faults.shop import Worker, is_answered
from tests.programs import ROOT, _environment
from tests.silverfox.installation import free_port, wait_until

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60


class Site:
    """One installation in a folder: what the web server and the worker own lies below it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://{HOST}:{self.port}"
        self._said = (folder / "programs.log").open("a")
        # Collected once for the whole run; nobody writes there.
        (folder / "static").symlink_to(settings.STATIC_ROOT)
        command = programs(HOST, self.port)["web server"]
        # Loaded once, so that a fresh process of the server is there at once.
        self._server = self._start(*command, "--preload")

    def wait(self) -> None:
        """Until the web server answers."""
        wait_until(lambda: is_accepting(HOST, self.port), PATIENCE_SECONDS)

    def _start(self, *arguments: str, **extra: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**_environment(60), "VAR_DIR": str(self.folder), "ALLOWED_HOSTS": HOST, **extra},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def renew(self) -> None:
        """Let the server answer what it has begun and go on with a process that remembers nothing."""
        before = self._answering()
        self._server.send_signal(signal.SIGHUP)
        wait_until(lambda: bool(self._answering()) and not self._answering() & before, PATIENCE_SECONDS)

    def _answering(self) -> set[int]:
        return {process.pid for process in psutil.Process(self._server.pid).children()}

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """A worker that has answered; it is stopped at the end, unless that was done before."""
        os.environ.pop("SILVERFOX_INCARNATION", None)
        worker = Worker(self._start("manage.py", "worker", WORKERS="1"), 1)
        try:
            wait_until(is_answered, PATIENCE_SECONDS)
            yield worker
        finally:
            worker.stop()

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(timeout=PATIENCE_SECONDS)
        self._said.close()

    def words(self) -> str:
        """What the programs said and logged."""
        return (self.folder / "programs.log").read_text()
