"""What we print and have printed: orders, their lines and files, the VIN log, and what is still being typed."""

from orders.models.choices import FIVE_DIGITS, GROUP_CHOICES
from orders.models.drafts import OrderDraft
from orders.models.orders import (
    Artifact,
    Batch,
    BatchEntry,
    BatchSummary,
    ListEntry,
    OpenVin,
    Order,
    OrderEvent,
    OrderLine,
    OrderQuerySet,
    OutputTemplateVersion,
)
from orders.models.vin_log import VinLogEntry, VinLogImport, VinLogQuerySet

__all__ = [
    "FIVE_DIGITS",
    "GROUP_CHOICES",
    "Artifact",
    "Batch",
    "BatchEntry",
    "BatchSummary",
    "ListEntry",
    "OpenVin",
    "Order",
    "OrderDraft",
    "OrderEvent",
    "OrderLine",
    "OrderQuerySet",
    "OutputTemplateVersion",
    "VinLogEntry",
    "VinLogImport",
    "VinLogQuerySet",
]
