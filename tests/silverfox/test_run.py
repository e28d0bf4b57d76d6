import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse

import psutil
import pytest

from tests.silverfox.installation import Installation, free_port, throw_away_installation, wait_until


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation with one user, so that nothing is loaded for show."""
    with throw_away_installation() as installation:
        installation.manage("migrate")
        password = {"DJANGO_SUPERUSER_PASSWORD": "correct horse battery"}
        installation.manage("createsuperuser", "--noinput", "--username=boss", "--email=boss@example.com", **password)
        yield installation


@pytest.fixture
def port() -> int:
    return free_port()


def start(installation: Installation, port: int, said: list[str] | None = None, *options: str) -> subprocess.Popen[str]:
    """Start, and wait for the line that tells the address; lines before it are added to `said`."""
    program = installation.start("manage.py", "run", "--port", str(port), *options)
    assert program.stdout is not None
    for line in program.stdout:
        if said is not None:
            said.append(line)
        if line == f"Silver Fox runs at http://127.0.0.1:{port}/ - Ctrl-C stops it.\n":
            return program
    raise AssertionError(program.communicate()[1])


def stop(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=60)
    assert program.returncode == 0


def get(port: int, path: str) -> HTTPResponse:
    answer: HTTPResponse = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10)
    return answer


def running(installation: Installation, words: str) -> list[psutil.Process]:
    return [process for process in installation.processes() if words in " ".join(process.cmdline())]


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_serves_until_it_is_stopped_and_leaves_no_process(
    installation: Installation, port: int, stop_signal: signal.Signals
) -> None:
    program = start(installation, port)
    wait_until(lambda: len(running(installation, "qcluster")) == 6)
    assert get(port, "/accounts/login/").status == 200
    program.send_signal(stop_signal)
    program.communicate(timeout=60)
    assert program.returncode == 0
    assert installation.processes() == []


def test_run_serves_hashed_static_files_for_ever(installation: Installation, port: int) -> None:
    program = start(installation, port)
    page = get(port, "/admin/login/").read().decode()
    stylesheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = get(port, stylesheet)
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    for path in (stylesheet, "/accounts/login/", "/healthz"):
        headers = get(port, path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert (headers["Server"], headers["X-Powered-By"]) == ("gunicorn", None)
    stop(program)


def test_a_program_that_ends_by_itself_stops_the_rest_with_its_exit_code(installation: Installation, port: int) -> None:
    program = start(installation, port)
    min(running(installation, "gunicorn"), key=lambda process: process.pid).kill()
    _, words = program.communicate(timeout=60)
    assert program.returncode == 128 + signal.SIGKILL
    assert words.splitlines()[-1] == "The web server ended by itself (exit code 137); the rest was stopped."
    assert installation.processes() == []


def test_a_port_in_use_is_told_with_another_one_before_anything_starts(port: int) -> None:
    with throw_away_installation() as installation, socket.create_server(("127.0.0.1", port)):
        done = installation.manage("run", "--port", str(port))
        assert done.returncode == 2
        assert done.stderr == (
            f"Port {port} of 127.0.0.1 cannot be used (Address already in use): choose another one, "
            f"as in PORT={port + 1}.\n"
        )
        assert not installation.pid_file.exists()


def test_other_machines_are_served_only_under_names_that_are_set(port: int) -> None:
    with throw_away_installation() as installation:
        done = installation.manage("run", "--host", "0.0.0.0", "--port", str(port))
        assert done.returncode == 2
        assert done.stderr.startswith("With HOST=0.0.0.0 other machines are served: set ALLOWED_HOSTS")


def test_the_first_start_for_other_machines_loads_no_demo_users(port: int) -> None:
    with throw_away_installation() as installation:
        program = installation.start(
            "manage.py",
            "run",
            "--host",
            "0.0.0.0",
            "--port",
            str(port),
            ALLOWED_HOSTS="localhost,fox.example",
        )
        assert program.stdout is not None
        lines = [program.stdout.readline() for _ in range(4)]
        stop(program)
        assert lines[1:] == [
            "40 websites created, 0 updated, 0 unchanged.\n",
            "There are no users yet: make the first one with manage.py createsuperuser.\n",
            f"Silver Fox runs at http://0.0.0.0:{port}/ - Ctrl-C stops it.\n",
        ]


def test_an_unknown_host_name_is_refused(installation: Installation, port: int) -> None:
    program = start(installation, port)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/accounts/login/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=10)
    assert refusal.value.code == 400
    refusal.value.close()
    stop(program)


def test_the_demo_is_loaded_once_and_its_users_are_for_this_machine_only(port: int) -> None:
    with throw_away_installation() as installation:
        first: list[str] = []
        stop(start(installation, port, first))
        second: list[str] = []
        stop(start(installation, port, second))
        logins = first[3:8]
        assert [line.split()[0] for line in logins] == ["Users", "viewer", "staff", "manager", "admin"]
        assert second[2:7] == logins
        done = installation.manage("run", "--host", "0.0.0.0", "--port", str(port), ALLOWED_HOSTS="fox.example")
        assert done.returncode == 2
        assert "its demo users still have the passwords that were printed" in done.stderr
        assert installation.processes() == []


READ_BY_THE_WORKER = """
import time
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.sessions import start_session
websites = Website.objects.filter(dealership__name__in=["Twin City Toyota", "Jaguar Rancho Mirage"])
session = start_session(websites=websites, trigger=ScrapeSession.Trigger.PERSON)
while session.runs.open().exists():
    time.sleep(0.2)
print(*session.runs.values_list("state", "vehicles"))
start_session(websites=websites, trigger=ScrapeSession.Trigger.PERSON)
"""
LEFT_BEHIND = """
from scrapers.models import ScrapeRun, Website
print(Website.objects.filter(enabled=True).count(), Website.objects.count(), ScrapeRun.objects.open().count())
"""


def test_the_demo_reads_its_websites_from_a_fake_dealer_web_and_nothing_is_on_behind_it(port: int) -> None:
    with throw_away_installation() as installation:
        said: list[str] = []
        program = start(installation, port, said, "--demo-web")
        assert "40 websites are read from the fake dealer web until the end.\n" in said
        [fake] = running(installation, "fake_dealers")
        address = next(word for word in fake.cmdline() if word.startswith("--port=")).replace("--port=", "127.0.0.1:")
        for words in ("gunicorn", "worker"):
            assert running(installation, words)[0].environ()["SCRAPER_FAKE_WEB"] == address
        done = installation.manage("shell", "--no-imports", "-c", READ_BY_THE_WORKER)
        # What is read is the inventory in use as these websites show it, so the gates let it pass.
        runs = sorted(done.stdout.strip("()\n").split(") ("))
        assert [run.partition(", ")[0] for run in runs] == ["'done'", "'done'"], (runs, done.stderr)
        stop(program)
        assert installation.processes() == []
        assert installation.manage("shell", "--no-imports", "-c", LEFT_BEHIND).stdout == "0 40 0\n"


def test_without_the_fake_dealer_web_websites_are_loaded_and_off(installation: Installation, port: int) -> None:
    stop(start(installation, port))
    assert installation.manage("shell", "--no-imports", "-c", LEFT_BEHIND).stdout == "0 40 0\n"
    done = installation.manage("run", "--port", str(port), "--demo-web")
    assert done.returncode == 1
    assert done.stderr == (
        "The fake dealer web is for the demo, and this installation holds none. Start it with an empty VAR_DIR.\n"
    )


def test_the_fake_dealer_web_is_refused_where_work_is_done(port: int) -> None:
    with throw_away_installation() as installation:
        options = ("run", "--port", str(port), "--demo-web")
        done = installation.manage(*options, "--host", "0.0.0.0", ALLOWED_HOSTS="fox.example")
        assert done.returncode == 2
        assert done.stderr == "HOST=0.0.0.0 opens this installation to other machines: leave DEMO_WEB out.\n"
        done = installation.manage(*options, DATABASE_URL="postgresql:///fox", SECRET_KEY="a" * 50)
        assert done.returncode == 2
        assert done.stderr == ("DATABASE_URL is set: the demo's fake dealer web is for the embedded database only.\n")
        assert not installation.pid_file.exists()
