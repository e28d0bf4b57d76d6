"""What adapters are told in tests: answers with invented values, damaged ones, and recorded ones."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from scrapers.domain.shapes import Answer, CannotReadError, Page, Request

SAMPLES = (
    Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[5] / "shared") / "data" / "platform-samples"
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the recorded answers in ../shared/data")

CHALLENGE = "<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>"
ERROR_PAGE = "<!doctype html><html><head><title>We will be right back</title></head><body>Sorry</body></html>"

# Half of a character, as JSON may hold it; markup; a number longer than Python reads; an address that is none.
_ODD_TEXTS = ("\ud800", "<b>\ud800</b>", "<![CDATA[", "9" * 5000, "https://[")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(_ODD_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def reply(request: Request, content: Any, *, url: str | None = None) -> Answer:
    """The answer to a request: a text or bytes as they are, anything else as JSON."""
    body = content if isinstance(content, bytes | str) else json.dumps(content)
    return Answer(
        status=200,
        url=request.url if url is None else url,
        body=body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body,
    )


def outcome(parse: Callable[[], Page]) -> tuple[Page | None, str]:
    """The page that is read, or the code with which it is refused."""
    try:
        return parse(), ""
    except CannotReadError as error:
        return None, error.code


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """The document with up to three of its values replaced by anything, or removed."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(document))
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            container[key] = draw(ANYTHING)
        else:
            del container[key]
    return document


def _places(document: Any) -> Any:
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(entries):
        yield document, key
        if isinstance(value, dict | list):
            yield from _places(value)
