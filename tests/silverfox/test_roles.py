"""The roles as they stand in the database, and what the admin site opens to each."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from dealerships.models import Dealership
from tests.factories import make_dealership
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
CONFIGURED = {
    "dealerships.dealership",
    "dealerships.pathprofile",
    "inventory.conditionmapping",
    "inventory.lotstatusmapping",
    "inventory.pricephrase",
    "scrapers.website",
    "auth.user",
}


def changelist(label: str) -> str:
    return reverse("admin:{}_{}_changelist".format(*label.split(".")))


def registered() -> set[str]:
    return {model._meta.label_lower for model in admin.site._registry}


def permissions_of(role: str) -> set[str]:
    rows = Permission.objects.filter(group__name=role).values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def boss() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_three_groups_exist_after_a_migration() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {"viewer", "staff", "manager"}


def test_only_managers_hold_permissions_and_none_to_delete_what_history_needs() -> None:
    assert [permissions_of("viewer"), permissions_of("staff")] == [set(), set()]
    deletions = {permission for permission in permissions_of("manager") if ".delete_" in permission}
    assert deletions == {
        "dealerships.delete_dealershipalias",
        "dealerships.delete_textrewrite",
        "inventory.delete_conditionmapping",
        "inventory.delete_lotstatusmapping",
        "inventory.delete_pricephrase",
    }


def test_a_migration_takes_back_what_was_granted_by_hand() -> None:
    manager = Group.objects.get(name="manager")
    before = permissions_of("manager")
    manager.permissions.add(Permission.objects.get(codename="delete_user"))
    call_command("migrate", verbosity=0)
    assert permissions_of("manager") == before


def test_managers_see_the_configuration_and_nothing_else_in_the_admin() -> None:
    manager = sign_in(role="manager")
    answers = {label: manager.get(changelist(label)).status_code for label in registered()}
    assert {label for label, status in answers.items() if status == 200} == CONFIGURED
    assert {status for label, status in answers.items() if label not in CONFIGURED} == {403}


def test_superusers_see_every_table_of_the_admin() -> None:
    client = boss()
    assert {label: client.get(changelist(label)).status_code for label in registered()} == dict.fromkeys(
        registered(), 200
    )


def test_the_queue_and_the_groups_are_not_in_the_admin() -> None:
    assert {label for label in registered() if label.startswith("django_q.") or label == "auth.group"} == set()


@pytest.mark.parametrize("role", ["viewer", "staff"])
def test_others_are_told_that_the_admin_is_not_open_to_them(role: str) -> None:
    answer = sign_in(role=role).get("/admin/", follow=True)
    assert (answer.status_code, "This is not open to your account" in words(answer)) == (403, True)


def test_nobody_signs_in_by_a_second_door() -> None:
    answer = Client().get("/admin/dealerships/dealership/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/admin/dealerships/dealership/"


def test_a_manager_at_the_admins_own_door_is_led_in() -> None:
    assert sign_in(role="manager").get("/admin/login/")["Location"] == "/admin/"


def test_the_admin_leads_to_no_foreign_site_after_signing_in() -> None:
    answer = Client().get("/admin/login/", {"next": "https://evil.example/"})
    assert answer["Location"] == "/accounts/login/?next=https%3A//evil.example/"
    User.objects.create_user("dana", password="correct horse battery")
    signed_in = Client().post(answer["Location"], {"username": "dana", "password": "correct horse battery"})
    assert signed_in["Location"] == "/"


@pytest.mark.parametrize(
    "label",
    [
        "orders.order", "orders.orderevent", "orders.artifact", "orders.vinlogentry", "orders.vinlogimport",
        "inventory.inventoryimport", "inventory.dataset",
    ],
)  # fmt: skip
def test_records_cannot_be_added_in_the_admin_even_by_a_superuser(label: str) -> None:
    assert boss().get(reverse("admin:{}_{}_add".format(*label.split(".")))).status_code == 403


def test_a_dealership_cannot_be_deleted_even_by_a_superuser() -> None:
    elm = make_dealership()
    assert (
        boss().post(reverse("admin:dealerships_dealership_delete", args=[elm.pk]), {"post": "yes"}).status_code == 403
    )
    assert Dealership.objects.get() == elm


# Users


def new_user(client: Client, **fields: object) -> None:
    password = "correct horse battery"
    values = {"username": "dana", "usable_password": "true", "password1": password, "password2": password, **fields}
    client.post(reverse("admin:auth_user_add"), values)


def test_a_manager_makes_a_user_with_one_role() -> None:
    new_user(sign_in(role="manager"), role=Group.objects.get(name="staff").pk, is_superuser="on")
    dana = User.objects.get(username="dana")
    assert ([group.name for group in dana.groups.all()], dana.is_superuser, dana.is_staff) == (["staff"], False, False)


def test_a_user_without_a_role_cannot_be_made() -> None:
    new_user(sign_in(role="manager"))
    assert User.objects.filter(username="dana").exists() is False


def test_a_changed_role_replaces_the_former_one() -> None:
    manager = sign_in(role="manager")
    new_user(manager, role=Group.objects.get(name="staff").pk)
    dana = User.objects.get(username="dana")
    page = reverse("admin:auth_user_change", args=[dana.pk])
    fields = {"username": "dana", "role": Group.objects.get(name="viewer").pk, "is_active": "on", "is_superuser": "on"}
    assert manager.post(page, fields).status_code == 302
    dana.refresh_from_db()
    assert ([group.name for group in dana.groups.all()], dana.is_superuser) == (["viewer"], False)


def test_managers_neither_see_nor_change_superusers() -> None:
    king = User.objects.create_superuser("king")
    manager = sign_in(role="manager")
    assert "king" not in words(manager.get(changelist("auth.user")))
    assert manager.post(reverse("admin:auth_user_change", args=[king.pk]), {"username": "pawn"}).status_code == 302
    assert manager.get(reverse("admin:auth_user_password_change", args=[king.pk])).status_code != 200
    king.refresh_from_db()
    assert king.username == "king"


def test_users_are_switched_off_not_deleted() -> None:
    dana = User.objects.create_user("dana")
    assert boss().post(reverse("admin:auth_user_delete", args=[dana.pk]), {"post": "yes"}).status_code == 403
