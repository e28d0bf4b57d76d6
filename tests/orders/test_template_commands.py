import json
from pathlib import Path

import pytest

from dealerships.domain.output import OrderKind
from dealerships.models import PathProfile
from orders.models import Artifact, OrderEvent
from orders.operations.output_templates import export_output_template
from tests.command_line import run_command
from tests.factories import make_dealership, make_order, make_vehicles

pytestmark = pytest.mark.django_db(transaction=True)

BASE = r"C:\Users\Nick_Workstation\Documents\QRS"


def test_an_exported_output_template_imports_unchanged_and_a_changed_one_as_a_new_version(tmp_path: Path) -> None:
    file = tmp_path / "shortcut.json"
    assert run_command("export_template", "shortcut", str(file), "--json").document == {
        "code": "shortcut",
        "columns": 3,
    }
    data = json.loads(file.read_text())
    assert data == export_output_template(code="shortcut")
    file.write_text(json.dumps(data | {"code": "mine", "name": "Mine"}))
    answer = run_command("import_template", str(file), "--json")
    assert answer.document == {"code": "mine", "version": 1, "new": True}
    again = run_command("import_template", str(file))
    assert again.out == "Output template mine version 1 is in force already; nothing was changed.\n"
    file.write_text(json.dumps(data | {"code": "mine", "name": "Mine", "options": {}}))
    assert run_command("import_template", str(file)).out == "Output template mine version 2 added.\n"


def test_a_file_that_is_no_output_template_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    assert run_command("import_template", str(file)).err == (
        f"{file} cannot be read: No such file or directory. Name an existing JSON file.\n"
    )
    file.write_text("{")
    assert run_command("import_template", str(file)).exit_code == 2
    file.write_text("[1]")
    answer = run_command("import_template", str(file), "--json")
    assert (answer.exit_code, answer.document["error"]["code"]) == (2, "bad_input")


def test_an_export_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    unknown = run_command("export_template", "flyer", str(tmp_path / "x.json"), "--json")
    assert (unknown.exit_code, unknown.document["error"]["code"]) == (2, "unknown_template")
    assert run_command("export_template", "flyout", str(tmp_path)).err == (
        f"{tmp_path} cannot be written: Is a directory. Name a file that can.\n"
    )


def test_an_order_is_rendered_by_its_own_output_template_or_another_and_nothing_is_written() -> None:
    dealership = make_dealership()
    [vin] = make_vehicles(dealership=dealership, count=1)
    order = make_order(dealership=dealership)
    events = OrderEvent.objects.count()

    own = run_command("render_order", str(order.pk), "--json").document["files"]
    assert [(file["rows"], file["output_template"]) for file in own] == [(1, "shortcut_pack v1")]
    PathProfile.objects.create(name="Share", base="/Volumes/orders", separator="/")
    other = run_command("render_order", str(order.pk), "--template", "shortcut", "--profile", "Share")
    assert other.out.splitlines() == [
        "QRYEARMODEL,QRSTOCK,@QR2",
        f"2022 RENEGADE - S00001,USED - {vin},/Volumes/orders/{vin}.png",
    ]
    assert (Artifact.objects.count(), OrderEvent.objects.count()) == (0, events)


def test_an_order_is_not_rendered_by_what_does_not_exist() -> None:
    dealership = make_dealership()
    [vin] = make_vehicles(dealership=dealership, count=1)
    order = str(make_order(dealership=dealership, kind=OrderKind.LIST, entries=[vin]).pk)
    codes = [
        run_command("render_order", order, *options, "--json").document["error"]["code"]
        for options in (("--template", "flyer"), ("--template", "custom"), ("--profile", "Nobody"))
    ]
    assert codes == ["unknown_template", "no_version", "unknown_profile"]
    lacking = run_command("render_order", order, "--template", "vdp_flyout")
    assert lacking.err == (
        f"Line 1, VIN {vin}: no features for VDP_C. Fill it in on the review page or remove the line.\n"
    )
