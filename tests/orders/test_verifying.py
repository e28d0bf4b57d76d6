import os
import time
from pathlib import Path

import pytest
from django.conf import settings

from jobs.models import Job
from jobs.operations.background import run_job, start_job
from jobs.operations.sweeping import sweep
from orders.models import OpenVin, Order
from orders.operations.tidying import remove_old_attempts
from orders.operations.verifying import VERIFY_JOB, verify_artifacts
from tests.command_line import run_command
from tests.factories import finish_order, make_dealership, make_order, make_vehicles

pytestmark = pytest.mark.django_db
TWO_DAYS_AGO = time.time() - 2 * 24 * 3600


def released(name: str = "Elm Street Motors", *, first: int = 1) -> Order:
    dealership = make_dealership(name=name)
    make_vehicles(dealership=dealership, first=first)
    return finish_order(order=make_order(dealership=dealership), order_number=str(45000 + first))


def paths_of(order: Order) -> list[str]:
    return list(order.artifacts.order_by("pk").values_list("path", flat=True))


def on_disk(path: str) -> Path:
    return Path(settings.ORDERS_DIR, path)


def add_old_file(path: str) -> None:
    on_disk(path).parent.mkdir(parents=True, exist_ok=True)
    on_disk(path).write_text("left")
    for place in (on_disk(path), on_disk(path).parent):
        os.utime(place, (TWO_DAYS_AGO, TWO_DAYS_AGO))


def test_files_as_released_are_clean() -> None:
    released()
    found = verify_artifacts()
    assert (found.is_clean, str(found)) == (True, "9 files checked: 0 missing, 0 altered, 0 orphaned.")


def test_lost_altered_and_ownerless_files_are_found_by_name() -> None:
    order = released()
    lost, changed, *_ = paths_of(order)
    on_disk(lost).unlink()
    on_disk(changed).write_bytes(b"other")
    spare = f"{lost}.new"
    add_old_file(spare)
    on_disk(f"{changed}.young").write_text("an attempt that may still be recorded")
    found = verify_artifacts()
    assert (found.checked, found.missing, found.altered, found.orphaned) == (9, [lost], [changed], [spare])


def test_the_nightly_run_keeps_its_finding(caplog: pytest.LogCaptureFixture) -> None:
    lost, *_ = paths_of(released())
    on_disk(lost).unlink()
    job = start_job(kind=VERIFY_JOB)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, "9 files checked: 1 missing, 0 altered, 0 orphaned.")
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.__dict__["missing"] == [lost]


def test_folders_of_lost_attempts_go_after_a_day_and_released_ones_stay() -> None:
    order = released()
    [folder] = {str(Path(path).parent) for path in paths_of(order) if "qr_codes" not in path}
    os.utime(on_disk(folder), (TWO_DAYS_AGO, TWO_DAYS_AGO))
    for lost in (f"{order.pk}/0e3f", f".tmp/{order.pk}-0e3f"):
        add_old_file(f"{lost}/sheet.csv")
    on_disk(f".tmp/{order.pk}-young").mkdir()
    assert remove_old_attempts() == 2
    assert verify_artifacts().is_clean
    assert [path.name for path in on_disk(".tmp").iterdir()] == [f"{order.pk}-young"]


def test_vins_that_an_ended_order_still_holds_are_freed_by_the_sweep() -> None:
    order = released()
    other = make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=other, first=11)
    make_order(dealership=other)
    OpenVin.objects.create(dealership=order.dealership, order=order, vin="1HGCM82633A004352")
    assert sweep() == {"VINs held by ended orders": 1}
    assert set(OpenVin.objects.values_list("dealership", flat=True)) == {other.pk}


@pytest.mark.django_db(transaction=True)
def test_the_command_tells_what_is_wrong_and_wants_to_know_of_which_orders() -> None:
    order = released()
    lost, *_ = paths_of(order)
    assert run_command("verify_artifacts", "--all").exit_code == 0
    on_disk(lost).unlink()
    told = run_command("verify_artifacts", order.pk)
    assert (told.exit_code, told.out.splitlines()[1:]) == (1, [f"{lost} is missing. Re-issue its order."])
    assert run_command("verify_artifacts", "--all", "--json").document["missing"] == [lost]
    refusals: dict[tuple[object, ...], str] = {
        (): "bad_arguments",
        (order.pk, "--all"): "bad_arguments",
        (order.pk + 1,): "no_files",
    }
    for arguments, code in refusals.items():
        refused = run_command("verify_artifacts", *arguments, "--json")
        assert (refused.exit_code, refused.error_code) == (2, code)
