"""Checking an order against the lot: the proof sheet, and its vehicles one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import BadInput, Refused
from orders.domain.file_names import image_file
from orders.domain.lines import LineContent, OutputSettings
from orders.domain.proof_sheet import LeftOutLine, ProofCard, proof_sheet
from orders.domain.qr import qr_png, qr_text
from orders.domain.states import OrderState
from orders.files import write_durably
from orders.models import Artifact, Order, OrderLine
from orders.operations.checking import order_content
from orders.operations.finding import require_artifact
from orders.operations.presenting import ReviewLine, review_order

_STANDINGS = {
    OrderState.DONE: "released",
    OrderState.CANCELLED: "cancelled",
    OrderState.VOIDED: "VOID, not to be printed",
}


@dataclass(frozen=True)
class ProofSheet:
    """The PDF of an order, with the number of its cards and of the vehicles left out."""

    data: bytes
    vehicles: int
    left_out: int


@dataclass(frozen=True)
class Stop:
    """One vehicle of a walk: its place among the vehicles of the order, and the lines before and after it.

    A line that is left out has no place, and the walk goes on from it to its neighbours.
    """

    row: ReviewLine
    place: int | None
    total: int
    left_out: int
    previous: int | None
    next: int | None


def make_proof_sheet(*, order: Order) -> ProofSheet:
    """The proof sheet of an order in any state: released QR codes where there are some, else as they would be.

    Raises `Refused` when a released QR code is missing or altered on disk.
    """
    review, content, released = review_order(order=order), order_content(order), _released_codes(order)
    cards = [
        ProofCard(
            line=row.content,
            image=_image(row.content, content.settings, released),
            warnings=tuple(remark.text for remark in row.remarks if remark.tone == "warn"),
        )
        for row in review.lines
        if row.line.included
    ]
    left_out = [
        LeftOutLine(line=row.content, reason=row.line.exclusion_reason) for row in review.lines if not row.line.included
    ]
    standing = _STANDINGS.get(OrderState(order.state), "not released yet")
    return ProofSheet(proof_sheet(content, cards, left_out, standing=standing), len(cards), len(left_out))


def write_proof_sheet(*, order: Order, path: Path) -> ProofSheet:
    """Write the proof sheet of an order to `path`, over a file that is there.

    Raises `BadInput` for a path that cannot be written, and what `make_proof_sheet` raises.
    """
    sheet = make_proof_sheet(order=order)
    try:
        write_durably(path, sheet.data)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}. Name a file that can.") from error
    return sheet


def line_image(*, line: OrderLine) -> bytes:
    """The PNG of a line's QR code: the released one, or the one that would be released.

    Raises `Refused` for a line that is left out and for a released QR code that is missing or altered on disk.
    """
    if not line.included:
        raise Refused(f"Line {line.seq} is left out; it has no QR code.", code="left_out")
    content = order_content(line.order)
    shown = next(item for item in content.lines if item.vin == line.vin)
    return _image(shown, content.settings, _released_codes(line.order))


def walk_order(*, order: Order, seq: int) -> Stop:
    """The line `seq` of an order with its place and its neighbours among the lines that are not left out."""
    review = review_order(order=order)
    others = [row.line.seq for row in review.lines if row.line.included and row.line.seq != seq]
    row = review.row(seq)
    return Stop(
        row=row,
        place=row.content.seq if row.line.included else None,
        total=review.totals.included,
        left_out=review.totals.left_out,
        previous=max((other for other in others if other < seq), default=None),
        next=min((other for other in others if other > seq), default=None),
    )


def _released_codes(order: Order) -> dict[str, Artifact]:
    """The QR codes of an order by name; none before its release."""
    return {artifact.name: artifact for artifact in order.artifacts.filter(kind=Artifact.Kind.QR)}


def _image(line: LineContent, settings: OutputSettings, released: Mapping[str, Artifact]) -> bytes:
    if released:
        return require_artifact(artifact=released[image_file(line, settings)]).read_bytes()
    return qr_png(qr_text(line, settings))
