"""The pages of output templates: what people read of them, and what managers do with them."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dealerships.models import OutputTemplate
from orders.operations.output_templates import export_output_template, save_version
from tests.factories import ensure_output_templates, make_dealership
from tests.orders.layout_data import poster
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db
LIST = "/output-templates/"


@pytest.fixture
def viewer() -> Client:
    ensure_output_templates()
    return sign_in(role="viewer")


@pytest.fixture
def manager() -> Client:
    ensure_output_templates()
    return sign_in(role="manager")


def row_of(code: str) -> OutputTemplate:
    return OutputTemplate.objects.get(code=code)


def address(name: str, code: str) -> str:
    return reverse(f"output_template_{name}", args=[row_of(code).pk])


def send_file(client: Client, data: bytes) -> Any:
    return client.post(f"{LIST}import/", {"file": SimpleUploadedFile("poster.json", data)})


# Reading


def test_the_list_tells_version_columns_and_use(viewer: Client) -> None:
    make_dealership(template_new="shortcut", template_used="flyout")
    make_dealership(name="Oak Street Motors", active=False, template_new="shortcut", template_used="shortcut")
    page = words(viewer.get(LIST))
    assert "Shortcut shortcut SC 1 3 3 columns, version 1 2 dealerships Built in" in page
    assert "Flyout flyout FLY 1 3 3 columns, version 1 1 dealership Built in" in page
    assert "Custom custom CUS none none Nobody No columns yet" in page


def test_the_list_takes_the_same_queries_for_any_number(
    viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(15):
        save_version(data=poster(code=f"poster_{number}", name=f"Poster {number}"))
        make_dealership(name=f"Lot {number}", template_new=f"poster_{number}", template_used="shortcut")
    with django_assert_max_num_queries(5):  # session, user, groups, preferences, rows
        viewer.get(LIST)


def test_retired_ones_stand_behind_a_filter(viewer: Client) -> None:
    assert "No output template is retired." in words(viewer.get(f"{LIST}?show=retired"))
    OutputTemplate.objects.filter(code="vdp_flyout").update(retired=True)
    assert "VDP flyout vdp_flyout" not in words(viewer.get(LIST))
    assert "VDP flyout vdp_flyout VDP" in words(viewer.get(f"{LIST}?show=retired"))


def test_a_template_tells_columns_options_versions_and_dealerships(manager: Client) -> None:
    save_version(data=poster())
    save_version(data=poster(formula="{model|lower}", options={"dollar_sign": True}), note="small letters")
    dealership = make_dealership(template_new="poster", template_used="shortcut")
    page = manager.get(address("detail", "poster"))
    assert "1 TITLE {model|lower} Required" in words(page)
    assert "Dollar sign before prices Yes" in words(page)
    assert "Version 2 small letters" in words(page)
    assert f"{dealership.name} New vehicles" in words(page)
    assert reverse("admin:dealerships_dealership_change", args=[dealership.pk]) in page.content.decode()


def test_an_older_version_is_shown_as_such(viewer: Client) -> None:
    save_version(data=poster())
    save_version(data=poster(formula="{model|lower}"))
    page = words(viewer.get(address("detail", "poster"), {"version": "1"}))
    assert "This is version 1; orders prepared now use version 2." in page
    assert "{model|upper}" in page
    assert viewer.get(address("detail", "poster"), {"version": "3"}).status_code == 404


def test_a_layout_without_columns_says_so(viewer: Client) -> None:
    assert "Nobody has described this layout yet" in words(viewer.get(address("detail", "custom")))


def test_two_versions_stand_side_by_side(viewer: Client) -> None:
    save_version(data=poster())
    added = {"header": "PRICE", "formula": "{price}", "max_length": 8}
    save_version(data=poster(columns=[added, *poster(formula="{make}")["columns"]], options={"dollar_sign": True}))
    page = words(viewer.get(address("compare", "poster")))
    assert "Version 1 and version 2" in page
    assert "PRICE Added \u2013 {price} Column 1, at most 8 characters" in page
    assert "TITLE Changed {model|upper} Column 1, required {make} Column 2, required" in page
    assert "@QR Same" in page
    assert "Dollar sign before prices Option No Yes" in page


def test_comparing_a_version_that_is_not_there_is_not_found(viewer: Client) -> None:
    save_version(data=poster())
    assert viewer.get(address("compare", "poster"), {"old": "9"}).status_code == 404
    assert viewer.get(address("compare", "custom")).status_code == 404


def test_the_export_imports_as_the_same(manager: Client) -> None:
    answer = manager.get(address("export", "shortcut"))
    assert json.loads(answer.content) == export_output_template(code="shortcut")
    assert answer["Content-Disposition"] == 'attachment; filename="shortcut.json"'


def test_who_may_not_take_a_file_home_is_offered_none(viewer: Client) -> None:
    assert "Export JSON" not in words(viewer.get(address("detail", "shortcut")))


def test_a_layout_without_columns_has_nothing_to_export(manager: Client) -> None:
    page = manager.get(address("export", "custom"))
    assert (page.status_code, "has no columns yet" in words(page)) == (409, True)


# Import


def test_a_json_file_becomes_an_output_template(manager: Client) -> None:
    answer = send_file(manager, json.dumps(poster()).encode("utf-8-sig"))
    assert answer["Location"] == address("detail", "poster")
    version = row_of("poster").versions.get()
    assert (version.number, str(version.created_by)) == (1, "manager")


def test_the_same_file_again_makes_no_version(manager: Client) -> None:
    data = json.dumps(poster()).encode()
    send_file(manager, data)
    page = manager.get(send_file(manager, data)["Location"])
    assert "no new version was made" in words(page)
    assert row_of("poster").versions.count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty."),
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 5000, "is not JSON"),
        (b"[]", "is no JSON object"),
        (b'{"code": 1}', "lacks name"),
        (json.dumps(poster(code="a\x00")).encode(), "The code"),
        (json.dumps(poster(formula="{model}\x00")).encode(), "cannot be printed at character 8"),
        (json.dumps(poster(columns=[{"header": "A", "formula": "{vin}"}] * 101)).encode(), "101 columns"),
        (b" " * (256 * 1024 + 1), "256 KB at most"),
        (json.dumps(poster(code="shortcut", name="Shortcut", abbreviation="SC")).encode(), "is built in"),
    ],
)
def test_a_file_that_describes_none_is_refused_with_its_reason(manager: Client, data: bytes, said: str) -> None:
    page = send_file(manager, data)
    assert (page.status_code, said in words(page)) == (422, True)
    assert not OutputTemplate.objects.filter(code="poster").exists()


# Retire and restore


def test_a_template_is_retired_and_restored_after_a_yes(manager: Client) -> None:
    save_version(data=poster())
    assert "Retire Poster?" in words(manager.get(address("retire", "poster")))
    assert not row_of("poster").retired
    page = manager.post(address("retire", "poster"), follow=True)
    assert ("Poster is retired" in words(page), row_of("poster").retired) == (True, True)
    assert "Restore Poster?" in words(manager.get(address("restore", "poster")))
    manager.post(address("restore", "poster"))
    assert not row_of("poster").retired


def test_a_template_in_use_is_not_retired_and_the_dealerships_are_named(manager: Client) -> None:
    dealership = make_dealership(template_new="flyout", template_used="flyout")
    asked = words(manager.get(address("retire", "flyout")))
    assert (f"1 dealership uses it: {dealership.name}." in asked, "Retire Flyout" in asked.split("?")[-1]) == (
        True,
        False,
    )
    page = manager.post(address("retire", "flyout"))
    assert (page.status_code, dealership.name in words(page)) == (409, True)
    assert not row_of("flyout").retired


# Roles


@pytest.mark.parametrize("role", ["viewer", "staff"])
@pytest.mark.parametrize("page", ["new/", "import/", "preview/", "{}/edit/", "{}/retire/", "{}/restore/"])
def test_only_managers_change_output_templates(role: str, page: str) -> None:
    ensure_output_templates()
    client = sign_in(role=role)
    url = LIST + page.format(row_of("flyout").pk)
    statuses = [client.post(url).status_code] + ([] if "preview" in page else [client.get(url).status_code])
    assert set(statuses) == {403}


@pytest.mark.parametrize("role", ["viewer", "staff"])
def test_everybody_reads_and_only_managers_see_buttons_that_change(role: str) -> None:
    ensure_output_templates()
    save_version(data=poster())
    client = sign_in(role=role)
    for page in (client.get(LIST), client.get(address("detail", "poster"))):
        assert page.status_code == 200
        assert not {"New output template", "Import a JSON file", "Clone", "Retire…"} & set(words(page).split("  "))
        assert "/edit/" not in page.content.decode()
        assert "/new/?from" not in page.content.decode()
