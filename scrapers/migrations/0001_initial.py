import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import foundation.context
import scrapers.domain.shapes
import simple_history.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from foundation.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("dealerships", "0006_trace_events_to_requests"),
        ("inventory", "0008_tell_files_from_websites"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HostPace",
            fields=[
                ("host", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("next_allowed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("holder", models.UUIDField(blank=True, null=True)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RobotsFile",
            fields=[
                ("host", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("tried_at", models.DateTimeField()),
                ("fetched_at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="HistoricalWebsite",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "request_id",
                    models.CharField(blank=True, default=foundation.context.request_id, editable=False, max_length=64),
                ),
                (
                    "address",
                    models.CharField(blank=True, default=foundation.context.address, editable=False, max_length=45),
                ),
                ("platform", models.CharField(max_length=20)),
                ("base_url", models.URLField(help_text="For example https://www.example.com, without a path.")),
                ("parameters", models.JSONField(blank=True, default=dict, help_text="The platform's ids by name.")),
                (
                    "scope",
                    models.JSONField(
                        blank=True, default=dict, help_text="Query parameters that restrict lists to the rooftop."
                    ),
                ),
                (
                    "status_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                ("page_size", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "extra_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253),
                        blank=True,
                        default=list,
                        help_text="Sister websites that lists come from.",
                        size=None,
                    ),
                ),
                (
                    "rooftop_match",
                    models.CharField(
                        choices=[
                            (scrapers.domain.shapes.Match["ANY"], "Every vehicle of the website"),
                            (scrapers.domain.shapes.Match["EQUALS"], "The label is exactly"),
                            (scrapers.domain.shapes.Match["CONTAINS"], "The label contains"),
                        ],
                        default=scrapers.domain.shapes.Match["ANY"],
                        max_length=8,
                    ),
                ),
                ("rooftop_text", models.CharField(blank=True, max_length=200)),
                (
                    "rooftop_source",
                    models.CharField(blank=True, help_text="The platform's field that holds the label.", max_length=60),
                ),
                (
                    "rooftop_confirmed",
                    models.BooleanField(
                        default=False,
                        help_text="A person looked whether the rule keeps this dealership's vehicles and no others.",
                    ),
                ),
                ("street_address", models.CharField(blank=True, max_length=120)),
                ("locality", models.CharField(blank=True, max_length=60)),
                ("postal_code", models.CharField(blank=True, max_length=12)),
                ("region", models.CharField(blank=True, max_length=30)),
                ("country", models.CharField(blank=True, max_length=30)),
                ("enabled", models.BooleanField(default=False, help_text="Read on schedule. Probe the website first.")),
                (
                    "scrape_at",
                    models.TimeField(default=datetime.time(4, 0), help_text="The time of day, on the shop's clock."),
                ),
                (
                    "pace_seconds",
                    models.DecimalField(
                        decimal_places=1,
                        default=Decimal("1.5"),
                        help_text="Seconds between two requests: 1 to 10.",
                        max_digits=4,
                    ),
                ),
                (
                    "most_megabytes",
                    models.PositiveIntegerField(default=200, help_text="The most that one run may read."),
                ),
                (
                    "robots_override",
                    models.TextField(
                        blank=True, help_text="Why this website is read although its robots.txt asks otherwise."
                    ),
                ),
                (
                    "permission_note",
                    models.TextField(blank=True, help_text="What the dealership said about automated reading."),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "dealership",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="dealerships.dealership",
                    ),
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
                "verbose_name": "historical website",
                "verbose_name_plural": "historical websites",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ScrapeSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "trigger",
                    models.CharField(
                        choices=[("person", "A person"), ("command", "A command"), ("schedule", "The schedule")],
                        max_length=8,
                    ),
                ),
                ("is_dry_run", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ScrapeRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(blank=True, editable=False, null=True)),
                ("lease_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("claims_total", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("not_before", models.DateTimeField(blank=True, editable=False, null=True)),
                ("enqueued_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("cancel_requested", models.BooleanField(default=False, editable=False)),
                ("owner_host", models.CharField(blank=True, editable=False, max_length=255)),
                ("owner_pid", models.PositiveIntegerField(blank=True, editable=False, null=True)),
                ("incarnation", models.PositiveBigIntegerField(blank=True, editable=False, null=True)),
                ("error_stage", models.CharField(blank=True, editable=False, max_length=20)),
                ("error_code", models.CharField(blank=True, editable=False, max_length=40)),
                ("error_text", models.TextField(blank=True, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waits"),
                            ("running", "Reading"),
                            ("done", "Done"),
                            ("held", "Held"),
                            ("partial", "Partial"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=9,
                    ),
                ),
                ("platform", models.CharField(max_length=20)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("first_tried_at", models.DateTimeField(editable=False, null=True)),
                ("round", models.PositiveSmallIntegerField(default=0)),
                ("round_started_at", models.DateTimeField(editable=False, null=True)),
                ("has_repeated", models.BooleanField(default=False)),
                ("has_refreshed", models.BooleanField(default=False)),
                ("requests", models.PositiveIntegerField(default=0)),
                ("read_bytes", models.PositiveBigIntegerField(default=0)),
                ("vehicles", models.PositiveIntegerField(default=0)),
                ("foreign_rows", models.PositiveIntegerField(default=0)),
                ("reported_total", models.PositiveIntegerField(blank=True, null=True)),
                ("warnings", models.JSONField(blank=True, default=list)),
                ("reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "dealership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scrape_runs",
                        to="dealerships.dealership",
                    ),
                ),
                (
                    "inventory_import",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scrape_run",
                        to="inventory.inventoryimport",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="scrapers.scrapesession"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Website",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("platform", models.CharField(max_length=20)),
                ("base_url", models.URLField(help_text="For example https://www.example.com, without a path.")),
                ("parameters", models.JSONField(blank=True, default=dict, help_text="The platform's ids by name.")),
                (
                    "scope",
                    models.JSONField(
                        blank=True, default=dict, help_text="Query parameters that restrict lists to the rooftop."
                    ),
                ),
                (
                    "status_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                ("page_size", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "extra_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253),
                        blank=True,
                        default=list,
                        help_text="Sister websites that lists come from.",
                        size=None,
                    ),
                ),
                (
                    "rooftop_match",
                    models.CharField(
                        choices=[
                            (scrapers.domain.shapes.Match["ANY"], "Every vehicle of the website"),
                            (scrapers.domain.shapes.Match["EQUALS"], "The label is exactly"),
                            (scrapers.domain.shapes.Match["CONTAINS"], "The label contains"),
                        ],
                        default=scrapers.domain.shapes.Match["ANY"],
                        max_length=8,
                    ),
                ),
                ("rooftop_text", models.CharField(blank=True, max_length=200)),
                (
                    "rooftop_source",
                    models.CharField(blank=True, help_text="The platform's field that holds the label.", max_length=60),
                ),
                (
                    "rooftop_confirmed",
                    models.BooleanField(
                        default=False,
                        help_text="A person looked whether the rule keeps this dealership's vehicles and no others.",
                    ),
                ),
                ("street_address", models.CharField(blank=True, max_length=120)),
                ("locality", models.CharField(blank=True, max_length=60)),
                ("postal_code", models.CharField(blank=True, max_length=12)),
                ("region", models.CharField(blank=True, max_length=30)),
                ("country", models.CharField(blank=True, max_length=30)),
                ("enabled", models.BooleanField(default=False, help_text="Read on schedule. Probe the website first.")),
                (
                    "scrape_at",
                    models.TimeField(default=datetime.time(4, 0), help_text="The time of day, on the shop's clock."),
                ),
                (
                    "pace_seconds",
                    models.DecimalField(
                        decimal_places=1,
                        default=Decimal("1.5"),
                        help_text="Seconds between two requests: 1 to 10.",
                        max_digits=4,
                    ),
                ),
                (
                    "most_megabytes",
                    models.PositiveIntegerField(default=200, help_text="The most that one run may read."),
                ),
                (
                    "robots_override",
                    models.TextField(
                        blank=True, help_text="Why this website is read although its robots.txt asks otherwise."
                    ),
                ),
                (
                    "permission_note",
                    models.TextField(blank=True, help_text="What the dealership said about automated reading."),
                ),
                ("probed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("enabled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("learned", models.JSONField(blank=True, default=dict, editable=False)),
                ("loaded_values", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "dealership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="website", to="dealerships.dealership"
                    ),
                ),
            ],
            options={
                "ordering": ["dealership__name"],
            },
        ),
        migrations.CreateModel(
            name="ScrapeRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.IntegerField()),
                ("document", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pending",
                        to="scrapers.scraperun",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "position"), name="one_scrape_request_per_position")
                ],
            },
        ),
        migrations.CreateModel(
            name="ScrapePage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("round", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(max_length=8)),
                ("method", models.CharField(max_length=4)),
                ("url", models.TextField()),
                ("status", models.PositiveSmallIntegerField()),
                ("seconds", models.FloatField()),
                ("received_bytes", models.PositiveIntegerField()),
                ("body_bytes", models.PositiveIntegerField()),
                ("snapshot", models.CharField(blank=True, max_length=120)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("list_name", models.CharField(blank=True, max_length=80)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("gone", models.PositiveIntegerField(default=0)),
                ("total_declared", models.PositiveIntegerField(null=True)),
                ("page_number", models.PositiveIntegerField(null=True)),
                ("pages_declared", models.PositiveIntegerField(null=True)),
                ("page_size", models.PositiveIntegerField(null=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("vehicles", models.JSONField(default=list)),
                ("warnings", models.JSONField(default=list)),
                ("fetched_at", models.DateTimeField(auto_now_add=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pages",
                        to="scrapers.scraperun",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("run", "number"), name="one_scrape_page_per_place")],
            },
        ),
        migrations.AddIndex(
            model_name="scraperun",
            index=models.Index(fields=["dealership", "-id"], name="scrapers_sc_dealers_8f91d5_idx"),
        ),
        migrations.AddConstraint(
            model_name="scraperun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=("dealership",),
                name="one_open_scrape_run_per_dealership",
            ),
        ),
        migrations.AddConstraint(
            model_name="website",
            constraint=models.CheckConstraint(
                condition=models.Q(("pace_seconds__gte", 1), ("pace_seconds__lte", 10)), name="website_pace"
            ),
        ),
        migrations.AddConstraint(
            model_name="website",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rooftop_match", scrapers.domain.shapes.Match["ANY"]),
                    models.Q(("rooftop_text", ""), _negated=True),
                    _connector="OR",
                ),
                name="website_rooftop_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="website",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("enabled", False),
                    models.Q(("probed_at__isnull", False), ("rooftop_confirmed", True)),
                    _connector="OR",
                ),
                name="website_enabled_after_a_look",
            ),
        ),
        append_only("scrapers_historicalwebsite"),
    ]
