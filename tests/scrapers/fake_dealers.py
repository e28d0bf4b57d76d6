"""The fake dealer web beside a test, with everything that the test may ask or change."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from scrapers.fake_web.faults import Knob
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.server import Server, running
from scrapers.fake_web.web import FakeWeb

# The fake speaks plain HTTP; reading the machine's certificates for every client would only take time.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class FakeDealers:
    """A running fake dealer web. `web` is the web itself, for what has no short name here."""

    web: FakeWeb
    server: Server

    @property
    def port(self) -> int:
        return self.server.port

    def expected(self, name: str, *, platform: str = "") -> list[Reading]:
        """What a person would read about the own vehicles of a dealership (by name or domain)."""
        return self.web.expected(name, platform=platform)

    def listed(self, name: str) -> list[Reading]:
        """The same of all vehicles that its website lists on its own host, siblings included."""
        return self.web.listed(name)

    def requests(self, host: str = "") -> list[dict[str, Any]]:
        """The requests so far, of one host or of all."""
        return [request for request in self.web.requests() if not host or request["host"] == host]

    def knob(self, fault: str, **settings: Any) -> Knob:
        """Set a fault: `site`, `host`, `path`, `first`, `times`, `probability`, and what the fault itself needs."""
        return self.web.knobs.add(fault, **settings)

    def go_to_day(self, day: int) -> None:
        self.web.go_to_day(day)

    def reset(self) -> None:
        """The first day again, without faults and without a record."""
        self.web.reset()

    def get(self, host: str, path: str, **extra: Any) -> httpx.Response:
        return self.ask("GET", host, path, **extra)

    def ask(
        self, method: str, host: str, path: str, *, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> httpx.Response:
        """One request to a virtual host, over a connection of its own."""
        with httpx.Client(verify=_NO_TLS, trust_env=False, timeout=extra.pop("timeout", 10)) as client:
            headers = {"Host": host, **(headers or {})}
            return client.request(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, **extra)


@contextmanager
def fake_dealers(**world: Any) -> Iterator[FakeDealers]:
    """A fake dealer web of the test's own on a free port; arguments as those of `FakeWeb`."""
    web = FakeWeb(**world)
    with running(web) as server:
        yield FakeDealers(web, server)
