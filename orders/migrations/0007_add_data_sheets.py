from itertools import count

from django.db import migrations

# The columns of the shop's inventory file, as they were received.
INVENTORY = [
    ("Vin", "vin"),
    ("Stock", "stock"),
    ("Type", "type"),
    ("Year", "year"),
    ("Make", "make"),
    ("Model", "model"),
    ("Trim", "trim"),
    ("Ext Color", "ext_color"),
    ("Status", "status"),
    ("Price", "price"),
    ("Body Style", "body_style"),
    ("Fuel Type", "fuel_type"),
    ("MSRP", "msrp"),
    ("Date In Stock", "date_in_stock"),
    ("Street Address", "street_address"),
    ("Locality", "locality"),
    ("Postal Code", "postal_code"),
    ("Region", "region"),
    ("Country", "country"),
    ("Location", "location"),
    ("Vehicle URL", "vehicle_url"),
]
EXPORT = [
    ("VIN", "{vin}"),
    ("Make", "{make}"),
    ("Model", "{model}"),
    ("Year", "{year}"),
    ("Price", "{price|plain}"),
    ("Full_Name", "{year} {make} {model}"),
    ("URL", "{url}"),
    ("Dealership", "{location}"),
]
REQUIRED = {"Vin", "VIN", "QR_Code_Path"}


def described(code, name, abbreviation, columns):
    return {
        "code": code,
        "name": name,
        "abbreviation": abbreviation,
        "columns": [
            {"header": header, "formula": formula} | ({"required": True} if header in REQUIRED else {})
            for header, formula in columns
        ],
        "options": {"data_sheet": True, "encoding": "utf-8"},
    }


BUILT_IN = [
    described(
        "flyout_data",
        "Flyout data",
        "FLYD",
        [*((header, f"{{raw.{name}}}") for header, name in INVENTORY), ("QR_Code_Path", "{qr}")],
    ),
    described("vehicle_export", "Vehicle export", "VEH", EXPORT),
]


def free_name(others, name):
    """The name, or with a number behind it where the shop gave it to a layout of its own."""
    taken = set(others.values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in count(2))
    return name if name not in taken else next(text for text in numbered if text not in taken)


def create_built_in(apps, schema_editor=None):
    templates = apps.get_model("dealerships", "OutputTemplate").objects
    versions = apps.get_model("orders", "OutputTemplateVersion").objects
    for data in BUILT_IN:
        # Versions cannot be deleted, so the rows of a migration that was undone are still there.
        name = free_name(templates.exclude(code=data["code"]), data["name"])
        names = {"name": name, "abbreviation": data["abbreviation"], "built_in": True}
        row, is_new = templates.get_or_create(code=data["code"], defaults=names)
        if is_new:
            versions.create(output_template=row, number=1, columns=data["columns"], options=data["options"])


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_tell_who_made_an_output_template_version")]

    operations = [migrations.RunPython(create_built_in, migrations.RunPython.noop)]
