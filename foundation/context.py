"""Whose work the running code is doing: facts beside the calls, which log records and recorded events carry."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_facts: ContextVar[Mapping[str, object]] = ContextVar("facts", default=MappingProxyType({}))


def facts() -> Mapping[str, object]:
    """All facts of the running work by name, such as `request_id`, `user_id` and `order_id`."""
    return _facts.get()


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """Add facts for the length of a `with` block, in this thread only."""
    token = _facts.set({**_facts.get(), **values})
    try:
        yield
    finally:
        _facts.reset(token)


def add(**values: object) -> None:
    """Add facts that become known inside a `bound` block; they end with it. Outside one they would never end."""
    if _facts.get():
        _facts.set({**_facts.get(), **values})


def request_id() -> str:
    """The id of the request that the work began with; empty outside one."""
    return str(_facts.get().get("request_id", ""))


def address() -> str:
    """The network address that the request came from; empty outside one."""
    return str(_facts.get().get("address", ""))


def user_id() -> int | None:
    """The user whose request it is; None outside one and for people who are not signed in."""
    value = _facts.get().get("user_id")
    return value if isinstance(value, int) else None
