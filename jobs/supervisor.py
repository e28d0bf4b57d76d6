"""The supervisor: owns the queue's processes, proves that they work, and replaces them when they do not.

The queue may die or lock up in ways that it does not notice itself. Nothing here depends on it: what it left undone
is found by leases, swept and rung for again.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from foundation.connections import is_connection_lost, is_not_migrated, is_read_only
from foundation.errors import SilverFoxError
from jobs import executor
from jobs.claims import INCARNATION_VARIABLE
from jobs.models import Incarnation
from jobs.operations import incarnations
from jobs.operations.scheduling import fire_schedules
from jobs.operations.sweeping import sweep
from jobs.processes import Group, kill_marked

logger = logging.getLogger(__name__)
# A group that lives shorter than this is started again after a pause that doubles up to the longest.
_SHORT_LIFE_SECONDS = 10
_LONGEST_PAUSE_SECONDS = 30
# A queue that was asked to stop and owns no work has this long; one that locks up while stopping would take for ever.
_IDLE_STOP_SECONDS = 5
# Before its first answer a queue is starting, which takes what it takes on a busy computer, however short the rest is.
_START_SECONDS = 15
_TICK_SECONDS = 0.2
_WATCH_SECONDS = 1


class Duty:
    """Something that is to be done every so many seconds."""

    def __init__(self, seconds: float, act: Callable[[], object]) -> None:
        self._seconds, self._act = seconds, act
        self._due = 0.0

    def do_when_due(self) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._seconds
        try:
            self._act()
        except Exception as error:
            if _is_database_gone(error):
                raise
            # The other duties must go on; this one is tried again at its next time.
            logger.exception("a duty of the supervisor failed", extra={"duty": self._act.__name__})


class Supervisor:
    """Runs until `stop` is set. `say` shows a line to whoever started it."""

    def __init__(self, *, stop: threading.Event, say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self._lock = incarnations.SupervisorLock()
        self._group: Group | None = None
        self._incarnation: Incarnation | None = None
        self._ending = Incarnation.Ending.LOST
        self._short_lives = 0
        self._start_at = self._started_at = time.monotonic()
        self._answered_at = self._acknowledged_at = self._start_at
        self._sign: object = None
        self._beats: set[int] = set()
        self._has_database = True
        self._waits = self._is_master = False
        self._duties = [
            Duty(settings.SUPERVISOR_HEARTBEAT_SECONDS, self._be_seen),
            Duty(settings.BEAT_SECONDS, self._beat),
            Duty(settings.SWEEP_SECONDS, sweep),
            Duty(settings.SWEEP_SECONDS, fire_schedules),
            Duty(_scaled(_WATCH_SECONDS), self._watch),
        ]

    def run(self) -> None:
        """Supervise until asked to stop, then let running work end and stop the queue. Survives a lost database."""
        try:
            while not self._stop.is_set():
                self._with_database(self._tick)
                self._stop.wait(_TICK_SECONDS)
        finally:
            self._drain()
            self._lock.release()

    def _tick(self) -> None:
        if not self._lock.take():
            self._stand_by()
            return
        if not self._is_master:
            self._is_master, self._waits = True, False
            self._end_lost_incarnations()
        if self._group is None:
            self._start()
        if self._group is not None and self._group.has_ended():
            self._end_group(Incarnation.Ending.EXITED)
        elif self._group is not None:
            for duty in self._duties:
                duty.do_when_due()

    def _with_database(self, act: Callable[[], None]) -> None:
        """While the database is gone nothing can be judged; the clock of the watch starts anew when it is back."""
        try:
            act()
            if not self._has_database:
                logger.warning("the database is back")
            self._has_database = True
        except Exception as error:
            if not _is_database_gone(error):
                raise
            if self._has_database:
                logger.warning("the database is not ready; waiting for it", extra={"reason": str(error).split("\n")[0]})
            self._has_database = False
            self._answered_at = self._acknowledged_at = time.monotonic()
            connection.close()
            self._lock.release()

    def _stand_by(self) -> None:
        """Another supervisor has the lock: wait for it to end, and never run a queue beside its."""
        if self._group is not None:
            self._end_group(Incarnation.Ending.LOST)
        self._is_master = False
        if not self._waits:
            self._say("Another worker works on this database; this one waits to take its place.")
        self._waits = True

    def _end_lost_incarnations(self) -> None:
        """With the lock in hand, whatever did not end has lost its supervisor; its processes here are ended as well."""
        for lost in incarnations.unended_incarnations():
            is_ours = self._incarnation is not None and lost.pk == self._incarnation.pk and self._group is not None
            if is_ours:
                continue
            if lost.host == socket.gethostname():
                kill_marked(variable=INCARNATION_VARIABLE, mark=_mark(lost))
                incarnations.end_incarnation(incarnation=lost, ending=Incarnation.Ending.LOST)
            else:
                incarnations.forget_incarnation(incarnation=lost)

    def _start(self) -> None:
        if self._incarnation is not None:
            self._settle()
        if time.monotonic() < self._start_at:
            return
        self._incarnation = incarnations.begin_incarnation()
        manage = str(Path(settings.BASE_DIR) / "manage.py")
        self._group = Group([manage, "qcluster"], variable=INCARNATION_VARIABLE, mark=_mark(self._incarnation))
        self._started_at = self._answered_at = self._acknowledged_at = time.monotonic()
        self._beats.clear()
        incarnations.note_group(incarnation=self._incarnation, group_id=self._group.group_id)
        self._say(f"The worker does background work with {settings.WORKERS} processes.")

    def _end_group(self, ending: Incarnation.Ending) -> None:
        """End every process of the queue; what its workers owned is queued again, at the latest with the database."""
        if self._group is None:
            return
        self._group.kill()
        self._group, self._ending = None, ending
        lived = time.monotonic() - self._started_at
        self._short_lives = self._short_lives + 1 if lived < _scaled(_SHORT_LIFE_SECONDS) else 0
        pause = min(2**self._short_lives, _LONGEST_PAUSE_SECONDS) if self._short_lives else 0
        self._start_at = time.monotonic() + _scaled(pause)
        self._settle()

    def _settle(self) -> None:
        """Put the end of the last incarnation on record; it stays to be settled when the database is gone."""
        if self._incarnation is None:
            return
        taken = incarnations.end_incarnation(incarnation=self._incarnation, ending=self._ending)
        if self._ending != Incarnation.Ending.STOPPED:
            details = {"incarnation": self._incarnation.pk, "ending": self._ending.value, "queued_again": taken}
            logger.warning("the queue is started again", extra=details)
        self._incarnation = None

    def _be_seen(self) -> None:
        if self._incarnation is not None:
            incarnations.note_seen(incarnation=self._incarnation)

    def _beat(self) -> None:
        if self._incarnation is not None:
            self._beats.add(incarnations.beat(incarnation=self._incarnation))

    def _watch(self) -> None:
        """A queue that answers no beats, or does not note that they ended, is wedged, unless it is busy with work.

        One that notes nothing would repeat whatever it has done, and keep its entries for ever.
        """
        if self._incarnation is None:
            return
        now = time.monotonic()
        sign, unfinished = incarnations.last_sign(incarnation=self._incarnation), executor.unfinished(self._beats)
        is_busy = incarnations.has_live_leases(incarnation=self._incarnation)
        if sign != self._sign or is_busy:
            self._sign, self._answered_at = sign, now
        if unfinished != self._beats or is_busy:
            self._beats, self._acknowledged_at = unfinished, now
        patience = settings.WEDGE_SECONDS if sign else settings.WEDGE_SECONDS + _START_SECONDS
        if now - min(self._answered_at, self._acknowledged_at) > patience:
            self._end_group(Incarnation.Ending.WEDGED)

    def _drain(self) -> None:
        """Let running work end, then end what is left; safe at any moment."""
        if self._group is None:
            return
        self._group.ask_to_stop()
        asked_at = time.monotonic()
        while not self._group.has_ended() and time.monotonic() - asked_at < settings.DRAIN_SECONDS:
            time.sleep(0.05)
            is_late = time.monotonic() - asked_at > _scaled(_IDLE_STOP_SECONDS)
            if is_late and not self._owns_work():
                break
        self._with_database(lambda: self._end_group(Incarnation.Ending.STOPPED))

    def _owns_work(self) -> bool:
        owned = True

        def ask() -> None:
            nonlocal owned
            owned = self._incarnation is not None and incarnations.has_live_leases(incarnation=self._incarnation)

        self._with_database(ask)
        return owned


def _is_database_gone(error: Exception) -> bool:
    # The embedded server says in its own words why it cannot be started; one without our tables is about to get them,
    # and one that takes no writes for a while makes every queue look wedged.
    is_unready = is_read_only(error) or is_not_migrated(error)
    return is_connection_lost(error) or isinstance(error, SilverFoxError) or is_unready


def _mark(incarnation: Incarnation) -> str:
    return f"{incarnation.pk}:{incarnation.mark}"


def _scaled(seconds: float) -> float:
    return seconds / settings.JOBS_TIME_SCALE
