"""Which addresses from data may become links and QR codes."""

import re
from urllib.parse import quote

_LONGEST_URL = 2_000
_SAFE_URL = re.compile(
    r"https?://"
    r"(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    # A last label of letters keeps out addresses in any numeric form.
    r"(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59}))"
    r"(?::[0-9]{1,5})?"
    r"(?:[/?#][^\\]*)?",
    re.ASCII | re.IGNORECASE,
)
_PRIVATE_NAMES = (
    ".localhost", ".local", ".localdomain", ".internal", ".intranet", ".private", ".lan", ".home", ".corp", ".arpa",
)  # fmt: skip
_LEFT_AS_THEY_ARE = "".join(chr(code) for code in range(0x21, 0x7F))


def safe_http_url(text: str) -> str:
    """The address as it may be shown and printed, or an empty text when it is unsafe.

    Safe is an absolute http or https URL of at most 2,000 characters on a public host name: no user or password, no
    address literal, single-label or private name, no backslash, blank or control character. Other characters than
    ASCII are percent-encoded behind the host and refused within it.
    """
    return split_safe_url(text)[0]


def host_of(url: str) -> str:
    """The host of an address in lower case, without its port; empty when the address is not safe."""
    return split_safe_url(url)[1]


def split_safe_url(text: str) -> tuple[str, str]:
    """`safe_http_url` and `host_of` of one text; both are empty when it is unsafe."""
    if len(text) > _LONGEST_URL or " " in text or not text.isprintable():
        return "", ""
    match = _SAFE_URL.fullmatch(text)
    if match is None:
        return "", ""
    url, host = text, match["host"].lower()
    if not url.isascii():
        url = quote(url, safe=_LEFT_AS_THEY_ARE)
    if len(url) > _LONGEST_URL or host.endswith(_PRIVATE_NAMES):
        return "", ""
    return url, host


def why_unsafe(text: str) -> str:
    """What is wrong with an address, to stand behind its name in a sentence; empty for a safe one."""
    if safe_http_url(text):
        return ""
    if not re.match(r"https?://", text, re.IGNORECASE):
        return "does not begin with http:// or https://"
    if len(text) > _LONGEST_URL or len(quote(text, safe=_LEFT_AS_THEY_ARE)) > _LONGEST_URL:
        return f"has more than {_LONGEST_URL:,} characters"
    if not text.isprintable() or set(text) & set(" \\"):
        return "holds a blank, a backslash or a character that nobody sees"
    if "@" in re.split("[/?#]", text, maxsplit=3)[2]:
        return "names a user or a password"
    return "leads to no public website"
