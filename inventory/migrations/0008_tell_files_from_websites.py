from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0007_name_the_stage_of_a_failure"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="inventoryimport",
            name="one_import_per_file",
        ),
        migrations.AddField(
            model_name="inventoryimport",
            name="foreign_rows",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="inventoryimport",
            name="origin",
            field=models.CharField(choices=[("file", "File"), ("website", "Website")], default="file", max_length=7),
        ),
        migrations.AddConstraint(
            model_name="inventoryimport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin", "file"), ("reread_of__isnull", True), ("status", "done")),
                fields=("sha256",),
                name="one_import_per_file",
            ),
        ),
    ]
