"""Tables that every app leans on: recorded events and token buckets."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from simple_history.models import HistoricalRecords

from foundation import context


class Traced(models.Model):
    """A recorded event that knows which request caused it; both are empty for commands and background work."""

    request_id = models.CharField(max_length=64, blank=True, default=context.request_id, editable=False)
    address = models.CharField(max_length=45, blank=True, default=context.address, editable=False)

    class Meta:
        abstract = True


class History(HistoricalRecords):  # type: ignore[misc]  # the library has no types
    """Every former state of a row, with who changed it, when, and in which request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(bases=[Traced], **options)


class AuditEntry(Traced):
    """Something that happened and that no other table tells of: sign-ins, refusals, users and roles, downloads.

    Append-only; a trigger refuses every change.
    """

    at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)
    action = models.CharField(max_length=40)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"


class TokenBucket(models.Model):
    """How often somebody may still do something; tokens come back with time."""

    action = models.CharField(max_length=40)
    key = models.CharField(max_length=64, blank=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_token_bucket_per_action_and_key", fields=["action", "key"])]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"


class Theme(models.TextChoices):
    SYSTEM = "system", "As the system"
    DARK = "dark", "Dark"
    LIGHT = "light", "Light"


class Preferences(models.Model):
    """How one person likes the pages; on the server, so that every browser of that person shows the same.

    `columns` has the names of the columns that are shown, by the name of the table.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    single_keys = models.BooleanField(default=True)
    comfortable = models.BooleanField(default=False)
    columns = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "preferences"
        constraints = [models.CheckConstraint(name="known_theme", condition=models.Q(theme__in=Theme.values))]

    def __str__(self) -> str:
        return f"preferences of {self.user}"
