"""What a listing page tells of the service behind it: the objects in its scripts, and whether they may be used."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[!-~]+", re.ASCII)


def script_object(html: str, name: str) -> Mapping[str, Any] | None:
    """The object that a script of the page assigns to the variable `name`; None where no readable one is."""
    for match in re.finditer(rf"\b{re.escape(name)}\s*=\s*(?=\{{)", html):
        try:
            value, _ = json.JSONDecoder().raw_decode(html, match.end())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, Mapping):
            return value
    return None


def is_plain(text: str) -> bool:
    """Whether a text of a page may become a part of an address or of a header: visible ASCII alone."""
    return _PLAIN.fullmatch(text) is not None


def service_host(url: str) -> str:
    """The host that an https address names, in lower case; empty for every other address, port or login in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".")
    return host if parts.scheme == "https" and port in {None, 443} and "@" not in parts.netloc else ""
