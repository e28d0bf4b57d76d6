"""Several lines at once: one transaction, blank keeps, and what others saved meanwhile is never overwritten."""

from collections.abc import Iterable
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation.errors import BadInput, Refused
from orders.models import Order, OrderLine
from orders.operations.completing import approve_order
from orders.operations.reviewing import (
    LineErrors,
    LinesOutcome,
    edit_line,
    edit_lines,
    leave_out_lines,
    put_back_lines,
)
from orders.operations.undoing import overrides_seen
from tests.factories import make_dealership, make_order, make_vehicles
from tests.racing import at_once, while_uncommitted


@pytest.fixture
def order(db: None) -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=5)
    return make_order(dealership=dealership)


def overrides_of(order: Order) -> dict[int, dict[str, object]]:
    return dict(order.lines.values_list("seq", "overrides"))


def versions_of(order: Order) -> list[int]:
    return list(order.lines.values_list("version", flat=True))


def seqs(lines: Iterable[OrderLine]) -> list[int]:
    return [line.seq for line in lines]


def test_the_same_values_go_to_every_selected_line_and_to_no_other(order: Order) -> None:
    outcome = edit_lines(order=order, versions={2: 1, 4: 1}, changes={"price": "$19,500", "trim": "Sport"})
    assert (seqs(outcome.done), seqs(outcome.changed), outcome.conflicts) == ([2, 4], [2, 4], [])
    wanted = {"price": "19500.00", "trim": "Sport"}
    assert overrides_of(order) == {1: {}, 2: wanted, 3: {}, 4: wanted, 5: {}}
    assert versions_of(order) == [1, 2, 1, 2, 1]


def test_what_is_not_named_stays_and_an_empty_text_clears(order: Order) -> None:
    edit_line(line=order.lines.get(seq=2), version=1, changes={"model": "Compass"})
    edit_lines(order=order, versions={2: 2, 3: 1}, changes={"price": ""})
    assert overrides_of(order)[2] == {"model": "Compass", "price": None}
    assert overrides_of(order)[3] == {"price": None}


def test_a_line_that_has_the_value_already_is_done_and_not_changed(order: Order) -> None:
    edit_line(line=order.lines.get(seq=2), version=1, changes={"trim": "Sport"})
    outcome = edit_lines(order=order, versions={2: 2, 3: 1}, changes={"trim": "Sport"})
    assert (seqs(outcome.done), seqs(outcome.changed)) == ([2, 3], [3])
    assert versions_of(order) == [1, 2, 2, 1, 1]
    nothing = edit_lines(order=order, versions={2: 2}, changes={"trim": "Sport"})
    assert (nothing.event, seqs(nothing.changed)) == (None, [])


def test_one_event_tells_of_all_lines_and_who_did_it(order: Order) -> None:
    user = User.objects.create_user("ann")
    outcome = edit_lines(order=order, versions={1: 1, 2: 1, 3: 1, 5: 1}, changes={"trim": "Sport"}, actor=user)
    assert outcome.event is not None
    assert (outcome.event.action, outcome.event.actor) == ("edit line", user)
    assert outcome.event.detail == "4 lines, 1-3, 5: trim to 'Sport'"
    assert [change["seq"] for change in outcome.event.line_changes] == [1, 2, 3, 5]


def test_a_line_that_was_saved_meanwhile_is_left_as_it_is_and_the_others_are_done(order: Order) -> None:
    edit_line(line=order.lines.get(seq=2), version=1, changes={"trim": "Theirs"})
    outcome = edit_lines(order=order, versions={1: 1, 2: 1, 3: 1}, changes={"trim": "Mine"})
    assert (seqs(outcome.done), seqs(outcome.conflicts)) == ([1, 3], [2])
    assert overrides_of(order) == {1: {"trim": "Mine"}, 2: {"trim": "Theirs"}, 3: {"trim": "Mine"}, 4: {}, 5: {}}
    assert [change["seq"] for change in outcome.event.line_changes] == [1, 3]  # type: ignore[union-attr]


def test_what_a_line_showed_at_an_earlier_version_is_known(order: Order) -> None:
    line = edit_line(line=order.lines.get(seq=2), version=1, changes={"trim": "First"})
    line = edit_line(line=line, version=2, changes={"trim": "Second"})
    edit_line(line=line, version=3, changes={"trim": "Third"})
    seen = [overrides_seen(order=order, versions={2: version}).get(2) for version in (1, 2, 3, 4)]
    assert seen == [{}, {"trim": "First"}, {"trim": "Second"}, None]


def test_wrong_values_and_unknown_lines_change_nothing(order: Order) -> None:
    with pytest.raises(LineErrors) as raised:
        edit_lines(order=order, versions={1: 1, 2: 1}, changes={"price": "cheap", "trim": "Sport"})
    assert raised.value.fields == {"price": "An amount such as 23,456 or 23456.50."}
    with pytest.raises(BadInput, match=rf"Order {order.pk} has no row 8-9\."):
        edit_lines(order=order, versions={1: 1, 8: 1, 9: 1}, changes={"trim": "Sport"})
    with pytest.raises(BadInput, match="No row is selected"):
        edit_lines(order=order, versions={}, changes={"trim": "Sport"})
    assert versions_of(order) == [1] * 5


def test_lines_are_left_out_with_one_reason_and_put_back(order: Order) -> None:
    out = leave_out_lines(order=order, versions={1: 1, 2: 1}, reason="  sold  today ")
    assert list(order.lines.filter(included=False).values_list("seq", "exclusion_reason")) == [
        (1, "sold today"),
        (2, "sold today"),
    ]
    assert out.event.detail == "2 lines, 1-2: sold today"  # type: ignore[union-attr]
    again = leave_out_lines(order=order, versions={2: 2, 3: 1}, reason="not on the lot")
    assert seqs(again.changed) == [3]
    assert order.lines.get(seq=2).exclusion_reason == "sold today"
    back = put_back_lines(order=order, versions={1: 2, 2: 2, 4: 1})
    assert (seqs(back.changed), order.lines.filter(included=False).count()) == ([1, 2], 1)
    with pytest.raises(LineErrors, match="Say why"):
        leave_out_lines(order=order, versions={4: 1}, reason=" ")


def test_lines_are_fixed_outside_review(order: Order) -> None:
    approve_order(order=order, order_number="45001")
    for act in (
        partial(edit_lines, changes={"trim": "Late"}),
        partial(leave_out_lines, reason="sold"),
        put_back_lines,
    ):
        with pytest.raises(Refused) as raised:
            act(order=order, versions={1: 1, 2: 1})
        assert raised.value.code == "not_in_review"
    assert versions_of(order) == [1] * 5


def test_many_lines_take_no_more_queries_than_two(db: None) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=60)
    order = make_order(dealership=dealership)
    counts = []
    for versions in ({1: 1, 2: 1}, dict.fromkeys(range(3, 61), 1)):
        with CaptureQueriesContext(connection) as queries:
            edit_lines(order=order, versions=versions, changes={"trim": "Sport", "price": "19500"})
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert order.lines.filter(overrides__trim="Sport").count() == 60


# ---------- two people at the same moment, each on a connection of its own ----------
@pytest.fixture
def committed_order(transactional_db: None) -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=5)
    return make_order(dealership=dealership)


def test_of_two_who_save_the_same_lines_at_once_one_is_told_of_every_conflict(committed_order: Order) -> None:
    order, outcomes = committed_order, dict[str, LinesOutcome]()

    def save(name: str) -> None:
        versions = dict.fromkeys(range(1, 6), 1)
        outcomes[name] = edit_lines(order=Order.objects.get(pk=order.pk), versions=versions, changes={"trim": name})

    assert at_once(lambda: save("Ann"), lambda: save("Bob")) == ["ok", "ok"]
    [winner] = {str(overrides["trim"]) for overrides in overrides_of(order).values()}
    loser = {"Ann": "Bob", "Bob": "Ann"}[winner]
    assert (seqs(outcomes[winner].changed), outcomes[winner].conflicts) == ([1, 2, 3, 4, 5], [])
    assert (seqs(outcomes[loser].conflicts), list(outcomes[loser].done)) == ([1, 2, 3, 4, 5], [])
    assert versions_of(order) == [2] * 5
    assert order.events.filter(action="edit line").count() == 1


def test_selections_that_overlap_never_block_each_other_for_ever(committed_order: Order) -> None:
    order = committed_order
    acts = [
        partial(edit_lines, order=order, versions={1: 1, 2: 1, 3: 1}, changes={"trim": "Ann"}),
        partial(edit_lines, order=order, versions={5: 1, 4: 1, 3: 1}, changes={"trim": "Bob"}),
    ]
    assert at_once(*acts) == ["ok", "ok"]
    trims = [str(overrides["trim"]) for overrides in overrides_of(order).values()]
    assert trims[:2] + trims[3:] == ["Ann", "Ann", "Bob", "Bob"]
    assert versions_of(order) == [2] * 5


def test_who_waits_for_an_uncommitted_save_sees_it_as_a_conflict(committed_order: Order) -> None:
    order, late = committed_order, list[LinesOutcome]()

    def second() -> None:
        late.append(edit_lines(order=order, versions={2: 1, 3: 1}, changes={"trim": "Bob"}))

    first = partial(edit_line, line=order.lines.get(seq=2), version=1, changes={"trim": "Ann"})
    assert while_uncommitted(first, second) == "ok"
    assert (seqs(late[0].conflicts), seqs(late[0].changed)) == ([2], [3])
    assert overrides_of(order)[2] == {"trim": "Ann"}


def test_completion_and_a_bulk_edit_at_once_leave_no_line_changed_behind_the_approval(committed_order: Order) -> None:
    order = committed_order
    answers = at_once(
        partial(approve_order, order=order, order_number="45001"),
        partial(edit_lines, order=order, versions=dict.fromkeys(range(1, 6), 1), changes={"trim": "Late"}),
    )
    assert answers[0] == "ok"
    assert versions_of(order) == ([2] * 5 if answers[1] == "ok" else [1] * 5)
    assert answers[1] in {"ok", "not_in_review"}
