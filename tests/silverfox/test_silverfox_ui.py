"""What the template tags write into pages."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from pytest_django import DjangoAssertNumQueries

from inventory.models import Dataset, InventoryImport
from orders.domain.day import DayState
from orders.domain.lines import EntryOutcome
from orders.domain.states import OrderState
from silverfox.templatetags import silverfox_ui


def shape(name: str) -> str:
    """An icon as it stands in a page."""
    return f'<svg class="icon" aria-hidden="true"><use href="{static("silverfox/icons.svg")}#{name}"/></svg>'


def rendered(source: str, **values: object) -> str:
    return Template("{% load silverfox_ui %}" + source).render(Context(values))


def make_user(*, group: str = "", is_superuser: bool = False, is_active: bool = True) -> User:
    user = User.objects.create(username=f"user-{group}", is_superuser=is_superuser, is_active=is_active)
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return User.objects.get(pk=user.pk)


# Money


@pytest.mark.parametrize(
    ("amount", "text"),
    [(Decimal("48915.00"), "$48,915"), (Decimal("48915.50"), "$48,915.50"), (0, "$0"), (None, "")],
)
def test_money_shows_separators_and_cents_only_where_there_are_some(amount: Decimal | int | None, text: str) -> None:
    assert silverfox_ui.money(amount) == text


# Ages, moments, conditions


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (38 * 60, "38 h"), (72 * 60 - 1, "71 h"), (72 * 60, "3 days")],
)
def test_an_age_is_told_in_the_unit_that_people_use(minutes: int, text: str) -> None:
    moment = timezone.localtime() - timedelta(minutes=minutes, seconds=5)
    exact = f'datetime="{moment.isoformat(timespec="seconds")}" title="{moment:%b} {moment.day}, {moment:%Y, %H:%M:%S}"'
    assert silverfox_ui.age(moment) == f"<time {exact}>{text}</time>"


def test_the_age_of_what_lies_ahead_is_nothing() -> None:
    assert ">0 min</time>" in silverfox_ui.age(timezone.now() + timedelta(hours=1))


def test_a_moment_of_today_is_its_time_and_exact_on_hover() -> None:
    moment = timezone.localtime()
    assert silverfox_ui.when(moment) == (
        f'<time datetime="{moment.isoformat(timespec="seconds")}" title="{date_format(moment, "M j, Y, H:i:s")}">'
        f"{moment:%H:%M}</time>"
    )


def test_a_moment_of_another_year_has_its_year() -> None:
    moment = datetime.fromisoformat("2019-07-17T23:30:00-05:00")
    assert ">Jul 17, 2019</time>" in silverfox_ui.when(moment)


def test_no_moment_is_nothing() -> None:
    assert silverfox_ui.when(None) == ""


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        (["new", "po", "cpo"], "New + used"),
        (["po", "cpo"], "Used"),
        (["new"], "New"),
        (["new", "cpo"], "New + CPO"),
        (["po"], "PO"),
        ([], ""),
        (None, ""),
    ],
)
def test_po_and_cpo_together_are_used(conditions: list[str] | None, text: str) -> None:
    assert silverfox_ui.condition_words(conditions) == text


@pytest.mark.parametrize(
    ("value", "text"), [("ready", "ready"), ("not_set_up", "CAO not set up"), ("no_such_state", "")]
)
def test_a_state_within_a_sentence_is_its_word_alone(value: str, text: str) -> None:
    assert rendered('{% state_word "day" value %}', value=value) == text


# VIN


def test_a_vin_is_split_after_nine_characters() -> None:
    assert rendered("{{ v|vin }}", v="1C6RRFFG4SN514208") == '<span class="vin">1C6RRFFG4<b>SN514208</b></span>'


def test_a_text_of_another_length_is_not_split() -> None:
    assert rendered("{{ v|vin }}", v="S25131") == '<span class="vin"><b>S25131</b></span>'


def test_a_vin_button_carries_the_whole_vin_to_copy() -> None:
    assert rendered("{% vin v %}", v="1C6RRFFG4SN514208") == (
        '<button type="button" class="vin" data-copy="1C6RRFFG4SN514208" title="Copy">1C6RRFFG4<b>SN514208</b></button>'
    )


def test_markup_in_a_vin_is_escaped() -> None:
    assert rendered("{{ v|vin }}", v="<script>") == '<span class="vin"><b>&lt;script&gt;</b></span>'


# States


def test_a_state_has_a_shape_and_a_word_and_repeats_them_in_colour() -> None:
    assert rendered('{% state "order" "done" %}') == f'<span class="state ok">{shape("check")}Done</span>'


def test_a_quiet_state_has_no_colour() -> None:
    assert rendered('{% state "order" "draft" %}') == f'<span class="state">{shape("draft")}Draft</span>'


def test_an_order_in_review_is_coloured_only_in_a_page_header() -> None:
    expected = f'<span class="state info pill">{shape("ready")}20 vehicles</span>'

    assert rendered('{% state "order" "review" text="20 vehicles" pill=True %}') == expected


def test_every_state_of_the_domain_has_a_look() -> None:
    assert set(silverfox_ui.ORDER_LOOKS) == set(OrderState)
    assert set(silverfox_ui.ENTRY_LOOKS) == set(EntryOutcome)
    assert set(silverfox_ui.DAY_LOOKS) == set(DayState)
    assert set(silverfox_ui.DATASET_LOOKS) == {*Dataset.Status.values, "stale"}
    assert set(silverfox_ui.IMPORT_LOOKS) == set(InventoryImport.Status.values)


def test_every_shape_of_a_state_and_a_place_is_in_the_sprite() -> None:
    sprite = finders.find("silverfox/icons.svg")
    assert sprite is not None
    symbols = Path(sprite).read_text(encoding="utf-8")
    used = {look.shape for looks in silverfox_ui.LOOKS.values() for look in looks.values()}
    used |= {place.icon for place in silverfox_ui.PLACES}

    assert {name for name in used if f'<symbol id="{name}"' not in symbols} == set()


# Bars


def test_a_bar_stacks_its_parts_and_leaves_out_empty_ones() -> None:
    assert rendered('{% bar 1684 "kept" 1200 "ok" 0 "lost" 84 %}') == (
        '<svg class="bar" viewBox="0 0 1684 1" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="kept" x="0" width="1200" height="1"/><rect class="lost" x="1200" width="84" height="1"/></svg>'
    )


def test_a_bar_of_nothing_is_empty() -> None:
    assert rendered('{% bar 0 "kept" 0 %}') == (
        '<svg class="bar" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"></svg>'
    )


# Groups


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("group", "asked", "belongs"),
    [
        ("manager", "manager", True),
        ("staff", "manager", False),
        ("staff", "staff,manager", True),
        ("viewer", "staff,manager", False),
        ("", "viewer", False),
    ],
)
def test_a_user_belongs_to_the_group_that_was_given(group: str, asked: str, *, belongs: bool) -> None:
    assert silverfox_ui.in_group(make_user(group=group), asked) is belongs


@pytest.mark.django_db
def test_a_superuser_belongs_to_every_group() -> None:
    assert silverfox_ui.in_group(make_user(is_superuser=True), "manager") is True


@pytest.mark.django_db
def test_an_inactive_manager_belongs_to_no_group() -> None:
    assert silverfox_ui.in_group(make_user(group="manager", is_active=False), "manager") is False


def test_an_anonymous_visitor_belongs_to_no_group() -> None:
    assert silverfox_ui.in_group(AnonymousUser(), "viewer") is False


@pytest.mark.django_db
def test_asking_for_the_groups_twice_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = make_user(group="staff")

    with django_assert_num_queries(1):
        silverfox_ui.in_group(user, "staff")
        silverfox_ui.in_group(user, "manager")


# Navigation


def nav_for(user: User, url_name: str) -> dict[str, Any]:
    request = RequestFactory().get("/")
    request.resolver_match = ResolverMatch(nav_for, (), {}, url_name=url_name)
    return silverfox_ui.nav(Context({"request": request, "user": user}))


def places_for(user: User, url_name: str) -> tuple[list[str], str]:
    shown = nav_for(user, url_name)
    return [place.word for place in shown["places"]], shown["current"]


@pytest.mark.django_db
def test_staff_see_all_places_with_the_current_one_marked() -> None:
    expected = (
        ["Today", "New order", "Orders", "Batches", "Imports", "Websites", "VIN log", "Billing", "Jobs"],
        "order_",
    )

    assert places_for(make_user(group="staff"), "order_review") == expected


@pytest.mark.django_db
def test_viewers_are_not_offered_a_new_order() -> None:
    expected = (["Today", "Orders", "Batches", "Imports", "Websites", "VIN log"], "vin_log_")

    assert places_for(make_user(group="viewer"), "vin_log_list") == expected


@pytest.mark.django_db
def test_a_new_order_is_a_place_of_its_own() -> None:
    assert places_for(make_user(group="staff"), "order_create")[1] == "order_create"


@pytest.mark.django_db
def test_a_page_outside_the_places_marks_none() -> None:
    assert places_for(make_user(group="staff"), "login")[1] == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("group", "in_menu"),
    [("viewer", ["Websites", "VIN log"]), ("staff", ["Imports", "Websites", "VIN log", "Billing", "Jobs"])],
)
def test_the_bar_of_a_phone_has_at_most_five_places_and_a_menu_holds_the_rest(group: str, in_menu: list[str]) -> None:
    shown = nav_for(make_user(group=group), "order_list")
    in_bar = len(shown["places"]) - len(shown["in_menu"]) + bool(shown["in_menu"])
    assert ([place.word for place in shown["in_menu"]], in_bar <= 5) == (in_menu, True)


@pytest.mark.django_db
@pytest.mark.parametrize(("url_name", "is_in_menu"), [("billing_month", True), ("order_list", False), ("login", False)])
def test_the_menu_is_current_on_the_pages_of_its_places(url_name: str, is_in_menu: bool) -> None:
    assert nav_for(make_user(group="staff"), url_name)["is_in_menu"] is is_in_menu


# Pages without a signed-in user


@pytest.mark.parametrize(
    ("template_name", "title"),
    [
        ("403.html", "This is not open to your account"),
        ("403_csrf.html", "This form was too old to be accepted"),
        ("404.html", "There is no such page"),
        ("429.html", "Too often"),
        ("500.html", "Something went wrong on our side"),
    ],
)
def test_an_error_page_needs_neither_request_nor_user(template_name: str, title: str) -> None:
    assert f"<h1>{title}</h1>" in render_to_string(template_name)


@pytest.mark.django_db
def test_a_refused_sign_in_ties_the_message_to_the_form(client: Client) -> None:
    page = client.post(reverse("login"), {"username": "nobody", "password": ""}).content.decode()

    assert page.count('aria-invalid="true"') == 1
    assert page.count('<ul class="errorlist" id="id_password_error"><li>This field is required.</li></ul>') == 1
