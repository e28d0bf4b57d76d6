"""Answers of websites for tests: written in the test, or recorded ones that lie beside the project."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrapers.domain.shapes import Adapter, Answer, CannotReadError, Kind, Page, Request, Site

SAMPLES = (
    Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared") / "data" / "platform-samples"
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the recorded answers in ../shared/data")
CHALLENGE = "<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>"


def answer(content: Any, *, url: str = "https://www.elm-motors.test/") -> Answer:
    """An answer with bytes or text as they are, or anything else as JSON."""
    body = content if isinstance(content, bytes | str) else json.dumps(content)
    return Answer(status=200, url=url, body=body.encode() if isinstance(body, str) else body)


def parse_sample_file(adapter: Adapter, name: str, *, site: Site, kind: Kind) -> Page:
    """What an adapter reads in a saved answer; the kind is the one that a person sees in it."""
    body = (SAMPLES / name).read_bytes()
    assert adapter.kind_of(body.decode("utf-8-sig")) == kind
    return adapter.parse(site, Request(kind=kind, url=site.url("/")), answer(body, url=site.url("/")))


def refusal(adapter: Adapter, site: Site, request: Request, content: Any) -> tuple[str, str]:
    """The code and the sentence with which an adapter refuses an answer."""
    with pytest.raises(CannotReadError) as caught:
        adapter.parse(site, request, answer(content, url=request.url))
    return caught.value.code, caught.value.message


def page_or_code(read: Callable[[], Page]) -> Page | str:
    """What an adapter reads, or the code with which it refuses; anything else that is raised fails the test."""
    try:
        return read()
    except CannotReadError as error:
        return error.code
