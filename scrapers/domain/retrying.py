"""What to do after a request failed: try again, when, and whether to wait for that in another slice of the run."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from scrapers.domain.failures import FetchError

LONGEST_IN_ALL = 120.0
LONGEST_RETRY_AFTER = 300.0
LONGEST_WAIT_IN_A_SLICE = 20.0
_FIRST_PAUSE = 2.0
_BRIEF_FAULTS = {"E_CONNECT", "E_TIMEOUT", "E_DEADLINE", "E_TRUNCATED", "E_TOO_MANY_REQUESTS"}
_BRIEF_STATUSES = {502, 503, 504}


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Try again after `seconds`; `ends_slice` when that is too long to sit and wait."""

    seconds: float
    ends_slice: bool


def after_failure(error: FetchError, *, attempts: int, elapsed: float, luck: float) -> Retry | None:
    """Whether and when to try again; None gives up.

    `attempts` counts the tries made so far, `elapsed` the seconds since the first one began, `luck` is a random number
    from 0 to 1. A wait that the website asked for beyond 20 s ends the slice and may exceed the 120 s in all, because
    the next slice begins anew.
    """
    if attempts >= most_attempts(error):
        return None
    pause = _FIRST_PAUSE * 2 ** (attempts - 1) * (1 + luck / 2)
    asked = min(error.retry_after or 0, LONGEST_RETRY_AFTER)
    if asked > LONGEST_WAIT_IN_A_SLICE:
        return Retry(seconds=max(asked, pause), ends_slice=True)
    seconds = max(asked, pause)
    return Retry(seconds=seconds, ends_slice=False) if elapsed + seconds <= LONGEST_IN_ALL else None


def most_attempts(error: FetchError) -> int:
    """How often a request is tried that fails like this: 4 times for what passes, 2 for other faults of a server."""
    if error.code in _BRIEF_FAULTS or error.status in _BRIEF_STATUSES:
        return 4
    return 2 if error.code == "E_HTTP_5XX" else 1


def seconds_to_wait(retry_after: str, date: str) -> float | None:
    """What a `Retry-After` header asks for: seconds, or a moment seen from the answer's own `Date`. None when it asks
    for nothing that can be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
