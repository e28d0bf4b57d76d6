"""Drawing and reading QR symbols: a fast library where it is installed, slower ones of other makers where it is not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import qrcode
from PIL import Image
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, MODE_NUMBER, QRData, mode_sizes_for_version

zxingcpp: Any
try:
    import zxingcpp
except ImportError:
    # Not every computer has a ready-made build of it.
    zxingcpp = None

BORDER = 4
_BLACK, _WHITE = b"\x00", b"\xff"
# Which bytes a mode can hold, and what one of them costs in sixths of a bit.
_MODES: Mapping[int, tuple[bytes, int]] = {
    MODE_NUMBER: (b"0123456789", 20),
    MODE_ALPHA_NUM: (b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", 33),
    MODE_8BIT_BYTE: (bytes(range(256)), 48),
}
_MODE_BITS = 4
# The fields that count characters grow at these versions.
_VERSION_GROUPS = (1, 10, 27)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol with its border of 4 modules: modules on a side, and a byte for each, 0 black and 255 white."""

    side: int
    modules: bytes


Engine = Callable[[str], Symbol]


def draw_with_zxing(text: str) -> Symbol:
    """The symbol of the lowest version that holds the text at level M; some thousand a second."""
    image = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=1)
    return Symbol(image.shape[0], bytes(memoryview(image)))


def draw_with_qrcode(text: str) -> Symbol:
    """The same version, level and text by a library that runs everywhere; some hundred a second."""
    drafts = [_draft(text.encode(), version) for version in _VERSION_GROUPS]
    draft = min(drafts, key=lambda draft: draft.best_fit())
    draft.make()
    matrix = draft.get_matrix()
    return Symbol(len(matrix), b"".join(_BLACK if module else _WHITE for row in matrix for module in row))


def _draft(data: bytes, version: int) -> Any:
    draft = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=BORDER)
    position = 0
    for mode, run in groupby(_cheapest_modes(data, version)):
        length = len(list(run))
        draft.add_data(QRData(data[position : position + length], mode=mode, check_data=False))
        position += length
    return draft


def _cheapest_modes(data: bytes, version: int) -> tuple[int, ...]:
    """The mode of every byte with which the whole needs the fewest bits in a symbol of about that version."""
    heads = {mode: 6 * (_MODE_BITS + bits) for mode, bits in mode_sizes_for_version(version).items()}
    open_segments: dict[int, tuple[int, tuple[int, ...]]] = {}
    closed: tuple[int, tuple[int, ...]] = (0, ())
    for byte in data:
        longer = {}
        for mode, (holds, cost) in _MODES.items():
            if byte in holds:
                begun = (closed[0] + heads[mode], closed[1])
                bits, path = min(begun, open_segments.get(mode, begun))
                longer[mode] = (bits + cost, (*path, mode))
        open_segments = longer
        # A segment ends on a whole bit.
        closed = min((-(-bits // 6) * 6, path) for bits, path in longer.values())
    return closed[1]


def read_with_zxing(image: Image.Image) -> tuple[str, ...]:
    """The texts of the QR codes in a grey picture."""
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    found = zxingcpp.read_barcodes(image, formats=formats, try_rotate=False, try_invert=False, try_downscale=False)
    return tuple(barcode.text for barcode in found)


def read_with_rxing(image: Image.Image) -> tuple[str, ...]:
    """The same by another library."""
    import pyrxing

    return tuple(barcode.text for barcode in pyrxing.read_barcodes(image, formats=["QRCode"]))


draw_symbol: Engine = draw_with_zxing if zxingcpp else draw_with_qrcode
read_symbols: Callable[[Image.Image], tuple[str, ...]] = read_with_zxing if zxingcpp else read_with_rxing
