"""Which function does the work of which kind of row; `tasks` modules register theirs here."""

from collections.abc import Callable

Job = Callable[[int], None]

_jobs: dict[str, Job] = {}


def job(kind: str) -> Callable[[Job], Job]:
    """Register the decorated function as the work of `kind`; it takes a row's id and must bear to run twice."""

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
