"""The built-in output templates as an installation gets them, typed and without a database."""

from importlib import import_module

from orders.domain.output_template_data import output_template_from
from orders.domain.output_templates import OutputTemplate

_MIGRATIONS = ("0003_add_output_templates", "0007_add_data_sheets")
DATA = [data for name in _MIGRATIONS for data in import_module(f"orders.migrations.{name}").BUILT_IN]
BUILT_IN: dict[str, OutputTemplate] = {data["code"]: output_template_from(data) for data in DATA}
SHORTCUT, SHORTCUT_PACK, PRICED_SHORTCUT_PACK, FLYOUT, VDP_FLYOUT, VDP_FLYOUT_URL, *SHEETS = BUILT_IN.values()
FLYOUT_DATA, VEHICLE_EXPORT = SHEETS
