"""What a site's configuration and a page's words give together."""

import pytest

from scrapers.domain.shapes import Answer, CannotReadError, Site, wrong_page

SITE = Site(
    platform="any", base_url="https://www.example.test", parameters={"app": "configured", "lists": "new, used,"}
)


def test_what_a_page_told_fills_what_nobody_configured() -> None:
    taught = SITE.taught({"app": "told", "key": "told"})
    assert (taught.setting("app"), taught.setting("key")) == ("configured", "told")


def test_outdated_configuration_gives_way_to_what_a_page_told() -> None:
    taught = SITE.taught({"app": "told"}, outdated=["app", "unknown"])
    assert (taught.setting("app"), taught.setting("lists")) == ("told", "new, used,")
    assert SITE.setting("app") == "configured"


@pytest.mark.parametrize(
    ("lists", "names"), [("new, used,", ["new", "used"]), ("all", ["all"]), (" , ", ["new", "all"])]
)
def test_the_lists_are_those_configured_else_the_platforms_own(lists: str, names: list[str]) -> None:
    site = Site(platform="any", base_url="https://www.example.test", parameters={"lists": lists})
    assert site.lists("new,all") == names


def test_a_bot_check_is_told_apart_from_a_wrong_page() -> None:
    challenge = wrong_page("<html><title>Just a moment...</title>", "The page tells nothing.")
    other = wrong_page("<html><title>Home</title>", "The page tells nothing.")
    assert (challenge.code, other.code, other.message) == ("E_CHALLENGE", "E_WRONG_PAGE", "The page tells nothing.")


def test_json_that_is_nested_beyond_reading_is_refused_like_other_text() -> None:
    with pytest.raises(CannotReadError) as caught:
        Answer(status=200, url="https://www.example.test/", body=b"[" * 200_000).json()
    assert caught.value.code == "E_NOT_JSON"
