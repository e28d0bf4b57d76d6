"""How long a sign-in lasts."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from silverfox.sessions import SIGNED_IN_AT
from tests.pages import HTMX

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
PAGE = "/accounts/password/"


@pytest.fixture
def browser(client: Client) -> Client:
    User.objects.create_user("ann", password=PASSWORD)
    answer = client.post(reverse("login"), {"username": "ann", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def let_pass(passed: timedelta) -> None:
    """Make every session as old as it would be by then."""
    Session.objects.update(expire_date=F("expire_date") - passed)


def begin_earlier(browser: Client, earlier: timedelta) -> None:
    session = browser.session
    session[SIGNED_IN_AT] -= earlier.total_seconds()
    session.save()


def left() -> timedelta:
    """How long the only session still lasts."""
    return Session.objects.get().expire_date - timezone.now()


def test_two_hours_without_a_request_lead_to_the_sign_in(browser: Client) -> None:
    let_pass(timedelta(hours=1, minutes=59))
    assert browser.get(PAGE).status_code == 200
    let_pass(timedelta(hours=2, seconds=1))
    assert browser.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    assert browser.get(PAGE, headers=HTMX).status_code == 401


def test_the_limit_is_real_time(browser: Client, settings: Settings) -> None:
    settings.SESSION_IDLE_SECONDS = 1
    begin_earlier(browser, timedelta())
    assert browser.get(PAGE).status_code == 200
    time.sleep(1.1)
    assert browser.get(PAGE).status_code == 302


def test_requests_keep_a_session_alive_and_never_beyond_twelve_hours(browser: Client) -> None:
    for _ in range(3):
        let_pass(timedelta(minutes=110))
        assert browser.get(PAGE).status_code == 200
        assert timedelta(minutes=119) < left() <= timedelta(hours=2)
    begin_earlier(browser, timedelta(hours=11, minutes=30))
    let_pass(timedelta(minutes=20))
    assert browser.get(PAGE).status_code == 200
    assert timedelta(minutes=5) < left() <= timedelta(minutes=30)
    begin_earlier(browser, timedelta(minutes=30))
    assert browser.get(PAGE).status_code == 302


def test_a_request_writes_once_a_minute_at_most(browser: Client) -> None:
    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(PAGE).status_code == 200
        return sum("UPDATE" in query["sql"] for query in queries)

    let_pass(timedelta(seconds=30))
    assert [writes(), writes()] == [0, 0]
    let_pass(timedelta(seconds=31))
    assert [writes(), writes()] == [1, 0]


def test_a_session_without_a_beginning_keeps_the_end_that_it_was_given(browser: Client) -> None:
    session = browser.session
    del session[SIGNED_IN_AT]
    session.save()
    let_pass(timedelta(hours=1))
    assert browser.get(PAGE).status_code == 200
    assert left() <= timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_pages_are_read_when_the_end_cannot_be_moved(browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    let_pass(timedelta(minutes=10))
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            assert browser.get(PAGE).status_code == 200
        finally:
            cursor.execute("RESET default_transaction_read_only")
    assert "session not renewed" in caplog.messages
    assert timedelta(minutes=109) < left() <= timedelta(minutes=110)
    assert browser.get(PAGE).status_code == 200
    assert left() > timedelta(minutes=119)
