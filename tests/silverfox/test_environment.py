import json
import stat
from pathlib import Path
from typing import Any

import pytest

from foundation.errors import BadInput
from silverfox import environment
from tests.silverfox.installation import throw_away_installation

LONG_KEY = "k" * 50


def test_text_gives_the_default_for_an_absent_and_for_a_blank_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SF_TEST", raising=False)
    assert environment.text("SF_TEST", "default") == "default"
    monkeypatch.setenv("SF_TEST", "  ")
    assert environment.text("SF_TEST", "default") == "default"
    monkeypatch.setenv("SF_TEST", " value ")
    assert environment.text("SF_TEST", "default") == "value"


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("off", False)])
def test_flag_understands_yes_and_no(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("SF_TEST", value)
    assert environment.flag("SF_TEST") is meaning


def test_flag_refuses_another_word_and_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_TEST", "perhaps")
    with pytest.raises(BadInput, match="^SF_TEST is 'perhaps': use 1 or 0.$"):
        environment.flag("SF_TEST")


@pytest.mark.parametrize("value", ["0", "33", "-1", "two", "1.5", "1_0", "²"])
def test_number_refuses_what_is_no_number_within_its_bounds(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SF_TEST", value)
    with pytest.raises(BadInput, match=f"^SF_TEST is '{value}': use a whole number from 1 to 32.$"):
        environment.number("SF_TEST", 2, minimum=1, maximum=32)


def test_number_takes_its_bounds_and_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_TEST", "32")
    assert environment.number("SF_TEST", 2, minimum=1, maximum=32) == 32
    monkeypatch.delenv("SF_TEST")
    assert environment.number("SF_TEST", 2, minimum=1, maximum=32) == 2


def test_words_drops_blanks_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_TEST", " a.example, ,b.example ,")
    assert environment.words("SF_TEST") == ["a.example", "b.example"]


def test_origins_refuses_an_entry_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_TEST", "https://a.example,b.example")
    with pytest.raises(BadInput, match="^SF_TEST: 'b.example' has no scheme: write https://b.example.$"):
        environment.origins("SF_TEST")


def test_secret_comes_from_the_file_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("SF_TEST_FILE", str(tmp_path / "secret"))
    assert environment.secret("SF_TEST") == "from the file"


def test_secret_refuses_a_value_and_a_file_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SF_TEST", "value")
    monkeypatch.setenv("SF_TEST_FILE", str(tmp_path / "secret"))
    with pytest.raises(BadInput, match="^SF_TEST and SF_TEST_FILE are both set: keep one of them.$"):
        environment.secret("SF_TEST")


def test_secret_refuses_a_file_that_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SF_TEST_FILE", str(tmp_path / "absent"))
    with pytest.raises(BadInput, match=r"^SF_TEST_FILE: cannot read .*/absent \(.*No such file"):
        environment.secret("SF_TEST")


def test_secret_key_is_made_once_and_closed_to_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SF_TEST", raising=False)
    directory = tmp_path / "var"
    directory.mkdir()
    first = environment.secret_key("SF_TEST", kept_in=directory / "key")
    assert environment.secret_key("SF_TEST", kept_in=directory / "key") == first
    assert len(first) >= 50
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in directory.iterdir()] == [("key", 0o600)]


def test_a_damaged_kept_key_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SF_TEST", raising=False)
    (tmp_path / "key").write_text("")
    with pytest.raises(BadInput, match="key is damaged: delete it"):
        environment.secret_key("SF_TEST", kept_in=tmp_path / "key")


def test_secret_key_is_required_where_none_may_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SF_TEST", raising=False)
    with pytest.raises(BadInput, match="^SF_TEST is not set: with DATABASE_URL set it to 50 or more random characters"):
        environment.secret_key("SF_TEST", kept_in=None)


def test_secret_key_of_49_characters_is_refused_and_of_50_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_TEST", LONG_KEY)
    assert environment.secret_key("SF_TEST", kept_in=None) == LONG_KEY
    monkeypatch.setenv("SF_TEST", LONG_KEY[1:])
    with pytest.raises(BadInput, match="^SF_TEST has 49 characters: use 50 or more random ones.$"):
        environment.secret_key("SF_TEST", kept_in=None)


def test_directory_names_the_variable_when_it_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SF_TEST", str(tmp_path / "file" / "below"))
    with pytest.raises(BadInput, match=r"^SF_TEST: cannot make .*/file/below \(Not a directory\).$"):
        environment.directory("SF_TEST", tmp_path)


def test_database_url_is_taken_apart_and_decoded() -> None:
    assert environment.database("postgres://sf%40shop:p%2Fw%3A@localhost:5433/silver%20fox?connect_timeout=5") == {
        "ENGINE": "silverfox.postgresql",
        "NAME": "silver fox",
        "USER": "sf@shop",
        "PASSWORD": "p/w:",
        "HOST": "localhost",
        "PORT": "5433",
        "OPTIONS": {"connect_timeout": "5"},
    }


def test_database_url_may_name_a_socket_directory() -> None:
    described = environment.database("postgresql://sf@/silverfox?host=/var/run/postgresql")
    assert (described["HOST"], described["OPTIONS"]) == ("/var/run/postgresql", {})


@pytest.mark.parametrize(
    ("query", "options"),
    [("", {"sslmode": "require"}), ("?sslmode=verify-full", {"sslmode": "verify-full"})],
)
def test_a_server_on_another_machine_is_used_with_tls(query: str, options: dict[str, Any]) -> None:
    assert environment.database(f"postgresql://sf@db.example/silverfox{query}")["OPTIONS"] == options


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_server_on_another_machine_without_tls_is_refused(mode: str) -> None:
    with pytest.raises(BadInput, match=f"^DATABASE_URL: sslmode={mode} sends data to db.example unencrypted"):
        environment.database(f"postgresql://sf@db.example/silverfox?sslmode={mode}")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mysql://sf@localhost/silverfox", "has the scheme 'mysql': Silver Fox works with postgresql:// only"),
        ("sqlite:///db.sqlite3", "has the scheme 'sqlite'"),
        ("silverfox", "has the scheme ''"),
        ("postgresql://sf@localhost", "names no database"),
        ("postgresql://sf@localhost/", "names no database"),
        ("postgresql://sf@localhost:port/silverfox", "is not a URL"),
        ("postgresql://sf@[::1/silverfox", "is not a URL"),
    ],
)
def test_database_url_that_cannot_be_used_is_refused(url: str, fault: str) -> None:
    with pytest.raises(BadInput) as refusal:
        environment.database(url)
    assert refusal.value.message.startswith(f"DATABASE_URL {fault}")


def test_a_bad_variable_stops_every_command_with_one_line() -> None:
    with throw_away_installation() as installation:
        done = installation.manage("check", WORKERS="many")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "WORKERS is 'many': use a whole number from 1 to 32.\n"


def test_a_bad_variable_is_one_json_document_where_json_is_asked_for() -> None:
    with throw_away_installation() as installation:
        done = installation.manage("db", "status", "--json", DATABASE_URL="postgresql://sf@localhost/silverfox")
        assert done.returncode == 2
        assert json.loads(done.stdout) == {"error": {"code": "bad_input", "message": done.stderr.strip()}}
        assert done.stderr.startswith("SECRET_KEY is not set")
