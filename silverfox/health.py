"""Whether the program can do its work now, and what is missing."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from foundation.errors import SilverFoxError
from jobs.models import WorkerHeartbeat
from silverfox.system.checks import missing_migrations
from silverfox.system.resources import LEAST_FREE_BYTES


def failed_checks() -> dict[str, str]:
    """What is not as it must be, by the name of the check, each with a sentence; empty when all is well."""
    found = _disk() | _database()
    if "database" not in found and "migrations" not in found:
        found |= _worker()
    return found


def _disk() -> dict[str, str]:
    found, folder = {}, Path(settings.ORDERS_DIR)
    if not os.access(folder, os.W_OK | os.X_OK):
        found["orders_folder"] = f"{folder} cannot be written."
    free = shutil.disk_usage(settings.VAR_DIR).free
    if free < LEAST_FREE_BYTES:
        found["disk"] = f"Only {free // 1_000_000} MB are free; {LEAST_FREE_BYTES // 1_000_000} MB are needed."
    return found


def _database() -> dict[str, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = missing_migrations()
    except (DatabaseError, SilverFoxError):
        return {"database": "The database does not answer."}
    return {"migrations": f"{len(missing)} migrations are not applied: run manage.py migrate."} if missing else {}


def _worker() -> dict[str, str]:
    beat = WorkerHeartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    if beat is None:
        return {"worker": "No worker has ever answered: run manage.py worker."}
    if timezone.now() - beat > timedelta(seconds=settings.WEDGE_SECONDS):
        return {"worker": f"The last answer of a worker came at {timezone.localtime(beat):%Y-%m-%d %H:%M:%S}."}
    return {}
