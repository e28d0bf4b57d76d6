"""Every page of the product: the lines of the access table that answer a person with a whole document."""

from collections.abc import Iterator

from django.urls import reverse

from tests.pages import content_of, sign_in
from tests.silverfox.access_table import PAGES
from tests.silverfox.test_access import make_places

MAY_ALL = "superuser"


def documents() -> dict[str, str]:
    """The addresses of the pages by name, with rows for all that they are about."""
    places = make_places()
    asked = {name: reverse(name, args=places[page.at]) for name, page in PAGES.items() if page.get == 200}
    return dict(_documents(asked))


def _documents(asked: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Files and parts of pages are none."""
    client = sign_in(role=MAY_ALL)
    for name, address in asked.items():
        answer = client.get(address)
        body = content_of(answer) if answer.streaming else answer.content
        if answer["Content-Type"].startswith("text/html") and body.lstrip()[:9].lower() == b"<!doctype":
            yield name, address
