"""Programs that run beside ours, each with its descendants in a session of its own, so that no one of them stays."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import psutil

_ASK_PARENT_DEATH_SIGNAL = 1
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


class Group:
    """One Python program with all its descendants, known by a mark in their environment."""

    def __init__(self, arguments: list[str], *, variable: str, mark: str) -> None:
        self._variable, self._mark = variable, mark
        self._program = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, variable: mark},
            preexec_fn=_end_with_parent(),  # noqa: PLW1509 - who starts it has no other thread
        )
        self.group_id = self._program.pid

    def has_ended(self) -> bool:
        """Whether the first process of the group has; the others may live on."""
        return self._program.poll() is not None

    def ask_to_stop(self) -> None:
        """Ask the first process only: the queue can lock up when its helpers are asked as well."""
        self._program.terminate()

    def kill(self) -> None:
        """End every process of the group and wait until none is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.group_id, signal.SIGKILL)
        self._program.wait()
        kill_marked(variable=self._variable, mark=self._mark)


def kill_marked(*, variable: str, mark: str, patience_seconds: float = 5) -> int:
    """End every process of this computer that has the mark in its environment; gives how many there were."""
    processes = [process for process in psutil.process_iter() if _has_mark(process, variable, mark)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=patience_seconds)
    return len(processes)


def _has_mark(process: psutil.Process, variable: str, mark: str) -> bool:
    try:
        has_mark = bool(process.environ().get(variable) == mark)
        return has_mark and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _end_with_parent() -> Any:
    """Has Linux ask a program to stop when whoever started it was killed; elsewhere nothing does."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return lambda: library.prctl(_ASK_PARENT_DEATH_SIGNAL, signal.SIGTERM)
