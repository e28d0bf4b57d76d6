"""F34, F35, F38, P01 to P06 and R1: the database is killed, is away, or must not be written; the embedded one too."""

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg2
import pytest

from silverfox import db_embedded
from silverfox.management.commands.run import programs
from tests.faults.conftest import scale_of, slowness_now
from tests.silverfox.installation import Installation, free_port, throw_away_installation, wait_until

pytestmark = [pytest.mark.slow]
Record = Callable[[str, object], None]
fault = pytest.mark.fault
SETTINGS = {"DJANGO_SETTINGS_MODULE": "silverfox.settings"}
SECRET = "a" * 32
RESTARTED = 20
LOGIN, SIGN_IN = "/accounts/login/", {"username": "nobody", "password": "wrong"}


@pytest.fixture(scope="module")
def migrated() -> Iterator[Path]:
    """The folder of an installation whose database was prepared once, and is stopped."""
    with throw_away_installation() as installation:
        assert installation.manage("migrate").returncode == 0
        assert installation.manage("db", "stop").returncode == 0
        yield installation.var_dir


class Site(Installation):
    """An installation of this test with programs of its own."""

    def __init__(self, var_dir: Path, scale: int) -> None:
        super().__init__(var_dir)
        self.scale = scale
        self.port = free_port()
        self.programs: list[subprocess.Popen[str]] = []

    def begin_program(self, *arguments: str, **extra: str) -> "subprocess.Popen[str]":
        """A program that runs until the end of the test."""
        with (self.var_dir / "errors.log").open("a") as errors:
            program = self.start(*arguments, errors=errors, **extra)
        self.programs.append(program)
        return program

    def environment(self, **extra: str) -> dict[str, str]:
        return super().environment(JOBS_TIME_SCALE=str(self.scale), **extra)

    def ask(self, *arguments: str) -> Any:
        done = self.python("-m", "tests.faults.installed", *arguments, **SETTINGS)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def worker(self) -> "subprocess.Popen[str]":
        worker = self.begin_program("manage.py", "worker")
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("The worker does background work")
        return worker

    def web(self) -> "subprocess.Popen[str]":
        assert self.manage("collectstatic", "--no-input").returncode == 0
        web = self.begin_program(*programs("127.0.0.1", self.port)["web server"], **SETTINGS)
        wait_until(lambda: self.status("/healthz") != 0, 60)
        return web

    def status(self, path: str, **form: str) -> int:
        """What the site answers to a browser that says it is signed in, or sends a form; 0 when nobody does."""
        return self.answer(path, **form)[0]

    def answer(self, path: str, **form: str) -> tuple[int, str]:
        """The status of the answer, and its text."""
        headers = {"Cookie": f"sessionid={SECRET}; csrftoken={SECRET}"}
        data = urlencode(form | {"csrfmiddlewaretoken": SECRET}).encode() if form else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_done(self, seconds: float = 90) -> float:
        """Wait until every order is done and hold all against the rules; gives how long it took."""
        begun = time.monotonic()
        wait_until(lambda: self.ask("tell")["states"] == ["done"], seconds)
        found = self.ask("tell")
        assert (found["logged"], found["violations"]) == (found["lines"], [])
        return time.monotonic() - begun

    def run(self) -> None:
        """Everything, as a person starts it."""
        program = self.begin_program("manage.py", "run", "--port", str(self.port))
        assert program.stdout is not None
        assert any("Silver Fox runs at" in line for line in program.stdout)

    def begin(self) -> None:
        """Wait until a first order is done."""
        wait_until(lambda: self.released() > 0, 60)

    def released(self) -> int:
        """How many orders have files, as the disk tells."""
        return len(list((self.var_dir / "orders").glob("[0-9]*")))

    def end(self) -> None:
        for process in self.processes("python"):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for program in self.programs:
            program.communicate(timeout=30)
        self.manage("db", "stop")


@pytest.fixture
def site(migrated: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(Path(tempfile.mkdtemp(prefix="sf-")), scale_of(request.config, slowness_now()))
    shutil.copytree(migrated, site.var_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pid", ".s.PGSQL*"))
    _give_to_the_owner_of(migrated, site.var_dir)
    try:
        yield site
    finally:
        site.end()
        shutil.rmtree(site.var_dir, ignore_errors=True)


def _give_to_the_owner_of(source: Path, copy: Path) -> None:
    """A copy keeps modes and not owners; run by root the server belongs to a user of its own."""
    for path in [source, *source.rglob("*")]:
        target = copy / path.relative_to(source)
        if target.exists():
            os.chown(target, path.stat().st_uid, path.stat().st_gid)


@pytest.mark.faults
@fault("F34", "the database restarted at once in mid-work", "recovers, 0 doubled")
def test_f34_work_outlives_an_immediate_restart_of_the_database(site: Site, record_property: Record) -> None:
    site.ask("send", "12")
    site.worker()
    site.begin()
    os.kill(site.server_pid(), signal.SIGQUIT)
    wait_until(lambda: not site.processes("postgres") or site.pid_file.exists(), 20)
    record_property("measured", f"all done {site.wait_done():.1f} s after the restart")


@pytest.mark.faults
@fault("F35", "the database away for 60 s", "pages answer 503, the worker waits and goes on")
def test_f35_without_a_database_pages_say_so_and_work_waits(site: Site, record_property: Record) -> None:
    site.ask("send", "6")
    site.web()
    worker = site.worker()
    site.begin()
    configuration = site.var_dir / "pgdata" / "postgresql.conf"
    whole = configuration.read_text()
    configuration.write_text(f"{whole}\nshared_buffers = nonsense\n")
    os.kill(site.server_pid(), signal.SIGQUIT)
    wait_until(lambda: site.status("/readyz") == 503, 30)
    assert site.status("/orders/") == 503
    time.sleep(60 / site.scale)
    assert (site.status("/readyz"), worker.poll()) == (503, None)
    configuration.write_text(whole)
    record_property("measured", f"all done {site.wait_done():.1f} s after it came back")
    assert site.status("/readyz") == 200


@pytest.mark.faults
@fault("F38", "the database read-only", "clear 503, nothing half done, recovery without a restart")
def test_f38_a_database_that_must_not_be_written_harms_nothing(site: Site) -> None:
    site.ask("send", "6")
    site.web()
    worker = site.worker()
    site.begin()
    _sql(site, "ALTER SYSTEM SET default_transaction_read_only = on")
    _sql(site, "SELECT pg_reload_conf()")
    wait_until(lambda: site.answer(LOGIN, **SIGN_IN)[0] == 503)
    assert "what you sent was not saved" in site.answer(LOGIN, **SIGN_IN)[1]
    time.sleep(20 / site.scale)
    assert (worker.poll(), site.status("/healthz"), site.status(LOGIN)) == (None, 200, 200)
    assert site.ask("tell")["violations"] == []
    _sql(site, "ALTER SYSTEM RESET default_transaction_read_only")
    _sql(site, "SELECT pg_reload_conf()")
    site.wait_done()
    assert (worker.poll(), site.status(LOGIN, **SIGN_IN)) == (None, 200)


def _sql(site: Site, statement: str) -> None:
    with closing(psycopg2.connect(_url(site))) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


def _url(site: Site) -> str:
    return site.manage("db", "url").stdout.strip()


@pytest.mark.faults
@fault("P01", "the database server killed in mid-work", "comes back, work goes on, 0 doubled")
def test_p01_work_outlives_a_killed_database_server(site: Site, record_property: Record) -> None:
    site.ask("send", "12")
    site.worker()
    site.begin()
    os.kill(site.server_pid(), signal.SIGKILL)
    record_property("measured", f"all done {site.wait_done():.1f} s after the kill")


@fault("P02", "web, worker and commands start at once on an empty folder", "one server, all connect")
@pytest.mark.faults
def test_p02_programs_that_start_at_once_on_an_empty_folder_share_one_server(request: pytest.FixtureRequest) -> None:
    site = Site(Path(tempfile.mkdtemp(prefix="sf-")), scale_of(request.config, slowness_now()))
    try:
        web = site.begin_program(*programs("127.0.0.1", site.port)["web server"], **SETTINGS)
        worker = site.begin_program("manage.py", "worker")
        commands = [site.start("manage.py", "migrate"), *(site.start("manage.py", "db", "start") for _ in range(2))]
        wait_until(lambda: site.status("/healthz") == 200, 60)
        assert site.status("/readyz") in {200, 503}
        for command in commands:
            command.communicate(timeout=120)
        assert [command.returncode for command in commands] == [0] * 3
        wait_until(lambda: site.status("/readyz") == 200, 60)
        assert (web.poll(), worker.poll(), len(site.server_pids())) == (None, None, 1)
    finally:
        site.end()
        shutil.rmtree(site.var_dir, ignore_errors=True)


@fault("P03", "the process that started the server ends", "the server serves on")
@pytest.mark.faults
def test_p03_the_server_outlives_the_process_that_started_it(site: Site) -> None:
    assert site.manage("db", "start").returncode == 0
    server = site.server_pid()
    assert site.ask("tell")["violations"] == []
    assert site.server_pid() == server


@fault("P04", "dead server, its pid file left, its number given to another process", "seen by a query, started again")
@pytest.mark.faults
def test_p04_a_pid_file_of_a_dead_server_deceives_nobody(site: Site) -> None:
    assert site.manage("db", "start").returncode == 0
    site.kill_server()
    lines = site.pid_file.read_text().splitlines()
    site.pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert site.ask("tell")["violations"] == []
    assert site.server_pid() != os.getpid()


@fault("P05", "the supervisor kills the whole queue", "the server is not touched")
@pytest.mark.faults
def test_p05_the_end_of_a_queue_leaves_the_server_alone(site: Site) -> None:
    worker = psutil.Process(site.worker().pid)
    server = site.server_pid()
    [first] = worker.children()
    first.kill()
    wait_until(lambda: any(child.pid != first.pid for child in worker.children()), 30)
    assert site.server_pid() == server
    site.ask("send", "1")
    site.wait_done()


@fault(
    "P06", "a folder whose path is too long for a socket", "a message that names a shorter one; never open to others"
)
def test_p06_a_folder_too_long_for_a_socket_is_refused_with_a_shorter_one(tmp_path: Path) -> None:
    long = Installation(tmp_path / ("d" * db_embedded.MAX_SOCKET_DIR_BYTES))
    done = long.manage("db", "start")
    assert done.returncode == 2
    assert "set VAR_DIR to a shorter directory" in done.stderr
    assert not any(stat.S_IMODE(path.stat().st_mode) == 0o777 for path in tmp_path.rglob("*"))


@pytest.mark.faults
@fault("R1", "a computer restarts: every process killed at once, the database too", "all done in 3 minutes, 0 doubled")
def test_r1_a_restart_of_the_computer_in_mid_batch_loses_and_doubles_nothing(
    site: Site, record_property: Record
) -> None:
    """With the intervals of production: nothing but the start may bring the work back."""
    site.scale = 1
    site.ask("send_batch", str(RESTARTED))
    site.run()
    site.begin()
    everything = site.processes()
    for process in everything:
        process.suspend()
    for process in everything:
        process.kill()
    psutil.wait_procs(everything, timeout=20)
    assert site.processes() == []
    left = RESTARTED - site.released()
    assert left > 0
    begun = time.monotonic()
    site.run()
    site.wait_done(180 - (time.monotonic() - begun))
    assert site.ask("tell")["batches"] == ["completed"]
    record_property(
        "measured", f"all done {time.monotonic() - begun:.1f} s after the start, {left} of {RESTARTED} orders were left"
    )
