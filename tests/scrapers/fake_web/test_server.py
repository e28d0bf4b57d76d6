"""The fake dealer web on its port: hosts, the record of requests, the endpoints of who steers it, and the command."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import httpx
import pytest

from scrapers.fake_web.server import running
from scrapers.fake_web.web import FakeWeb
from tests.command_line import run_command
from tests.scrapers.fake_dealers import FakeDealers
from tests.scrapers.fake_web.walking import vins_of

ROOT = Path(__file__).resolve().parents[3]
KIA, FEED = "www.hwkia.com", "/inventory-new.json"


def test_a_site_answers_to_its_host_with_or_without_a_port(fake_web: FakeDealers) -> None:
    pages = [fake_web.get(host, FEED) for host in (KIA, f"{KIA}:443", "WWW.HWKIA.COM")]

    assert len({page.text for page in pages}) == 1
    assert pages[0].json()["vehicles"][0]["dealerDomain"] == KIA


def test_people_reach_a_site_and_a_shared_host_by_a_path(fake_web: FakeDealers) -> None:
    local = f"127.0.0.1:{fake_web.port}"

    index = fake_web.get(local, "/")

    assert index.text.count("<li>") == 40
    assert fake_web.get(local, f"/hwkia.com{FEED}").text == fake_web.get(KIA, FEED).text
    api = "/websites-search.api.carscommerce.inc/api/v1/listings/6060026/search"
    assert fake_web.ask("POST", local, api).status_code == 401


def test_an_unknown_host_and_an_unknown_page_are_not_found(fake_web: FakeDealers) -> None:
    assert fake_web.get("www.elsewhere.test", "/").status_code == 404
    assert fake_web.get(KIA, "/no-such-page").status_code == 404


def test_one_connection_serves_many_requests(fake_web: FakeDealers) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", fake_web.port, timeout=10)
    connection.connect()
    line = connection.sock

    for path in (FEED, "/no-such-page", "/robots.txt", FEED):
        connection.request("GET", path, headers={"Host": KIA})
        connection.getresponse().read()
        assert connection.sock is line
    connection.close()


def test_answers_are_packed_for_who_takes_gzip(fake_web: FakeDealers) -> None:
    packed, plain = (fake_web.get(KIA, FEED, headers={"Accept-Encoding": kind}) for kind in ("gzip", "identity"))

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 3


def test_every_request_is_on_record(fake_web: FakeDealers) -> None:
    before = time.monotonic()
    fake_web.get(KIA, f"{FEED}?page=2", headers={"Cookie": "a=b"})
    fake_web.ask(
        "POST", "www.auffenberghyundai.com", "/api/widget/ws-inv-data/getInventory", content=b'{"siteId": "x"}'
    )

    first, second = fake_web.requests()

    assert (first["method"], first["host"], first["path"], first["status"]) == ("GET", KIA, f"{FEED}?page=2", 200)
    assert first["headers"]["cookie"] == "a=b"
    assert before <= first["at"] <= second["at"] <= time.monotonic()
    assert (second["body"], second["status"]) == ('{"siteId": "x"}', 400)
    assert fake_web.requests(KIA) == [first]


def test_the_fake_is_steered_by_its_own_endpoints(fake_web: FakeDealers) -> None:
    def steer(method: str, path: str, document: object = None) -> httpx.Response:
        return fake_web.ask(method, "fake.test", f"/_fake/{path}", content=json.dumps(document or {}).encode())

    made = steer("POST", "knobs", {"fault": "status", "host": KIA, "status": 403, "times": 1})
    assert (made.status_code, made.json()["options"]) == (201, {"status": 403})
    assert [fake_web.get(KIA, FEED).status_code for _ in range(2)] == [403, 200]
    assert [knob["struck"] for knob in steer("GET", "knobs").json()["knobs"]] == [1]
    assert [request["status"] for request in steer("GET", "requests").json()] == [403, 200]
    assert steer("DELETE", "knobs").json() == {"day": 0, "knobs": []}
    steer("DELETE", "requests")
    assert steer("GET", "requests").json() == []
    assert len(steer("GET", "expected?site=hwkia.com").json()) == 258
    assert len(steer("GET", "sites").json()) == 40
    assert steer("POST", "day", {"day": 2}).json()["day"] == 2
    assert steer("POST", "reset").json()["day"] == 0
    assert steer("GET", "tea").status_code == 404


@pytest.mark.parametrize(("path", "document"), [
    ("knobs", {"fault": "tea_break"}), ("knobs", {}), ("knobs", []), ("day", {}), ("day", {"day": "soon"}),
])  # fmt: skip
def test_what_the_endpoints_do_not_understand_is_refused(fake_web: FakeDealers, path: str, document: object) -> None:
    answer = fake_web.ask("POST", "fake.test", f"/_fake/{path}", content=json.dumps(document).encode())

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_day_later_the_lists_differ_and_reset_brings_the_first_day_back(fake_web: FakeDealers) -> None:
    first = fake_web.get(KIA, FEED).text

    fake_web.go_to_day(1)
    second = fake_web.get(KIA, FEED).text
    fake_web.reset()

    assert first != second
    assert fake_web.get(KIA, FEED).text == first


def test_many_clients_are_served_at_once(fake_web: FakeDealers) -> None:
    texts: list[str] = []

    def read() -> None:
        texts.extend(fake_web.get(KIA, FEED).text for _ in range(5))

    threads = [Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(texts) == 40
    assert len(set(texts)) == 1
    assert len(fake_web.requests(KIA)) == 40


def test_a_delay_passes_before_every_answer() -> None:
    with running(FakeWeb(scale=0.1), delay=0.2) as server:
        start = time.monotonic()
        httpx.get(f"http://127.0.0.1:{server.port}/robots.txt", headers={"Host": KIA})

    assert time.monotonic() - start >= 0.2


def test_a_server_that_stops_ends_what_is_slow_and_refuses_connections() -> None:
    web = FakeWeb(scale=0.1)
    with running(web) as server:
        port = server.port
        web.knobs.add("slow_first_byte", seconds=60)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(f"GET / HTTP/1.1\r\nHost: {KIA}\r\n\r\n".encode())
            while not web.requests():
                time.sleep(0.01)
            server.stopping.set()
            assert line.recv(100) == b""

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(stop: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "manage.py", "fake_dealers", "--json", "--scale", "0.1", "--day", "1"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "silverfox.settings"},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        lines = iter(program.stdout.readline, "")
        document = json.loads("".join([next(lines) for _ in range(5)]))

        page = httpx.get(f"{document['address']}hwkia.com{FEED}")
        program.send_signal(stop)

        assert program.wait(timeout=30) == 0
    assert document["sites"] == 40
    assert page.json()["totalVehicles"] > 10


@pytest.mark.parametrize(("arguments", "reason"), [
    (("--day", "-1"), "--day -1 is not possible: choose 0 to 365."),
    (("--scale", "0"), "--scale 0 is not possible: choose more than 0, up to 100."),
    (("--delay", "-2"), "--delay -2 is not possible: choose 0 to 60 seconds."),
    (("--port", "70000"), "There is no port 70000: choose one from 1024 to 65535."),
])  # fmt: skip
def test_the_command_refuses_what_is_impossible(arguments: tuple[str, str], reason: str) -> None:
    answer = run_command("fake_dealers", *arguments)

    assert (answer.exit_code, answer.err) == (2, f"{reason}\n")


def test_the_command_names_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        answer = run_command("fake_dealers", "--port", port)

    assert answer.exit_code == 2
    assert answer.err.startswith(f"Port {port} of 127.0.0.1 cannot be used")


def test_a_whole_cycle_is_served_in_seconds(fake_web: FakeDealers) -> None:
    start = time.process_time()

    vehicles = sum(
        len(vins_of(fake_web.web, site["domain"])) for site in fake_web.get("fake.test", "/_fake/sites").json()
    )

    assert vehicles > 12_000
    assert time.process_time() - start < 15


def test_a_refused_command_leaves_its_process_open_to_signals() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert run_command("fake_dealers", "--scale", "0").exit_code == 2
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
