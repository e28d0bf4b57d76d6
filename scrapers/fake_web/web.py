"""The fake dealer web without its socket: from a request to an answer, with every request on record."""

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from threading import Lock
from typing import Any

from scrapers.fake_web import sites
from scrapers.fake_web.answers import Answer, Request, as_html, as_json, not_found, page
from scrapers.fake_web.faults import CONTENT, LINE, Knobs, UnknownFaultError
from scrapers.fake_web.given import GivenLots
from scrapers.fake_web.lots import Lot, find_lot, load_lots
from scrapers.fake_web.reading import Reading
from scrapers.fake_web.spoiling import spoil
from scrapers.fake_web.view import View
from scrapers.fake_web.world import FIRST_DAY, World

ADMIN = "/_fake/"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer with the faults of the line that it travels on, by name with their options."""

    answer: Answer
    line: Mapping[str, Mapping[str, Any]]


class FakeWeb:
    """All websites at once; safe to use from many threads."""

    def __init__(
        self,
        *,
        seed: int = 1,
        day: int = 0,
        scale: float = 1.0,
        first_day: date = FIRST_DAY,
        given: GivenLots | None = None,
    ) -> None:
        self._first_world = World(seed=seed, day=day, scale=scale, first_day=first_day, given=given)
        self.knobs = Knobs(seed)
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """The first day again, without faults and without a record."""
        self.world = self._first_world
        self.knobs.clear()
        with self._lock:
            self._requests: list[dict[str, Any]] = []

    def go_to_day(self, day: int) -> None:
        self.world = replace(self.world, day=day)

    def requests(self) -> list[dict[str, Any]]:
        """Every request in the order of arrival: at (seconds of the monotonic clock), method, host, path with its
        query, headers, body, status."""
        with self._lock:
            return list(self._requests)

    def forget_requests(self) -> None:
        with self._lock:
            self._requests.clear()

    def expected(self, name: str, *, platform: str = "") -> list[Reading]:
        """What a person would read about the dealership's own vehicles, of a domain or a dealership's name.

        `platform` is asked for where a site answers on two: `algolia_legacy` for Dealer Inspire as it was.
        """
        lot = find_lot(name)
        return [sites.read(lot, vehicle, platform) for vehicle in self.world.own(lot)]

    def listed(self, name: str) -> list[Reading]:
        """What a person would read about all vehicles that the website lists on its own host."""
        lot = find_lot(name)
        return [sites.read(lot, vehicle) for vehicle in self.world.listed_here(lot)]

    def reply(self, request: Request) -> Reply:
        """Answer one request, put it on record and let the faults that are set strike."""
        at = time.monotonic()
        if request.path.startswith(ADMIN):
            return Reply(answer=self._administer(request), line={})
        request = _as_virtual_host(request)
        lot = sites.lot_of(request)
        faults = self.knobs.striking(request, lot.domain if lot else "")
        content = {fault: options for fault, options in faults.items() if fault in CONTENT}
        answer = spoil(self._answer(request, lot, content), request, faults)
        self._record(at, request, answer)
        return Reply(answer=answer, line={fault: faults[fault] for fault in faults if fault in LINE})

    def _answer(self, request: Request, lot: Lot | None, content: Mapping[str, Mapping[str, Any]]) -> Answer:
        if lot is None:
            is_index = request.path == "/" and is_local(request.host)
            return as_html(_index()) if is_index else not_found()
        return sites.answer(View(lot=lot, world=self.world, faults=content), request)

    def _record(self, at: float, request: Request, answer: Answer) -> None:
        entry = {
            "at": at,
            "method": request.method,
            "host": request.host,
            "path": request.target,
            "headers": dict(request.headers),
            "body": request.body.decode("utf-8", errors="replace"),
            "status": answer.status,
        }
        with self._lock:
            self._requests.append(entry)

    def _administer(self, request: Request) -> Answer:
        """The endpoints of whoever steers the fake: requests, knobs, day, reset, expected, sites."""
        verb = request.method, request.path.removeprefix(ADMIN).strip("/")
        document = request.document()
        try:
            return self._done(verb, document, request)
        except (UnknownFaultError, KeyError, TypeError, ValueError) as error:
            return as_json({"error": str(error)}, status=400)

    def _done(self, verb: tuple[str, str], document: Any, request: Request) -> Answer:
        match verb:
            case "GET", "requests":
                return as_json(self.requests())
            case "DELETE", "requests":
                self.forget_requests()
            case "POST", "knobs":
                return as_json(self.knobs.add(**document).document(), status=201)
            case "DELETE", "knobs":
                self.knobs.clear()
            case "POST", "day":
                self.go_to_day(int(document["day"]))
            case "POST", "reset":
                self.reset()
            case "GET", "expected":
                return as_json([reading._asdict() for reading in self.expected(request.parameter("site"))])
            case "GET", "sites":
                return as_json(
                    [{"name": lot.name, "domain": lot.domain, "platform": lot.platform} for lot in load_lots()]
                )
            case "GET", "knobs":
                pass
            case _:
                return not_found()
        return as_json({"day": self.world.day, "knobs": self.knobs.documents()})


def is_local(host: str) -> bool:
    """Whether the host is this machine, asked by a person, and no virtual host."""
    try:
        return host in {"localhost", "fake.test"} or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _as_virtual_host(request: Request) -> Request:
    """A request for `/{host}/...` of this machine as one for that host."""
    if not is_local(request.host):
        return request
    host, slash, rest = request.target.lstrip("/").partition("/")
    if "." not in host or not slash:
        return request
    is_domain = any(lot.domain == host for lot in load_lots())
    return replace(request, host=f"www.{host}" if is_domain else host, target=f"/{rest}")


def _index() -> str:
    rows = "\n".join(
        f'<li><a href="/{lot.domain}/">{escape(lot.name)}</a> ({lot.platform}, {lot.vehicles} vehicles)</li>'
        for lot in load_lots()
    )
    return page("Fake dealer web", f"<h1>Fake dealer web</h1>\n<ul>\n{rows}\n</ul>")
