"""The fake dealer web on a port: HTTP/1.1 with connections that are kept, gzip for those who ask, and faulty lines."""

import gzip
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from scrapers.fake_web.answers import Answer, Request
from scrapers.fake_web.web import FakeWeb, Reply

_WORTH_PACKING_BYTES = 1000
_LINE_SECONDS = 30.0


class _Disconnect(Exception):
    """The line is dropped on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "FakeDealers", ""
    # Otherwise the acknowledgement of the head is awaited before the body is sent.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _LINE_SECONDS
    server: "Server"

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """The record of requests says it all."""

    def _serve(self) -> None:
        reply = self.server.web.reply(self._request())
        self.server.stopping.wait(self.server.delay)
        try:
            self._send(reply)
        except (_Disconnect, ConnectionError, TimeoutError):
            self.close_connection = True

    def _request(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        return Request(
            method=self.command,
            host=_host_of(headers.get("host", "")),
            target=self.path,
            headers=headers,
            body=self.rfile.read(int(length) if length.isdigit() else 0),
        )

    def _send(self, reply: Reply) -> None:
        line = reply.line
        if "refuse" in line:
            self._drop()
        if "slow_first_byte" in line:
            self._wait(float(line["slow_first_byte"].get("seconds", _LINE_SECONDS)))
        answer = self._packed(reply.answer)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(answer.body, line)
        self.wfile.flush()

    def _send_body(self, body: bytes, line: Mapping[str, Mapping[str, Any]]) -> None:
        if "reset" in line:
            self.wfile.write(body[: int(line["reset"].get("after", len(body) // 2))])
            self._drop()
        if "slow_drip" in line:
            for start in range(len(body)):
                self.wfile.write(body[start : start + 1])
                self.wfile.flush()
                self._wait(float(line["slow_drip"].get("seconds", 1)))
        else:
            self.wfile.write(body)

    def _packed(self, answer: Answer) -> Answer:
        """The answer as real servers send it to who takes gzip."""
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if not takes_gzip or len(answer.body) < _WORTH_PACKING_BYTES or "Content-Encoding" in answer.headers:
            return answer
        return Answer(
            status=answer.status,
            body=gzip.compress(answer.body, compresslevel=1, mtime=0),
            content_type=answer.content_type,
            headers={**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
        )

    def _wait(self, seconds: float) -> None:
        if self.server.stopping.wait(seconds):
            raise _Disconnect

    def _drop(self) -> None:
        """End the connection with a reset, as a failing machine does."""
        with suppress(OSError):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise _Disconnect


class Server(ThreadingHTTPServer):
    """Serves a fake web; `delay` seconds pass before every answer."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, web: FakeWeb, *, host: str = "127.0.0.1", port: int = 0, delay: float = 0.0) -> None:
        self.web, self.delay, self.stopping = web, delay, Event()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to tell; any other fault is."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ValueError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End the service and every answer that is still on its way."""
        self.stopping.set()
        self.shutdown()
        self.server_close()


@contextmanager
def running(web: FakeWeb, *, host: str = "127.0.0.1", port: int = 0, delay: float = 0.0) -> Iterator[Server]:
    """The fake web on a port (a free one without `port`), served by threads of this process."""
    server = Server(web, host=host, port=port, delay=delay)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="fake-web", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def _host_of(header: str) -> str:
    """The host without its port."""
    host, colon, port = header.rpartition(":")
    return (host if colon and port.isdigit() else header).lower()
