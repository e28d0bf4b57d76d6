import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dealerships", "0004_take_over_output_templates"),
        ("orders", "0005_let_orders_be_corrected"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The key follows its table, which has another name now.
            state_operations=[
                migrations.AlterField(
                    model_name="outputtemplateversion",
                    name="output_template",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="dealerships.outputtemplate",
                    ),
                ),
                migrations.DeleteModel(name="OutputTemplate"),
            ]
        ),
        migrations.AddField(
            model_name="outputtemplateversion",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="outputtemplateversion",
            name="note",
            field=models.TextField(blank=True, help_text="Why it was made, for example: wider stock column."),
        ),
    ]
