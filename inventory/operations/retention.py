"""What is removed when its time is over: uploads, rows of old datasets, remarks on rows, uploads that nobody names.

Accounts stay for ever: the import with its counts, the dataset with its counts, gates and events. An import that gave
no dataset leaves its account to the audit trail.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, Max, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from dealerships.models import Dealership
from foundation.auditing import record
from foundation.retention import Removed, measure_rows
from inventory.files import UploadOnDisk, delete_upload, uploads_on_disk
from inventory.models import Dataset, DatasetEvent, ImportProblem, InventoryImport, RawVehicle, Vehicle
from inventory.operations.activation import move_dataset

UPLOAD_DAYS = DATASET_DAYS = 30
DATASETS_KEPT = 5
REMARK_DAYS = 14
IMPORT_DAYS = 730
STRAY_HOURS = 24
_IN_PROGRESS = [InventoryImport.Status.QUEUED, InventoryImport.Status.RUNNING]
_ENDED = [InventoryImport.Status.DONE, InventoryImport.Status.FAILED]
_ACCOUNT = ("file_name", "sha256", "status", "rows_read", "rows_accepted", "rows_rejected", "rows_unmatched")
_UNDECIDED = [Dataset.Status.STAGED, Dataset.Status.HELD]

_ROWS = """
    SELECT count(*), coalesce(sum(size), 0) FROM (
        SELECT pg_column_size(v.*) AS size FROM inventory_vehicle v WHERE dataset_id = ANY(%(ids)s)
        UNION ALL
        SELECT pg_column_size(r.*) FROM inventory_rawvehicle r WHERE dataset_id = ANY(%(ids)s)
    ) AS stored
"""
_REMARKS = """
    SELECT count(*), coalesce(sum(pg_column_size(p.*)), 0)
    FROM inventory_importproblem p WHERE inventory_import_id = ANY(%(ids)s)
"""


def remove_old_uploads(*, now: datetime, needed: QuerySet[Dataset], dry_run: bool = False) -> Removed:
    """Delete kept files after 30 days; their imports then say that the file is no longer kept.

    A file stays while an import of it waits or is being read, and while a dataset of `needed` came from it.
    """
    old = (
        InventoryImport.objects.exclude(stored_name="")
        .values("stored_name")
        .annotate(newest=Max("created_at"))
        .filter(newest__lt=now - timedelta(days=UPLOAD_DAYS))
        .exclude(stored_name__in=_names_of(InventoryImport.objects.filter(status__in=_IN_PROGRESS)))
        .exclude(stored_name__in=_names_of(InventoryImport.objects.filter(datasets__in=needed.values("pk"))))
        .values_list("stored_name", flat=True)
    )
    on_disk, removed = uploads_on_disk(), []
    for name in list(old):
        removed += [on_disk[name]] if name in on_disk else []
        if not dry_run:
            # The row first: a file that nobody names is a stray one, which the next run removes.
            InventoryImport.objects.filter(stored_name=name).update(stored_name="")
            delete_upload(name)
    return _files_removed("uploads", removed)


def _names_of(imports: QuerySet[InventoryImport]) -> QuerySet[InventoryImport, str]:
    return imports.values_list("stored_name", flat=True)


def remove_stray_uploads(*, now: datetime, dry_run: bool = False) -> Removed:
    """Delete files of the uploads folder that no import names, a day after they were written: VIN logs that nobody
    confirmed, and what a program left when it was killed."""
    named = set(InventoryImport.objects.exclude(stored_name="").values_list("stored_name", flat=True))
    limit = now - timedelta(hours=STRAY_HOURS)
    stray = [file for name, file in uploads_on_disk().items() if name not in named and file.written_at < limit]
    if not dry_run:
        for file in stray:
            delete_upload(file.name)
    return _files_removed("stray uploads", stray)


def _files_removed(name: str, files: Iterable[UploadOnDisk]) -> Removed:
    sizes = [file.size for file in files]
    return Removed(name, len(sizes), sum(sizes))


def remove_old_datasets(*, now: datetime, needed: QuerySet[Dataset], dry_run: bool = False) -> Removed:
    """Delete the rows of archived and rejected datasets with which nothing happened for 30 days.

    Each dealership keeps its last five archived ones, and every dataset of `needed` stays. The dataset itself stays
    with its counts and events and is `removed`. Every dataset is a transaction of its own, so a run may be broken off
    and repeated.
    """
    old = _old_datasets(now, needed)
    datasets = list(old)
    _, size = _count(_ROWS, [dataset.pk for dataset in datasets])
    removed = datasets if dry_run else [dataset for dataset in datasets if _remove_rows(dataset, old)]
    return Removed("datasets", len(removed), size)


def _old_datasets(now: datetime, needed: QuerySet[Dataset]) -> QuerySet[Dataset]:
    rank = Window(RowNumber(), partition_by=F("dealership"), order_by=F("activated_at").desc())
    archived = Dataset.objects.filter(status=Dataset.Status.ARCHIVED)
    last_kept = archived.annotate(rank=rank).filter(rank__lte=DATASETS_KEPT)
    last_event = DatasetEvent.objects.filter(dataset=OuterRef("pk")).order_by("-id").values("at")[:1]
    return (
        Dataset.objects.filter(status__in=[Dataset.Status.ARCHIVED, Dataset.Status.REJECTED])
        .annotate(moved_at=Subquery(last_event))
        .filter(moved_at__lt=now - timedelta(days=DATASET_DAYS))
        .exclude(pk__in=last_kept.values("pk"))
        .exclude(pk__in=needed.values("pk"))
        .order_by("pk")
    )


def _remove_rows(dataset: Dataset, old: QuerySet[Dataset]) -> bool:
    with transaction.atomic():
        Dealership.objects.select_for_update().get(pk=dataset.dealership_id)
        # Somebody may have gone back to it a moment ago.
        if not old.filter(pk=dataset.pk).exists():
            return False
        RawVehicle.objects.filter(dataset=dataset).delete()
        Vehicle.objects.filter(dataset=dataset).delete()
        move_dataset(dataset, Dataset.Status.REMOVED, None, f"its rows were removed after {DATASET_DAYS} days")
    return True


def remove_old_remarks(*, now: datetime, dry_run: bool = False) -> Removed:
    """Delete the remarks on rows of imports that ended 14 days ago, unless a dataset of theirs waits for a decision."""
    undecided = Dataset.objects.filter(inventory_import=OuterRef("pk"), status__in=_UNDECIDED)
    old = InventoryImport.objects.filter(
        Exists(ImportProblem.objects.filter(inventory_import=OuterRef("pk"))),
        ~Exists(undecided),
        finished_at__lt=now - timedelta(days=REMARK_DAYS),
    )
    ids = list(old.values_list("pk", flat=True))
    count, size = _count(_REMARKS, ids)
    if not dry_run:
        for pk in ids:
            ImportProblem.objects.filter(inventory_import=pk).delete()
    return Removed("remarks on rows", count, size)


def remove_old_imports(*, now: datetime, dry_run: bool = False) -> Removed:
    """Delete imports of more than 24 months ago that gave no dataset and that no other import refers to; one
    that was read again follows its reading in the next run.

    The account of each goes to the audit trail in the same transaction: who, when, which file, how many rows.
    """
    rereads = InventoryImport.objects.filter(reread_of=OuterRef("pk"))
    old = InventoryImport.objects.filter(
        ~Exists(Dataset.objects.filter(inventory_import=OuterRef("pk"))),
        ~Exists(rereads),
        status__in=_ENDED,
        stored_name="",
        created_at__lt=now - timedelta(days=IMPORT_DAYS),
    )
    removed = measure_rows("imports without a dataset", old)
    for item in [] if dry_run else old.select_related("created_by"):
        _remove_import(item)
    return removed


def _remove_import(item: InventoryImport) -> None:
    with transaction.atomic():
        record(
            "import.removed",
            object_type="import",
            object_id=item.pk,
            object_name=item.source,
            actor_name="retention",
            before={
                "imported_at": item.created_at.isoformat(),
                "imported_by": item.created_by.get_username() if item.created_by else "",
                **{name: getattr(item, name) for name in _ACCOUNT},
            },
        )
        item.delete()


def _count(query: str, ids: list[int]) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"ids": ids})
        count, size = cursor.fetchone()
    return count, int(size)
