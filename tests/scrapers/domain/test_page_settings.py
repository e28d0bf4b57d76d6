"""What a listing page tells of its service: objects in scripts, and whether they may be used."""

import pytest

from scrapers.domain.page_settings import is_plain, script_object, service_host
from scrapers.domain.readings import is_json


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.example.test/v1", "api.example.test"),
        ("https://API.Example.test.:443", "api.example.test"),
        ("http://api.example.test", ""),
        ("https://api.example.test:8443", ""),
        ("https://user:word@api.example.test", ""),
        ("https://@api.example.test", ""),
        ("https://api.example.test:port", ""),
        ("https://[", ""),
        ("https://", ""),
        ("api.example.test", ""),
    ],
)
def test_a_host_is_taken_from_plain_https_addresses_alone(url: str, host: str) -> None:
    assert service_host(url) == host


def test_an_object_is_read_out_of_a_script_however_the_script_goes_on() -> None:
    html = """<script>var OTHER_MAP = {"a": 9}; window.OTHER={"a":{"b":"};"},"c":[1]};var x = 1;</script>"""
    assert script_object(html, "OTHER") == {"a": {"b": "};"}, "c": [1]}
    assert script_object(html, "OTHER_MAP") == {"a": 9}


@pytest.mark.parametrize(
    "html",
    [
        "",
        "OTHER",
        "OTHER = ",
        "OTHER = [1]",
        "OTHER = {a: 1}",
        "OTHER = {",
        "ANOTHER = {}",
        "OTHER = {" + '"a":{' * 9999,
    ],
)
def test_a_script_without_a_readable_object_gives_none(html: str) -> None:
    assert script_object(html, "OTHER") is None


def test_a_second_assignment_is_read_where_the_first_cannot_be() -> None:
    assert script_object('OTHER = {a: 1}; OTHER = {"a": 2}', "OTHER") == {"a": 2}


@pytest.mark.parametrize(
    ("text", "plain"), [("abc-DEF_123=", True), ("", False), ("a b", False), ("a\nb", False), ("é", False)]
)
def test_only_visible_ascii_goes_into_headers_and_addresses(text: str, plain: bool) -> None:
    assert is_plain(text) is plain


@pytest.mark.parametrize(
    ("text", "json"), [("{}", True), ("\ufeff\n [1]", True), ("<html>{}", False), ("", False), ("var x = {}", False)]
)
def test_json_and_web_pages_are_told_apart_by_their_beginning(text: str, json: bool) -> None:
    assert is_json(text) is json
