"""What a robots.txt says of an address (RFC 9309, read by the standard library's parser)."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

AGENT = "SilverFox"
# At least so much of a file has to be understood; what stands behind it does not count.
LONGEST_FILE = 500 * 1024


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether an address may be asked, the seconds between requests that the file wishes, and why, for people."""

    allowed: bool
    reason: str
    crawl_delay: float | None = None


def judge(text: str, url: str, *, agent: str = AGENT) -> Verdict:
    """What the text of a robots.txt says of a URL. Lines that are no rules are skipped, as a web page would be."""
    parser = RobotFileParser()
    parser.parse(text.removeprefix("\N{BOM}")[:LONGEST_FILE].splitlines())
    delay = parser.crawl_delay(agent)
    allowed = parser.can_fetch(agent, url)
    path = urlsplit(url).path or "/"
    reason = f"robots.txt {'allows' if allowed else 'forbids'} {path}"
    return Verdict(allowed=allowed, reason=reason, crawl_delay=float(delay) if delay else None)


def is_absent(status: int) -> bool:
    """Whether a status says that the host has no such file, and so no wishes: 4xx, apart from 429, which says later."""
    return 400 <= status < 500 and status != 429


def robots_url(url: str) -> str:
    """Where the file of a URL's host lies."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"
