import codecs
import csv
import io
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from dealerships.models import Dealership, OutputTemplate
from dealerships.operations import change_dealerships
from foundation.errors import BadInput, Refused
from inventory.domain.facts import INVENTORY_HEADER
from orders.models import OutputTemplateVersion
from orders.operations.checking import order_content
from orders.operations.completing import reissue_order
from orders.operations.output_templates import (
    choose_versions,
    export_output_template,
    find_output_template,
    restore_output_template,
    retire_output_template,
    save_version,
)
from orders.operations.rendering import render_order
from orders.operations.reviewing import edit_line
from tests.factories import BASE, finish_order, make_dealership, make_order, make_row, make_vehicles
from tests.orders.released import released_bytes

pytestmark = pytest.mark.django_db

LAYOUTS = ["shortcut", "shortcut_pack", "priced_shortcut_pack", "flyout", "vdp_flyout", "vdp_flyout_url"]
SHEETS = ["flyout_data", "vehicle_export"]
BUILT_IN = [*LAYOUTS, *SHEETS]


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
    with pytest.raises(BadInput) as refusal:
        find_output_template(code="flyer")
    assert refusal.value.message == (
        f"There is no output template named 'flyer'; choose one of {', '.join([*LAYOUTS, 'custom', *SHEETS])}."
    )


def test_a_new_layout_is_printed_without_a_change_of_the_program() -> None:
    save_version(data=poster())
    dealership = make_dealership(template_new="poster", template_used="poster")
    make_vehicles(dealership=dealership, count=1)
    order = finish_order(order=make_order(dealership=dealership))
    [csv] = order.artifacts.filter(kind="csv")
    assert (csv.output_template, "_PST_" in csv.name) == ("poster v1", True)


def test_an_order_keeps_the_version_that_it_was_prepared_with() -> None:
    save_version(data=poster())
    dealership = make_dealership(template_new="poster", template_used="poster")
    make_vehicles(dealership=dealership, count=1)
    order = finish_order(order=make_order(dealership=dealership))
    version, is_new = save_version(data=poster(formula="{model|lower}"))
    assert (version.number, is_new) == (2, True)
    assert order_content(order).settings.template_used.label == "poster v1"
    assert reissue_order(order=order) == []


def test_a_version_tells_who_made_it_and_why() -> None:
    actor = User.objects.create(username="manager")
    version, _ = save_version(data=poster(), actor=actor, note="For the spring posters.")
    assert (version.created_by, version.note) == (actor, "For the spring posters.")
    assert OutputTemplateVersion.objects.filter(created_by=None, note="").count() == len(BUILT_IN)


def test_what_was_exported_imports_as_the_same_version() -> None:
    save_version(data=poster())
    version, is_new = save_version(data=export_output_template(code="poster"))
    assert (version.number, is_new) == (1, False)


def test_a_described_layout_takes_the_place_of_the_default() -> None:
    dealership = make_dealership(template_new="custom", template_used="custom")
    save_version(data=poster(code="custom", name="Custom", abbreviation="CUS"))
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
        save_version(data=data)
    assert refusal.value.message == words
    assert OutputTemplateVersion.objects.count() == len(BUILT_IN)


def test_a_layout_that_nobody_described_cannot_be_exported() -> None:
    make_dealership()
    with pytest.raises(Refused) as refusal:
        export_output_template(code="custom")
    assert refusal.value.message == "The output template 'custom' has no columns yet; import a description of it."


# Retiring


@pytest.mark.parametrize("fields", [{"template_new": "flyout"}, {"template_used": "flyout"}])
def test_an_output_template_in_use_stays_in_force_and_the_refusal_names_its_dealerships(fields: dict[str, str]) -> None:
    make_dealership(name="Elm", **fields)
    make_dealership(name="Oak", **fields, active=False)
    with pytest.raises(Refused) as refusal:
        retire_output_template(output_template=find_output_template(code="flyout"), actor=None)
    assert refusal.value.message == "Flyout is the output template of Elm, Oak; choose another there first."
    assert refusal.value.detail == {"dealerships": ["Elm", "Oak"]}
    assert not find_output_template(code="flyout").retired


def test_a_refusal_names_no_more_dealerships_than_can_be_read() -> None:
    for number in range(12):
        make_dealership(name=f"Elm {number:02d}", template_new="flyout")
    with pytest.raises(Refused, match="Elm 08, Elm 09 and 2 more; choose another there first."):
        retire_output_template(output_template=find_output_template(code="flyout"), actor=None)


def test_the_default_output_template_cannot_be_retired() -> None:
    default = OutputTemplate.objects.get(is_default=True)
    with pytest.raises(Refused) as refusal:
        retire_output_template(output_template=default, actor=None)
    assert refusal.value.message == "Shortcut Pack serves the dealerships that chose none, so it cannot be retired."
    with pytest.raises(IntegrityError, match="default_output_template_not_retired"):
        OutputTemplate.objects.filter(pk=default.pk).update(retired=True)


def test_retiring_and_restoring_are_done_once_and_the_history_tells_by_whom() -> None:
    actor = User.objects.create(username="manager")
    flyout = find_output_template(code="flyout")
    history = flyout.history.count()
    for _ in range(2):
        assert retire_output_template(output_template=flyout, actor=actor).retired
    assert "flyout" not in OutputTemplate.objects.offered().values_list("code", flat=True)
    for _ in range(2):
        assert not restore_output_template(output_template=flyout, actor=actor).retired
    changes = flyout.history.all()[: flyout.history.count() - history]
    assert [(change.retired, change.history_user) for change in changes] == [(False, actor), (True, actor)]
    assert make_dealership(template_new="flyout").output_template_names == "Flyout / Shortcut Pack"


def test_an_order_by_an_output_template_that_was_retired_since_is_issued_again() -> None:
    dealership = make_dealership(template_new="flyout", template_used="flyout")
    make_vehicles(dealership=dealership, count=1)
    order = finish_order(order=make_order(dealership=dealership))
    change_dealerships(dealerships=[dealership], values={"template_new_id": None, "template_used_id": "shortcut"})
    retire_output_template(output_template=find_output_template(code="flyout"), actor=None)
    assert reissue_order(order=order) == []


def test_the_database_lets_nobody_choose_what_is_retired_nor_retire_or_delete_what_is_chosen() -> None:
    dealership = make_dealership(template_new="flyout")
    flyout = dealership.template_new
    assert flyout is not None
    with pytest.raises(IntegrityError, match="cannot be retired: choose another"), transaction.atomic():
        OutputTemplate.objects.filter(pk=flyout.pk).update(retired=True)
    OutputTemplate.objects.create(code="old", name="Old", abbreviation="OLD", retired=True)
    for fields in ({"template_new_id": "old"}, {"template_used_id": "old"}):
        with pytest.raises(IntegrityError, match="cannot be chosen: restore it"), transaction.atomic():
            Dealership.objects.update(**fields)
    with pytest.raises(ProtectedError):
        flyout.delete()


def test_the_database_refuses_a_code_that_nobody_knows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="flyer"), transaction.atomic():
        make_dealership(template_new="flyer")


# Data sheets and encodings


def test_an_order_by_the_flyout_data_holds_the_rows_as_they_were_received_whatever_was_edited() -> None:
    dealership = make_dealership(template_new="flyout_data", template_used="flyout_data")
    [vin] = make_vehicles(dealership=dealership, count=1)
    order = make_order(dealership=dealership)
    line = order.lines.get()
    edit_line(line=line, version=line.version, changes={"price": "1", "trim": "Edited"})
    [(name, data)] = released_bytes(finish_order(order=order), "csv").items()
    header, row = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    assert ("_FLYD_" in name, header) == (True, [*INVENTORY_HEADER[:-1], "Vehicle URL", "QR_Code_Path"])
    received = make_row(number=1, location=dealership.name)
    assert row == [*received.values(), rf"{BASE}\{vin}.png"]


def test_an_imported_layout_in_utf_16_is_released_printed_and_issued_again() -> None:
    save_version(data=poster(formula="{model} \u00e9", options={"encoding": "utf-16"}))
    dealership = make_dealership(template_new="poster", template_used="poster")
    [vin] = make_vehicles(dealership=dealership, count=1)
    order = finish_order(order=make_order(dealership=dealership))
    [data] = released_bytes(order, "csv").values()
    text = f"TITLE,@QR\r\nRenegade \u00e9,{BASE}\\{vin}.png\r\n"
    assert (data, [file.text for file in render_order(order=order)]) == (
        codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        [text],
    )
    assert reissue_order(order=order) == []


def test_a_data_sheet_whose_name_the_shop_gave_to_a_layout_of_its_own_gets_a_number() -> None:
    OutputTemplate.objects.filter(code="flyout_data").update(code="our_data", built_in=False)
    import_module("orders.migrations.0007_add_data_sheets").create_built_in(apps)
    assert OutputTemplate.objects.get(code="our_data").name == "Flyout data"
    added = OutputTemplate.objects.get(code="flyout_data")
    assert (added.name, added.built_in, added.versions.count()) == ("Flyout data 2", True, 1)
