"""The fake dealer web in a process of its own beside a measurement, and a plain client that only fetches from it."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import httpx

from foundation.errors import Refused
from silverfox.benchmarks.own_database import manage_here

PEER_THREADS = 8
_PATIENCE_SECONDS = 120
# What the client says of the connection and the body by itself.
_ITS_OWN = {"connection", "content-length"}


@contextmanager
def started_fake_web(*, scale: float) -> Iterator[str]:
    """Gives the address and port of the fake dealer web, as the setting SCRAPER_FAKE_WEB takes it."""
    command, environment = manage_here("fake_dealers", f"--scale={scale}", "--json")
    program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield f"127.0.0.1:{_port(program)}"
    finally:
        program.terminate()
        program.communicate()


def _port(program: "subprocess.Popen[str]") -> int:
    lines = []
    for line in program.stdout or ():
        lines.append(line)
        if line == "}\n":
            return int(json.loads("".join(lines))["port"])
    raise Refused("The fake dealer web did not start. Run manage.py fake_dealers to see why.", code="not_done")


class FakeWebClient:
    """Asks the fake dealer web about itself, and what others have asked it once more; it never leaves this machine."""

    def __init__(self, address: str) -> None:
        port = int(address.rpartition(":")[2])
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=_PATIENCE_SECONDS)

    def close(self) -> None:
        self._client.close()

    def expected_vins(self, host: str) -> set[str]:
        """The vehicles of the dealership's own that a person would find on the website."""
        answer = self._client.get("/_fake/expected", params={"site": host.removeprefix("www.")})
        return {reading["vin"] for reading in answer.raise_for_status().json()}

    def go_to_day(self, day: int) -> None:
        self._client.post("/_fake/day", json={"day": day}).raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """What was asked so far, in the order of arrival."""
        return cast("list[dict[str, Any]]", self._client.get("/_fake/requests").raise_for_status().json())

    def forget_requests(self) -> None:
        self._client.delete("/_fake/requests").raise_for_status()

    def fetch_again(self, asked: Sequence[dict[str, Any]]) -> None:
        """Make these requests once more, those of a host one after another, and do nothing with the answers.

        Raises `Refused` when an answer has another status than at first.
        """
        hosts: dict[str, list[dict[str, Any]]] = {}
        for request in asked:
            hosts.setdefault(request["host"], []).append(request)
        with ThreadPoolExecutor(PEER_THREADS) as pool:
            list(pool.map(self._fetch_all, hosts.values()))

    def _fetch_all(self, asked: Sequence[dict[str, Any]]) -> None:
        for request in asked:
            headers = {name: value for name, value in request["headers"].items() if name not in _ITS_OWN}
            answer = self._client.request(request["method"], request["path"], headers=headers, content=request["body"])
            if answer.status_code != request["status"]:
                words = f"{request['host']} answers {answer.status_code} instead of {request['status']}."
                raise Refused(f"The plain client cannot be compared: {words}", code="not_same")
