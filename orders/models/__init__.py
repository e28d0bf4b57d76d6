"""What we print and have printed: orders, their lines and files, and the VIN log."""

from orders.models.orders import (
    GROUP_CHOICES,
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
    "GROUP_CHOICES",
    "Artifact",
    "Batch",
    "BatchEntry",
    "BatchSummary",
    "ListEntry",
    "OpenVin",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderQuerySet",
    "OutputTemplateVersion",
    "VinLogEntry",
    "VinLogImport",
    "VinLogQuerySet",
]
