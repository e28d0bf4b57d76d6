"""Who did what, when, and what it was before: recorded wherever it happens, never changed, shown to managers."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dealerships.models import Dealership
from foundation.auditing import record
from foundation.errors import BadInput
from foundation.models import AuditEntry, Traced
from inventory.models import Dataset, DatasetEvent
from inventory.operations.activation import activate_dataset
from orders.models import Artifact, OrderEvent
from orders.operations.completing import void_order
from silverfox.audit_trail import Event, Question, read_trail
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles
from tests.pages import content_of, sign_in, words

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
HISTORIES = [model for model in apps.get_models() if hasattr(model, "history_object")]


def trail(**question: Any) -> list[Event]:
    return read_trail(question=Question(**question))


def actions(**question: Any) -> list[str]:
    return [event.action for event in trail(**question)]


def type_in(client: Client, password: str) -> None:
    client.post("/accounts/login/", {"username": "dana", "password": password}, headers={"X-Request-ID": "asked-1234"})


def test_signing_in_and_out_failing_and_being_locked_out_are_recorded_without_passwords() -> None:
    User.objects.create_user("dana", password=PASSWORD)
    client = Client()
    type_in(client, PASSWORD)
    client.post("/accounts/logout/")
    for _ in range(5):
        type_in(client, "hunter2-secret")
    assert actions(object_type="account") == [
        "account.sign_in_failed",
        "account.locked_out",
        *["account.sign_in_failed"] * 4,
        "account.signed_out",
        "account.signed_in",
    ]
    first = trail(object_type="account")[-1]
    assert (first.actor, first.address, first.request_id) == ("dana", "127.0.0.1", "asked-1234")
    assert "hunter2" not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_a_refused_page_is_recorded_with_who_asked_for_it() -> None:
    sign_in(role="viewer").get("/imports/upload/")
    Client().get("/imports/upload/")
    [event] = trail(object_type="page")
    assert (event.actor, event.action, event.object_name) == ("viewer", "access.refused", "/imports/upload/")


def test_users_their_rights_and_roles_are_recorded_with_before_and_after() -> None:
    manager = sign_in(role="manager")
    dana = User.objects.create_user("dana", password=PASSWORD)
    dana.groups.add(Group.objects.get(name="viewer"))
    fields = {"username": "dana", "first_name": "Dana", "role": Group.objects.get(name="staff").pk}
    manager.post(f"/admin/auth/user/{dana.pk}/change/", fields)
    changes = {(event.actor, event.action, *change) for event in trail(text="dana") for change in event.changes}
    assert changes >= {
        ("manager", "user.changed", "is_active", True, False),
        ("manager", "user.changed", "first_name", "", "Dana"),
        ("manager", "user.role_changed", "role", "viewer", ""),
        ("manager", "user.role_changed", "role", "", "staff"),
    }
    dana.refresh_from_db()
    dana.set_password("another horse battery")
    dana.save()
    assert trail(text="dana")[0].changes == [("password", "", "changed")]


def test_a_changed_rule_shows_what_it_was_and_from_where() -> None:
    elm = make_dealership(price_min=100)
    manager = sign_in(role="manager")
    page = f"/admin/dealerships/dealership/{elm.pk}/change/"
    form = manager.get(page).context["adminform"].form
    fields = {name: "" if value is None else value for name, value in form.initial.items()}
    empty = {f"{name}-{count}": "0" for name in ("aliases", "rewrites") for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
    answer = manager.post(
        page,
        fields | empty | {"approved_hosts": "elm.example"} | {"price_min": "5000"},
        headers={"X-Request-ID": "asked-1234"},
    )
    assert answer.status_code == 302, words(answer)
    [event] = trail(object_type="dealership", actor="manager")
    changes = {name: (str(before), str(after)) for name, before, after in event.changes}
    assert (changes["price_min"], changes["approved_hosts"]) == (("100.00", "5000.00"), ("[]", "['elm.example']"))
    assert (event.action, event.request_id, event.address) == ("dealership.changed", "asked-1234", "127.0.0.1")


def test_imports_datasets_orders_voids_logs_and_downloads_are_in_one_trail() -> None:
    elm, boss = make_dealership(), User.objects.create_superuser("boss")
    make_vehicles(dealership=elm, count=2)
    make_vehicles(dealership=elm, count=3)
    activate_dataset(dataset=Dataset.objects.filter(status="archived")[0], actor=boss, reason="better")
    log_vins(dealership=elm, vins=["1C4RJFAG0NC000001"])
    done = finish_order(order=make_order(dealership=elm), order_number="45001")
    csv = Artifact.objects.get(order=done, kind="csv")
    content_of(sign_in(role="staff").get(f"/orders/files/{csv.public_id}/"))
    void_order(order=done, reason="wrong lot", actor=boss)
    events = trail()
    assert {event.action for event in events} >= {
        "import.created", "dataset.active", "dataset.archived", "vin_log.imported", "order.void", "file.downloaded",
        "dealership.created", "output_template.version_saved",
    }  # fmt: skip
    void = next(event for event in events if event.action == "order.void")
    assert (void.actor, void.detail, void.changes) == ("boss", "wrong lot", [("state", "done", "voided")])
    assert [event.object_name for event in events if event.action == "file.downloaded"] == [csv.name]
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)


@pytest.mark.parametrize("model", [AuditEntry, OrderEvent, DatasetEvent, *HISTORIES], ids=lambda model: model.__name__)
def test_no_recorded_event_can_be_changed_or_deleted(model: Any) -> None:
    assert issubclass(model, Traced)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgtype FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
            [model._meta.db_table, f"{model._meta.db_table}_append_only"],
        )
        # For each row, before, on delete and update.
        assert cursor.fetchall() == [(1 + 2 + 8 + 16,)]


def test_the_database_itself_refuses_a_change() -> None:
    record("page.seen", object_type="page", object_name="two\r\nlines")
    entry = AuditEntry.objects.get()
    assert entry.object_name == "two lines"
    for change in (lambda: AuditEntry.objects.update(action="x"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            change()


def test_the_page_finds_by_who_what_when_and_word(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(130):
        record("page.seen", object_type="page", object_name=f"number {number}", actor_name="<b>eve</b>")
    Dealership.objects.update_or_create(name="Elm", defaults={"short_code": "ELM", "file_name": "Elm"})
    manager = sign_in(role="manager")
    with django_assert_max_num_queries(14):
        page = manager.get("/audit/")
    assert ("&lt;b&gt;eve&lt;/b&gt;" in page.content.decode(), page.content.decode().count("<tr>")) == (True, 101)
    older = manager.get("/audit/", {"about": "page", "page": "2"})
    assert (words(older).count("page number"), "Newer" in words(older), "Older" in words(older)) == (30, True, False)
    assert words(manager.get("/audit/", {"q": "number 129"})).count("page number") == 1
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert "Nothing of the kind is recorded" in words(manager.get("/audit/", {"since": str(tomorrow)}))
    assert "Nothing of the kind is recorded" in words(manager.get("/audit/", {"who": "nobody"}))
    assert manager.get("/audit/", {"since": "yesterday"}).status_code == 422


def test_the_command_prints_the_trail() -> None:
    make_dealership()
    record("page.seen", object_type="page", object_name="the lot", actor_name="eve", after={"n": 1})
    out = io.StringIO()
    call_command("audit_trail", "--json", "--who", "eve", stdout=out)
    [event] = json.loads(out.getvalue())["events"]
    assert (event["actor"], event["changes"]) == ("eve", [{"field": "n", "before": "", "after": 1}])
    lines = io.StringIO()
    call_command("audit_trail", "--limit", "2", stdout=lines)
    assert ("eve  page.seen  the lot  n:  -> 1" in lines.getvalue(), lines.getvalue().count("\n")) == (True, 2)
    with pytest.raises(BadInput, match="--since 'soon' is no day"):
        call_command("audit_trail", "--since", "soon")
