"""What a person chose about the pages: kept on the server, for that person only."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from foundation.models import Preferences
from foundation.preferences import change_preferences, preferences_of
from tests.pages import sign_in

pytestmark = pytest.mark.django_db
CHOICES = "/preferences/"


def attributes(client: Client) -> str:
    """What stands in the tag of the whole page."""
    page = client.get("/orders/").content.decode()
    return page[page.index("<html") : page.index(">", page.index("<html"))]


def test_who_never_chose_has_what_everybody_has() -> None:
    assert attributes(sign_in(role="staff")) == '<html lang="en"'
    assert not Preferences.objects.exists()


@pytest.mark.parametrize(
    ("name", "value", "attribute"),
    [
        ("theme", "light", ' data-theme="light"'),
        ("theme", "dark", ' data-theme="dark"'),
        ("theme", "system", ""),
        ("comfortable", "yes", ' data-rows="comfortable"'),
        ("single_keys", "no", ' data-keys="off"'),
        ("single_keys", "yes", ""),
    ],
)
def test_a_choice_stands_on_every_page_of_that_person(name: str, value: str, attribute: str) -> None:
    staff, other = sign_in(role="staff"), sign_in(role="viewer")
    answer = staff.post(CHOICES, {name: value}, headers={"Referer": "http://testserver/orders/?state=done"})
    assert (answer.status_code, answer["Location"]) == (302, "/orders/?state=done")
    assert attributes(staff) == f'<html lang="en"{attribute}'
    assert attributes(other) == '<html lang="en"'


def test_one_choice_leaves_the_others() -> None:
    staff = sign_in(role="staff")
    staff.post(CHOICES, {"theme": "light"})
    staff.post(CHOICES, {"comfortable": "yes"})
    assert attributes(staff) == '<html lang="en" data-theme="light" data-rows="comfortable"'


@pytest.mark.parametrize("sent", [{"theme": '"><script>'}, {"theme": "blue"}, {"comfortable": "2"}])
def test_what_cannot_be_chosen_is_refused(sent: dict[str, str]) -> None:
    staff = sign_in(role="staff")
    assert staff.post(CHOICES, sent).status_code == 422
    assert attributes(staff) == '<html lang="en"'


def test_the_menu_tells_what_is_chosen() -> None:
    staff = sign_in(role="staff")
    staff.post(CHOICES, {"theme": "light"})
    page = " ".join(staff.get("/orders/").content.decode().split())
    assert page.count('value="light" aria-pressed="true">Light') == 1
    assert page.count('value="dark" aria-pressed="false">Dark') == 1


def test_the_columns_of_a_table_are_kept_by_its_name() -> None:
    person = User.objects.create_user("dana")
    assert preferences_of(person).columns == {}
    change_preferences(person, columns={"review": ["make", "model"]})
    assert preferences_of(User.objects.get(pk=person.pk)).columns == {"review": ["make", "model"]}


def test_the_database_knows_the_themes() -> None:
    person = User.objects.create_user("dana")
    with pytest.raises(IntegrityError, match="known_theme"):
        change_preferences(person, theme="blue")
