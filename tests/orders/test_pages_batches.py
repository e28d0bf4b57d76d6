"""The pages of batches: start, review, confirmation, progress, summary."""

import html
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Artifact, Batch, Order, OrderDraft
from orders.operations.batch_completing import complete_batch, wait_for_batch
from orders.operations.overview import WEEKDAYS
from orders.operations.reviewing import edit_line
from tests.factories import make_dealership, make_order, make_vehicles
from tests.orders.batches import finish, make_lots, orders_of, start, states
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db(transaction=True)


def ask(client: Client, **fields: Any) -> Any:
    return client.post(reverse("batch_create"), {"idempotency_key": uuid.uuid4(), **fields})


def row_of(page: Any, name: str) -> str:
    return part(page, f'">{name}</a>', "</tr>")


def test_the_start_shows_whom_it_concerns_and_what_is_in_their_way(staff: Client) -> None:
    ash, birch = make_lots(2, schedule_days=["tue"])
    order = make_order(dealership=birch)
    make_dealership(name="Listed Motors", schedule_days=["tue"])
    page = staff.get(reverse("batch_create"), {"choose": "tue"})
    said = words(page)
    assert row_of(page, "Ash Motors").endswith("Used 2 to print")
    assert f"Birch Motors has an open CAO order already, order {order.pk} (review)." in said
    assert "LIST: somebody types its vehicles in an order of its own. Type its vehicles" in row_of(
        page, "Listed Motors"
    )
    assert "1 of 3 chosen can have an order now, 2 vehicles" in said
    found = words(staff.get(reverse("batch_create"), {"choose": "named", "q": "birch", "dealerships": str(ash.pk)}))
    assert ("Ash Motors" in found, "Birch Motors" in found, "Listed Motors" in found) == (True, True, False)


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


# What is chosen of each dealership


def chosen_orders(batch: Batch) -> list[tuple[str, str, str]]:
    return list(batch.entries.values_list("dealership__name", "kind", "condition_group"))


def test_kind_and_conditions_are_chosen_for_each_dealership(staff: Client) -> None:
    ash, birch, cedar = make_lots(3, schedule_days=["tue"])
    fields = {f"kind-{ash.pk}": "maintenance", f"conditions-{birch.pk}": "apart", f"conditions-{cedar.pk}": "used"}
    page = staff.get(reverse("batch_create"), {"choose": "tue", **fields})
    assert 'value="maintenance" selected' in " ".join(page.content.decode().split())
    assert "Nobody typed vehicles, so it prints what is new." in row_of(page, "Ash Motors")
    assert ask(staff, choose="tue", **fields).status_code == 302
    assert chosen_orders(Batch.objects.get()) == [
        ("Ash Motors", "maintenance", "all"),
        ("Birch Motors", "cao", "new"),
        ("Birch Motors", "cao", "used"),
        ("Cedar Motors", "cao", "used"),
    ]


def test_a_dealership_whose_box_is_not_ticked_gets_no_order(staff: Client) -> None:
    ash, birch = make_lots(2, schedule_days=["tue"])
    shown = {"choose": "tue", "shown": [ash.pk, birch.pk]}
    assert ask(staff, **shown, dealerships=[birch.pk]).status_code == 302
    assert [name for name, *_ in chosen_orders(Batch.objects.get())] == ["Birch Motors"]
    nobody = ask(staff, **shown)
    assert (nobody.status_code, "No dealership is ticked" in words(nobody)) == (422, True)


def test_the_address_keeps_what_is_chosen_for_a_reload(staff: Client) -> None:
    ash, birch = make_lots(2, schedule_days=["tue"])
    sent: dict[str, Any] = {
        "choose": "tue",
        "shown": [ash.pk, birch.pk],
        "dealerships": [birch.pk],
        f"kind-{ash.pk}": "",
        f"kind-{birch.pk}": "list",
        f"conditions-{birch.pk}": "new",
        "kind-x": "list",
    }
    sent["idempotency_key"] = uuid.uuid4()
    plan = staff.post(reverse("batch_plan"), sent, headers=HTMX)
    assert plan.content.decode().strip().startswith('<div class="stack"\n     id="batch-plan"')
    address = plan["HX-Replace-Url"]
    assert staff.post(reverse("batch_plan"), sent)["Location"] == address
    query = f"choose=tue&without={ash.pk}&kind-{birch.pk}=list&conditions-{birch.pk}=new"
    assert address == f"{reverse('batch_create')}?{query}"
    again = staff.get(address)
    assert [row["is_ticked"] for row in again.context["rows"]] == [False, True]
    assert again.context["rows"][1]["planned"].kind == "list"
    assert "0 of 1 chosen can have an order now" in words(again)


def test_what_somebody_typed_for_a_list_is_prepared_with_the_batch(staff: Client) -> None:
    listed = make_dealership(name="Listed Motors", schedule_days=["tue"])
    vins = make_vehicles(dealership=listed, count=3)
    draft = OrderDraft.objects.create(
        user=User.objects.get(username="staff"),
        dealership=listed,
        entries="S00002\nZZZZ",
        key=uuid.uuid4(),
        writer=uuid.uuid4(),
    )
    page = staff.get(reverse("batch_create"), {"choose": "tue"})
    assert "Its vehicles are typed. Look at them for Listed Motors" in row_of(page, "Listed Motors")
    assert "1 of 1 chosen can have an order now" in words(page)
    ask(staff, choose="tue")
    [order] = orders_of(Batch.objects.get())
    assert ([line.vin for line in order.lines.all()], order.kind) == ([vins[1]], "list")
    assert not OrderDraft.objects.filter(pk=draft.pk).exists()


def test_a_list_is_prepared_once_its_vehicles_are_typed(staff: Client) -> None:
    listed = make_dealership(name="Listed Motors")
    make_vehicles(dealership=listed)
    batch = start([listed])
    detail = reverse("batch_detail", args=[batch.pk])
    assert "Prepare what is typed" not in words(staff.get(detail))
    OrderDraft.objects.create(
        user=User.objects.get(username="staff"),
        dealership=listed,
        entries="S00001",
        key=uuid.uuid4(),
        writer=uuid.uuid4(),
    )
    assert "Prepare what is typed for Listed Motors" in words(staff.get(detail))
    staff.post(reverse("batch_prepare_again", args=[batch.pk, 1]))
    assert (states(batch), OrderDraft.objects.count()) == (["review"], 0)


def test_what_cannot_be_read_keeps_the_draft_and_the_row_its_reason(staff: Client) -> None:
    listed = make_dealership(name="Listed Motors")
    OrderDraft.objects.create(
        user=User.objects.get(username="staff"),
        dealership=listed,
        entries="\n".join(f"S{number}" for number in range(2001)),
        key=uuid.uuid4(),
        writer=uuid.uuid4(),
    )
    batch = start([listed], actor=User.objects.get(username="staff"))
    assert [entry.code for entry in batch.entries.all()] == ["too_many_entries"]
    assert OrderDraft.objects.count() == 1


# The rows


def test_one_failed_order_is_tried_again_alone_and_the_files_are_in_its_row(staff: Client) -> None:
    batch = start(make_lots(3))
    first, second, third = orders_of(batch)
    finish(batch)
    for order in (first, second):
        Order.objects.filter(pk=order.pk).update(state="failed", error_text="The disk is full.")
    page = staff.get(reverse("batch_detail", args=[batch.pk]))
    assert "Retry Ash Motors" in row_of(page, "Ash Motors")
    assert "ZIP of Cedar Motors" in row_of(page, "Cedar Motors")
    zip_file = Artifact.objects.get(order=third, kind="zip")
    assert reverse("order_file", args=[zip_file.public_id]) in page.content.decode()
    staff.post(reverse("batch_retry", args=[batch.pk]), {"order": second.pk})
    assert states(batch) == ["failed", "queued", "done"]


def test_a_viewer_gets_no_files_and_no_actions_in_the_rows() -> None:
    batch = start(make_lots(1))
    finish(batch)
    page = sign_in(role="viewer").get(reverse("batch_detail", args=[batch.pk]))
    assert "ZIP" not in words(page)


def test_each_row_tells_its_step_while_the_batch_is_worked_on(staff: Client) -> None:
    batch = complete_batch(batch=start(make_lots(2)), first_number="45001")
    Order.objects.filter(pk=orders_of(batch)[0].pk).update(state="processing", attempts=2)
    page = staff.get(reverse("batch_progress", args=[batch.pk]))
    assert "Files are made and read back, attempt 2." in row_of(page, "Ash Motors")
    assert "Waits for a worker." in row_of(page, "Birch Motors")


def test_reviews_are_reached_with_their_place_in_the_batch(staff: Client) -> None:
    batch = start(make_lots(2))
    page = staff.get(reverse("batch_detail", args=[batch.pk]))
    assert "Review 2 of 2 , Birch Motors" in row_of(page, "Birch Motors")


@pytest.mark.parametrize("count", [1, 4])
def test_the_queries_of_a_batch_do_not_grow_with_its_orders(
    staff: Client, count: int, django_assert_num_queries: Any
) -> None:
    batch = start(make_lots(count))
    finish(batch)
    with django_assert_num_queries(13):
        staff.get(reverse("batch_detail", args=[batch.pk]))


def test_a_day_of_twelve_dealerships_takes_six_presses_and_the_order_numbers(staff: Client) -> None:
    """Signing in is the first; then the start page, the plan, the numbers, the completion and its confirmation."""
    today = WEEKDAYS[timezone.localdate().weekday()]
    for number in range(12):
        lot = make_dealership(name=f"Motors {number:02d}", default_order_kind="cao", schedule_days=[today])
        make_vehicles(dealership=lot, count=1, first=10 * number + 1)
    page = staff.get("/")
    assert "Prepare 12 orders, 12 vehicles" in words(page)
    plan = staff.get(part_of(page, 'class="button primary"', "href"))
    assert "Prepare 12 orders" in words(plan)
    batch_page = staff.post(reverse("batch_create"), posted(plan, "start"), follow=True)
    numbered = staff.get(batch_page.request["PATH_INFO"], {"first": "45001"})
    numbers = {f"number-{order.pk}": f"{45001 + at}" for at, order in enumerate(orders_of(Batch.objects.get()))}
    assert all(f'value="{number}"' in numbered.content.decode() for number in numbers.values())
    complete = reverse("batch_complete", args=[Batch.objects.get().pk])
    assert "Complete 12 orders" in words(staff.post(complete, numbers))
    staff.post(complete, {**numbers, "confirmed": "yes"})
    wait_for_batch(batch=Batch.objects.get())
    done = staff.get(reverse("batch_detail", args=[Batch.objects.get().pk]))
    assert words(done).count("ZIP of Motors") == 12


def part_of(page: Any, start: str, attribute: str) -> str:
    """An attribute's value in the first piece of markup behind a text."""
    text = page.content.decode()
    found = re.search(rf'{attribute}="([^"]*)"', text[text.index(start) :])
    assert found is not None
    return html.unescape(found[1])


def posted(page: Any, form_id: str) -> dict[str, Any]:
    """What the form of a page sends as it stands: hidden fields and ticked boxes."""
    text = page.content.decode()
    form = text[text.index(f'id="{form_id}"') :].partition("</form>")[0]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in said and (said.get("type") != "checkbox" or re.search(r"\bchecked\b", tag)):
            fields.setdefault(said["name"], []).append(said["value"])
    return {name: values for name, values in fields.items() if name != "csrfmiddlewaretoken"}
