import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dealerships.models import Dealership, DealershipAlias
from dealerships.operations import find_dealership, load_dealerships
from foundation.errors import BadInput, Refused
from inventory.domain.facts import INVENTORY_HEADER, RAW_FIELD_NAMES
from inventory.files import MOST_BYTES
from inventory.models import (
    ConditionMapping,
    Dataset,
    ImportProblem,
    InventoryImport,
    LotStatusMapping,
    PricePhrase,
    RawVehicle,
    UnmappedText,
    UnmatchedName,
    Vehicle,
)
from inventory.operations.importing import import_result, run_import
from inventory.operations.registering import register_import
from tests.factories import ensure_mappings, make_csv, make_dealership, make_row, make_vehicles, make_vin
from tests.inventory.arrivals import (
    ELM,
    OAK,
    account_of,
    codes_of,
    import_file,
    import_lot,
    in_a_thread,
    problems_of,
    register,
    rows_at,
)

pytestmark = pytest.mark.django_db

REAL_FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "inventory"
STAGED_TABLES = (RawVehicle, Vehicle, Dataset, ImportProblem, UnmatchedName, UnmappedText)


@pytest.fixture
def elm() -> Dealership:
    return make_dealership(name=ELM)


@pytest.fixture
def oak() -> Dealership:
    return make_dealership(name=OAK)


def counts_of(inventory_import: InventoryImport) -> dict[str, tuple[int, int, int]]:
    return {
        dataset.dealership.name: (dataset.rows_read, dataset.rows_accepted, dataset.rows_rejected)
        for dataset in inventory_import.datasets.all()
    }


def real_file(name: str) -> bytes:
    path = REAL_FILES / name
    if not path.exists():
        pytest.skip(f"{path} is absent: the shop's records are not part of the project")
    load_dealerships()
    return path.read_bytes()


def real_rows(content: bytes) -> list[dict[str, str]]:
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    while not (line := lines.readline()).startswith(("Vin,", '"Vin"')):
        continue
    header = next(csv.reader([line]))
    return [dict(zip(header, cells, strict=True)) for cells in csv.reader(lines) if any(cells)]


def test_the_real_file_of_30_dealerships_is_accounted_for_row_by_row() -> None:
    content = real_file("2025-05-20_30_dealerships.csv")
    inventory_import = import_file(content)
    rows = real_rows(content)
    locations = Counter(row["Location"] for row in rows)
    expected = {find_dealership(name=location).name: count for location, count in locations.items()}
    assert len(expected) == len(locations)
    assert len(rows) == 8535
    assert {name: read for name, (read, _, _) in counts_of(inventory_import).items()} == expected
    assert account_of(inventory_import) == (8535, 8514, 21, 0)
    rejected = inventory_import.problems.filter(code__startswith="E_")
    assert Counter(rejected.values_list("code", flat=True)) == {"E_VIN_CHARS": 21}
    assert Counter(inventory_import.datasets.values_list("status", flat=True)) == {"active": len(expected)}


def test_the_real_file_with_an_extra_first_line_is_read_whole() -> None:
    content = real_file("2025-07-08_extra_first_line.csv")
    inventory_import = import_file(content)
    assert inventory_import.rows_read == len(real_rows(content))
    assert inventory_import.notices[0] == "The header is in row 2; no row above it was read as a vehicle."


def test_a_file_of_many_dealerships_is_accounted_for_row_by_row(elm: Dealership, oak: Dealership) -> None:
    rows = [*rows_at(ELM, 4), *rows_at(OAK, 3, first=11), *rows_at("Nobody & Sons", 2, first=21)]
    rows[1]["Vin"] = "1C4RJFAGO2C000002"
    rows[4]["Year"] = "1885"
    rows.append({**rows_at(ELM, 1, first=5)[0], "Vin": ""})
    content = make_csv(rows=rows) + b"one,cell,short\r\n"
    inventory_import = import_file(content)
    assert account_of(inventory_import) == (11, 5, 4, 2)
    assert counts_of(inventory_import) == {ELM: (5, 3, 2), OAK: (3, 2, 1)}
    assert problems_of(inventory_import) == [
        (3, "Vin", "1C4RJFAGO2C000002", "E_VIN_CHARS"),
        (6, "Year", "1885", "E_YEAR"),
        (11, "Vin", "", "E_VIN"),
        (12, "", "one,cell,short", "E_COLS"),
    ]
    assert Vehicle.objects.count() == inventory_import.rows_accepted
    assert RawVehicle.objects.count() == 8


def test_each_dealership_gets_a_dataset_of_its_own_and_the_others_keep_theirs(elm: Dealership, oak: Dealership) -> None:
    first = import_file(make_csv(rows=[*rows_at(ELM, 3), *rows_at(OAK, 3, first=11)]))
    second = import_lot(ELM, 4)
    assert first.datasets.get(dealership=oak).status == "active"
    assert first.datasets.get(dealership=elm).status == "archived"
    assert second.status == "active"


def test_rows_are_kept_verbatim_beside_their_normalised_form(elm: Dealership) -> None:
    texts = {
        "Vin": f" {make_vin(number=1).lower()} ",
        "Stock": " A1 ",
        "Type": "CarBravo",
        "Year": "2022.0",
        "Model": "Town &amp; Country\nTouring",
        "Status": " in  transit ",
        "Price": "$23,456.00",
        "MSRP": "Call",
        "Date In Stock": "05/09/2025",
        "Street Address": " 1 Main St ",
        "Location": " ELM  street motors. ",
        "Vechile URL": "https://www.elm-street.example/a?b=1",
    }
    row = make_row(number=1, location=ELM, **texts)
    import_file(make_csv(rows=[row]))
    raw = RawVehicle.objects.get()
    assert [getattr(raw, name) for name in RAW_FIELD_NAMES] == [row[column] for column in INVENTORY_HEADER]
    vehicle = Vehicle.objects.get()
    assert (vehicle.vin, vehicle.stock, vehicle.condition, vehicle.raw_type) == (
        make_vin(number=1),
        "A1",
        "cpo",
        "CarBravo",
    )
    assert (vehicle.year, vehicle.model) == (2022, "Town & Country Touring")
    assert (vehicle.lot_status, vehicle.raw_status) == ("off_lot", "in transit")
    assert (vehicle.price, vehicle.raw_price, vehicle.msrp) == (Decimal("23456.00"), "$23,456.00", None)
    assert (vehicle.date_in_stock, vehicle.street_address) == (date(2025, 5, 9), "1 Main St")
    assert vehicle.url == "https://www.elm-street.example/a?b=1"


@pytest.mark.parametrize(
    "text",
    [
        "\\.",
        "a\n\\.\nb",
        "\\N",
        "NULL",
        '12" screen',
        '"',
        "a,b;c\td|e",
        "a\r\nb",
        "a\rb",
        "=cmd|' /C calc'!A0",
        "'; DROP TABLE inventory_vehicle; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "%s %(import)s",
        "\U0001f697 \u05e9\u05dc\u05d5\u05dd",
        "x" * 10_000,
    ],
)
def test_any_text_is_only_a_text(elm: Dealership, text: str) -> None:
    rows = [make_row(number=1, location=ELM, Model=text), make_row(number=2, location=ELM, Trim=text)]
    inventory_import = import_file(make_csv(rows=rows))
    assert account_of(inventory_import) == (2, 2, 0, 0)
    assert list(RawVehicle.objects.order_by("row_number").values_list("model", "trim")) == [
        (text, "Latitude"),
        ("Renegade", text),
    ]


def test_one_extra_line_above_the_header_is_ignored_with_a_notice(elm: Dealership) -> None:
    inventory_import = import_file(b",,,2025-07-08,10:41:10,,,\r\n" + make_csv(rows=rows_at(ELM, 3)))
    assert account_of(inventory_import) == (3, 3, 0, 0)
    assert inventory_import.notices == ["The header is in row 2; no row above it was read as a vehicle."]
    assert list(Vehicle.objects.values_list("row_number", flat=True)) == [3, 4, 5]


def test_a_row_with_shifted_columns_is_rejected_by_name_and_row_and_its_neighbours_are_kept(elm: Dealership) -> None:
    rows = rows_at(ELM, 3)
    rows[1] |= {"Type": "", "Year": "", "Make": "2022", "Model": "Jeep", "Trim": "Renegade"}
    inventory_import = import_file(make_csv(rows=rows), force=True)
    assert problems_of(inventory_import) == [(3, "Make", "2022", "E_SHIFT")]
    assert account_of(inventory_import) == (3, 2, 1, 0)
    assert set(Vehicle.objects.values_list("vin", flat=True)) == {rows[0]["Vin"], rows[2]["Vin"]}


def test_an_identical_row_is_merged_and_counts_as_rejected(elm: Dealership) -> None:
    rows = rows_at(ELM, 6)
    inventory_import = import_file(make_csv(rows=[*rows, rows[2], {**rows[2], "Trim": "Sport"}]), force=True)
    vin = rows[2]["Vin"]
    assert problems_of(inventory_import) == [(8, "Vin", vin, "W_DUP"), (9, "Vin", vin, "W_DUP")]
    assert account_of(inventory_import) == (8, 6, 2, 0)
    assert Vehicle.objects.get(vin=vin).row_number == 4


@pytest.mark.parametrize("change", [{"Price": "1"}, {"Price": ""}, {"Stock": "OTHER"}, {"Stock": ""}])
def test_rows_of_one_vin_with_different_price_or_stock_are_all_rejected(
    elm: Dealership, change: dict[str, str]
) -> None:
    rows = rows_at(ELM, 6)
    inventory_import = import_file(make_csv(rows=[*rows, rows[2] | change, rows[2]]), force=True)
    rejected = [row for row in problems_of(inventory_import) if row[3] == "E_DUP_CONFLICT"]
    assert rejected == [(number, "Vin", rows[2]["Vin"], "E_DUP_CONFLICT") for number in (4, 8, 9)]
    assert account_of(inventory_import) == (8, 5, 3, 0)
    assert counts_of(inventory_import) == {ELM: (8, 5, 3)}
    assert Vehicle.objects.filter(vin=rows[2]["Vin"]).count() == 0


def test_prices_that_read_the_same_are_no_conflict(elm: Dealership) -> None:
    row = make_row(number=1, location=ELM, Price="$21,995.00")
    inventory_import = import_file(make_csv(rows=[*rows_at(ELM, 6), row]))
    assert codes_of(inventory_import) == {"W_DUP": 1}


def test_one_vin_at_two_dealerships_is_kept_at_both_and_named_at_both(elm: Dealership, oak: Dealership) -> None:
    inventory_import = import_file(make_csv(rows=[*rows_at(ELM, 3), *rows_at(OAK, 2, first=3)]))
    vin = make_vin(number=3)
    assert problems_of(inventory_import) == [(4, "Vin", vin, "W_CROSS"), (5, "Vin", vin, "W_CROSS")]
    assert account_of(inventory_import) == (5, 5, 0, 0)


def test_one_stock_number_of_two_vehicles_is_named_at_both(elm: Dealership, oak: Dealership) -> None:
    rows = [*rows_at(ELM, 3, Stock="A1"), *rows_at(ELM, 2, first=4, Stock=""), *rows_at(OAK, 1, first=11, Stock="A1")]
    inventory_import = import_file(make_csv(rows=rows))
    assert problems_of(inventory_import) == [(number, "Stock", "A1", "W_DUP_STOCK") for number in (2, 3, 4)]
    assert account_of(inventory_import) == (6, 6, 0, 0)


def test_unmatched_names_are_listed_with_counts_and_samples_and_never_created(elm: Dealership) -> None:
    names = ["Nobody & Sons", " Nobody  & Sons ", "NOBODY & SONS", "", "../elm"]
    rows = [row for at, name in enumerate(names) for row in rows_at(name, 3, first=10 * at + 1)]
    inventory_import = import_file(make_csv(rows=[*rows_at(ELM, 2, first=91), *rows]))
    assert account_of(inventory_import) == (17, 2, 0, 15)
    assert list(UnmatchedName.objects.values_list("name", "rows")) == [
        ("Nobody & Sons", 6),
        ("", 3),
        ("../elm", 3),
        ("NOBODY & SONS", 3),
    ]
    sample = UnmatchedName.objects.get(name="Nobody & Sons").samples
    assert sample[0] == [make_vin(number=1), "S00001", "2022", "Jeep", "Renegade"]
    assert len(sample) == 5
    assert list(Dealership.objects.values_list("name", flat=True)) == [ELM]


def test_a_file_of_unknown_dealerships_only_makes_no_dataset(elm: Dealership) -> None:
    inventory_import = import_file(make_csv(rows=rows_at("Nobody", 3)))
    assert (account_of(inventory_import), inventory_import.datasets.count()) == ((3, 0, 0, 3), 0)


def test_a_row_finds_its_dealership_by_any_alias_in_any_case(elm: Dealership) -> None:
    DealershipAlias.objects.create(dealership=elm, text="O'Fallon & Sons")
    names = ["o\u2019fallon and sons", " OFALLON & SONS ", "O'Fallon  &\u00a0Sons", ELM.upper()]
    rows = [make_row(number=number, location=name) for number, name in enumerate(names, 1)]
    assert counts_of(import_file(make_csv(rows=rows))) == {ELM: (4, 4, 0)}


def test_texts_that_nobody_mapped_are_listed_and_their_rows_kept_as_unknown(elm: Dealership) -> None:
    rows = rows_at(ELM, 7)
    for row in rows[:3]:
        row["Status"] = "Fresh  Arrival"
    rows[3]["Type"] = "Loaner"
    rows[4]["Type"] = ""
    rows[5]["Price"] = "Ask Bob"
    inventory_import = import_file(make_csv(rows=rows))
    assert import_result(inventory_import)["unmapped"] == [
        {"column": "Price", "text": "Ask Bob", "rows": 1},
        {"column": "Status", "text": "Fresh Arrival", "rows": 3},
        {"column": "Type", "text": "", "rows": 1},
        {"column": "Type", "text": "Loaner", "rows": 1},
    ]
    assert account_of(inventory_import) == (7, 7, 0, 0)
    assert Vehicle.objects.filter(lot_status="unknown").count() == 3
    assert Vehicle.objects.filter(condition="unknown").count() == 2


def test_a_mapping_that_staff_added_is_used(elm: Dealership) -> None:
    ConditionMapping.objects.create(text="Loaner", condition="po")
    LotStatusMapping.objects.create(text="Fresh Arrival", lot_status="on_lot")
    PricePhrase.objects.create(text="Ask Bob")
    row = make_row(number=1, location=ELM, Type="LOANER", Status="fresh  arrival", Price="ask bob")
    inventory_import = import_file(make_csv(rows=[row]))
    assert list(Vehicle.objects.values_list("condition", "lot_status", "price")) == [("po", "on_lot", None)]
    assert import_result(inventory_import)["unmapped"] == []


def test_the_same_bytes_are_imported_once(elm: Dealership) -> None:
    content = make_csv(rows=rows_at(ELM, 3))
    first = import_file(content)
    with pytest.raises(Refused) as refusal:
        register(content, file_name="other-name.csv")
    assert (refusal.value.code, refusal.value.detail) == ("already_imported", {"already_imported": first.pk})
    assert str(refusal.value).startswith(f"This file is import {first.pk} of {timezone.localdate():%Y-%m-%d}")
    assert (InventoryImport.objects.count(), Dataset.objects.count(), Vehicle.objects.count()) == (1, 1, 3)
    assert len(list(Path(settings.UPLOADS_DIR).iterdir())) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_twice_at_the_same_time_are_imported_once() -> None:
    make_dealership(name=ELM)
    content = make_csv(rows=rows_at(ELM, 40))
    imports = [register(content), register(content)]

    @in_a_thread
    def run(inventory_import: InventoryImport) -> str:
        try:
            return run_import(inventory_import=inventory_import).status
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(run, imports))
    assert outcomes == ["already_imported", "done"]
    assert sorted(InventoryImport.objects.values_list("status", flat=True)) == ["done", "failed"]
    assert (Dataset.objects.active().count(), Dataset.objects.count(), Vehicle.objects.count()) == (1, 1, 40)


@pytest.mark.django_db(transaction=True)
def test_different_files_for_the_same_dealerships_can_be_imported_at_the_same_time() -> None:
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    imports = [
        register(make_csv(rows=[*rows_at(ELM, 30 + extra), *rows_at(OAK, 30 + extra, first=101)])) for extra in range(4)
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(in_a_thread(lambda item: run_import(inventory_import=item)), imports))
    assert Counter(InventoryImport.objects.values_list("status", flat=True)) == {"done": 4}
    assert Dataset.objects.active().count() == 2
    assert Dataset.objects.count() == 8


def test_a_failing_import_leaves_no_rows_and_a_reason(elm: Dealership) -> None:
    before = make_vehicles(dealership=elm, count=3)
    content = (
        make_csv(rows=[*rows_at(ELM, 6000, first=100), *rows_at("Nobody", 1)]) + b'"unclosed,cell\r\nmore,lines\r\n'
    )
    counts = [table.objects.count() for table in STAGED_TABLES]
    inventory_import = register(content)
    with pytest.raises(BadInput) as error:
        run_import(inventory_import=inventory_import)
    assert error.value.code == "E_QUOTE"
    assert [table.objects.count() for table in STAGED_TABLES] == counts
    inventory_import.refresh_from_db()
    record = (inventory_import.status, inventory_import.error_stage, inventory_import.error_code)
    assert record == ("failed", "read", "E_QUOTE")
    assert inventory_import.error_text == error.value.message
    assert (account_of(inventory_import), inventory_import.finished_at is None) == ((0, 0, 0, 0), False)
    assert (Path(settings.UPLOADS_DIR) / inventory_import.stored_name).read_bytes() == content
    assert sorted(Vehicle.objects.active().values_list("vin", flat=True)) == sorted(before)


def test_a_file_that_failed_may_be_tried_again(elm: Dealership) -> None:
    for _ in range(2):
        with pytest.raises(BadInput):
            import_file(b"Vin\n1\n")
    assert list(InventoryImport.objects.values_list("error_code", flat=True)) == ["E_HEADER", "E_HEADER"]


@pytest.fixture
def failing_row() -> Iterator[int]:
    """The database refuses one row number of the raw rows, as a full disk would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space for row %', NEW.row_number USING ERRCODE = '53100'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_row BEFORE INSERT ON inventory_rawvehicle"
            " FOR EACH ROW WHEN (NEW.row_number = 6001) EXECUTE FUNCTION refuse_row()"
        )
    yield 6001
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse_row() CASCADE")


def test_a_database_error_far_into_the_file_leaves_no_rows_and_a_reason(elm: Dealership, failing_row: int) -> None:
    inventory_import = register(make_csv(rows=rows_at(ELM, failing_row)))
    with pytest.raises(DatabaseError):
        run_import(inventory_import=inventory_import)
    assert [table.objects.count() for table in STAGED_TABLES] == [0] * len(STAGED_TABLES)
    inventory_import.refresh_from_db()
    assert (inventory_import.status, inventory_import.error_code) == ("failed", "E_DATABASE")
    assert inventory_import.error_text == f"The database refused the rows: no space for row {failing_row}"


def test_a_kept_file_that_is_gone_is_a_reason(elm: Dealership) -> None:
    inventory_import = register(make_csv(rows=rows_at(ELM, 1)))
    (Path(settings.UPLOADS_DIR) / inventory_import.stored_name).unlink()
    with pytest.raises(BadInput) as error:
        run_import(inventory_import=inventory_import)
    assert (error.value.code, str(error.value)) == ("E_FILE_GONE", "The kept file is gone. Upload it again.")
    inventory_import.refresh_from_db()
    assert (inventory_import.status, inventory_import.error_code) == ("failed", "E_FILE_GONE")


def test_a_file_above_the_limit_is_refused_and_not_kept() -> None:
    with pytest.raises(BadInput) as error:
        register(b"x" * (MOST_BYTES + 1))
    assert (error.value.code, str(error.value)) == (
        "E_TOO_LARGE",
        "The file is larger than 25 MB. Split it by dealership.",
    )
    assert (InventoryImport.objects.count(), list(Path(settings.UPLOADS_DIR).iterdir())) == (0, [])


def test_an_endless_stream_is_refused_at_the_limit() -> None:
    with Path("/dev/zero").open("rb") as endless, pytest.raises(BadInput) as error:
        register_import(stream=endless, file_name="zero.csv")
    assert (error.value.code, list(Path(settings.UPLOADS_DIR).iterdir())) == ("E_TOO_LARGE", [])


class BreaksOff(io.BytesIO):
    """A stream whose sender leaves after the first piece."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionResetError(104, "Connection reset by peer")
        return super().read(10)


def test_an_upload_that_breaks_off_is_not_kept() -> None:
    with pytest.raises(BadInput) as error:
        register_import(stream=BreaksOff(make_csv(rows=rows_at(ELM, 3))), file_name="half.csv")
    assert (error.value.code, "Connection reset by peer" in str(error.value)) == ("E_STORAGE", True)
    assert (InventoryImport.objects.count(), list(Path(settings.UPLOADS_DIR).iterdir())) == (0, [])


@pytest.mark.parametrize("name", ["../../x.csv", "CON.csv", "n" * 300 + ".csv", "a b;c\u202e.csv", ""])
def test_the_name_of_a_file_never_decides_where_it_is_kept(elm: Dealership, name: str) -> None:
    inventory_import = import_file(make_csv(rows=rows_at(ELM, 1)), file_name=name)
    assert inventory_import.file_name == name[:255]
    assert re.fullmatch(r"[0-9a-f]{32}\.upload", inventory_import.stored_name)
    assert [path.name for path in Path(settings.UPLOADS_DIR).iterdir()] == [inventory_import.stored_name]
    assert (Path(settings.UPLOADS_DIR) / inventory_import.stored_name).stat().st_mode & 0o777 == 0o600


def test_the_moment_of_collection_is_now_unless_it_is_given(elm: Dealership) -> None:
    before = timezone.now()
    now = import_lot(ELM, 1)
    given_at = datetime(2025, 9, 2, 9, 10, tzinfo=UTC)
    given = import_lot(ELM, 2, at=given_at)
    assert before <= now.collected_at <= timezone.now()
    assert (given.collected_at, given.inventory_import.collected_at) == (given_at, given_at)


def test_who_imported_and_from_where_is_kept(elm: Dealership) -> None:
    anna = User.objects.create(username="anna")
    inventory_import = import_file(make_csv(rows=rows_at(ELM, 1)), source="mail of Tuesday", actor=anna)
    assert (inventory_import.source, inventory_import.created_by) == ("mail of Tuesday", anna)
    assert import_file(make_csv(rows=rows_at(ELM, 2)), file_name="elm.csv").source == "elm.csv"


WITHOUT_STATUS = make_csv(rows=rows_at(ELM, 5)).replace(b",Status,", b",Lot,")
TWICE_ENCODED = make_csv(rows=rows_at(ELM, 5, Trim="Andr\u00c3\u00a9"))


@pytest.mark.parametrize(("content", "code"), [(WITHOUT_STATUS, "W_NO_STATUS"), (TWICE_ENCODED, "W_MOJIBAKE")])
def test_a_doubtful_file_is_held(elm: Dealership, content: bytes, code: str) -> None:
    inventory_import = import_file(content)
    dataset = inventory_import.datasets.get()
    assert (dataset.status, inventory_import.holds) == ("held", [code])
    assert [gate["code"] for gate in dataset.gates] == [code, "G_FIRST"]


def test_the_account_is_a_constraint_of_the_database(elm: Dealership) -> None:
    inventory_import = import_file(make_csv(rows=rows_at(ELM, 2)))
    with pytest.raises(DatabaseError, match="import_rows_accounted_for"):
        InventoryImport.objects.filter(pk=inventory_import.pk).update(rows_read=3)


HEADER_LINE = ",".join(INVENTORY_HEADER)
GOOD_LINES = make_csv(rows=rows_at(ELM, 4)).decode().split("\r\n")[1:5]
CELLS = st.sampled_from(
    [
        "",
        " ",
        '"',
        '""',
        "\\.",
        "2022",
        "\u202e",
        "\0",
        "\x07",
        "1e999",
        "NaN",
        "\ud7ff",
        ELM,
        "Nobody",
        make_vin(number=7),
    ]
) | st.text(max_size=12)
LINES = (
    st.sampled_from([HEADER_LINE, *GOOD_LINES, "", ",,,", "sep=;", '"unclosed'])
    | st.lists(CELLS, min_size=1, max_size=23).map(",".join)
    | st.tuples(st.sampled_from(GOOD_LINES), CELLS, st.integers(0, 20)).map(lambda made: with_cell(*made))
)
CODECS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1"])


def with_cell(line: str, cell: str, at: int) -> str:
    cells = line.split(",")
    cells[at] = cell
    return ",".join(cells)


@st.composite
def inventory_bytes(draw: st.DrawFn) -> bytes:
    """A file that is nearly right: a header, rows, and damage."""
    lines = [HEADER_LINE, *draw(st.lists(LINES, max_size=8))] if draw(st.booleans()) else draw(st.lists(LINES))
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)
    content = text.encode(draw(CODECS), "replace")
    if draw(st.booleans()):
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=4)) + content[at + draw(st.integers(0, 3)) :]
    return content


@given(content=inventory_bytes() | st.binary(max_size=200))
@example(content=make_csv(rows=rows_at(ELM, 5)))
@example(content=b"")
@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_imported_or_refused_with_a_code_and_a_refusal_changes_nothing(
    elm_in_use: Dataset, content: bytes
) -> None:
    # Otherwise the same bytes of an earlier example would be refused.
    InventoryImport.objects.update(sha256=Cast("pk", CharField()))
    staged = [table.objects.count() for table in STAGED_TABLES]
    refusal: BadInput | None = None
    try:
        import_file(content)
    except BadInput as error:
        refusal = error
    inventory_import = InventoryImport.objects.latest("pk")
    in_use = Dataset.objects.active().get()
    if refusal:
        assert re.fullmatch(r"E_[A-Z_]+", refusal.code)
        assert (inventory_import.status, inventory_import.error_text) == ("failed", refusal.message)
        assert [table.objects.count() for table in STAGED_TABLES] == staged
        assert in_use == elm_in_use
    else:
        read, accepted, rejected, unmatched = account_of(inventory_import)
        assert (read, inventory_import.status) == (accepted + rejected + unmatched, "done")
        assert in_use == elm_in_use or in_use.inventory_import == inventory_import
        elm_in_use.pk = in_use.pk


@pytest.fixture
def elm_in_use(elm: Dealership) -> Dataset:
    ensure_mappings()
    return import_lot(ELM, 5, first=1)
