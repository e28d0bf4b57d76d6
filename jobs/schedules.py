"""When recurring work is due: pure arithmetic on moments, safe across changes of daylight saving time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

EVERY_DAY = frozenset(range(7))
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Daily:
    """A time of day on the clock of the shop, on some weekdays (Monday is 0).

    In the hour that a change of clocks skips, the slot lies one hour later; in the hour that it repeats, the first
    of the two counts.
    """

    at: time
    weekdays: frozenset[int] = EVERY_DAY

    def latest_slot(self, now: datetime, zone: tzinfo) -> datetime:
        """The last slot that is not after `now`, in UTC."""
        today = now.astimezone(zone).date()
        for back in range(9):
            day = today - timedelta(days=back)
            slot = datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)
            if day.weekday() in self.weekdays and slot <= now:
                return slot
        raise ValueError("A schedule needs at least one weekday.")


@dataclass(frozen=True)
class Every:
    """Again and again after the same length of time, counted from a fixed moment."""

    interval: timedelta

    def latest_slot(self, now: datetime, zone: tzinfo) -> datetime:
        """The last slot that is not after `now`, in UTC."""
        return _EPOCH + (now - _EPOCH) // self.interval * self.interval


@dataclass(frozen=True)
class Schedule:
    """Which kind of job is to run when; `name` is its name for ever."""

    name: str
    kind: str
    when: Daily | Every


_schedules: dict[str, Schedule] = {}


def schedule(name: str, *, kind: str, when: Daily | Every) -> Schedule:
    """Register recurring work. Its job must be registered too; its subject is 0."""
    if name in _schedules:
        raise ValueError(f"Two schedules are registered as {name!r}.")
    _schedules[name] = Schedule(name, kind, when)
    return _schedules[name]


def all_schedules() -> Iterator[Schedule]:
    yield from _schedules.values()
