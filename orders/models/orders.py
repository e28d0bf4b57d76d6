"""What we print and have printed: orders, their lines and files."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right, Upper

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup, FilterRules
from dealerships.models import KIND_CHOICES, Dealership, OutputTemplate
from foundation.models import Traced
from inventory.domain.vin import VIN_END
from inventory.models import Dataset, VehicleColumns
from jobs.models import Claimable
from orders.domain.batches import BatchState
from orders.domain.lines import EntryOutcome
from orders.domain.output_template_data import output_template_from
from orders.domain.output_templates import OutputTemplate as TypedOutputTemplate
from orders.domain.states import OPEN_STATES, OrderState
from orders.models.choices import GROUP_CHOICES


class OutputTemplateVersion(models.Model):
    """The columns and options of an output template as they were at one time; a trigger refuses every change."""

    output_template = models.ForeignKey(OutputTemplate, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    columns = models.JSONField()
    options = models.JSONField(default=dict)
    note = models.TextField(blank=True, help_text="Why it was made, for example: wider stock column.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["output_template", "number"]
        constraints = [models.UniqueConstraint(name="one_version_per_number", fields=["output_template", "number"])]

    def __str__(self) -> str:
        return f"{self.output_template} version {self.number}"

    def as_output_template(self) -> TypedOutputTemplate:
        """The typed form that files are rendered by."""
        row = self.output_template
        return output_template_from(
            {
                "code": row.code,
                "name": row.name,
                "abbreviation": row.abbreviation,
                "columns": self.columns,
                "options": self.options,
            },
            version=self.number,
        )


class Batch(models.Model):
    """Orders of many dealerships that are prepared, reviewed and completed together; its state follows from them.

    `chosen_by` says how its dealerships were chosen; `confirmed` is the yes to stale inventory and unusual counts.
    """

    chosen_by = models.CharField(max_length=40)
    state = models.CharField(max_length=21, choices=[(s, s) for s in BatchState], default=BatchState.BUILDING)
    confirmed = models.BooleanField(default=False)
    idempotency_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"Batch {self.pk}"


class BatchSummary(models.Model):
    """What came of a finished batch, computed behind its end."""

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, related_name="summary")
    data = models.JSONField(encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True)


class OrderQuerySet(models.QuerySet["Order"]):
    def open(self) -> "OrderQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def done(self) -> "OrderQuerySet":
        return self.filter(state=OrderState.DONE)

    def for_dealership(self, dealership: Dealership) -> "OrderQuerySet":
        return self.filter(dealership=dealership)


class Order(Claimable):
    """One dealership's job; what it was prepared with (rules, settings, dataset) is stored with it.

    A correction names the done order that it `corrects` and prints some of its vehicles again.
    """

    dealership = models.ForeignKey(Dealership, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=12, choices=KIND_CHOICES)
    condition_group = models.CharField(max_length=4, choices=GROUP_CHOICES, default=ConditionGroup.ALL)
    state = models.CharField(max_length=10, choices=[(s, s) for s in OrderState], default=OrderState.DRAFT)
    order_number = models.CharField(max_length=100, blank=True)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="corrections"
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="orders"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, null=True, blank=True, related_name="orders")
    rules = models.JSONField(null=True, blank=True, editable=False)
    output_settings = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    template_version_new = models.ForeignKey(
        OutputTemplateVersion, on_delete=models.PROTECT, related_name="+", editable=False
    )
    template_version_used = models.ForeignKey(
        OutputTemplateVersion, on_delete=models.PROTECT, related_name="+", editable=False
    )
    notices = models.JSONField(default=list, blank=True, editable=False)
    excluded = models.JSONField(default=dict, blank=True, editable=False)
    log_vins = models.BooleanField(default=True)
    log_skip_reason = models.TextField(blank=True)
    idempotency_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["dealership", "state"]),
            models.Index(fields=["order_number"]),
            models.Index(OpClass(Upper("order_number"), "text_pattern_ops"), name="order_number_start"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="one_open_order_per_kind_and_group",
                fields=["dealership", "kind", "condition_group"],
                condition=Q(state__in=sorted(OPEN_STATES)),
            ),
            models.CheckConstraint(
                name="skipped_log_has_a_reason", condition=Q(log_vins=True) | ~Q(log_skip_reason="")
            ),
            models.CheckConstraint(
                name="correction_is_a_list_of_another_order",
                condition=Q(corrects__isnull=True) | (Q(kind=OrderKind.LIST.value) & ~Q(corrects=F("id"))),
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.pk} of {self.dealership}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_editable(self) -> bool:
        return self.state == OrderState.REVIEW

    def in_words(self) -> str:
        """How people name the order: by its number, before it has one by its id."""
        return f"order {self.order_number}" if self.order_number else f"order {self.pk}, not numbered"

    def corrections_in_force(self) -> "OrderQuerySet":
        """The orders that print lines of this done one again, cancelled ones apart."""
        return Order.objects.filter(corrects=self).exclude(state=OrderState.CANCELLED).order_by("pk")

    def filter_rules(self) -> FilterRules | None:
        """The rules that the order was prepared with."""
        return None if self.rules is None else FilterRules.from_mapping(self.rules)


class BatchEntry(models.Model):
    """One order that a batch is to have: the order, or why there is none (`code` and `reason`); neither: it waits."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    dealership = models.ForeignKey(Dealership, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=KIND_CHOICES)
    condition_group = models.CharField(max_length=4, choices=GROUP_CHOICES)
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="batch_entry", editable=False
    )
    in_the_way = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    order_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "batch entries"
        constraints = [
            models.UniqueConstraint(
                name="one_entry_per_batch_and_group", fields=["batch", "dealership", "condition_group"]
            ),
            models.UniqueConstraint(name="one_batch_entry_per_position", fields=["batch", "position"]),
            models.CheckConstraint(
                name="batch_entry_has_an_order_or_a_reason",
                condition=Q(order__isnull=True) | Q(code="", reason=""),
            ),
            models.CheckConstraint(
                name="batch_entry_reason_has_a_code",
                condition=(Q(code="") & Q(reason="")) | (~Q(code="") & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.dealership}"


class OrderEvent(Traced):
    """Who did what to an order, when; `line_changes` are those of `orders.domain.line_changes`, as documents."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    action = models.CharField(max_length=40)
    detail = models.TextField(blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    line_changes = models.JSONField(default=list, blank=True, editable=False)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, editable=False, related_name="undone_by")

    class Meta:
        ordering = ["id"]


class OrderLine(VehicleColumns):
    """One vehicle's frozen snapshot in an order; `overrides` holds the reviewer's values by field name.

    `lacks` says what keeps the line from being printed and `warnings` what a reviewer should know of it, as they were
    judged when the line was last saved; None for a line that has not been judged yet.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    seq = models.PositiveIntegerField()
    raw = models.JSONField(default=dict, blank=True, editable=False)
    overrides = models.JSONField(default=dict, blank=True)
    sources = ArrayField(models.CharField(max_length=4, choices=[("CAO", "CAO"), ("LIST", "LIST")]), default=list)
    is_placeholder = models.BooleanField(default=False)
    rule_warning = models.TextField(blank=True)
    included = models.BooleanField(default=True)
    exclusion_reason = models.TextField(blank=True)
    reprint_confirmed = models.BooleanField(default=False)
    is_duplicate = models.BooleanField(default=False, help_text="The VIN log held it before this order.")
    version = models.PositiveIntegerField(default=1)
    lacks = models.TextField(blank=True, editable=False)
    warnings = ArrayField(models.TextField(), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["seq"]
        indexes = [
            models.Index(Right("vin", VIN_END), name="order_line_vin_end"),
            models.Index(Upper("stock"), name="order_line_stock"),
        ]
        constraints = [
            models.UniqueConstraint(name="one_line_per_order_and_vin", fields=["order", "vin"]),
            models.UniqueConstraint(name="one_line_per_order_and_seq", fields=["order", "seq"]),
            models.CheckConstraint(
                name="left_out_line_has_a_reason", condition=Q(included=True) | ~Q(exclusion_reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.vin}"


class OpenVin(models.Model):
    """A VIN that stands in an open order; the constraint keeps two open orders from printing one vehicle."""

    dealership = models.ForeignKey(Dealership, on_delete=models.CASCADE)
    vin = models.CharField(max_length=17)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="open_vins")

    class Meta:
        constraints = [models.UniqueConstraint(name="vin_in_one_open_order", fields=["dealership", "vin"])]


class ListEntry(models.Model):
    """One entry that a person typed for a LIST, and what became of it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    text = models.CharField(max_length=200)
    outcome = models.CharField(max_length=16, choices=[(o, o.replace("_", " ")) for o in EntryOutcome])
    vin = models.CharField(max_length=17, blank=True)
    detail = models.TextField(blank=True)
    suggestion = models.CharField(max_length=17, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="one_entry_per_position", fields=["order", "position"])]


class Artifact(models.Model):
    """One released file of an order; downloads go through these rows only."""

    class Kind(models.TextChoices):
        CSV = "csv", "Adobe CSV"
        QR = "qr", "QR code"
        BILLING = "billing", "Billing sheet"
        VEHICLES = "vehicles", "Vehicle export"
        SUMMARY = "summary", "Summary"
        ZIP = "zip", "ZIP"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="artifacts")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=400, editable=False)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    rows = models.PositiveIntegerField(default=0)
    output_template = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(name="one_artifact_per_name", fields=["order", "kind", "name"])]

    def __str__(self) -> str:
        return self.name
