import csv
import io
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from dealerships.domain.output import BillingLayout, PathLayout, QrNaming
from foundation.errors import Refused
from orders.domain.lines import OrderContent
from orders.domain.order_files import build_order_files, csv_groups
from orders.domain.qr import decode_png, qr_text
from orders.domain.rendering import RenderError
from tests.orders.domain.content import CPO, make_content, make_gladiator, make_line, make_settings

USED_JEEP = make_line(seq=2)
NEW_JEEP = make_gladiator(seq=1)
CERTIFIED_JEEP = make_line(seq=3, vin="1C4RJHAG3P8900725", stock="9246", condition=CPO)
DUAL = make_settings(template_new="shortcut", template_used="shortcut_pack")


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("ascii"), newline="")))


def test_an_order_writes_these_files_in_this_order() -> None:
    files = list(build_order_files(make_content(NEW_JEEP, USED_JEEP)))
    assert [(file.kind, file.name, file.rows, file.output_template) for file in files] == [
        ("csv", "SOCODCJR_SCP_8.19 - CSV.csv", 2, "shortcut_pack v1"),
        ("qr", "qr_codes/1C6PJTAG8SL533540.png", 1, ""),
        ("qr", "qr_codes/ZACNJDB19NPN70500.png", 1, ""),
        ("billing", "SOCODCJR_SCP_8.19 - BILLING2.csv", 2, ""),
        ("billing", "SOCODCJR_SCP_8.19 - BILLING2.xlsx", 2, ""),
        ("vehicles", "South_County_DCJR_vehicles.csv", 2, ""),
        ("summary", "order_summary.json", 2, ""),
        ("zip", "South_County_DCJR_CAO_20250819_101500.zip", 7, ""),
    ]


def test_an_order_from_before_the_workbook_is_made_without_it() -> None:
    before = make_content(NEW_JEEP, USED_JEEP, settings=make_settings(has_workbook=False))
    names = [file.name for file in build_order_files(before) if file.kind != "qr"]
    assert names == [
        "SOCODCJR_SCP_8.19 - CSV.csv",
        "SOCODCJR_SCP_8.19 - BILLING2.csv",
        "South_County_DCJR_vehicles.csv",
        "order_summary.json",
        "South_County_DCJR_CAO_20250819_101500.zip",
    ]


def test_the_same_content_gives_the_same_bytes() -> None:
    content = make_content(NEW_JEEP, USED_JEEP, settings=DUAL)
    assert list(build_order_files(content)) == list(build_order_files(content))


def test_the_files_come_one_by_one() -> None:
    files = build_order_files(make_content(NEW_JEEP, make_line(seq=2, vin="B" * 17)))
    assert [file.kind for file in islice(files, 2)] == ["csv", "qr"]


def test_dual_output_writes_new_and_all_others_to_a_file_each_in_row_order() -> None:
    content = make_content(NEW_JEEP, USED_JEEP, CERTIFIED_JEEP, settings=DUAL)
    new, used = [file for file in build_order_files(content) if file.kind == "csv"]
    assert (new.name, new.output_template) == ("SOCODCJR_SC_NEW_8.19 - CSV.csv", "shortcut v1")
    assert (used.name, used.output_template) == ("SOCODCJR_SCP_USED_8.19 - CSV.csv", "shortcut_pack v1")
    assert [row[1] for row in rows_of(new.data)[1:]] == ["NEW - 1C6PJTAG8SL533540"]
    assert [row[4] for row in rows_of(used.data)[1:]] == ["USED - ZACNJDB19NPN70500", "USED - 1C4RJHAG3P8900725"]


def test_an_empty_group_has_no_file() -> None:
    assert [group.name for group in csv_groups(make_content(USED_JEEP, settings=DUAL))] == [
        "SOCODCJR_SCP_USED_8.19 - CSV.csv"
    ]
    assert [group.name for group in csv_groups(make_content(NEW_JEEP, settings=DUAL))] == [
        "SOCODCJR_SC_NEW_8.19 - CSV.csv"
    ]


def test_the_split_renumbers_no_image() -> None:
    numbered = make_settings(template_new="shortcut", template_used="shortcut_pack", qr_naming=QrNaming.NUMBERED)
    content = make_content(USED_JEEP, NEW_JEEP, settings=numbered)
    images = {file.name: file.data for file in build_order_files(content) if file.kind == "qr"}
    assert {name: decode_png(data) for name, data in images.items()} == {
        "qr_codes/South_County_DCJR_QR_Code_2.PNG": [qr_text(USED_JEEP, numbered)],
        "qr_codes/South_County_DCJR_QR_Code_1.PNG": [qr_text(NEW_JEEP, numbered)],
    }


def test_a_line_that_cannot_be_printed_stops_the_order_before_any_image() -> None:
    files = build_order_files(make_content(NEW_JEEP, make_line(seq=2, model="")))
    with pytest.raises(RenderError):
        next(files)


def test_an_order_without_lines_is_refused() -> None:
    empty = OrderContent(**(vars(make_content()) | {"lines": ()}))
    with pytest.raises(Refused) as refusal:
        next(build_order_files(empty))
    assert refusal.value.message == (
        "The order has no lines, so there is nothing to write; add a vehicle or cancel the order."
    )


def test_two_lines_with_one_image_name_are_refused() -> None:
    with pytest.raises(Refused) as refusal:
        next(build_order_files(make_content(make_line(seq=1), make_line(seq=2))))
    assert refusal.value.message == (
        "2 lines would share the QR image 'zacnjdb19npn70500.png'; remove the repeated vehicle."
    )


@pytest.mark.parametrize("choices", [{"profile_layout": PathLayout.PER_ORDER}, {"profile_base": r"\\server\orders"}])
def test_another_path_profile_changes_the_csv_and_no_image(choices: dict[str, Any]) -> None:
    before = {file.name: file.data for file in build_order_files(make_content(USED_JEEP))}
    after = {
        file.name: file.data for file in build_order_files(make_content(USED_JEEP, settings=make_settings(**choices)))
    }
    assert sorted(name for name in before if before[name] != after[name]) == [
        "SOCODCJR_SCP_8.19 - CSV.csv",
        "South_County_DCJR_CAO_20250819_101500.zip",
        "order_summary.json",
    ]


def test_the_priced_template_and_the_other_billing_layout_make_their_files() -> None:
    settings = make_settings(
        template_new="priced_shortcut_pack",
        template_used="priced_shortcut_pack",
        price_markup=Decimal(2000),
        billing_layout=BillingLayout.PRINTED_VEHICLES,
    )
    sheet, *others = build_order_files(make_content(USED_JEEP, settings=settings))
    assert sheet.name == "SOCODCJR_SCPP_8.19 - CSV.csv"
    assert rows_of(sheet.data)[1][2] == "23,995"
    assert [file.name for file in others if file.kind == "billing"] == [
        "SOCODCJR_SCPP_8.19 - BILLING.csv",
        "SOCODCJR_SCPP_8.19 - BILLING.xlsx",
    ]
