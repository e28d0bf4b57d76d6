import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dealerships.domain.output import BillingLayout, OrderKind, PathLayout, QrNaming
from orders.domain.billing import billing_workbook
from orders.domain.lines import EntryOutcome, LeftOutContent, OrderContent
from orders.domain.order_files import build_order_files
from orders.domain.packaging import order_zip
from orders.domain.qr import qr_png
from orders.domain.verification import verify_order_files
from tests.orders.domain.content import (
    BASE,
    CPO,
    NEW,
    PO,
    make_content,
    make_entry,
    make_gladiator,
    make_line,
    make_settings,
)

CONTENT = make_content(make_gladiator(seq=1), make_line(seq=2, trim='5\'7" Box, "Long"'))
CSV, BILLING, WORKBOOK, VEHICLES = (
    "SOCODCJR_SCP_8.19 - CSV.csv",
    "SOCODCJR_SCP_8.19 - BILLING2.csv",
    "SOCODCJR_SCP_8.19 - BILLING2.xlsx",
    "South_County_DCJR_vehicles.csv",
)
OTHER_CELLS = f"{WORKBOOK} does not hold the cells of {BILLING}."
SUMMARY, ZIP = "order_summary.json", "South_County_DCJR_CAO_20250819_101500.zip"
LINE, REST = f"{CSV}, line 1 (1C6PJTAG8SL533540)", "TRIM,STOCK,VIN,@QR,QRYEARMODEL,QRSTOCK,@QR2,MISC"
SECOND_TEXT = "https://dealer.example/used/renegade?utm_source=SilverFox&utm_medium=VDP_ShortCut"
FIRST, SECOND = "qr_codes/1C6PJTAG8SL533540.png", "qr_codes/ZACNJDB19NPN70500.png"


def files_of(content: OrderContent) -> dict[str, bytes]:
    return {file.name: file.data for file in build_order_files(content)}


def problems_after(name: str, change: Callable[[bytes], bytes]) -> list[str]:
    """The problems of the changed file itself, not those of the checksums and the ZIP that notice any change."""
    files = files_of(CONTENT)
    changed = files | {name: change(files[name])}
    assert changed != files
    problems = verify_order_files(CONTENT, changed)
    return [problem for problem in problems if not problem.startswith((f"{SUMMARY} states", f"{ZIP} does not"))]


@pytest.mark.parametrize(
    "content",
    [
        CONTENT,
        replace(CONTENT, settings=make_settings(template_new="shortcut", template_used="flyout")),
        replace(CONTENT, settings=make_settings(billing_layout=BillingLayout.PRINTED_VEHICLES)),
        replace(CONTENT, settings=make_settings(qr_naming=QrNaming.NUMBERED, profile_layout=PathLayout.PER_ORDER)),
        replace(CONTENT, settings=make_settings(profile_base="/Volumes/orders", profile_separator="/")),
        replace(
            CONTENT,
            settings=make_settings(
                template_new="priced_shortcut_pack", template_used="shortcut", price_markup=Decimal(2000)
            ),
        ),
        replace(
            CONTENT,
            kind=OrderKind.LIST,
            entries=(make_entry("X", EntryOutcome.NOT_ON_WEBSITE, vin=""),),
            settings=make_settings(billing_layout=BillingLayout.PRINTED_VEHICLES),
        ),
        replace(CONTENT, settings=make_settings(has_workbook=False)),
        replace(CONTENT, settings=make_settings(template_new="vehicle_export", template_used="vehicle_export")),
        replace(CONTENT, left_out=(LeftOutContent(line=make_line(seq=3, vin="B" * 17), reason="=1+1, sold"),)),
    ],
)
def test_what_the_product_writes_is_found_good(content: OrderContent) -> None:
    assert verify_order_files(content, files_of(content)) == []


def test_a_missing_and_a_foreign_file_are_told() -> None:
    files = files_of(CONTENT)
    del files[FIRST]
    assert verify_order_files(CONTENT, files | {"qr_codes/OTHER.png": b""}) == [
        f"{FIRST} is missing.",
        "qr_codes/OTHER.png does not belong to the order.",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda data: data.replace(b"\r\n", b"\n"),
            [f"{CSV} has a line that does not end with CRLF."],
        ),
        (lambda data: data.removesuffix(b"\r\n"), [f"{CSV} has a line that does not end with CRLF."]),
        (
            lambda data: data.replace(b"P,GLADIATOR", b"P,GLADI\xc3\x84TOR"),
            [
                f"{CSV} has bytes that are not 7-bit ASCII.",
                f"{LINE}: MODEL holds 'GLADI\u00c4TOR' instead of 'GLADIATOR'.",
            ],
        ),
        (
            lambda data: data.replace(b"P,GLADIATOR", b"P,GLADIATORS"),
            [f"{LINE}: MODEL holds 'GLADIATORS' instead of 'GLADIATOR'."],
        ),
        (
            lambda data: data.replace(b"YEARMAKE,MODEL", b"MODEL,YEARMAKE"),
            [f"{CSV} has the header MODEL,YEARMAKE,{REST}, which is not that of shortcut_pack v1."],
        ),
        (
            lambda data: data + data.split(b"\r\n")[1] + b"\r\n",
            [
                f"{CSV} has 3 rows for 2 lines.",
                f"{CSV}: @QR names {BASE}\\1C6PJTAG8SL533540.png 2 times.",
                f"{CSV}: @QR2 names {BASE}\\1C6PJTAG8SL533540.png 2 times.",
            ],
        ),
        (
            lambda data: data.replace(b"2025 JEEP,GLADIATOR", b"2025 JEEP"),
            [f"{LINE}: 9 cells instead of 10."],
        ),
        (
            lambda data: data.replace(b"2025 JEEP,", b" ,"),
            [f"{LINE}: YEARMAKE is empty."],
        ),
        (
            lambda data: data.replace(b"2025 GLADIATOR - SL533540,NEW", b"2025 GLADIATOR - SL533541,NEW", 1),
            [f"{LINE}: STOCK does not name the stock number SL533540."],
        ),
        (
            lambda data: data.replace(b"NEW - 1C6PJTAG8SL533540", b"NEW - 1C6PJTAG8SL533541", 1),
            [f"{LINE}: VIN does not name the VIN."],
        ),
        (
            lambda data: data.replace(b"C:\\Users", b"D:\\Users", 1),
            [f"{LINE}: @QR holds D{BASE[1:]}\\1C6PJTAG8SL533540.png, which is outside the base path {BASE}."],
        ),
        (
            lambda data: data.replace(b"QRS\\1C6PJTAG8SL533540.png", b"QRS\\ZACNJDB19NPN70500.png", 1),
            [
                f"{LINE}: @QR holds {BASE}\\ZACNJDB19NPN70500.png, which is not the image of this line.",
                f"{CSV}: @QR names {BASE}\\ZACNJDB19NPN70500.png 2 times.",
            ],
        ),
        (
            lambda _: b'"',
            [
                f"{CSV} has a line that does not end with CRLF.",
                f"{CSV} has the header , which is not that of shortcut_pack v1.",
                f"{CSV} has 0 rows for 2 lines.",
            ],
        ),
    ],
)
def test_a_spoiled_csv_is_told(change: Callable[[bytes], bytes], expected: list[str]) -> None:
    assert problems_after(CSV, change) == expected


def test_rows_in_another_order_than_the_lines_are_told() -> None:
    def swap(data: bytes) -> bytes:
        header, first, second, end = data.split(b"\r\n")
        return b"\r\n".join([header, second, first, end])

    assert problems_after(CSV, swap)[:2] == [
        f"{LINE}: STOCK does not name the stock number SL533540.",
        f"{LINE}: VIN does not name the VIN.",
    ]


def redrawn(mode: str, size: int, dpi: int) -> Callable[[bytes], bytes]:
    def redraw(data: bytes) -> bytes:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(data)).convert(mode).resize((size, size)).save(buffer, "PNG", dpi=(dpi, dpi))
        return buffer.getvalue()

    return redraw


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: b"", [f"{SECOND} is not a picture."]),
        (lambda data: data[:300], [f"{SECOND} is not a picture."]),
        (redrawn("1", 776, 300), [f"{SECOND} has 776 x 776 pixels instead of 388 x 388."]),
        (redrawn("L", 388, 300), [f"{SECOND} is not pure black and white."]),
        (redrawn("1", 388, 72), [f"{SECOND} is marked with 72 dpi instead of 300."]),
        (
            lambda _: qr_png("1C6PJTAG8SL533540"),
            [f"{SECOND} says 1C6PJTAG8SL533540 instead of {SECOND_TEXT}."],
        ),
    ],
)
def test_a_spoiled_qr_image_is_told(change: Callable[[bytes], bytes], expected: list[str]) -> None:
    assert problems_after(SECOND, change) == expected


@pytest.mark.parametrize("layout", list(BillingLayout))
def test_a_billing_sheet_that_misses_a_vehicle_is_told(layout: BillingLayout) -> None:
    content = replace(CONTENT, settings=make_settings(billing_layout=layout))
    fewer = replace(content, lines=content.lines[:1])
    name = next(file.name for file in build_order_files(content) if file.kind == "billing")
    problems = verify_order_files(content, files_of(content) | {name: files_of(fewer)[name]})
    assert problems[:2] == [
        f"{name} lists 1 vehicles that are not the order's 2 in row order.",
        f"{name} states a total of 1 for 2 lines.",
    ]


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        (BILLING, lambda _: b"", [f"{BILLING} has rows of the wrong width.", OTHER_CELLS]),
        (BILLING, lambda data: data + b"a\r\n", [f"{BILLING} has rows of the wrong width.", OTHER_CELLS]),
        (BILLING, lambda data: data + b"\xff", [f"{BILLING} has rows of the wrong width.", OTHER_CELLS]),
        (WORKBOOK, lambda _: b"", [f"{WORKBOOK} cannot be opened."]),
        (WORKBOOK, lambda data: data.replace(b"PK", b"KP"), [f"{WORKBOOK} cannot be opened."]),
        (
            WORKBOOK,
            lambda _: billing_workbook(replace(CONTENT, lines=CONTENT.lines[:1])),
            [OTHER_CELLS],
        ),
        (
            WORKBOOK,
            lambda _: billing_workbook(
                replace(CONTENT, left_out=(LeftOutContent(line=CONTENT.lines[0], reason="sold"),))
            ),
            [f"{WORKBOOK} does not list the 0 vehicles that were left out."],
        ),
        (
            VEHICLES,
            lambda data: data.split(b"\r\n", 1)[1],
            [f"{VEHICLES} does not have the columns VIN,Make,Model,Year,Price,Full_Name,URL,Dealership in every row."],
        ),
        (
            VEHICLES,
            lambda data: data.rsplit(b"\r\n", 2)[0] + b"\r\n",
            [f"{VEHICLES} lists 1 vehicles that are not the order's 2 in row order."],
        ),
        (SUMMARY, lambda _: b"[]", [f"{SUMMARY} cannot be read."]),
        (SUMMARY, lambda data: data[:-3], [f"{SUMMARY} cannot be read."]),
        (
            SUMMARY,
            lambda data: data.replace(b'"lines": 2', b'"lines": 3'),
            [f"{SUMMARY} counts 3 lines instead of 2."],
        ),
        (
            SUMMARY,
            lambda data: data.replace(VEHICLES.encode(), b"other.csv"),
            [f"{SUMMARY} does not state the checksums of exactly the order's tables."],
        ),
        (ZIP, lambda _: b"", [f"{ZIP} cannot be opened."]),
        (
            ZIP,
            lambda _: order_zip(make_content(settings=make_settings(profile_base="/x")), []),
            [
                f"{ZIP} has no README that names the base path.",
            ],
        ),
    ],
)
def test_other_spoiled_files_are_told(name: str, change: Callable[[bytes], bytes], expected: list[str]) -> None:
    assert problems_after(name, change) == expected


def test_the_checksums_and_the_zip_notice_any_change() -> None:
    files = files_of(CONTENT)
    assert verify_order_files(CONTENT, files | {CSV: files[CSV].replace(b"SPORT", b"TROPS")}) == [
        f"{LINE}: TRIM holds 'TROPS' instead of 'SPORT'.",
        f"{SUMMARY} states a checksum for {CSV} that is not that of the file.",
        f"{ZIP} does not hold the same files: South_County_DCJR_CAO_20250819_101500/{CSV}.",
    ]


@given(
    name=st.sampled_from([CSV, BILLING, WORKBOOK, VEHICLES, SUMMARY, FIRST, SECOND, ZIP]),
    position=st.integers(0),
    bit=st.integers(0, 7),
)
def test_a_flipped_bit_in_a_file_is_told_or_lies_outside_what_the_zip_holds(name: str, position: int, bit: int) -> None:
    files = files_of(CONTENT)
    spoiled = bytearray(files[name])
    spoiled[position % len(spoiled)] ^= 1 << bit
    problems = verify_order_files(CONTENT, files | {name: bytes(spoiled)})
    assert problems != [] or name == ZIP


texts = st.text(max_size=20) | st.sampled_from(["=1+1", '"', "a,b", "\r\n", "\uff1d", "-5", "'", "\u00ae"])
printable = texts.map(lambda text: f"{text}A")


@given(
    facts=st.lists(
        st.fixed_dictionaries(
            {
                "stock": printable,
                "make": printable,
                "model": printable,
                "trim": texts,
                "condition": st.sampled_from([NEW, PO, CPO]),
                "url": texts.map(lambda text: f"https://d.example/{text}") | texts,
            }
        ),
        min_size=1,
        max_size=3,
    ),
    templates=st.tuples(
        *[st.sampled_from(["shortcut", "shortcut_pack", "priced_shortcut_pack", "vehicle_export"])] * 2
    ),
    layout=st.sampled_from(BillingLayout),
)
def test_whatever_the_texts_the_files_of_an_order_are_good(
    facts: list[dict[str, object]], templates: tuple[str, str], layout: BillingLayout
) -> None:
    lines = [make_line(seq=seq, vin=f"VIN{seq}", **fact) for seq, fact in enumerate(facts, start=1)]
    settings = make_settings(template_new=templates[0], template_used=templates[1], billing_layout=layout)
    content = make_content(*lines, settings=settings)
    assert verify_order_files(content, files_of(content)) == []
