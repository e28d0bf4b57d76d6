"""What a person has typed of an order that is not prepared yet."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.models import KIND_CHOICES, Dealership
from orders.models.choices import GROUP_CHOICES


class OrderDraftQuerySet(models.QuerySet["OrderDraft"]):
    def open(self) -> "OrderDraftQuerySet":
        return self.filter(discarded_at__isnull=True)

    def begun(self) -> "OrderDraftQuerySet":
        """Those with anything typed, the one that was touched last in front."""
        return self.open().exclude(entries="").order_by("-updated_at")


class OrderDraft(models.Model):
    """An order in the making: what a user typed for a dealership, kept by the server until the order is prepared.

    `key` becomes the idempotency key of the order. `version` counts what was saved and `writer` names the open page
    that saved last, so that no page overwrites what it never showed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    dealership = models.ForeignKey(Dealership, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=12, choices=KIND_CHOICES, default=OrderKind.LIST)
    condition_group = models.CharField(max_length=4, choices=GROUP_CHOICES, blank=True, default=ConditionGroup.ALL)
    entries = models.TextField(blank=True)
    include_missing = models.BooleanField(default=False)
    vin_only = ArrayField(
        models.CharField(max_length=17), default=list, blank=True, help_text="VINs to print though not on the website."
    )
    key = models.UUIDField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    writer = models.UUIDField(editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    discarded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OrderDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(name="one_draft_per_user_and_key", fields=["user", "key"]),
            models.UniqueConstraint(
                name="one_draft_per_user_and_dealership",
                fields=["user", "dealership"],
                condition=Q(discarded_at__isnull=True, dealership__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_draft_without_dealership",
                fields=["user"],
                condition=Q(discarded_at__isnull=True, dealership__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Draft of {self.user} for {self.dealership or 'no dealership yet'}"
