"""What the installation uses: place on the disk, connections, rows that only ever grow."""

import shutil
from collections.abc import Iterator

from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Coalesce

from foundation.models import AuditEntry
from inventory.models import DatasetEvent, InventoryImport
from orders.models import Artifact, OrderEvent, VinLogEntry
from silverfox.system.verdicts import Check, fine, in_bytes, judged

LEAST_FREE_BYTES = 1_000_000_000
LEAST_FREE_PERCENT = 10
MOST_CONNECTIONS_PERCENT = 80


def settings_check() -> Check:
    """What Django and this project find in the settings themselves."""
    found = [f"{message.id}: {message.msg}" for message in run_checks() if not message.is_silenced()]
    remedy = "manage.py check tells each with its remedy."
    return judged(
        "settings",
        f"{len(found)} remark{'' if len(found) == 1 else 's'}",
        warning=bool(found),
        remedy=remedy,
        details=found,
    )


def disk_check() -> Check:
    usage = shutil.disk_usage(settings.VAR_DIR)
    return judge_disk(free=usage.free, total=usage.total)


def judge_disk(*, free: int, total: int) -> Check:
    """Below 1 GB orders soon fail; below a tenth there is time to act."""
    percent = 100 * free // max(total, 1)
    remedy = f"Free space below {settings.VAR_DIR}: manage.py retention --dry-run counts what is over its time."
    return judged(
        "free disk",
        f"{in_bytes(free)}, {percent} %",
        person=free < LEAST_FREE_BYTES,
        warning=percent < LEAST_FREE_PERCENT,
        remedy=remedy,
    )


def resource_checks() -> Iterator[Check]:
    """Every check of what the database and the files take."""
    yield _connections()
    yield _sizes()
    yield _log_rows()


def _connections() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity")
        used, most = cursor.fetchone()
    is_many = used * 100 > most * MOST_CONNECTIONS_PERCENT
    remedy = "Stop programs that hold connections, or raise max_connections of the server."
    return judged("database connections", f"{used} of {most}", warning=is_many, remedy=remedy)


def _sizes() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        database = cursor.fetchone()[0]
    released = Artifact.objects.aggregate(size=Coalesce(Sum("size"), 0))["size"]
    kept = InventoryImport.objects.exclude(stored_name="").filter(reread_of=None)
    uploads = kept.aggregate(size=Coalesce(Sum("size"), 0))["size"]
    details = [f"{name}: {in_bytes(size)}" for name, size in (("order files", released), ("uploads", uploads))]
    return fine("size", f"database {in_bytes(database)}", details)


def _log_rows() -> Check:
    models = (VinLogEntry, OrderEvent, DatasetEvent, AuditEntry)
    counts = {str(model._meta.verbose_name_plural): model._base_manager.count() for model in models}
    details = [f"{name}: {count:,}" for name, count in counts.items()]
    return fine("log rows", f"{sum(counts.values()):,}", details)
