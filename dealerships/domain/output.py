"""What a dealership may choose about its orders and their files."""

from enum import StrEnum


class OrderKind(StrEnum):
    CAO = "cao"
    LIST = "list"
    MAINTENANCE = "maintenance"


class PathLayout(StrEnum):
    FLAT = "flat"
    PER_ORDER = "per_order"


class QrNaming(StrEnum):
    VIN = "vin"
    NUMBERED = "numbered"


class BillingLayout(StrEnum):
    BILLING2 = "billing2"
    PRINTED_VEHICLES = "printed_vehicles"
