"""Who voids, releases a big hold or changes users types the password again after half an hour."""

import html
import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from foundation.confirmation import CONFIRMED_AT
from inventory.models import Dataset
from orders.models import Order
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.inventory.arrivals import OAK, import_lot
from tests.pages import HTMX, words

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
ASKED = "Confirm your password"
HALF_AN_HOUR = 30 * 60


def signed_in(role: str) -> Client:
    """A browser in which a person of that role signed in by the page."""
    user = User.objects.create_user(f"{role}-ann", password=PASSWORD)
    user.groups.set([Group.objects.get(name=role)])
    client = Client()
    client.post("/accounts/login/", {"username": user.username, "password": PASSWORD})
    return client


def let_pass(client: Client, seconds: float) -> None:
    session = client.session
    session[CONFIRMED_AT] -= seconds
    session.save()


@pytest.fixture
def manager() -> Client:
    """Signed in more than half an hour ago."""
    client = signed_in("manager")
    let_pass(client, HALF_AN_HOUR)
    return client


@pytest.fixture
def order() -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return finish_order(order=make_order(dealership=dealership))


def void_page(order: Order) -> str:
    return reverse("order_void", args=[order.pk])


def answer_to(client: Client, asked: Any, password: str) -> Any:
    """What a person gets who types the password into the form of the page and sends it."""
    text = asked.content.decode()
    action = re.search(r'<form class="panel narrow"[^>]*action="([^"]*)"', text)
    assert action
    sent = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)
    fields = {html.unescape(name): html.unescape(value) for name, value in sent if name != "csrfmiddlewaretoken"}
    return client.post(html.unescape(action[1]), {**fields, "password": password})


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def test_a_sign_in_counts_for_half_an_hour(order: Order) -> None:
    client = signed_in("manager")
    let_pass(client, HALF_AN_HOUR - 5)
    assert client.post(void_page(order), {"reason": "wrong lot"}).status_code == 302
    assert state_of(order) == "voided"


def test_what_was_sent_is_done_after_the_password_and_only_then(manager: Client, order: Order) -> None:
    asked = manager.post(void_page(order), {"reason": 'the "wrong" <lot>'})
    assert (asked.status_code, ASKED in words(asked), state_of(order)) == (422, True, "done")
    wrong = answer_to(manager, asked, "guess")
    assert (wrong.status_code, "This is not your password." in words(wrong), state_of(order)) == (422, True, "done")
    blank = answer_to(manager, wrong, "")
    assert (blank.status_code, state_of(order)) == (422, "done")
    assert answer_to(manager, blank, PASSWORD).status_code == 302
    voided = Order.objects.get(pk=order.pk)
    assert (voided.state, voided.events.latest("pk").detail) == ("voided", 'the "wrong" <lot>')


def test_a_page_is_opened_after_the_password_and_nothing_else_is_done(manager: Client, order: Order) -> None:
    asked = manager.get(void_page(order))
    assert (asked.status_code, ASKED in words(asked)) == (200, True)
    assert answer_to(manager, asked, PASSWORD)["Location"] == void_page(order)
    assert ASKED not in words(manager.get(void_page(order)))
    assert answer_to(manager, asked, "whatever")["Location"] == void_page(order)
    assert state_of(order) == "done"


def test_a_part_of_a_page_is_answered_with_the_whole_one(manager: Client, order: Order) -> None:
    asked = manager.post(void_page(order), {"reason": "wrong lot"}, headers=HTMX)
    assert (asked.status_code, asked["HX-Retarget"], asked["HX-Reswap"]) == (422, "body", "innerHTML")
    assert answer_to(manager, asked, PASSWORD).status_code == 302
    assert state_of(order) == "voided"


def test_wrong_passwords_lock_like_failed_sign_ins_and_are_not_stored(manager: Client, order: Order) -> None:
    asked = manager.get(void_page(order))
    answers = [answer_to(manager, asked, "a secret guess").status_code for _ in range(6)]
    assert answers == [422] * 4 + [429] * 2
    assert answer_to(manager, asked, PASSWORD).status_code == 429
    assert ASKED in words(manager.get(void_page(order)))
    assert "secret" not in str(list(AccessAttempt.objects.values()))


def test_the_password_of_somebody_else_confirms_nothing(manager: Client, order: Order) -> None:
    User.objects.create_user("bob", password="another horse battery")
    asked = manager.post(void_page(order), {"reason": "wrong lot", "username": "bob"})
    assert answer_to(manager, asked, "another horse battery").status_code == 422
    assert state_of(order) == "done"


def test_the_release_of_a_big_hold_asks_and_that_of_a_small_one_does_not(manager: Client) -> None:
    make_dealership(name=OAK)
    import_lot(OAK, 40)
    held = import_lot(OAK, 5)
    address = reverse("dataset_activate", args=[held.pk])
    asked = manager.post(address, {"reason": "a small lot now"})
    assert (ASKED in words(asked), Dataset.objects.get(pk=held.pk).status) == (True, "held")
    assert answer_to(manager, asked, PASSWORD).status_code == 302
    assert Dataset.objects.get(pk=held.pk).status == "active"

    staged = import_lot(OAK, 6, stage_only=True)
    let_pass(manager, HALF_AN_HOUR)
    assert manager.post(reverse("dataset_activate", args=[staged.pk]), {"reason": "new"}).status_code == 302
    assert Dataset.objects.get(pk=staged.pk).status == "active"


def test_users_are_made_and_changed_in_the_admin_after_the_password(manager: Client) -> None:
    new = {"username": "zoe", "password1": "a longer horse battery", "password2": "a longer horse battery"}
    new |= {"usable_password": "true", "role": str(Group.objects.get(name="staff").pk)}
    asked = manager.post("/admin/auth/user/add/", new)
    assert (ASKED in words(asked), "longer horse" in asked.content.decode()) == (True, False)
    form = answer_to(manager, asked, PASSWORD)
    # Other passwords are not sent back to a browser, so they are typed again; the rest is still there.
    assert (form.status_code, 'value="zoe"' in form.content.decode()) == (200, True)
    assert manager.post("/admin/auth/user/add/", new).status_code == 302
    zoe = User.objects.get(username="zoe")

    let_pass(manager, HALF_AN_HOUR)
    change = reverse("admin:auth_user_change", args=[zoe.pk])
    fields = {"username": "zoe", "role": str(Group.objects.get(name="viewer").pk), "is_active": "on"}
    asked = manager.post(change, fields)
    assert (ASKED in words(asked), zoe.groups.get().name) == (True, "staff")
    assert answer_to(manager, asked, PASSWORD).status_code == 302
    assert zoe.groups.get().name == "viewer"

    let_pass(manager, HALF_AN_HOUR)
    assert ASKED in words(manager.get(reverse("admin:auth_user_password_change", args=[zoe.pk])))
    assert ASKED not in words(manager.get("/admin/auth/user/"))


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("staff", 403), ("manager", 422)])
def test_a_password_opens_nothing_to_a_role_that_may_not(role: str, status: int, order: Order) -> None:
    client = signed_in(role)
    let_pass(client, HALF_AN_HOUR)
    make_dealership(name=OAK)
    import_lot(OAK, 40)
    held = import_lot(OAK, 5)
    pages = {void_page(order): {"reason": "x"}, reverse("dataset_activate", args=[held.pk]): {"reason": "x"}}
    asked = {page: client.post(page, fields).status_code for page, fields in pages.items()}
    assert asked == dict.fromkeys(pages, status)
    if status == 403:
        sent = {page: client.post(page, {**fields, "password": PASSWORD}).status_code for page, fields in pages.items()}
        assert sent == dict.fromkeys(pages, 403)
        assert client.post("/admin/auth/user/add/", {"password": PASSWORD}).status_code == 403
    assert (state_of(order), Dataset.objects.get(pk=held.pk).status) == ("done", "held")


def test_nobody_confirms_without_the_token_of_the_page(order: Order) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        User.objects.create_superuser("boss", password=PASSWORD), backend="django.contrib.auth.backends.ModelBackend"
    )
    let_pass(client, HALF_AN_HOUR)
    assert client.post(void_page(order), {"reason": "x", "password": PASSWORD}).status_code == 403
    assert state_of(order) == "done"
