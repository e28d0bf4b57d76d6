"""Every page of the product: the lines of the access table that answer a person with a whole document."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from tests.browser.conftest import make_user
from tests.pages import content_of
from tests.silverfox.access_table import PAGES

MAY_ALL = "superuser"


def documents(places: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """The addresses of the pages by name, of those for which there is a place; files and parts of pages are none."""
    client = Client()
    client.force_login(make_user(MAY_ALL), backend="django.contrib.auth.backends.ModelBackend")
    known = {name: page.at for name, page in PAGES.items() if page.get == 200 and page.at in places}
    addresses = {name: reverse(name, args=places[at]) for name, at in known.items()}
    return {name: address for name, address in addresses.items() if _is_document(client.get(address))}


def _is_document(answer: HttpResponseBase) -> bool:
    body = content_of(answer) if answer.streaming else getattr(answer, "content", b"")
    return answer["Content-Type"].startswith("text/html") and body.lstrip()[:9].lower() == b"<!doctype"
