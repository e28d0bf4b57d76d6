"""Programs that run beside ours, each with its descendants in a session of its own, so that no one of them stays."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Programs:
    """Python programs that start together and end together: by a signal to us, or as soon as one of them ends."""

    def __init__(self, commands: dict[str, list[str]], *, grace_seconds: float) -> None:
        self._commands = commands
        self._grace_seconds = grace_seconds
        self._asked_to_stop = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.first_ended = ""

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self._asked_to_stop.set())
        for name, arguments in self._commands.items():
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments], stdin=subprocess.DEVNULL, start_new_session=True
            )
        return self

    def exit_code(self) -> int | None:
        """None while all run, 0 after a signal to us, else that of the first program that ended (never 0)."""
        for name, program in self._running.items():
            if program.poll() is not None and not self._asked_to_stop.is_set():
                self.first_ended = name
                return _shell_exit_code(program.returncode) or 1
        return 0 if self._asked_to_stop.is_set() else None

    def wait(self) -> int:
        """Wait until `exit_code` has one, and give it."""
        while (code := self.exit_code()) is None:
            self._asked_to_stop.wait(0.2)
        return code

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Only the first process of a session is asked: the queue can lock up when its helpers are asked as well.
        for program in self._running.values():
            program.terminate()
        deadline = time.monotonic() + self._grace_seconds
        for program in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                program.wait(max(0.0, deadline - time.monotonic()))
        for program in self._running.values():
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def _shell_exit_code(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode
