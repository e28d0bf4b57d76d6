"""A wording that somebody explains counts at once, for every vehicle that has it."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from inventory.models import ConditionMapping, Dataset, DatasetEvent, LotStatusMapping, PricePhrase, Vehicle
from inventory.operations.mapping import remap_vehicles
from tests.factories import ensure_mappings, make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, OAK, import_file, import_lot, rows_at
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
CONDITIONS = "/admin/inventory/conditionmapping/"
STATUSES = "/admin/inventory/lotstatusmapping/"


@pytest.fixture
def manager() -> Client:
    ensure_mappings()
    return sign_in(role="manager")


def lot_of(*types: str, status: str = "In-Stock", location: str = ELM) -> Dataset:
    rows = [make_row(number=n, location=location, Type=word, Status=status) for n, word in enumerate(types, start=1)]
    return import_file(make_csv(rows=rows)).datasets.get()


def conditions_of(dataset: Dataset) -> list[str]:
    return list(Vehicle.objects.filter(dataset=dataset).order_by("row_number").values_list("condition", flat=True))


def lot_statuses_of(dataset: Dataset) -> set[str]:
    return set(Vehicle.objects.filter(dataset=dataset).values_list("lot_status", flat=True))


def test_a_new_mapping_reaches_every_spelling_that_folds_to_its_text(manager: Client) -> None:
    make_dealership(name=ELM)
    dataset = lot_of("Loaner", "LOANER", "Lo\u00e4ner", "New")
    assert conditions_of(dataset) == ["unknown", "unknown", "unknown", "new"]
    answer = manager.post(f"{CONDITIONS}add/", {"text": " loaner ", "condition": "po"}, follow=True)
    assert conditions_of(dataset) == ["po", "po", "unknown", "new"]
    assert "2 vehicles of the current inventories were read anew." in words(answer)


def test_the_fold_is_the_one_of_imports_beyond_ascii(manager: Client) -> None:
    make_dealership(name=ELM)
    dataset = lot_of("GRO\u00dfKUNDE", "grosskunde", "\u00c9TAT", "\u00e9tat")
    manager.post(f"{CONDITIONS}add/", {"text": "Grosskunde", "condition": "po"})
    manager.post(f"{CONDITIONS}add/", {"text": "\u00c9tat", "condition": "cpo"})
    assert conditions_of(dataset) == ["po", "po", "cpo", "cpo"]


def test_a_changed_mapping_changes_its_vehicles(manager: Client) -> None:
    make_dealership(name=ELM)
    dataset = lot_of("Demo", "New")
    demo = ConditionMapping.objects.get(folded="demo")
    manager.post(f"{CONDITIONS}{demo.pk}/change/", {"text": "Demo", "condition": "po"})
    assert conditions_of(dataset) == ["po", "new"]


def test_a_mapping_that_moves_to_another_text_leaves_the_former_one_unknown(manager: Client) -> None:
    make_dealership(name=ELM)
    dataset = lot_of("Demo", "Loaner")
    demo = ConditionMapping.objects.get(folded="demo")
    manager.post(f"{CONDITIONS}{demo.pk}/change/", {"text": "Loaner", "condition": "new"})
    assert conditions_of(dataset) == ["unknown", "new"]


@pytest.mark.parametrize("way", ["delete page", "list action"])
def test_a_deleted_mapping_leaves_its_vehicles_unknown(way: str, manager: Client) -> None:
    make_dealership(name=ELM)
    dataset = lot_of("Demo", "New")
    demo = ConditionMapping.objects.get(folded="demo")
    if way == "delete page":
        manager.post(f"{CONDITIONS}{demo.pk}/delete/", {"post": "yes"})
    else:
        manager.post(CONDITIONS, {"action": "delete_selected", "_selected_action": [demo.pk], "post": "yes"})
    assert conditions_of(dataset) == ["unknown", "new"]
    assert ConditionMapping.objects.filter(folded="demo").exists() is False


def test_the_blank_status_is_a_text_like_others(manager: Client) -> None:
    make_dealership(name=ELM)
    dataset = lot_of("New", status="")
    blank = LotStatusMapping.objects.get(folded="")
    manager.post(f"{STATUSES}{blank.pk}/change/", {"text": "", "lot_status": "off_lot"})
    assert lot_statuses_of(dataset) == {"off_lot"}


def test_held_datasets_are_read_anew_and_archived_ones_keep_their_values(manager: Client) -> None:
    make_dealership(name=ELM)
    archived = import_lot(ELM, 39)
    Vehicle.objects.filter(dataset=archived).update(raw_status="Fresh Arrival", lot_status="unknown")
    import_file(make_csv(rows=rows_at(ELM, 40, Status="Fresh Arrival")), force=True)
    held = import_file(make_csv(rows=rows_at(ELM, 5, Status="Fresh Arrival"))).datasets.get()
    active = Dataset.objects.active().get()
    manager.post(f"{STATUSES}add/", {"text": "fresh  arrival", "lot_status": "on_lot"})
    assert [held.status, Dataset.objects.get(pk=archived.pk).status] == ["held", "archived"]
    assert [lot_statuses_of(d) for d in (active, held, archived)] == [{"on_lot"}, {"on_lot"}, {"unknown"}]


def test_every_changed_dataset_records_who_changed_what(manager: Client) -> None:
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    elm, oak = lot_of("Loaner", "Loaner"), lot_of("New", location=OAK)
    manager.post(f"{CONDITIONS}add/", {"text": "Loaner", "condition": "po"})
    event = elm.events.last()
    assert event is not None
    assert (event.reason, str(event.actor)) == ("type 'Loaner' now means po: 2 vehicles", "manager")
    assert (event.from_status, event.to_status) == ("active", "active")
    assert DatasetEvent.objects.filter(dataset=oak, reason__contains="Loaner").exists() is False


def test_a_text_that_is_listed_is_refused_at_its_field(manager: Client) -> None:
    answer = manager.post(f"{CONDITIONS}add/", {"text": "DEMO", "condition": "po"})
    assert (answer.status_code, "This text is listed already: Demo." in words(answer)) == (200, True)
    assert ConditionMapping.objects.get(folded="demo").condition == "new"


def test_the_text_of_an_import_is_filled_in(manager: Client) -> None:
    page = manager.get(f"{STATUSES}add/", {"text": "Fresh & new"}).content.decode()
    assert 'name="text" value="Fresh &amp; new"' in page


def test_a_price_phrase_changes_no_vehicle(manager: Client) -> None:
    assert manager.post("/admin/inventory/pricephrase/add/", {"text": "Ask Nick"}).status_code == 302
    assert PricePhrase.objects.get(folded="ask nick").history.count() == 1


@pytest.mark.parametrize("count", [2, 60])
def test_the_statements_do_not_grow_with_the_vehicles(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_dealership(name=ELM)
    lot_of(*["Loaner"] * count)
    ConditionMapping.objects.create(text="Loaner", condition="po")
    with django_assert_num_queries(8):
        changed = remap_vehicles(mapping=ConditionMapping, folded_texts={"loaner"}, actor=None)
    assert changed == count


@pytest.mark.parametrize("role", ["viewer", "staff"])
def test_viewers_and_staff_change_no_mapping(role: str) -> None:
    ensure_mappings()
    answer = sign_in(role=role).post(f"{CONDITIONS}add/", {"text": "x", "condition": "po"}, follow=True)
    assert answer.status_code == 403
    assert ConditionMapping.objects.filter(folded="x").exists() is False
