"""The fault matrix: which lines ran, what came of them, and the table at the end."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from tests.faults.shop import Shop


@dataclass
class Line:
    """One line of the matrix: what is done to which process, what must come of it, and what did."""

    number: str
    how: str
    expected: str
    result: str = ""
    seconds: float = 0.0
    measured: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        return [self.number, self.how, self.expected, "; ".join([self.result, *self.measured]), f"{self.seconds:.1f}"]


LINES = pytest.StashKey[dict[str, Line]]()
SCALES = pytest.StashKey[set[int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults", "the fault matrix")
    group.addoption("--faults-table", metavar="FILE", help="print the table of the fault matrix, and write it to FILE")
    group.addoption("--full-scale", action="store_true", help="let every interval be as long as in production")
    group.addoption("--soak-kills", type=int, default=500, help="how many processes the soak kills (500)")
    group.addoption("--soak-seconds", type=int, default=1200, help="how long the soak may kill for (1200)")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LINES] = {}
    config.stash[SCALES] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    mark = item.get_closest_marker("fault")
    if mark is not None:
        line = item.config.stash[LINES].setdefault(item.nodeid, Line(*mark.args))
        line.seconds += report.duration
        line.measured = [str(value) for name, value in item.user_properties if name == "measured"]
        if report.when == "call" or report.failed or report.skipped:
            line.result = report.outcome
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = sorted(config.stash[LINES].values(), key=lambda line: line.number)
    path = config.getoption("--faults-table", default=None)
    if not path:
        return
    server = "the embedded server" if django_settings.EMBEDDED_DATABASE else "an external server"
    header = ["number", "where and how", "expected", "result", "seconds"]
    rows = [header, ["---"] * len(header), *(line.cells() for line in lines)]
    text = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    scales: set[int] = config.stash[SCALES]
    divisors = " and ".join(map(str, sorted(scales))) or "nothing"
    terminalreporter.section(f"the fault matrix on {server}, intervals divided by {divisors}")
    terminalreporter.write_line(text)
    Path(path).write_text(f"{text}\n", encoding="utf-8")


def scale_of(config: pytest.Config, slowness: float = 1) -> int:
    """What every interval is divided by: less where all takes longer, so that intervals and work keep their ratio."""
    return 1 if config.getoption("--full-scale", default=False) else max(4, round(10 / slowness))


def slowness_now() -> float:
    """How many times longer a program takes than it computes: 1 on a computer that does nothing else."""
    begun, used = time.monotonic(), _seconds_used()
    subprocess.run([sys.executable, "-c", "import django.core.management, django.db.models, psycopg2"], check=True)
    took = time.monotonic() - begun
    # Reading the program from the disk is no sign of a busy computer.
    return max(1.0, took / (_seconds_used() - used) - 0.5)


def _seconds_used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture
def shop(transactional_db: None, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The running test's database with programs of its own, their intervals divided by `scale_of`."""
    slowness = slowness_now()
    scale = scale_of(request.config, slowness)
    request.config.stash[SCALES].add(scale)
    os.environ.pop("SILVERFOX_INCARNATION", None)
    settings.JOBS_TIME_SCALE = scale
    shop = Shop(tmp_path, scale=scale, slowness=slowness)
    try:
        yield shop
    finally:
        shop.close()
        print(shop.words())  # noqa: T201 - shown beside a failure
