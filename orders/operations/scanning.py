"""Scan check: every released QR code of an order read once more, as a phone on the lot would read it."""

from dataclasses import dataclass

from foundation.errors import Refused
from orders.domain.lines import LineContent, OutputSettings
from orders.domain.qr import UnreadableImageError, qr_text, read_image
from orders.models import Artifact, Order
from orders.operations.checking import order_content
from orders.operations.finding import require_artifact


@dataclass(frozen=True)
class ScanCheck:
    """How many codes were read, and a sentence for each that does not say what it should."""

    codes: int
    faults: tuple[str, ...]

    @property
    def right(self) -> int:
        return self.codes - len(self.faults)


def scan_codes(*, order: Order) -> ScanCheck:
    """Read the released QR codes of an order from the disk and compare them with the addresses of its lines."""
    content = order_content(order)
    codes = list(order.artifacts.filter(kind=Artifact.Kind.QR))
    pairs = zip(content.lines, codes, strict=True)
    faults = tuple(fault for line, code in pairs if (fault := _fault(line, code, content.settings)))
    return ScanCheck(len(codes), faults)


def _fault(line: LineContent, code: Artifact, settings: OutputSettings) -> str:
    try:
        texts = read_image(require_artifact(artifact=code).read_bytes()).texts
    except Refused as error:
        return f"Line {line.seq}: {error.message}"
    except UnreadableImageError:
        return f"Line {line.seq}: {code.name} is not a picture. Re-issue the order."
    expected = qr_text(line, settings)
    if texts == (expected,):
        return ""
    return f"Line {line.seq} reads {' and '.join(texts) or 'as nothing'} instead of {expected}. Re-issue the order."
