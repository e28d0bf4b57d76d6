import django.db.models.deletion
from django.db import migrations, models

# Until now the settings of an order named its output templates by code, and each had one version.
FILL = """
UPDATE orders_order SET
    template_version_new_id = (
        SELECT version.id FROM orders_outputtemplateversion version
        JOIN orders_outputtemplate template ON template.id = version.output_template_id
        WHERE template.code = output_settings->>'template_new'),
    template_version_used_id = (
        SELECT version.id FROM orders_outputtemplateversion version
        JOIN orders_outputtemplate template ON template.id = version.output_template_id
        WHERE template.code = output_settings->>'template_used'),
    output_settings = output_settings - 'template_new' - 'template_used';
SET CONSTRAINTS ALL IMMEDIATE;
"""
UNDO = """
UPDATE orders_order SET output_settings = output_settings || jsonb_build_object(
    'template_new', (
        SELECT template.code FROM orders_outputtemplate template
        JOIN orders_outputtemplateversion version ON template.id = version.output_template_id
        WHERE version.id = template_version_new_id),
    'template_used', (
        SELECT template.code FROM orders_outputtemplate template
        JOIN orders_outputtemplateversion version ON template.id = version.output_template_id
        WHERE version.id = template_version_used_id));
SET CONSTRAINTS ALL IMMEDIATE;
"""


def version_key(*, null):
    return models.ForeignKey(
        editable=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="orders.outputtemplateversion",
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_add_output_templates")]

    operations = [
        migrations.AddField("order", "template_version_new", version_key(null=True)),
        migrations.AddField("order", "template_version_used", version_key(null=True)),
        migrations.RunSQL(FILL, UNDO),
        migrations.AlterField("order", "template_version_new", version_key(null=False)),
        migrations.AlterField("order", "template_version_used", version_key(null=False)),
    ]
