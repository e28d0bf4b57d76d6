from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs import registry, schedules
from jobs.models import Job, ScheduleRun
from jobs.operations.scheduling import fire
from jobs.registry import find_job, job
from jobs.schedules import Daily, Every, Schedule, all_schedules

CHICAGO = ZoneInfo("America/Chicago")
NIGHT = Schedule("night", "note", Daily(time(4)))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("when", "now", "slot"),
    [
        (Daily(time(4)), utc(2026, 7, 1, 8, 59), utc(2026, 6, 30, 9)),
        (Daily(time(4)), utc(2026, 7, 1, 9), utc(2026, 7, 1, 9)),
        (Daily(time(4)), utc(2026, 1, 15, 12), utc(2026, 1, 15, 10)),
        (Daily(time(4), frozenset({0})), utc(2026, 11, 22, 12), utc(2026, 11, 16, 10)),
        (Daily(time(2, 30)), utc(2026, 3, 8, 12), utc(2026, 3, 8, 8, 30)),
        (Daily(time(1, 30)), utc(2026, 11, 1, 12), utc(2026, 11, 1, 6, 30)),
        (Every(timedelta(hours=6)), utc(2026, 7, 1, 8, 59), utc(2026, 7, 1, 6)),
    ],
    ids=[
        "before it",
        "at it",
        "in winter",
        "a weekday",
        "a skipped hour",
        "a doubled hour",
        "every",
    ],
)
def test_the_latest_slot_follows_the_clock_of_the_shop(when: Daily | Every, now: datetime, slot: datetime) -> None:
    assert when.latest_slot(now, CHICAGO) == slot


@pytest.mark.parametrize(("start", "hours"), [(utc(2026, 3, 7, 6), 72), (utc(2026, 10, 31, 5), 73)])
def test_a_change_of_clocks_neither_loses_nor_doubles_a_slot(start: datetime, hours: int) -> None:
    when = Daily(time(1, 30))
    slots = {when.latest_slot(start + timedelta(minutes=15 * step), CHICAGO) for step in range(4 * hours)}
    days = [slot.astimezone(CHICAGO).date() for slot in slots]
    assert len(days) == len(set(days))


@pytest.fixture
def _note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_jobs", dict(registry._jobs))
    job("note")(lambda _: None)


@pytest.mark.django_db
@pytest.mark.usefixtures("_note")
def test_a_schedule_begins_with_its_next_slot_fires_once_per_slot_and_after_an_outage_once() -> None:
    moments = [
        utc(2026, 7, 1, 12),
        utc(2026, 7, 2, 8, 59),
        utc(2026, 7, 2, 9),
        utc(2026, 7, 2, 9, 1),
        utc(2026, 7, 9, 15),
        utc(2026, 7, 9, 15, 1),
    ]
    assert [fire(schedule=NIGHT, now=now) for now in moments] == [False, False, True, False, True, False]
    # The second slot found the first one's job still unfinished.
    assert (Job.objects.filter(kind="note").count(), ScheduleRun.objects.count()) == (1, 3)


@pytest.mark.django_db
@pytest.mark.usefixtures("_note")
def test_a_clock_that_was_set_back_fires_no_slot_again() -> None:
    moments = [utc(2026, 7, 1, 12), utc(2026, 7, 2, 12), utc(2026, 7, 1, 12), utc(2026, 7, 2, 12)]
    assert [fire(schedule=NIGHT, now=now) for now in moments] == [False, True, False, False]


def test_every_schedule_has_a_job_and_a_name_of_its_own() -> None:
    for item in all_schedules():
        assert find_job(item.kind) is not None
    with pytest.raises(ValueError, match="^Two schedules are registered as 'nightly check of the files'.$"):
        schedules.schedule("nightly check of the files", kind="verify_artifacts", when=Daily(time(3)))
