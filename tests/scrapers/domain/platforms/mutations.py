"""Answers that lost a key, or have something else where a value should be."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from scrapers.domain.shapes import Answer, CannotReadError, Page

_JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "junk",
    "\ud800",
    "http://[",
    [],
    [None],
    {},
    {"a": 1},
)
_REMOVED = object()


def answer_of(document: Any, *, status: int = 200) -> Answer:
    return Answer(status=status, url="https://www.example.test/", body=json.dumps(document).encode())


def page_of(html: str) -> Answer:
    return Answer(status=200, url="https://www.example.test/", body=html.encode())


def mutations_of(document: Any) -> st.SearchStrategy[Any]:
    """The document with up to three of its parts, at any depth, replaced by something else or removed."""
    places = list(_places(document))
    changes = st.tuples(st.sampled_from(places), st.sampled_from([*_JUNK, _REMOVED]))
    return st.lists(changes, min_size=1, max_size=3).map(lambda chosen: _changed(document, chosen))


def assert_read_or_refused(read: Callable[[], Page]) -> None:
    """An adapter reads a page whose vehicles are texts, or refuses it with a code; it raises nothing else."""
    page, refusal = _outcome(read)
    if refusal is not None:
        assert refusal.code.startswith("E_"), refusal.code
        assert refusal.message.endswith("."), refusal.message
    assert all(isinstance(value, str) for vehicle in page.vehicles for value in vehicle)
    assert page.rows == len(page.vehicles)
    for request in page.next_requests:
        assert type(request).from_document(json.loads(json.dumps(request.document()))) == request


def assert_refused(read: Callable[[], Page], code: str, words: str) -> None:
    with pytest.raises(CannotReadError) as caught:
        read()
    assert (caught.value.code, words in caught.value.message) == (code, True), caught.value.message


def _outcome(read: Callable[[], Page]) -> tuple[Page, CannotReadError | None]:
    try:
        return read(), None
    except CannotReadError as error:
        return Page(), error


def _places(part: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield place
    entries = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in entries:
        yield from _places(value, (*place, key))


def _changed(document: Any, changes: list[tuple[tuple[str | int, ...], Any]]) -> Any:
    root = {"": copy.deepcopy(document)}
    for place, value in changes:
        parent: Any = root
        *way, last = ("", *place)
        try:
            for key in way:
                parent = parent[key]
            if value is not _REMOVED:
                parent[last] = copy.deepcopy(value)
            elif last != "":
                del parent[last]
        except (KeyError, IndexError, TypeError):
            continue  # a change before took this place away
    return root[""]
