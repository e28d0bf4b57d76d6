import csv
import io
from pathlib import Path

import pytest

from dealerships.models import Dealership, DealershipAlias
from foundation.errors import BadInput
from inventory.domain.facts import INVENTORY_HEADER
from inventory.models import Vehicle
from inventory.operations.exporting import export_inventory
from tests.factories import make_csv, make_dealership, make_row
from tests.inventory.arrivals import ELM, OAK, import_file, import_lot, rows_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def dealerships() -> list[Dealership]:
    return [make_dealership(name=ELM), make_dealership(name=OAK)]


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def vehicles_in_use() -> list[dict[str, object]]:
    vehicles = Vehicle.objects.active().order_by("dataset__dealership__name", "vin").values()
    own = ("id", "dataset_id", "row_number")
    return [{name: value for name, value in vehicle.items() if name not in own} for vehicle in vehicles]


HOSTILE = {
    "Stock": " 007 ",
    "Type": "CarBravo",
    "Model": 'Town &amp; "Country",\r\n\tTouring \\. \U0001f697',
    "Status": "",
    "Price": "Please Call",
    "MSRP": "$45,000.00",
    "Date In Stock": "2025/05/09",
    "Trim": "=cmd|' /C calc'!A0",
}


def test_an_export_imports_again_as_the_same_rows(dealerships: list[Dealership], tmp_path: Path) -> None:
    DealershipAlias.objects.create(dealership=dealerships[0], text="Elm St. & Sons")
    rows = [
        *rows_at(ELM, 4),
        make_row(number=5, location=" ELM st & sons ", **HOSTILE),
        *rows_at(OAK, 3, first=4),
        make_row(number=9, location=OAK, Vin="bad"),
    ]
    import_file(make_csv(rows=rows), force=True)
    before = vehicles_in_use()
    path = tmp_path / "all.csv"
    assert export_inventory(dealerships=dealerships, path=path) == 8
    assert rows_in(path) == rows[:8]
    again = import_file(path.read_bytes())
    assert (again.rows_read, again.rows_accepted, again.rows_rejected, again.rows_unmatched) == (8, 8, 0, 0)
    assert vehicles_in_use() == before
    second = tmp_path / "again.csv"
    export_inventory(dealerships=dealerships, path=second)
    assert second.read_bytes() == path.read_bytes()


def test_only_the_datasets_in_use_of_the_named_dealerships_are_written(
    dealerships: list[Dealership], tmp_path: Path
) -> None:
    import_lot(ELM, 2)
    import_lot(ELM, 3)
    import_lot(ELM, 30)
    import_lot(OAK, 3, first=11)
    path = tmp_path / "elm.csv"
    assert export_inventory(dealerships=dealerships[:1], path=path) == 3
    assert rows_in(path) == rows_at(ELM, 3)


def test_merged_and_conflicting_rows_stay_out(dealerships: list[Dealership], tmp_path: Path) -> None:
    rows = rows_at(ELM, 8)
    import_file(make_csv(rows=[*rows, rows[0], rows[1] | {"Price": "1"}]), force=True)
    path = tmp_path / "elm.csv"
    assert export_inventory(dealerships=dealerships, path=path) == 7
    assert rows_in(path) == [rows[0], *rows[2:]]


def test_without_inventory_only_the_header_is_written(dealerships: list[Dealership], tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert export_inventory(dealerships=dealerships, path=path) == 0
    header = io.StringIO(newline="")
    csv.writer(header).writerow(INVENTORY_HEADER)
    assert path.read_bytes() == header.getvalue().encode()


def test_a_file_that_cannot_be_written_is_bad_input(dealerships: list[Dealership], tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "no" / "x.csv", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(BadInput) as error:
            export_inventory(dealerships=dealerships, path=path)
        assert str(error.value) == f"{path} cannot be written: {reason}. Name a file that can."
