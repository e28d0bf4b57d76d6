"""How inventory arrives from websites: their configuration, sessions of runs, and every page that was read."""

from datetime import time
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from dealerships.models import Dealership
from foundation.models import History
from inventory.models import InventoryImport
from jobs.models import Claimable
from scrapers.domain.shapes import Match, RooftopRule, Site
from scrapers.domain.sites import for_platform

MATCH_CHOICES = [
    (Match.ANY, "Every vehicle of the website"),
    (Match.EQUALS, "The label is exactly"),
    (Match.CONTAINS, "The label contains"),
]


class WebsiteQuerySet(models.QuerySet["Website"]):
    def enabled(self) -> "WebsiteQuerySet":
        """Those that are read on schedule: switched on, of dealerships that the shop serves."""
        return self.filter(enabled=True, dealership__active=True)


class Website(models.Model):
    """A dealership's website as configuration: its platform, ids, rooftop rule and pace. Managers alone change it.

    `learned` is what earlier runs read from its pages (keys, ids); `loaded_values` what the shipped table gave last.
    """

    dealership = models.OneToOneField(Dealership, on_delete=models.PROTECT, related_name="website")
    platform = models.CharField(max_length=20)
    base_url = models.URLField(max_length=200, help_text="For example https://www.example.com, without a path.")
    parameters = models.JSONField(default=dict, blank=True, help_text="The platform's ids by name.")
    scope = models.JSONField(default=dict, blank=True, help_text="Query parameters that restrict lists to the rooftop.")
    status_keys = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    page_size = models.PositiveSmallIntegerField(null=True, blank=True)
    extra_hosts = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, help_text="Sister websites that lists come from."
    )
    rooftop_match = models.CharField(max_length=8, choices=MATCH_CHOICES, default=Match.ANY)
    rooftop_text = models.CharField(max_length=200, blank=True)
    rooftop_source = models.CharField(max_length=60, blank=True, help_text="The platform's field that holds the label.")
    rooftop_confirmed = models.BooleanField(
        default=False, help_text="A person looked whether the rule keeps this dealership's vehicles and no others."
    )
    street_address = models.CharField(max_length=120, blank=True)
    locality = models.CharField(max_length=60, blank=True)
    postal_code = models.CharField(max_length=12, blank=True)
    region = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=30, blank=True)
    enabled = models.BooleanField(default=False, help_text="Read on schedule. Probe the website first.")
    scrape_at = models.TimeField(default=time(4), help_text="The time of day, on the shop's clock.")
    pace_seconds = models.DecimalField(
        max_digits=4, decimal_places=1, default=Decimal("1.5"), help_text="Seconds between two requests: 1 to 10."
    )
    most_megabytes = models.PositiveIntegerField(default=200, help_text="The most that one run may read.")
    robots_override = models.TextField(
        blank=True, help_text="Why this website is read although its robots.txt asks otherwise."
    )
    permission_note = models.TextField(blank=True, help_text="What the dealership said about automated reading.")
    probed_at = models.DateTimeField(null=True, blank=True, editable=False)
    enabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    learned = models.JSONField(default=dict, blank=True, editable=False)
    loaded_values = models.JSONField(default=dict, blank=True, editable=False)
    history = History(excluded_fields=["learned", "loaded_values", "probed_at", "enabled_at"])

    objects = WebsiteQuerySet.as_manager()

    class Meta:
        ordering = ["dealership__name"]
        constraints = [
            models.CheckConstraint(name="website_pace", condition=Q(pace_seconds__gte=1, pace_seconds__lte=10)),
            models.CheckConstraint(
                name="website_rooftop_named", condition=Q(rooftop_match=Match.ANY) | ~Q(rooftop_text="")
            ),
            models.CheckConstraint(
                name="website_enabled_after_a_look",
                condition=Q(enabled=False) | Q(rooftop_confirmed=True, probed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Website of {self.dealership}"

    def clean(self) -> None:
        if self.enabled and not (self.rooftop_confirmed and self.probed_at):
            message = "Probe the website and confirm its rooftop rule first; only then it is read on schedule."
            raise ValidationError({"enabled": message})
        if self.rooftop_match != Match.ANY and not self.rooftop_text.strip():
            raise ValidationError({"rooftop_text": "Say which label the dealership's own vehicles carry."})

    def site(self) -> Site:
        """The configuration as an adapter needs to know it; settings of other platforms do not count."""
        return Site(
            platform=self.platform,
            base_url=self.base_url.rstrip("/"),
            parameters=for_platform(self.platform, self.parameters),
            scope=for_platform(self.platform, self.scope),
            rooftop=RooftopRule(match=Match(self.rooftop_match), text=self.rooftop_text, source=self.rooftop_source),
            status_keys=tuple(self.status_keys),
            page_size=self.page_size,
            learned=self.learned,
        )


class ScrapeSession(models.Model):
    """Runs that were asked for together, by a person, a command or the schedule; its state is that of its runs."""

    class Trigger(models.TextChoices):
        PERSON = "person", "A person"
        COMMAND = "command", "A command"
        SCHEDULE = "schedule", "The schedule"

    trigger = models.CharField(max_length=8, choices=Trigger)
    is_dry_run = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Scrape session {self.pk}"


class ScrapeRunQuerySet(models.QuerySet["ScrapeRun"]):
    def open(self) -> "ScrapeRunQuerySet":
        return self.filter(state__in=ScrapeRun.OPEN)


class ScrapeRun(Claimable):
    """One dealership's website read once; it goes on behind the last page that was kept, whatever happened.

    `tries` are those of the first of the requests that are still to be made. A `round` is a reading from the start: a
    second one follows when vehicles moved while they were read, or when the platform's key had changed; pages of
    earlier rounds do not count. `foreign_rows` are vehicles of other rooftops, `reason` is what a person must know.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waits"
        RUNNING = "running", "Reading"
        DONE = "done", "Done"
        HELD = "held", "Held"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    OPEN: ClassVar = [State.QUEUED, State.RUNNING]

    session = models.ForeignKey(ScrapeSession, on_delete=models.PROTECT, related_name="runs")
    dealership = models.ForeignKey(Dealership, on_delete=models.PROTECT, related_name="scrape_runs")
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    platform = models.CharField(max_length=20)
    tries = models.PositiveSmallIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True, editable=False)
    round = models.PositiveSmallIntegerField(default=0)
    round_started_at = models.DateTimeField(null=True, editable=False)
    has_repeated = models.BooleanField(default=False)
    has_refreshed = models.BooleanField(default=False)
    requests = models.PositiveIntegerField(default=0)
    read_bytes = models.PositiveBigIntegerField(default=0)
    vehicles = models.PositiveIntegerField(default=0)
    foreign_rows = models.PositiveIntegerField(default=0)
    reported_total = models.PositiveIntegerField(null=True, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    reason = models.TextField(blank=True)
    inventory_import = models.OneToOneField(
        InventoryImport, on_delete=models.SET_NULL, null=True, blank=True, related_name="scrape_run"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScrapeRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["dealership", "-id"])]
        constraints = [
            models.UniqueConstraint(
                name="one_open_scrape_run_per_dealership",
                fields=["dealership"],
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Scrape run {self.pk} of {self.dealership}"


class ScrapeRequest(models.Model):
    """A request that a run is still to make; that of the lowest position is next, and goes when it was answered."""

    run = models.ForeignKey(ScrapeRun, on_delete=models.CASCADE, related_name="pending", db_index=False)
    position = models.IntegerField()
    document = models.JSONField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="one_scrape_request_per_position", fields=["run", "position"]),
        ]

    def __str__(self) -> str:
        return f"Request {self.position} of run {self.run_id}"


class ScrapePage(models.Model):
    """One answer of a website, kept in the step that took its request away; `vehicles` are its texts as seen."""

    run = models.ForeignKey(ScrapeRun, on_delete=models.CASCADE, related_name="pages", db_index=False)
    number = models.PositiveIntegerField()
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8)
    method = models.CharField(max_length=4)
    url = models.TextField()
    status = models.PositiveSmallIntegerField()
    seconds = models.FloatField()
    received_bytes = models.PositiveIntegerField()
    body_bytes = models.PositiveIntegerField()
    snapshot = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    list_name = models.CharField(max_length=80, blank=True)
    rows = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    total_declared = models.PositiveIntegerField(null=True)
    page_number = models.PositiveIntegerField(null=True)
    pages_declared = models.PositiveIntegerField(null=True)
    page_size = models.PositiveIntegerField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    vehicles = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    fetched_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="one_scrape_page_per_place", fields=["run", "number"]),
        ]

    def __str__(self) -> str:
        return f"Page {self.number} of run {self.run_id}"


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
    reached since.
    """

    host = models.CharField(max_length=255, primary_key=True)
    tried_at = models.DateTimeField()
    fetched_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.host
