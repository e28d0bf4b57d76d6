"""Taking log entries out of force: what it does, what it refuses, what stays on record, and who was first."""

import threading
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection

from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from foundation.models import AuditEntry
from orders.models import OrderEvent, VinLogEntry
from orders.operations.selecting import select_for_cao
from orders.operations.voiding import MOST_AT_ONCE, plan_void, void_log_entries
from silverfox.system.integrity import find_violations
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles, make_vin

pytestmark = pytest.mark.django_db


@pytest.fixture
def elm() -> Dealership:
    return make_dealership()


@pytest.fixture
def boss() -> User:
    return User.objects.create_user("boss")


def ids(**wanted: object) -> list[int]:
    return list(VinLogEntry.objects.filter(**wanted).values_list("pk", flat=True))


def selected(dealership: Dealership) -> set[str]:
    selection = select_for_cao(dealership=dealership, group=ConditionGroup.ALL, today=date(2026, 7, 1))
    return {candidate.facts.vin for candidate in selection.selected}


def test_a_voided_vehicle_is_selected_again_and_the_others_are_not(elm: Dealership, boss: User) -> None:
    vins = make_vehicles(dealership=elm, count=3)
    log_vins(dealership=elm, vins=vins)
    assert selected(elm) == set()
    assert void_log_entries(entry_ids=ids(vin__in=vins[:2]), reason="  wrong dealership ", actor=boss) == 2
    assert selected(elm) == set(vins[:2])
    entries = VinLogEntry.objects.filter(voided_at__isnull=False)
    assert {(entry.void_reason, entry.voided_by) for entry in entries} == {("wrong dealership", boss)}


def test_the_plan_tells_who_is_free_and_who_stays_printed(elm: Dealership) -> None:
    first, second = make_vin(number=1), make_vin(number=2)
    log_vins(dealership=elm, vins=[first, second], label="43001")
    log_vins(dealership=elm, vins=[first], label="43002")
    log_vins(dealership=make_dealership(name="Oak Street Motors"), vins=[second], label="43001")
    plan = plan_void(entry_ids=ids(dealership=elm, label="43001"))
    assert (len(plan.entries), plan.void_already, plan.freed, plan.still_logged) == (2, 0, 1, 1)
    void_log_entries(entry_ids=ids(label="43002"), reason="twice")
    plan = plan_void(entry_ids=ids(dealership=elm))
    assert (len(plan.entries), plan.void_already, plan.freed, plan.still_logged) == (2, 1, 2, 0)


def test_the_audit_trail_keeps_who_why_and_which_by_dealership(elm: Dealership, boss: User) -> None:
    oak = make_dealership(name="Oak Street Motors")
    for dealership in (elm, oak):
        log_vins(dealership=dealership, vins=[make_vin(number=1), make_vin(number=2)])
    void_log_entries(entry_ids=ids(), reason="a trial", actor=boss)
    trail = AuditEntry.objects.filter(action="vin_log.voided").order_by("object_name")
    assert [(e.object_name, e.actor_name, e.detail, e.after) for e in trail] == [
        ("Elm Street Motors", "boss", "a trial", {"entries_voided": sorted(ids(dealership=elm))}),
        ("Oak Street Motors", "boss", "a trial", {"entries_voided": sorted(ids(dealership=oak))}),
    ]


def test_an_order_keeps_what_happened_to_its_entries_and_stays_done(elm: Dealership, boss: User) -> None:
    make_vehicles(dealership=elm, count=3)
    order = finish_order(order=make_order(dealership=elm))
    void_log_entries(entry_ids=ids(order=order)[:2], reason="never printed", actor=boss)
    event = OrderEvent.objects.filter(order=order).latest("id")
    assert (event.action, event.detail, event.actor) == (
        "void log entries",
        "2 of its VINs left the VIN log: never printed",
        boss,
    )
    order.refresh_from_db()
    assert order.state == "done"
    assert find_violations() == []


def test_voiding_again_changes_nothing(elm: Dealership) -> None:
    log_vins(dealership=elm, vins=[make_vin(number=1), make_vin(number=2)])
    one, two = ids()
    void_log_entries(entry_ids=[one], reason="first reason")
    assert void_log_entries(entry_ids=[one, two], reason="second reason") == 1
    with pytest.raises(Refused, match="Every chosen log entry is void already; nothing was changed."):
        void_log_entries(entry_ids=[one, two], reason="third reason")
    assert set(VinLogEntry.objects.values_list("void_reason", flat=True)) == {"first reason", "second reason"}


@pytest.mark.parametrize(
    ("chosen", "reason", "code"),
    [
        ([], "x", "no_entries"),
        ([999_999_999], "x", "unknown_entries"),
        (range(1, MOST_AT_ONCE + 2), "x", "too_many_entries"),
        ([1], "  ", "no_reason"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(chosen: list[int], reason: str, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        void_log_entries(entry_ids=chosen, reason=reason)
    assert refusal.value.code == code


def test_an_unknown_entry_among_others_stops_all(elm: Dealership) -> None:
    log_vins(dealership=elm, vins=[make_vin(number=1)])
    with pytest.raises(BadInput, match="1 of the chosen log entries do not exist"):
        void_log_entries(entry_ids=[*ids(), 999_999_999], reason="x")
    assert VinLogEntry.objects.in_force().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_at_once_one_voids_and_the_other_is_told() -> None:
    log_vins(dealership=make_dealership(), vins=[make_vin(number=1), make_vin(number=2)])
    wanted, told, ready = ids(), [], threading.Barrier(2)

    def void(reason: str) -> None:
        try:
            ready.wait(timeout=30)
            told.append(str(void_log_entries(entry_ids=wanted, reason=reason)))
        except Refused as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=void, args=[reason]) for reason in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(told) == ["2", "void_already"]
    assert len(set(VinLogEntry.objects.values_list("void_reason", flat=True))) == 1
    assert AuditEntry.objects.filter(action="vin_log.voided").count() == 1
