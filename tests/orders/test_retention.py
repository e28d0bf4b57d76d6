"""What is removed when its time is over, and what never is."""

import os
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from foundation.errors import BadInput, Refused
from foundation.models import AuditEntry
from inventory.files import open_upload, upload_path
from inventory.models import Dataset, ImportProblem, InventoryImport, RawVehicle, Vehicle
from inventory.operations.activation import activate_dataset
from jobs.operations.background import start_job
from jobs.schedules import Daily, all_schedules
from orders.models import Order
from orders.operations.completing import cancel_order
from orders.operations.retention import apply_retention
from tests.command_line import run_command
from tests.factories import ensure_mappings, make_csv, make_dealership, make_order, make_row
from tests.inventory.arrivals import ELM, OAK, import_file, import_lot, register
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db


def retain(*, after: int, dry_run: bool = False) -> dict[str, int]:
    """What is removed by a run that many days from now, per class."""
    now = timezone.now() + timedelta(days=after)
    return {item.name: item.count for item in apply_retention(now=now, dry_run=dry_run)}


def lots(*counts: int, location: str = ELM) -> list[Dataset]:
    """Datasets of one dealership, each in the place of the one before."""
    return [import_lot(location, count, force=True) for count in counts]


def states(*datasets: Dataset) -> list[str]:
    return [Dataset.objects.get(pk=dataset.pk).status for dataset in datasets]


def names_kept() -> list[str]:
    return sorted(path.name for path in Path(settings.UPLOADS_DIR).iterdir())


def test_a_file_is_deleted_after_30_days_and_its_import_says_so() -> None:
    make_dealership(name=ELM)
    item = import_lot(ELM, 3).inventory_import
    name = item.stored_name
    assert (retain(after=29)["uploads"], names_kept()) == (0, [name])
    assert (retain(after=31, dry_run=True)["uploads"], names_kept()) == (1, [name])
    assert (retain(after=31)["uploads"], names_kept()) == (1, [])
    item.refresh_from_db()
    assert item.stored_name == ""
    with pytest.raises(BadInput, match="The kept file is gone"):
        open_upload(item.stored_name)
    staff = sign_in(role="staff")
    page = words(staff.get(reverse("import_detail", args=[item.pk])))
    assert ["The file is no longer kept." in page, "Read the file again" in page] == [True, False]
    again = staff.post(reverse("import_reread", args=[item.pk]), follow=True)
    assert f"The file of import {item.pk} is no longer kept." in words(again)


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_file_that_waits_to_be_read_stays(status: str) -> None:
    item = register(make_csv(rows=[make_row(number=1, location=ELM)]))
    InventoryImport.objects.update(status=status)
    assert (retain(after=31)["uploads"], names_kept()) == (0, [item.stored_name])


def test_a_file_stays_as_long_as_its_youngest_reading() -> None:
    make_dealership(name=ELM)
    first = import_lot(ELM, 3).inventory_import
    InventoryImport.objects.update(created_at=timezone.now() - timedelta(days=31))
    InventoryImport.objects.create(
        source="again", stored_name=first.stored_name, sha256="x", collected_at=timezone.now(), reread_of=first
    )
    InventoryImport.objects.filter(source="again").update(status="failed")
    assert (retain(after=0)["uploads"], names_kept()) == (0, [first.stored_name])


def test_what_an_open_order_was_prepared_from_stays_and_a_cancelled_order_keeps_the_rows_only() -> None:
    elm = make_dealership(name=ELM)
    first = import_lot(ELM, 3)
    order = make_order(dealership=elm)
    lots(4, 5, 6, 7, 8, 9, 10)
    upload = InventoryImport.objects.get(pk=first.inventory_import_id).stored_name
    retain(after=31)
    assert (states(first), names_kept()) == (["archived"], [upload])
    cancel_order(order=Order.objects.get(pk=order.pk))
    retain(after=31)
    assert (states(first), names_kept()) == (["archived"], [])
    assert Vehicle.objects.filter(dataset=first).count() == 3


def test_the_last_five_archived_datasets_of_each_dealership_keep_their_rows() -> None:
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    datasets, oak = lots(3, 4, 5, 6, 7, 8, 9), lots(3, 4, location=OAK)
    assert retain(after=29)["datasets"] == 0
    assert retain(after=31, dry_run=True)["datasets"] == 1
    assert retain(after=31)["datasets"] == 1
    assert states(*datasets) == ["removed", *["archived"] * 5, "active"]
    assert states(*oak) == ["archived", "active"]
    assert RawVehicle.objects.filter(dataset=datasets[0]).count() == 0
    assert Vehicle.objects.filter(dataset=datasets[0]).count() == 0
    assert retain(after=31)["datasets"] == 0


def test_a_removed_dataset_keeps_its_account_and_nobody_goes_back_to_it() -> None:
    make_dealership(name=ELM)
    first, *_ = lots(3, 4, 5, 6, 7, 8, 9)
    retain(after=31)
    first.refresh_from_db()
    assert (first.rows_accepted, first.events.latest("pk").reason) == (3, "its rows were removed after 30 days")
    with pytest.raises(Refused) as refusal:
        activate_dataset(dataset=first, force=True)
    assert refusal.value.code == "rows_removed"
    page = words(sign_in(role="manager").get(reverse("import_dataset", args=[first.pk])))
    assert ["Its rows are no longer kept" in page, "Use this dataset again" in page] == [True, False]


def test_rejected_datasets_are_removed_and_those_that_wait_for_a_decision_are_not() -> None:
    make_dealership(name=ELM)
    in_use = import_lot(ELM, 40)
    held, staged = import_lot(ELM, 10), import_lot(ELM, 41, stage_only=True)
    rejected = import_file(make_csv(rows=[make_row(number=1, location=ELM, Vin="N/A")])).datasets.get()
    assert retain(after=31)["datasets"] == 1
    assert states(in_use, held, staged, rejected) == ["active", "held", "staged", "removed"]


def test_remarks_on_rows_go_after_14_days_unless_a_dataset_waits_for_a_decision() -> None:
    make_dealership(name=ELM)
    bad = [make_row(number=n, location=ELM, Year="1885") for n in range(30, 33)]
    good = [make_row(number=n, location=ELM) for n in range(1, 30)]
    done = import_file(make_csv(rows=[*good, *bad]))
    held = import_file(make_csv(rows=[*good[:2], *bad]))
    assert retain(after=13)["remarks on rows"] == 0
    assert retain(after=15)["remarks on rows"] == 3
    assert set(ImportProblem.objects.values_list("inventory_import", flat=True)) == {held.pk}
    page = words(sign_in(role="viewer").get(reverse("import_detail", args=[done.pk])))
    assert "32 read = 29 accepted + 3 rejected + 0 unmatched" in page
    assert "The remarks on its rows are no longer kept." in page


def test_files_that_no_import_names_go_after_a_day() -> None:
    make_dealership(name=ELM)
    named = import_lot(ELM, 3).inventory_import.stored_name
    for stray in ("aa.upload", "keep.txt"):
        upload_path(stray).write_bytes(b"ORDER,VIN")
    assert retain(after=0)["stray uploads"] == 0
    assert retain(after=2)["stray uploads"] == 1
    assert names_kept() == sorted([named, "keep.txt"])


@pytest.fixture
def old_lot(transactional_db: None) -> Callable[[], list[str]]:
    ensure_mappings()
    make_dealership(name=ELM)
    import_lot(ELM, 3)
    InventoryImport.objects.update(created_at=timezone.now() - timedelta(days=31))
    return names_kept


def test_the_command_counts_first_and_removes_when_told(old_lot: Callable[[], list[str]]) -> None:
    size = upload_path(old_lot()[0]).stat().st_size
    for wrong in ([], ["--dry-run", "--all"]):
        answer = run_command("retention", *wrong, "--json")
        assert (answer.exit_code, answer.error_code) == (2, "bad_input")
    dry = run_command("retention", "--dry-run", "--json")
    assert (dry.exit_code, dry.document["dry_run"]) == (0, True)
    assert dry.document["classes"][0] == {"name": "uploads", "count": 1, "bytes": size}
    assert len(old_lot()) == 1
    assert f"uploads: 1 removed, {size:,} bytes" in run_command("retention", "--all").out
    assert old_lot() == []
    entry = AuditEntry.objects.get(action="retention")
    assert (entry.after, bool(entry.actor_name)) == ({"uploads": 1}, True)
    run_command("retention", "--all")
    assert AuditEntry.objects.filter(action="retention").count() == 1


def test_the_worker_removes_it_every_night(run_queued_jobs: Callable[[], int]) -> None:
    assert [item.when for item in all_schedules() if item.kind == "apply_retention"] == [Daily(time(2))]
    stray = upload_path("aa.upload")
    stray.write_text("left behind")
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(stray, (two_days_ago, two_days_ago))
    job = start_job(kind="apply_retention")
    run_queued_jobs()
    job.refresh_from_db()
    assert (job.state, names_kept()) == ("done", [])
    assert AuditEntry.objects.get(action="retention").actor_name == "schedule"
