import django.db.models.deletion
from django.db import migrations, models

# Orders keep the version that they were prepared with, so that their files can be made again.
TRIGGER = """
CREATE FUNCTION orders_outputtemplateversion_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A version of an output template is never changed: add a new version instead.';
END $$;
CREATE TRIGGER orders_outputtemplateversion_immutable BEFORE UPDATE OR DELETE ON orders_outputtemplateversion
    FOR EACH ROW EXECUTE FUNCTION orders_outputtemplateversion_immutable();
"""
UNDO = """
DROP TRIGGER orders_outputtemplateversion_immutable ON orders_outputtemplateversion;
DROP FUNCTION orders_outputtemplateversion_immutable();
"""

REQUIRED = {"VIN", "STOCK", "QRSTOCK", "QRYEARMODEL", "YEARMAKE", "YEARMODEL", "MODEL", "PRICE", "VDP_C"}
STOCK, VIN = "{year} {model} - {stock}", "{prefix} - {vin}"
PACK_TAIL = (
    ("STOCK", STOCK),
    ("VIN", VIN),
    ("@QR", "{qr}"),
    ("QRYEARMODEL", STOCK),
    ("QRSTOCK", VIN),
    ("@QR2", "{qr}"),
    ("MISC", f"{STOCK} - {VIN}"),
)
CAPITALS = {"uppercase": ["make", "model", "trim", "year"]}
VDP = (("VDP_A", "{year}"), ("VDP_B", "{headline}"), ("VDP_C", "{features}"))


def described(code, name, abbreviation, columns, options):
    return {
        "code": code,
        "name": name,
        "abbreviation": abbreviation,
        "columns": [
            {"header": header, "formula": formula}
            | ({"required": True} if header in REQUIRED or header.startswith("@") else {})
            for header, formula in columns
        ],
        "options": options,
    }


BUILT_IN = [
    described("shortcut", "Shortcut", "SC", [("QRYEARMODEL", STOCK), ("QRSTOCK", VIN), ("@QR2", "{qr}")], CAPITALS),
    described(
        "shortcut_pack",
        "Shortcut Pack",
        "SCP",
        [("YEARMAKE", "{year} {make}"), ("MODEL", "{model}"), ("TRIM", "{trim}"), *PACK_TAIL],
        CAPITALS,
    ),
    described(
        "priced_shortcut_pack",
        "Priced Shortcut Pack",
        "SCPP",
        [("YEARMODEL", "{year} {model}"), ("TRIM", "{trim}"), ("PRICE", "{price+markup}"), *PACK_TAIL],
        {"uppercase": ["model"]},
    ),
    described(
        "flyout",
        "Flyout",
        "FLY",
        [("QRYEARMODEL", "{year} {make} {model}"), ("QRPRICE", "{price}"), ("@QR2", "{qr}")],
        {},
    ),
    described("vdp_flyout", "VDP flyout", "VDP", [*VDP, ("VDP_E", "{year} {model} {stock}")], {}),
    described("vdp_flyout_url", "VDP flyout with URL", "VDPU", [*VDP, ("VDP_D", "{url}")], {}),
]
# A name to choose for a layout that nobody has described yet: it has no version.
UNDESCRIBED = {"code": "custom", "name": "Custom", "abbreviation": "CUS"}


def create_built_in(apps, schema_editor=None):
    templates = apps.get_model("orders", "OutputTemplate").objects
    versions = apps.get_model("orders", "OutputTemplateVersion").objects
    for data in BUILT_IN:
        row = templates.create(
            code=data["code"],
            name=data["name"],
            abbreviation=data["abbreviation"],
            built_in=True,
            is_default=data["code"] == "shortcut_pack",
        )
        versions.create(output_template=row, number=1, columns=data["columns"], options=data["options"])
    templates.create(**UNDESCRIBED, built_in=True)


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_make_vin_log_append_only")]

    operations = [
        migrations.CreateModel(
            name="OutputTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=60, unique=True)),
                ("abbreviation", models.CharField(max_length=10)),
                ("built_in", models.BooleanField(default=False, editable=False)),
                (
                    "is_default",
                    models.BooleanField(default=False, help_text="Serves dealerships that chose none."),
                ),
                ("retired", models.BooleanField(default=False)),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.CreateModel(
            name="OutputTemplateVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("columns", models.JSONField()),
                ("options", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "output_template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="orders.outputtemplate",
                    ),
                ),
            ],
            options={"ordering": ["output_template", "number"]},
        ),
        migrations.AddConstraint(
            model_name="outputtemplate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("is_default",), name="one_default_output_template"
            ),
        ),
        migrations.AddConstraint(
            model_name="outputtemplateversion",
            constraint=models.UniqueConstraint(fields=("output_template", "number"), name="one_version_per_number"),
        ),
        migrations.RunSQL(TRIGGER, UNDO),
        migrations.RunPython(create_built_in, migrations.RunPython.noop),
    ]
