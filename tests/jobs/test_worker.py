import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.silverfox.installation import Installation, throw_away_installation, wait_until

ENQUEUE = """
import django; django.setup()
from jobs import executor, registry
for pk in (1, 2):
    executor.enqueue(sorted(registry._jobs)[0], pk)
"""
RESULTS = """
import django, json; django.setup()
from django_q.models import OrmQ, Task
print(json.dumps([OrmQ.objects.count(), sorted(task.args[1] for task in Task.objects.all())]))
"""


@pytest.fixture
def installation() -> Iterator[Installation]:
    with throw_away_installation() as installation:
        assert installation.manage("migrate").returncode == 0
        yield installation


def script(installation: Installation, text: str) -> str:
    done = installation.python("-c", text, DJANGO_SETTINGS_MODULE="silverfox.settings")
    assert done.returncode == 0, done.stderr
    return done.stdout


def start(installation: Installation) -> subprocess.Popen[str]:
    worker = installation.start("manage.py", "worker")
    assert worker.stdout is not None
    assert worker.stdout.readline() == "The worker does background work with 2 processes.\n"
    return worker


def test_the_worker_does_what_was_enqueued_once_and_stops_on_demand(installation: Installation) -> None:
    script(installation, ENQUEUE)
    worker = start(installation)
    wait_until(lambda: json.loads(script(installation, RESULTS)) == [0, [1, 2]])
    worker.terminate()
    worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert installation.processes("python") == []


def test_the_worker_stops_when_every_process_of_it_is_asked_at_once(installation: Installation) -> None:
    worker = start(installation)
    wait_until(lambda: len(installation.processes("python")) == 7)
    worker.send_signal(signal.SIGTERM)
    for process in installation.processes("python"):
        process.terminate()
    worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert installation.processes("python") == []


def test_the_worker_ends_with_an_error_when_its_queue_ends(installation: Installation) -> None:
    worker = start(installation)
    wait_until(lambda: len(installation.processes("python")) == 7)
    min((p for p in installation.processes("python") if "qcluster" in p.cmdline()), key=lambda p: p.pid).kill()
    words = worker.communicate(timeout=60)[1]
    assert worker.returncode == 128 + signal.SIGKILL
    assert words.splitlines()[-1] == "The queue ended by itself (exit code 137). Start the worker again."
    assert installation.processes("python") == []
