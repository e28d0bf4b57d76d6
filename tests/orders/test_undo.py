"""Undo: every action on lines in review can be taken back, one after the other, by an action of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from foundation.errors import Refused
from orders.models import Order, OrderEvent, OrderLine
from orders.operations.completing import approve_order
from orders.operations.reviewing import (
    LinesOutcome,
    confirm_reprints,
    edit_lines,
    leave_out_lines,
    put_back_lines,
    reset_lines,
    state_of,
)
from orders.operations.undoing import undo_lines, undoable_event
from tests.factories import log_vins, make_dealership, make_order, make_vehicles
from tests.racing import at_once


@pytest.fixture
def order(db: None) -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=3)
    return make_order(dealership=dealership)


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


def versions(order: Order) -> dict[int, int]:
    return dict(order.lines.values_list("seq", "version"))


def states(order: Order) -> list[dict[str, Any]]:
    return [state_of(line) for line in OrderLine.objects.filter(order=order)]


def undo(order: Order, outcome: LinesOutcome, actor: User) -> LinesOutcome:
    assert outcome.event is not None
    return undo_lines(order=order, event_id=outcome.event.pk, actor=actor)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (partial(edit_lines, changes={"price": "19,500", "trim": ""}), "3 rows trim, price"),
        (partial(leave_out_lines, reason="sold"), "3 rows left out"),
        (confirm_reprints, "3 rows to be printed again"),
    ],
    ids=["edit", "leave out", "reprint"],
)
def test_an_action_is_undone_and_that_stands_in_the_timeline(
    order: Order, ann: User, act: Callable[..., LinesOutcome], words: str
) -> None:
    before = states(order)
    outcome = act(order=order, versions=versions(order), actor=ann)
    assert states(order) != before
    undone = undo(order, outcome, ann)
    assert states(order) == before
    assert set(versions(order).values()) == {3}
    assert [line.seq for line in undone.changed] == [1, 2, 3]
    last = order.events.last()
    assert last is not None
    assert (last.action, last.detail, last.actor, last.undoes) == ("undo", words, ann, outcome.event)


def test_putting_back_and_the_sites_values_are_undone_too(order: Order, ann: User) -> None:
    edit_lines(order=order, versions={1: 1}, changes={"trim": "Sport"})
    leave_out_lines(order=order, versions={2: 1}, reason="sold")
    before = states(order)
    back = put_back_lines(order=order, versions={2: 2}, actor=ann)
    reset = reset_lines(order=order, versions={1: 2}, actor=ann)
    assert [state["included"] for state in states(order)] == [True] * 3
    undo(order, reset, ann)
    undo(order, back, ann)
    assert states(order) == before


def test_undoing_twice_undoes_two_actions_on_the_same_line(order: Order, ann: User) -> None:
    before = states(order)
    edit_lines(order=order, versions={1: 1}, changes={"trim": "First"}, actor=ann)
    edit_lines(order=order, versions={1: 2}, changes={"trim": "Second"}, actor=ann)
    trims = []
    while event := undoable_event(order=order, actor=ann):
        undo_lines(order=order, event_id=event.pk, actor=ann)
        trims.append(order.lines.get(seq=1).overrides.get("trim"))
    assert trims == ["First", None]
    assert states(order) == before


def test_what_is_undone_once_is_not_undone_again(order: Order, ann: User) -> None:
    outcome = edit_lines(order=order, versions={1: 1}, changes={"trim": "Sport"}, actor=ann)
    undo(order, outcome, ann)
    with pytest.raises(Refused, match=r"^That was undone already at \d\d:\d\d\. Nothing was done again\.$"):
        undo(order, outcome, ann)
    assert versions(order)[1] == 3


def test_a_line_that_somebody_changed_since_stops_the_whole_undo(order: Order, ann: User, bob: User) -> None:
    outcome = edit_lines(order=order, versions=versions(order), changes={"trim": "Sport"}, actor=ann)
    edit_lines(order=order, versions={2: 2}, changes={"trim": "Sahara"}, actor=bob)
    with pytest.raises(Refused, match=r"^Row 2 was changed since, by bob at \d\d:\d\d, so nothing was undone\."):
        undo(order, outcome, ann)
    assert [line.overrides["trim"] for line in order.lines.all()] == ["Sport", "Sahara", "Sport"]


def test_another_aspect_of_the_line_may_have_changed_since_and_stays(order: Order, ann: User, bob: User) -> None:
    outcome = edit_lines(order=order, versions={1: 1}, changes={"trim": "Sport"}, actor=ann)
    leave_out_lines(order=order, versions={1: 2}, reason="sold", actor=bob)
    undo(order, outcome, ann)
    line = order.lines.get(seq=1)
    assert (line.overrides, line.included, line.exclusion_reason) == ({}, False, "sold")


def test_only_the_own_actions_of_this_order_are_undone(order: Order, ann: User, bob: User) -> None:
    theirs = edit_lines(order=order, versions={1: 1}, changes={"trim": "Sport"}, actor=bob)
    undone = undo(order, edit_lines(order=order, versions={2: 1}, changes={"trim": "Sport"}, actor=ann), ann)
    prepared = order.events.get(action="prepare")
    assert undone.event is not None
    for event_id in (theirs.event.pk, undone.event.pk, prepared.pk, 0):  # type: ignore[union-attr]
        with pytest.raises(Refused, match="There is nothing of yours to undo here"):
            undo_lines(order=order, event_id=event_id, actor=ann)
    assert undoable_event(order=order, actor=ann) is None
    assert undoable_event(order=order, actor=bob) == theirs.event


def test_nothing_is_undone_outside_review(order: Order, ann: User) -> None:
    outcome = edit_lines(order=order, versions={1: 1}, changes={"trim": "Sport"}, actor=ann)
    approve_order(order=order, order_number="45001")
    order.refresh_from_db()
    assert undoable_event(order=order, actor=ann) is None
    with pytest.raises(Refused, match="its lines are fixed"):
        undo(order, outcome, ann)


def test_an_undone_line_is_judged_anew(order: Order, ann: User) -> None:
    outcome = edit_lines(order=order, versions={1: 1}, changes={"stock": "", "price": "1"}, actor=ann)
    line = order.lines.get(seq=1)
    assert (line.lacks[:8], line.warnings) == ("no stock", ["The price is $1; check it."])
    undo(order, outcome, ann)
    line = order.lines.get(seq=1)
    assert (line.lacks, line.warnings) == ("", [])


def test_a_confirmed_reprint_that_is_undone_asks_again(order: Order, ann: User) -> None:
    line = order.lines.get(seq=2)
    log_vins(dealership=order.dealership, vins=[line.vin])
    undo(order, confirm_reprints(order=order, versions={2: 1}, actor=ann), ann)
    with pytest.raises(Refused, match="Printed or ordered elsewhere"):
        approve_order(order=order, order_number="45001")


def test_pressing_undo_twice_at_the_same_moment_undoes_once(transactional_db: None) -> None:
    dealership, ann = make_dealership(), User.objects.create_user("ann")
    make_vehicles(dealership=dealership, count=3)
    order = make_order(dealership=dealership)
    outcome = edit_lines(order=order, versions={1: 1}, changes={"trim": "Sport"}, actor=ann)
    answers = at_once(lambda: undo(order, outcome, ann), lambda: undo(order, outcome, ann))
    assert sorted(answers) == ["already_undone", "ok"]
    assert (versions(order)[1], OrderEvent.objects.filter(action="undo").count()) == (3, 1)
