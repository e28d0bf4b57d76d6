"""What is installed is what the readable lists name, file by file."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
RUN, DEV = "requirements", "requirements-dev"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)


def folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(name: str) -> dict[str, str]:
    """The versions of a list by name, with those of the list that it includes."""
    text = (PROJECT / f"{name}.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "-r "))]
    pins = {folded(pin[1]): pin[2] for line in lines if (pin := _PIN.fullmatch(line))}
    assert len(pins) == len(lines), "every line is a name and one exact version"
    return pins | (listed(RUN) if f"-r {RUN}.txt" in text else {})


def locked(name: str) -> dict[str, tuple[str, str, int]]:
    """Version, condition and number of hashes of each entry of a lock file, by name."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", (PROJECT / f"{name}.lock").read_text())[1:]
    found = {}
    for entry in entries:
        pin = _PIN.match(entry)
        assert pin, entry
        found[folded(pin[1])] = (pin[2], pin[3] or "", len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)))
    return found


@pytest.mark.parametrize("name", [RUN, DEV])
def test_the_lock_pins_what_the_list_names_and_nothing_else(name: str) -> None:
    wanted, entries = listed(name), locked(name)
    assert len(wanted) > 30
    assert {key: version for key, (version, _, _) in entries.items() if key in wanted} == wanted
    # What a library needs on Windows only is in no list of ours.
    assert {condition for key, (_, condition, _) in entries.items() if key not in wanted} <= {"sys_platform == 'win32'"}


@pytest.mark.parametrize("name", [RUN, DEV])
def test_every_entry_of_the_lock_names_its_files_by_hash_and_no_place_to_fetch_them(name: str) -> None:
    assert [key for key, (_, _, hashes) in locked(name).items() if not hashes] == []
    text = (PROJECT / f"{name}.lock").read_text()
    assert re.findall(r"://|index-url|find-links|trusted-host", text) == []


def test_both_commands_install_by_the_lock_only() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    assert re.findall(r"pip install .*", makefile) == [
        "pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r"
    ]
    assert re.findall(r"\$\(INSTALL\) (.*)", makefile) == ["requirements.lock", "requirements-dev.lock"]
