"""What is on the lots: arrivals of rows, one dataset per dealership and arrival, and their vehicles."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres import indexes, search
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, functions

from dealerships.domain.names import fold_name
from dealerships.domain.rules import Condition, fold_text
from dealerships.models import Dealership
from foundation.models import History, Traced
from inventory.domain.facts import RAW_FIELD_NAMES, LotStatus, VehicleFacts
from inventory.domain.vin import VIN_END
from jobs.models import Claimable

LOT_STATUS_CHOICES = [
    (LotStatus.ON_LOT, "On the lot"),
    (LotStatus.OFF_LOT, "Off the lot"),
    (LotStatus.UNKNOWN, "Unknown"),
]
CONDITION_CHOICES = [
    (Condition.NEW, "New"),
    (Condition.PRE_OWNED, "PO"),
    (Condition.CERTIFIED, "CPO"),
    (Condition.UNKNOWN, "Unknown"),
]


class FoldedText(models.Model):
    """A site's wording, unique without regard to case and blanks."""

    text = models.CharField(max_length=200, blank=True, help_text="The site's wording; blank stands for an empty cell.")
    folded = models.CharField(max_length=200, unique=True, editable=False)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True
        ordering = ["folded"]

    def __str__(self) -> str:
        return self.text or "(blank)"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded = fold_text(self.text)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.folded = fold_text(self.text)
        twin = type(self).objects.filter(folded=self.folded).exclude(pk=self.pk).first()
        if twin:
            raise ValidationError({"text": f"This text is listed already: {twin}."})


class ConditionMapping(FoldedText):
    """Which condition a site's type text stands for; a text without a row is unknown."""

    condition = models.CharField(max_length=7, choices=CONDITION_CHOICES[:3])
    history = History()


class LotStatusMapping(FoldedText):
    """Which lot status a site's status text stands for; a text without a row is unknown."""

    lot_status = models.CharField(max_length=7, choices=LOT_STATUS_CHOICES[:2])
    history = History()


class PricePhrase(FoldedText):
    """A text that sites show in place of a price."""

    history = History()


class InventoryImport(Claimable):
    """One arrival of rows for any number of dealerships, with the account of every row."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waits"
        RUNNING = "running", "Reading"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    class Origin(models.TextChoices):
        FILE = "file", "File"
        WEBSITE = "website", "Website"

    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    origin = models.CharField(max_length=7, choices=Origin, default=Origin.FILE)
    source = models.CharField(max_length=200)
    file_name = models.CharField(max_length=255, blank=True)
    stored_name = models.CharField(max_length=80, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(default=0)
    collected_at = models.DateTimeField()
    stage_only = models.BooleanField(default=False)
    rows_so_far = models.PositiveIntegerField(default=0, editable=False)  # while it is being read
    rows_read = models.PositiveIntegerField(default=0)
    rows_accepted = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    rows_unmatched = models.PositiveIntegerField(default=0)
    foreign_rows = models.PositiveIntegerField(null=True, blank=True)  # of other rooftops, on a website's list
    notices = models.JSONField(default=list, blank=True)
    holds = models.JSONField(default=list, blank=True)
    reread_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="rereads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="import_rows_accounted_for",
                condition=Q(
                    rows_read=models.F("rows_accepted") + models.F("rows_rejected") + models.F("rows_unmatched")
                ),
            ),
            models.UniqueConstraint(
                name="one_import_per_file",
                fields=["sha256"],
                condition=Q(status="done", reread_of__isnull=True, origin="file"),
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk} of {self.source}"


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def active(self) -> "DatasetQuerySet":
        return self.filter(status=Dataset.Status.ACTIVE)

    def held(self) -> "DatasetQuerySet":
        return self.filter(status=Dataset.Status.HELD)

    def for_dealership(self, dealership: Dealership) -> "DatasetQuerySet":
        return self.filter(dealership=dealership)


class Dataset(models.Model):
    """One dealership's rows of one import; the active one is chosen by its status, never by a date."""

    class Status(models.TextChoices):
        STAGED = "staged", "Staged"
        HELD = "held", "Held"
        ACTIVE = "active", "In use"
        ARCHIVED = "archived", "Archived"
        REJECTED = "rejected", "Rejected"
        REMOVED = "removed", "Rows removed"

    inventory_import = models.ForeignKey(InventoryImport, on_delete=models.PROTECT, related_name="datasets")
    dealership = models.ForeignKey(Dealership, on_delete=models.PROTECT, related_name="datasets")
    status = models.CharField(max_length=8, choices=Status, default=Status.STAGED)
    collected_at = models.DateTimeField()
    rows_read = models.PositiveIntegerField(default=0)
    rows_accepted = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    rejected_temporary_vins = models.PositiveIntegerField(default=0)
    gates = models.JSONField(default=list, blank=True)
    # To the dataset in use when it was judged, as `inventory.operations.comparing` measures it; empty where none was.
    difference = models.JSONField(default=dict, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["dealership", "status"])]
        constraints = [
            models.UniqueConstraint(
                name="one_active_dataset_per_dealership", fields=["dealership"], condition=Q(status="active")
            ),
            models.UniqueConstraint(name="one_dataset_per_import", fields=["inventory_import", "dealership"]),
        ]

    def __str__(self) -> str:
        return f"Dataset {self.pk} of {self.dealership}"

    @property
    def hold_reasons(self) -> list[str]:
        """Why a person must decide about it."""
        return [gate["message"] for gate in self.gates if gate["severity"].startswith("hold")]


class DatasetEvent(Traced):
    """Who moved a dataset from one state to another, when and why."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="events")
    from_status = models.CharField(max_length=8)
    to_status = models.CharField(max_length=8)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class RawVehicle(models.Model):
    """One row as it was received, verbatim."""

    # The index below begins with the dataset; so it is with the others that have none of their own.
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="raw_vehicles", db_index=False)
    row_number = models.PositiveIntegerField()
    vin = models.TextField()
    stock = models.TextField()
    type = models.TextField()
    year = models.TextField()
    make = models.TextField()
    model = models.TextField()
    trim = models.TextField()
    ext_color = models.TextField()
    status = models.TextField()
    price = models.TextField()
    body_style = models.TextField()
    fuel_type = models.TextField()
    msrp = models.TextField()
    date_in_stock = models.TextField()
    street_address = models.TextField()
    locality = models.TextField()
    postal_code = models.TextField()
    region = models.TextField()
    country = models.TextField()
    location = models.TextField()
    vehicle_url = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["dataset", "row_number"])]

    def texts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in RAW_FIELD_NAMES}


class VehicleColumns(models.Model):
    """The columns of `VehicleFacts`: what a vehicle is, in inventory and frozen in an order."""

    vin = models.CharField(max_length=17)
    stock = models.TextField(blank=True)
    condition = models.CharField(max_length=7, choices=CONDITION_CHOICES)
    raw_type = models.TextField(blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    make = models.TextField(blank=True)
    model = models.TextField(blank=True)
    trim = models.TextField(blank=True)
    ext_color = models.TextField(blank=True)
    lot_status = models.CharField(max_length=7, choices=LOT_STATUS_CHOICES)
    raw_status = models.TextField(blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    raw_price = models.TextField(blank=True)
    body_style = models.TextField(blank=True)
    fuel_type = models.TextField(blank=True)
    msrp = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    date_in_stock = models.DateField(null=True, blank=True)
    street_address = models.TextField(blank=True)
    locality = models.TextField(blank=True)
    postal_code = models.TextField(blank=True)
    region = models.TextField(blank=True)
    country = models.TextField(blank=True)
    url = models.TextField(blank=True)

    class Meta:
        abstract = True


class VehicleQuerySet(models.QuerySet["Vehicle"]):
    def active(self) -> "VehicleQuerySet":
        return self.filter(dataset__status=Dataset.Status.ACTIVE)

    def for_dealership(self, dealership: Dealership) -> "VehicleQuerySet":
        return self.filter(dataset__dealership=dealership)


class Vehicle(VehicleColumns):
    """The normalised, typed form of an accepted row; it belongs to its dataset for ever."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="vehicles", db_index=False)
    row_number = models.PositiveIntegerField()

    objects = VehicleQuerySet.as_manager()

    class Meta:
        constraints = [
            # Deferred: rows arrive by COPY first, duplicates are settled by one statement before the commit.
            models.UniqueConstraint(
                name="one_vehicle_per_dataset_and_vin",
                fields=["dataset", "vin"],
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(name="vehicle_vin_form", condition=Q(vin__regex=r"^[A-HJ-NPR-Z0-9]{17}$")),
        ]

    def __str__(self) -> str:
        return self.vin

    def facts(self) -> VehicleFacts:
        return facts_of({name: getattr(self, name) for name in FACT_NAMES})


FACT_NAMES = VehicleFacts._fields
_CONDITIONS = {condition.value: condition for condition in Condition}
_LOT_STATUSES = {lot_status.value: lot_status for lot_status in LotStatus}


def facts_of(values: dict[str, Any]) -> VehicleFacts:
    """The facts from a vehicle's columns by name."""
    typed = {"condition": _CONDITIONS[values["condition"]], "lot_status": _LOT_STATUSES[values["lot_status"]]}
    return VehicleFacts(**(values | typed))


class FirstSeen(models.Model):
    """The day on which a dealership's active inventory first held a VIN; it is never moved later."""

    dealership = models.ForeignKey(Dealership, on_delete=models.CASCADE)
    vin = models.CharField(max_length=17)
    first_seen_date = models.DateField()
    search_text = models.TextField(db_default="", blank=True)  # empty when the active inventory holds it no more

    class Meta:
        indexes = [
            models.Index(functions.Right("vin", VIN_END), name="first_seen_vin_end"),
            indexes.GinIndex(search.SearchVector("search_text", config="simple"), name="first_seen_words"),
        ]
        constraints = [models.UniqueConstraint(name="one_first_seen_date_per_vin", fields=["dealership", "vin"])]


class ImportProblem(models.Model):
    """A remark on one row of an import: `E_` codes rejected the row, `W_` codes did not."""

    inventory_import = models.ForeignKey(InventoryImport, models.CASCADE, related_name="problems", db_index=False)
    dealership = models.ForeignKey(Dealership, on_delete=models.CASCADE, null=True)
    row_number = models.PositiveIntegerField()
    column = models.CharField(max_length=40)
    value = models.TextField()
    code = models.CharField(max_length=20)
    message = models.TextField()

    class Meta:
        ordering = ["row_number", "id"]
        indexes = [models.Index(fields=["inventory_import", "code"])]


class IgnoredName(models.Model):
    """A dealership name that sources use and the shop does not serve; its rows wait for nobody."""

    text = models.CharField(max_length=200, blank=True)
    folded = models.CharField(max_length=200, unique=True, editable=False)
    reason = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    history = History()

    class Meta:
        ordering = ["folded"]
        constraints = [models.CheckConstraint(name="ignored_name_has_a_reason", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return self.text or "(blank)"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded = fold_name(self.text)
        super().save(*args, **kwargs)


class UnmatchedNameQuerySet(models.QuerySet["UnmatchedName"]):
    def open(self) -> "UnmatchedNameQuerySet":
        """Those that somebody should attach or ignore."""
        return self.exclude(folded__in=IgnoredName.objects.values("folded"))


class UnmatchedName(models.Model):
    """A dealership name of an import that no alias knows, with its rows counted."""

    inventory_import = models.ForeignKey(InventoryImport, on_delete=models.CASCADE, related_name="unmatched_names")
    name = models.TextField()
    folded = models.TextField()
    rows = models.PositiveIntegerField()
    samples = models.JSONField(default=list)

    objects = UnmatchedNameQuerySet.as_manager()

    class Meta:
        ordering = ["-rows", "name"]


class UnmappedText(models.Model):
    """A type, status or price text of an import that no mapping knows, with its rows counted."""

    inventory_import = models.ForeignKey(InventoryImport, on_delete=models.CASCADE, related_name="unmapped_texts")
    column = models.CharField(max_length=20)
    text = models.TextField()
    rows = models.PositiveIntegerField()

    class Meta:
        ordering = ["column", "-rows", "text"]
