"""Drafts of orders: nothing that somebody typed is lost, and no page overwrites what it never showed."""

import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from orders.models import Order, OrderDraft
from orders.operations.drafting import (
    MOST_FILE_BYTES,
    Decision,
    TypedOrder,
    begun_drafts,
    discard_draft,
    find_draft,
    prepare_draft,
    print_vin_only,
    read_entry_file,
    replace_in_draft,
    restore_draft,
    save_draft,
)
from orders.operations.preparing import OrderRequest
from orders.operations.retention import apply_retention
from tests.factories import make_dealership, make_vehicles, make_vin
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def elm() -> Dealership:
    return make_dealership()


def page(dealership: Dealership | None, entries: str = "S00001", **fields: Any) -> TypedOrder:
    """What a page holds that was opened before there was a draft."""
    values: dict[str, Any] = {
        "dealership": dealership,
        "kind": OrderKind.LIST,
        "group": "all",
        "entries": entries,
        "include_missing": False,
        "key": uuid.uuid4(),
        "version": 0,
        "writer": uuid.uuid4(),
    }
    return TypedOrder(**values | fields)


def opened(draft: OrderDraft, entries: str) -> TypedOrder:
    """What another page holds that was opened when the draft stood like this."""
    return page(draft.dealership, entries, key=draft.key, version=draft.version)


def saved(user: User, typed: TypedOrder, **decision: Any) -> OrderDraft:
    draft = save_draft(user=user, typed=typed, **decision)
    assert draft is not None
    return draft


def refused(user: User, typed: TypedOrder, **decision: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        save_draft(user=user, typed=typed, **decision)
    return raised.value


def test_what_is_typed_is_held_and_found_again(ann: User, elm: Dealership) -> None:
    saved(ann, page(elm, "A\nB", kind=OrderKind.MAINTENANCE, group="", include_missing=True))
    draft = find_draft(user=ann, dealership=elm)
    assert draft is not None
    assert (draft.entries, draft.kind, draft.condition_group, draft.include_missing, draft.version) == (
        "A\nB",
        "maintenance",
        "",
        True,
        1,
    )


def test_nothing_typed_holds_nothing_and_a_draft_that_is_emptied_stays_empty(ann: User, elm: Dealership) -> None:
    typed = page(elm, " \n")
    assert save_draft(user=ann, typed=typed) is None
    saved(ann, replace(typed, entries="A"))
    assert saved(ann, replace(typed, entries="")).entries == ""
    assert begun_drafts(user=ann) == []


def test_drafts_are_a_persons_own_one_for_each_dealership(ann: User, elm: Dealership) -> None:
    oak, bob = make_dealership(name="Oak Hill Cars"), User.objects.create_user("bob")
    for user, dealership, entries in [(ann, elm, "A"), (ann, oak, "B"), (ann, None, "C"), (bob, elm, "D")]:
        saved(user, page(dealership, entries))
    assert [draft.entries for draft in begun_drafts(user=ann)] == ["C", "B", "A"]
    assert [draft.entries for draft in begun_drafts(user=bob)] == ["D"]


def test_the_same_page_saves_again_and_again_without_knowing_the_answer(ann: User, elm: Dealership) -> None:
    typed = page(elm, "A")
    assert [saved(ann, replace(typed, entries="A" * n)).version for n in (1, 2, 3, 3)] == [1, 2, 3, 3]


def test_a_second_window_does_not_overwrite_what_it_never_showed(ann: User, elm: Dealership) -> None:
    first = page(elm, "A")
    second = opened(saved(ann, first), "A\nSECOND")
    saved(ann, replace(first, entries="A\nFIRST"))
    said = refused(ann, second)
    assert (said.code, "in another window" in said.message) == ("draft_changed", True)
    assert OrderDraft.objects.get().entries == "A\nFIRST"


@pytest.mark.parametrize(("keeps_both", "expected"), [(True, "A\nFIRST\nSECOND"), (False, "A\nSECOND")])
def test_a_person_decides_between_two_windows(ann: User, elm: Dealership, keeps_both: bool, expected: str) -> None:
    first = page(elm, "A")
    second = opened(saved(ann, first), "A\nSECOND")
    draft = saved(ann, replace(first, entries="A\nFIRST"))
    decision = Decision(key=draft.key, version=draft.version, keeps_both=keeps_both)
    assert saved(ann, second, decision=decision).entries == expected
    assert refused(ann, replace(first, entries="A\nFIRST\nMORE")).code == "draft_changed"
    assert refused(ann, opened(draft, "OLD"), decision=decision).code == "draft_changed"


def test_two_windows_with_the_same_text_are_no_conflict(ann: User, elm: Dealership) -> None:
    first = page(elm, "A")
    second = opened(saved(ann, first), "B")
    saved(ann, replace(first, entries="B\n"))
    assert saved(ann, second).entries.strip() == "B"


def test_a_page_that_was_opened_before_any_draft_meets_the_other_ones_text(ann: User, elm: Dealership) -> None:
    saved(ann, page(elm, "A"))
    assert refused(ann, page(elm, "B")).code == "draft_changed"
    assert saved(ann, page(elm, "")).entries == "A"


def test_what_was_typed_without_a_dealership_goes_along_to_it(ann: User, elm: Dealership) -> None:
    typed = page(None, "A")
    saved(ann, typed)
    assert saved(ann, replace(typed, dealership=elm)).dealership == elm
    assert OrderDraft.objects.count() == 1


def test_choosing_a_dealership_with_a_draft_of_its_own_asks_first(ann: User, elm: Dealership) -> None:
    standing = saved(ann, page(elm, "A"))
    typed = page(None, "B")
    saved(ann, typed)
    assert refused(ann, replace(typed, dealership=elm)).detail["draft_id"] == standing.pk
    assert sorted(OrderDraft.objects.values_list("entries", flat=True)) == ["A", "B"]
    decision = Decision(key=standing.key, version=1, keeps_both=True)
    joined = saved(ann, replace(typed, dealership=elm), decision=decision)
    assert ([*OrderDraft.objects.all()], joined.entries) == ([standing], "A\nB")


def test_an_entry_is_replaced_where_it_still_stands(ann: User, elm: Dealership) -> None:
    draft = saved(ann, page(elm, "A\nB"))
    changed = replace_in_draft(draft=draft, position=2, was="B", by="C")
    assert (changed.entries, changed.version) == ("A\nC", 2)
    with pytest.raises(Refused, match="Entry 2 is not B any more"):
        replace_in_draft(draft=draft, position=2, was="B", by="D")


def test_a_vin_is_printed_alone_until_it_is_left_out_or_gone(ann: User, elm: Dealership) -> None:
    vin, typed = make_vin(number=9), page(elm)
    draft = saved(ann, replace(typed, entries=f"A\n{vin.lower()}"))
    assert print_vin_only(draft=draft, vin=vin, wanted=True).vin_only == [vin]
    assert print_vin_only(draft=draft, vin=vin, wanted=False).vin_only == []
    print_vin_only(draft=draft, vin=vin, wanted=True)
    assert saved(ann, replace(typed, entries="A")).vin_only == []
    for wrong in ("A", vin):
        with pytest.raises(BadInput, match="is no VIN of this order"):
            print_vin_only(draft=draft, vin=wrong, wanted=True)


def test_another_dealership_does_not_inherit_vins_that_are_printed_alone(ann: User, elm: Dealership) -> None:
    vin, typed = make_vin(number=9), page(None)
    draft = saved(ann, replace(typed, entries=vin))
    print_vin_only(draft=draft, vin=vin, wanted=True)
    assert saved(ann, replace(typed, entries=vin, dealership=elm)).vin_only == []


def test_discarding_can_be_taken_back_until_another_was_begun(ann: User, elm: Dealership) -> None:
    draft = saved(ann, page(elm, "A"))
    assert discard_draft(user=ann, key=draft.key) == draft
    assert (find_draft(user=ann, dealership=elm), discard_draft(user=ann, key=draft.key)) == (None, None)
    assert restore_draft(user=ann, key=draft.key).entries == "A"
    discard_draft(user=ann, key=draft.key)
    saved(ann, page(elm, "B"))
    with pytest.raises(Refused, match="You have begun another order for Elm Street Motors"):
        restore_draft(user=ann, key=draft.key)
    with pytest.raises(BadInput, match="That draft is gone"):
        restore_draft(user=User.objects.create_user("bob"), key=draft.key)


def test_the_order_ends_its_draft_and_a_refusal_keeps_it(ann: User, elm: Dealership) -> None:
    draft = saved(ann, page(elm, "ZZZZ"))
    request = OrderRequest(dealership=elm, kind=OrderKind.LIST, entries=("ZZZZ",), actor=ann, idempotency_key=draft.key)
    with pytest.raises(Refused, match="No entry names a vehicle"):
        prepare_draft(request=request, draft=draft)
    assert [*OrderDraft.objects.all()] == [draft]
    make_vehicles(dealership=elm)
    order = prepare_draft(request=replace(request, entries=("S00001",)), draft=draft)
    assert ([*OrderDraft.objects.all()], [*Order.objects.all()]) == ([], [order])


def test_a_page_that_is_still_open_does_not_bring_back_what_became_an_order(ann: User, elm: Dealership) -> None:
    make_vehicles(dealership=elm)
    typed = page(elm, "S00001")
    draft = saved(ann, typed)
    request = OrderRequest(
        dealership=elm, kind=OrderKind.LIST, entries=("S00001",), actor=ann, idempotency_key=draft.key
    )
    order = prepare_draft(request=request, draft=draft)
    said = refused(ann, replace(typed, entries="S00001\nS00002"))
    assert (said.code, said.detail["order_id"]) == ("already_prepared", order.pk)
    assert OrderDraft.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_windows_that_save_at_once_lose_nothing(ann: User, elm: Dealership) -> None:
    windows = [partial(saved, ann, page(elm, entries)) for entries in ("A", "B", "C")]
    assert sorted(at_once(*windows)) == ["draft_changed", "draft_changed", "ok"]
    assert OrderDraft.objects.get().entries in {"A", "B", "C"}


def test_a_file_gives_one_entry_for_each_cell() -> None:
    assert read_entry_file(b"\xef\xbb\xbfVIN\r\nA1\r\n\r\n B2 ,C3\r\n") == "VIN\nA1\nB2\nC3"
    assert read_entry_file("A1\nB2".encode("utf-16")) == "A1\nB2"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b" \n", "The file is empty."),
        (b"A" * (MOST_FILE_BYTES + 1), "The file has 262,145 bytes; a list of entries has 256 KB at most."),
        (b"PK\x03\x04\x00\x00", "This is no CSV file."),
        (b"A\x00B", "holds a control character"),
    ],
)
def test_a_file_that_is_no_list_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_entry_file(data)


def test_drafts_go_30_days_after_somebody_typed_in_them(ann: User, elm: Dealership) -> None:
    draft = saved(ann, page(elm, "A"))
    discard_draft(user=ann, key=draft.key)

    def removed(days: int) -> int:
        done = apply_retention(now=timezone.now() + timedelta(days=days))
        return next(item.count for item in done if item.name == "drafts of orders")

    assert [removed(29), removed(31), OrderDraft.objects.count()] == [0, 1, 0]
