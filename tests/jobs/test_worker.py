"""The worker as a program of its own, its intervals a tenth of what they are."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psutil
import pytest
from django.db.models.functions import Now

from jobs.models import Incarnation, Job, WorkerHeartbeat
from jobs.operations.background import start_job
from tests.programs import program_processes, started_program
from tests.silverfox.installation import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SAID = "The worker does background work with 2 processes.\n"
# Supervisor; the queue's parent, sentinel, two workers, monitor and pusher.
PROCESSES = 7


@contextmanager
def worker() -> Iterator[subprocess.Popen[str]]:
    with started_program("manage.py", "worker", JOBS_TIME_SCALE="10") as program:
        assert next_line(program) == SAID
        yield program


def next_line(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline()


def stop(program: subprocess.Popen[str]) -> str:
    program.terminate()
    words = program.communicate(timeout=60)[1]
    assert program.returncode == 0, words
    return words


def wait_for_a_beat(*, since: int = 0) -> None:
    wait_until(lambda: WorkerHeartbeat.objects.filter(incarnation__gt=since).exists())


def queue_processes(program: subprocess.Popen[str]) -> list[psutil.Process]:
    return [process for process in program_processes() if process.pid != program.pid]


def endings() -> list[str]:
    return list(Incarnation.objects.order_by("pk").values_list("ending", flat=True))


def test_the_worker_does_what_waits_answers_beats_and_stops_on_demand_leaving_no_process() -> None:
    with worker() as program:
        wait_for_a_beat()
        assert len(program_processes()) == PROCESSES
        job = start_job(kind="verify_artifacts")
        wait_until(lambda: Job.objects.filter(pk=job.pk, state="done").exists())
        stop(program)
    assert (program_processes(), endings()) == ([], ["stopped"])


def test_the_worker_stops_when_every_process_of_it_is_asked_at_once() -> None:
    with worker() as program:
        wait_for_a_beat()
        for process in program_processes():
            process.terminate()
        program.communicate(timeout=60)
        assert (program.returncode, program_processes()) == (0, [])


def kill_first(program: subprocess.Popen[str]) -> None:
    [first] = [process for process in queue_processes(program) if process.ppid() == program.pid]
    first.kill()


def suspend_all(program: subprocess.Popen[str]) -> None:
    for process in queue_processes(program):
        process.suspend()


@pytest.mark.parametrize(("harm", "ending"), [(kill_first, "exited"), (suspend_all, "wedged")])
def test_a_queue_that_died_or_hears_nothing_any_more_is_replaced_and_what_it_owned_is_queued_again(
    harm: Callable[[subprocess.Popen[str]], None], ending: str
) -> None:
    with worker() as program:
        wait_for_a_beat()
        first = Incarnation.objects.get()
        before = queue_processes(program)
        harm(program)
        lost = Job.objects.create(kind="verify_artifacts", state="running", attempts=1, claims_total=1)
        Job.objects.filter(pk=lost.pk).update(incarnation=first.pk, lease_until=Now() - timedelta(days=-1))
        if ending == "wedged":
            Job.objects.filter(pk=lost.pk).update(lease_until=None)
        assert next_line(program) == SAID
        assert not any(is_alive(process) for process in before)
        wait_for_a_beat(since=first.pk)
        wait_until(lambda: Job.objects.filter(pk=lost.pk, state="done", attempts=1, claims_total=2).exists())
        assert f'"ending": "{ending}"' in stop(program)
    assert (endings(), program_processes()) == ([ending, "stopped"], [])


def is_alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def test_after_a_killed_supervisor_the_next_one_ends_its_queue() -> None:
    with worker() as killed:
        orphans = queue_processes(killed)
        suspend_all(killed)
        killed.kill()
        killed.wait()
        with worker() as program:
            assert not any(is_alive(process) for process in orphans)
            stop(program)
    assert endings() == ["lost", "stopped"]


def test_a_queue_whose_supervisor_was_killed_ends_by_itself() -> None:
    with worker() as program:
        wait_for_a_beat()
        program.send_signal(signal.SIGKILL)
        program.wait()
        wait_until(lambda: program_processes() == [])


def test_a_second_worker_waits_and_takes_the_place_of_the_first() -> None:
    with worker() as first, started_program("manage.py", "worker", JOBS_TIME_SCALE="10") as second:
        assert next_line(second) == "Another worker works on this database; this one waits to take its place.\n"
        stop(first)
        assert next_line(second) == SAID
        stop(second)
    assert endings() == ["stopped", "stopped"]
