"""Measures QR codes: ours, alone and with reading back, against the two usual ways to make such an image."""

from collections.abc import Callable, Iterable
from functools import partial

from foundation.errors import Refused
from orders.domain.qr import decode_png, qr_png
from silverfox.benchmarks import naive
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.data import make_vin

RATIO_ONE_BIT, RATIO_RGB, RATIO_VERIFIED = 8, 18, 3
_TRACKING = "utm_source=SilverFox&utm_medium=VDP_ShortCut"
_VEHICLES = ("ram-1500", "used-jeep-wrangler", "certified-honda-civic")


def make_texts(count: int) -> list[str]:
    """Tracked addresses of vehicles, 95 to 108 characters long."""
    return [
        f"https://dealer.example/{_VEHICLES[number % 3]}-{make_vin(number).lower()}/?{_TRACKING}"
        for number in range(count)
    ]


def compare_codes(*, codes: int, rounds: int) -> list[Comparison]:
    """Ours against the naive one-bit and the naive RGB image, then ours read back and compared against one-bit."""
    texts = make_texts(codes)
    one_bit = ("qrcode, its own image, resized", partial(_make_all, naive.one_bit_png, texts))
    rgb = ("qrcode, RGB, LANCZOS", partial(_make_all, naive.rgb_png, texts))
    made = ("qr_png", partial(_make_all, qr_png, texts))
    verified = ("qr_png, decoded and compared", partial(_make_all, verified_png, texts))
    return [
        compare(ours=made, peer=one_bit, rounds=rounds, target=RATIO_ONE_BIT),
        compare(ours=made, peer=rgb, rounds=rounds, target=RATIO_RGB),
        compare(ours=verified, peer=one_bit, rounds=rounds, target=RATIO_VERIFIED),
    ]


def verified_png(text: str) -> bytes:
    """A QR code that says what it should; raises `Refused` when it does not."""
    data = qr_png(text)
    if decode_png(data) != [text]:
        raise Refused(f"The QR code of {text} cannot be read back.", code="different_results")
    return data


def _make_all(way: Callable[[str], bytes], texts: Iterable[str]) -> None:
    for text in texts:
        way(text)
