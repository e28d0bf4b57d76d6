"""What adapters read in the same way: counts, truths, links, HTML pages and the JSON inside them."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from scrapers.domain.shapes import CannotReadError, Site, not_json
from scrapers.domain.texts import text_of

_COUNT = re.compile(r"\d{1,9}", re.ASCII)


def count_of(value: Any) -> int | None:
    """A number of things, as number or as text; None for anything else."""
    text = "" if isinstance(value, bool) else text_of(value)
    return int(text) if _COUNT.fullmatch(text) else None


def is_true(value: Any) -> bool:
    """Whether a value says yes: JSON's true, or the word in an attribute."""
    return text_of(value).casefold() == "true"


def link_of(site: Site, value: Any) -> str:
    """The absolute https address of a link of the site; empty for what is none."""
    text = text_of(value)
    try:
        parts = urlsplit(site.url(text))
    except ValueError:
        return ""
    if not text or parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return parts._replace(scheme="https").geturl()


def html_of(text: str) -> BeautifulSoup:
    """The elements of a page. Its type is said first, as the parser warns about what looks like XML or an address."""
    return BeautifulSoup(f"<!doctype html>{text}", "lxml")


def script_of(page: BeautifulSoup, script_id: str) -> Any:
    """The JSON document in the script with this id; None where there is none or it is broken."""
    script = page.find("script", id=script_id)
    return loaded(script.get_text()) if script else None


def loaded(text: str) -> Any:
    """A text as JSON; None for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def unknown_page(text: str, message: str) -> CannotReadError:
    """Why a page is not the one that its adapter knows: a check for robots, else what `message` says is missing."""
    error = not_json(text)
    return error if error.code == "E_CHALLENGE" else CannotReadError("E_STRUCTURE", message)


def is_json(text: str) -> bool:
    """Whether a text begins as a JSON document does, not as a web page."""
    return text.lstrip("\ufeff \r\n\t").startswith(("{", "["))
