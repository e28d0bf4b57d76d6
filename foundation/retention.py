"""Removing rows that were kept long enough, and what people leave behind who sign in."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import BigIntegerField, Count, Func, QuerySet, Sum

from foundation.models import TokenBucket

SIGN_IN_DAYS = 90
# So many rows go in one statement: a part of a second, and a run that is broken off loses no more than that.
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Removed:
    """One class of data: how many things were, or with a dry run would be, removed, and their size in bytes."""

    name: str
    count: int
    bytes: int

    def document(self) -> dict[str, Any]:
        return asdict(self)


def remove_rows(name: str, rows: QuerySet[Any], *, dry_run: bool, beat: Callable[[], None]) -> Removed:
    """Delete the rows of a query in pieces, or with `dry_run` only count them; `beat` is called after each piece.

    Rows that are over their time only while it runs are left to the next run.
    """
    found = measure_rows(name, rows)
    left = 0 if dry_run else found.count
    while left > 0:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_ROWS_AT_ONCE])
        rows.model._base_manager.filter(pk__in=keys).delete()
        left -= _ROWS_AT_ONCE
        beat()
    return found


def measure_rows(name: str, rows: QuerySet[Any]) -> Removed:
    """Count the rows of a query and sum up what they take in their table."""
    model = rows.model
    size = Func(template=f'pg_column_size("{model._meta.db_table}".*)', output_field=BigIntegerField())
    sums = model._base_manager.filter(pk__in=rows.values("pk")).aggregate(count=Count("pk"), bytes=Sum(size))
    return Removed(name, sums["count"], sums["bytes"] or 0)


def remove_old_sign_ins(*, now: datetime, beat: Callable[[], None], dry_run: bool = False) -> list[Removed]:
    """Delete sessions that have ended, and after 90 days what protects the sign-in: attempts and token buckets.

    A bucket that nobody touched for that long is full, which is what one is that does not exist.
    """
    before = now - timedelta(days=SIGN_IN_DAYS)
    classes: dict[str, QuerySet[Any]] = {
        "ended sessions": Session.objects.filter(expire_date__lt=now),
        "failed sign-ins": AccessFailureLog.objects.filter(attempt_time__lt=before),
        "counted sign-ins": AccessAttempt.objects.filter(attempt_time__lt=before),
        "sign-ins": AccessLog.objects.filter(attempt_time__lt=before),
        "full token buckets": TokenBucket.objects.filter(filled_at__lt=before),
    }
    return [remove_rows(name, rows, dry_run=dry_run, beat=beat) for name, rows in classes.items()]
