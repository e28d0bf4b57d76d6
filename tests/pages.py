"""Browsers signed in by role, and what a test reads off their pages."""

import html
import re
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

HTMX = {"HX-Request": "true"}


def sign_in(*, role: str) -> Client:
    """A browser of a person with that role; `nobody` is not signed in."""
    client = Client()
    if role != "nobody":
        user, _ = User.objects.get_or_create(username=role)
        user.groups.set([Group.objects.get_or_create(name=role)[0]])
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def words(response: Any) -> str:
    """The text of a page on one line, without markup."""
    markup = response.content.decode()
    # Named templates are models of what scripts say; the others carry parts of an answer.
    for unseen in (r"<(script|svg|datalist)\b.*?</\1>", r"<template id=.*?</template>"):
        markup = re.sub(unseen, " ", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def part(response: Any, start: str, end: str) -> str:
    """The words of a page between two pieces of its markup."""
    text = response.content.decode()
    begin = text.index(start)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text[begin : text.index(end, begin)])).split())


def content_of(response: Any) -> bytes:
    """The bytes of a file that was sent; reading them to the end closes the file."""
    return b"".join(response)
