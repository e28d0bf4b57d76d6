"""Acts that happen at the same moment, each on a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

from django.db import connection, transaction

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


def while_uncommitted(first: Callable[[], Any], second: Callable[[], Any]) -> str:
    """Run `second` while `first` is done and not committed; gives what `at_once` gives of the second, which waits."""
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            first()
            answer = threads.submit(at_once, second)
            _wait_for_a_lock()
        return answer.result()[0]


def _wait_for_a_lock() -> None:
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)) AND NOT granted"
            )
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    raise AssertionError("The second act never waited for the first.")
