import io

import pyrxing
import pytest
import qrcode
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orders.domain.qr import UnreadableImageError, decode_png, qr_png, qr_text, read_image, tracked_url
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


@pytest.mark.parametrize("text", TEXTS)
def test_the_image_is_388_pixels_wide_black_and_white_at_300_dpi(text: str) -> None:
    image = picture(qr_png(text))
    assert (image.format, image.size, image.mode) == ("PNG", (388, 388), "1")
    assert [round(dots) for dots in image.info["dpi"]] == [300, 300]
    assert "transparency" not in image.info


@pytest.mark.parametrize("text", TEXTS)
def test_every_pixel_is_that_of_its_nearest_module_with_a_border_of_exactly_four(text: str) -> None:
    image = picture(qr_png(text))
    modules = modules_of(image)
    count = len(modules)
    nearest = [(2 * pixel + 1) * count // (2 * 388) for pixel in range(388)]
    assert [[image.getpixel((x, y)) == 0 for x in range(388)] for y in range(388)] == [
        [modules[row][column] for column in nearest] for row in nearest
    ]
    black_rows = [index for index, row in enumerate(modules) if any(row)]
    black_columns = [index for index in range(count) if any(row[index] for row in modules)]
    assert (black_rows[0], black_rows[-1], black_columns[0], black_columns[-1]) == (4, count - 5, 4, count - 5)


@pytest.mark.parametrize("length", [10, 62, 63, 84, 106, 107, 122, 123, 152, 180, 213, 500])
def test_the_symbol_has_the_lowest_version_that_holds_the_text_at_level_m(length: int) -> None:
    text = ("https://d.example/" + "abcdefghij" * 50)[:length]
    other = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    other.add_data(text, optimize=0)
    image = picture(qr_png(text))
    assert len(modules_of(image)) == 4 * other.best_fit() + 17 + 8
    assert [code.ec_level for code in zxingcpp.read_barcodes(image.convert("L"))] == ["M"]


@pytest.mark.parametrize("text", TEXTS)
def test_another_decoder_than_the_encoders_reads_the_same_text(text: str) -> None:
    found = pyrxing.read_barcodes(picture(qr_png(text)), formats=["QRCode"])
    assert [code.text for code in found] == [text]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=480))
def test_any_address_is_drawn_so_that_both_decoders_read_it(tail: str) -> None:
    data = qr_png(f"https://d.example/{tail}")
    assert decode_png(data) == [f"https://d.example/{tail}"]
    assert [code.text for code in pyrxing.read_barcodes(picture(data), formats=["QRCode"])] == decode_png(data)


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
