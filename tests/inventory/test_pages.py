"""Imports and datasets in the browser: upload, follow, account for every row, decide."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dealerships.models import DealershipAlias
from inventory.files import upload_path
from inventory.models import (
    ConditionMapping,
    Dataset,
    InventoryImport,
    LotStatusMapping,
    PricePhrase,
    Vehicle,
)
from inventory.operations.ignoring import ignore_name
from tests.factories import active_dataset_of, ensure_mappings, make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, OAK, account_of, import_file, import_lot, rows_at
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


@pytest.fixture
def manager() -> Client:
    return sign_in(role="manager")


def upload(client: Client, content: bytes, *, name: str = "lots.csv", **fields: str) -> Any:
    ensure_mappings()
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return client.post("/imports/upload/", {"file": file, **fields})


def page_of(item: InventoryImport | Dataset) -> str:
    return reverse("import_detail" if isinstance(item, InventoryImport) else "import_dataset", args=[item.pk])


def held_dataset(*, before: int = 40, after: int = 5) -> Dataset:
    make_dealership(name=ELM)
    import_lot(ELM, before)
    dataset = import_lot(ELM, after)
    assert dataset.status == "held"
    return dataset


# Upload


def test_an_uploaded_file_is_read_by_a_worker(staff: Client, run_queued_jobs: Jobs) -> None:
    elm = make_dealership(name=ELM)
    answer = upload(staff, make_csv(rows=rows_at(ELM, 3)))
    item = InventoryImport.objects.get()
    assert (answer.status_code, answer["Location"], item.status) == (302, page_of(item), "queued")
    assert run_queued_jobs() == 1
    item.refresh_from_db()
    assert (item.status, account_of(item), str(item.created_by)) == ("done", (3, 3, 0, 0), "staff")
    assert active_dataset_of(dealership=elm).rows_accepted == 3


def test_the_page_asks_every_two_seconds_until_the_file_is_read(staff: Client, run_queued_jobs: Jobs) -> None:
    upload(staff, make_csv(rows=rows_at(ELM, 3)))
    item = InventoryImport.objects.get()
    progress = reverse("import_progress", args=[item.pk])
    page = staff.get(page_of(item)).content.decode()
    assert f'hx-get="{progress}"' in page
    assert 'hx-trigger="every 2s"' in page
    waiting = staff.get(progress, headers=HTMX)
    assert (waiting.status_code, "waits for a worker" in words(waiting)) == (200, True)
    lease = timezone.now() + timedelta(minutes=1)
    InventoryImport.objects.update(status="running", lease_until=lease, rows_so_far=12_000)
    assert "12,000 rows are read so far." in words(staff.get(progress, headers=HTMX))
    InventoryImport.objects.update(status="queued", lease_until=None)
    run_queued_jobs()
    finished = staff.get(progress, headers=HTMX)
    assert (finished.status_code, finished["HX-Refresh"]) == (286, "true")
    assert "hx-trigger" not in staff.get(page_of(item)).content.decode()


def test_ringing_twice_reads_the_file_once(staff: Client, run_queued_jobs: Jobs) -> None:
    from jobs.executor import run

    make_dealership(name=ELM)
    upload(staff, make_csv(rows=rows_at(ELM, 3)))
    run_queued_jobs()
    run("run_import", InventoryImport.objects.get().pk)
    assert Dataset.objects.count() == 1


def test_the_same_file_again_is_refused_and_leads_to_the_first_import(staff: Client) -> None:
    make_dealership(name=ELM)
    content = make_csv(rows=rows_at(ELM, 3))
    first = import_file(content)
    answer = upload(staff, content)
    assert answer.status_code == 422
    assert f"This file is import {first.pk} of" in words(answer)
    assert f'href="{page_of(first)}"' in answer.content.decode()
    assert InventoryImport.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "Choose a file."), (b"", "The file is empty. Choose another one.")]
)
def test_no_file_and_an_empty_file_are_said_at_the_field(staff: Client, content: bytes | None, sentence: str) -> None:
    answer = staff.post("/imports/upload/", {}) if content is None else upload(staff, content)
    assert (answer.status_code, sentence in words(answer)) == (422, True)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"<html>login</html>", b"a,b\n1,2\n", b"Vin\0,Stock\n"])
def test_a_file_that_is_no_inventory_fails_with_its_reason_and_changes_nothing(
    content: bytes, staff: Client, run_queued_jobs: Jobs
) -> None:
    elm = make_dealership(name=ELM)
    active = import_lot(ELM, 3)
    upload(staff, content, name="../../x.csv")
    run_queued_jobs()
    item = InventoryImport.objects.first()
    assert item is not None
    assert item.status == "failed"
    page = staff.get(page_of(item))
    assert f"Nothing was imported: {item.error_text}"[:60] in words(page)
    assert active_dataset_of(dealership=elm) == active


def test_a_viewer_cannot_upload(viewer: Client) -> None:
    assert viewer.get("/imports/upload/").status_code == 403
    assert upload(viewer, make_csv(rows=rows_at(ELM, 1))).status_code == 403
    assert "Upload a file" not in words(viewer.get("/imports/"))
    assert InventoryImport.objects.count() == 0


# The account


def test_the_sums_of_an_import_are_printed(viewer: Client) -> None:
    make_dealership(name=ELM)
    rows = [*rows_at(ELM, 3), make_row(number=8, location=ELM, Year="1885"), make_row(number=9, location="Nobody")]
    page = words(viewer.get(page_of(import_file(make_csv(rows=rows)))))
    assert "5 read = 3 accepted + 1 rejected + 1 unmatched" in page


def test_problems_are_listed_with_row_column_value_and_remedy_and_filtered_by_code(viewer: Client) -> None:
    make_dealership(name=ELM)
    rows = [make_row(number=1, location=ELM, Year="1885"), make_row(number=2, location=ELM, Price="Please Call")]
    done = import_file(make_csv(rows=rows))
    table = part(viewer.get(page_of(done)), 'aria-label="Problems"', "</table>")
    assert "Row 2 The year must be a number" in table
    assert "Year 1885 Elm Street Motors E_YEAR" in table
    filtered = part(viewer.get(page_of(done), {"code": "W_PRICE"}), 'aria-label="Problems"', "</table>")
    assert ["E_YEAR" in filtered, "W_PRICE" in filtered] == [False, True]


def test_problems_are_split_into_pages(viewer: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=rows_at(ELM, 130, Price="Please Call")))
    pages = [
        part(viewer.get(page_of(done), {"page": page}), 'aria-label="Problems"', "</table>").count("W_PRICE")
        for page in (1, 2)
    ]
    assert pages == [100, 30]


def test_the_queries_of_an_import_do_not_grow_with_its_rows(
    viewer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    rows = [*rows_at(ELM, 30, Price="Please Call", Type="Loaner"), *rows_at(OAK, 30, first=50), *rows_at("Nobody", 9)]
    done = import_file(make_csv(rows=rows))
    with django_assert_num_queries(19):
        assert viewer.get(page_of(done)).status_code == 200


def test_all_problems_come_as_a_file_that_no_spreadsheet_runs(viewer: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=[make_row(number=1, location=ELM, Year="=cmd|' /C calc'!A0")]))
    answer = viewer.get(reverse("import_problems", args=[done.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="import_{done.pk}_problems.csv"'
    header, row = csv.reader(io.StringIO(answer.content.decode(), newline=""))
    assert header == ["Row", "Column", "Value", "Code", "Message", "Dealership"]
    assert (row[0], row[1], row[2], row[3], row[5]) == ("2", "Year", "'=cmd|' /C calc'!A0", "E_YEAR", ELM)


def test_texts_of_a_file_are_never_markup(viewer: Client) -> None:
    make_dealership(name=ELM)
    evil = '"><img src=x onerror=alert(1)>'
    rows = [make_row(number=1, location=ELM, Year=evil), make_row(number=2, location=evil)]
    rows.append(make_row(number=3, location=ELM, Type=evil))
    page = viewer.get(page_of(import_file(make_csv(rows=rows), source=evil))).content.decode()
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") >= 4


# Unmatched names


def attach(client: Client, item: InventoryImport, name: str, dealership: str, **fields: str) -> Any:
    unmatched = item.unmatched_names.get(name=name)
    address = reverse("import_attach", args=[item.pk])
    return client.post(address, {f"dealership-{unmatched.pk}": dealership, **fields})


def undo_of(client: Client) -> str:
    """The address that the toast of the last answer would post to."""
    [message] = get_messages(client.get("/imports/").wsgi_request)
    return str(message.extra_tags)


def test_an_attached_name_and_a_second_reading_bring_the_rows_in(staff: Client, run_queued_jobs: Jobs) -> None:
    elm = make_dealership(name=ELM)
    first = import_file(make_csv(rows=rows_at("Elm Street STL", 3)), collected_at=timezone.now() - timedelta(hours=5))
    assert "Elm Street STL 3 rows." in words(staff.get(page_of(first)))
    assert attach(staff, first, "Elm Street STL", "elm street MOTORS").status_code == 302
    page = words(staff.get(page_of(first)))
    assert "1 name was attached since: read the file again, and 3 rows come in." in page
    assert f"Now {ELM}" in page
    answer = staff.post(reverse("import_reread", args=[first.pk]))
    again = InventoryImport.objects.exclude(pk=first.pk).get()
    assert answer["Location"] == page_of(again)
    run_queued_jobs()
    again.refresh_from_db()
    assert (again.status, account_of(again), again.reread_of) == ("done", (3, 3, 0, 0), first)
    assert active_dataset_of(dealership=elm).collected_at == first.collected_at
    assert f"Read again from import {first.pk}" in words(staff.get(page_of(again)))


def test_several_names_are_attached_and_read_again_in_one_go(staff: Client, run_queued_jobs: Jobs) -> None:
    elm, oak = make_dealership(name=ELM), make_dealership(name=OAK)
    done = import_file(make_csv(rows=[*rows_at("Elm STL", 3), *rows_at("Oak STL", 2, first=9), *rows_at("Nobody", 1)]))
    oak_name = done.unmatched_names.get(name="Oak STL")
    answer = attach(staff, done, "Elm STL", ELM, **{f"dealership-{oak_name.pk}": OAK, "reread": "yes"})
    again = InventoryImport.objects.exclude(pk=done.pk).get()
    assert answer["Location"] == page_of(again)
    run_queued_jobs()
    assert [active_dataset_of(dealership=each).rows_accepted for each in (elm, oak)] == [3, 2]
    assert DealershipAlias.history.filter(text="Elm STL").get().history_user.username == "staff"


def test_an_attached_name_is_detached_by_undo_and_its_own_name_never(staff: Client) -> None:
    elm = make_dealership(name=ELM)
    done = import_file(make_csv(rows=rows_at("Elm STL", 3)))
    attach(staff, done, "Elm STL", ELM)
    undo = undo_of(staff)
    assert f'action="{undo}"' in staff.get(page_of(done)).content.decode()
    answer = staff.post(undo, follow=True)
    assert f"Elm STL is no longer a name of {ELM}." in words(answer)
    assert not DealershipAlias.objects.filter(text="Elm STL").exists()
    assert "Somebody detached that name already" in words(staff.post(undo, follow=True))
    own = elm.aliases.get()
    kept = staff.post(f"{reverse('import_detach', args=[done.pk])}?alias={own.pk}", follow=True)
    assert f"{ELM} is the dealership's own name; it stays attached." in words(kept)
    assert elm.aliases.exists()


def test_a_name_that_another_dealership_has_is_refused_with_its_owner_and_what_was_typed(staff: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=rows_at("Oak Hill", 1)))
    oak = make_dealership(name=OAK)
    DealershipAlias.objects.create(dealership=oak, text="Oak Hill")
    answer = attach(staff, done, "Oak Hill", ELM)
    assert (answer.status_code, "This name already belongs to Oak Hill Cars." in words(answer)) == (422, True)


def test_a_typed_name_that_is_nearly_right_is_told_and_nothing_is_attached(staff: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=[*rows_at("Elm STL", 1), *rows_at("Nobody", 1, first=5)]))
    nobody = done.unmatched_names.get(name="Nobody")
    answer = attach(staff, done, "Elm STL", ELM, **{f"dealership-{nobody.pk}": "Elm Stret Motors"})
    assert answer.status_code == 422
    assert f"There is no dealership 'Elm Stret Motors'. Did you mean {ELM}?" in words(answer)
    assert 'value="Elm Stret Motors"' in answer.content.decode()
    assert DealershipAlias.objects.count() == 1


@pytest.mark.parametrize("typed", ["", " ", "\0"])
def test_a_name_needs_a_dealership(typed: str, staff: Client) -> None:
    done = import_file(make_csv(rows=rows_at("Nobody", 1)))
    answer = attach(staff, done, "Nobody", typed)
    assert (answer.status_code, "No dealership was chosen." in words(answer)) == (422, True)
    assert DealershipAlias.objects.count() == 0


@pytest.mark.parametrize(
    "key", ["dealership-", "dealership-x", "dealership-4711", f"dealership-{'9' * 30}", "dealership-\u0661"]
)
def test_a_name_that_the_import_does_not_hold_is_not_attached(key: str, staff: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=rows_at("Nobody", 1)))
    assert staff.post(reverse("import_attach", args=[done.pk]), {key: ELM}).status_code == 422
    assert DealershipAlias.objects.count() == 1


def test_unmatched_names_are_split_into_pages_with_the_open_ones_first(staff: Client) -> None:
    rows = [row for number in range(30) for row in rows_at(f"Lot {number:02}", 2, first=10 * number)]
    done = import_file(make_csv(rows=[*rows, *rows_at("Largest", 5, first=900)]))
    ignore_name(text="Largest", reason="Not ours.", actor=None)
    first = part(staff.get(page_of(done)), 'id="unmatched"', "</section>")
    last = part(staff.get(page_of(done), {"names": "2", "code": "E_YEAR"}), 'id="unmatched"', "</section>")
    assert ["1 to 25 of 31" in first, "26 to 31 of 31" in last] == [True, True]
    assert ["Largest 5 rows" in first, "Largest 5 rows" in last] == [False, True]
    assert "?names=2#unmatched" in staff.get(page_of(done)).content.decode()
    # A form of the second page that is refused comes back as that page.
    address = f"{reverse('import_attach', args=[done.pk])}?names=2"
    assert f'action="{address}"' in staff.get(page_of(done), {"names": "2"}).content.decode()
    refused = staff.post(address, {f"dealership-{done.unmatched_names.get(name='Largest').pk}": "Nobody's"})
    assert "26 to 31 of 31" in part(refused, 'id="unmatched"', "</section>")


def test_a_file_that_is_no_longer_kept_cannot_be_read_again(staff: Client) -> None:
    done = import_file(make_csv(rows=rows_at("Nobody", 1)))
    upload_path(done.stored_name).unlink()
    answer = staff.post(reverse("import_reread", args=[done.pk]), follow=True)
    assert f"The file of import {done.pk} is no longer kept. Upload it again." in words(answer)
    assert InventoryImport.objects.count() == 1


def test_a_file_that_is_being_read_is_not_read_again(staff: Client) -> None:
    upload(staff, make_csv(rows=rows_at(ELM, 1)))
    item = InventoryImport.objects.get()
    answer = staff.post(reverse("import_reread", args=[item.pk]), follow=True)
    assert f"Import {item.pk} is being read." in words(answer)


def test_a_reading_whose_worker_was_lost_can_be_repeated(staff: Client, run_queued_jobs: Jobs) -> None:
    make_dealership(name=ELM)
    upload(staff, make_csv(rows=rows_at(ELM, 3)))
    InventoryImport.objects.update(status="running", created_at=timezone.now() - timedelta(minutes=16))
    lost = InventoryImport.objects.get()
    assert "The reading was interrupted; nothing was imported." in words(staff.get(page_of(lost)))
    staff.post(reverse("import_reread", args=[lost.pk]))
    run_queued_jobs()
    assert Dataset.objects.get().status == "active"


# Unmapped texts


def explain(client: Client, item: InventoryImport, meanings: dict[str, str]) -> Any:
    texts = {text.text: text.pk for text in item.unmapped_texts.all()}
    chosen = {f"meaning-{texts[text]}": meaning for text, meaning in meanings.items()}
    return client.post(reverse("import_explain", args=[item.pk]), chosen)


def unknown_texts() -> InventoryImport:
    make_dealership(name=ELM)
    rows = [*rows_at(ELM, 3, Type="Loaner & demo"), make_row(number=8, location=ELM, Status="Awaiting Dispatch")]
    rows.append(make_row(number=9, location=ELM, Price="<b>Ask Bob</b>"))
    return import_file(make_csv(rows=rows))


def test_wordings_are_explained_on_the_page_and_count_at_once_for_all_of_them(staff: Client) -> None:
    done = unknown_texts()
    answer = explain(staff, done, {"Loaner & demo": "po", "Awaiting Dispatch": "off_lot", "<b>Ask Bob</b>": "no_price"})
    assert answer.status_code == 302
    page = words(staff.get(page_of(done)))
    assert "3 wordings explained; 4 vehicles of the current inventories were read anew." in page
    assert "Type, 3 rows; means PO now" in page
    assert "Price, 1 row; means No price now" in page
    vehicles = Vehicle.objects.order_by("row_number")
    assert list(vehicles.values_list("condition", flat=True)) == ["po"] * 5
    assert vehicles.get(raw_status="Awaiting Dispatch").lot_status == "off_lot"
    entry = ConditionMapping.history.get(text="Loaner & demo")
    assert (entry.history_user.username, entry.history_type) == ("staff", "+")
    assert PricePhrase.objects.filter(text="Ask Bob").exists()


def test_undo_takes_the_meanings_back_and_the_vehicles_with_them(staff: Client) -> None:
    done = unknown_texts()
    explain(staff, done, {"Loaner & demo": "po", "<b>Ask Bob</b>": "no_price"})
    undo = undo_of(staff)
    answer = staff.post(undo, follow=True)
    assert "2 wordings are unknown again; 3 vehicles of the current inventories were read anew." in words(answer)
    assert Vehicle.objects.filter(condition="unknown").count() == 3
    assert not PricePhrase.objects.filter(text="Ask Bob").exists()
    assert "Somebody took that back already" in words(staff.post(undo, follow=True))


@pytest.mark.parametrize(
    ("meaning", "sentence"),
    [("", "No meaning was chosen."), ("cab", "cannot mean 'cab' in the column Type"), ("on_lot", "cannot mean")],
)
def test_a_meaning_is_one_of_those_that_the_column_knows(meaning: str, sentence: str, staff: Client) -> None:
    done = unknown_texts()
    before = ConditionMapping.objects.count()
    answer = explain(staff, done, {"Loaner & demo": meaning})
    assert (answer.status_code, sentence in words(answer)) == (422, True)
    assert ConditionMapping.objects.count() == before


def test_a_wording_that_somebody_explained_meanwhile_is_refused_and_none_of_the_others_stored(staff: Client) -> None:
    done = unknown_texts()
    ConditionMapping.objects.create(text="loaner & DEMO", condition="cpo")
    answer = explain(staff, done, {"Awaiting Dispatch": "off_lot", "Loaner & demo": "po"})
    assert (answer.status_code, "This text is listed already: loaner & DEMO." in words(answer)) == (422, True)
    assert not LotStatusMapping.objects.filter(text="Awaiting Dispatch").exists()


def test_a_wording_that_is_too_long_to_be_explained_is_told(staff: Client) -> None:
    make_dealership(name=ELM)
    done = import_file(make_csv(rows=rows_at(ELM, 2, Type="x" * 300)))
    answer = explain(staff, done, {"x" * 200: "po"})
    assert (answer.status_code, "is too long to be explained. Mend it in the file." in words(answer)) == (422, True)


def test_viewers_see_wordings_without_a_choice_and_cannot_explain_them(viewer: Client) -> None:
    done = unknown_texts()
    assert "<select" not in viewer.get(page_of(done)).content.decode()
    assert explain(viewer, done, {"Loaner & demo": "po"}).status_code == 403


# Decisions


def decide(client: Client, dataset: Dataset, what: str, reason: str = "The lot was sold") -> Any:
    return client.post(reverse(f"dataset_{what}", args=[dataset.pk]), {"reason": reason})


def test_a_held_dataset_stands_beside_the_one_in_use(viewer: Client) -> None:
    page = words(viewer.get(page_of(held_dataset())))
    assert "5 vehicles after 40: below 50%. A manager decides." in page
    assert "Vehicles 40 5" in page
    assert "VINs only here 35 vehicles that are gone 0 new vehicles" in page


def test_a_manager_releases_what_a_manager_must_decide_with_a_reason(staff: Client, manager: Client) -> None:
    dataset = held_dataset()
    assert decide(staff, dataset, "activate").status_code == 403
    assert decide(manager, dataset, "activate").status_code == 302
    dataset.refresh_from_db()
    event = dataset.events.last()
    assert event is not None
    assert (dataset.status, event.reason, str(event.actor)) == ("active", "The lot was sold", "manager")


def test_staff_release_what_staff_may_decide(viewer: Client, staff: Client) -> None:
    dataset = held_dataset(before=40, after=24)
    assert [gate["severity"] for gate in dataset.gates] == ["hold_staff"]
    assert decide(viewer, dataset, "activate").status_code == 403
    assert decide(staff, dataset, "activate").status_code == 302
    dataset.refresh_from_db()
    assert dataset.status == "active"


def test_a_gate_that_became_the_managers_meanwhile_stops_staff(staff: Client) -> None:
    dataset = held_dataset(before=40, after=24)
    import_lot(ELM, 80, first=1, force=True)
    answer = decide(staff, dataset, "activate")
    assert (answer.status_code, "24 vehicles after 80: below 50%." in words(answer)) == (409, True)
    dataset.refresh_from_db()
    assert dataset.status == "held"


def test_a_decision_needs_a_reason(manager: Client) -> None:
    dataset = held_dataset()
    answer = decide(manager, dataset, "activate", reason=" ")
    assert (answer.status_code, "Say why; the reason is kept with your name." in words(answer)) == (422, True)
    dataset.refresh_from_db()
    assert dataset.status == "held"


def test_a_rejected_dataset_is_kept_and_decided(manager: Client) -> None:
    dataset = held_dataset()
    assert decide(manager, dataset, "reject").status_code == 302
    page = manager.get(page_of(dataset))
    assert "Release and use it" not in words(page)
    again = decide(manager, dataset, "activate")
    assert (again.status_code, "was rejected" in words(again)) == (409, True)


def test_only_a_manager_goes_back_to_an_older_dataset(staff: Client, manager: Client) -> None:
    elm = make_dealership(name=ELM)
    older = import_lot(ELM, 3)
    import_lot(ELM, 4)
    assert "Use this dataset again" not in words(staff.get(page_of(older)))
    assert decide(staff, older, "activate").status_code == 403
    assert "Use this dataset again" in words(manager.get(page_of(older)))
    assert decide(manager, older, "activate").status_code == 302
    assert active_dataset_of(dealership=elm) == older


def test_deciding_twice_says_that_it_is_in_use_already(manager: Client) -> None:
    dataset = held_dataset()
    decide(manager, dataset, "activate")
    again = decide(manager, dataset, "activate")
    assert (again.status_code, "is in use already" in words(again)) == (409, True)


# Doors


@pytest.mark.parametrize("action", ["import_attach", "import_reread", "dataset_activate", "dataset_reject"])
def test_changes_are_posts_of_staff(action: str, viewer: Client, staff: Client) -> None:
    dataset = held_dataset()
    address = reverse(action, args=[dataset.pk if "dataset" in action else dataset.inventory_import_id])
    # Going back is asked on a page, which for any other dataset is that dataset's.
    asked = [403, 302] if action == "dataset_activate" else [405, 405]
    assert [client.get(address).status_code for client in (viewer, staff)] == asked
    assert viewer.post(address).status_code == 403
    assert sign_in(role="nobody").post(address).status_code == 302


@pytest.mark.parametrize("address", ["/imports/4711/", "/datasets/4711/", "/imports/4711/problems.csv"])
def test_what_is_not_there_is_a_missing_page(address: str, viewer: Client) -> None:
    assert viewer.get(address).status_code == 404


def test_the_list_of_imports_is_empty_with_a_next_step_and_then_newest_first(viewer: Client, staff: Client) -> None:
    assert "No inventory was imported yet. Upload a file" in words(staff.get("/imports/"))
    make_dealership(name=ELM)
    for count, name in enumerate(("older.csv", "newer.csv"), start=1):
        import_file(make_csv(rows=rows_at(ELM, count)), file_name=name)
    text = words(viewer.get("/imports/"))
    assert text.index("newer.csv") < text.index("older.csv")
