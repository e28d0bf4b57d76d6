"""New order: what staff can ask for, and how the page says no."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Order
from tests.factories import log_vins, make_dealership, make_order, make_vehicles
from tests.orders.order_pages import NEW_ORDER, ask
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db


def test_a_cao_leads_to_its_review(staff: Client) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=3)
    response = ask(staff, elm)
    order = Order.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("order_review", args=[order.pk]))
    assert (order.kind, order.state, [line.vin for line in order.lines.all()]) == ("cao", "review", vins)
    assert order.created_by is not None
    assert order.created_by.username == "staff"


def test_the_same_form_sent_twice_prepares_one_order(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    key = uuid.uuid4()
    answers = [ask(staff, elm, idempotency_key=key)["Location"] for _ in range(2)]
    assert answers == [reverse("order_review", args=[Order.objects.get().pk])] * 2


def test_a_list_takes_what_was_typed_and_shows_every_entry_in_review(staff: Client) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=3)
    response = ask(staff, elm, kind="list", conditions="", entries=f"S00002\n{vins[0]}\ns00002, ZZZZ")
    assert [line.vin for line in Order.objects.get().lines.all()] == [vins[1], vins[0]]
    review = staff.get(response["Location"])
    assert part(review, '<p class="panel-body sums">', "</p>") == (
        "4 entries = 2 produced + 1 entered twice + 1 not on the website"
    )
    assert part(review, '<li id="entry-3"', "</li>").endswith("2022 Jeep Renegade. The same as entry 1.")


def test_a_list_without_entries_is_asked_for_them(staff: Client) -> None:
    response = ask(staff, make_dealership(), kind="list")
    assert response.status_code == 422
    assert "There is no entry. Type VINs or stock numbers, one per line." in words(response)
    assert Order.objects.count() == 0


def test_more_entries_than_an_order_holds_are_refused_at_their_field(staff: Client) -> None:
    response = ask(staff, make_dealership(), kind="list", entries="\n".join(f"S{n}" for n in range(2001)))
    assert response.status_code == 422
    assert "2,001 entries are too many; 2,000 fit into one order." in words(response)


def test_a_list_of_nothing_that_can_be_printed_shows_why_for_each_entry(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    response = ask(staff, elm, kind="list", entries="ZZZZ\nYYYY")
    assert response.status_code == 409
    assert part(response, '<p class="panel-body sums">', "</p>") == "2 entries = 2 not on the website"
    assert Order.objects.count() == 0


def test_a_typed_vin_that_is_not_on_the_website_is_printed_when_asked_for(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    ask(staff, elm, kind="list", entries="1C4RJFAG5NC999999", include_missing="on")
    assert [(line.vin, line.is_placeholder) for line in Order.objects.get().lines.all()] == [
        ("1C4RJFAG5NC999999", True)
    ]


def test_nothing_to_print_shows_the_count_after_every_rule(staff: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=make_vehicles(dealership=elm, count=3))
    response = ask(staff, elm)
    assert response.status_code == 409
    assert "Nothing to print for Elm Street Motors" in words(response)
    assert part(response, "Not in the VIN log", "</tr>") == "Not in the VIN log 0 -3"


def test_an_open_order_in_the_way_is_one_click_away(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    order = make_order(dealership=elm)
    response = ask(staff, elm)
    assert response.status_code == 409
    assert f'href="{reverse("order_detail", args=[order.pk])}">Open that order' in response.content.decode()


def test_a_dealership_without_rules_is_sent_to_its_page(staff: Client) -> None:
    elm = make_dealership(conditions=None)
    make_vehicles(dealership=elm)
    response = ask(staff, elm)
    assert response.status_code == 409
    assert "CAO is not set up for Elm Street Motors" in words(response)
    assert f'href="{reverse("dealership_detail", args=[elm.pk])}"' in response.content.decode()


def test_separate_orders_need_a_choice_of_conditions(staff: Client) -> None:
    elm = make_dealership(separate_orders=True)
    make_vehicles(dealership=elm)
    response = ask(staff, elm)
    assert response.status_code == 409
    assert "Elm Street Motors orders new and used separately: choose New or Used." in words(response)
    assert ask(staff, elm, conditions="used").status_code == 302


def test_no_conditions_chosen_is_said_at_their_field(staff: Client) -> None:
    elm = make_dealership(separate_orders=True)
    response = ask(staff, elm, conditions="")
    assert response.status_code == 422
    assert "Choose All, New or Used." in words(response)


def test_a_question_is_answered_on_the_same_form(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, collected_at=timezone.now() - timedelta(hours=40))
    asked = ask(staff, elm)
    assert asked.status_code == 409
    assert "The inventory is 40 hours old (limit 36). Nothing has been prepared yet." in words(asked)
    assert "--yes" not in words(asked)
    assert Order.objects.count() == 0
    assert ask(staff, elm, confirmed="yes").status_code == 302


def test_a_dealership_in_the_address_is_chosen_with_its_habits(staff: Client) -> None:
    elm = make_dealership(default_order_kind="list", include_missing=True)
    form = staff.get(f"{NEW_ORDER}?dealership={elm.pk}").context["form"]
    assert form.initial == {"dealership": elm, "kind": "list", "conditions": "all", "include_missing": True}


@pytest.mark.parametrize("text", ["", "x", "999999", "99999999999999999999999", "-1"])
def test_an_address_that_names_no_dealership_gives_the_empty_form(staff: Client, text: str) -> None:
    response = staff.get(NEW_ORDER, {"dealership": text})
    assert (response.status_code, response.context["dealership"]) == (200, None)


def test_a_form_with_nothing_in_it_is_answered_at_its_fields(staff: Client) -> None:
    response = staff.post(NEW_ORDER, {})
    assert response.status_code == 422
    assert sorted(response.context["form"].errors) == ["conditions", "dealership", "idempotency_key", "kind"]


def test_only_staff_and_managers_prepare_orders() -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    answers = {role: ask(sign_in(role=role), elm).status_code for role in ("viewer", "staff")}
    assert answers == {"viewer": 403, "staff": 302}
    assert sign_in(role="nobody").get(NEW_ORDER)["Location"] == f"/accounts/login/?next={NEW_ORDER}"
