"""A process that dies at one line of the product: forked from the test, traced by Python, ended without a goodbye."""

import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import connection

PROJECT = Path(__file__).resolve().parents[2]
KILLED_AT_THE_LINE = 77
FAILED = 78
Point = tuple[str, int]


def lines_of(act: Callable[[], object], folders: tuple[str, ...]) -> list[Point]:
    """Every line below `folders` that `act` executes, in the order of its first execution."""
    reader, writer = os.pipe()
    seen: dict[Point, None] = {}

    def run() -> None:
        with traced(folders, seen.setdefault):
            act()
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(list(seen), pipe)

    child = _fork(run)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    assert _ended(child) == 0
    points: list[Point] = pickle.loads(data)  # noqa: S301 - written by the child above
    return points


def die_at(point: Point, act: Callable[[], object], folders: tuple[str, ...]) -> bool:
    """Do `act` in a process that ends just before it executes the line; False when it never came there."""

    def strike(reached: Point) -> None:
        if reached == point:
            os._exit(KILLED_AT_THE_LINE)

    def run() -> None:
        with traced(folders, strike):
            act()

    code = _ended(_fork(run))
    assert code in {0, KILLED_AT_THE_LINE}, f"the process ended with {code} on the way to {point}"
    return code == KILLED_AT_THE_LINE


@contextmanager
def traced(folders: tuple[str, ...], reached: Callable[[Point], object]) -> Iterator[None]:
    """Tell `reached` of every line below `folders` just before it is executed, in all threads begun meanwhile."""
    wanted = tuple(f"{PROJECT}/{folder}" for folder in folders)

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            reached((frame.f_code.co_filename, frame.f_lineno))
        return on_line

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        return on_line if frame.f_code.co_filename.startswith(wanted) else None

    threading.settrace(on_call)
    sys.settrace(on_call)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)


def _fork(run: Callable[[], None]) -> int:
    """A child with connections of its own; it never comes back into the test."""
    connection.close()
    child = os.fork()
    if child:
        return child
    try:
        signal.alarm(300)
        run()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever it is must not come back into the test
        traceback.print_exc()
        os._exit(FAILED)


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
