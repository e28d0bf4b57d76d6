"""What the fake web is asked and what it answers, apart from sockets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; header names in lower case, `path` decoded and without the query."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def parameter(self, name: str, default: str = "") -> str:
        """The first value of a query parameter; names differ by case too little to matter."""
        return next((value for key, value in self.query if key.casefold() == name.casefold()), default)

    def number(self, name: str, default: int) -> int:
        """A query parameter that is a whole number; what is none counts as absent, as real servers treat it."""
        text = self.parameter(name)
        return int(text) if text.isascii() and text.isdigit() else default

    def document(self) -> Any:
        """The JSON of the body; an empty object where there is none."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            return {}


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(document: Any, *, status: int = 200, byte_order_mark: bool = False) -> Answer:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    mark = b"\xef\xbb\xbf" if byte_order_mark else b""
    return Answer(status=status, body=mark + body, content_type="application/json; charset=utf-8")


def as_html(text: str, *, status: int = 200) -> Answer:
    return Answer(status=status, body=text.encode())


def as_xml(text: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Answer(body=body, content_type="application/xml; charset=utf-8")


def as_text(text: str) -> Answer:
    return Answer(body=text.encode(), content_type="text/plain; charset=utf-8")


def redirect(location: str, *, status: int = 301) -> Answer:
    return Answer(status=status, headers={"Location": location})


def not_found() -> Answer:
    return as_html(page("Page not found", "<h1>Page not found</h1>"), status=404)


def page(title: str, body: str, *, head: str = "") -> str:
    """A web page around what a platform shows; `title` and the rest are HTML already."""
    return f"<!doctype html>\n<html><head><title>{title}</title>\n{head}</head>\n<body>\n{body}\n</body></html>\n"


def script_json(document: Any) -> str:
    """JSON as it may stand inside a script element."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
