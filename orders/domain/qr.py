"""QR codes: what a line's code says, its image, and reading an image back."""

import io
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, unquote_plus

from PIL import Image

from inventory.domain.urls import safe_http_url
from orders.domain.lines import LineContent, OutputSettings
from orders.domain.qr_engines import Engine, draw_symbol, read_symbols

SIZE = 388
LONGEST_CONTENT = 500
_DOTS_PER_METRE = 11811  # 300 dpi
_UNFILTERED, _SAME_AS_ABOVE = b"\x00", b"\x02" + bytes((SIZE + 7) // 8)


class UnreadableImageError(ValueError):
    """Bytes that are no picture."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A picture read back: pixels wide and high, Pillow's mode (`1` is black and white), dots per inch, QR texts."""

    size: tuple[int, int]
    mode: str
    dpi: tuple[int, int]
    texts: tuple[str, ...]


def tracked_url(url: str, utm: Sequence[tuple[str, str]]) -> str:
    """The vehicle's address with the tracking keys, before any `#` part; "" for an unsafe or missing address.

    Existing query keys keep their order and values; a tracking key that is already there is not added again.
    """
    address, hash_sign, fragment = safe_http_url(url).partition("#")
    if not address:
        return ""
    _, question_mark, query = address.partition("?")
    present = {unquote_plus(pair.partition("=")[0]) for pair in query.split("&")}
    added = [f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in utm if key not in present]
    if not added:
        return address + hash_sign + fragment
    joint = "" if address.endswith(("?", "&")) else ("&" if question_mark else "?")
    return address + joint + "&".join(added) + hash_sign + fragment


def qr_text(line: LineContent, settings: OutputSettings) -> str:
    """What a line's QR code says: its tracked address, or the bare VIN when there is none or it is too long."""
    url = tracked_url(line.url, settings.utm)
    return url if 0 < len(url) <= LONGEST_CONTENT else line.vin


def qr_png(text: str, *, draw: Engine = draw_symbol) -> bytes:
    """The QR code of `text` as a black and white PNG of 388 x 388 pixels at 300 dpi, error correction level M.

    The symbol with its border of 4 modules is sampled to the full width by nearest module centre: no pixel is grey,
    because a print shop's raster would turn grey edges into dots. Engines differ in the mask that they choose, not in
    version, level and text.
    """
    symbol = draw(text)
    count = symbol.side
    modules = Image.frombytes("L", (count, count), symbol.modules).convert("1", dither=Image.Dither.NONE)
    packed = modules.resize((SIZE, count), Image.Resampling.NEAREST).tobytes()
    width = len(packed) // count
    scanlines = [
        _UNFILTERED + packed[module * width : (module + 1) * width] + _SAME_AS_ABOVE * (height - 1)
        for module, height in enumerate(_module_heights(count))
    ]
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 1, 0, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", _DOTS_PER_METRE, _DOTS_PER_METRE, 1)),
            _chunk(b"IDAT", zlib.compress(b"".join(scanlines), level=3)),
            _chunk(b"IEND", b""),
        )
    )


@cache
def _module_heights(count: int) -> tuple[int, ...]:
    """How many pixels each of so many modules gets, where every pixel belongs to its nearest module centre."""
    heights = Counter((2 * pixel + 1) * count // (2 * SIZE) for pixel in range(SIZE))
    return tuple(heights[module] for module in range(count))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def read_image(data: bytes) -> ImageFacts:
    """A picture's facts and the QR texts found by scanning it; raises `UnreadableImageError` when it is no picture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            grey = image.convert("L")
            dpi = image.info.get("dpi", (0, 0))
            return ImageFacts(image.size, image.mode, (round(dpi[0]), round(dpi[1])), read_symbols(grey))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableImageError(str(error)) from error


def decode_png(data: bytes) -> list[str]:
    """The texts of the QR codes in a PNG; raises `UnreadableImageError` when it is no picture."""
    return list(read_image(data).texts)
