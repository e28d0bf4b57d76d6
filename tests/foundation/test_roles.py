"""Which role opens which door."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from foundation.roles import AuthenticatedRequest, has_role, manager_required, staff_required

ROLES = ["viewer", "staff", "manager"]


def make_user(*, group: str = "", is_superuser: bool = False, is_active: bool = True) -> User:
    user = User.objects.create(username=f"user {group}", is_superuser=is_superuser, is_active=is_active)
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return User.objects.get(pk=user.pk)


def make_request(user: User | AnonymousUser, *, htmx: bool = False) -> HttpRequest:
    request = RequestFactory().post("/", headers={"HX-Request": "true"} if htmx else {})
    request.user = user
    return request


@staff_required
def staff_page(request: AuthenticatedRequest, word: str) -> HttpResponse:
    return HttpResponse(f"{word} for {request.user.get_username()}")


@manager_required
def manager_page(request: AuthenticatedRequest) -> HttpResponse:
    return HttpResponse("settings")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("group", "roles"),
    [("viewer", ["viewer"]), ("staff", ["viewer", "staff"]), ("manager", ROLES), ("accountants", []), ("", [])],
)
def test_each_role_includes_the_ones_below_it(group: str, roles: list[str]) -> None:
    user = make_user(group=group)
    assert [name for name in ROLES if has_role(user, name)] == roles


@pytest.mark.django_db
def test_a_superuser_counts_as_a_manager() -> None:
    user = make_user(is_superuser=True)
    assert [name for name in ROLES if has_role(user, name)] == ROLES


@pytest.mark.django_db
def test_a_disabled_manager_has_no_role() -> None:
    user = make_user(group="manager", is_active=False)
    assert [name for name in ROLES if has_role(user, name)] == []


def test_nobody_has_no_role() -> None:
    assert [name for name in ROLES if has_role(AnonymousUser(), name)] == []


def test_an_unknown_role_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="There is no role 'boss'"):
        has_role(AnonymousUser(), "boss")


@pytest.mark.django_db
def test_the_groups_are_read_once_per_request(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = make_user(group="staff")
    with django_assert_num_queries(1):
        assert [has_role(user, name) for name in ROLES] == [True, True, False]


@pytest.mark.django_db
def test_staff_pass_and_the_view_gets_its_arguments() -> None:
    response = staff_page(make_request(make_user(group="staff")), "files")
    assert response.content == b"files for user staff"  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["viewer", ""])
def test_others_get_the_page_that_says_so(group: str) -> None:
    with pytest.raises(PermissionDenied):
        staff_page(make_request(make_user(group=group)), "files")


@pytest.mark.django_db
def test_htmx_gets_a_sentence_instead_of_a_page() -> None:
    response = staff_page(make_request(make_user(group="viewer"), htmx=True), "files")
    assert response.status_code == 403
    assert response["Content-Type"] == "text/plain"


@pytest.mark.django_db
def test_settings_are_open_to_managers_only() -> None:
    assert manager_page(make_request(make_user(group="manager"))).status_code == 200
    with pytest.raises(PermissionDenied):
        manager_page(make_request(make_user(group="staff")))
