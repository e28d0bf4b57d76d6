"""Connections that lead to checked addresses only, and that end with the time of their request."""

import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

import httpcore
import httpx

from scrapers.domain import addresses

T = TypeVar("T")
Resolver = Callable[[str], Sequence[str]]
_MOST_ADDRESSES_TRIED = 4
_KEEP_ALIVE_SECONDS = 30.0


def resolve(host: str) -> list[str]:
    """Every network address of a host name, each once. Raises `OSError` when there is none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Which ports and addresses may be connected to, and who tells the addresses of a name.

    The defaults are the rule; tests put servers of their own behind others. `certificates` names a file of certificate
    authorities to trust instead of the usual ones; certificates are always verified.
    """

    ports: Collection[int] = addresses.PORTS
    resolver: Resolver = resolve
    may_connect: Callable[[str], bool] = addresses.may_connect
    certificates: str | None = None

    def check_url(self, url: str) -> addresses.CheckedUrl:
        """The URL taken apart; raises `AddressRefused` for one that may not be asked."""
        return addresses.check_url(url, ports=self.ports, is_public=self.may_connect)


class DeadlineOver(Exception):
    """The time of the whole request is over."""


class Deadline:
    """Until when the request in work has to be done; every wait on the network ends then at the latest."""

    def __init__(self) -> None:
        self._end = 0.0

    def start(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def keep(self, act: Callable[[float], T], seconds: float | None) -> T:
        """Do what waits for at most the seconds that it is given. Raises `DeadlineOver`."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineOver
        try:
            return act(left if seconds is None else min(seconds, left))
        except httpcore.TimeoutException as error:
            if seconds is None or left <= seconds:
                raise DeadlineOver from error
            raise


class TimedStream(httpcore.NetworkStream):
    """A connection whose every read and write is held to the deadline, so that slow drips do not defeat it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._deadline.keep(partial(self._stream.read, max_bytes), timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.keep(partial(self._stream.write, buffer), timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        shake_hands = partial(self._stream.start_tls, ssl_context, server_hostname)
        return TimedStream(self._deadline.keep(shake_hands, timeout), self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves a name once, checks every address of it, and connects to one that was checked.

    Who asks keeps the name for the `Host` header and the TLS handshake, so a name that changes its addresses meanwhile
    gains nothing. One address outside of the public internet refuses the whole name.
    """

    def __init__(self, guard: Guard, deadline: Deadline) -> None:
        self._guard, self._deadline, self._sockets = guard, deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if port not in self._guard.ports:
            raise addresses.AddressRefused(f"it asks for port {port}")
        found = self._deadline.keep(partial(self._resolve, host), timeout)
        for address in found:
            if not self._guard.may_connect(address):
                raise addresses.AddressRefused(f"its name leads to {address}, which is not on the public internet")
        return self._connect_first(found[:_MOST_ADDRESSES_TRIED], port, timeout)

    def _resolve(self, host: str, seconds: float) -> Sequence[str]:
        # The system's resolver knows no time limit of its own.
        thread = ThreadPoolExecutor(1)
        try:
            found = thread.submit(self._guard.resolver, host).result(timeout=seconds)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("its name was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("its name is not known") from error
        finally:
            thread.shutdown(wait=False)
        if not found:
            raise httpcore.ConnectError("its name has no address")
        return found

    def _connect_first(self, found: Sequence[str], port: int, timeout: float | None) -> httpcore.NetworkStream:
        for address in found[:-1]:
            try:
                return self._connect(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(found[-1], port, timeout)

    def _connect(self, address: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        connect = partial(self._sockets.connect_tcp, address, port)
        return TimedStream(self._deadline.keep(connect, timeout), self._deadline)


class FakeWebBackend(httpcore.NetworkBackend):
    """Leads every host to the fake dealer web on this machine: the one exception of the rule above, by a setting."""

    def __init__(self, fake_web: str, deadline: Deadline) -> None:
        host, _, port = fake_web.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._deadline, self._sockets = deadline, httpcore.SyncBackend()
        if not addresses.is_loopback(self._host):
            raise ValueError(f"SCRAPER_FAKE_WEB is {fake_web!r}: it has to be an address of this machine.")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        connect = partial(self._sockets.connect_tcp, self._host, self._port)
        return TimedStream(self._deadline.keep(connect, timeout), self._deadline)


class Transport(httpx.HTTPTransport):
    """httpx's own transport on connections of ours: HTTP/1.1, no proxies, no second tries, certificates verified."""

    def __init__(self, backend: httpcore.NetworkBackend, certificates: str | None) -> None:
        # The library offers no other way to the network backend of its pool.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls_context(certificates),
            max_connections=4,
            max_keepalive_connections=4,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            http1=True,
            http2=False,
            retries=0,
            network_backend=backend,
        )


@cache
def _tls_context(certificates: str | None) -> ssl.SSLContext:
    if certificates:
        return ssl.create_default_context(cafile=certificates)
    return httpx.create_ssl_context(verify=True, trust_env=False)
