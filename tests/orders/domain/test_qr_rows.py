"""A QR code stands with its own row: whatever the order of the lines, and as two independent decoders read it."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyrxing
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dealerships.domain.output import QrNaming
from dealerships.domain.rules import Condition
from orders.domain.file_names import image_file
from orders.domain.lines import LineContent, OrderContent
from orders.domain.order_files import build_order_files
from tests.factories import make_vin
from tests.orders.domain.content import CPO, NEW, PO, make_content, make_line, make_settings

CONDITIONS = (NEW, PO, CPO)
PATHS = ("inventory/{}", "used/{}/?color=red", "auto/used-2021-jeep-renegade-latitude-{}/", "v/{}#photos", "VDP/{}.htm")
# Part of a QR symbol may look like a bar code of another kind.
QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
SEED = 20250819


def numbered(lines: Sequence[LineContent]) -> list[LineContent]:
    return [replace(line, seq=seq) for seq, line in enumerate(lines, start=1)]


def expected_text(line: LineContent) -> str:
    """What the code of a line says, put together without the product's help."""
    address, sign, fragment = line.url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}utm_source=SilverFox&utm_medium=VDP_ShortCut{sign}{fragment}" if address else line.vin


def texts_by_vin(files: dict[str, bytes]) -> dict[str, list[tuple[str, ...]]]:
    """For every row of every CSV: its VIN, and what both decoders read from the image that the row itself names."""
    tables = [data.decode("ascii") for name, data in files.items() if name.endswith("CSV.csv")]
    found = {}
    for row in (row for table in tables for row in csv.DictReader(io.StringIO(table, newline=""))):
        vin, image_name = row["QRSTOCK"].rpartition(" - ")[2], row["@QR2"].rpartition("\\")[2]
        image = Image.open(io.BytesIO(files[f"qr_codes/{image_name}"]))
        found[vin] = [
            tuple(code.text for code in zxingcpp.read_barcodes(image.convert("L"), formats=QR_ONLY)),
            tuple(code.text for code in pyrxing.read_barcodes(image, formats=["QRCode"])),
        ]
    return found


def assert_every_row_has_its_own_code(content: OrderContent) -> None:
    files = {file.name: file.data for file in build_order_files(content)}
    assert texts_by_vin(files) == {line.vin: [(expected_text(line),)] * 2 for line in content.lines}
    images = [name for name in files if name.startswith("qr_codes/")]
    assert images == [image_file(line, content.settings) for line in content.lines]


mixed_conditions = st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(
    conditions=mixed_conditions,
    naming=st.sampled_from(QrNaming),
    templates=st.sampled_from([("shortcut", "shortcut_pack"), ("shortcut_pack", "shortcut_pack")]),
    shuffle=st.randoms(use_true_random=False),
)
def test_mixing_new_and_used_lines_in_any_order_never_swaps_a_code(
    conditions: list[Condition], naming: QrNaming, templates: tuple[str, str], shuffle: random.Random
) -> None:
    lines = [
        make_line(
            vin=make_vin(number=number), stock=f"S{number}", condition=condition, url=f"https://d.example/{number}"
        )
        for number, condition in enumerate(conditions)
    ]
    shuffle.shuffle(lines)
    output = make_settings(template_new=templates[0], template_used=templates[1], qr_naming=naming)
    assert_every_row_has_its_own_code(make_content(*numbered(lines), settings=output))


def generated_orders(count: int) -> Iterator[OrderContent]:
    """Orders of 10 to 40 vehicles as the shop has them: mixed conditions, sites and layouts, some without address."""
    chance = random.Random(SEED)
    for order in range(count):
        lines = [_generated_line(chance, order * 100 + number) for number in range(chance.randint(10, 40))]
        output = make_settings(
            template_new=chance.choice(["shortcut", "shortcut_pack"]),
            template_used="shortcut_pack",
            qr_naming=chance.choice(list(QrNaming)),
        )
        yield make_content(*numbered(lines), settings=output, order_number=str(40_000 + order))


def _generated_line(chance: random.Random, number: int) -> LineContent:
    vin = make_vin(number=number, year=chance.randint(2010, 2026))
    path = chance.choice(PATHS).format(chance.choice([vin, vin.lower(), f"{vin[-8:]}-{'x' * chance.randint(0, 90)}"]))
    url = f"https://www.{chance.choice(['elm', 'north-county-motors'])}.example/{path}"
    condition = chance.choice(CONDITIONS)
    return make_line(vin=vin, stock=f"S{number}", condition=condition, url="" if chance.random() < 0.05 else url)


def test_the_codes_of_20_orders_are_read_by_two_decoders_at_their_own_rows() -> None:
    for content in generated_orders(20):
        assert_every_row_has_its_own_code(content)


@pytest.mark.proofs
def test_the_codes_of_1000_orders_are_read_by_two_decoders_at_their_own_rows() -> None:
    for content in generated_orders(1000):
        assert_every_row_has_its_own_code(content)
