"""Acts that happen at the same moment, each on a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from foundation.errors import SilverFoxError


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run each act in a thread of its own, all at one moment; gives "ok" or the code of the refusal for each."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            act()
        except SilverFoxError as error:
            return error.code
        finally:
            connection.close()
        return "ok"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def times(count: int, act: Callable[[], Any]) -> Sequence[Callable[[], Any]]:
    return [act] * count
