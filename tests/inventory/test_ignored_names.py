"""Names of dealerships that the shop does not serve: marked once, with a reason, and the mark can be undone."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from foundation.errors import BadInput, Refused
from inventory.models import IgnoredName, UnmatchedName
from inventory.operations.ignoring import ignore_name, stop_ignoring
from tests.factories import make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, account_of, import_file, rows_at
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db
PAGE = "/imports/ignored-names/"
REASON = "the group's body shop"


def ignore(text: str, *, reason: str = REASON, actor: User | None = None) -> IgnoredName:
    return ignore_name(text=text, reason=reason, actor=actor)


def open_names() -> list[str]:
    return list(UnmatchedName.objects.open().values_list("name", flat=True))


def test_an_ignored_name_waits_for_nobody_in_any_spelling_and_its_rows_stay_counted() -> None:
    make_dealership(name=ELM)
    names = ["Body  Shop & Co.", "BODY SHOP AND CO", "Nobody", ""]
    rows = [make_row(number=n, location=name) for n, name in enumerate([*names, ELM])]
    done = import_file(make_csv(rows=rows))
    assert open_names() == ["", "BODY SHOP AND CO", "Body Shop & Co.", "Nobody"]
    ignore("body shop & co")
    ignore("")
    assert open_names() == ["Nobody"]
    assert account_of(done) == (5, 1, 0, 4)
    later = import_file(make_csv(rows=rows[:3]))
    assert (open_names(), later.rows_unmatched) == (["Nobody", "Nobody"], 3)


def test_undoing_lets_it_wait_again_and_the_history_tells_who_did_what() -> None:
    anna, bob = User.objects.create(username="anna"), User.objects.create(username="bob")
    import_file(make_csv(rows=rows_at("Body Shop", 1)))
    ignored = ignore("Body Shop", actor=anna)
    assert (ignored.created_by, ignored.reason, open_names()) == (anna, REASON, [])
    stop_ignoring(ignored_name=ignored, actor=bob)
    assert open_names() == ["Body Shop"]
    last, first = IgnoredName.history.all()
    assert (last.history_type, last.history_user, last.reason) == ("-", bob, REASON)
    assert (first.history_type, first.created_by) == ("+", anna)


def test_a_name_of_a_dealership_is_never_ignored() -> None:
    make_dealership(name=ELM)
    with pytest.raises(Refused) as refusal:
        ignore("ELM street  motors")
    assert (refusal.value.code, str(refusal.value)) == (
        "name_in_use",
        "ELM street motors is a name of Elm Street Motors. Remove that name there first.",
    )


@pytest.mark.parametrize("twice", ["Body Shop", ""])
def test_a_name_is_ignored_once(twice: str) -> None:
    ignore(twice)
    with pytest.raises(Refused, match="is ignored already"):
        ignore(f" {twice.upper()} ")
    assert IgnoredName.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "reason", "sentence"), [("x" * 201, REASON, "more than 200 characters"), ("x", " ", "Say why")]
)
def test_a_name_that_is_too_long_or_has_no_reason_is_bad_input(text: str, reason: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        ignore(text, reason=reason)


def test_the_database_wants_a_reason_too() -> None:
    with pytest.raises(IntegrityError, match="ignored_name_has_a_reason"), transaction.atomic():
        IgnoredName.objects.create(text="Body Shop", reason="")


def test_names_from_before_are_folded_by_the_migration() -> None:
    import_file(make_csv(rows=rows_at("Body  Shop & Co.", 1)))
    UnmatchedName.objects.update(folded="")
    import_module("inventory.migrations.0003_add_ignored_names").fold_names(apps, None)
    assert UnmatchedName.objects.get().folded == "body shop and co"


# Pages


def unmatched_part(client: Client, address: str) -> Any:
    return part(client.get(address), 'id="unmatched"', "</section>")


def test_staff_ignore_a_name_from_the_page_of_its_import_and_undo_it(staff: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=[*rows_at("Body & Shop", 3), *rows_at(ELM, 2, first=9)]))
    address = reverse("import_detail", args=[done.pk])
    assert f'href="{PAGE}?name=Body%20%26%20Shop&amp;import={done.pk}"' in staff.get(address).content.decode()
    assert "Body &amp; Shop" in staff.get(PAGE, {"name": "Body & Shop"}).content.decode()
    answer = staff.post(PAGE, {"name": "Body & Shop", "reason": REASON}, follow=True)
    assert "Body & Shop is ignored; its rows wait for nobody." in words(answer)
    assert f"Body & Shop {REASON} (staff," in words(answer)
    assert "Ignored by staff" in unmatched_part(staff, address)
    assert "Attach" not in unmatched_part(staff, address)
    [message] = get_messages(answer.wsgi_request)
    assert message.extra_tags == reverse("ignored_name_undo", args=[IgnoredName.objects.get().pk])
    undone = staff.post(message.extra_tags, follow=True)
    assert "Body & Shop is no longer ignored." in words(undone)
    assert "Attach" in unmatched_part(staff, address)


def test_ignoring_a_name_leads_back_to_the_import_it_was_found_in(staff: Client) -> None:
    done = import_file(make_csv(rows=rows_at("Body Shop", 3)))
    form = staff.get(PAGE, {"name": "Body Shop", "import": str(done.pk)}).content.decode()
    assert f'name="inventory_import" value="{done.pk}"' in form
    answer = staff.post(PAGE, {"name": "Body Shop", "reason": REASON, "inventory_import": done.pk})
    assert answer["Location"] == reverse("import_detail", args=[done.pk])
    for odd in ("-1", "x", "9" * 30):
        answer = staff.post(PAGE, {"name": f"Lot {odd}", "reason": REASON, "inventory_import": odd})
        assert (answer.status_code, IgnoredName.objects.count()) == (422, 1)


def test_the_start_page_and_the_list_of_imports_no_longer_warn_of_it(staff: Client) -> None:
    import_file(make_csv(rows=rows_at("Body Shop", 3)))
    warning = 'class="state warn"'
    assert "a dealership name nobody knows: Body Shop" in words(staff.get("/"))
    assert warning in staff.get("/imports/").content.decode()
    ignore("Body Shop")
    assert "nobody knows" not in words(staff.get("/"))
    assert warning not in staff.get("/imports/").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ELM, "reason": REASON}, "is a name of Elm Street Motors"),
        ({"name": "Body Shop", "reason": " "}, "Say why"),
        ({"name": "x" * 201, "reason": REASON}, "at most 200 characters"),
        ({"name": "a\0b", "reason": REASON}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_ignored_is_said_at_the_form(fields: dict[str, str], sentence: str, staff: Client) -> None:
    make_dealership(name=ELM)
    answer = staff.post(PAGE, fields)
    assert (answer.status_code, sentence in words(answer)) == (422, True)
    assert IgnoredName.objects.count() == 0


def test_ignoring_is_for_staff() -> None:
    ignored, viewer = ignore("Body Shop"), sign_in(role="viewer")
    assert viewer.get(PAGE).status_code == 403
    assert viewer.post(PAGE, {"name": "x", "reason": REASON}).status_code == 403
    assert viewer.post(reverse("ignored_name_undo", args=[ignored.pk])).status_code == 403
    done = import_file(make_csv(rows=rows_at("Nobody", 1)))
    assert PAGE not in viewer.get(reverse("import_detail", args=[done.pk])).content.decode()
    assert IgnoredName.objects.get() == ignored


@pytest.mark.parametrize("count", [1, 30])
def test_the_queries_of_the_list_do_not_grow(
    count: int, staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        ignore(f"Shop {number}", actor=User.objects.get(username="staff"))
    with django_assert_num_queries(6):
        assert staff.get(PAGE).status_code == 200
