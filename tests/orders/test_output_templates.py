from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from foundation.errors import BadInput, Refused
from orders.models import OutputTemplate, OutputTemplateVersion
from orders.operations.checking import order_content
from orders.operations.completing import reissue_order
from orders.operations.output_templates import choose_versions, export_output_template, import_output_template
from tests.factories import finish_order, make_dealership, make_order, make_vehicles

pytestmark = pytest.mark.django_db

BUILT_IN = ["shortcut", "shortcut_pack", "priced_shortcut_pack", "flyout", "vdp_flyout", "vdp_flyout_url"]


def poster(*, formula: str = "{model|upper}", **values: Any) -> dict[str, Any]:
    return {
        "code": "poster",
        "name": "Poster",
        "abbreviation": "PST",
        "columns": [{"header": "TITLE", "formula": formula, "required": True}, {"header": "@QR", "formula": "{qr}"}],
        "options": {},
    } | values


def test_an_installation_has_the_built_in_output_templates_and_a_name_for_others() -> None:
    make_dealership()
    built_in = OutputTemplateVersion.objects.filter(number=1, output_template__built_in=True)
    assert list(built_in.values_list("output_template__code", flat=True)) == BUILT_IN
    assert OutputTemplate.objects.get(versions=None).code == "custom"
    assert OutputTemplate.objects.get(is_default=True).code == "shortcut_pack"


@pytest.mark.parametrize("code", BUILT_IN)
def test_a_stored_version_is_the_output_template_of_its_row(code: str) -> None:
    make_dealership()
    typed = OutputTemplateVersion.objects.get(output_template__code=code).as_output_template()
    assert (typed.code, typed.label) == (code, f"{code} v1")


@pytest.mark.parametrize("statement", ["UPDATE {} SET columns = '[]'", "DELETE FROM {}"])
def test_the_database_refuses_every_change_of_a_version(statement: str) -> None:
    make_dealership()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(OutputTemplateVersion._meta.db_table))


@pytest.mark.parametrize(
    ("new", "used", "expected"),
    [
        ("shortcut", "shortcut_pack", ("shortcut", "shortcut_pack", "")),
        ("", "flyout", ("flyout", "flyout", "")),
        ("shortcut", "", ("shortcut", "shortcut", "")),
        (
            "",
            "",
            (
                "shortcut_pack",
                "shortcut_pack",
                "This dealership has no output template; its lines use Shortcut Pack. Choose one on its page.",
            ),
        ),
        (
            "custom",
            "flyout",
            (
                "shortcut_pack",
                "flyout",
                "The custom layout of this dealership is not described yet; its lines use Shortcut Pack.",
            ),
        ),
    ],
)
def test_two_set_serve_each_their_own_one_set_serves_all_and_none_gives_the_default(
    new: str, used: str, expected: tuple[str, str, str]
) -> None:
    chosen = choose_versions(dealership=make_dealership(template_new=new, template_used=used))
    codes = (chosen.new.output_template.code, chosen.used.output_template.code)
    assert (*codes, chosen.notice) == expected


def test_an_unknown_code_is_refused_with_the_known_ones() -> None:
    dealership = make_dealership(template_new="flyer")
    with pytest.raises(BadInput) as refusal:
        choose_versions(dealership=dealership)
    assert refusal.value.message == (
        f"There is no output template named 'flyer'; choose one of {', '.join(BUILT_IN)}, custom."
    )


def test_a_new_layout_is_printed_without_a_change_of_the_program() -> None:
    dealership = make_dealership(template_new="poster", template_used="poster")
    import_output_template(data=poster())
    make_vehicles(dealership=dealership, count=1)
    order = finish_order(order=make_order(dealership=dealership))
    [csv] = order.artifacts.filter(kind="csv")
    assert (csv.output_template, "_PST_" in csv.name) == ("poster v1", True)


def test_an_order_keeps_the_version_that_it_was_prepared_with() -> None:
    dealership = make_dealership(template_new="poster", template_used="poster")
    import_output_template(data=poster())
    make_vehicles(dealership=dealership, count=1)
    order = finish_order(order=make_order(dealership=dealership))
    version, is_new = import_output_template(data=poster(formula="{model|lower}"))
    assert (version.number, is_new) == (2, True)
    assert order_content(order).settings.template_used.label == "poster v1"
    assert reissue_order(order=order) == []


def test_what_was_exported_imports_as_the_same_version() -> None:
    import_output_template(data=poster())
    version, is_new = import_output_template(data=export_output_template(code="poster"))
    assert (version.number, is_new) == (1, False)


def test_a_described_layout_takes_the_place_of_the_default() -> None:
    dealership = make_dealership(template_new="custom", template_used="custom")
    import_output_template(data=poster(code="custom", name="Custom", abbreviation="CUS"))
    chosen = choose_versions(dealership=dealership)
    assert (str(chosen.new), chosen.notice) == ("Custom version 1", "")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            poster(code="shortcut", name="Shortcut", abbreviation="SC"),
            "Shortcut is built in and stays as it is; give the changed layout a code and a name of its own.",
        ),
        (
            poster(code="custom", name="Custom", abbreviation="C2"),
            "Files of Custom are named CUS; keep that abbreviation, or choose another code.",
        ),
        (poster(name="Flyout"), "Another output template is named 'Flyout' already; choose another name."),
    ],
)
def test_what_is_built_in_and_what_names_files_stays(data: dict[str, Any], words: str) -> None:
    make_dealership()
    with pytest.raises((BadInput, Refused)) as refusal:
        import_output_template(data=data)
    assert refusal.value.message == words
    assert OutputTemplateVersion.objects.count() == len(BUILT_IN)


def test_a_layout_that_nobody_described_cannot_be_exported() -> None:
    make_dealership()
    with pytest.raises(Refused) as refusal:
        export_output_template(code="custom")
    assert refusal.value.message == "The output template 'custom' has no columns yet; import a description of it."
