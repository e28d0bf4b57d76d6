"""What a check answers: a name, a verdict, a value, and what to do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

# Further lines below a check; whoever mends ten of them sees the next.
MOST_NAMED = 10


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PERSON = "needs a person"


@dataclass(frozen=True)
class Check:
    """One line of the table; `details` are further lines below it, such as one per dealership."""

    name: str
    verdict: Verdict
    value: str
    remedy: str = ""
    details: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        return asdict(self)


def fine(name: str, value: str, details: Sequence[str] = ()) -> Check:
    return Check(name, Verdict.OK, value, details=details)


def judged(
    name: str,
    value: str,
    *,
    person: bool = False,
    warning: bool = False,
    remedy: str,
    details: Sequence[str] = (),
) -> Check:
    """A check that needs a person, is a warning, or is fine and then has no remedy."""
    verdict = Verdict.PERSON if person else Verdict.WARNING if warning else Verdict.OK
    return Check(name, verdict, value, "" if verdict == Verdict.OK else remedy, details)


def worst(checks: Sequence[Check]) -> Verdict:
    order = list(Verdict)
    return max((check.verdict for check in checks), key=order.index, default=Verdict.OK)


def document_of(checks: Sequence[Check]) -> dict[str, Any]:
    """All checks with the worst verdict of them, for programs."""
    return {"verdict": worst(checks), "checks": [check.document() for check in checks]}


def in_words(duration: timedelta) -> str:
    """A duration in the one unit that people would use: `12 s`, `25 min`, `6 h`, `4 days`."""
    seconds = max(int(duration.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 120 * 60:
        return f"{seconds // 60} min"
    if seconds < 72 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // (24 * 3600)} days"


def in_bytes(size: int) -> str:
    """A size in the one unit that people would use: `512 kB`, `3.2 MB`, `1.1 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size / 1000:,.0f} kB"
