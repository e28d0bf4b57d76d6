"""A draft of an order: what every entry would become while somebody types, and that nothing typed is lost."""

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from orders.models import Order, OrderDraft
from tests.factories import import_rows, log_vins, make_dealership, make_order, make_row, make_vehicles, make_vin
from tests.orders.order_pages import NEW_ORDER, ask
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db
KEY, WRITER = uuid.uuid4(), uuid.uuid4()


def type_in(
    client: Client, dealership: Dealership | None, entries: str, *, target: str = "order-outcomes", **fields: Any
) -> Any:
    """What the page sends while somebody types; without a target as a browser without script does."""
    chosen = dealership.pk if dealership else ""
    typed = {
        "dealership": chosen,
        "shown_for": chosen,
        "kind": "list",
        "conditions": "all",
        "entries": entries,
        "idempotency_key": KEY,
        "version": 0,
        "writer": WRITER,
        **fields,
    }
    headers = {**HTMX, "HX-Target": target} if target else {}
    return client.post(reverse("order_draft"), typed, headers=headers)


def entry(response: Any, position: int) -> str:
    return part(response, f'<li id="entry-{position}">', "</li>")


def sums(response: Any) -> str:
    return part(response, 'id="order-sums"', "</p>").partition("> ")[2]


def test_every_entry_gets_its_outcome_while_it_is_typed(staff: Client) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=4)
    other = make_order(dealership=elm, kind=OrderKind.LIST, entries=[vins[3]])
    log_vins(dealership=elm, vins=vins[:1], label="44109")
    typed = [vins[0], "S00002", vins[1][-8:], "ZZZZ", make_vin(number=999), vins[3], vins[2][:16] + "O", vins[2][:16]]
    response = type_in(staff, elm, "\n".join(typed))
    assert response.status_code == 200
    assert sums(response) == (
        "8 entries = 2 produced + 1 duplicate + 3 not on website + 0 ambiguous + 1 invalid + 1 in another order"
    )
    assert entry(response, 1) == f"1 {vins[0]} Produced 2022 Jeep Renegade Latitude Printed, order 44109."
    assert entry(response, 2) == f"2 S00002 Produced {vins[1][:9]} {vins[1][9:]} 2022 Jeep Renegade Latitude"
    assert entry(response, 3).endswith("2022 Jeep Renegade Latitude. The same as entry 2 .")
    assert entry(response, 4) == "4 ZZZZ Not on website Not on the website."
    assert entry(response, 5).endswith("Print VIN only")
    assert f'href="{reverse("order_detail", args=[other.pk])}">Open that order' in response.content.decode()
    assert f"Did you mean {vins[2]}?" in entry(response, 7)
    assert "This entry has 16 characters; a VIN has 17." in entry(response, 8)
    assert f'value="8;{vins[2][:16]};{vins[2]}"' in response.content.decode()


def test_what_a_rule_would_leave_out_is_told_and_printed(staff: Client) -> None:
    elm = make_dealership(conditions=["new"])
    make_vehicles(dealership=elm)
    response = type_in(staff, elm, "S00001")
    assert "1 entry = 1 produced" in sums(response)
    assert "A rule would leave it out: pre-owned." in entry(response, 1)


def test_an_entry_that_fits_several_vehicles_offers_each(staff: Client) -> None:
    elm = make_dealership()
    import_rows(rows=[make_row(number=number, location=elm.name, Stock="SHARED") for number in (1, 2)])
    response = type_in(staff, elm, "SHARED")
    for vin in (make_vin(number=1), make_vin(number=2)):
        assert f'value="1;SHARED;{vin}"' in response.content.decode()
    assert "2022 Jeep Renegade Latitude, stock SHARED" in entry(response, 1)
    chosen = type_in(staff, elm, "SHARED", replace=f"1;SHARED;{make_vin(number=2)}", version=1, target="order-entries")
    assert OrderDraft.objects.get().entries == make_vin(number=2)
    assert f">\n{make_vin(number=2)}</textarea>" in chosen.content.decode()


def test_one_vin_is_printed_alone_by_one_click_and_prepared_so(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    missing, other = make_vin(number=998), make_vin(number=999)
    text = f"{missing}\n{other}"
    alone = type_in(staff, elm, text, print_vin_only=missing)
    assert "1 produced (1 VIN only) + 0 duplicate + 1 not on website" in sums(alone)
    assert "Leave out" in entry(alone, 1)
    ask(staff, elm, kind="list", entries=text, idempotency_key=KEY, version=2, writer=WRITER)
    assert [(line.vin, line.is_placeholder) for line in Order.objects.get().lines.all()] == [(missing, True)]
    assert OrderDraft.objects.count() == 0


def test_without_a_dealership_entries_wait_for_their_outcome(staff: Client) -> None:
    response = type_in(staff, None, f"{make_vin(number=1)[:16]}\nS1")
    assert sums(response) == "2 entries"
    assert "This entry has 16 characters; a VIN has 17." in entry(response, 1)
    assert "Choose the dealership; then each entry gets its outcome." in words(response)


def test_what_is_typed_stands_there_again_on_another_machine(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    type_in(staff, elm, "S00001\nS00002", kind="maintenance", include_missing="on")
    elsewhere = sign_in(role="staff").get(NEW_ORDER)
    assert ">\nS00001\nS00002</textarea>" in elsewhere.content.decode()
    assert elsewhere.context["form"]["kind"].value() == "maintenance"
    assert sums(elsewhere).startswith("2 entries = 2 produced")
    assert sign_in(role="manager").get(NEW_ORDER).context["draft"] is None


def test_drafts_of_other_dealerships_are_one_click_away(staff: Client) -> None:
    elm, oak = make_dealership(), make_dealership(name="Oak Hill Cars")
    type_in(staff, elm, "A")
    type_in(staff, oak, "B", idempotency_key=uuid.uuid4())
    page = staff.get(NEW_ORDER)
    assert page.context["draft"].dealership == oak
    assert f'href="{NEW_ORDER}?dealership={elm.pk}">Elm Street Motors</a>' in page.content.decode()


def test_entries_go_along_to_another_dealership_with_its_habits(staff: Client) -> None:
    elm, oak = make_dealership(), make_dealership(name="Oak Hill Cars", separate_orders=True, include_missing=True)
    type_in(staff, elm, "A")
    type_in(staff, oak, "A", target="order-choices", shown_for=elm.pk)
    draft = OrderDraft.objects.get()
    assert (draft.dealership, draft.kind, draft.condition_group, draft.include_missing) == (oak, "list", "", True)


def test_without_script_the_same_form_saves_and_comes_back_checked(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    response = type_in(staff, elm, "S00001", target="")
    assert (response.status_code, response["Location"]) == (302, f"{NEW_ORDER}?dealership={elm.pk}")
    assert sums(staff.get(response["Location"])).startswith("1 entry = 1 produced")


@pytest.mark.parametrize("target", ["order-outcomes", ""])
def test_a_second_window_is_shown_both_texts(staff: Client, target: str) -> None:
    elm = make_dealership()
    type_in(staff, elm, "FIRST")
    key = {"idempotency_key": uuid.uuid4(), "writer": uuid.uuid4()}
    response = type_in(staff, elm, "SECOND", target=target, **key)
    assert response.status_code == 409
    assert "You typed this order of Elm Street Motors in another window as well" in words(response)
    assert ">FIRST</textarea>" in response.content.decode()
    assert OrderDraft.objects.get().entries == "FIRST"
    draft = OrderDraft.objects.get()
    decided = type_in(staff, elm, "SECOND", decide=f"{draft.key}:{draft.version}:both", target="order-entries", **key)
    assert ">\nFIRST\nSECOND</textarea>" in decided.content.decode()


def test_preparing_in_a_second_window_asks_first(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    type_in(staff, elm, "S00001")
    response = ask(staff, elm, kind="list", entries="S00002")
    assert (response.status_code, Order.objects.count()) == (409, 0)
    assert "nothing of this page is saved before you choose" in words(response)


def test_preparing_twice_makes_one_order_and_leads_to_it(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    type_in(staff, elm, "S00001")
    known = {"idempotency_key": KEY, "writer": WRITER, "version": 1}
    answers = [ask(staff, elm, kind="list", entries="S00001", **known)["Location"] for _ in range(2)]
    assert answers == [reverse("order_review", args=[Order.objects.get().pk])] * 2
    late = type_in(staff, elm, "S00001\nS00002")
    assert (late.status_code, "already." in words(late), OrderDraft.objects.count()) == (409, True, 0)


def test_what_was_refused_stays_typed(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    response = ask(staff, elm, kind="list", entries="ZZZZ")
    assert response.status_code == 409
    assert OrderDraft.objects.get().entries == "ZZZZ"
    assert response.context["state"].version == 1


def test_discarding_is_told_with_the_way_back(staff: Client) -> None:
    elm = make_dealership()
    type_in(staff, elm, "A")
    told = staff.post(reverse("order_draft_discard"), {"idempotency_key": KEY}, follow=True)
    assert "The entries for Elm Street Motors are discarded." in words(told)
    undo = reverse("order_draft_restore", args=[KEY])
    assert f'action="{undo}"' in told.content.decode()
    assert ">\nA</textarea>" in staff.post(undo, follow=True).content.decode()
    assert "That draft is gone." in words(staff.post(reverse("order_draft_restore", args=[WRITER]), follow=True))


def test_the_entries_of_a_file_come_behind_those_that_are_typed(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    typed = {"dealership": elm.pk, "shown_for": elm.pk, "kind": "list", "conditions": "all", "entries": "S00001"}
    file = SimpleUploadedFile("list.csv", b"S00002\r\nS00003\r\n")
    response = staff.post(reverse("order_draft_file"), {**typed, "idempotency_key": KEY, "file": file})
    assert response["Location"] == f"{NEW_ORDER}?dealership={elm.pk}"
    assert OrderDraft.objects.get().entries == "S00001\nS00002\nS00003"
    wrong = SimpleUploadedFile("list.xlsx", b"PK\x03\x04")
    said = staff.post(reverse("order_draft_file"), {**typed, "idempotency_key": KEY, "file": wrong})
    assert (said.status_code, "Open it in a spreadsheet and save it as CSV (UTF-8)." in words(said)) == (422, True)
    assert ">\nS00001</textarea>" in said.content.decode()


@pytest.mark.parametrize(
    "fields",
    [{"decide": "x:y:z"}, {"replace": "x"}, {"replace": "9;A;B"}, {"print_vin_only": "'"}, {"shown_for": "x"}],
)
def test_what_no_page_sends_changes_nothing_and_breaks_nothing(staff: Client, fields: dict[str, str]) -> None:
    elm = make_dealership()
    type_in(staff, elm, "A")
    assert type_in(staff, elm, "A", **fields).status_code in {200, 409, 422}
    assert OrderDraft.objects.get().entries == "A"


def test_too_much_text_is_refused_and_what_was_saved_stays(staff: Client) -> None:
    elm = make_dealership()
    type_in(staff, elm, "A")
    response = type_in(staff, elm, "A" * 100_001)
    assert (response.status_code, "100000 characters" in words(response)) == (422, True)
    assert OrderDraft.objects.get().entries == "A"


def test_of_a_long_list_only_what_needs_a_look_is_listed_unless_all_is_asked_for(staff: Client) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm, count=250)
    text = "\n".join([*(f"S{number:05d}" for number in range(1, 251)), "ZZZZ"])
    response = type_in(staff, elm, text)
    assert "251 entries = 250 produced + 0 duplicate + 1 not on website" in sums(response)
    assert "1 that need a look is listed." in words(response)
    assert f'href="{NEW_ORDER}?dealership={elm.pk}&amp;all=yes">List all 251</a>' in response.content.decode()
    listed = [staff.get(f"{NEW_ORDER}?dealership={elm.pk}{asked}") for asked in ("", "&all=yes")]
    assert [page.content.decode().count("<li id=") for page in (response, *listed)] == [1, 1, 251]


def test_of_what_needs_a_look_the_first_hundred_are_listed(staff: Client) -> None:
    response = type_in(staff, make_dealership(), "\n".join(f"S{number}" for number in range(230)))
    assert "The first 100 of 230 that need a look are listed." in words(response)
    assert response.content.decode().count("<li id=") == 100


@pytest.mark.parametrize("count", [3, 120])
def test_the_queries_of_a_check_do_not_grow_with_the_entries(
    staff: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    elm = make_dealership()
    vins = make_vehicles(dealership=elm, count=count)
    log_vins(dealership=elm, vins=vins[: count // 2])
    type_in(staff, elm, "A")
    with django_assert_num_queries(18):
        assert "produced" in sums(type_in(staff, elm, "\n".join(vins)))


def test_choosing_another_dealership_brings_its_choices_and_facts_only(staff: Client) -> None:
    elm = make_dealership(separate_orders=True)
    make_vehicles(dealership=elm, count=3)
    response = type_in(staff, elm, "", target="order-choices", kind="cao", shown_for="")
    assert "<html" not in response.content.decode()
    assert "Elm Street Motors orders new and used vehicles separately: one order for each." in words(response)
    assert "3 vehicles" in words(response)
    assert response["HX-Push-Url"] == f"{NEW_ORDER}?dealership={elm.pk}"
    assert OrderDraft.objects.count() == 0
