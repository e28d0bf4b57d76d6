import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from dealerships.domain.output import OrderKind
from dealerships.models import OutputTemplate
from dealerships.operations import change_dealerships
from orders.models import OpenVin, Order, VinLogEntry
from orders.operations.completing import approve_order, cancel_order, complete_order, void_order
from orders.operations.output_templates import retire_output_template, save_version
from orders.operations.reviewing import edit_line, leave_out_line
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles
from tests.orders.layout_data import poster
from tests.orders.released import released_bytes
from tests.racing import at_once, times, while_uncommitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_of_ten_simultaneous_orders_of_one_dealership_one_is_made() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    answers = at_once(*times(10, lambda: make_order(dealership=dealership)))
    assert Counter(answers) == {"ok": 1, "open_order": 9}
    assert (Order.objects.count(), OpenVin.objects.count()) == (1, 3)


def test_a_request_that_arrives_five_times_at_once_makes_one_order() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    key = uuid.uuid4()
    made: list[Order] = []
    answers = at_once(*times(5, lambda: made.append(make_order(dealership=dealership, idempotency_key=key))))
    assert (answers, len({order.pk for order in made}), Order.objects.count()) == (["ok"] * 5, 1, 1)


def test_orders_of_different_kinds_at_once_never_share_a_vehicle() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership, count=6)
    acts: list[Callable[[], Any]] = [
        lambda: make_order(dealership=dealership),
        lambda: make_order(dealership=dealership, kind=OrderKind.LIST, entries=vins[:4]),
        lambda: make_order(dealership=dealership, kind=OrderKind.MAINTENANCE, entries=vins[2:]),
    ]
    answers = at_once(*acts)
    assert set(answers) <= {"ok", "nothing_to_order"}
    held = [line.vin for order in Order.objects.all() for line in order.lines.all()]
    assert sorted(held) == sorted(vins)


def test_of_two_editors_of_one_line_one_is_saved_and_the_other_is_told() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    line = make_order(dealership=dealership).lines.all()[0]
    acts: list[Callable[[], Any]] = [
        lambda: edit_line(line=line, version=1, changes={"trim": "Sport"}),
        lambda: edit_line(line=line, version=1, changes={"model": "Compass"}),
        lambda: leave_out_line(line=line, version=1, reason="sold"),
    ]
    assert sorted(at_once(*acts)) == ["line_conflict", "line_conflict", "ok"]
    line.refresh_from_db()
    assert (line.version, len(line.overrides) + (not line.included)) == (2, 1)


def test_of_four_completions_of_one_order_one_does_it() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    answers = at_once(*times(4, lambda: finish_order(order=order)))
    assert Counter(answers) == {"ok": 1, "not_claimable": 3}
    order.refresh_from_db()
    assert (order.state, VinLogEntry.objects.count(), len(released_bytes(order))) == ("done", 3, 9)


def test_a_cancellation_and_a_completion_at_once_have_one_winner() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    answers = at_once(lambda: complete_order(order=order), lambda: cancel_order(order=order))
    order.refresh_from_db()
    assert (order.state, answers, VinLogEntry.objects.count()) in [
        ("done", ["ok", "illegal_transition"], 3),
        ("cancelled", ["not_claimable", "ok"], 0),
        ("cancelled", ["cancelled", "ok"], 0),
    ]


def test_an_edit_and_an_approval_at_once_never_print_what_was_not_approved() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=1)
    order = make_order(dealership=dealership)
    line = order.lines.get()
    answers = at_once(
        lambda: finish_order(order=order), lambda: edit_line(line=line, version=1, changes={"trim": "Sport"})
    )
    line.refresh_from_db()
    [sheet] = released_bytes(order, "csv").values()
    assert (answers, b"SPORT" in sheet, line.version) in [
        (["ok", "ok"], True, 2),
        (["ok", "not_in_review"], False, 1),
    ]


def test_a_log_import_and_a_completion_at_once_never_print_a_logged_vehicle_unseen() -> None:
    dealership = make_dealership()
    vins = make_vehicles(dealership=dealership)
    order = approve_order(order=make_order(dealership=dealership), order_number="45001")
    answers = at_once(
        lambda: complete_order(order=order), lambda: log_vins(dealership=dealership, vins=vins[:1], label="45001")
    )
    order.refresh_from_db()
    sources = Counter(VinLogEntry.objects.values_list("source", flat=True))
    assert (order.state, answers, sources) in [
        ("done", ["ok", "ok"], Counter({"order": 3})),
        ("failed", ["printed_meanwhile", "ok"], Counter({"import": 1})),
    ]


def test_of_two_voidings_one_counts() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = finish_order(order=make_order(dealership=dealership))
    answers = at_once(*times(2, lambda: void_order(order=order, reason="wrong paper")))
    assert Counter(answers) == {"ok": 1, "illegal_transition": 1}


def test_of_choosing_and_retiring_an_output_template_at_once_one_is_done() -> None:
    elm, flyout = make_dealership(), OutputTemplate.objects.get(code="flyout")

    answers = at_once(
        lambda: change_dealerships(dealerships=[elm], values={"template_new_id": "flyout"}),
        lambda: retire_output_template(output_template=flyout, actor=None),
    )
    elm.refresh_from_db()
    flyout.refresh_from_db()
    assert (answers, elm.template_new_id, flyout.retired) in [
        (["ok", "template_in_use"], "flyout", False),
        (["retired", "ok"], "shortcut_pack", True),
    ]


def test_of_two_output_templates_saved_under_one_name_at_once_the_second_is_told() -> None:
    code = while_uncommitted(
        lambda: save_version(data=poster(code="first", name="Poster"), is_new=True),
        lambda: save_version(data=poster(code="second", name="Poster"), is_new=True),
    )
    assert (code, OutputTemplate.objects.filter(name="Poster").count()) == ("name_taken", 1)


def test_choosing_for_many_what_is_retired_in_that_moment_is_refused() -> None:
    elm, flyout = make_dealership(), OutputTemplate.objects.get(code="flyout")
    code = while_uncommitted(
        lambda: retire_output_template(output_template=flyout, actor=None),
        lambda: change_dealerships(dealerships=[elm], values={"template_new_id": "flyout"}),
    )
    elm.refresh_from_db()
    assert (code, elm.template_new_id) == ("retired", "shortcut_pack")
