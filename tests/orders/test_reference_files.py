"""The shop's own files, made again through the whole path: inventory, order, review, completion, released bytes."""

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealerships.domain.output import OrderKind, QrNaming
from dealerships.models import Dealership, PathProfile
from orders.models import Order, OrderLine
from orders.operations.reviewing import edit_line
from tests.factories import BASE, finish_order, import_rows, make_dealership, make_order, make_row
from tests.orders.released import decoded, qr_content, released_bytes

pytestmark = pytest.mark.django_db

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared") / "data"
SHEETS = SHARED / "outputs"
LOT = SHARED / "inventory" / "2025-07-08_extra_first_line.csv"
needs_sheets = pytest.mark.skipif(not SHEETS.is_dir(), reason="needs the shop's files in ../shared/data")

RENEGADE = {
    "Vin": "ZACNJDB19NPN70500",
    "Stock": "NPN70500",
    "Type": "Used",
    "Year": "2022",
    "Make": "Jeep",
    "Model": "Renegade",
    "Trim": "Latitude",
}
GLADIATOR = {
    "Vin": "1C6PJTAG8SL533540",
    "Stock": "SL533540",
    "Type": "New",
    "Year": "2025",
    "Make": "Jeep",
    "Model": "Gladiator",
    "Trim": "Sport",
}
CHEROKEE = {
    "Vin": "1C4RJHAG3P8900725",
    "Stock": "9246",
    "Type": "Used",
    "Year": "2023",
    "Make": "Jeep",
    "Model": "Grand Cherokee",
    "Trim": "Altitude X",
    "Price": "35500",
}
IMAGE = rf"{BASE}\Joe_Machens_Chrysler_Dodge_Jeep_Ram_QR_Code_{{}}.PNG"
PACK_LABEL, PACK_VIN = "2022 RENEGADE - NPN70500", "USED - ZACNJDB19NPN70500"
PACK_TAIL = f"{PACK_LABEL},{PACK_VIN},{IMAGE.format(1)}"
PACK_ROWS = [
    "YEARMAKE,MODEL,TRIM,STOCK,VIN,@QR,QRYEARMODEL,QRSTOCK,@QR2,MISC",
    f"2022 JEEP,RENEGADE,LATITUDE,{PACK_TAIL},{PACK_TAIL},{PACK_LABEL} - {PACK_VIN}",
]
SHORTCUT_ROWS = [
    "QRYEARMODEL,QRSTOCK,@QR2",
    f"2025 GLADIATOR - SL533540,NEW - 1C6PJTAG8SL533540,{IMAGE.format(2)}",
]


def machens() -> Dealership:
    """New vehicles on one layout, used ones on another, images numbered as in the shop's files."""
    return make_dealership(
        name="Joe Machens CDJR",
        file_name="Joe_Machens_Chrysler_Dodge_Jeep_Ram",
        template_new="shortcut",
        template_used="shortcut_pack",
        path_profile=PathProfile.objects.create(name="Numbered", base=BASE, qr_naming=QrNaming.NUMBERED),
    )


def list_order(dealership: Dealership, rows: list[dict[str, str]]) -> Order:
    """A LIST of these vehicles, in this order, from an inventory that holds them."""
    import_rows(rows=[{**row, "Location": dealership.name} for row in rows])
    return make_order(dealership=dealership, kind=OrderKind.LIST, entries=[row["Vin"] for row in rows])


def sheets_of(order: Order) -> list[bytes]:
    return list(released_bytes(order, "csv").values())


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("ascii"), newline=""), strict=True))


def assert_images_say(order: Order, rows: list[dict[str, str]]) -> None:
    images = [decoded(data)[1] for data in released_bytes(order, "qr").values()]
    assert images == [[qr_content(row)] for row in rows]


def test_an_order_of_new_and_used_gives_both_rows_of_the_shop_in_their_bytes() -> None:
    dealership = machens()
    rows = [make_row(number=1, location="", **RENEGADE), make_row(number=2, location="", **GLADIATOR)]
    order = finish_order(order=list_order(dealership, rows))
    assert sheets_of(order) == ["".join(f"{row}\r\n" for row in sheet).encode() for sheet in (SHORTCUT_ROWS, PACK_ROWS)]
    assert_images_say(order, rows)


def test_a_priced_order_gives_the_row_of_the_owner_with_markup_in_its_bytes() -> None:
    dealership = make_dealership(
        template_new="priced_shortcut_pack", template_used="priced_shortcut_pack", price_markup=2000
    )
    row = make_row(number=1, location="", **CHEROKEE)
    tail = rf"2023 GRAND CHEROKEE - 9246,USED - 1C4RJHAG3P8900725,{BASE}\1C4RJHAG3P8900725.png"
    misc = "2023 GRAND CHEROKEE - 9246 - USED - 1C4RJHAG3P8900725"
    assert sheets_of(finish_order(order=list_order(dealership, [row]))) == [
        b"YEARMODEL,TRIM,PRICE,STOCK,VIN,@QR,QRYEARMODEL,QRSTOCK,@QR2,MISC\r\n"
        + f'2023 GRAND CHEROKEE,Altitude X,"37,500",{tail},{tail},{misc}\r\n'.encode()
    ]


@needs_sheets
def test_the_shops_shortcut_files_are_made_again_from_the_inventory_of_their_day() -> None:
    dealership = machens()
    with LOT.open(encoding="utf-8-sig", newline="") as file:
        lines = file.read().splitlines(keepends=True)
    header = next(at for at, line in enumerate(lines) if "Vechile URL" in line)
    lot = {row["Vin"]: row for row in csv.DictReader(lines[header:])}
    rows = [lot[RENEGADE["Vin"]], lot[GLADIATOR["Vin"]]]
    order = finish_order(order=list_order(dealership, rows))
    stored = [
        rows_of((SHEETS / name).read_bytes()) for name in ("shortcut_reference.csv", "shortcut_pack_reference.csv")
    ]
    assert [rows_of(sheet) for sheet in sheets_of(order)] == stored
    assert_images_say(order, rows)


def flyout_rows() -> list[list[str]]:
    """The rows of the shop's VDP flyout that stand for a vehicle; below them stands what a spreadsheet left."""
    with (SHEETS / "flyout_vdp_reference.csv").open(encoding="ascii", newline="") as file:
        _, *rows = csv.reader(file)
    return [row for row in rows if any(row[:4])]


def vehicle_behind(row: list[str]) -> dict[str, str]:
    """The inventory row of a flyout row: year, model and stock from its last cell, the rest from the address."""
    year, *model, stock = row[3].split()
    vin = row[4].rstrip("/").rpartition("-")[2].upper()
    condition = re.search(r"/inventory/(certified-used|used|new)-", row[4])
    assert condition
    return make_row(
        number=1,
        location="",
        Vin=vin,
        Stock=stock,
        Type={"certified-used": "Certified Pre-Owned", "used": "Used", "new": "New"}[condition.group(1)],
        Year=year,
        Make="BMW",
        Model=" ".join(model),
        Trim="",
        **{"Vechile URL": row[4]},
    )


def type_texts(order: Order, rows: list[list[str]]) -> Iterator[OrderLine]:
    """What staff typed in review: the second and the third cell."""
    for line, row in zip(order.lines.all(), rows, strict=True):
        yield edit_line(line=line, version=line.version, changes={"headline": row[1], "features": row[2]})


@needs_sheets
def test_the_shops_vdp_flyout_is_made_again_once_staff_typed_its_texts() -> None:
    stored = flyout_rows()
    assert len(stored) == 32
    dealership = make_dealership(template_new="vdp_flyout", template_used="vdp_flyout")
    vehicles = [vehicle_behind(row) for row in stored]
    order = list_order(dealership, vehicles)
    assert all(line.overrides for line in type_texts(order, stored))
    [sheet] = sheets_of(finish_order(order=order))
    assert rows_of(sheet) == [["VDP_A", "VDP_B", "VDP_C", "VDP_E"], *(row[:4] for row in stored)]
    assert_images_say(order, vehicles)


@needs_sheets
def test_every_file_of_the_shop_is_made_again_or_is_of_a_layout_that_is_history() -> None:
    made_again = {
        "shortcut_reference.csv",
        "shortcut_pack_reference.csv",
        "flyout_vdp_reference.csv",
        "billing2_17_ordered_8_produced.csv",
        "billing2_list_46.csv",
    }
    headings = {path.name: path.read_text(encoding="utf-8-sig").splitlines()[0] for path in SHEETS.glob("*.csv")}
    assert {name: heading for name, heading in headings.items() if name not in made_again} == {
        "billing_manchester.csv": "Printed Vehicles:,,TOTALS:,,,VINS:",
        "billing_printed_vehicles.csv": "Printed Vehicles:,,VINLOG:,TOTALS,,,Duplicates:",
    }
    assert made_again < headings.keys()
