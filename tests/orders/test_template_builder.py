"""The builder of output templates as a form that is sent, with and without script."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dealerships.models import Dealership, OutputTemplate
from orders.models import OutputTemplateVersion
from orders.operations.output_templates import save_version
from tests.factories import ensure_output_templates, make_dealership, make_vehicles
from tests.orders.layout_data import poster
from tests.pages import HTMX, part, sign_in, words

pytestmark = pytest.mark.django_db
NEW, PREVIEW = "/output-templates/new/", "/output-templates/preview/"
TITLE, IMAGE = ("TITLE", "{model|upper}"), ("@QR", "{qr}")


@pytest.fixture
def manager() -> Client:
    ensure_output_templates()
    return sign_in(role="manager")


def typed(*columns: tuple[str, ...], **values: Any) -> dict[str, Any]:
    """What the form sends: columns of header, formula and longest, all of them required."""
    data: dict[str, Any] = {"name": "Poster", "abbreviation": "PST", "based_on": 0, "column": []}
    for key, (header, formula, *length) in enumerate(columns, start=1):
        data["column"].append(str(key))
        data |= {f"header-{key}": header, f"formula-{key}": formula, f"required-{key}": "yes"}
        data[f"max_length-{key}"] = "".join(length)
    return data | values


def edit_page(code: str) -> str:
    return reverse("output_template_edit", args=[OutputTemplate.objects.get(code=code).pk])


def headers_of(page: Any) -> list[str]:
    """The headers in the column list of the page, in their order."""
    text = page.content.decode()
    columns = text[text.index('id="builder-columns"') : text.index("column-template")]
    return re.findall(r'name="header-\d+"\s+value="([^"]*)"', columns)


# Saving


def test_a_new_output_template_is_saved_with_its_maker_and_note(manager: Client) -> None:
    data = typed(TITLE, IMAGE, note="first try", **{"option-dollar_sign": "on", "option-uppercase": ["trim"]})
    page = manager.post(NEW, data, follow=True)
    assert "Poster version 1 is saved." in words(page)
    version = OutputTemplateVersion.objects.get(output_template__code="poster")
    assert (str(version.created_by), version.note) == ("manager", "first try")
    assert version.columns == [
        {"header": "TITLE", "formula": "{model|upper}", "required": True},
        {"header": "@QR", "formula": "{qr}", "required": True},
    ]
    assert version.options == {"dollar_sign": True, "uppercase": ["trim"]}


def test_a_change_becomes_the_next_version_and_the_old_one_stays(manager: Client) -> None:
    save_version(data=poster())
    manager.post(edit_page("poster"), typed(("TITLE", "{make}"), IMAGE, based_on=1))
    versions = OutputTemplateVersion.objects.filter(output_template__code="poster")
    assert [version.columns[0]["formula"] for version in versions] == ["{model|upper}", "{make}"]


def test_unchanged_columns_make_no_version_and_the_page_says_so(manager: Client) -> None:
    save_version(data=poster())
    data = typed(TITLE, IMAGE, based_on=1)
    del data["required-2"]
    page = manager.post(edit_page("poster"), data, follow=True)
    assert "no new version was made" in words(page)
    assert OutputTemplateVersion.objects.filter(output_template__code="poster").count() == 1


def test_a_new_name_alone_makes_no_version(manager: Client) -> None:
    save_version(data=poster())
    data = typed(TITLE, IMAGE, based_on=1, name="Big poster")
    del data["required-2"]
    page = manager.post(edit_page("poster"), data, follow=True)
    assert "The name is Big poster now." in words(page)
    assert OutputTemplateVersion.objects.get(output_template__name="Big poster").number == 1


def test_the_code_and_the_abbreviation_of_an_existing_one_stay(manager: Client) -> None:
    save_version(data=poster())
    manager.post(edit_page("poster"), typed(IMAGE, based_on=1, code="other", abbreviation="OTH"))
    row = OutputTemplate.objects.get(name="Poster")
    assert (row.code, row.abbreviation, row.versions.count()) == ("poster", "PST", 2)


def test_a_clone_starts_with_the_columns_and_options_and_leaves_the_original(manager: Client) -> None:
    source = OutputTemplate.objects.get(code="shortcut")
    page = manager.get(NEW, {"from": source.pk})
    assert headers_of(page) == ["QRYEARMODEL", "QRSTOCK", "@QR2"]
    assert 'value="Shortcut, copy"' in page.content.decode()
    assert re.search(r'value="model"[^>]*checked', page.content.decode())
    assert source.versions.count() == 1


def test_a_built_in_one_can_only_be_cloned(manager: Client) -> None:
    page = manager.get(edit_page("shortcut"), follow=True)
    assert "Shortcut is built in and stays as it is." in words(page)
    manager.post(edit_page("shortcut"), typed(TITLE, based_on=1))
    assert OutputTemplate.objects.get(code="shortcut").versions.count() == 1


def test_the_layout_that_nobody_described_gets_its_first_columns(manager: Client) -> None:
    manager.post(edit_page("custom"), typed(TITLE, IMAGE, name="Custom"))
    assert OutputTemplate.objects.get(code="custom").versions.get().number == 1


def test_an_older_version_is_where_a_new_one_may_start(manager: Client) -> None:
    save_version(data=poster())
    save_version(data=poster(columns=[{"header": "ONLY", "formula": "{vin}"}]))
    page = manager.get(edit_page("poster"), {"version": "1"})
    assert (headers_of(page), 'name="based_on" value="2"' in page.content.decode()) == (["TITLE", "@QR"], True)


# Refusals lose nothing


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Shortcut", "code": "other"}, "Another output template is named 'Shortcut' already"),
        ({"code": "shortcut"}, "The code 'shortcut' belongs to Shortcut; choose another code."),
        ({"code": "Not A Code"}, "The code 'Not A Code' cannot be used"),
        ({"code": "a/../b"}, "cannot be used"),
        ({"abbreviation": "p/t"}, "The abbreviation 'p/t' cannot be used in file names"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"name": "a\u202eb"}, "cannot be used: 1 to 60 printed characters"),
        ({"based_on": "x"}, "Enter a whole number."),
        ({"header-1": "#TITLE"}, "Did you mean TITLE?"),
        ({"formula-1": "{modle}"}, "Did you mean {model}?"),
        ({"max_length-1": "0"}, "from 1 to 10000"),
        ({"column": []}, "has no columns"),
    ],
)
def test_what_cannot_be_saved_is_told_and_everything_typed_stays(
    manager: Client, change: dict[str, Any], said: str
) -> None:
    before = OutputTemplate.objects.count()
    page = manager.post(NEW, typed(TITLE, IMAGE, note="my words") | change)
    assert (page.status_code, said in words(page)) == (422, True)
    assert 'value="my words"' in page.content.decode()
    assert OutputTemplate.objects.count() == before
    if "column" not in change:
        assert headers_of(page) == [change.get("header-1", "TITLE"), "@QR"]


def test_more_columns_than_an_output_template_may_have_are_told(manager: Client) -> None:
    data = typed(*[(f"VIN_{number}", "{vin}") for number in range(101)])
    for page in (manager.post(NEW, data), manager.post(PREVIEW, data, headers=HTMX)):
        assert "has 101 columns; it may have 100. Remove the others." in words(page)


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "{{ request }}", "O'Fallon & Söhne"])
def test_hostile_texts_come_back_as_texts(manager: Client, text: str) -> None:
    data = typed((text, text), IMAGE, name=text, note=text)
    for page in (manager.post(NEW, data), manager.post(PREVIEW, data, headers=HTMX)):
        assert "<script>alert" not in page.content.decode()
        assert page.status_code in {200, 422}
    manager.post(NEW, typed(TITLE, name=text, note=text, code="hostile"))
    page = manager.get(reverse("output_template_detail", args=[OutputTemplate.objects.get(code="hostile").pk]))
    assert (text in words(page) or "script" in text, "<script>alert" in page.content.decode()) == (True, False)


def test_two_managers_at_once_lose_nothing(manager: Client) -> None:
    save_version(data=poster())
    opened = typed(("TITLE", "{make}"), IMAGE, based_on=1)
    save_version(data=poster(formula="{trim}"), note="hers")
    page = manager.post(edit_page("poster"), opened)
    assert page.status_code == 409
    assert "Somebody saved version 2" in words(page)
    assert "TITLE Changed {trim} Column 1, required {make} Column 1, required" in words(page)
    assert 'name="based_on" value="2"' in page.content.decode()
    manager.post(edit_page("poster"), opened | {"based_on": 2})
    newest = OutputTemplateVersion.objects.filter(output_template__code="poster").latest("number")
    assert (newest.number, newest.columns[0]["formula"]) == (3, "{make}")


# Without script the same buttons send the form


@pytest.mark.parametrize(
    ("act", "headers"),
    [
        ("add", ["TITLE", "@QR", ""]),
        ("remove-1", ["@QR"]),
        ("down-1", ["@QR", "TITLE"]),
        ("up-1", ["TITLE", "@QR"]),
        ("up-99", ["TITLE", "@QR"]),
        ("preview", ["TITLE", "@QR"]),
        ("nonsense", ["TITLE", "@QR"]),
    ],
)
def test_the_buttons_change_the_columns_and_store_nothing(manager: Client, act: str, headers: list[str]) -> None:
    page = manager.post(NEW, typed(TITLE, IMAGE, act=act, name=""))
    assert (page.status_code, headers_of(page)) == (200, headers)
    assert "This field is required." not in words(page)
    assert not OutputTemplate.objects.filter(code="poster").exists()


# The live preview


def preview(client: Client, dealership: Dealership, *columns: tuple[str, ...], **values: Any) -> Any:
    return client.post(PREVIEW, typed(*columns, dealership=dealership.pk, **values), headers=HTMX)


def test_real_vehicles_are_printed_as_an_order_would_print_them(manager: Client) -> None:
    dealership = make_dealership(price_markup=2000)
    vins = make_vehicles(dealership=dealership, count=12)
    page = preview(manager, dealership, TITLE, ("PRICE", "{price+markup|money}"), IMAGE)
    assert f"{vins[1][:9]} {vins[1][9:]} RENEGADE $23,995" in words(page)
    assert f"{vins[1]}.png" in words(page)
    assert "The first 10 of 12 vehicles" in words(page)


def test_text_rewrites_of_the_dealership_count(manager: Client) -> None:
    dealership = make_dealership(text_rewrites=True)
    dealership.rewrites.create(kind="whole", field="model", texts=["Renegade"], replacement="Rebel", position=1)
    make_vehicles(dealership=dealership, count=1)
    assert "REBEL" in words(preview(manager, dealership, TITLE))


def test_an_empty_required_field_is_marked_as_it_would_stop_an_order(manager: Client) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=2, Trim="")
    page = preview(manager, dealership, ("TRIM", "{trim}"), TITLE)
    assert "2 of these 2 vehicles would stop an order" in words(page)
    assert "empty no trim RENEGADE" in words(page)
    assert "No trim for TRIM" in words(page)


def test_a_text_longer_than_its_place_is_marked(manager: Client) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=1)
    assert "RENEGADE 8 of 5 characters" in words(preview(manager, dealership, (*TITLE, "5")))


def test_a_column_with_a_problem_has_no_cells_and_the_others_have(manager: Client) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=1)
    page = preview(manager, dealership, ("MAKE", "{maek}"), TITLE)
    assert "see above RENEGADE" in words(page)
    told = part(page, 'id="problems-1"', "</div>")
    assert told.endswith("unknown placeholder {maek} at character 1. Did you mean {make}?")


def test_a_dealership_without_inventory_says_so(manager: Client) -> None:
    page = preview(manager, make_dealership(), TITLE)
    assert "Elm Street Motors has no active inventory." in words(page)


def test_the_preview_writes_nothing_and_takes_few_queries(
    manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership, count=10)
    before = OutputTemplate.objects.count(), OutputTemplateVersion.objects.count()
    with django_assert_max_num_queries(14) as queries:
        preview(manager, dealership, TITLE, IMAGE)
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    assert (OutputTemplate.objects.count(), OutputTemplateVersion.objects.count()) == before


def test_the_editor_starts_with_a_dealership_that_prints_by_it(manager: Client) -> None:
    make_vehicles(dealership=make_dealership(), count=1)
    save_version(data=poster())
    mine = make_dealership(name="Oak Street Motors", template_new="poster", template_used="poster")
    make_vehicles(dealership=mine, count=1, first=50)
    assert "in the active inventory of Oak Street Motors" in words(manager.get(edit_page("poster")))
