"""The pages of batches: start, review, confirmation, progress, summary."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Batch, Order
from orders.operations.batch_completing import complete_batch, wait_for_batch
from orders.operations.reviewing import edit_line
from tests.factories import make_dealership, make_order, make_vehicles
from tests.orders.batches import finish, make_lots, orders_of, start, states
from tests.pages import HTMX, sign_in, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> Client:
    return sign_in(role="staff")


def ask(client: Client, **fields: Any) -> Any:
    return client.post(reverse("batch_create"), {"idempotency_key": uuid.uuid4(), **fields})


def test_the_start_shows_whom_it_concerns_and_what_is_in_their_way(staff: Client) -> None:
    ash, birch = make_lots(2, schedule_days=["tue"])
    order = make_order(dealership=birch)
    make_dealership(name="Listed Motors", schedule_days=["tue"])
    page = staff.get(reverse("batch_create"), {"choose": "tue"})
    said = words(page)
    assert "Ash Motors CAO 2 to print" in said
    assert f"Birch Motors has an open CAO order already, order {order.pk} (review)." in said
    assert "Listed Motors LIST LIST: somebody types its vehicles" in said
    assert "1 of 3 can have an order now" in said
    found = words(staff.get(reverse("batch_create"), {"choose": "named", "q": "birch", "dealerships": str(ash.pk)}))
    assert ("Ash Motors" in found, "Birch Motors" in found, "Listed Motors" in found) == (True, True, False)
    part = staff.get(reverse("batch_create"), {"choose": "named"}, headers=HTMX)
    assert part.content.decode().strip().startswith('<div class="stack" id="batch-plan">')


def test_the_page_of_a_start_asks_a_number_of_questions_that_does_not_grow(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    make_lots(4, schedule_days=["tue"])
    with django_assert_max_num_queries(25):
        staff.get(reverse("batch_create"), {"choose": "tue"})


def test_a_batch_is_started_by_day_or_by_name_and_once_by_each_form(staff: Client) -> None:
    ash, birch, _ = make_lots(3, schedule_days=["tue"])
    key = uuid.uuid4()
    answers = [ask(staff, choose="named", dealerships=[ash.pk, birch.pk], idempotency_key=key) for _ in range(2)]
    batch = Batch.objects.get()
    assert [answer["Location"] for answer in answers] == [reverse("batch_detail", args=[batch.pk])] * 2
    assert (batch.created_by and batch.created_by.username, states(batch)) == ("staff", ["review", "review"])
    assert ask(staff, choose="tue").status_code == 302
    assert [entry.code for entry in Batch.objects.all()[0].entries.all()] == ["open_order", "open_order", ""]
    nobody = ask(staff, choose="named")
    assert (nobody.status_code, "nothing is chosen by itself" in words(nobody)) == (422, True)


def test_review_numbers_all_orders_from_the_first_and_completes_them_after_a_confirmation(staff: Client) -> None:
    batch = start(make_lots(2))
    first, second = orders_of(batch)
    page = staff.get(reverse("batch_detail", args=[batch.pk]), {"first": "00099"})
    assert 'value="00099"' in page.content.decode()
    assert 'value="00100"' in page.content.decode()
    numbers = {f"number-{first.pk}": "45001", f"number-{second.pk}": "45002"}
    asked = staff.post(reverse("batch_complete", args=[batch.pk]), numbers)
    assert (asked.status_code, states(batch)) == (200, ["review", "review"])
    assert "Complete 2 orders?" in words(asked)
    assert "No worker answers, so orders wait." in words(asked)
    done = [staff.post(reverse("batch_complete", args=[batch.pk]), {**numbers, "confirmed": "yes"}) for _ in range(2)]
    assert [answer.status_code for answer in done] == [302, 302]
    assert (states(batch), Order.objects.get(pk=second.pk).order_number) == (["queued", "queued"], "45002")


def test_every_problem_is_shown_before_the_completion_and_the_rest_can_be_completed(staff: Client) -> None:
    batch = start(make_lots(2))
    first, second = orders_of(batch)
    edit_line(line=first.lines.all()[0], version=1, changes={"stock": ""})
    numbers = {f"number-{first.pk}": "45001", f"number-{second.pk}": "45002"}
    asked = words(staff.post(reverse("batch_complete", args=[batch.pk]), numbers))
    assert "Complete 1 order?" in asked
    assert "It stays in review. Mend it" in asked
    staff.post(reverse("batch_complete", args=[batch.pk]), {**numbers, "confirmed": "yes"})
    assert states(batch) == ["review", "queued"]
    twice = staff.post(reverse("batch_complete", args=[batch.pk]), {f"number-{first.pk}": " "})
    assert (twice.status_code, "No order has a number." in words(twice)) == (422, True)


def test_progress_is_polled_while_there_is_work_and_survives_a_reload(staff: Client) -> None:
    batch = complete_batch(batch=start(make_lots(2)), first_number="45001")
    progress = reverse("batch_progress", args=[batch.pk])
    assert "0 of 2 ended, 0 %." in words(staff.get(progress))
    assert 'hx-trigger="every 2s"' in staff.get(reverse("batch_detail", args=[batch.pk])).content.decode()
    wait_for_batch(batch=batch)
    ended = staff.get(progress)
    assert (ended.status_code, ended["HX-Refresh"]) == (286, "true")
    assert "every 2s" not in staff.get(reverse("batch_detail", args=[batch.pk])).content.decode()


def test_the_summary_answers_from_the_first_moment(staff: Client) -> None:
    batch = start(make_lots(1))
    page, data = (reverse(name, args=[batch.pk]) for name in ("batch_summary", "batch_summary_json"))
    assert staff.get(data).json() == {"status": "pending", "batch_id": batch.pk, "batch_status": "review"}
    assert "The summary is computed when the batch has ended." in words(staff.get(page))
    finish(batch)
    ready = staff.get(data).json()
    assert (ready["status"], ready["batch_status"], ready["totals"]["vin_log_added"]) == ("ready", "completed", 2)
    assert {"dealership", "lines", "files", "duplicates", "left_out", "reason", "seconds"} <= set(ready["orders"][0])
    assert "2 lines , 8 files, 2 VINs logged" in words(staff.get(page))


def test_an_entry_that_was_refused_has_its_next_step_in_the_row(staff: Client) -> None:
    lot = make_dealership(name="Ash Motors", default_order_kind="cao")
    make_vehicles(dealership=lot, collected_at=timezone.now() - timedelta(hours=40))
    batch = start([lot])
    assert "Prepare anyway for Ash Motors" in words(staff.get(reverse("batch_detail", args=[batch.pk])))
    again = reverse("batch_prepare_again", args=[batch.pk, 1])
    assert "Confirm to go on" in words(staff.post(again, follow=True))
    assert "The order of Ash Motors is prepared." in words(staff.post(again, {"confirmed": "yes"}, follow=True))
    assert "has its order" in words(staff.post(again, follow=True))


def test_cancelling_asks_first_and_the_list_tells_every_batch(staff: Client) -> None:
    assert "Prepare the first one" in words(staff.get(reverse("batch_list")))
    batch = start(make_lots(2))
    address = reverse("batch_cancel", args=[batch.pk])
    assert "0 done orders of 2 stay" in words(staff.get(address))
    staff.post(address, {"reason": "wrong day"})
    assert states(batch) == ["cancelled", "cancelled"]
    listed = words(staff.get(reverse("batch_list")))
    assert "2 by name" in listed
    assert "Cancelled" in listed
    assert staff.post(address).status_code == 409


def test_viewers_see_a_batch_but_no_button_that_changes_it() -> None:
    batch = start(make_lots(1))
    viewer = sign_in(role="viewer")
    page = viewer.get(reverse("batch_detail", args=[batch.pk])).content.decode()
    assert ("number-" in page, "Cancel what is open" in page, "Complete all" in page) == (False, False, False)


def test_the_start_page_leads_to_the_batch_of_the_day(staff: Client) -> None:
    day = timezone.localdate().strftime("%a").lower()
    make_lots(1, schedule_days=[day] if day not in {"sat", "sun"} else ["mon"])
    page = words(staff.get("/"))
    assert ("Start today's batch" in page) == (day not in {"sat", "sun"})
    assert "Start today's batch" not in words(sign_in(role="viewer").get("/"))
