"""What a robots.txt says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.robots import LONGEST_FILE, is_absent, judge, robots_url

EVERYBODY = "User-agent: *\nDisallow: /admin/\nAllow: /\n"
ONLY_US = "User-agent: SilverFox\nDisallow: /used/\n\nUser-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/", True),
        (EVERYBODY, "/new-vehicles/", True),
        (EVERYBODY, "/admin/x", False),
        (ONLY_US, "/new/", True),
        (ONLY_US, "/used/1", False),
        ("User-agent: OtherBot\nDisallow: /\n", "/", True),
        ("User-agent: *\nDisallow: /\n", "/", False),
        ("\N{BOM}User-agent: *\nDisallow: /\n", "/", False),
        ("USER-AGENT: *\r\nDISALLOW: /a # of ours\r\n", "/a/b", False),
        ("User-agent: *\nDisallow:\n", "/", True),
        ("<!DOCTYPE html><html><body>Not found</body></html>", "/", True),
    ],
)
def test_rules_for_us_go_before_rules_for_everybody(text: str, path: str, allowed: bool) -> None:
    verdict = judge(text, f"https://www.example.com{path}")
    assert verdict.allowed is allowed
    assert path in verdict.reason


def test_the_delay_that_a_site_wishes_is_told() -> None:
    assert judge("User-agent: *\nCrawl-delay: 7\nDisallow: /x", "https://www.example.com/").crawl_delay == 7.0
    assert judge(EVERYBODY, "https://www.example.com/").crawl_delay is None


def test_what_stands_beyond_the_size_that_has_to_be_understood_does_not_count() -> None:
    text = "#" * LONGEST_FILE + "\nUser-agent: *\nDisallow: /\n"
    assert judge(text, "https://www.example.com/").allowed


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    judge(text, "https://www.example.com/x")


def test_statuses_that_say_that_there_is_no_file() -> None:
    assert [status for status in (0, 200, 301, 400, 401, 403, 404, 410, 429, 451, 500, 503) if is_absent(status)] == [
        400, 401, 403, 404, 410, 451,
    ]  # fmt: skip


def test_the_file_lies_at_the_root_of_the_host() -> None:
    assert robots_url("https://www.example.com/a/b?c=d") == "https://www.example.com/robots.txt"
