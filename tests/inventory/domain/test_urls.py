import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.urls import host_of, safe_http_url, split_safe_url, why_unsafe


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com",
        "http://example.com/",
        "HTTPS://WWW.Example.COM/Used-St+Peters-2018?x=1&y=%20#top",
        "https://cars.example.co.uk:8443/a/b.htm",
        "https://example.com?x=1",
        "https://xn--mnchen-3ya.example/",
        "https://example.com/" + "a" * 1980,
    ],
)
def test_a_public_web_address_is_kept_as_it_is(url: str) -> None:
    assert safe_http_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "//evil.example.com/",
        "/relative",
        "www.example.com",
        "https:example.com",
        "https:///example.com",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://good.com\\@evil.com/",
        "https://example.com/\\evil",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/\n",
        "https://example.com/a\nb",
        "ht\ttps://example.com/",
        "https://example.com/a\x00",
        "https://example.com/a\xa0b",
        "https://example.com/a\u202eb",
        "https://example.com/" + "a" * 1981,
        "https://example.com/" + "é" * 1000,
        "https://localhost/",
        "https://intranet/",
        "https://printer.local/",
        "https://db.internal/",
        "https://127.0.0.1/",
        "https://10.0.0.1:80/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.0x1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://münchen.example/",
        "https://ex\u0430mple.com/",
        "https://example\u3002com/",
        "https://example.com./",
        "https://-example.com/",
        "https://exam_ple.com/",
        "https://example.com:port/",
        "https://.com/",
    ],
)
def test_an_unsafe_address_becomes_empty(url: str) -> None:
    assert split_safe_url(url) == ("", "")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://www.example.com/", ""),
        ("javascript:alert(1)", "does not begin with http:// or https://"),
        ("www.example.com", "does not begin with http:// or https://"),
        ("https://user:password@example.com/", "names a user or a password"),
        ("https://www.example.com\\@evil.com/", "holds a blank, a backslash or a character that nobody sees"),
        ("https://example.com/a\u202eb", "holds a blank, a backslash or a character that nobody sees"),
        ("https://example.com/" + "\u00e9" * 400, "has more than 2,000 characters"),
        ("https://127.0.0.1/@", "leads to no public website"),
        ("https://printer.local", "leads to no public website"),
        ("https://", "leads to no public website"),
    ],
)
def test_a_person_is_told_what_is_wrong_with_an_address(url: str, reason: str) -> None:
    assert why_unsafe(url) == reason


def test_other_letters_behind_the_host_are_percent_encoded_once() -> None:
    url = safe_http_url("https://example.com/café/%20?q=ü")
    assert url == "https://example.com/caf%C3%A9/%20?q=%C3%BC"
    assert safe_http_url(url) == url


def test_the_host_is_in_lower_case_without_port() -> None:
    assert host_of("https://WWW.Example.com:8443/x") == "www.example.com"
    assert host_of("https://www.example.com@evil.com/") == ""


@given(st.text(max_size=60), st.sampled_from(["", "https:", "https://", "https://example.com"]))
def test_every_text_is_either_safe_or_explained(tail: str, start: str) -> None:
    assert bool(safe_http_url(start + tail)) is not bool(why_unsafe(start + tail))


@given(st.text(max_size=60))
def test_no_text_breaks_out_of_a_safe_url(tail: str) -> None:
    url = safe_http_url("https://example.com" + tail)
    assert url == "" or (url.isascii() and url.isprintable() and not set(url) & set(" \\"))
    assert safe_http_url(url) == url
