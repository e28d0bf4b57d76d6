import io
import json
import logging
import re
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from silverfox.json_log import JsonFormatter

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
}
AGAINST_THE_POLICY = re.compile(
    r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=|\son[a-z]+=", re.IGNORECASE
)
PASSWORD = "correct horse battery"


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def sign_in(client: Client, password: str, *, username: str = "boss", address: str = "10.0.0.1", **headers: str) -> int:
    typed = {"username": username, "password": password, "next": "/healthz"}
    answer = client.post("/accounts/login/", typed, REMOTE_ADDR=address, headers=headers)
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_healthz_asks_neither_login_nor_database(
    client: Client, boss: User, django_assert_num_queries: DjangoAssertNumQueries, *, is_signed_in: bool
) -> None:
    if is_signed_in:
        client.force_login(boss)
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/admin/login/", "/nowhere/", "/admin/"])
def test_every_answer_carries_the_content_policy(client: Client, path: str) -> None:
    assert set(client.get(path).headers["Content-Security-Policy"].split("; ")) == POLICY


@pytest.mark.django_db
def test_the_admin_site_keeps_to_the_content_policy(client: Client, boss: User) -> None:
    client.force_login(boss)
    pages = ["/admin/", "/admin/password_change/"]
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        pages += [base, f"{base}add/"]
    broken = {}
    for page in pages:
        answer = client.get(page)
        if answer.status_code == 200:
            broken[page] = AGAINST_THE_POLICY.findall(answer.content.decode())
    assert {page: found for page, found in broken.items() if found} == {}
    assert broken["/admin/auth/user/add/"] == []


@pytest.mark.django_db
def test_the_sixth_attempt_with_a_wrong_password_is_refused_even_with_the_right_one(client: Client, boss: User) -> None:
    answers = [sign_in(client, "wrong") for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert sign_in(client, PASSWORD) == 429


@pytest.mark.django_db
def test_a_lockout_is_of_one_name_at_one_address(client: Client, boss: User) -> None:
    User.objects.create_user("other", password=PASSWORD)
    for _ in range(5):
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD, username="other") == 302
    assert sign_in(client, PASSWORD, address="10.0.0.2") == 302


@pytest.mark.django_db
def test_a_forged_address_header_does_not_begin_the_count_again(client: Client, boss: User) -> None:
    answers = [sign_in(client, "wrong", **{"X-Forwarded-For": f"10.9.9.{number}"}) for number in range(5)]
    assert answers[-1] == 429


@pytest.mark.django_db
def test_a_lockout_ends_after_fifteen_minutes(client: Client, boss: User) -> None:
    for _ in range(5):
        sign_in(client, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert sign_in(client, PASSWORD) == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(client, PASSWORD) == 302


@pytest.mark.django_db
def test_the_session_cookie_is_closed_to_scripts_and_lasts_twelve_hours(client: Client, boss: User) -> None:
    sign_in(client, PASSWORD)
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 12 * 60 * 60)


def test_a_log_record_is_one_line_of_json_with_its_details() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    try:
        raise ValueError("line one\nline two")
    except ValueError:
        record = logging.LogRecord("sf.test", logging.WARNING, "x", 1, "two\nlines %s", ("a",), sys.exc_info())
    record.__dict__.update(order_id=7, request=object())
    handler.emit(record)
    [line] = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry.pop("time").endswith("+00:00")
    assert entry.pop("exception").endswith("ValueError: line one\nline two")
    assert entry == {"level": "WARNING", "logger": "sf.test", "message": "two\nlines a", "order_id": 7}


@pytest.mark.django_db
def test_a_person_signs_out_everywhere_and_nobody_else_is_signed_out(client: Client, boss: User) -> None:
    User.objects.create_user("other", password=PASSWORD)
    elsewhere, colleague = Client(), Client()
    assert [sign_in(browser, PASSWORD) for browser in (client, elsewhere)] == [302, 302]
    assert sign_in(colleague, PASSWORD, username="other") == 302
    assert "Sign out everywhere" in client.get("/accounts/password/").content.decode()
    assert client.post("/accounts/sign-out-everywhere/")["Location"] == "/accounts/login/"
    pages = [browser.get("/accounts/password/").status_code for browser in (client, elsewhere, colleague)]
    assert pages == [302, 302, 200]


@pytest.mark.django_db
def test_a_changed_password_signs_other_browsers_out(client: Client, boss: User) -> None:
    other = Client()
    for browser in (client, other):
        assert sign_in(browser, PASSWORD) == 302
    typed = {
        "old_password": PASSWORD,
        "new_password1": "a longer horse battery",
        "new_password2": "a longer horse battery",
    }
    assert client.post("/accounts/password/", typed | {"old_password": "guess"}).status_code == 200
    assert client.post("/accounts/password/", typed)["Location"] == "/"
    assert (client.get("/").status_code, other.get("/").status_code) == (200, 302)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password1234", "123456789012345"])
def test_a_weak_password_is_refused(client: Client, boss: User, password: str) -> None:
    sign_in(client, PASSWORD)
    typed = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    assert "field has-error" in client.post("/accounts/password/", typed).content.decode()


@pytest.mark.django_db
def test_an_address_has_twenty_failed_attempts_an_hour_whatever_names_it_tries(client: Client, boss: User) -> None:
    answers = [sign_in(client, "wrong", username=f"name {number}") for number in range(21)]
    assert answers == [200] * 20 + [429]
    assert sign_in(client, PASSWORD) == 429
    assert sign_in(client, PASSWORD, address="10.0.0.2") == 302


@pytest.mark.django_db
def test_signing_in_with_the_right_password_costs_no_attempt(client: Client, boss: User) -> None:
    assert [sign_in(Client(), PASSWORD) for _ in range(22)] == [302] * 22
