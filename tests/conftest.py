import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.test import Client
from hypothesis import settings as property_settings
from pytest_django import Settings

from silverfox import db_embedded

# What a property test proves does not depend on how busy the machine is.
property_settings.register_profile("untimed", deadline=None)
property_settings.load_profile("untimed")


def pytest_unconfigure(config: pytest.Config) -> None:
    if os.environ["TEST_RUN_PID"] != str(os.getpid()):
        return
    if django_settings.EMBEDDED_DATABASE:
        db_embedded.stop()
    shutil.rmtree(django_settings.VAR_DIR)


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Pages name static files by their hash, as in production; a file that is missing fails the page."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _output_templates_after_a_flush() -> None:
    """A test that commits empties every table; the built-in output templates come back with the signal behind it."""
    from tests.factories import ensure_output_templates

    post_migrate.connect(lambda **_: ensure_output_templates(), apps.get_app_config("orders"), weak=False)


@pytest.fixture(autouse=True)
def _own_directories(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.ORDERS_DIR = tmp_path / "orders"
    settings.SCRAPES_DIR = tmp_path / "scrapes"
    for folder in (settings.UPLOADS_DIR, settings.ORDERS_DIR, settings.SCRAPES_DIR):
        folder.mkdir(mode=0o700)


@pytest.fixture
def staff(db: None) -> Client:
    from tests.pages import sign_in

    return sign_in(role="staff")


@pytest.fixture
def run_queued_jobs(db: None) -> Callable[[], int]:
    """Do now what a worker would do with the queue, and give the number of its entries."""
    from django_q.models import OrmQ

    from jobs import executor

    def run() -> int:
        done = 0
        while entry := OrmQ.objects.order_by("pk").first():
            task = entry.task
            entry.delete()
            assert task["func"] == "jobs.executor.run"
            executor.run(*task["args"])
            done += 1
        return done

    return run
