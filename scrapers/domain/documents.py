"""Parts of foreign documents that several platforms put in the same way: addresses, counts, objects in scripts."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_PLAIN = re.compile(r"[!-~]+", re.ASCII)


def vehicle_address(base_url: str, link: str) -> str:
    """The absolute https address of a link on a page of `base_url`; empty for what is no address of a web page."""
    if not link:
        return ""
    try:
        parts = urlsplit(urljoin(f"{base_url}/", link))
    except ValueError:
        return ""
    return parts._replace(scheme="https").geturl() if parts.scheme in {"http", "https"} and parts.netloc else ""


def host_of(url: str) -> str:
    """The host that an https address names, in lower case; empty for every other address, port or login in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".")
    return host if parts.scheme == "https" and port in {None, 443} and "@" not in parts.netloc else ""


def count_of(value: Any) -> int | None:
    """A count that a document states as a number or as its text; None for everything else."""
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, int | str) else ""
    return int(text) if _COUNT.fullmatch(text) else None


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


def is_json(text: str) -> bool:
    """Whether a text begins as a JSON document does, not as a web page."""
    return text.lstrip("\ufeff \r\n\t").startswith(("{", "["))
