import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

FIELDS = [
    ("code", models.SlugField(max_length=40, unique=True)),
    ("name", models.CharField(max_length=60, unique=True)),
    ("abbreviation", models.CharField(max_length=10)),
    ("built_in", models.BooleanField(default=False, editable=False)),
    ("is_default", models.BooleanField(default=False, help_text="Serves dealerships that chose none.")),
    ("retired", models.BooleanField(default=False, help_text="Offered to no dealership any more.")),
]


class Migration(migrations.Migration):
    """The rows stay where they are: their table gets another name and this app."""

    dependencies = [
        ("dealerships", "0003_allow_relative_path_profiles"),
        ("orders", "0004_keep_the_output_template_versions_of_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE orders_outputtemplate RENAME TO dealerships_outputtemplate",
                    "ALTER TABLE dealerships_outputtemplate RENAME TO orders_outputtemplate",
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="OutputTemplate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        *((name, field.clone()) for name, field in FIELDS),
                    ],
                    options={"ordering": ["id"]},
                ),
                migrations.AddConstraint(
                    model_name="outputtemplate",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="one_default_output_template",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HistoricalOutputTemplate",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("code", models.SlugField(max_length=40)),
                ("name", models.CharField(db_index=True, max_length=60)),
                *((name, field.clone()) for name, field in FIELDS[2:]),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical output template",
                "verbose_name_plural": "historical output templates",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
    ]
