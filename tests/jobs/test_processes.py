import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.processes import STOP_SIGNALS, Programs
from tests.silverfox.installation import wait_until

SLEEP = ["-c", "import time; time.sleep(60)"]
STUBBORN = (
    "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork();"
    "open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
)


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if SLEEP[1] in child.cmdline()]


def test_all_programs_run_until_a_signal_comes() -> None:
    with Programs({"one": SLEEP, "two": SLEEP}, grace_seconds=5) as programs:
        assert programs.exit_code() is None
        assert len(children()) == 2
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM]).start()
        assert programs.wait() == 0
    assert children() == []


@pytest.mark.parametrize(("ending", "code"), [("sys.exit(3)", 3), ("sys.exit(0)", 1), ("os.abort()", 134)])
def test_the_first_that_ends_stops_all_with_its_exit_code(ending: str, code: int) -> None:
    with Programs({"long": SLEEP, "short": ["-c", f"import os, sys; {ending}"]}, grace_seconds=5) as programs:
        assert (programs.wait(), programs.first_ended) == (code, "short")
    assert children() == []


def test_programs_that_do_not_end_when_asked_are_killed_with_their_descendants(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.touch()
    with Programs({"stubborn": ["-c", STUBBORN, str(pids)]}, grace_seconds=0.2):
        while len(pids.read_text().splitlines()) < 2:
            time.sleep(0.05)
    wait_until(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().splitlines()), seconds=5)


def test_an_error_of_the_one_who_watches_stops_the_programs_too() -> None:
    with pytest.raises(ZeroDivisionError), Programs({"one": SLEEP}, grace_seconds=5):
        raise ZeroDivisionError
    assert children() == []
