"""Tables of the scrapers."""

from django.db import models
from django.db.models.functions import Now


class HostPace(models.Model):
    """When a website may be asked next, over all workers, and who is asking it at the moment.

    `host` is a registrable domain, so a platform's service that many dealerships share has one pace.
    """

    host = models.CharField(max_length=255, primary_key=True)
    next_allowed_at = models.DateTimeField(db_default=Now())
    holder = models.UUIDField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.host


class RobotsFile(models.Model):
    """What a host's robots.txt said when it was last read.

    `fetched_at`, `status` and `body` are of the last answer that counts; `tried_at` is later when the host could not be
    reached since. A host that never answered has a `status` of NULL.
    """

    host = models.CharField(max_length=255, primary_key=True)
    tried_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.host
