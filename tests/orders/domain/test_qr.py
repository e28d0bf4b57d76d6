import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orders.domain.qr import UnreadableImageError, decode_png, qr_png, qr_text, read_image, tracked_url
from orders.domain.qr_engines import (
    Engine,
    draw_symbol,
    draw_with_qrcode,
    draw_with_zxing,
    read_with_rxing,
    read_with_zxing,
)
from tests.orders.domain.content import make_line, make_settings

UTM = (("utm_source", "SilverFox"), ("utm_medium", "VDP_ShortCut"))
TRACKING = "utm_source=SilverFox&utm_medium=VDP_ShortCut"
URL = "https://www.dealer.example/inventory/used-2021-make-model-trim-awd-4d-sport-utility-5uxty5c0xm9e74376/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://d.example/v", f"https://d.example/v?{TRACKING}"),
        ("https://d.example/v?a=1&b=2", f"https://d.example/v?a=1&b=2&{TRACKING}"),
        ("https://d.example/v#photos", f"https://d.example/v?{TRACKING}#photos"),
        ("https://d.example/v?a=1#photos?x", f"https://d.example/v?a=1&{TRACKING}#photos?x"),
        ("https://d.example/v?", f"https://d.example/v?{TRACKING}"),
        ("https://d.example/v?a=1&", f"https://d.example/v?a=1&{TRACKING}"),
        (
            "https://d.example/v?utm_source=Own&a=1",
            "https://d.example/v?utm_source=Own&a=1&utm_medium=VDP_ShortCut",
        ),
        ("https://d.example/v?utm%5Fsource=Own&utm_medium", "https://d.example/v?utm%5Fsource=Own&utm_medium"),
    ],
)
def test_tracking_keys_are_added_before_the_fragment_and_never_twice(url: str, expected: str) -> None:
    assert tracked_url(url, UTM) == expected


def test_values_are_escaped_and_without_keys_the_address_stays() -> None:
    assert tracked_url("https://d.example/v", [("utm_source", "a b&c")]) == "https://d.example/v?utm_source=a%20b%26c"
    assert tracked_url("https://d.example/v#x", []) == "https://d.example/v#x"


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://d.example/", "https://user@d.example/", "no address"]
)
def test_without_a_usable_address_the_code_says_the_vin(url: str) -> None:
    assert qr_text(make_line(url=url), make_settings()) == "ZACNJDB19NPN70500"


def test_an_address_of_500_characters_is_kept_and_a_longer_one_gives_the_vin() -> None:
    fitting = "https://d.example/" + "a" * (500 - 18 - 1 - len(TRACKING))
    assert qr_text(make_line(url=fitting), make_settings()) == f"{fitting}?{TRACKING}"
    assert qr_text(make_line(url=fitting + "a"), make_settings()) == "ZACNJDB19NPN70500"


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def modules_of(image: Image.Image) -> list[list[bool]]:
    """The symbol with its border, black as True, found by its width: the first black run is a 7-module finder."""
    row = next(y for y in range(388) if 0 in [image.getpixel((x, y)) for x in range(388)])
    black = [image.getpixel((x, row)) == 0 for x in range(388)]
    finder = black.index(False, black.index(True)) - black.index(True)
    counts = [count for count in range(29, 186, 4) if abs(finder - 7 * 388 / count) < 1]
    count = min(counts, key=lambda count: abs(4 * 388 / count - row))
    centres = [int((index + 0.5) * 388 / count) for index in range(count)]
    return [[image.getpixel((x, y)) == 0 for x in centres] for y in centres]


TEXTS = ["1C4RJHAG3P8900725", URL, f"{URL}?{TRACKING}", "https://d.example/" + "aB3-" * 120]
ENGINES = [draw_with_zxing, draw_with_qrcode]
each_engine = pytest.mark.parametrize("draw", ENGINES)


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of a PNG's chunks, each with the right checksum."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, position = [], 8
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        name, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        assert data[position + 8 + length : position + 12 + length] == struct.pack(">I", zlib.crc32(name + content))
        chunks.append((name, content))
        position += 12 + length
    return chunks


@each_engine
@pytest.mark.parametrize("text", TEXTS)
def test_the_bytes_state_388_pixels_of_one_bit_at_300_dpi_and_nothing_else(draw: Engine, text: str) -> None:
    chunks = chunks_of(qr_png(text, draw=draw))
    assert [name for name, _ in chunks] == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]
    facts = dict(chunks)
    one_bit, grey_scale, deflate, standard_filters, not_interlaced = 1, 0, 0, 0, 0
    expected = (388, 388, one_bit, grey_scale, deflate, standard_filters, not_interlaced)
    assert struct.unpack(">IIBBBBB", facts[b"IHDR"]) == expected
    per_metre = 1
    assert struct.unpack(">IIB", facts[b"pHYs"]) == (round(300 / 0.0254), round(300 / 0.0254), per_metre)


@each_engine
@pytest.mark.parametrize("text", TEXTS)
def test_pillow_opens_the_image_as_black_and_white_without_transparency(draw: Engine, text: str) -> None:
    image = picture(qr_png(text, draw=draw))
    assert (image.format, image.size, image.mode) == ("PNG", (388, 388), "1")
    assert [round(dots) for dots in image.info["dpi"]] == [300, 300]
    assert "transparency" not in image.info


@each_engine
@pytest.mark.parametrize("text", TEXTS)
def test_every_pixel_is_that_of_its_nearest_module_with_a_border_of_exactly_four(draw: Engine, text: str) -> None:
    image = picture(qr_png(text, draw=draw))
    modules = modules_of(image)
    count = len(modules)
    nearest = [(2 * pixel + 1) * count // (2 * 388) for pixel in range(388)]
    assert [[image.getpixel((x, y)) == 0 for x in range(388)] for y in range(388)] == [
        [modules[row][column] for column in nearest] for row in nearest
    ]
    black_rows = [index for index, row in enumerate(modules) if any(row)]
    black_columns = [index for index in range(count) if any(row[index] for row in modules)]
    assert (black_rows[0], black_rows[-1], black_columns[0], black_columns[-1]) == (4, count - 5, 4, count - 5)


# The most bytes that a symbol of each version holds at level M, from the table of ISO/IEC 18004.
MOST_BYTES_AT_LEVEL_M = [14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504]


@each_engine
@pytest.mark.parametrize("length", [20, 26, 27, 62, 63, 84, 106, 107, 122, 123, 152, 180, 181, 213, 214, 500])
def test_the_symbol_has_the_lowest_version_that_holds_the_text_at_level_m(draw: Engine, length: int) -> None:
    text = ("https://d.example/" + "abcdefghij" * 50)[:length]
    version = 1 + sum(most < length for most in MOST_BYTES_AT_LEVEL_M)
    image = picture(qr_png(text, draw=draw))
    assert len(modules_of(image)) == 4 * version + 17 + 8
    assert [code.ec_level for code in zxingcpp.read_barcodes(image.convert("L"))] == ["M"]


def test_an_upper_case_vin_in_an_address_is_packed_so_that_the_symbol_stays_smaller() -> None:
    with_vin = "https://d.example/" + "a" * 51 + "1C4RJHAG3P8900725"
    without = "https://d.example/" + "a" * 68
    assert len(with_vin) == len(without)
    assert [draw(with_vin).side for draw in ENGINES] == [4 * 5 + 17 + 8] * 2
    assert [draw(without).side for draw in ENGINES] == [4 * 6 + 17 + 8] * 2


addresses = st.builds(
    "https://d.example/{}".format,
    st.one_of(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=480),
        st.lists(st.from_regex("[a-z-]{1,30}|[A-Z0-9]{1,30}|[0-9]{1,30}", fullmatch=True), max_size=16).map("".join),
    ),
)


@given(addresses)
def test_both_engines_draw_any_address_in_one_version_and_both_decoders_read_it(text: str) -> None:
    drawn = [draw(text) for draw in ENGINES]
    assert drawn[0].side == drawn[1].side
    for draw in ENGINES:
        image = picture(qr_png(text, draw=draw)).convert("L")
        assert (read_with_zxing(image), read_with_rxing(image)) == ((text,), (text,))


WITHOUT_ZXING = """
import sys
sys.modules["zxingcpp"] = None
from orders.domain import qr, qr_engines
text = sys.argv[1]
print(qr_engines.draw_symbol.__name__, qr_engines.read_symbols.__name__)
print(qr.decode_png(qr.qr_png(text)) == [text], qr_engines.draw_symbol(text).side)
"""


def test_without_the_fast_library_the_others_draw_and_read_the_same_symbol() -> None:
    command = [sys.executable, "-c", WITHOUT_ZXING, URL]
    root = Path(__file__).parents[3]
    answer = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout.splitlines()
    assert answer == ["draw_with_qrcode read_with_rxing", f"True {draw_with_zxing(URL).side}"]
    assert draw_symbol is draw_with_zxing


def test_the_same_text_gives_the_same_bytes() -> None:
    assert qr_png(URL) == qr_png(URL)
    assert qr_png(URL) != qr_png(URL + "2")


def test_a_picture_without_a_code_has_no_texts() -> None:
    buffer = io.BytesIO()
    Image.new("L", (100, 50), 255).save(buffer, "PNG")
    facts = read_image(buffer.getvalue())
    assert (facts.size, facts.mode, facts.dpi, facts.texts) == ((100, 50), "L", (0, 0), ())


@pytest.mark.parametrize("data", [b"", b"no picture", qr_png(URL)[:200]])
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableImageError):
        decode_png(data)
