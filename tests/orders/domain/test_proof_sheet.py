import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2.raw import FPDF_PAGEOBJ_TEXT

from dealerships.domain.rules import Condition
from orders.domain.lines import LineContent
from orders.domain.proof_sheet import LeftOutLine, ProofCard, proof_sheet
from orders.domain.qr import qr_png, qr_text
from tests.orders.domain.content import make_content, make_line, make_settings

_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def make_lines(count: int) -> list[LineContent]:
    return [
        make_line(seq=seq, vin=f"ZACNJDB19NPN7{seq:04d}", url=f"https://d.example/{seq}/")
        for seq in range(1, count + 1)
    ]


def make_card(line: LineContent, *warnings: str) -> ProofCard:
    return ProofCard(line=line, image=qr_png(qr_text(line, make_settings())), warnings=warnings)


def sheet_of(*cards: ProofCard, left_out: tuple[LeftOutLine, ...] = (), standing: str = "", **facts: Any) -> bytes:
    content = make_content(*(card.line for card in cards), **facts)
    return proof_sheet(content, cards, left_out, standing=standing)


def texts(data: bytes) -> list[list[str]]:
    """The lines of text of each page."""
    return [page.get_textpage().get_text_bounded().splitlines() for page in pypdfium2.PdfDocument(data)]


def codes(data: bytes) -> list[list[str]]:
    """The QR codes of each page as a scanner reads them from paper, from left to right and downwards."""
    pages = [page.render(scale=300 / 72, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(data)]
    found = [zxingcpp.read_barcodes(page, formats=_QR_ONLY) for page in pages]
    return [
        [
            code.text
            for code in sorted(page, key=lambda code: (code.position.top_left.y // 300, code.position.top_left.x))
        ]
        for page in found
    ]


def test_a_card_tells_what_to_compare_with_the_vehicle() -> None:
    data = sheet_of(
        make_card(make_lines(1)[0], "No usable web address: the QR code holds the VIN."), standing="released"
    )
    assert texts(data) == [
        [
            "South County DCJR Page 1 of 1",
            "CAO, order 45414, August 19, 2025, 1 vehicle, released",
            "2022 Jeep Renegade Latitude",
            "Line 1 of 1",
            "ZACNJDB19NPN70001",
            "Stock NPN70500",
            "Condition PO",
            "$21,995",
            "! No usable web address: the QR code holds the VIN.",
        ]
    ]


def test_what_is_missing_is_said() -> None:
    bare = replace(
        make_lines(1)[0], year=None, make="", model="", trim="", stock="", price=None, condition=Condition.UNKNOWN
    )
    assert texts(sheet_of(make_card(bare), order_number=""))[0][1:] == [
        "CAO, not numbered, August 19, 2025, 1 vehicle",
        "Only the VIN is known",
        "Line 1 of 1",
        "ZACNJDB19NPN70001",
        "No stock number",
        "Condition unknown",
        "No price",
    ]


def test_six_cards_go_to_a_page_and_every_code_scans_to_its_own_line_from_the_page() -> None:
    lines = make_lines(8)
    expected = [qr_text(line, make_settings()) for line in lines]
    data = sheet_of(*map(make_card, lines))
    assert codes(data) == [expected[:6], expected[6:]]
    assert [page[0] for page in texts(data)] == ["South County DCJR Page 1 of 2", "South County DCJR Page 2 of 2"]


def test_vehicles_left_out_are_listed_at_the_end_with_their_reason() -> None:
    kept, left = make_lines(2)
    data = sheet_of(make_card(kept), left_out=(LeftOutLine(line=left, reason="sold on Monday"),))
    assert texts(data)[1] == [
        "South County DCJR Page 2 of 2",
        "CAO, order 45414, August 19, 2025, 1 vehicle, 1 left out",
        "Left out of this order: 1",
        "ZACNJDB19NPN70002, 2022 Jeep Renegade Latitude, stock NPN70500",
        "Reason: sold on Monday",
    ]


def test_a_long_list_of_vehicles_left_out_goes_over_pages_without_losing_any() -> None:
    lines = make_lines(60)
    pages = texts(sheet_of(left_out=tuple(LeftOutLine(line=line, reason="sold") for line in lines)))
    listed = [text[:17] for page in pages for text in page if text.startswith("ZACNJDB19")]
    assert (len(pages), listed) == (4, [line.vin for line in lines])


def test_an_order_without_vehicles_says_so() -> None:
    assert texts(sheet_of())[0][-1] == "This order has no vehicles."


def test_the_same_order_gives_the_same_bytes() -> None:
    card = make_card(make_lines(1)[0], "A warning.")
    assert sheet_of(card) == sheet_of(card)


def test_facts_stand_as_they_are_printed_and_warnings_keep_what_the_font_has() -> None:
    line = replace(make_lines(1)[0], make="Citroën", model="6'5\" <b>bed</b>\nlong", trim="\u65e5\u672c\U0001f697")
    page = texts(sheet_of(make_card(line, "The make 'Citroën \u65e5' is printed as 'Citroen'.")))[0]
    assert (page[2], page[-1]) == (
        "2022 Citroen 6'5\" <b>bed</b> long",
        "! The make 'Citroën ?' is printed as 'Citroen'.",
    )


def test_more_warnings_than_fit_point_to_the_review() -> None:
    page = texts(sheet_of(make_card(make_lines(1)[0], *(f"Warning {number}." for number in range(1, 8)))))[0]
    assert page[-6:] == [*(f"! Warning {number}." for number in range(1, 6)), "! More is said in the review."]


@pytest.mark.parametrize("field", ["make", "model", "trim", "stock"])
def test_a_text_of_300_characters_stays_within_its_card(field: str) -> None:
    line = make_line(**{field: "W" * 300})
    page = pypdfium2.PdfDocument(sheet_of(make_card(line, "W" * 300)))[0]
    boxes = [item.get_bounds() for item in page.get_objects() if item.type == FPDF_PAGEOBJ_TEXT]
    on_card = [(left, bottom, right) for left, bottom, right, top in boxes if top < 700]
    assert len(on_card) > 10
    assert [box for box in on_card if not (36 <= box[0] <= box[2] <= 301 and box[1] > 480)] == []


@settings(max_examples=30, deadline=None)
@given(st.text(), st.text(), st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.none(), st.text())
def test_no_text_breaks_the_sheet(model: str, stock: str, price: Decimal | None, warning: str) -> None:
    line = replace(make_lines(1)[0], model=model, stock=stock, price=price)
    data = sheet_of(make_card(line, warning), left_out=(LeftOutLine(line=line, reason=warning),))
    assert len(pypdfium2.PdfDocument(io.BytesIO(data))) >= 2
