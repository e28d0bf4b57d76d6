"""One attempt to read an answer: checked, bounded in time and size, and told as one of a few failures."""

import logging
import re
import ssl
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
from django.conf import settings

from scrapers.domain import addresses
from scrapers.domain.addresses import AddressRefused, CheckedUrl
from scrapers.domain.failures import FetchError, sentence, status_error
from scrapers.domain.retrying import seconds_to_wait
from scrapers.domain.shapes import Answer, Request
from scrapers.fetching.bodies import BodyReader, Damaged, OtherEncoding, TooLarge
from scrapers.fetching.network import CheckedBackend, Deadline, DeadlineOver, FakeWebBackend, Guard, Transport

logger = logging.getLogger(__name__)

_REDIRECTS = {301, 302, 303, 307, 308}
_METHOD_KEPT = {307, 308}
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "cookie", "te", "upgrade"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|", re.ASCII)
_NOT_KEPT = {"set-cookie", "set-cookie2"}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much and how long one request may take; sizes are unpacked bytes, `run_bytes` of all answers together."""

    response_bytes: int = 20_000_000
    run_bytes: int = 200_000_000
    seconds: float = 60.0
    connect: float = 5.0
    read: float = 20.0
    write: float = 10.0
    pool: float = 5.0
    redirects: int = 3
    headers: int = 200
    header_bytes: int = 65_536

    def timeouts(self) -> dict[str, float]:
        """How long each kind of waiting may take."""
        return {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An answer, how many seconds it took, redirects included, and how many bytes its body had on the line."""

    answer: Answer
    seconds: float
    received: int


def product_user_agent() -> str:
    """How Silver Fox introduces itself to websites."""
    return f"SilverFox/{settings.VERSION} ({settings.SCRAPER_CONTACT})"


class Fetcher:
    """Asks the websites of one dealership; to be used as a context, within which connections stay open.

    `hosts` are the dealership's approved hosts, each with and without `www.`; `services` are registrable domains of its
    platform's own services. What a request's headers say goes before `user_agent`.
    """

    def __init__(
        self,
        *,
        hosts: Collection[str],
        services: Collection[str] = (),
        user_agent: str = "",
        limits: Limits | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._hosts, self._services = frozenset(hosts), frozenset(services)
        self._user_agent = user_agent or product_user_agent()
        self._limits, self._guard = limits or Limits(), guard or Guard()
        self._left = self._limits.run_bytes
        self._deadline = Deadline()
        self._fake_web = settings.SCRAPER_FAKE_WEB
        self._transport = Transport(self._backend(), self._guard.certificates)

    def _backend(self) -> CheckedBackend | FakeWebBackend:
        if not self._fake_web:
            return CheckedBackend(self._guard, self._deadline)
        logger.warning("every website is replaced by the fake dealer web", extra={"address": self._fake_web})
        return FakeWebBackend(self._fake_web, self._deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def fetch(self, request: Request) -> Fetched:
        """Ask once, following redirects within the site. Raises `FetchError` for everything but a success (2xx)."""
        began = time.monotonic()
        self._deadline.start(self._limits.seconds)
        url = self._checked(request.url)
        for _ in range(self._limits.redirects + 1):
            with self._asked(request, url) as response:
                self._check_headers(response, url.host)
                if response.status_code not in _REDIRECTS:
                    answer, received = self._answer(response, url)
                    return Fetched(answer=answer, seconds=time.monotonic() - began, received=received)
                request, url = self._redirected(request, url, response)
        detail = f"it leads on more than {self._limits.redirects} times"
        raise FetchError("E_REDIRECT", sentence("E_REDIRECT", url.host, detail))

    def _checked(self, url: str) -> CheckedUrl:
        try:
            checked = self._guard.check_url(url)
        except AddressRefused as error:
            raise FetchError("E_SSRF", sentence("E_SSRF", _shown(url), str(error))) from error
        if not addresses.is_allowed(checked.host, hosts=self._hosts, services=self._services):
            detail = "it is not on the list of hosts that are approved"
            raise FetchError("E_SSRF", sentence("E_SSRF", checked.host, detail))
        return checked

    @contextmanager
    def _asked(self, request: Request, url: CheckedUrl) -> Iterator[httpx.Response]:
        with _told_as_failures(url.host):
            response = self._transport.handle_request(self._prepared(request, url))
            try:
                yield response
            finally:
                response.close()

    def _prepared(self, request: Request, url: CheckedUrl) -> httpx.Request:
        body = request.body.encode()
        prepared = httpx.Request(
            request.method,
            # The fake dealer web speaks no TLS.
            httpx.URL(url.url).copy_with(scheme="http") if self._fake_web else url.url,
            headers=self._headers(request.headers, url.host),
            content=body or None,
            extensions={
                "timeout": {name: getattr(self._limits, name) for name in ("connect", "read", "write", "pool")}
            },
        )
        # Two readers of one text could disagree about where it leads.
        if prepared.url.raw_host.decode("ascii") != url.host:
            raise AddressRefused("it can be read in two ways")
        return prepared

    def _headers(self, asked: Mapping[str, str], host: str) -> dict[str, str]:
        for name, value in asked.items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                detail = f"the header {name[:40]!r} holds characters that no header may have"
                raise FetchError("E_REQUEST", sentence("E_REQUEST", host, detail))
        headers = {"accept": "*/*", "user-agent": self._user_agent}
        headers.update({name.lower(): value for name, value in asked.items() if name.lower() not in _OURS})
        return {**headers, "accept-encoding": "gzip", "connection": "keep-alive"}

    def _check_headers(self, response: httpx.Response, host: str) -> None:
        raw = response.headers.raw
        size = sum(len(name) + len(value) for name, value in raw)
        if len(raw) > self._limits.headers or size > self._limits.header_bytes:
            detail = f"{len(raw):,} headers of {size:,} bytes"
            raise FetchError("E_TOO_LARGE", sentence("E_TOO_LARGE", host, detail), status=response.status_code)

    def _answer(self, response: httpx.Response, url: CheckedUrl) -> tuple[Answer, int]:
        status, headers = response.status_code, response.headers
        if not response.is_success:
            wait = seconds_to_wait(headers.get("retry-after", ""), headers.get("date", ""))
            raise status_error(status, url.host, retry_after=wait)
        most = min(self._limits.response_bytes, self._left)
        reader = BodyReader(headers.get("content-encoding", ""), most)
        try:
            body = reader.read(response.iter_raw())
        except TooLarge as error:
            detail = f"more than {most / 1_000_000:.1f} MB{' left for this run' if most == self._left else ''}"
            raise FetchError("E_TOO_LARGE", sentence("E_TOO_LARGE", url.host, detail), status=status) from error
        self._left -= len(body)
        kept = {name: value for name, value in headers.items() if name not in _NOT_KEPT}
        return Answer(status=status, url=url.url, headers=kept, body=body), reader.received

    def _redirected(self, request: Request, url: CheckedUrl, response: httpx.Response) -> tuple[Request, CheckedUrl]:
        """The request that a redirect asks for. Only a host of the same site that is approved itself is followed."""
        status = response.status_code
        target = addresses.redirect_target(url.url, response.headers.get("location", ""))
        to = self._guard.check_url(target)
        approved = addresses.is_allowed(to.host, hosts=self._hosts, services=self._services)
        if not approved or not addresses.is_same_site(to.host, url.host):
            detail = f"{to.host} is no approved host of the same site"
            raise FetchError("E_REDIRECT", sentence("E_REDIRECT", url.host, detail), status=status)
        return _request_to(request, url, to, keeps_method=status in _METHOD_KEPT), to


def _request_to(request: Request, current: CheckedUrl, to: CheckedUrl, *, keeps_method: bool) -> Request:
    headers = dict(request.headers)
    if to.host != current.host or (current.scheme, to.scheme) == ("https", "http"):
        headers = {name: value for name, value in headers.items() if not addresses.is_secret_name(name)}
    if keeps_method or request.method in {"GET", "HEAD"}:
        return Request(
            kind=request.kind, url=to.url, method=request.method, headers=headers, body=request.body, note=request.note
        )
    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return Request(kind=request.kind, url=to.url, headers=headers, note=request.note)


@contextmanager
def _told_as_failures(host: str) -> Iterator[None]:
    """Everything that the network and its libraries raise, as `FetchError`."""
    try:
        yield
    except DeadlineOver as error:
        raise _failure("E_DEADLINE", host) from error
    except AddressRefused as error:
        raise _failure("E_SSRF", host, str(error)) from error
    except Damaged as error:
        raise _failure("E_TRUNCATED", host, str(error)) from error
    except OtherEncoding as error:
        raise _failure("E_ENCODING", host, str(error)[:40]) from error
    except httpx.TimeoutException as error:
        raise _failure("E_TIMEOUT", host) from error
    except httpx.NetworkError as error:
        raise _network_failure(error, host) from error
    except (httpx.RemoteProtocolError, httpx.LocalProtocolError) as error:
        raise _protocol_failure(error, host) from error
    except httpx.InvalidURL as error:
        raise _failure("E_SSRF", host, "it is no URL") from error


def _failure(code: str, host: str, detail: str = "") -> FetchError:
    return FetchError(code, sentence(code, host, detail))


def _network_failure(error: httpx.NetworkError, host: str) -> FetchError:
    certificate = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate:
        return _failure("E_TLS", host, certificate.verify_message)
    return _failure("E_CONNECT" if isinstance(error, httpx.ConnectError) else "E_TRUNCATED", host, str(error))


def _protocol_failure(error: httpx.ProtocolError, host: str) -> FetchError:
    if any(getattr(cause, "error_status_hint", None) == 431 for cause in _causes(error)):
        return _failure("E_TOO_LARGE", host, "endless headers")
    if "without sending a response" in str(error):
        return _failure("E_CONNECT", host, "it closed the connection without an answer")
    return _failure("E_TRUNCATED", host, str(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _shown(url: str) -> str:
    """What to call an address that cannot be taken apart, without the secrets that it may hold."""
    without_user = re.sub(r"//[^/]*@", "//", addresses.without_secrets(url))
    return ascii(without_user[:80]).strip("'\"")
