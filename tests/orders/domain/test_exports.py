import csv
import hashlib
import io
import json
import zipfile
from decimal import Decimal

import pytest

from dealerships.domain.output import OrderKind, PathLayout
from inventory.domain.facts import RAW_FIELD_NAMES
from orders.domain.adobe_csv import adobe_csv
from orders.domain.lines import EntryOutcome, FileContent
from orders.domain.packaging import order_zip, readme
from orders.domain.rendering import render_line
from orders.domain.summary import order_summary
from orders.domain.vehicle_export import vehicle_export
from tests.orders.domain.content import BASE, CPO, make_content, make_entry, make_gladiator, make_line, make_settings
from tests.orders.domain.layouts import FLYOUT_DATA, VEHICLE_EXPORT


def test_the_vehicle_export_has_the_agreed_columns() -> None:
    line = make_line(
        vin="1HGBH41JXMN109186",
        make="Honda",
        model="Civic",
        year=2021,
        price=Decimal("22500.00"),
        url="https://dealer.com/vehicle1",
    )
    content = make_content(line, settings=make_settings(dealership_name="Honda of Frontenac"))
    assert vehicle_export(content) == (
        b"VIN,Make,Model,Year,Price,Full_Name,URL,Dealership\r\n"
        b"1HGBH41JXMN109186,Honda,Civic,2021,22500,2021 Honda Civic,https://dealer.com/vehicle1,Honda of Frontenac\r\n"
    )


@pytest.mark.parametrize(
    ("price", "expected"), [(Decimal("22500.50"), "22500.50"), (Decimal(1250000), "1250000"), (None, "")]
)
def test_exported_prices_are_plain_numbers(price: Decimal | None, expected: str) -> None:
    rows = list(csv.reader(io.StringIO(vehicle_export(make_content(make_line(price=price))).decode())))
    assert rows[1][4] == expected


def test_the_export_keeps_accents_and_protects_formulas() -> None:
    data = vehicle_export(make_content(make_line(make="Citro\u00ebn", model="=1+1", year=None)))
    row = next(iter(csv.reader([data.decode("utf-8").split("\r\n")[1]])))
    assert (row[1], row[2], row[3], row[5]) == ("Citro\u00ebn", "'=1+1", "", "Citro\u00ebn =1+1")


def test_the_summary_has_its_keys_in_the_agreed_order_and_states_the_files() -> None:
    content = make_content(
        make_line(condition=CPO, is_duplicate=True, sources=("CAO", "LIST")),
        make_gladiator(seq=2),
        kind=OrderKind.MAINTENANCE,
        entries=(
            make_entry("ZACNJDB19NPN70500"),
            make_entry("1HGCM82633A004352", EntryOutcome.NOT_ON_WEBSITE, vin=""),
        ),
        excluded={"vin_log": 7, "off_lot": 2},
        settings=make_settings(template_new="shortcut"),
    )
    table = FileContent(kind="csv", name="a.csv", data=b"x", rows=2)
    summary = order_summary(content, [table]).decode("utf-8")
    assert (
        summary
        == json.dumps(
            {
                "schema": 1,
                "order_number": "45414",
                "dealership": "South County DCJR",
                "order_type": "MAINTENANCE",
                "completed_at": "2025-08-19T10:15:00-05:00",
                "template": {"new": "shortcut v1", "used": "shortcut_pack v1"},
                "path_profile": "Nick",
                "dataset_id": 1204,
                "counts": {
                    "lines": 2,
                    "new": 1,
                    "po": 0,
                    "cpo": 1,
                    "ordered": 2,
                    "produced": 2,
                    "duplicates": 1,
                    "not_on_website": 1,
                },
                "excluded": {
                    "off_lot": 2,
                    "condition": 0,
                    "no_stock": 0,
                    "no_price": 0,
                    "rules": 0,
                    "vin_log": 7,
                    "open_order": 0,
                },
                "not_on_website": ["1HGCM82633A004352"],
                "duplicates": ["ZACNJDB19NPN70500"],
                "lines": [
                    {
                        "seq": 1,
                        "vin": "ZACNJDB19NPN70500",
                        "stock": "NPN70500",
                        "condition": "cpo",
                        "source": ["CAO", "LIST"],
                        "qr": "qr_codes/ZACNJDB19NPN70500.png",
                    },
                    {
                        "seq": 2,
                        "vin": "1C6PJTAG8SL533540",
                        "stock": "SL533540",
                        "condition": "new",
                        "source": ["CAO"],
                        "qr": "qr_codes/1C6PJTAG8SL533540.png",
                    },
                ],
                "files": [{"name": "a.csv", "rows": 2, "sha256": hashlib.sha256(b"x").hexdigest()}],
            },
            indent=2,
        )
        + "\n"
    )


def test_the_zip_holds_the_files_stored_under_the_folders_name_with_one_date() -> None:
    content = make_content()
    files = [
        FileContent(kind="csv", name="a.csv", data=b"a,b\r\n"),
        FileContent(kind="qr", name="qr_codes/V.png", data=b"png"),
    ]
    with zipfile.ZipFile(io.BytesIO(order_zip(content, files))) as archive:
        members = [
            (item.filename, archive.read(item), item.compress_type, item.date_time[0]) for item in archive.infolist()
        ]
    folder = "South_County_DCJR_CAO_20250819_101500"
    assert members == [
        (f"{folder}/README.txt", readme(content), zipfile.ZIP_STORED, 1980),
        (f"{folder}/a.csv", b"a,b\r\n", zipfile.ZIP_STORED, 1980),
        (f"{folder}/qr_codes/V.png", b"png", zipfile.ZIP_STORED, 1980),
    ]


def test_the_readme_names_the_base_path_and_what_to_do() -> None:
    assert readme(make_content()).decode().split("\r\n") == [
        "South County DCJR, CAO",
        "Vehicles: 1",
        "",
        "Path profile: Nick",
        f"Base path: {BASE}",
        "",
        "Copy the images of the folder qr_codes into the base path before opening the CSV in Illustrator.",
        "Keep the names of the images, capitals included: the CSV links them by name.",
        "",
    ]


def test_with_a_folder_per_order_the_readme_says_to_put_the_folder_there() -> None:
    per_order = make_content(settings=make_settings(profile_layout=PathLayout.PER_ORDER))
    assert readme(per_order).decode().split("\r\n")[6] == (
        "Put this folder, with its name as it is, into the base path before opening the CSV in Illustrator."
    )


@pytest.mark.parametrize("price", [Decimal("22500.00"), Decimal("22500.50"), None])
def test_the_built_in_vehicle_export_gives_the_bytes_of_every_orders_export(price: Decimal | None) -> None:
    content = make_content(
        make_line(make="Citro\u00ebn", model="=1+1", year=None, price=price), make_gladiator(seq=2, trim="5'7\" Box")
    )
    rows = [render_line(line, VEHICLE_EXPORT, content) for line in content.lines]
    assert adobe_csv(VEHICLE_EXPORT, rows) == vehicle_export(content)


def test_the_flyout_data_are_the_texts_of_the_site_and_the_path_of_the_image() -> None:
    raw = {name: f"{name} \u00ae" for name in RAW_FIELD_NAMES} | {"price": "$21,995.00", "trim": "-GT"}
    line = make_line(raw=raw, price=Decimal(1), trim="typed")
    row = render_line(line, FLYOUT_DATA, make_content(line))
    assert row == (
        *({**raw, "trim": "'-GT"}[name] for name in RAW_FIELD_NAMES),
        rf"{BASE}\ZACNJDB19NPN70500.png",
    )
