"""Whether a website lets programs read an address: its robots.txt, read once a day, kept and obeyed.

RFC 9309 says what the answer means: 2xx is read; 4xx means that there is no file, so everything is allowed; a server
that fails or cannot be reached forbids everything, unless there is an earlier copy, which holds for 30 days then.
"""

import logging
from datetime import timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from scrapers.domain.failures import sentence
from scrapers.domain.robots import LONGEST_FILE, Verdict, is_absent, judge, robots_url
from scrapers.domain.shapes import Kind, Request
from scrapers.fetching import Fetcher, FetchError
from scrapers.models import RobotsFile

logger = logging.getLogger(__name__)

_READ_AGAIN = timedelta(days=1)
_TRY_AGAIN = timedelta(minutes=10)
_COPY_HOLDS = timedelta(days=30)
_UNREADABLE = (
    "The robots.txt of {host} cannot be read, so nothing else there is read. Run it again later, or let a manager write"
    " down the reason for reading it all the same."
)
# What no later try mends: the host leads elsewhere or sends what is no such file.
_NO_FILE = {"E_REDIRECT", "E_TOO_LARGE", "E_ENCODING"}


def may_fetch(*, fetcher: Fetcher, url: str, override_reason: str = "") -> Verdict:
    """Whether the host of `url` lets Silver Fox ask it. Reads its robots.txt when the copy is older than a day.

    `override_reason` is what a manager wrote down for reading it all the same: the file is not asked for. Every verdict
    is logged. A verdict that forbids tells in its `reason`, for people, what to do next. Raises `FetchError` when the
    host fails or cannot be reached and no copy tells what it wishes: then nothing else would be had there either.
    """
    host = urlsplit(url).netloc.lower()
    if override_reason:
        logger.warning("robots.txt is overridden", extra={"host": host, "reason": override_reason})
        return Verdict(allowed=True, reason=f"overridden: {override_reason}")
    verdict = _verdict(_current(fetcher, host, url), url)
    logger.info("robots.txt", extra={"host": host, "allowed": verdict.allowed, "reason": verdict.reason})
    return verdict


def kept_text(*, url: str) -> str:
    """The text of the robots.txt of the host of `url` as it was read last; empty when none was."""
    return RobotsFile.objects.filter(host=urlsplit(url).netloc.lower()).values_list("body", flat=True).first() or ""


def _current(fetcher: Fetcher, host: str, url: str) -> RobotsFile:
    kept = RobotsFile.objects.filter(host=host).first()
    now = timezone.now()
    if kept and kept.tried_at > now - (_READ_AGAIN if kept.fetched_at == kept.tried_at else _TRY_AGAIN):
        return kept
    try:
        answer = {"tried_at": now, "fetched_at": now, **_read(fetcher, url)}
    except FetchError as error:
        logger.warning("robots.txt cannot be read", extra={"host": host, "code": error.code})
        if kept is None:
            raise
        answer = {"tried_at": now}
    return RobotsFile.objects.update_or_create(host=host, defaults=answer)[0]


def _read(fetcher: Fetcher, url: str) -> dict[str, int | str]:
    """Status and text of the file. Raises `FetchError` when the host cannot be reached or fails."""
    try:
        answer = fetcher.fetch(Request(kind=Kind.CONFIG, url=robots_url(url))).answer
    except FetchError as error:
        if error.code in _NO_FILE or is_absent(error.status or 0):
            return {"status": error.status or 0, "body": ""}
        raise
    # PostgreSQL keeps no NUL in a text.
    return {"status": answer.status, "body": answer.text()[:LONGEST_FILE].replace("\0", "")}


def _verdict(file: RobotsFile, url: str) -> Verdict:
    if file.fetched_at < timezone.now() - _COPY_HOLDS:
        return Verdict(allowed=False, reason=_UNREADABLE.format(host=file.host))
    verdict = judge(file.body, url)
    if verdict.allowed:
        return verdict
    return Verdict(allowed=False, reason=sentence("E_ROBOTS", file.host, verdict.reason))
