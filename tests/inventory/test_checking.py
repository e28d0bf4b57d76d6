"""What an import would do, told without doing it: by the command and by the upload page."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models

from foundation.errors import BadInput, Refused
from inventory.files import MOST_BYTES
from inventory.models import InventoryImport
from inventory.operations.checking import check_import
from inventory.operations.importing import import_result, run_import
from tests.command_line import Answer, run_command
from tests.factories import ensure_mappings, make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, OAK, import_lot, register, rows_at
from tests.inventory.bad_inputs import FILES
from tests.pages import sign_in, words

Write = Callable[[bytes], Path]
KEPT_BY_PAGES = {"sessions.Session", "foundation.TokenBucket"}


@pytest.fixture
def lots() -> None:
    """Two dealerships, one of them with an inventory in use."""
    ensure_mappings()
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    import_lot(ELM, 40)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: bytes) -> Path:
        path = tmp_path / "lots.csv"
        path.write_bytes(content)
        return path

    return write_file


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but what every page may write, and the names of all kept files."""
    found: dict[str, list[dict[str, Any]]] = {"files": [{"name": name} for name in names_kept()]}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label not in KEPT_BY_PAGES and model._meta.managed:
            rows: models.QuerySet[Any] = model._base_manager.order_by("pk")
            found[model._meta.label] = list(rows.values())
    return found


def names_kept() -> list[str]:
    return sorted(path.name for path in Path(settings.UPLOADS_DIR).rglob("*"))


def mixed() -> bytes:
    """A small lot that a gate holds, a new one, an unknown name, an unknown wording, a twin and a bad row."""
    bad = make_row(number=80, location=OAK, Year="1885")
    twin = make_row(number=50, location=OAK)
    odd = make_row(number=81, location=OAK, Type="Nearly new")
    return make_csv(
        rows=[*rows_at(ELM, 5), *rows_at(OAK, 20, first=50), twin, bad, odd, *rows_at("Nobody's Lot", 2, first=90)]
    )


def without_ids(result: dict[str, Any]) -> dict[str, Any]:
    # What the gates let pass is activated by the import.
    datasets = [
        {**item, "dataset_id": None, "status": {"active": "staged"}.get(item["status"], item["status"])}
        for item in result["datasets"]
    ]
    return {**result, "import_id": None, "datasets": datasets}


@pytest.mark.django_db
def test_the_account_is_that_of_the_import_and_nothing_is_stored(lots: None) -> None:
    before = everything()
    told = check_import(stream=io.BytesIO(mixed()), file_name="lots.csv")
    assert everything() == before
    assert [(item["dealership"], item["status"]) for item in told["datasets"]] == [(ELM, "held"), (OAK, "staged")]
    assert (told["rows_read"], told["rows_rejected"], told["rows_unmatched"]) == (30, 2, 2)
    assert told == without_ids(import_result(run_import(inventory_import=register(mixed()))))


@pytest.mark.django_db
def test_a_file_that_was_imported_is_refused_as_by_the_import(lots: None) -> None:
    register(mixed())
    InventoryImport.objects.update(status="done")
    before = everything()
    with pytest.raises(Refused, match="nothing was changed") as refusal:
        check_import(stream=io.BytesIO(mixed()), file_name="again.csv")
    assert (refusal.value.code, everything()) == ("already_imported", before)


@pytest.mark.django_db
def test_a_file_above_the_limit_is_refused_and_not_kept(lots: None) -> None:
    before = everything()
    with pytest.raises(BadInput, match="larger than 25 MB"):
        check_import(stream=io.BytesIO(b"x" * (MOST_BYTES + 1)), file_name="lots.csv")
    assert everything() == before


def check(*arguments: object) -> Answer:
    return run_command("import_inventory", *arguments, "--dry-run")


@pytest.mark.django_db(transaction=True)
def test_the_command_tells_it_with_the_exit_code_of_the_import(lots: None, write: Write) -> None:
    before = everything()
    answer = check(write(mixed()))
    assert (answer.exit_code, everything()) == (1, before)
    assert answer.out.startswith("Dry run, nothing is stored: 30 rows read = 26 accepted + 2 rejected + 2 unmatched.\n")
    assert f"  {OAK}: staged, 21 of 23\n" in answer.out
    good = check(write(make_csv(rows=rows_at(ELM, 39))), "--json")
    assert (good.exit_code, good.document["import_id"], everything()) == (0, None, before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("option", ["--force", "--stage-only"])
def test_a_dry_run_goes_with_no_option_that_says_what_to_store(lots: None, write: Write, option: str) -> None:
    before = everything()
    answer = check(write(mixed()), option)
    assert (answer.exit_code, everything()) == (2, before)
    assert answer.err == "--dry-run stores nothing, so it goes with neither --stage-only nor --force.\n"


@pytest.mark.django_db(transaction=True)
def test_every_bad_file_is_exit_2_and_leaves_nothing(lots: None, write: Write) -> None:
    before = everything()
    bad = [case for case in FILES if case.status == "refused"]
    assert len(bad) > 10
    for case in bad:
        answer = check(write(case.content), "--json")
        assert (answer.exit_code, answer.error_code) == (2, case.codes[0]), str(case)
    assert everything() == before
    assert check("/nowhere/lots.csv").exit_code == 2


@pytest.mark.django_db
def test_the_page_shows_it_and_keeps_nothing_of_the_file(lots: None) -> None:
    staff = sign_in(role="staff")
    before = everything()
    file = SimpleUploadedFile("lots.csv", mixed())
    page = staff.post("/imports/upload/", {"file": file, "check": "only"})
    shown = words(page)
    assert (page.status_code, everything()) == (200, before)
    assert "30 read = 26 accepted + 2 rejected + 2 unmatched" in shown
    assert [text in shown for text in (f"{ELM} Held", f"{OAK} In use", "Nobody's Lot 2 rows", "Nearly new")] == [
        True
    ] * 4
    again = staff.post("/imports/upload/", {"file": SimpleUploadedFile("lots.csv", b"no,such,file"), "check": "only"})
    assert (again.status_code, "field has-error" in again.content.decode(), everything()) == (422, True, before)


@pytest.mark.django_db
def test_a_check_counts_as_an_upload(lots: None) -> None:
    staff = sign_in(role="staff")
    answers = [
        staff.post("/imports/upload/", {"file": SimpleUploadedFile("a.csv", b"x"), "check": "only"}).status_code
        for _ in range(11)
    ]
    assert answers == [422] * 10 + [429]
