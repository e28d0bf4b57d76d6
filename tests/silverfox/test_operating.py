"""The pages of Jobs and System."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inventory.models import InventoryImport
from jobs.models import Incarnation, Job, WorkerHeartbeat
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


def ended(response: object) -> str:
    return part(response, 'id="ended"', "</section>")


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
    assert "Verify artifacts 4" in ended(page)
    assert "12 files checked." in ended(page)


def test_a_worker_that_does_not_answer_is_told_on_top() -> None:
    page = sign_in(role="staff").get("/jobs/")
    assert "No worker has ever answered. The supervisor does not run. Start it: manage.py worker" in words(page)
    assert ["Nothing runs." in words(page), "Nothing has failed." in words(page)] == [True, True]


def answered(*, seconds_ago: int) -> None:
    now = timezone.now()
    alive = Incarnation.objects.create(
        host="shop", supervisor_pid=1, version="1", started_at=now - timedelta(days=1), seen_at=now
    )
    at = now - timedelta(seconds=seconds_ago)
    WorkerHeartbeat.objects.create(incarnation=alive, at=at, host="shop", pid=2, version="1")


def test_the_page_tells_how_long_ago_the_worker_answered_and_since_when_it_does_not() -> None:
    staff = sign_in(role="staff")
    answered(seconds_ago=4)
    page = words(staff.get("/jobs/"))
    assert ["Worker answered 4 s ago" in page, "No worker has answered" in page] == [True, False]
    at = timezone.now() - timedelta(hours=30)
    WorkerHeartbeat.objects.update(at=at)
    page = words(staff.get("/jobs/live/"))
    assert f"No worker has answered since {timezone.localtime(at):%b} {timezone.localtime(at).day}, " in page
    assert "Start it: manage.py worker" in page


def test_the_page_asks_often_while_there_is_work_and_seldom_but_always_without() -> None:
    staff = sign_in(role="staff")
    idle = staff.get("/jobs/").content.decode()
    assert 'hx-trigger="every 10s"' in idle
    job = make_job()
    busy = staff.get("/jobs/live/?ended=0")
    assert (busy.status_code, 'hx-trigger="every 2s"' in busy.content.decode()) == (200, True)
    assert "Verify artifacts" in section(busy, "queued")
    assert "ended since" not in words(busy)
    Job.objects.filter(pk=job.pk).update(state="done", finished_at=timezone.now())
    after = staff.get("/jobs/live/?ended=0")
    assert "1 job has ended since this page was loaded. Show it" in words(after)
    # The list below stays where it is; the next asking knows as much as this one.
    assert 'hx-get="/jobs/live/?ended=0"' in after.content.decode()


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 40, "\u0661", "%00"])
def test_an_odd_number_of_ended_jobs_is_no_error(seen: str) -> None:
    assert sign_in(role="staff").get(f"/jobs/live/?ended={seen}").status_code == 200


def test_ended_jobs_are_filtered_and_split_into_pages_in_the_address() -> None:
    staff, now = sign_in(role="staff"), timezone.now()
    Job.objects.bulk_create(
        Job(kind="verify_artifacts", subject_id=number, state="done", finished_at=now - timedelta(minutes=number))
        for number in range(60)
    )
    Job.objects.create(kind="summarise_batch", subject_id=7, state="cancelled", finished_at=now)
    Job.objects.create(kind="summarise_batch", subject_id=8, state="failed", error_text="No batch 8.", finished_at=now)
    first = ended(staff.get("/jobs/"))
    assert ["Jobs that ended 62" in first, "1 to 50 of 62" in first] == [True, True]
    second = staff.get("/jobs/?state=done&kind=verify_artifacts&page=2")
    assert "51 to 60 of 60" in ended(second)
    assert "state=done&amp;kind=verify_artifacts&amp;page=1" in second.content.decode()
    assert "Summarise batch 7" in ended(staff.get("/jobs/?state=cancelled"))
    assert "No batch 8." in ended(staff.get("/jobs/?kind=summarise_batch&state=failed"))
    assert "No job ended in this way. Show all" in ended(staff.get("/jobs/?kind=verify_artifacts&state=failed"))


@pytest.mark.parametrize("query", ["state=x&kind=y&page=z", "state=running", "kind=%00", "page=-1", "page=999"])
def test_odd_filters_show_all(query: str) -> None:
    make_job(state="done", finished_at=timezone.now())
    assert "Jobs that ended 1" in ended(sign_in(role="staff").get(f"/jobs/?{query}"))


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
    # Six for each of the four kinds of work, four for what has ended, and those of every page.
    with django_assert_max_num_queries(34):  # type: ignore[attr-defined]
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
