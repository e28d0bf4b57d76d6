import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.output import BillingLayout, OrderKind
from dealerships.domain.rules import Condition
from orders.domain.billing import billing_of, billing_sheet
from orders.domain.lines import EntryOutcome, OrderContent
from tests.orders.domain.content import CPO, NEW, PO, make_content, make_entry, make_line, make_settings

PRINTED_VEHICLES = make_settings(billing_layout=BillingLayout.PRINTED_VEHICLES)
PRODUCED = [
    "5FPYK1F59BB007451",
    "JM1BM1V33F1238384",
    "W1N0G8DB6NG121113",
    "2LMPJ6K96NBL18706",
    "1G6DH5RL0M0144239",
    "1FTEW1E52LKE37327",
    "1FMJK1MT8NEA40714",
]
CHEROKEE = "1C4RJYB67PC669752,2023 Jeep Grand Cherokee,9257,PO,"
ORDERS_SHEETS = Path(__file__).parents[4] / "shared" / "data" / "outputs"


def sheet(content: OrderContent) -> list[str]:
    text = billing_sheet(content).decode("utf-8")
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n")


def test_billing2_is_the_shops_sheet() -> None:
    content = make_content(
        *(make_line(seq=seq, vin=vin) for seq, vin in enumerate(PRODUCED, start=1)),
        kind=OrderKind.LIST,
        entries=tuple(make_entry(vin) for vin in reversed(PRODUCED)),
    )
    assert sheet(content) == [
        "Totals:,,,DUPLICATES,,,,ORDERED,PRODUCED",
        "Total Ordered,7,,,,,,1FMJK1MT8NEA40714,5FPYK1F59BB007451",
        "Total Produced:,7,,,,,,1FTEW1E52LKE37327,JM1BM1V33F1238384",
        "Total New:,0,,,,,,1G6DH5RL0M0144239,W1N0G8DB6NG121113",
        "Total Used:,7,,,,,,2LMPJ6K96NBL18706,2LMPJ6K96NBL18706",
        ",,,,,,,5FPYK1F59BB007451,1G6DH5RL0M0144239",
        "Used Duplicates:,0,,,,,,JM1BM1V33F1238384,1FTEW1E52LKE37327",
        "New Duplicates,0,,,,,,W1N0G8DB6NG121113,1FMJK1MT8NEA40714",
        "Duplicates:,0,,,,,,,",
    ]


def test_billing2_lists_duplicates_and_leaves_lists_of_different_length() -> None:
    content = make_content(
        make_line(seq=1, vin="B", condition=NEW, is_duplicate=True),
        make_line(seq=2, vin="A", condition=CPO, is_duplicate=True),
        make_line(seq=3, vin="C", condition=PO),
        kind=OrderKind.LIST,
        entries=(
            make_entry("s1", vin="B"),
            make_entry("A"),
            make_entry("a", EntryOutcome.DUPLICATE_ENTRY, vin="A"),
            make_entry("C"),
            make_entry("NOTFOUND", EntryOutcome.NOT_ON_WEBSITE, vin=""),
        ),
    )
    assert sheet(content) == [
        "Totals:,,,DUPLICATES,,,,ORDERED,PRODUCED",
        "Total Ordered,4,,B,,,,A,B",
        "Total Produced:,3,,A,,,,B,A",
        "Total New:,1,,,,,,C,C",
        "Total Used:,2,,,,,,NOTFOUND,",
        ",,,,,,,,",
        "Used Duplicates:,1,,,,,,,",
        "New Duplicates,1,,,,,,,",
        "Duplicates:,2,,,,,,,",
    ]


def test_a_cao_order_counts_its_lines_as_ordered() -> None:
    content = make_content(make_line(seq=1, vin="B"), make_line(seq=2, vin="A"))
    assert sheet(content)[:3] == [
        "Totals:,,,DUPLICATES,,,,ORDERED,PRODUCED",
        "Total Ordered,2,,,,,,A,B",
        "Total Produced:,2,,,,,,B,A",
    ]


def example(kind: OrderKind) -> OrderContent:
    return make_content(
        make_line(
            vin="1C4RJYB67PC669752",
            year=2023,
            model="Grand Cherokee",
            stock="9257",
            is_duplicate=kind is not OrderKind.CAO,
        ),
        make_line(seq=2, vin="1C6PJTAG8SL533540", year=2025, model="Gladiator", stock="SL533540", condition=NEW),
        make_line(seq=3, condition=CPO),
        kind=kind,
        entries=(
            make_entry("1C4RJYB67PC669752"),
            make_entry("1C6PJTAG8SL533540"),
            make_entry("ZACNJDB19NPN70500"),
            make_entry("1HGCM82633A004352", EntryOutcome.NOT_ON_WEBSITE, vin=""),
        )
        if kind is OrderKind.LIST
        else (),
        settings=PRINTED_VEHICLES,
    )


def test_printed_vehicles_is_the_shops_sheet_for_a_list() -> None:
    assert sheet(example(OrderKind.LIST)) == [
        "Printed Vehicles:,,,,,TOTALS:,,,Duplicates:,1,,1C4RJYB67PC669752,,",
        f"{CHEROKEE},New:,1,,1C4RJYB67PC669752,2023,Jeep,Grand Cherokee,9257,PO",
        "1C6PJTAG8SL533540,2025 Jeep Gladiator,SL533540,New,,PO:,1,,,,,,,",
        "ZACNJDB19NPN70500,2022 Jeep Renegade,NPN70500,CPO,,CPO:,1,,,,,,,",
        ",,,,,Total:,3,,,,,,,",
        ",,,,,Ordered:,4,,,,,,,",
        ",,,,,Produced:,3,,,,,,,",
        ",,,,,,,,,,,,,",
        ",,,,,Not on Website:,1HGCM82633A004352,,,,,,,",
    ]


def test_printed_vehicles_of_a_cao_never_shows_ordered_produced_or_not_on_website() -> None:
    assert sheet(example(OrderKind.CAO)) == [
        "Printed Vehicles:,,,,,TOTALS:,,,Duplicates:,0,,,,",
        f"{CHEROKEE},New:,1,,,,,,,",
        "1C6PJTAG8SL533540,2025 Jeep Gladiator,SL533540,New,,PO:,1,,,,,,,",
        "ZACNJDB19NPN70500,2022 Jeep Renegade,NPN70500,CPO,,CPO:,1,,,,,,,",
        ",,,,,Total:,3,,,,,,,",
    ]


def test_maintenance_counts_the_typed_entries_as_ordered_and_keeps_all_labels() -> None:
    content = make_content(
        make_line(seq=1, vin="A"),
        make_line(seq=2, vin="B"),
        kind=OrderKind.MAINTENANCE,
        entries=(make_entry("B"),),
        settings=PRINTED_VEHICLES,
    )
    assert [row.split(",")[5:7] for row in sheet(content)] == [
        ["TOTALS:", ""],
        ["New:", "0"],
        ["PO:", "2"],
        ["CPO:", "0"],
        ["Total:", "2"],
        ["Ordered:", "1"],
        ["Produced:", "2"],
        ["", ""],
        ["Not on Website:", ""],
    ]


def test_many_duplicates_widen_every_row() -> None:
    lines = [make_line(seq=seq, vin=f"V{seq}", is_duplicate=True) for seq in range(1, 6)]
    rows = [row.split(",") for row in sheet(make_content(*lines, kind=OrderKind.LIST, settings=PRINTED_VEHICLES))]
    assert rows[0][8:] == ["Duplicates:", "5", "", "V1", "V2", "V3", "V4", "V5"]
    assert {len(row) for row in rows} == {16}


def test_several_entries_not_on_the_website_stand_below_each_other() -> None:
    entries = tuple(make_entry(text, EntryOutcome.NOT_ON_WEBSITE, vin="") for text in ("X1", "X2", "X3"))
    content = make_content(kind=OrderKind.LIST, entries=entries, settings=PRINTED_VEHICLES)
    assert [row.split(",")[5:7] for row in sheet(content)[-3:]] == [["Not on Website:", "X1"], ["", "X2"], ["", "X3"]]


def test_cells_that_a_spreadsheet_would_run_are_protected() -> None:
    content = make_content(make_line(stock="=cmd|'/C calc'!A0"), settings=PRINTED_VEHICLES)
    assert sheet(content)[1].split(",")[2] == "'=cmd|'/C calc'!A0"


@pytest.mark.parametrize("layout", list(BillingLayout))
@given(
    conditions=st.lists(st.sampled_from(Condition), min_size=1, max_size=60),
    duplicates=st.sets(st.integers(1, 60)),
    kind=st.sampled_from(OrderKind),
)
def test_every_vehicle_stands_exactly_once_for_1_to_60_vehicles(
    layout: BillingLayout, conditions: list[Condition], duplicates: set[int], kind: OrderKind
) -> None:
    lines = [
        make_line(seq=seq, vin=f"VIN{seq:02}", condition=condition, is_duplicate=seq in duplicates)
        for seq, condition in enumerate(conditions, start=1)
    ]
    content = make_content(*lines, kind=kind, settings=make_settings(billing_layout=layout))
    rows = list(csv.reader(io.StringIO(billing_sheet(content).decode(), newline=""), strict=True))
    column = 8 if layout is BillingLayout.BILLING2 else 0
    assert [row[column] for row in rows[1:] if row[column]] == [line.vin for line in lines]
    assert len({len(row) for row in rows}) == 1
    assert len(billing_of(content).duplicates) == len(duplicates & set(range(1, len(lines) + 1)))


@pytest.mark.skipif(not ORDERS_SHEETS.is_dir(), reason="the shop's own sheets are not beside the project")
@pytest.mark.parametrize("name", ["billing2_17_ordered_8_produced.csv", "billing2_list_46.csv"])
def test_a_sheet_of_the_shop_is_made_again_from_its_facts(name: str) -> None:
    stored = list(csv.reader(io.StringIO((ORDERS_SHEETS / name).read_text())))
    new = int(stored[3][1])
    produced = [row[8] for row in stored[1:] if row[8]]
    content = make_content(
        *(
            make_line(seq=seq, vin=vin, condition=NEW if seq <= new else PO)
            for seq, vin in enumerate(produced, start=1)
        ),
        kind=OrderKind.LIST,
        entries=tuple(make_entry(row[7]) for row in stored[1:] if row[7]),
    )
    assert list(csv.reader(io.StringIO(billing_sheet(content).decode(), newline=""))) == stored
