"""The pace at which websites are asked, over all workers: turns in the database, told by the database's clock.

To be called outside of transactions, in which a turn would stay locked until their end.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from scrapers.domain.addresses import pace_key

_ASK_AGAIN_SECONDS = 0.1
_Values = dict[str, str | float | uuid.UUID]

# clock_timestamp() is read behind the lock on the row, now() would be the moment before the wait for it.
_RESERVE = """
    INSERT INTO scrapers_hostpace AS pace (host, next_allowed_at)
    VALUES (%(host)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (host) DO UPDATE SET next_allowed_at =
        GREATEST(pace.next_allowed_at, clock_timestamp()) + make_interval(secs => %(seconds)s)
    WHERE pace.next_allowed_at <= clock_timestamp() + make_interval(secs => %(at_most)s)
    RETURNING extract(epoch FROM next_allowed_at - clock_timestamp())::float8 - %(seconds)s
"""
_WAIT = """
    SELECT extract(epoch FROM next_allowed_at - clock_timestamp())::float8 FROM scrapers_hostpace WHERE host = %(host)s
"""
_POSTPONE = """
    INSERT INTO scrapers_hostpace AS pace (host, next_allowed_at)
    VALUES (%(host)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (host) DO UPDATE SET next_allowed_at =
        GREATEST(pace.next_allowed_at, clock_timestamp() + make_interval(secs => %(seconds)s))
"""
_HOLD = """
    INSERT INTO scrapers_hostpace AS pace (host, next_allowed_at, holder, held_until)
    VALUES (%(host)s, clock_timestamp(), %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (host) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
    WHERE pace.held_until IS NULL OR pace.held_until <= clock_timestamp()
    RETURNING host
"""
_LET_GO = "UPDATE scrapers_hostpace SET holder = NULL, held_until = NULL WHERE host = %(host)s AND holder = %(holder)s"


class HostBusy(Exception):
    """Another worker is asking the host and did not let go in time; to be tried again in another slice."""

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(f"{host} has been asked by another worker for {seconds:.0f} seconds.")
        self.host, self.seconds = host, seconds


def reserve(*, host: str, seconds: float, at_most: float = 20.0) -> float:
    """Take the next turn on the host's site, which lasts `seconds`; gives how long to wait for it, 0 when it is now.

    Above `at_most` no turn is taken, and the wait until there may be one is only told.
    """
    values: _Values = {"host": pace_key(host), "seconds": float(seconds), "at_most": float(at_most)}
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, values)
        if turn := cursor.fetchone():
            return max(0.0, float(turn[0]))
        cursor.execute(_WAIT, values)
        return max(at_most, float(cursor.fetchone()[0]))


def postpone(*, host: str, seconds: float) -> None:
    """Let nobody have a turn on the host's site before `seconds` are over, because it asked for that."""
    with connection.cursor() as cursor:
        cursor.execute(_POSTPONE, {"host": pace_key(host), "seconds": float(seconds)})


@contextmanager
def hold_host(*, host: str, seconds: float = 90.0, patience: float = 20.0) -> Iterator[None]:
    """Be the only one who asks the host's site, for at most `seconds`; the hold of a killed worker ends by itself.

    Raises `HostBusy` when another does not let go within `patience`.
    """
    values: _Values = {"host": pace_key(host), "holder": uuid.uuid4(), "seconds": float(seconds)}
    began = time.monotonic()
    while not _take_hold(values):
        if time.monotonic() - began >= patience:
            raise HostBusy(pace_key(host), patience)
        time.sleep(_ASK_AGAIN_SECONDS)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(_LET_GO, values)


def _take_hold(values: _Values) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, values)
        return cursor.fetchone() is not None
