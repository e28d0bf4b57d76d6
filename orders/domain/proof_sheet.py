"""The proof sheet: a PDF of cards, six to a page, with which an order is checked against the lot before printing."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from PIL import Image
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from foundation.spreadsheet_csv import one_line
from orders.domain.cell_text import clean_text
from orders.domain.lines import LineContent, OrderContent
from orders.domain.qr import SIZE
from orders.domain.rendering import CONDITION_NAMES

CARDS_ON_A_PAGE = 6
LINES_ON_A_PAGE = 52
_PLAIN, _BOLD, _MONO, _MONO_BOLD = "Helvetica", "Helvetica-Bold", "Courier", "Courier-Bold"
_WIDTH, _HEIGHT = LETTER
_MARGIN, _HEADER, _GAP, _PADDING = 36, 46, 10, 10
_CARD_WIDTH = (_WIDTH - 2 * _MARGIN - _GAP) / 2
_CARD_HEIGHT = (_HEIGHT - 2 * _MARGIN - _HEADER - 2 * _GAP) / 3
_INNER_WIDTH = _CARD_WIDTH - 2 * _PADDING
_IMAGE = SIZE * 72 / 300  # as large as it is printed at 300 dpi
_TITLE_LINES, _WARNING_LINES = 3, 6
_VIN_TAIL = 8  # people compare those with the windshield


@dataclass(frozen=True, kw_only=True)
class ProofCard:
    """One vehicle of the order: its line, the PNG of its QR code, and what a person should look at."""

    line: LineContent
    image: bytes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LeftOutLine:
    """One vehicle that was left out, with the reason that somebody gave."""

    line: LineContent
    reason: str


def proof_sheet(
    content: OrderContent, cards: Sequence[ProofCard], left_out: Sequence[LeftOutLine] = (), *, standing: str = ""
) -> bytes:
    """The cards in row order, then the vehicles left out; `standing` says how far the order is, for the page heads.

    Pure: the same arguments give the same bytes. A vehicle's facts stand in plain characters, as they are printed; a
    character that the PDF's fonts lack is a question mark elsewhere.
    """
    texts = _left_out_texts(left_out)
    pages: list[Callable[[Canvas], None]] = [
        partial(_draw_cards, cards=cards[start : start + CARDS_ON_A_PAGE], total=len(cards))
        for start in range(0, len(cards), CARDS_ON_A_PAGE)
    ]
    pages += [
        partial(_draw_texts, texts=texts[start : start + LINES_ON_A_PAGE])
        for start in range(0, len(texts), LINES_ON_A_PAGE)
    ]
    buffer, heads = io.BytesIO(), _heads(content, len(cards), len(left_out), standing)
    canvas = Canvas(buffer, pagesize=LETTER, invariant=1, lang="en-US")
    canvas.setTitle(f"Proof sheet, {heads[0]}")
    canvas.setCreator("Silver Fox")
    for number, draw in enumerate(pages or [_draw_nothing], start=1):
        _draw_head(canvas, heads, f"Page {number} of {max(len(pages), 1)}")
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _heads(content: OrderContent, count: int, left_out: int, standing: str) -> tuple[str, str]:
    day = content.completed_at
    parts = [
        content.kind.value.upper(),
        f"order {content.order_number}" if content.order_number else "not numbered",
        f"{day:%B} {day.day}, {day.year}",
        f"{count} vehicle{'' if count == 1 else 's'}",
        f"{left_out} left out" if left_out else "",
        standing,
    ]
    return _readable(content.settings.dealership_name), _readable(", ".join(filter(None, parts)))


def _draw_head(canvas: Canvas, heads: tuple[str, str], page: str) -> None:
    top, width = _HEIGHT - _MARGIN, _WIDTH - 2 * _MARGIN
    title, facts = heads
    canvas.setFont(_PLAIN, 9)
    canvas.drawRightString(_WIDTH - _MARGIN, top - 14, page)
    canvas.setFont(_BOLD, 15)
    canvas.drawString(_MARGIN, top - 14, _cut(title, _BOLD, 15, width - 80))
    canvas.setFont(_PLAIN, 10)
    canvas.drawString(_MARGIN, top - 30, _cut(facts, _PLAIN, 10, width))


def _draw_nothing(canvas: Canvas) -> None:
    canvas.drawString(_MARGIN, _HEIGHT - _MARGIN - _HEADER - 12, "This order has no vehicles.")


def _draw_cards(canvas: Canvas, *, cards: Sequence[ProofCard], total: int) -> None:
    for place, card in enumerate(cards):
        row, column = divmod(place, 2)
        left = _MARGIN + column * (_CARD_WIDTH + _GAP)
        top = _HEIGHT - _MARGIN - _HEADER - row * (_CARD_HEIGHT + _GAP)
        _draw_card(canvas, card, left, top, total)


def _draw_card(canvas: Canvas, card: ProofCard, left: float, top: float, total: int) -> None:
    canvas.setStrokeGray(0.6)
    canvas.roundRect(left, top - _CARD_HEIGHT, _CARD_WIDTH, _CARD_HEIGHT, 4)
    left, top = left + _PADDING, top - _PADDING
    title = _wrap(_vehicle(card.line), _BOLD, 11, _INNER_WIDTH)
    if len(title) > _TITLE_LINES:
        title[_TITLE_LINES - 1 :] = [_cut(" ".join(title[_TITLE_LINES - 1 :]), _BOLD, 11, _INNER_WIDTH)]
    _draw_lines(canvas, title, left, top - 9, font=_BOLD, size=11)
    top -= 13 * len(title) + 2
    canvas.drawImage(_picture(card.image), left - 1, top - _IMAGE, _IMAGE, _IMAGE)
    _draw_facts(canvas, card.line, left + _IMAGE + _GAP, top - 12, total)
    warnings = [line for text in card.warnings for line in _wrap(f"! {_readable(text)}", _PLAIN, 8, _INNER_WIDTH)]
    if len(warnings) > _WARNING_LINES:
        warnings[_WARNING_LINES - 1 :] = ["! More is said in the review."]
    _draw_lines(canvas, warnings, left, top - _IMAGE - 11, font=_PLAIN, size=8)


def _draw_facts(canvas: Canvas, line: LineContent, left: float, top: float, total: int) -> None:
    width = _INNER_WIDTH - _IMAGE - _GAP
    canvas.setFont(_PLAIN, 9)
    canvas.drawString(left, top, f"Line {line.seq} of {total}")
    vin = canvas.beginText(left, top - 19)
    vin.setFont(_MONO, 9)
    vin.textOut(line.vin[:-_VIN_TAIL])
    vin.setFont(_MONO_BOLD, 11)
    vin.textOut(line.vin[-_VIN_TAIL:])
    canvas.drawText(vin)
    stock, condition = clean_text(line.stock), CONDITION_NAMES[line.condition] or "unknown"
    canvas.setFont(_PLAIN, 9)
    canvas.drawString(left, top - 38, _cut(f"Stock {stock}" if stock else "No stock number", _PLAIN, 9, width))
    canvas.drawString(left, top - 54, f"Condition {condition}")
    canvas.setFont(_BOLD, 11)
    canvas.drawString(left, top - 74, _cut(_price(line.price), _BOLD, 11, width))


def _draw_texts(canvas: Canvas, *, texts: Sequence[tuple[str, str]]) -> None:
    for place, (font, text) in enumerate(texts):
        canvas.setFont(font, 9)
        canvas.drawString(_MARGIN, _HEIGHT - _MARGIN - _HEADER - 10 - 13 * place, text)


def _left_out_texts(left_out: Sequence[LeftOutLine]) -> list[tuple[str, str]]:
    """Font and text, line by line; none when nothing was left out."""
    texts = [(_BOLD, f"Left out of this order: {len(left_out)}")] if left_out else []
    for item in left_out:
        stock = clean_text(item.line.stock)
        head = ", ".join(filter(None, (item.line.vin, _vehicle(item.line), f"stock {stock}" if stock else "")))
        width = _WIDTH - 2 * _MARGIN
        texts += [(_PLAIN, ""), *((_BOLD, text) for text in _wrap(head, _BOLD, 9, width))]
        texts += [(_PLAIN, text) for text in _wrap(_readable(f"Reason: {item.reason}"), _PLAIN, 9, width)]
    return texts


def _vehicle(line: LineContent) -> str:
    parts = (str(line.year or ""), line.make, line.model, line.trim)
    return " ".join(filter(None, map(clean_text, parts))) or "Only the VIN is known"


def _price(price: Decimal | None) -> str:
    return "No price" if price is None else f"${price:,.2f}".removesuffix(".00")


def _picture(png: bytes) -> ImageReader:
    # A grey picture keeps its pixels; of a black and white one the library would make three colours.
    with Image.open(io.BytesIO(png)) as image:
        return ImageReader(image.convert("L"))


def _readable(text: str) -> str:
    """The text on one line, with a question mark for every character that the PDF's own fonts lack."""
    return one_line(text).encode("cp1252", "replace").decode("cp1252")


def _draw_lines(canvas: Canvas, lines: Sequence[str], left: float, top: float, *, font: str, size: int) -> None:
    canvas.setFont(font, size)
    for place, line in enumerate(lines):
        canvas.drawString(left, top - place * (size + 2), line)


def _wrap(text: str, font: str, size: int, width: float) -> list[str]:
    """The text in lines that are no wider than `width`; a word that is too long is broken."""
    lines = [""]
    for word in text.split():
        spaced = f"{lines[-1]} {word}"
        if lines[-1] and stringWidth(spaced, font, size) <= width:
            lines[-1] = spaced
            continue
        if lines[-1]:
            lines.append("")
        for char in word:
            if stringWidth(lines[-1] + char, font, size) > width:
                lines.append("")
            lines[-1] += char
    return lines


def _cut(text: str, font: str, size: int, width: float) -> str:
    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(f"{text}...", font, size) > width:
        text = text[:-1]
    return f"{text.rstrip()}..."
