"""Columns shared by every row that represents work: who works on it, and until when that is believed."""

from django.db import models


class Claimable(models.Model):
    """A row that one worker at a time may own; ownership ends by itself when the lease runs out (database time)."""

    token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error_text = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True
