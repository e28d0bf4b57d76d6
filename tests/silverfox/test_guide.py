"""The guides as pages, the styleguide, and the sizes of what pages load."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from silverfox.guide import GUIDES, Guide, guide_html, html_of
from silverfox.templatetags.silverfox_ui import PLACES, Place
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
STATIC = Path(settings.BASE_DIR) / "silverfox" / "static" / "silverfox"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_a_guide_is_its_file_with_one_heading_of_the_page(guide: Guide) -> None:
    slug = guide.slug
    page = sign_in(role="viewer").get(reverse("help", args=[slug]))
    first = (settings.BASE_DIR / "docs" / f"{slug}.md").read_text(encoding="utf-8").splitlines()[0]
    assert first.removeprefix("# ") in words(page)
    assert page.content.decode().count("<h1") == 1


def test_every_link_within_the_guides_leads_somewhere() -> None:
    ids = {guide.slug: set(re.findall(r'id="([^"]+)"', guide_html(guide.slug))) for guide in GUIDES}
    broken = []
    for guide in GUIDES:
        for page, part in re.findall(r'href="\.\./(\w+)/(?:#([^"]*))?"', guide_html(guide.slug)):
            if page not in ids or (part and part not in ids[page]):
                broken.append((guide.slug, page, part))
    assert broken == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.word)
def test_every_place_leads_to_the_part_of_a_guide_that_tells_of_it(place: Place) -> None:
    guide, _, part = place.help.partition("#")
    assert f'id="{part}"' in guide_html(guide)


def test_the_link_to_help_follows_the_page() -> None:
    staff = sign_in(role="staff")
    assert 'href="/help/staff/#orders"' in staff.get("/orders/").content.decode()
    assert 'href="/help/staff/#vin-log"' in staff.get("/vin-log/").content.decode()


def test_markup_in_a_guide_stays_text() -> None:
    shown = html_of("# A\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    assert "<script" not in shown
    assert "href" not in shown


@pytest.mark.parametrize("slug", ["nothing", "decisions"])
def test_what_is_no_guide_is_not_found(slug: str) -> None:
    assert sign_in(role="staff").get(f"/help/{slug}/").status_code == 404


def test_the_list_of_keys_stands_on_every_page() -> None:
    staff = sign_in(role="staff")
    assert 'id="keys"' in staff.get("/orders/").content.decode()
    assert "Leave the row out, or put it back" in words(staff.get("/help/keys/"))


def test_the_styleguide_shows_every_state_to_managers_only() -> None:
    assert sign_in(role="staff").get("/styleguide/").status_code == 403
    page = words(sign_in(role="manager").get("/styleguide/"))
    assert all(word in page for word in ("In production", "Held", "Voided", "Ambiguous"))


def test_the_script_of_the_pages_is_small() -> None:
    assert (STATIC / "app.js").stat().st_size < 10_000


def test_the_dialog_of_an_ended_session_signs_in_and_gives_the_new_token() -> None:
    User.objects.create_user("dana", password="right-one-for-sure")
    browser, part = Client(enforce_csrf_checks=True), {"HX-Request": "true"}
    browser.get("/accounts/login/")
    token = browser.cookies["csrftoken"].value
    sent = {"username": "dana", "csrfmiddlewaretoken": token}
    wrong = browser.post("/accounts/login/", sent | {"password": "wrong"}, headers=part)
    assert (wrong.status_code, "This is not your password" in wrong.content.decode()) == (422, True)
    assert "<html" not in wrong.content.decode()
    right = browser.post("/accounts/login/", sent | {"password": "right-one-for-sure"}, headers=part)
    assert right.status_code == 204
    new = re.fullmatch(r'\{"signedIn": \{"value": "(\w{64})"\}\}', right["HX-Trigger"])
    assert new
    kept = browser.post("/preferences/", {"theme": "dark"}, headers={"X-CSRFToken": new[1]})
    assert kept.status_code == 302
