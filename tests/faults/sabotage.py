"""Faults at chosen places of programs that run the product as it is.

Python's audit events, Django's hooks and the queue's own signals tell where a process has come to. A file named for the
place says what happens there; who comes first takes the file away, so that it happens once.
"""

import errno
import hashlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created
from django.utils import timezone

PLANS = "SABOTAGE_DIR"
CLOCK = "SABOTAGE_CLOCK_HOURS"
ENDS_ITS_WORKER, CANNOT_BE_PICKLED = "sabotage: exit", "sabotage: unpicklable"
TAKEN, MADE, IMAGE, RENAME, RENAMED = "taken", "folder made", "second image", "rename", "renamed"
LOGGED, RELEASED, ACKNOWLEDGE = "VINs logged", "released", "acknowledge"
FINALISE, SUMMARISE = "finalise", "summarise"
POISON = "poison"
_TEMPORARY = re.compile(r"/\.tmp/(\d+)-[0-9a-f-]+$")
_INJECTED = "DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '40P01'; END $$"


class SabotageConfig(AppConfig):
    name = "tests.faults.sabotage"

    def ready(self) -> None:
        # These stand on models, which exist only now.
        from django_q.signals import post_execute_in_worker, pre_execute

        from jobs.registry import job

        sys.addaudithook(_Files().audit)
        connection_created.connect(_watch_statements, weak=False)
        pre_execute.connect(_before_task, weak=False)
        post_execute_in_worker.connect(_after_task, weak=False)
        job(ENDS_ITS_WORKER)(end_the_worker)
        job(CANNOT_BE_PICKLED)(give_what_cannot_be_pickled)
        if hours := float(os.environ.get(CLOCK, "0")):
            timezone.now = partial(_shifted, hours)
            time.time = partial(_shifted_seconds, time.time, hours)


def _shifted(hours: float) -> datetime:
    return datetime.now(tz=timezone.get_default_timezone()) + timedelta(hours=hours)


def _shifted_seconds(clock: Callable[[], float], hours: float) -> float:
    return clock() + hours * 3600


def end_the_worker(subject_id: int) -> None:
    sys.exit(3)


def give_what_cannot_be_pickled(subject_id: int) -> str:
    return lambda: subject_id  # type: ignore[return-value]


def _strike(place: str, execute: Any = None) -> None:
    for plan in sorted(Path(os.environ[PLANS]).glob(f"{place}.*")):
        action = plan.read_text()
        try:
            plan.unlink()
        except FileNotFoundError:
            continue
        _act(action, execute)
        return


def _act(action: str, execute: Any) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == "hang":
        while True:
            time.sleep(0.1)
    elif action == "stuck in C":
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
    elif action == "deaf":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        _act("hang", execute)
    elif action == "no space":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    elif action == "deadlock":
        execute(_INJECTED)
    elif action.startswith("sleep "):
        time.sleep(float(action.removeprefix("sleep ")))
    else:
        raise RuntimeError(action)


class _Files:
    """Follows the files of the order that this process makes."""

    def __init__(self) -> None:
        self.images = 0
        self.attempt = self.order_folder = ""

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.mkdir" and (made := _TEMPORARY.search(os.fsdecode(arguments[0]))):
            self._begin(made[0])
            if (Path(os.environ[PLANS]) / f"{POISON}-{made[1]}").exists():
                os.kill(os.getpid(), signal.SIGKILL)
            _strike(MADE)
        elif event == "open" and isinstance(arguments[0], str | os.PathLike):
            self._opened(os.fsdecode(arguments[0]), str(arguments[1]))
        elif event == "os.rename" and "/.tmp/" in os.fsdecode(arguments[0]):
            _strike(RENAME)
            self.order_folder = str(Path(os.fsdecode(arguments[1])).parent)

    def _begin(self, attempt: str) -> None:
        # Each file asks for its folder once more, while files before it are still being written.
        if attempt != self.attempt:
            self.attempt, self.images, self.order_folder = attempt, 0, ""

    def _opened(self, path: str, mode: str) -> None:
        if path.endswith(".png") and mode.startswith("w"):
            self.images += 1
            if self.images == 2:
                _strike(IMAGE)
        elif self.order_folder and path == self.order_folder:
            self.order_folder = ""
            _strike(RENAMED)


def _watch_statements(connection: Any, **_: Any) -> None:
    if _execute not in connection.execute_wrappers:
        connection.execute_wrappers.append(_execute)


def _execute(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
    raw = partial(_run, context)
    if sql.startswith('UPDATE "orders_batch" SET "state"'):
        _strike(FINALISE, raw)
    if sql.startswith('INSERT INTO "orders_batchsummary"'):
        _strike(SUMMARISE, raw)
    result = execute(sql, parameters, many, context)
    if sql.startswith('INSERT INTO "orders_vinlogentry"'):
        connections["default"].on_commit(partial(_strike, RELEASED))
        _strike(LOGGED, raw)
    return result


def _run(context: dict[str, Any], sql: str) -> None:
    context["cursor"].execute(sql)


def _is_order(task: dict[str, Any]) -> bool:
    return bool(task["args"][:1] == ("complete_order",))


def _before_task(task: dict[str, Any], **_: Any) -> None:
    if _is_order(task):
        _strike(TAKEN)


def _after_task(task: dict[str, Any], **_: Any) -> None:
    if _is_order(task):
        _strike(ACKNOWLEDGE)
