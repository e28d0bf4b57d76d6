"""Looks at work from beside it: how much memory processes need, and what the time of a piece of work goes to."""

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType

import psutil

_MEMORY_SECONDS = 0.25
_STACK_SECONDS = 0.001


@contextmanager
def watched_memory(pid: int) -> Iterator[dict[int, int]]:
    """The most bytes that a process and each one below it have resident while the block runs, by process id."""
    root, peaks, ended = psutil.Process(pid), defaultdict[int, int](int), threading.Event()

    def watch() -> None:
        while not ended.wait(_MEMORY_SECONDS):
            with suppress(psutil.NoSuchProcess):
                for process in (root, *root.children(recursive=True)):
                    with suppress(psutil.NoSuchProcess):
                        peaks[process.pid] = max(peaks[process.pid], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


@contextmanager
def watched_time(part_of: Callable[[list[CodeType]], str]) -> Iterator[dict[str, float]]:
    """The seconds that the main thread spends in each part of its work while the block runs.

    A timer looks at the stack every millisecond, so that the work is hardly slower for it, unlike under a profiler.
    `part_of` names the part by the code that runs, innermost first.
    """
    parts, last = defaultdict[str, float](float), time.perf_counter()

    def look(_: int, frame: FrameType | None) -> None:
        nonlocal last
        codes = []
        while frame is not None:
            codes.append(frame.f_code)
            frame = frame.f_back
        now = time.perf_counter()
        parts[part_of(codes)] += now - last
        last = now

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _STACK_SECONDS, _STACK_SECONDS)
    try:
        yield parts
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
