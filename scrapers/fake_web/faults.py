"""Faults that can be switched on: which request they hit, and what they do to it."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import Any

from scrapers.fake_web.answers import Request

# What a site shows; they bend lists and pages.
CONTENT = frozenset(
    {
        "bare_list", "duplicate", "empty_rows", "endless", "legacy", "moving", "needs_base_filter", "prices_blank",
        "repeat_page", "rooftop_lost", "rotate_key", "share", "statuses_changed", "total",
    }
)  # fmt: skip
# What becomes of a finished answer.
ANSWER = frozenset(
    {
        "bad_utf8", "challenge", "content_type", "empty_body", "gzip_bomb", "html_error", "large_body", "redirect",
        "redirect_loop", "status", "truncated_gzip", "vin_renamed",
    }
)  # fmt: skip
# What happens on the line.
LINE = frozenset({"refuse", "reset", "slow_drip", "slow_first_byte"})


class UnknownFaultError(ValueError):
    """There is no such fault."""


@dataclass(kw_only=True)
class Knob:
    """One fault and where it strikes.

    site         the domain of the website, whichever host answers for it; empty for all
    host, path   the host as asked, and a pattern that the path with its query contains; empty for all
    first        the number of the matching request from which on it strikes, 1 is the first
    times        how many requests it strikes from there; None for all
    probability  the share of those requests that it strikes
    options      what the fault itself needs, by name
    """

    fault: str
    site: str = ""
    host: str = ""
    path: str = ""
    first: int = 1
    times: int | None = None
    probability: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    seen: int = 0
    struck: int = 0

    def document(self) -> dict[str, Any]:
        """The knob as it is listed, with how often it matched and struck."""
        return {**self.__dict__, "options": dict(self.options)}

    def matches(self, request: Request, domain: str) -> bool:
        return (
            (not self.site or self.site == domain)
            and (not self.host or self.host == request.host)
            and (not self.path or re.search(self.path, request.target) is not None)
        )


class Knobs:
    """All faults that are set; safe to use from many threads."""

    def __init__(self, seed: int) -> None:
        self._seed, self._lock = seed, Lock()
        self._numbers = count(1)
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._knobs: list[Knob] = []
            self._rng = random.Random(f"{self._seed} knobs")  # noqa: S311 - the same every time, nothing secret

    def add(self, fault: str, **settings: Any) -> Knob:
        """Set a fault; names that are no field of `Knob` become its options. Raises `UnknownFaultError`."""
        if fault not in CONTENT | ANSWER | LINE:
            raise UnknownFaultError(f"There is no fault {fault}: {', '.join(sorted(CONTENT | ANSWER | LINE))}.")
        fields = {"site", "host", "path", "first", "times", "probability"}
        known = {name: value for name, value in settings.items() if name in fields}
        known["site"] = known.get("site", "").removeprefix("www.")
        options = {name: value for name, value in settings.items() if name not in fields}
        with self._lock:
            knob = Knob(fault=fault, options=options, number=next(self._numbers), **known)
            self._knobs.append(knob)
        return knob

    def remove(self, number: int) -> None:
        with self._lock:
            self._knobs = [knob for knob in self._knobs if knob.number != number]

    def documents(self) -> list[dict[str, Any]]:
        with self._lock:
            return [knob.document() for knob in self._knobs]

    def striking(self, request: Request, domain: str) -> dict[str, Mapping[str, Any]]:
        """The faults that strike this request, by name with their options; it is counted as one."""
        if not self._knobs:
            return {}
        with self._lock:
            return {knob.fault: knob.options for knob in self._knobs if self._strikes(knob, request, domain)}

    def _strikes(self, knob: Knob, request: Request, domain: str) -> bool:
        if not knob.matches(request, domain):
            return False
        knob.seen += 1
        is_due = knob.seen >= knob.first and (knob.times is None or knob.seen < knob.first + knob.times)
        if not is_due or self._rng.random() >= knob.probability:
            return False
        knob.struck += 1
        return True
