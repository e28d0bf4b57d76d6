"""Whatever stands in the place of a web address: what review accepts is printed, and the code says what it should."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.domain.urls import safe_http_url
from orders.domain.lines import LineContent
from orders.domain.order_files import build_order_files
from orders.domain.overrides import OverrideError, read_override
from orders.domain.qr import LONGEST_CONTENT, decode_png
from orders.domain.rendering import line_warnings
from orders.domain.verification import verify_order_files
from tests.orders.domain.content import make_content, make_line, make_settings

CODE = "vdp_flyout_url"  # it prints the address as text, too
STARTS = st.sampled_from(
    ["https://dealer.example", "HTTP://d.example:8080", "https://xn--mnchen-3ya.example/", "//", ""]
)
SIGNS = st.sampled_from(
    ["/", "?", "#", "&", "=", '"', "'", ",", ";", "%", "%00", "`", "<", "@", "\\", " ", "\r\n", "\x00"]
)
TAILS = st.lists(SIGNS | st.text(max_size=8) | st.text(string.printable, max_size=8), max_size=12).map("".join)
LONG = st.integers(0, 700).map("a".__mul__)
SCHEMES = st.sampled_from(
    ["javascript:alert(1)", "data:text/html,x", "https://user:word@d.example/", "https://10.0.0.1/"]
)
HOSTILE = st.builds("{}/{}{}".format, STARTS, TAILS, LONG) | SCHEMES | st.text(max_size=30)


@settings(max_examples=40, deadline=None)
@given(typed=HOSTILE, delivered=HOSTILE)
def test_no_address_that_review_accepted_fails_at_print(typed: str, delivered: str) -> None:
    try:
        typed = read_override("url", typed, year_now=2025)
    except OverrideError:
        typed = ""
    lines = [
        make_line(seq=1, url=typed, features="AWD"),
        make_line(
            seq=2,
            vin="1C6PJTAG8SL533540",
            url=safe_http_url(delivered),
            raw={"vehicle_url": delivered},
            features="AWD",
        ),
    ]
    content = make_content(*lines, settings=make_settings(template_new=CODE, template_used=CODE))
    files = {file.name: file.data for file in build_order_files(content)}
    assert verify_order_files(content, files) == []
    for line in lines:
        require_code(line, decode_png(files[f"qr_codes/{line.vin}.png"]))


def require_code(line: LineContent, texts: list[str]) -> None:
    """A code holds an address of at most 500 characters, or the VIN with a warning that says why."""
    (text,) = texts
    is_told = any("the QR code holds the VIN" in warning for warning in line_warnings(line, make_settings()))
    assert is_told is (text == line.vin)
    assert len(text) <= LONGEST_CONTENT
    assert is_told or text.startswith(line.url.partition("#")[0])
