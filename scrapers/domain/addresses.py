"""Where the scrapers may go: URLs that may be asked, hosts that are approved, network addresses of the public web."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from publicsuffixlist import PublicSuffixList

PORTS = frozenset({80, 443})
LONGEST_URL = 2_000

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?", re.ASCII)
_USUAL_PORT = {"http": 80, "https": 443}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_SECRET_NAME = re.compile(r"key|token|secret|password|signature|authorization|cookie", re.IGNORECASE)
_QUERY_VALUE = re.compile(r"(?<=[?&])([^=&#]+)=([^&#]*)")
REMOVED = "removed"


class AddressRefused(Exception):
    """A URL that may not be asked, or a network address that may not be connected to; the text says why."""


@dataclass(frozen=True, kw_only=True)
class CheckedUrl:
    """A URL whose form may be asked: host in lower case without brackets, port always given."""

    url: str
    scheme: str
    host: str
    port: int


def may_connect(address: str) -> bool:
    """Whether a network address belongs to the public internet, and so does every IPv4 address hidden in it."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast
    hidden = _hidden_addresses(ip)
    if hidden and not all(map(_is_public, hidden)):
        return False
    if ip.ipv4_mapped or ip in _NAT64:
        return True
    # Beyond 2000::/3 nothing is assigned to the public internet; the library calls much of it global all the same.
    return ip in _GLOBAL_UNICAST and ip.is_global and not ip.is_multicast


def _hidden_addresses(ip: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to: mapped, 6to4, both ends of Teredo, NAT64."""
    hidden = [found for found in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if found is not None]
    return [*hidden, IPv4Address(int(ip) & 0xFFFFFFFF)] if ip in _NAT64 else hidden


def check_url(
    url: str, *, ports: Collection[int] = PORTS, is_public: Callable[[str], bool] = may_connect
) -> CheckedUrl:
    """Take a URL apart whose form may be asked; the addresses of its name are checked when it is connected.

    Raises `AddressRefused` for another scheme than http and https, other ports, user information, backslashes, control
    characters, surrounding blanks, more than 2,000 characters, hosts in other letters than ASCII, and for literal
    addresses outside of the public internet.
    """
    parts = _split(url)
    host = parts.hostname or ""
    if parts.scheme not in _USUAL_PORT:
        raise AddressRefused(f"it begins with {parts.scheme or 'nothing'}, not with http or https")
    if "@" in parts.netloc:
        raise AddressRefused("it names a user or a password")
    if ":" not in host and not _HOST.fullmatch(host):
        raise AddressRefused("its host is no name in plain letters, digits and dashes")
    port = _port(parts)
    if port not in ports:
        raise AddressRefused(f"it asks for port {port}")
    if _is_address(host) and not is_public(host):
        raise AddressRefused(f"{host} is not on the public internet")
    return CheckedUrl(url=url, scheme=parts.scheme, host=host, port=port)


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL:
        raise AddressRefused(f"it has {len(url):,} characters; {LONGEST_URL:,} are allowed")
    if "\\" in url or url != url.strip() or any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in url):
        raise AddressRefused("it holds a backslash, a control character or blanks around it")
    try:
        return urlsplit(url)
    except ValueError as error:
        raise AddressRefused(f"it is no URL ({error})") from error


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or _USUAL_PORT[parts.scheme]
    except ValueError as error:
        raise AddressRefused("its port is no number up to 65535") from error


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is an address of this machine, written as such."""
    return _is_address(host) and ip_address(host).is_loopback


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def registrable_domain(host: str) -> str:
    """The part of a host name that somebody registered (`www.example.co.uk` gives `example.co.uk`).

    Empty for network addresses, single labels and public suffixes themselves.
    """
    name = host.lower().rstrip(".")
    return "" if _is_address(name) else _suffixes().privatesuffix(name) or ""


def pace_key(host: str) -> str:
    """Under which name a host's pace is kept: its registrable domain, so that a platform's service has one for all."""
    return registrable_domain(host) or host.lower()


def is_same_site(first: str, second: str) -> bool:
    """Whether two hosts lie on one registrable domain; hosts without one are the same only when they are equal."""
    return pace_key(first) == pace_key(second)


def is_allowed(host: str, *, hosts: Collection[str], services: Collection[str] = ()) -> bool:
    """Whether a host is approved, with or without `www.`, or lies on the registrable domain of a platform's service."""
    if _without_www(host) in {_without_www(approved) for approved in hosts}:
        return True
    domain = registrable_domain(host)
    return bool(domain) and domain in services


def _without_www(host: str) -> str:
    return host.lower().removeprefix("www.")


def redirect_target(current: str, location: str) -> str:
    """The absolute URL that a `Location` header leads to, without a fragment. Raises `AddressRefused` for no URL."""
    try:
        return urljoin(current, location.strip()).partition("#")[0]
    except ValueError as error:
        raise AddressRefused(f"it is no URL ({error})") from error


def is_secret_name(name: str) -> bool:
    """Whether a header or a query parameter of this name holds a key, a token or the like."""
    return bool(_SECRET_NAME.search(name))


def without_secrets(url: str) -> str:
    """The URL with the values of keys and tokens in its query replaced: for logs and snapshots."""
    return _QUERY_VALUE.sub(lambda found: f"{found[1]}={REMOVED}" if is_secret_name(found[1]) else found[0], url)
