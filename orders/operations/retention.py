"""Removing what was kept long enough; whatever an order stands on stays."""

from datetime import datetime, timedelta

from django.db import transaction

from foundation.auditing import record
from foundation.retention import Removed, remove_old_sign_ins, remove_rows
from inventory.models import Dataset
from inventory.operations.retention import (
    remove_old_datasets,
    remove_old_imports,
    remove_old_remarks,
    remove_old_uploads,
    remove_stray_uploads,
)
from jobs.operations.background import keep_alive
from jobs.operations.retention import remove_old_work
from orders.models import Order, OrderDraft

DRAFT_DAYS = 30


def apply_retention(*, now: datetime, dry_run: bool = False, actor_name: str = "") -> list[Removed]:
    """Remove what was kept long enough in all apps, or with `dry_run` only count it; gives each class of data.

    The rows of a dataset stay as long as any order was prepared from it, its file as long as such an order is open.
    What was removed is recorded in the audit trail.
    """
    ordered = Dataset.objects.filter(pk__in=Order.objects.exclude(dataset=None).values("dataset"))
    in_open_orders = Dataset.objects.filter(pk__in=Order.objects.open().exclude(dataset=None).values("dataset"))
    removed = [
        remove_old_uploads(now=now, needed=in_open_orders, dry_run=dry_run),
        remove_stray_uploads(now=now, dry_run=dry_run),
        remove_old_datasets(now=now, needed=ordered, dry_run=dry_run),
        remove_old_remarks(now=now, dry_run=dry_run),
        remove_old_imports(now=now, dry_run=dry_run),
        _remove_old_drafts(now=now, dry_run=dry_run),
        *remove_old_work(now=now, beat=keep_alive, dry_run=dry_run),
        *remove_old_sign_ins(now=now, beat=keep_alive, dry_run=dry_run),
    ]
    after = {item.name: item.count for item in removed if item.count}
    if after and not dry_run:
        with transaction.atomic():
            record("retention", object_type="retention", actor_name=actor_name, after=after)
    return removed


def _remove_old_drafts(*, now: datetime, dry_run: bool) -> Removed:
    """Drafts of orders that nobody touched for 30 days, and discarded ones that nobody took back in that time."""
    old = OrderDraft.objects.filter(updated_at__lt=now - timedelta(days=DRAFT_DAYS))
    return remove_rows("drafts of orders", old, dry_run=dry_run, beat=keep_alive)
