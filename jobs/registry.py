"""What the apps above tell the base: which function does which work, how rows change their state, what to sweep."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.models import CLAIM_COLUMNS, Claimable

Job = Callable[[int], str | None]
Sweep = Callable[[], int]

_jobs: dict[str, Job] = {}
_works: dict[str, "Work"] = {}
_sweeps: dict[str, Sweep] = {}


class Move(Protocol):
    """Changes the state of a locked row and records that.

    It saves the columns of `Claimable` with the state: who calls it has set them on the row.
    """

    def __call__(self, row: Any, state: str, /, *, action: str, detail: str) -> None: ...


def set_state(row: Any, state: str, *, action: str, detail: str) -> None:
    """The `Move` of rows that keep no record of their changes."""
    field = work_of(type(row)).state_field
    setattr(row, field, state)
    row.save(update_fields=[field, *CLAIM_COLUMNS])


@dataclass(frozen=True)
class Work:
    """How the rows of a model are worked on: by the job of which kind, and what its states are called."""

    kind: str
    model: type[Claimable]
    move: Move = set_state
    state_field: str = "state"
    queued: str = "queued"
    running: str = "running"
    failed: str = "failed"
    cancelled: str = "cancelled"

    def state_of(self, row: Claimable) -> str:
        return str(getattr(row, self.state_field))


def job(kind: str) -> Callable[[Job], Job]:
    """Register the decorated function as the work of `kind`; it takes a row's id and must bear to run twice.

    It gives None, or a short text that a `Job` row keeps as its result.
    """

    def register(function: Job) -> Job:
        if kind in _jobs:
            raise ValueError(f"Two jobs are registered as {kind!r}.")
        _jobs[kind] = function
        return function

    return register


def find_job(kind: str) -> Job:
    """Give the function registered for `kind`; raises `LookupError` when there is none."""
    if kind not in _jobs:
        raise LookupError(f"No job is registered as {kind!r}; registered are {', '.join(sorted(_jobs)) or 'none'}.")
    return _jobs[kind]


def register_work(work: Work) -> Work:
    """Have the rows of a model claimed, swept and refunded as work of one kind."""
    if any(work.model is other.model or work.kind == other.kind for other in _works.values()):
        raise ValueError(f"Work of {work.model.__name__} or of kind {work.kind!r} is registered already.")
    _works[work.kind] = work
    return work


def find_work(kind: str) -> Work | None:
    """How the rows of this kind are worked on; None for a kind without rows of its own."""
    return _works.get(kind)


def work_of(model: type[Any]) -> Work:
    """How the rows of a model are worked on; raises `LookupError` when that is not registered."""
    for work in _works.values():
        if work.model is model:
            return work
    raise LookupError(f"The rows of {model.__name__} are not registered as work.")


def all_works() -> Iterator[Work]:
    yield from _works.values()


def sweep(name: str) -> Callable[[Sweep], Sweep]:
    """Register the decorated function as a part of every sweep; it mends one thing, bears to run twice at once, and
    gives the number of what it mended."""

    def register(function: Sweep) -> Sweep:
        if name in _sweeps:
            raise ValueError(f"Two sweeps are registered as {name!r}.")
        _sweeps[name] = function
        return function

    return register


def all_sweeps() -> Iterator[tuple[str, Sweep]]:
    yield from _sweeps.items()
