"""What the answer faults make of a finished answer."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from scrapers.fake_web.answers import Answer, Request, as_html, page

Options = Mapping[str, Any]
_MEGABYTE = 1024 * 1024
_VIN_NAMES = (
    (b'"VehicleVin"', b'"VehicleIdent"'),
    (b'"vin"', b'"vehicleIdent"'),
    (b"vehicle_vin", b"vehicle_ident"),
    (b"vehicleIdentificationNumber", b"vehicleIdentification"),
    (b"data-vin", b"data-ident"),
    (b"vehicle-inquiry", b"vehicle-question"),
    (b"vin-container", b"ident-container"),
)


def spoil(answer: Answer, request: Request, faults: Mapping[str, Options]) -> Answer:
    """The answer after all answer faults that strike this request."""
    for fault, options in faults.items():
        if change := _CHANGES.get(fault):
            answer = change(answer, request, options)
    return answer


def _status(answer: Answer, request: Request, options: Options) -> Answer:
    """Another status; `retry_after` is sent along, `text` is the body."""
    status = int(options["status"])
    headers = {"Retry-After": str(options["retry_after"])} if "retry_after" in options else {}
    text = options.get("text") or page(f"Error {status}", f"<h1>Error {status}</h1>")
    return replace(as_html(text, status=status), headers=headers)


def _html_error(answer: Answer, request: Request, options: Options) -> Answer:
    return as_html(page("Sorry", "<h1>We will be right back</h1><p>The site is being updated.</p>"))


def _challenge(answer: Answer, request: Request, options: Options) -> Answer:
    body = '<h1>Checking your browser</h1><div id="cf-challenge-running"></div>'
    return as_html(page("Just a moment...", body), status=int(options.get("status", 200)))


def _redirect(answer: Answer, request: Request, options: Options) -> Answer:
    return Answer(status=int(options.get("status", 302)), headers={"Location": str(options["to"])})


def _redirect_loop(answer: Answer, request: Request, options: Options) -> Answer:
    return Answer(status=302, headers={"Location": request.target})


def _large_body(answer: Answer, request: Request, options: Options) -> Answer:
    """So many megabytes; blanks at the end leave the document itself as it is."""
    return replace(answer, body=answer.body + b" " * (int(options.get("megabytes", 25)) * _MEGABYTE))


def _gzip_bomb(answer: Answer, request: Request, options: Options) -> Answer:
    """A small answer that unpacks to so many megabytes."""
    body = gzip.compress(b" " * (int(options.get("megabytes", 100)) * _MEGABYTE), compresslevel=6)
    return replace(answer, body=body, headers={**answer.headers, "Content-Encoding": "gzip"})


def _truncated_gzip(answer: Answer, request: Request, options: Options) -> Answer:
    body = gzip.compress(answer.body)
    return replace(answer, body=body[: len(body) // 2], headers={**answer.headers, "Content-Encoding": "gzip"})


def _bad_utf8(answer: Answer, request: Request, options: Options) -> Answer:
    """Bytes that are no UTF-8 inside the texts: every blank of a text becomes one."""
    return replace(answer, body=answer.body.replace(b" ", b"\xff\xfe"))


def _content_type(answer: Answer, request: Request, options: Options) -> Answer:
    return replace(answer, content_type=str(options.get("content_type", "text/html")))


def _empty_body(answer: Answer, request: Request, options: Options) -> Answer:
    return replace(answer, body=b"")


def _vin_renamed(answer: Answer, request: Request, options: Options) -> Answer:
    body = answer.body
    for name, other in _VIN_NAMES:
        body = body.replace(name, other)
    return replace(answer, body=body)


_CHANGES: Mapping[str, Callable[[Answer, Request, Options], Answer]] = {
    "status": _status,
    "html_error": _html_error,
    "challenge": _challenge,
    "content_type": _content_type,
    "empty_body": _empty_body,
    "redirect": _redirect,
    "redirect_loop": _redirect_loop,
    "large_body": _large_body,
    "gzip_bomb": _gzip_bomb,
    "truncated_gzip": _truncated_gzip,
    "bad_utf8": _bad_utf8,
    "vin_renamed": _vin_renamed,
}
