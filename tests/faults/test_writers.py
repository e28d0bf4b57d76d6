"""F37: many processes write at the same moment while a batch is made and hardly a connection is left."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from dealerships.models import Dealership
from inventory.models import Dataset
from orders.models import Order
from orders.operations.batch_completing import complete_batch
from orders.operations.reviewing import edit_line
from silverfox.management.commands.run import programs
from tests.factories import make_dealership, make_order, make_vehicles
from tests.faults.shop import Shop, assert_done_once, wait_until
from tests.orders.batches import make_lots, orders_of, start, states
from tests.pages import sign_in
from tests.programs import ROOT, database_url
from tests.silverfox.installation import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.faults]
WRITERS, ROUNDS = 8, 12
# What web server, worker, writers and the test need together, and not one more than a few.
LEFT_FREE = 32
OF_ONE, OF_TWO = "Elm Street Motors", "Oak Street Motors"


class Crowd:
    """Connections of strangers, which do nothing but exist."""

    def __init__(self) -> None:
        self._connections: list[psycopg2.extensions.connection] = []

    def fill(self, *, leaving: int) -> None:
        """Take every connection that the server still gives, then end as many as are to be free."""
        with pytest.raises(psycopg2.OperationalError, match="clients already|slots are reserved"):
            self._take_all()
        for _ in range(leaving):
            self._connections.pop().close()
        time.sleep(0.2)

    def _take_all(self) -> None:
        while True:
            self._connections.append(psycopg2.connect(database_url()))

    def leave(self) -> None:
        while self._connections:
            self._connections.pop().close()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    try:
        yield crowd
    finally:
        crowd.leave()


class Visitor(threading.Thread):
    """A person who opens one page after the other; keeps every status, and what an answer says of connections."""

    def __init__(self, address: str, client: Client) -> None:
        super().__init__()
        self._address, self._cookie = address, client.cookies[settings.SESSION_COOKIE_NAME].value
        self._ends = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.told: list[str] = []

    def run(self) -> None:
        while not self._ends.is_set():
            for path in ("/orders/", "/batches/", "/"):
                status, text = self._get(path)
                self.statuses[status] += 1
                self.told += [text] if "too many" in text.lower() or "slots" in text.lower() else []

    def _get(self, path: str) -> tuple[int, str]:
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self._cookie}"}
        request = urllib.request.Request(f"{self._address}{path}", headers=cookie)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def end(self) -> None:
        self._ends.set()
        self.join(timeout=60)


@contextmanager
def visited_by(count: int, address: str) -> Iterator[list[Visitor]]:
    client = sign_in(role="staff")
    visitors = [Visitor(address, client) for _ in range(count)]
    for visitor in visitors:
        visitor.start()
    try:
        yield visitors
    finally:
        for visitor in visitors:
            visitor.end()


@contextmanager
def peak_of_connections() -> Iterator[list[int]]:
    """The number of the server's connections, looked at all the time by one that is there already."""
    counts, ends = [0], threading.Event()
    session = psycopg2.connect(database_url())
    session.autocommit = True

    def look() -> None:
        while not ends.wait(0.05):
            with session.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
                counts[0] = max(counts[0], cursor.fetchone()[0])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield counts
    finally:
        ends.set()
        thread.join()
        session.close()


def start_writer(shop: Shop) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.writer", str(ROUNDS), OF_TWO],
        cwd=ROOT,
        env=shop.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_web(shop: Shop) -> str:
    assert shop.start("manage.py", "collectstatic", "--no-input").wait(timeout=120) == 0
    port = free_port()
    shop.start(*programs("127.0.0.1", port)["web server"], ALLOWED_HOSTS="127.0.0.1")
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: is_up(f"{address}/healthz"), 60)
    return address


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def make_contested() -> Order:
    """An order in review whose first line everybody changes, and a dealership with two datasets that everybody uses."""
    reviewed_at, shared = make_dealership(name=OF_ONE), make_dealership(name=OF_TWO)
    make_vehicles(dealership=reviewed_at, first=7001)
    for price in ("20000", "20001"):
        make_vehicles(dealership=shared, first=8001, Price=price)
    order = make_order(dealership=reviewed_at)
    edit_line(line=order.lines.get(seq=1), version=1, changes={"trim": "0"})
    return order


@pytest.mark.fault(
    "F37",
    "8 writing processes and a batch, connections at the server's limit",
    "0 lost changes, 0 deadlocks that anybody is told of, nobody hears of too many connections",
)
def test_f37_eight_writers_and_a_batch_at_the_limit_of_connections_lose_nothing(
    shop: Shop, crowd: Crowd, record_property: Callable[[str, object], None]
) -> None:
    order, lots = make_contested(), make_lots(4, vehicles=8)
    batch = start(lots)
    address = start_web(shop)
    shop.start_worker()
    with peak_of_connections() as peak:
        crowd.fill(leaving=LEFT_FREE)
        complete_batch(batch=batch, first_number="45001")
        with visited_by(3, address) as visitors:
            writers = [start_writer(shop) for _ in range(WRITERS)]
            time.sleep(2)
            # For three seconds not one is left: who needs one has to wait.
            crowd.fill(leaving=0)
            time.sleep(3)
            crowd.leave()
            crowd.fill(leaving=LEFT_FREE)
            said = [writer.communicate(timeout=300) for writer in writers]
            wait_until(lambda: set(states(batch)) == {"done"}, shop.seconds(300))
    assert [(writer.returncode, err) for writer, (_, err) in zip(writers, said, strict=True)] == [(0, "")] * WRITERS
    line = order.lines.get(seq=1)
    changes = sum(json.loads(out)["changes"] for out, _ in said)
    assert (int(line.overrides["trim"]), line.version) == (WRITERS * ROUNDS, changes + 2)
    assert Dataset.objects.active().filter(dealership=Dealership.objects.get(name=OF_TWO)).count() == 1
    assert_done_once(orders_of(batch))
    assert set().union(*(visitor.statuses for visitor in visitors)) == {200}
    assert [told for visitor in visitors for told in visitor.told] == []
    assert "too many clients" not in shop.words()
    refusals = sum((Counter(json.loads(out)["refusals"]) for out, _ in said), Counter[str]())
    pages = sum(visitor.statuses.total() for visitor in visitors)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')")
        most = cursor.fetchone()[0]
    record_property(
        "measured",
        f"{changes} changes, {refusals['line_conflict']} repeated, {pages} pages, {peak[0]} of {most} connections",
    )
