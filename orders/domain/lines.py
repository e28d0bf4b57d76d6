"""The shapes that files are made from: order lines and the settings fixed when the order was prepared."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from dealerships.domain.output import BillingLayout, OrderKind, PathLayout, QrNaming
from dealerships.domain.rules import Condition
from orders.domain.output_templates import OutputTemplate


class EntryOutcome(StrEnum):
    """What became of one typed LIST entry."""

    PRODUCED = "produced"
    PLACEHOLDER = "placeholder"
    DUPLICATE_ENTRY = "duplicate_entry"
    NOT_ON_WEBSITE = "not_on_website"
    AMBIGUOUS = "ambiguous"
    INVALID = "invalid"
    IN_ANOTHER_ORDER = "in_another_order"


@dataclass(frozen=True, kw_only=True)
class LineContent:
    """One vehicle as it will be printed: the snapshot with the reviewer's overrides applied.

    `seq` is the position in the order's rows, 1..n, of included lines. `raw` holds the 21 texts of the site by field
    name, empty for a placeholder. `is_duplicate`: the log already had a non-baseline entry before this order.
    """

    seq: int
    vin: str
    condition: Condition
    stock: str = ""
    year: int | None = None
    make: str = ""
    model: str = ""
    trim: str = ""
    ext_color: str = ""
    body_style: str = ""
    fuel_type: str = ""
    raw_status: str = ""
    price: Decimal | None = None
    msrp: Decimal | None = None
    date_in_stock: date | None = None
    street_address: str = ""
    locality: str = ""
    postal_code: str = ""
    region: str = ""
    url: str = ""
    features: str = ""
    headline: str = ""
    sources: tuple[str, ...] = ()
    is_placeholder: bool = False
    is_duplicate: bool = False
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """What decides the files besides the lines; stored with the order when it is prepared.

    `template_new`, `template_used`: the output templates, equal for single output; the order names their versions.
    `price_markup`: dollars added to a printed price. `utm`: query keys added to a vehicle's address in its QR code.
    `has_workbook`: the billing sheet is written as XLSX too; orders prepared before there was one are issued again
    without it.
    """

    dealership_name: str
    file_name: str
    short_code: str
    template_new: OutputTemplate
    template_used: OutputTemplate
    billing_layout: BillingLayout = BillingLayout.BILLING2
    price_markup: Decimal = Decimal(0)
    utm: tuple[tuple[str, str], ...] = (("utm_source", "SilverFox"), ("utm_medium", "VDP_ShortCut"))
    profile_name: str = ""
    profile_base: str = ""
    profile_separator: str = "\\"
    profile_layout: PathLayout = PathLayout.FLAT
    qr_naming: QrNaming = QrNaming.VIN
    has_workbook: bool = False


@dataclass(frozen=True, kw_only=True)
class LeftOutContent:
    """A line that the reviewer took out of the order, and why."""

    line: LineContent
    reason: str


@dataclass(frozen=True, kw_only=True)
class ListEntryContent:
    """One typed LIST entry: the text as typed, its outcome, and the VIN it led to (empty when none)."""

    text: str
    outcome: EntryOutcome
    vin: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderContent:
    """Everything that the files of one order are made from; two equal contents give equal files.

    `lines` are the included lines in row order, `left_out` the others; `entries` the typed entries in typed order
    (none for CAO); `excluded` counts removed vehicles by the step that removed them; `completed_at` is local time of
    the shop.
    """

    kind: OrderKind
    order_number: str
    completed_at: datetime
    dataset_id: int | None
    settings: OutputSettings
    lines: tuple[LineContent, ...]
    left_out: tuple[LeftOutContent, ...] = ()
    entries: tuple[ListEntryContent, ...] = ()
    excluded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FileContent:
    """One finished file: `name` relative to the order's folder with `/`, its kind, bytes, and number of data rows."""

    kind: str
    name: str
    data: bytes
    rows: int = 0
    output_template: str = ""


def settings_to_json(settings: OutputSettings) -> dict[str, Any]:
    """JSON-serialisable values, without the output templates; `settings_from_json` gives the same settings back."""
    values = asdict(settings)
    del values["template_new"], values["template_used"]
    values["price_markup"] = str(settings.price_markup)
    values["utm"] = [list(pair) for pair in settings.utm]
    return values


def settings_from_json(values: Mapping[str, Any], *, new: OutputTemplate, used: OutputTemplate) -> OutputSettings:
    """The settings stored with an order, and the output templates that it was prepared with."""
    return OutputSettings(
        **{
            **values,
            "template_new": new,
            "template_used": used,
            "price_markup": Decimal(values["price_markup"]),
            "utm": tuple((key, value) for key, value in values["utm"]),
            "billing_layout": BillingLayout(values["billing_layout"]),
            "profile_layout": PathLayout(values["profile_layout"]),
            "qr_naming": QrNaming(values["qr_naming"]),
        }
    )
