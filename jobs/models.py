"""Rows that represent work and who does it: claims with leases, starts of the worker, schedules that have fired."""

import uuid

from django.db import models
from django.db.models import Q


class Claimable(models.Model):
    """A row that one worker at a time may own; ownership ends by itself when the lease runs out (database time).

    `jobs.claims` alone writes these columns. `attempts` counts starts and is refunded when the supervisor ended the
    worker; `claims_total` counts every start and never is, so that a row which kills its workers stops.
    """

    token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    claims_total = models.PositiveSmallIntegerField(default=0, editable=False)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    enqueued_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    owner_host = models.CharField(max_length=255, blank=True, editable=False)
    owner_pid = models.PositiveIntegerField(null=True, blank=True, editable=False)
    incarnation = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    error_stage = models.CharField(max_length=20, blank=True, editable=False)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    error_text = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True


CLAIM_COLUMNS = tuple(field.name for field in Claimable._meta.fields)


class Job(Claimable):
    """Work that has no row of its own: what kind, about which subject, and what came of it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waits"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=60)
    subject_id = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    result = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="one_unfinished_job_per_kind_and_subject",
                fields=["kind", "subject_id"],
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Job {self.pk}: {self.kind} {self.subject_id}"


class Incarnation(models.Model):
    """One start of the queue by a supervisor; rows that its workers own name it.

    `seen_at` is the supervisor's own heartbeat. `mark` stands in the environment of every process of the group, so
    that a process group whose number was given to somebody else is never taken for ours.
    """

    class Ending(models.TextChoices):
        STOPPED = "stopped", "Stopped on demand"
        EXITED = "exited", "Ended by itself"
        WEDGED = "wedged", "Did no more work"
        LOST = "lost", "Its supervisor was lost"

    mark = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    supervisor_pid = models.PositiveIntegerField()
    group_id = models.PositiveIntegerField(null=True)
    version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=7, choices=Ending, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Incarnation {self.pk} on {self.host}"


class WorkerHeartbeat(models.Model):
    """The last beat that a worker of an incarnation answered: proof that the whole way through the queue works."""

    incarnation = models.OneToOneField(Incarnation, on_delete=models.CASCADE, related_name="heartbeat")
    at = models.DateTimeField()
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=40)

    class Meta:
        ordering = ["-at"]
        get_latest_by = "at"


class ScheduleRun(models.Model):
    """A slot of a schedule that has been served; the first one only marks from when on the schedule is known."""

    schedule = models.CharField(max_length=60)
    slot = models.DateTimeField()
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    fired_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-slot"]
        constraints = [models.UniqueConstraint(name="one_run_per_schedule_and_slot", fields=["schedule", "slot"])]
