"""The VIN log as people ask for it: by dealership, part of a VIN or label, force and source."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from dealerships.models import Dealership
from orders.models import VinLogEntry

EXPORT_TITLES = (
    *("Dealership", "VIN", "Order", "Printed", "Kind", "Output template", "Source", "Baseline", "Added", "By"),
    *("Void since", "Void by", "Reason"),
)


@dataclass(frozen=True)
class LogQuestion:
    """Which entries are wanted; an empty value asks for all. `is_void` is None for both."""

    dealership: Dealership | None = None
    text: str = ""
    is_void: bool | None = None
    source: str = ""

    @property
    def asks(self) -> bool:
        """Whether it leaves anything out."""
        return self != LogQuestion()


def find_entries(*, question: LogQuestion) -> QuerySet[VinLogEntry]:
    """The entries that answer `question`, newest first."""
    entries = VinLogEntry.objects.select_related("dealership", "order", "created_by", "voided_by").order_by("-id")
    if question.dealership:
        entries = entries.for_dealership(question.dealership)
    if question.text:
        entries = entries.filter(Q(vin__icontains=question.text) | Q(label__icontains=question.text))
    if question.is_void is not None:
        entries = entries.filter(voided_at__isnull=not question.is_void)
    return entries.filter(source=question.source) if question.source else entries


def entry_cells(*, question: LogQuestion) -> Iterator[list[str]]:
    """Title and one row for each entry that answers `question`, read in pieces."""
    yield list(EXPORT_TITLES)
    for entry in find_entries(question=question).iterator(chunk_size=2000):
        yield [
            entry.dealership.name,
            entry.vin,
            entry.label,
            f"{entry.date:%Y-%m-%d}" if entry.date else "",
            entry.order_kind.upper(),
            entry.output_template,
            entry.get_source_display(),
            "yes" if entry.is_baseline else "",
            f"{timezone.localtime(entry.created_at):%Y-%m-%d %H:%M}",
            entry.created_by.get_username() if entry.created_by else "",
            f"{timezone.localtime(entry.voided_at):%Y-%m-%d %H:%M}" if entry.voided_at else "",
            entry.voided_by.get_username() if entry.voided_by else "",
            entry.void_reason,
        ]
