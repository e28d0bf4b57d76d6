"""The VIN log: what was printed for whom, and the files that it was read from."""

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Right, Upper

from dealerships.models import Dealership
from inventory.domain.vin import VIN_END
from orders.models.choices import FIVE_DIGITS
from orders.models.orders import Order


class VinLogImport(models.Model):
    """One VIN log file that was read, with the account of its rows."""

    dealership = models.ForeignKey(Dealership, on_delete=models.PROTECT)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    rows_read = models.PositiveIntegerField()
    entries_added = models.PositiveIntegerField()
    already_logged = models.PositiveIntegerField()
    blank_rows = models.PositiveIntegerField()
    problems = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "VIN log import"


class VinLogQuerySet(models.QuerySet["VinLogEntry"]):
    def in_force(self) -> "VinLogQuerySet":
        return self.filter(voided_at__isnull=True)

    def for_dealership(self, dealership: Dealership) -> "VinLogQuerySet":
        return self.filter(dealership=dealership)


class VinLogEntry(models.Model):
    """This VIN was printed for this dealership on this order. Append-only: a mistake is voided, never changed.

    A trigger in the database refuses every other change.
    """

    class Source(models.TextChoices):
        ORDER = "order", "Order"
        IMPORT = "import", "Import"
        MANUAL = "manual", "Manual"

    dealership = models.ForeignKey(Dealership, on_delete=models.PROTECT, related_name="vin_log_entries")
    vin = models.CharField(max_length=20)
    label = models.CharField(max_length=200, blank=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="vin_log_entries")
    order_kind = models.CharField(max_length=12, blank=True)
    date = models.DateField(null=True, blank=True)
    output_template = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=6, choices=Source)
    vin_log_import = models.ForeignKey(VinLogImport, on_delete=models.PROTECT, null=True, blank=True)
    is_baseline = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    void_reason = models.TextField(blank=True)

    objects = VinLogQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "VIN log entries"
        indexes = [
            models.Index(fields=["dealership", "vin"]),
            models.Index(fields=["dealership", "-id"], name="newest_log_entry_first"),
            models.Index(fields=["dealership"], condition=Q(voided_at__isnull=False), name="void_log_entries"),
            models.Index(Right("vin", VIN_END), name="log_entry_vin_end"),
            models.Index(OpClass(Upper("label"), "text_pattern_ops"), name="log_entry_label_start"),
            models.Index(fields=["label"], condition=Q(label__regex=FIVE_DIGITS), name="log_entry_order_number"),
        ]
        constraints = [
            models.UniqueConstraint(name="one_log_entry_per_order_and_vin", fields=["order", "vin"]),
            models.CheckConstraint(
                name="voided_entry_has_a_reason", condition=Q(voided_at__isnull=True) | ~Q(void_reason="")
            ),
        ]

    def __str__(self) -> str:
        return self.vin
