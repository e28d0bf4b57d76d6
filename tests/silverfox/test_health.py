"""What monitors ask, and what is looked at before an installation serves others."""

import importlib.metadata
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import checks
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from jobs.models import Incarnation, WorkerHeartbeat
from tests.silverfox.installation import throw_away_installation

PRODUCTION = {
    "DATABASE_URL": "postgresql://silverfox@127.0.0.1/silverfox",
    "SECRET_KEY": "9xQ2-vLr7_Tz4mKp8wYd3HsJ6cBn1gFa5eUoRiXtVqWyZhMlPk",
    "ALLOWED_HOSTS": "silverfox.example.com",
    "TLS_PROXY": "1",
}
# The oldest versions without a fault that is known to be dangerous here.
SAFE_FROM = {"Django": (5, 2, 19), "pillow": (12, 3, 0), "gunicorn": (23, 0, 0)}


def beat(*, seconds_ago: int) -> None:
    now = timezone.now()
    start = Incarnation.objects.create(host="h", supervisor_pid=1, version="1", started_at=now, seen_at=now)
    at = now - timedelta(seconds=seconds_ago)
    WorkerHeartbeat.objects.create(incarnation=start, at=at, host="h", pid=2, version="1")


@pytest.mark.django_db
def test_readyz_is_ready_when_all_is_there() -> None:
    beat(seconds_ago=5)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "failed": {}})


@pytest.mark.django_db
def test_readyz_names_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    assert Client().get("/readyz").json()["failed"]["worker"].startswith("No worker has ever answered")
    beat(seconds_ago=10_000)
    settings.ORDERS_DIR = tmp_path / "gone"
    answer = Client().get("/readyz")
    assert (answer.status_code, set(answer.json()["failed"])) == (503, {"worker", "orders_folder"})


@pytest.mark.django_db
def test_readyz_answers_strangers_with_the_key_only(settings: Settings) -> None:
    beat(seconds_ago=5)
    far = {"REMOTE_ADDR": "8.8.8.8"}
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"), backend="django.contrib.auth.backends.ModelBackend")
    assert [Client().get("/readyz", **far).status_code, boss.get("/readyz", **far).status_code] == [403, 200]  # type: ignore[arg-type]
    settings.READYZ_KEY = "a long random key"
    statuses = [
        Client().get("/readyz", headers={"X-Readyz-Key": key}, REMOTE_ADDR="8.8.8.8").status_code
        for key in ("", "a guess", "a long random key")
    ]
    assert statuses == [403, 403, 200]


def without(name: str) -> list[str]:
    return [item for item in settings.MIDDLEWARE if not item.endswith(name)]


def test_nothing_is_to_be_said_against_production_settings() -> None:
    with throw_away_installation() as installation:
        done = installation.manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MIDDLEWARE": []}, "security.W001"),
        ({"MIDDLEWARE": without("XFrameOptionsMiddleware")}, "security.W002"),
        ({"MIDDLEWARE": without("CsrfViewMiddleware")}, "security.W003"),
        ({"MIDDLEWARE": without("SessionMiddleware"), "SESSION_COOKIE_SECURE": False}, "security.W010"),
        ({"X_FRAME_OPTIONS": "SAMEORIGIN"}, "security.W019"),
        ({"SECRET_KEY": "k" * 60}, "security.W009"),
        ({"SESSION_COOKIE_SECURE": False}, "security.W012"),
        ({"DEBUG": True}, "security.W018"),
        ({"ALLOWED_HOSTS": []}, "security.W020"),
        ({"ALLOWED_HOSTS": ["*"]}, "silverfox.E005"),
        ({"TLS_PROXY": True, "TRUSTED_PROXIES": 0}, "silverfox.E004"),
        ({"ORDERS_DIR": Path("/nowhere/orders")}, "silverfox.E002"),
    ],
)
def test_bad_settings_are_named(settings: Settings, change: dict[str, Any], message: str) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    found = checks.run_checks(include_deployment_checks=True, tags=[checks.Tags.security])
    assert message in {item.id for item in found}


@pytest.mark.parametrize("name", ["UPLOADS_DIR", "ORDERS_DIR", "SCRAPES_DIR"])
def test_a_folder_that_others_can_read_is_named(settings: Settings, name: str) -> None:
    folder = getattr(settings, name)
    folder.chmod(0o755)
    found = checks.run_checks(include_deployment_checks=True, tags=[checks.Tags.security])
    assert f"{folder} is open to other users." in {item.msg for item in found}


def test_no_library_is_older_than_its_last_dangerous_fault() -> None:
    installed = {dist.metadata["Name"]: dist.version for dist in importlib.metadata.distributions()}
    versions = {name: re.findall(r"\d+", installed[name]) for name in SAFE_FROM if name in installed}
    old = {name: installed[name] for name, parts in versions.items() if tuple(map(int, parts[:3])) < SAFE_FROM[name]}
    assert ({"Django", "pillow", "gunicorn"} <= set(versions), old) == (True, {})
