"""Measures a whole batch by a real worker: its minutes, its memory, what its time goes to, and whether all was logged.

It works in the database that it finds, which therefore must be one of the measurement's own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import CodeType
from typing import Any

from django.conf import settings

from foundation.errors import Refused
from jobs import claims
from orders.domain.batches import FINAL_STATES, BatchState
from orders.domain.lines import OrderContent
from orders.domain.order_files import build_order_files
from orders.domain.qr import qr_png, read_image
from orders.models import Artifact, Batch, Order, OrderLine, VinLogEntry
from orders.operations.batch_completing import complete_batch
from orders.operations.batch_planning import Choice
from orders.operations.batching import run_batch
from orders.operations.checking import order_content
from orders.operations.completing import complete_order
from orders.operations.preflight import is_worker_alive
from silverfox.benchmarks import naive
from silverfox.benchmarks.comparing import Comparison, seconds
from silverfox.benchmarks.import_operations import make_import
from silverfox.benchmarks.order_operations import RATIO, approved_order, make_dealership_with_lot
from silverfox.benchmarks.own_database import manage_here, require_empty
from silverfox.benchmarks.watching import watched_memory, watched_time

WORKERS = 2
GOAL_SECONDS, GOAL_MB = 180, 400
_PATIENCE_SECONDS = 10 * GOAL_SECONDS
_POLL_SECONDS = 0.1
_BYTES_PER_MB = 1_000_000
# Orders whose time is looked at; one before them has the libraries loaded.
_WATCHED_ORDERS = 3
DRAWING, READING, WRITING, CLOSING, REST = "drawing codes", "reading them back", "writing files", "closing", "the rest"
PARTS = (DRAWING, READING, WRITING, CLOSING, REST)
_PARTS_BY_CODE: dict[CodeType, str] = {
    qr_png.__code__: DRAWING,
    read_image.__code__: READING,
    build_order_files.__code__: REST,
}
_PARTS_BY_STAGE = {"write": WRITING, "publish": WRITING, "release": CLOSING}


@dataclass(frozen=True, kw_only=True)
class Logged:
    """The printed lines of a batch and what the VIN log has of them."""

    lines: int
    codes: int
    lost: int
    doubled: int


@dataclass(frozen=True, kw_only=True)
class BatchMeasurement:
    """What came of a batch; `memory` is the most bytes of each process of the worker, `shares` are parts of one."""

    preparing: float
    producing: float
    memory: Sequence[int]
    shares: dict[str, float]
    logged: Logged
    comparison: Comparison

    def document(self) -> dict[str, Any]:
        supervisor, *queue = [round(peak / _BYTES_PER_MB, 1) for peak in self.memory]
        return {
            "preparing_seconds": round(self.preparing, 3),
            "producing_seconds": round(self.producing, 3),
            "goal_seconds": GOAL_SECONDS,
            "memory_mb": {"supervisor": supervisor, "queue": queue},
            "goal_mb": GOAL_MB,
            "shares": {part: round(share, 3) for part, share in self.shares.items()},
            "vin_log": asdict(self.logged),
            **self.comparison.document(),
        }


def measure_batch(*, dealerships: int, vehicles: int) -> BatchMeasurement:
    """Have a worker prepare and produce one order of so many vehicles for each of so many dealerships.

    Then the same contents are written by the peer, in as many processes. Raises `Refused` in a database that is not
    the measurement's own, when the worker ends or the batch does not, and when a line is not logged exactly once.
    """
    require_empty("A batch is")
    item = make_import()
    lots = [make_dealership_with_lot(item, number, vehicles) for number in range(dealerships)]
    with _worker() as worker, watched_memory(worker.pid) as memory:
        begun = time.perf_counter()
        batch = run_batch(choice=Choice("measured", tuple(lots)), in_background=True)
        _wait_until(partial(_has_come_to, BatchState.REVIEW, batch), worker)
        prepared = time.perf_counter()
        complete_batch(batch=batch, first_number="10001")
        _wait_until(partial(_has_come_to, BatchState.COMPLETED, batch), worker)
        produced = time.perf_counter()
    shares = _shares([approved_order(item, dealerships + number, vehicles) for number in range(1 + _WATCHED_ORDERS)])
    contents = [order_content(order) for order in batch.orders.order_by("pk")]
    return BatchMeasurement(
        preparing=prepared - begun,
        producing=produced - prepared,
        memory=[memory.pop(worker.pid), *sorted(memory.values(), reverse=True)],
        shares=shares,
        logged=require_logged(batch, dealerships * vehicles),
        comparison=Comparison(
            ours=f"worker with {WORKERS} processes: files, proof, VIN log",
            peer=f"qrcode, csv, zipfile in {WORKERS} processes: files only",
            ours_seconds=[produced - prepared],
            peer_seconds=[_write_naively(contents)],
            target=RATIO,
        ),
    )


@contextmanager
def _worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker that has answered; it is stopped at the end."""
    command, environment = manage_here("worker", WORKERS=str(WORKERS))
    worker = subprocess.Popen(command, env=environment, stdout=sys.stderr)
    try:
        _wait_until(is_worker_alive, worker)
        yield worker
    finally:
        worker.terminate()
        worker.wait()


def _wait_until(is_so: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        time.sleep(_POLL_SECONDS)
        if worker.poll() is not None or time.monotonic() > until:
            ended = "is at work and does not end" if worker.poll() is None else f"ended with {worker.returncode}"
            raise Refused(f"The worker {ended}. Run manage.py worker by itself to see why.", code="not_done")


def _has_come_to(state: BatchState, batch: Batch) -> bool:
    found = Batch.objects.values_list("state", flat=True).get(pk=batch.pk)
    if found in FINAL_STATES - {state}:
        reasons = {*batch.entries.values_list("reason", flat=True), *batch.orders.values_list("error_text", flat=True)}
        raise Refused(f"The batch is {found} instead of {state}. {' '.join(filter(None, reasons))}", code="not_done")
    return found == state


def require_logged(batch: Batch, expected: int) -> Logged:
    """What `count_logged` gives. Raises `Refused` unless each expected vehicle was printed, scanned and logged once."""
    found = count_logged(batch)
    if found != Logged(lines=expected, codes=expected, lost=0, doubled=0):
        raise Refused(
            f"Of {expected:,} vehicles {found.lines:,} were printed with {found.codes:,} QR codes; "
            f"{found.lost:,} are not logged, {found.doubled:,} are logged again.",
            code="not_logged_once",
        )
    return found


def count_logged(batch: Batch) -> Logged:
    """Count on the data itself: printed lines without an entry, and entries beyond one of the same vehicle."""
    lines = OrderLine.objects.filter(order__batch=batch, included=True)
    entries = VinLogEntry.objects.filter(dealership__in=batch.entries.values("dealership"))
    printed, logged = set(lines.values_list("order__dealership", "vin")), list(entries.values_list("dealership", "vin"))
    codes = Artifact.objects.filter(order__batch=batch, kind=Artifact.Kind.QR).count()
    once = set(logged)
    return Logged(lines=lines.count(), codes=codes, lost=len(printed - once), doubled=len(logged) - len(once))


def _shares(orders: Sequence[Order]) -> dict[str, float]:
    """What part of the time each part of the work takes, on orders that this process completes."""
    complete_order(order=orders[0])
    with watched_time(_part_of) as parts:
        for order in orders[1:]:
            complete_order(order=order)
    total = sum(parts.values())
    return {part: parts[part] / total for part in sorted(parts, key=lambda part: -parts[part])}


def _part_of(codes: Sequence[CodeType]) -> str:
    by_code = (_PARTS_BY_CODE[code] for code in codes if code in _PARTS_BY_CODE)
    return next(by_code, _PARTS_BY_STAGE.get(claims.stage(), REST))


def _write_naively(contents: Sequence[OrderContent]) -> float:
    """How long the peer takes, once its processes have started."""
    with (
        tempfile.TemporaryDirectory(dir=settings.ORDERS_DIR) as folder,
        ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool,
    ):
        list(pool.map(naive.one_bit_png, ["start"] * WORKERS))
        targets = [Path(folder) / str(number) for number in range(len(contents))]
        return seconds(lambda: list(pool.map(naive.write_order, contents, targets)).clear())
