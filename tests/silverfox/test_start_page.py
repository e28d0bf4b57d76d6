"""The first page of the day: every dealership, what waits there, and what needs a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership
from foundation.errors import Refused
from inventory.models import InventoryImport
from orders.models import Order
from orders.operations.batch_completing import cancel_batch
from orders.operations.batch_planning import Choice
from orders.operations.batching import run_batch
from orders.operations.overview import WEEKDAYS, survey_dealerships
from orders.operations.selecting import select_for_cao
from tests.factories import finish_order, log_vins, make_csv, make_dealership, make_order, make_row, make_vehicles
from tests.inventory.arrivals import import_file, import_lot
from tests.pages import part, sign_in, words
from tests.scrapers.kept_runs import make_run, make_website

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


def today() -> str:
    return WEEKDAYS[timezone.localdate().weekday()]


def due(**fields: Any) -> Dealership:
    """A dealership that the schedule proposes today, whatever day the test runs on."""
    dealership = make_dealership(**fields)
    Dealership.objects.filter(pk=dealership.pk).update(schedule_days=[today()])
    return dealership


def overview_of(dealership: Dealership) -> Any:
    [overview] = [o for o in survey_dealerships(now=timezone.now()) if o.dealership == dealership]
    return overview


def card(response: Any, name: str) -> str:
    return part(response, f'">{name}</a>', "</li>")


def row(response: Any, name: str) -> str:
    return part(response, f'">{name}</a>', "</tr>")


# Numbers


def test_the_page_counts_what_a_cao_would_print_and_what_stands_on_the_lot(viewer: Client) -> None:
    elm = due()
    vins = make_vehicles(dealership=elm, count=4)
    log_vins(dealership=elm, vins=vins[:1])
    assert card(viewer.get("/"), "Elm Street Motors").startswith('">Elm Street Motors Ready 3 to print')
    assert "4 on the lot" in card(viewer.get("/"), "Elm Street Motors")


def test_the_count_is_the_selection_of_a_cao_for_every_kind_of_rule() -> None:
    elm = make_dealership(
        conditions=["po", "cpo"], price_required=True, seasoning_days=2, excluded_keywords=["SOLD"], year_min=2021
    )
    location = elm.name
    rows = [
        make_row(number=1, location=location),
        make_row(number=2, location=location, Type="New"),
        make_row(number=3, location=location, Price="Please Call"),
        make_row(number=4, location=location, Status="In Transit"),
        make_row(number=5, location=location, Trim="SOLD"),
        make_row(number=6, location=location, Stock="N/A"),
        make_row(number=7, location=location, Year="2019"),
        make_row(number=8, location=location, **{"Date In Stock": timezone.localdate().strftime("%m/%d/%Y")}),
        make_row(number=9, location=location, Type="Certified"),
    ]
    import_file(make_csv(rows=rows), collected_at=timezone.now() - timedelta(days=3))
    selection = select_for_cao(dealership=elm, group=ConditionGroup.ALL, today=timezone.localdate())
    assert overview_of(elm).to_print == len(selection.selected) == 2
    assert dict(overview_of(elm).waiting) == {"po": 1, "cpo": 1}


def test_vehicles_of_an_open_order_are_not_counted_again(staff: Client) -> None:
    elm = due()
    make_vehicles(dealership=elm, count=3)
    order = make_order(dealership=elm)
    assert (overview_of(elm).to_print, overview_of(elm).state) == (0, "in_review")
    page = staff.get("/")
    assert "In review 0 to print" in card(page, elm.name)
    assert f'href="{reverse("order_review", args=[order.pk])}">Review 3 vehicles' in page.content.decode()


def test_after_its_order_the_dealership_is_done_and_names_it(viewer: Client) -> None:
    elm = due()
    make_vehicles(dealership=elm, count=3)
    finish_order(order=make_order(dealership=elm), order_number="45182")
    text = card(viewer.get("/"), elm.name)
    assert text.startswith('">Elm Street Motors Done 0 to print')
    assert "Order 45182" in text


def test_an_order_of_another_day_leaves_nothing_new_but_stays_the_last(viewer: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=3)
    finish_order(order=make_order(dealership=elm), order_number="45182")
    Order.objects.update(completed_at=timezone.now() - timedelta(days=2))
    text = row(viewer.get("/"), elm.name)
    assert "45182" in text
    assert "Nothing new" in text


# States


def test_a_dealership_without_rules_is_marked_cao_not_set_up(viewer: Client) -> None:
    elm = make_dealership(conditions=None)
    make_vehicles(dealership=elm)
    text = row(viewer.get("/"), elm.name)
    assert text.count("CAO not set up") == 2
    assert "to print" not in text


def test_a_dealership_without_inventory_says_so(viewer: Client) -> None:
    elm = make_dealership()
    assert "No inventory" in row(viewer.get("/"), elm.name)


def test_accounts_without_a_website_stand_apart(viewer: Client) -> None:
    make_dealership(name="Postcard Cars", has_inventory_source=False)
    page = words(viewer.get("/"))
    assert "Without a website 1 accounts, LIST orders only" in page
    assert "No inventory" not in page


def test_inventory_older_than_36_hours_is_marked_stale(viewer: Client) -> None:
    elm, oak = make_dealership(), make_dealership(name="Oak Hill Cars")
    make_vehicles(dealership=elm, collected_at=timezone.now() - timedelta(hours=37))
    make_vehicles(dealership=oak, first=50, collected_at=timezone.now() - timedelta(hours=35))
    page = viewer.get("/")
    assert (overview_of(elm).is_stale, overview_of(oak).is_stale) == (True, False)
    assert "Inventory 37 h old" in row(page, elm.name)
    assert "Inventory 35 h old" in row(page, oak.name)


def test_a_held_dataset_and_its_reason_need_a_person(viewer: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=40)
    held = import_lot(elm.name, 5, first=1)
    assert held.status == "held"
    page = viewer.get("/")
    assert "Elm Street Motors: 5 vehicles after 40: below 50%." in words(page)
    assert f'href="{reverse("import_dataset", args=[held.pk])}"' in page.content.decode()
    assert overview_of(elm).state == "held"


def test_a_failed_order_shows_its_reason(viewer: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    order = make_order(dealership=elm)
    Order.objects.filter(pk=order.pk).update(state="failed", error_text="The disk is full.", order_number="45182")
    assert "Elm Street Motors, order 45182: nothing was released. The disk is full." in words(viewer.get("/"))


def test_names_that_nobody_knows_lead_to_their_import(viewer: Client) -> None:
    done = import_file(make_csv(rows=[make_row(number=1, location="Suntrup Kia STL")]))
    page = viewer.get("/")
    assert "1 rows carry a dealership name nobody knows: Suntrup Kia STL." in words(page)
    assert f'href="{reverse("import_detail", args=[done.pk])}#unmatched"' in page.content.decode()


def test_names_of_an_older_import_have_had_their_time(viewer: Client) -> None:
    make_dealership()
    import_file(make_csv(rows=[make_row(number=1, location="Suntrup Kia STL")]))
    import_lot("Elm Street Motors", 3)
    assert "nobody knows" not in words(viewer.get("/"))


def test_an_inactive_dealership_leaves_the_page(viewer: Client) -> None:
    make_dealership(active=False)
    assert "Elm Street Motors" not in words(viewer.get("/"))


# Finding and sorting


def test_the_filter_box_finds_by_name_without_regard_to_case_and_punctuation(viewer: Client) -> None:
    make_dealership(name="Serra Honda O'Fallon", short_code="SERRA", file_name="Serra")
    make_dealership(name="Oak Hill Cars")
    page = viewer.get("/", {"q": "OFALLON"})
    assert [name in words(page) for name in ("Serra Honda O'Fallon", "Oak Hill Cars")] == [True, False]
    assert "No dealership fits zebra." in words(viewer.get("/", {"q": "zebra"}))


def test_a_state_of_the_legend_filters_what_is_due(viewer: Client) -> None:
    elm, oak = due(), due(name="Oak Hill Cars")
    make_vehicles(dealership=elm)
    page = viewer.get("/", {"state": "ready"})
    assert [f'">{d.name}</a>' in page.content.decode() for d in (elm, oak)] == [True, False]
    assert "1 ready" in words(page)
    assert "1 no inventory" in words(page)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("", ["Oak", "Elm", "Ash"]), ("waiting", ["Oak", "Elm", "Ash"]), ("name", ["Ash", "Elm", "Oak"])],
)
def test_dealerships_are_sorted_by_state_by_what_waits_or_by_name(
    viewer: Client, sort: str, expected: list[str]
) -> None:
    for number, (name, count) in enumerate([("Elm", 2), ("Oak", 3), ("Ash", 0)]):
        dealership = make_dealership(name=name)
        if count:
            make_vehicles(dealership=dealership, count=count, first=100 * number + 1)
    text = viewer.get("/", {"sort": sort}).content.decode()
    assert sorted(expected, key=lambda name: text.index(f'">{name}</a>')) == expected


def test_a_word_that_is_no_state_or_sort_does_no_harm(viewer: Client) -> None:
    make_dealership()
    assert viewer.get("/", {"sort": "'", "state": "<b>", "q": "%"}).status_code == 200


# The batch of the day


def test_the_filled_button_says_what_the_days_batch_would_make(staff: Client) -> None:
    due(name="Ash", default_order_kind="cao")
    due(name="Birch", default_order_kind="cao", separate_orders=True)
    due(name="Cedar", default_order_kind="list")
    due(name="Dogwood", default_order_kind="cao")
    for number, dealership in enumerate(Dealership.objects.order_by("name")):
        make_vehicles(dealership=dealership, count=3, first=10 * number + 1)
    finish_order(order=make_order(dealership=Dealership.objects.get(name="Dogwood")))
    text = staff.get("/").content.decode()
    assert "Prepare 2 orders, 6 vehicles" in words(staff.get("/"))
    assert text.partition("</main>")[0].count("button primary") == 1
    assert f'href="{reverse("batch_create")}?choose=due"' in text


def test_a_day_with_nothing_to_print_can_still_be_started_until_all_have_their_order(staff: Client) -> None:
    elm = due(default_order_kind="list")
    make_vehicles(dealership=elm)
    assert "Start today's batch" in words(staff.get("/"))
    make_order(dealership=elm)
    assert "Start today's batch" not in words(staff.get("/"))


def test_above_sixty_due_dealerships_the_cards_become_a_table(staff: Client) -> None:
    for number in range(60):
        due(name=f"Motors {number:02d}")
    assert 'class="cards"' in staff.get("/").content.decode()
    due(name="Motors 60")
    page = staff.get("/")
    assert 'class="cards"' not in page.content.decode()
    assert part(page, 'aria-label="Due today"', "</table>").count("Motors") == 61


# What runs


def test_what_runs_is_told_with_its_count_and_the_way_to_it(viewer: Client) -> None:
    elm, oak = (
        make_dealership(default_order_kind="cao"),
        make_dealership(name="Oak Hill Cars", default_order_kind="cao"),
    )
    make_vehicles(dealership=elm)
    batch = run_batch(choice=Choice("by name", (elm, oak)))
    session = make_run(make_website(name="Ash"), state="running").session
    make_run(make_website(name="Birch"), session=session)
    waiting = InventoryImport.objects.create(
        source="today.csv", sha256="0" * 64, collected_at=timezone.now(), status="queued"
    )
    page = viewer.get("/")
    told = part(page, 'aria-labelledby="runs-now"', "</section>")
    assert f"Batch {batch.pk}, by name 0 of 2 done, begun" in told
    assert "Import of today.csv" in told
    assert "Websites are being read 1 of 2 ended" in told
    for address in (
        reverse("batch_detail", args=[batch.pk]),
        reverse("import_detail", args=[waiting.pk]),
        reverse("website_session", args=[session.pk]),
    ):
        assert f'href="{address}"' in page.content.decode()


def test_where_nothing_runs_nothing_is_told_of_it(viewer: Client) -> None:
    elm = make_dealership(default_order_kind="cao")
    make_vehicles(dealership=elm)
    batch = run_batch(choice=Choice("by name", (elm,)))
    assert "Runs now" in words(viewer.get("/"))
    cancel_batch(batch=batch)
    assert "Runs now" not in words(viewer.get("/"))


def test_each_dealership_tells_its_last_order_and_how_its_website_was_read(viewer: Client) -> None:
    elm = due()
    make_vehicles(dealership=elm)
    finish_order(order=make_order(dealership=elm), order_number="45182")
    website = make_website(dealership=elm)
    assert "45182" in card(viewer.get("/"), elm.name)
    make_run(website, state="partial")
    page = viewer.get("/")
    assert "Website: Partial" in card(page, elm.name)
    assert f'<a href="{reverse("website_detail", args=[website.pk])}">' in page.content.decode()
    Dealership.objects.update(schedule_days=[])
    assert "Partial" in row(viewer.get("/"), elm.name)


# Roles


def test_staff_are_offered_the_next_step_and_viewers_are_not(viewer: Client, staff: Client) -> None:
    elm = due()
    make_vehicles(dealership=elm)
    link = f'href="{reverse("order_create")}?dealership={elm.pk}">Prepare order'
    assert [link in client.get("/").content.decode() for client in (viewer, staff)] == [False, True]


def test_nobody_sees_the_page_without_signing_in() -> None:
    assert sign_in(role="nobody").get("/")["Location"] == "/accounts/login/?next=/"


# Cost


def fill_dealerships(count: int) -> None:
    for number in range(count):
        dealership = due(name=f"Motors {number}")
        vins = make_vehicles(dealership=dealership, count=3, first=10 * number + 1)
        log_vins(dealership=dealership, vins=vins[:1])
        make_order(dealership=dealership)


@pytest.mark.parametrize("count", [3, 30])
def test_the_number_of_queries_does_not_grow_with_the_dealerships(
    count: int, staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill_dealerships(count)
    staff.get("/")
    with django_assert_num_queries(17):
        assert f"{count} of {count} dealerships" in words(staff.get("/"))


# Websites


def test_a_website_that_was_not_read_is_told_with_its_reason_until_it_is_read(viewer: Client) -> None:
    website = make_website()
    make_run(website, state="failed", error_text="It refuses (403). Run it again tomorrow.")
    page = viewer.get("/")
    assert "Elm Street Motors: the website was not read. It refuses (403). Run it again tomorrow." in words(page)
    assert reverse("website_detail", args=[website.pk]) in page.content.decode()
    make_run(website)
    assert "was not read" not in words(viewer.get("/"))


def test_a_website_that_is_off_tells_nothing(viewer: Client) -> None:
    make_run(make_website(enabled=False), state="failed")
    assert "was not read" not in words(viewer.get("/"))


def test_old_inventories_are_told_in_one_line_with_the_way_to_them(viewer: Client) -> None:
    names = ["Ash", "Birch", "Cedar", "Dogwood", "Elder", "Fir"]
    for number, name in enumerate(names):
        old = timezone.now() - timedelta(hours=50 - number)
        website = make_website(name=name)
        make_vehicles(dealership=website.dealership, first=10 * number + 1, collected_at=old)
    page = viewer.get("/")
    assert "6 inventories are older than 36 hours: Ash, Birch, Cedar, Dogwood, Elder and 1 more." in words(page)
    assert f"{reverse('website_list')}?show=stale" in page.content.decode()


def test_one_old_inventory_leads_to_its_dealership_also_without_a_website(viewer: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, collected_at=timezone.now() - timedelta(hours=37))
    told = part(viewer.get("/"), 'aria-labelledby="website-alerts"', "</section>")
    assert "1 inventory is older than 36 hours: Elm Street Motors." in told
    assert told.endswith("Open Elm Street Motors")


def test_many_websites_that_were_not_read_are_counted(viewer: Client) -> None:
    for number in range(7):
        make_run(make_website(name=f"Motors {number}"), state="failed", error_text="No answer.")
    told = part(viewer.get("/"), 'aria-labelledby="website-alerts"', "</section>")
    assert (told.count("the website was not read."), "2 more websites were not read." in told) == (5, True)


# One dealership


def test_the_funnel_says_how_many_are_left_and_removed_at_every_step(viewer: Client) -> None:
    elm = make_dealership(conditions=["po"])
    vins = make_vehicles(dealership=elm, count=5)
    log_vins(dealership=elm, vins=vins[:2])
    text = part(viewer.get(f"/dealerships/{elm.pk}/"), 'aria-labelledby="funnel"', "</section>")
    assert "Not in the VIN log Printed before for this dealership 3 \N{MINUS SIGN}2" in text
    assert "5 considered = 3 selected + 2 removed" in text


def test_removed_vehicles_are_listed_with_their_reason(viewer: Client) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=3)
    log_vins(dealership=elm, vins=vins[:1], label="44109")
    page = viewer.get(f"/dealerships/{elm.pk}/", {"step": "not_in_log"})
    table = part(page, 'aria-label="Removed vehicles"', "</table>")
    assert [vin[-8:] in table for vin in vins] == [True, False, False]
    assert "printed, order 44109" in table


def test_without_a_step_the_selected_vehicles_are_listed(viewer: Client) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=3)
    log_vins(dealership=elm, vins=vins[:1])
    table = part(viewer.get(f"/dealerships/{elm.pk}/"), 'aria-label="Selected vehicles"', "</table>")
    assert [vin[-8:] in table for vin in vins] == [False, True, True]


def test_one_vehicle_is_explained_rule_by_rule(viewer: Client) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm)
    log_vins(dealership=elm, vins=vins[:1], label="44109")
    printed = words(viewer.get(f"/dealerships/{elm.pk}/", {"vin": vins[0][-8:]}))
    assert "Not selected: printed, order 44109." in printed
    assert "Stops here Not in the VIN log printed, order 44109" in printed
    assert "Selected: every rule lets it through." in words(viewer.get(f"/dealerships/{elm.pk}/", {"vin": "S00002"}))


def test_a_vehicle_that_is_not_there_is_said_to_be_not_there(viewer: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    page = words(viewer.get(f"/dealerships/{elm.pk}/", {"vin": "NOSUCH"}))
    assert "No vehicle with 'NOSUCH' in the active inventory of Elm Street Motors." in page


@pytest.mark.parametrize(("group", "selected"), [("all", 3), ("new", 1), ("used", 2), ("loaners", 3)])
def test_each_condition_group_has_its_own_funnel(group: str, selected: int, viewer: Client) -> None:
    elm = make_dealership()
    rows = [make_row(number=n, location=elm.name, Type=word) for n, word in enumerate(["New", "Used", "Certified"], 1)]
    import_file(make_csv(rows=rows))
    page = words(viewer.get(f"/dealerships/{elm.pk}/", {"group": group}))
    assert f"3 considered = {selected} selected + {3 - selected} removed" in page


def test_without_rules_the_page_says_what_to_do_and_leads_managers_there(viewer: Client) -> None:
    elm = make_dealership(conditions=None)
    make_vehicles(dealership=elm)
    settings_link = reverse("admin:dealerships_dealership_change", args=[elm.pk])
    page, managers = (client.get(f"/dealerships/{elm.pk}/") for client in (viewer, sign_in(role="manager")))
    assert "CAO is not set up for Elm Street Motors" in words(page)
    assert [settings_link in response.content.decode() for response in (page, managers)] == [False, True]
    with pytest.raises(Refused):
        select_for_cao(dealership=elm, group=ConditionGroup.ALL, today=timezone.localdate())


def test_without_inventory_the_page_still_shows_settings_and_log(viewer: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=["1C4RJFAG0NC000001"])
    page = words(viewer.get(f"/dealerships/{elm.pk}/"))
    assert "Elm Street Motors has no active inventory." in page
    assert "1 entry, the last added" in page


def test_an_unknown_dealership_is_a_missing_page(viewer: Client) -> None:
    assert viewer.get("/dealerships/4711/").status_code == 404


@pytest.mark.parametrize("count", [3, 40])
def test_the_queries_of_a_dealership_do_not_grow_with_its_vehicles(
    count: int, viewer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=count)
    log_vins(dealership=elm, vins=vins[: count // 2])
    with django_assert_num_queries(16):
        assert viewer.get(f"/dealerships/{elm.pk}/", {"step": "not_in_log"}).status_code == 200


def test_the_day_is_the_shops_own() -> None:
    elm = make_dealership(schedule_days=["thu"])
    late_on_thursday = datetime.fromisoformat("2025-07-18T03:00:00+00:00")
    [overview] = survey_dealerships(now=late_on_thursday)
    assert (overview.dealership, overview.is_due) == (elm, True)
