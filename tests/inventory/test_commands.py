"""import_inventory, activate_dataset and export_inventory as a person or a program runs them."""

import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from dealerships.models import Dealership
from inventory.files import MOST_BYTES
from inventory.models import Dataset, DatasetEvent, InventoryImport, Vehicle
from tests.command_line import Answer, run_command
from tests.factories import ensure_mappings, make_csv, make_dealership
from tests.inventory.arrivals import ELM, OAK, import_lot, rows_at
from tests.inventory.bad_inputs import FILES, GOOD, HEADER

pytestmark = pytest.mark.django_db(transaction=True)

WriteFile = Callable[..., Path]


@pytest.fixture
def elm() -> Dealership:
    ensure_mappings()
    return make_dealership(name=ELM)


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write_file(content: bytes, name: str = "lots.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file


def import_json(*arguments: object) -> Answer:
    return run_command("import_inventory", *arguments, "--json")


def lot(count: int, *, first: int = 1) -> bytes:
    return make_csv(rows=rows_at(ELM, count, first=first))


def world() -> tuple[object, ...]:
    """Everything that a refused command must leave as it was."""
    return (
        list(Dataset.objects.order_by("pk").values()),
        Vehicle.objects.count(),
        DatasetEvent.objects.count(),
        Dealership.objects.count(),
    )


class TestImport:
    def test_it_accounts_for_every_row(self, elm: Dealership, write: WriteFile) -> None:
        make_dealership(name=OAK)
        rows = [*rows_at(ELM, 3), *rows_at(OAK, 2, first=11), *rows_at("Nobody", 2, first=21)]
        rows[1] |= {"Type": "", "Year": "", "Make": "2022"}
        rows[3]["Status"] = "Fresh Arrival"
        answer = import_json(write(make_csv(rows=rows)), "--force")
        first, second = Dataset.objects.order_by("dealership__name")
        message = (
            "The columns of this row have shifted: the year is not in its place. Mend the row and import it again."
        )
        document = answer.document
        for dataset in document["datasets"]:
            del dataset["gates"]
            assert dataset.pop("difference") == {}  # nothing was in use before
        assert answer.exit_code == 0
        assert document == {
            "import_id": InventoryImport.objects.get().pk,
            "rows_read": 7,
            "rows_accepted": 4,
            "rows_rejected": 1,
            "rows_unmatched": 2,
            "datasets": [
                {
                    "dealership": ELM,
                    "dataset_id": first.pk,
                    "status": "active",
                    "read": 3,
                    "accepted": 2,
                    "rejected": 1,
                },
                {
                    "dealership": OAK,
                    "dataset_id": second.pk,
                    "status": "active",
                    "read": 2,
                    "accepted": 2,
                    "rejected": 0,
                },
            ],
            "unmatched": [{"name": "Nobody", "rows": 2}],
            "unmapped": [{"column": "Status", "text": "Fresh Arrival", "rows": 1}],
            "notices": [],
            "problems": [{"row": 3, "column": "Make", "value": "2022", "code": "E_SHIFT", "message": message}],
        }

    def test_the_text_names_what_a_person_must_know(self, elm: Dealership, write: WriteFile) -> None:
        rows = [*rows_at(ELM, 6), *rows_at("Caf\u00e9 Cars", 1, first=21)]
        rows[1]["Vin"] = "SHORT1"
        answer = run_command("import_inventory", write(make_csv(rows=[*rows, rows[0]])), "--force")
        lines = answer.out.splitlines()
        assert (
            lines[0]
            == f"Import {InventoryImport.objects.get().pk}: 8 rows read = 5 accepted + 2 rejected + 1 unmatched."
        )
        assert lines[1] == f"  {ELM}: active, 5 of 7"
        assert lines[2] == "    G_REJECTS: 2 of 7 rows were rejected, more than 20%."
        assert lines[4] == "  Unmatched name 'Caf\\xe9 Cars': 1 rows"
        assert [line.rpartition(" ")[2] for line in lines[5:]] == ["(E_VIN_LEN)", "(W_DUP)"]
        assert (answer.exit_code, answer.err) == (0, "")

    def test_a_second_import_changes_nothing_and_names_the_first(self, elm: Dealership, write: WriteFile) -> None:
        path = write(lot(3))
        import_json(path)
        before = world()
        answer = import_json(path)
        first = InventoryImport.objects.get()
        assert (answer.exit_code, answer.error_code) == (1, "already_imported")
        assert answer.document["already_imported"] == first.pk
        assert answer.err.startswith(f"This file is import {first.pk} of {timezone.localdate():%Y-%m-%d}")
        assert world() == before

    def test_force_on_an_imported_file_activates_its_datasets_again_and_creates_none(
        self, elm: Dealership, write: WriteFile
    ) -> None:
        make_dealership(name=OAK)
        import_lot(ELM, 40)
        path = write(make_csv(rows=[*rows_at(ELM, 10), *rows_at(OAK, 3, first=101)]))
        assert import_json(path, "--stage-only").exit_code == 0
        held, staged = Dataset.objects.filter(inventory_import__file_name="lots.csv").order_by("pk")[1:]
        assert (held.status, staged.status, Dataset.objects.count()) == ("held", "staged", 3)
        answer = import_json(path, "--force")
        statuses = [(dataset["dataset_id"], dataset["status"]) for dataset in answer.document["datasets"]]
        assert (answer.exit_code, statuses) == (0, [(held.pk, "active"), (staged.pk, "active")])
        assert (Dataset.objects.count(), InventoryImport.objects.count()) == (3, 2)

    def test_a_held_dataset_is_exit_1_and_force_activates_it_on_record(self, elm: Dealership, write: WriteFile) -> None:
        import_lot(ELM, 40)
        path = write(lot(10))
        answer = import_json(path)
        assert (answer.exit_code, answer.document["datasets"][0]["status"]) == (1, "held")
        assert import_json(path, "--force").exit_code == 0
        dataset = Dataset.objects.active().get()
        event = DatasetEvent.objects.filter(dataset=dataset).last()
        assert event is not None
        assert (dataset.rows_accepted, event.from_status, event.to_status) == (10, "held", "active")
        assert event.reason == f"forced import by {getpass.getuser()} on the command line"

    def test_an_empty_dataset_is_exit_1_even_with_force(self, elm: Dealership, write: WriteFile) -> None:
        import_lot(ELM, 3)
        answer = import_json(write(make_csv(rows=rows_at(ELM, 2, Vin="N/A"))), "--force")
        assert (answer.exit_code, answer.document["datasets"][0]["status"]) == (1, "rejected")
        assert Dataset.objects.active().get().rows_accepted == 3

    def test_stage_only_activates_nothing_and_is_exit_0(self, elm: Dealership, write: WriteFile) -> None:
        import_lot(ELM, 40)
        for count, status in ((10, "held"), (41, "staged")):
            answer = import_json(write(lot(count)), "--stage-only")
            assert (answer.exit_code, answer.document["datasets"][0]["status"]) == (0, status)
        assert Dataset.objects.active().get().rows_accepted == 40

    def test_stage_only_and_force_contradict_each_other(self, elm: Dealership, write: WriteFile) -> None:
        before = world()
        answer = import_json(write(lot(3)), "--stage-only", "--force")
        assert (answer.exit_code, world()) == (2, before)
        assert answer.err == "--stage-only activates nothing and --force everything. Choose one of them.\n"

    def test_a_file_of_unknown_dealerships_only_is_exit_1(self, elm: Dealership, write: WriteFile) -> None:
        path = write(make_csv(rows=rows_at("Nobody", 2)))
        answer = run_command("import_inventory", path)
        assert answer.exit_code == 1
        assert "  No row belongs to a dealership, so nothing was changed.\n" in answer.out
        assert Dealership.objects.count() == 1

    def test_source_and_moment_of_collection_are_kept(self, elm: Dealership, write: WriteFile) -> None:
        import_json(write(lot(3)), "--source", "Tuesday's mail", "--collected-at", "2025-09-02T04:10:00-05:00")
        item = InventoryImport.objects.get()
        assert (item.source, item.file_name) == ("Tuesday's mail", "lots.csv")
        assert item.collected_at == datetime(2025, 9, 2, 9, 10, tzinfo=UTC)
        assert Dataset.objects.get().collected_at == item.collected_at

    def test_a_moment_without_zone_is_local(self, elm: Dealership, write: WriteFile) -> None:
        import_json(write(lot(3)), "--collected-at", "2025-09-02 04:10")
        assert InventoryImport.objects.get().collected_at == datetime(2025, 9, 2, 9, 10, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text", ["yesterday", "", "2025-13-01T00:00", "02.09.2025", "2999-01-01T00:00", "0001-01-01T00:00+14:00"]
    )
    def test_a_moment_that_cannot_be_is_bad_input(self, elm: Dealership, write: WriteFile, text: str) -> None:
        answer = import_json(write(lot(3)), "--collected-at", text)
        assert (answer.exit_code, answer.error_code) == (2, "bad_input")
        assert answer.err.startswith(f"--collected-at {text!r} ")
        assert InventoryImport.objects.count() == 0

    def test_missing_files_and_folders_are_bad_input(self, elm: Dealership, tmp_path: Path) -> None:
        for path, reason in ((tmp_path / "no.csv", "No such file or directory"), (tmp_path, "Is a directory")):
            answer = import_json(path)
            assert (answer.exit_code, answer.error_code) == (2, "bad_input")
            assert answer.err == f"{path} cannot be read: {reason}. Name an existing CSV file.\n"

    def test_a_folder_for_uploads_that_cannot_be_written_is_not_blamed_on_the_file(
        self, elm: Dealership, write: WriteFile
    ) -> None:
        Path(settings.UPLOADS_DIR).rmdir()
        answer = import_json(write(lot(3)))
        assert (answer.exit_code, answer.error_code) == (2, "E_STORAGE")
        words = f"The file cannot be copied to {settings.UPLOADS_DIR}: No such file or directory."
        assert answer.err == f"{words} Make room there or mend its rights.\n"


def test_every_bad_file_is_exit_2_with_one_document_and_changes_nothing(elm: Dealership, write: WriteFile) -> None:
    import_lot(ELM, 3, first=50)
    before = world()
    bad = {str(case): (case.content, case.codes[0]) for case in FILES if case.status == "refused"}
    bad["30-too-large"] = (GOOD + b"," * MOST_BYTES, "E_TOO_LARGE")
    answers = {name: import_json(write(content)) for name, (content, _) in bad.items()}
    assert {name: (answer.exit_code, answer.error_code) for name, answer in answers.items()} == {
        name: (2, code) for name, (_, code) in bad.items()
    }
    assert [name for name, answer in answers.items() if len(answer.err.splitlines()) != 1] == []
    assert world() == before


def test_200_001_rows_are_refused(elm: Dealership, write: WriteFile) -> None:
    answer = import_json(write(f"{HEADER}\r\n".encode() + b"x,,,,,,,,,,,,,,,,,,,,\r\n" * 200_001))
    assert (answer.exit_code, answer.error_code, world()[0]) == (2, "E_TOO_MANY", [])


def test_a_file_name_that_is_no_text_is_bad_input(elm: Dealership, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    Path(os.fsdecode(path)).write_bytes(GOOD)
    answer = import_json(os.fsdecode(path))
    assert (answer.exit_code, answer.error_code, InventoryImport.objects.count()) == (2, "bad_input", 0)


class TestActivate:
    def test_it_activates_the_newest_waiting_dataset_by_any_name(self, elm: Dealership, write: WriteFile) -> None:
        first = import_lot(ELM, 3)
        import_json(write(lot(4)), "--stage-only")
        staged = Dataset.objects.get(status="staged")
        answer = run_command("activate_dataset", "ELM-street motors", "--json")
        document = {"dealership": ELM, "dataset_id": staged.pk, "status": "active", "previous_id": first.pk}
        assert (answer.exit_code, answer.document) == (0, document)
        again = run_command("activate_dataset", ELM, first.pk)
        assert (again.exit_code, again.out) == (0, f"Dataset {first.pk} of {ELM} is in use: 3 vehicles.\n")
        event = DatasetEvent.objects.filter(dataset=first).last()
        assert event is not None
        assert event.reason == f"activated by {getpass.getuser()} on the command line"

    def test_a_held_dataset_is_exit_1_until_it_is_forced(self, elm: Dealership, write: WriteFile) -> None:
        first = import_lot(ELM, 40)
        import_json(write(lot(10)))
        held = Dataset.objects.get(status="held")
        answer = run_command("activate_dataset", ELM, "--json")
        refused = {"dealership": ELM, "dataset_id": held.pk, "status": "held", "previous_id": None}
        words = f"{ELM}: 10 vehicles after 40: below 50%."
        assert (answer.exit_code, answer.err) == (1, f"{words}\n")
        assert answer.document == {**refused, "error": {"code": "G_COLLAPSE", "message": words}}
        forced = run_command("activate_dataset", ELM, "--force", "--json")
        assert forced.document == {**refused, "status": "active", "previous_id": first.pk}

    def test_an_empty_dataset_cannot_be_forced(self, elm: Dealership, write: WriteFile) -> None:
        import_json(write(make_csv(rows=rows_at(ELM, 2, Vin="N/A"))))
        dataset = Dataset.objects.get()
        answer = run_command("activate_dataset", ELM, dataset.pk, "--force", "--json")
        assert (answer.exit_code, answer.error_code, answer.document["status"]) == (1, "rejected", "rejected")

    def test_nothing_to_activate_and_a_foreign_number_are_bad_input(self, elm: Dealership) -> None:
        for arguments in ((ELM,), (ELM, 7), (ELM, 10**30), ("Nobody",), (ELM, "x")):
            assert run_command("activate_dataset", *arguments, "--json").exit_code == 2


class TestExport:
    def test_it_writes_the_named_dealerships_or_all(self, elm: Dealership, tmp_path: Path) -> None:
        make_dealership(name=OAK)
        import_lot(ELM, 3)
        import_lot(OAK, 2, first=11)
        path = tmp_path / "out.csv"
        for arguments, rows in (([ELM], 3), ([ELM, OAK, "oak hill cars"], 5), (["--all"], 5)):
            answer = run_command("export_inventory", *arguments, path, "--json")
            assert (answer.exit_code, answer.document) == (0, {"rows": rows})
            assert len(path.read_bytes().splitlines()) == rows + 1
        assert run_command("export_inventory", OAK, path).out == f"2 rows written to {path}.\n"

    @pytest.mark.parametrize(
        "arguments", [["out.csv"], [ELM, "out.csv", "--all"], [], ["--all"], ["Nobody", "out.csv"]]
    )
    def test_without_names_or_all_it_changes_nothing(
        self, elm: Dealership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        import_lot(ELM, 3)
        answer = run_command("export_inventory", *arguments, "--json")
        assert (answer.exit_code, list(tmp_path.glob("*.csv"))) == (2, [])
        assert set(answer.document) == {"error"}
