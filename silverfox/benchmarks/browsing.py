"""A signed-in person who asks for pages; stands for the server's part of a request, from its address to its bytes."""

from collections.abc import Callable
from statistics import median
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from foundation.errors import Refused
from foundation.roles import STAFF
from silverfox.benchmarks.comparing import seconds

HOST = "localhost"


def sign_in() -> tuple[Client, User]:
    """A browser, and the member of staff who sits before it; pages name the static files that are collected."""
    call_command("collectstatic", interactive=False, verbosity=0)
    user = User.objects.create_user("benchmark")
    user.groups.add(Group.objects.get_or_create(name=STAFF)[0])
    browser = Client(headers={"host": HOST})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser, user


def median_ms(ask: Callable[[], Any], rounds: int) -> float:
    """The median of so many requests, in milliseconds. Raises `Refused` as `answer_of`."""

    def ask_once() -> None:
        answer_of(ask())

    return round(median(seconds(ask_once) for _ in range(rounds)) * 1000, 1)


def answer_of(response: Any) -> bytes:
    """The bytes of an answer. Raises `Refused` when it is not the page that was asked for."""
    if response.status_code != 200:
        raise Refused(f"{response.request['PATH_INFO']} answered {response.status_code}.", code="not_done")
    return bytes(response.content)
