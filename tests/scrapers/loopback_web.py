"""A small web server on loopback that answers as a test wants, bytes and timing included, and remembers who asked."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client_port: int


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Web"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(self.command, self.path, headers, body, self.client_address[1]))
        self.server.pages[self.path](self)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_request(self, *_: object) -> None:
        """Tests read `asked`."""


Act = Callable[[Handler], None]


class Web(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.pages: dict[str, Act] = {}
        self.asked: list[Asked] = []
        self.server_names: list[str | None] = []
        super().__init__((address, 0), Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what many tests are about."""

    def speak_tls(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


@contextmanager
def serving(address: str = "127.0.0.1", *, certificate: Path | None = None) -> Iterator[Web]:
    web = Web(address)
    if certificate:
        web.speak_tls(certificate)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def page(body: bytes = b"ok", status: int = 200, **headers: str) -> Act:
    """An answer with a length; header names are written with `_` for `-`."""

    def act(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def redirect(location: str, status: int = 302) -> Act:
    return page(b"", status, Location=location)


def raw(*pieces: bytes) -> Act:
    """Bytes as they are, and then the end of the connection."""

    def act(handler: Handler) -> None:
        for piece in pieces:
            handler.wfile.write(piece)
        handler.close_connection = True

    return act
