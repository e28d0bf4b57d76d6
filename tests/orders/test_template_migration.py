import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orders.models import Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BEFORE = [("orders", "0002_make_vin_log_append_only")]
AFTER = [("orders", "0004_keep_the_output_template_versions_of_orders")]


def migrate(targets: list[tuple[str, str]]) -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection)


def test_orders_that_named_their_output_templates_by_code_keep_them_as_versions_and_back() -> None:
    newest = [key for key in MigrationExecutor(connection).loader.graph.leaf_nodes() if key[0] == "orders"]
    old = migrate(BEFORE).loader.project_state(BEFORE).apps
    dealership = old.get_model("dealerships", "Dealership").objects.create(name="Elm", short_code="E", file_name="E")
    codes = {"template_new": "shortcut", "template_used": "flyout"}
    pk = old.get_model("orders", "Order").objects.create(dealership=dealership, output_settings=codes | {"a": 1}).pk

    migrate(AFTER)
    row = Order.objects.values("output_settings", "template_version_new_id", "template_version_used_id").get(pk=pk)
    order = Order.objects.only("template_version_new", "template_version_used").get(pk=pk)
    assert row["output_settings"] == {"a": 1}
    assert (str(order.template_version_new), str(order.template_version_used)) == (
        "Shortcut version 1",
        "Flyout version 1",
    )

    again = migrate(BEFORE).loader.project_state(BEFORE).apps
    assert again.get_model("orders", "Order").objects.get(pk=pk).output_settings == codes | {"a": 1}
    migrate(newest)
