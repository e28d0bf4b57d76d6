"""The pages of Jobs and System."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inventory.models import InventoryImport
from jobs.models import Job
from orders.models import Order
from orders.operations.completing import approve_order
from tests.factories import make_dealership, make_order, make_vehicles
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db


def make_job(*, state: str = "queued", subject_id: int = 0, **values: object) -> Job:
    if state == "running":
        lease = timezone.now() + timedelta(minutes=1)
        values |= {"token": uuid.uuid4(), "lease_until": lease, "owner_host": "shop", "owner_pid": 4711, "attempts": 2}
    return Job.objects.create(kind="verify_artifacts", state=state, subject_id=subject_id, **values)


def section(response: object, state: str) -> str:
    return part(response, f'id="group-{state}"', "</section>")


def test_the_page_lists_what_runs_waits_and_has_failed_with_the_way_to_each() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    failed = InventoryImport.objects.create(
        source="lots.csv", collected_at=timezone.now(), status="failed", error_text="The file has no header."
    )
    make_job(state="running")
    make_job(state="done", subject_id=4, result="12 files checked.", finished_at=timezone.now())
    page = sign_in(role="staff").get("/jobs/")
    assert "Verify artifacts" in section(page, "running")
    assert "attempt 2, process 4711 of shop." in section(page, "running")
    assert f"Order {order.pk} of Elm Street Motors" in section(page, "queued")
    assert f'href="/orders/{order.pk}/"' in page.content.decode()
    assert f"Import {failed.pk} of lots.csv" in section(page, "failed")
    assert "The file has no header." in section(page, "failed")
    assert f'href="/imports/{failed.pk}/"' in page.content.decode()
    assert "Verify artifacts 4" in section(page, "done")
    assert "12 files checked." in section(page, "done")


def test_a_worker_that_does_not_answer_is_told_on_top() -> None:
    page = sign_in(role="staff").get("/jobs/")
    assert "The worker has never answered. The supervisor does not run. Start it: manage.py worker" in words(page)
    assert ["Nothing runs." in words(page), "Nothing has failed." in words(page)] == [True, True]


def test_a_failed_job_is_retried_and_another_one_is_not() -> None:
    staff, failed, done = sign_in(role="staff"), make_job(state="failed"), make_job(state="done")
    assert "Retry" in section(staff.get("/jobs/"), "failed")
    answer = staff.post(f"/jobs/{failed.pk}/retry/", follow=True)
    assert f"Job {failed.pk} waits for the worker again." in words(answer)
    assert Job.objects.get(pk=failed.pk).state == "queued"
    refused = staff.post(f"/jobs/{done.pk}/retry/")
    assert (refused.status_code, "only a failed job can be tried again" in words(refused)) == (409, True)


def test_a_job_is_cancelled_after_a_question() -> None:
    staff, waiting, running = sign_in(role="staff"), make_job(), make_job(state="running", subject_id=1)
    assert f"Cancel job {waiting.pk}?" in words(staff.get(f"/jobs/{waiting.pk}/cancel/"))
    assert Job.objects.get(pk=waiting.pk).state == "queued"
    assert f"Job {waiting.pk} is cancelled." in words(staff.post(f"/jobs/{waiting.pk}/cancel/", follow=True))
    assert Job.objects.get(pk=waiting.pk).state == "cancelled"
    answer = staff.post(f"/jobs/{running.pk}/cancel/", follow=True)
    assert f"Job {running.pk} ends as soon as its worker looks." in words(answer)
    assert "It is about to be cancelled." in section(answer, "running")
    again = staff.post(f"/jobs/{waiting.pk}/cancel/")
    assert (again.status_code, f"Job {waiting.pk} is cancelled already." in words(again)) == (409, True)


def test_the_page_shows_fifty_of_a_state_and_counts_all_with_the_same_number_of_queries(
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    staff = sign_in(role="staff")
    Job.objects.bulk_create(Job(kind="note", subject_id=number) for number in range(60))
    for number in range(3):
        dealership = make_dealership(name=f"Lot {number}")
        make_vehicles(dealership=dealership, first=100 * (number + 1))
        Order.objects.filter(pk=make_order(dealership=dealership).pk).update(state="failed")
    # Six for each of the four kinds of work, and those of every page.
    with django_assert_max_num_queries(31):  # type: ignore[attr-defined]
        page = staff.get("/jobs/")
    assert "50 of 60 are shown" in section(page, "queued")


def test_managers_read_every_check_with_its_remedy() -> None:
    make_job(state="failed", error_text="No answer.")
    page = sign_in(role="manager").get("/system/")
    shown = words(page)
    assert "Needs a person" in shown
    assert "Failed jobs Warning 1 Job" in shown
    assert "verify_artifacts: No answer." in shown
    assert "retry it there when that is mended" in shown
    assert "Printed lines are logged OK holds" in shown


def test_programs_read_every_check_as_json_with_the_key_or_as_a_manager(settings: Settings) -> None:
    make_job(state="failed", error_text="No answer.")
    settings.READYZ_KEY = "a long random key"
    answers = [
        Client().get("/status", headers={"X-Readyz-Key": "a long random key"}, REMOTE_ADDR="8.8.8.8"),
        sign_in(role="manager").get("/system/", headers={"Accept": "application/json"}),
    ]
    for answer in answers:
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        checks = {check["name"]: check for check in answer.json()["checks"]}
        assert answer.json()["verdict"] == "needs a person"
        assert (checks["failed jobs"]["verdict"], checks["failed jobs"]["value"]) == ("warning", "1")
    assert [check["name"] for check in answers[0].json()["checks"]] == list(checks)


@pytest.mark.parametrize("key", ["", "a guess"])
def test_without_the_key_the_address_for_programs_leads_to_the_page(settings: Settings, key: str) -> None:
    for readyz_key in ("", "a long random key"):
        settings.READYZ_KEY = readyz_key
        answer = Client().get("/status", headers={"X-Readyz-Key": key})
        assert (answer.status_code, answer["Location"]) == (302, "/system/")
    asked = {
        role: sign_in(role=role).get("/status", follow=True).status_code for role in ("viewer", "staff", "manager")
    }
    assert asked == {"viewer": 403, "staff": 403, "manager": 200}
