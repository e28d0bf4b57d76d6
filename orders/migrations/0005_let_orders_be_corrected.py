import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_keep_the_output_template_versions_of_orders")]

    operations = [
        migrations.AddField(
            "order",
            "corrects",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="orders.order",
            ),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                name="correction_is_a_list_of_another_order",
                condition=Q(corrects__isnull=True) | (Q(kind="list") & ~Q(corrects=F("id"))),
            ),
        ),
    ]
