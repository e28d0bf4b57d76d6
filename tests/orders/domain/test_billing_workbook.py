import io
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from dealerships.domain.output import BillingLayout
from foundation.spreadsheet_csv import one_line
from foundation.spreadsheet_xlsx import spreadsheet_xlsx
from orders.domain.billing import billing_workbook
from orders.domain.lines import LeftOutContent
from orders.domain.workbook_reading import UnreadableWorkbookError, read_workbook
from tests.orders.domain.content import CPO, make_content, make_gladiator, make_line, make_settings

SOLD = LeftOutContent(line=make_line(seq=3, vin="1HGCM82633A004352", stock="0042"), reason="=1+1, sold")
CONTENT = make_content(make_gladiator(), make_line(seq=2, condition=CPO, stock="+0705"), left_out=(SOLD,))


def sheets_of(data: bytes) -> dict[str, list[list[Any]]]:
    """The sheets as another library reads them, without empty cells at the end of a row."""
    book = load_workbook(io.BytesIO(data))
    sheets = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    return {
        title: [row[: max((at for at, cell in enumerate(row, start=1) if cell is not None), default=0)] for row in rows]
        for title, rows in sheets.items()
    }


def test_the_workbook_has_the_billing_sheet_with_numbers_as_numbers_and_the_vehicles_left_out() -> None:
    assert sheets_of(billing_workbook(CONTENT)) == {
        "Billing": [
            ["Totals:", None, None, "DUPLICATES", None, None, None, "ORDERED", "PRODUCED"],
            ["Total Ordered", 2, None, None, None, None, None, "1C6PJTAG8SL533540", "1C6PJTAG8SL533540"],
            ["Total Produced:", 2, None, None, None, None, None, "ZACNJDB19NPN70500", "ZACNJDB19NPN70500"],
            ["Total New:", 1],
            ["Total Used:", 1],
            [],
            ["Used Duplicates:", 0],
            ["New Duplicates", 0],
            ["Duplicates:", 0],
        ],
        "Left out": [
            ["VIN", "Vehicle", "Stock", "Reason"],
            ["1HGCM82633A004352", "2022 Jeep Renegade", "0042", "=1+1, sold"],
        ],
    }


def test_the_other_layout_keeps_its_cells_too() -> None:
    layout = make_settings(billing_layout=BillingLayout.PRINTED_VEHICLES)
    rows = sheets_of(billing_workbook(replace(CONTENT, settings=layout)))["Billing"]
    assert rows == [
        ["Printed Vehicles:", None, None, None, None, "TOTALS:", None, None, "Duplicates:", 0],
        ["1C6PJTAG8SL533540", "2025 Jeep Gladiator", "SL533540", "New", None, "New:", 1],
        ["ZACNJDB19NPN70500", "2022 Jeep Renegade", "+0705", "CPO", None, "PO:", 0],
        [None, None, None, None, None, "CPO:", 1],
        [None, None, None, None, None, "Total:", 2],
    ]


def test_texts_are_texts_so_that_no_formula_can_run() -> None:
    book = load_workbook(io.BytesIO(spreadsheet_xlsx({"A": [["=1+1", "@x", "-5", "00123", "{=SUM(A1)}", 7]]})))
    cells = next(book.worksheets[0].iter_rows())
    assert [(cell.value, cell.data_type, cell.number_format) for cell in cells] == [
        ("=1+1", "s", "@"),
        ("@x", "s", "@"),
        ("-5", "s", "@"),
        ("00123", "s", "@"),
        ("{=SUM(A1)}", "s", "@"),
        (7, "n", "General"),
    ]


def test_equal_content_gives_equal_bytes_that_name_no_day() -> None:
    assert billing_workbook(CONTENT) == billing_workbook(CONTENT)
    properties = load_workbook(io.BytesIO(billing_workbook(CONTENT))).properties
    assert (properties.created, properties.modified) == (datetime(1980, 1, 1), datetime(1980, 1, 1))  # noqa: DTZ001


def test_a_text_longer_than_a_cell_is_cut_at_what_a_cell_can_hold() -> None:
    [[[text]]] = sheets_of(spreadsheet_xlsx({"A": [["x" * 40_000]]})).values()
    assert len(text) == 32_767


@given(st.lists(st.lists(st.text(max_size=12) | st.integers(-999, 999_999), max_size=4), max_size=4))
def test_what_is_written_is_read_back(rows: list[list[str | int]]) -> None:
    [sheet] = read_workbook(spreadsheet_xlsx({"A": [["first"], *rows]}))
    width = len(sheet[0])
    expected = [["first"], *([one_line(str(cell)) for cell in row] for row in rows)]
    padded = [[*row, *[""] * (width - len(row))][:width] for row in expected]
    assert sheet == padded[: len(sheet)]
    assert not any(any(row) for row in padded[len(sheet) :])


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", billing_workbook(CONTENT)[:-30]])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableWorkbookError):
        read_workbook(data)
