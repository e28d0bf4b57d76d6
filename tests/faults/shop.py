"""A shop at work: programs of the product on the running test's database, orders for them, and faults in their way."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil
from django.db import close_old_connections, connection

from jobs.models import Incarnation, WorkerHeartbeat
from orders.models import Order, VinLogEntry
from orders.operations.completing import approve_order
from tests.factories import make_dealership, make_order, make_vehicles
from tests.faults import sabotage
from tests.faults.invariants import assert_invariants
from tests.programs import ROOT, _environment

VEHICLES = 2
SAID = "The worker does background work"


class Worker:
    """A supervisor with its queue, and which process of it does what."""

    def __init__(self, program: subprocess.Popen[str], processes: int) -> None:
        self.program, self._processes = program, processes
        self.process = psutil.Process(program.pid)

    def first(self) -> psutil.Process:
        [first] = self.process.children()
        return first

    def sentinel(self) -> psutil.Process:
        [sentinel] = self.first().children()
        return sentinel

    def pool(self) -> list[psutil.Process]:
        """Workers, monitor and pusher, in the order in which the sentinel starts them."""
        pool = sorted(self.sentinel().children(), key=lambda process: (process.create_time(), process.pid))
        return list(pool)

    def workers(self) -> list[psutil.Process]:
        return list(self.pool())[: self._processes]

    def monitor(self) -> psutil.Process:
        return self.pool()[self._processes]

    def pusher(self) -> psutil.Process:
        return self.pool()[self._processes + 1]

    def everything(self) -> list[psutil.Process]:
        return list(self.process.children(recursive=True))

    def stop(self) -> None:
        self.program.terminate()
        self.program.wait(timeout=60)


class Shop:
    """`scale` divides every interval; a figure of the matrix is given in full seconds to `seconds`."""

    def __init__(self, folder: Path, *, scale: int, slowness: float) -> None:
        self.scale, self._slowness = scale, slowness
        self._plans = folder / "sabotage"
        self._plans.mkdir()
        self._said = (folder / "worker.log").open("a")
        self._programs: list[subprocess.Popen[str]] = []
        self._numbers = iter(range(1, 10**6))

    def seconds(self, full: float, *, unscaled: float = 8) -> float:
        """How long something may take here; starting programs and guard cycles of the queue take what they take."""
        return full / self.scale + unscaled * self._slowness

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            **_environment(60),
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "LEASE_SECONDS": "60",
            "JOBS_TIME_SCALE": str(self.scale),
            sabotage.PLANS: str(self._plans),
            **extra,
        }

    def start(self, *arguments: str, folder: Path = ROOT, **extra: str) -> subprocess.Popen[str]:
        """A program of the version in the folder."""
        program = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=self.environment(**extra),
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._programs.append(program)
        return program

    def start_worker(
        self, *, processes: int = 2, clock_hours: str = "0", busy: bool = False, folder: Path = ROOT, **extra: str
    ) -> Worker:
        """A worker that has answered its first beat; one that is `busy` from the first moment is not waited for."""
        begun = Incarnation.objects.count()
        extra |= {"WORKERS": str(processes), sabotage.CLOCK: clock_hours}
        worker = Worker(self.start("manage.py", "worker", folder=folder, **extra), processes)
        wait_until(lambda: Incarnation.objects.count() > begun and (busy or is_answered()), 60)
        return worker

    def plan(self, place: str, action: str = "kill", *, times: int = 1) -> None:
        """Have `action` happen to whoever comes to `place`, so often."""
        for number in range(times):
            (self._plans / f"{place}.{number}").write_text(action)

    def poison(self, order: Order) -> None:
        """Have every process die that makes this order's files."""
        (self._plans / f"{sabotage.POISON}-{order.pk}").touch()

    def has_struck(self, place: str) -> bool:
        return not list(self._plans.glob(f"{place}.*"))

    def new_order(self, *, vehicles: int = VEHICLES) -> Order:
        """An order in review, of a dealership of its own."""
        number = next(self._numbers)
        dealership = make_dealership(name=f"Lot {number}", file_name=f"Lot_{number}")
        make_vehicles(dealership=dealership, count=vehicles, first=number * 100)
        return make_order(dealership=dealership)

    def send(self, order: Order) -> Order:
        """Have a worker complete the order."""
        return approve_order(order=order, order_number=f"4{order.pk:04d}", in_background=True)

    def send_new(self, count: int = 1, *, vehicles: int = VEHICLES) -> list[Order]:
        return [self.send(order) for order in [self.new_order(vehicles=vehicles) for _ in range(count)]]

    def close(self) -> None:
        self.end_programs()
        self._said.close()

    def end_programs(self) -> None:
        """End every program, and what is left of it."""
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            with suppress(subprocess.TimeoutExpired):
                program.wait(timeout=30)
        for process in self.living():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def living(self) -> list[psutil.Process]:
        """Every process that was started for this shop, orphans too."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                is_ours = process.environ().get(sabotage.PLANS) == str(self._plans) and process.pid != os.getpid()
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def words(self) -> str:
        """What the programs said and logged."""
        return Path(self._said.name).read_text()


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that ended and was not reaped does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_answered() -> bool:
    """Whether a worker of the queue that runs now has answered a beat."""
    return WorkerHeartbeat.objects.filter(incarnation__ended_at=None).exists()


def endings() -> list[str]:
    return list(Incarnation.objects.order_by("pk").values_list("ending", flat=True))


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def state(order: Order) -> str:
    return Order.objects.values_list("state", flat=True).get(pk=order.pk)


def states(orders: Sequence[Order]) -> set[str]:
    return set(Order.objects.filter(pk__in=[order.pk for order in orders]).values_list("state", flat=True))


def wait_until(is_so: Callable[[], bool], seconds: float) -> float:
    """Wait, and give how long it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not so after {seconds} seconds"
        time.sleep(0.05)
        close_old_connections()
    return time.monotonic() - begun


def wait_done(orders: Sequence[Order], seconds: float) -> float:
    """Wait until the orders are done, hold everything against the rules, and give how long it took."""
    took = wait_until(lambda: states(orders) == {"done"}, seconds)
    assert_done_once(orders)
    return took


def assert_done_once(orders: Sequence[Order]) -> None:
    assert states(orders) == {"done"}
    logged = VinLogEntry.objects.filter(order__in=orders).values_list("order", "vin")
    lines = [(order.pk, line.vin) for order in orders for line in order.lines.all()]
    assert sorted(logged) == sorted(lines)
    assert_invariants()
