from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from dealerships.models import Dealership, OutputTemplate
from dealerships.operations import load_dealerships
from orders.models import Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AS_CODES = [("dealerships", "0003_allow_relative_path_profiles"), ("orders", "0002_make_vin_log_append_only")]
AS_ROWS = [
    ("dealerships", "0003_allow_relative_path_profiles"),
    ("orders", "0004_keep_the_output_template_versions_of_orders"),
]


def newest() -> list[tuple[str, str]]:
    """The newest of every app: going back took along what stands on these two."""
    return list(MigrationExecutor(connection).loader.graph.leaf_nodes())


def migrate(targets: list[tuple[str, str]]) -> Any:
    """Go to these migrations; gives the models as they are there."""
    MigrationExecutor(connection).migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


def test_orders_that_named_their_output_templates_by_code_keep_them_as_versions_and_back() -> None:
    old = migrate(AS_CODES)
    dealership = old.get_model("dealerships", "Dealership").objects.create(name="Elm", short_code="E", file_name="E")
    codes = {"template_new": "shortcut", "template_used": "flyout"}
    pk = old.get_model("orders", "Order").objects.create(dealership=dealership, output_settings=codes | {"a": 1}).pk

    migrate(newest())
    order = Order.objects.get(pk=pk)
    assert order.output_settings == {"a": 1}
    assert (str(order.template_version_new), str(order.template_version_used)) == (
        "Shortcut version 1",
        "Flyout version 1",
    )

    again = migrate(AS_CODES)
    assert again.get_model("orders", "Order").objects.get(pk=pk).output_settings == codes | {"a": 1}
    migrate(newest())


def test_dealerships_that_named_their_output_templates_by_code_choose_their_rows_and_back() -> None:
    load_dealerships()
    old = migrate(AS_ROWS)
    templates = old.get_model("orders", "OutputTemplate").objects
    templates.filter(code="flyout").update(retired=True)
    templates.create(code="poster", name="Poster", abbreviation="PST", retired=True)
    rows, codes = (
        list(templates.values()),
        sorted(old.get_model("dealerships", "Dealership").objects.values_list(*CODES)),
    )
    assert {("", ""), ("", "flyout"), ("shortcut", "shortcut_pack")} < {code[1:3] for code in codes}

    migrate(newest())
    chosen = Dealership.objects.values_list("name", "template_new_id", "template_used_id")
    assert sorted(chosen) == [(name, new or None, used or None) for name, new, used, *_ in codes]
    past = Dealership.history.values_list("name", "template_new_id", "template_used_id")
    assert sorted(past) == sorted(chosen)
    assert [row | {"retired": row["code"] == "poster"} for row in rows] == list(OutputTemplate.objects.values())
    assert load_dealerships().unchanged == len(codes)

    again = migrate(AS_ROWS)
    assert sorted(again.get_model("dealerships", "Dealership").objects.values_list(*CODES)) == codes
    migrate(newest())


CODES = ("name", "template_new", "template_used", "loaded_values__template_new", "loaded_values__template_used")
