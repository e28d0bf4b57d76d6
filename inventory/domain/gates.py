"""Whether a new dataset may take the place of the active one, or a person must look first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from statistics import median

# What a collector marks an arrival with that is less than the website has.
PARTIAL = "W_PARTIAL"


class Severity(StrEnum):
    REFUSE = "refuse"
    HOLD_MANAGER = "hold_manager"
    HOLD_STAFF = "hold_staff"
    WARN = "warn"
    NOTICE = "notice"


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """The limits of the gates; all but the two numbers of vehicles are percentages or points of a percentage.

    From `website_rejects` on they hold for what was read from a website only.
    """

    collapse: int = 50
    shrink: int = 70
    rise: int = 140
    growth: int = 200
    small_lot: int = 30
    small_difference: int = 15
    rejects: int = 20
    overlap: int = 20
    price_move: int = 40
    website_rejects: int = 5
    website_overlap: int = 50
    new_share_move: int = 25
    blank_prices_rise: int = 20
    blank_prices_collapse: int = 50
    foreign_move: int = 20


@dataclass(frozen=True, kw_only=True)
class DatasetStats:
    """What the gates compare of a dataset; vehicles are accepted rows.

    rejected_temporary_vins    rejected rows of vehicles off the lot with the VIN of a vehicle not yet built
    shared_vins                vehicles whose VIN the active dataset holds too
    price_median               of the vehicles with a price
    new_share                  part of the vehicles that are new, 0 to 1
    blank_price_share          part of the vehicles without a price
    foreign_share              part of a website's rows that belong to other rooftops; None for a file
    is_partial                 a website said that it has more vehicles than were read
    """

    read: int
    accepted: int
    rejected: int
    collected_at: datetime
    rejected_temporary_vins: int = 0
    shared_vins: int = 0
    price_median: Decimal | None = None
    new_share: float = 0.0
    blank_price_share: float = 0.0
    foreign_share: float | None = None
    is_partial: bool = False
    has_status: bool = True
    is_mojibake: bool = False

    @property
    def is_from_website(self) -> bool:
        return self.foreign_share is not None


@dataclass(frozen=True, slots=True)
class GateResult:
    code: str
    severity: Severity
    message: str

    @property
    def holds(self) -> bool:
        """Whether a person must release the dataset."""
        return self.severity in {Severity.HOLD_MANAGER, Severity.HOLD_STAFF}


def evaluate_gates(
    new: DatasetStats, active: DatasetStats | None, history: Sequence[int], limits: GateLimits | None = None
) -> tuple[GateResult, ...]:
    """Every gate that has something to say about `new`; no result means that it may become active.

    `active` is the dataset in use, None when there never was one; `history` are the vehicles of the last five active
    datasets. An empty dataset is refused always. Too few or too many vehicles, rejected rows, foreign VINs, older
    data, statuses that are all blank and damaged text hold it; a shift of prices or conditions only warns. What was
    read from a website is looked at more closely: a shift of conditions, missing prices and rooftops hold it too.
    """
    limits = limits or GateLimits()
    if not new.accepted:
        message = f"No vehicle is left of {new.read:,} rows; the inventory in use stays."
        return (GateResult("G_ZERO", Severity.REFUSE, message),)
    return (*_file_gates(new, limits), *_comparison_gates(new, active, history, limits))


def _file_gates(new: DatasetStats, limits: GateLimits) -> Iterator[GateResult]:
    rejected = new.rejected - new.rejected_temporary_vins
    words = f"{rejected:,} of {new.read:,} rows were rejected"
    if rejected * 100 > limits.rejects * new.read:
        yield GateResult("G_REJECTS", Severity.HOLD_MANAGER, f"{words}, more than {limits.rejects}%.")
    elif new.is_from_website and rejected * 100 > limits.website_rejects * new.read:
        yield GateResult("G_REJECTS", Severity.HOLD_STAFF, f"{words}, more than {limits.website_rejects}%.")
    if new.is_partial:
        message = "The website says that it has more vehicles than could be read; the others would be missing."
        yield GateResult(PARTIAL, Severity.HOLD_MANAGER, message)
    if not new.has_status:
        message = "The file has no Status column, so every vehicle counts as on the lot."
        yield GateResult("W_NO_STATUS", Severity.HOLD_MANAGER, message)
    if new.is_mojibake:
        message = "The text was encoded twice; accented letters would be printed wrong."
        yield GateResult("W_MOJIBAKE", Severity.HOLD_MANAGER, message)


def _comparison_gates(
    new: DatasetStats, active: DatasetStats | None, history: Sequence[int], limits: GateLimits
) -> Iterator[GateResult]:
    if active is None:
        yield GateResult("G_FIRST", Severity.NOTICE, "This is the first inventory; there is nothing to compare with.")
        return
    if active.accepted < limits.small_lot:
        yield from _small_lot_gate(new.accepted, active.accepted, limits)
    else:
        yield from _count_gate(new.accepted, active.accepted, history, limits)
    yield from _overlap_gate(new, limits)
    if new.is_from_website:
        yield from _website_gates(new, active, limits)
    if new.collected_at < active.collected_at:
        message = f"It was collected before the inventory in use, which is of {active.collected_at:%Y-%m-%d %H:%M %Z}."
        yield GateResult("G_OLDER", Severity.HOLD_MANAGER, message)
    yield from _shift_warnings(new, active, limits)


def _small_lot_gate(count: int, before: int, limits: GateLimits) -> Iterator[GateResult]:
    # On a small lot percentages jump with every delivery.
    if abs(count - before) > limits.small_difference:
        message = f"{count:,} vehicles after {before:,}: more than {limits.small_difference} of difference."
        yield GateResult("G_SMALL_LOT", Severity.HOLD_STAFF, message)


def _count_gate(count: int, before: int, history: Sequence[int], limits: GateLimits) -> Iterator[GateResult]:
    usual = median(history) if history else before
    words = f"{count:,} vehicles after {before:,}"
    if count * 100 < limits.collapse * before:
        yield GateResult("G_COLLAPSE", Severity.HOLD_MANAGER, f"{words}: below {limits.collapse}%.")
    elif count * 100 < limits.collapse * usual:
        message = f"{words}, and usually {usual:,.0f}: below {limits.collapse}% of that."
        yield GateResult("G_COLLAPSE", Severity.HOLD_MANAGER, message)
    elif count * 100 > limits.growth * before:
        yield GateResult("G_GROWTH", Severity.HOLD_MANAGER, f"{words}: above {limits.growth}%.")
    elif count * 100 < limits.shrink * before:
        yield GateResult("G_SHRINK", Severity.HOLD_STAFF, f"{words}: below {limits.shrink}%.")
    elif count * 100 > limits.rise * before:
        yield GateResult("G_RISE", Severity.HOLD_STAFF, f"{words}: above {limits.rise}%.")


def _overlap_gate(new: DatasetStats, limits: GateLimits) -> Iterator[GateResult]:
    words = f"Only {new.shared_vins:,} of {new.accepted:,} VINs are in the inventory in use."
    if new.shared_vins * 100 < limits.overlap * new.accepted:
        message = f"{words} Check whether this is another dealership's."
        yield GateResult("G_OVERLAP", Severity.HOLD_MANAGER, message)
    elif new.is_from_website and new.shared_vins * 100 < limits.website_overlap * new.accepted:
        yield GateResult("G_OVERLAP", Severity.HOLD_STAFF, f"{words} Look whether the lot changed that much.")


def _website_gates(new: DatasetStats, active: DatasetStats, limits: GateLimits) -> Iterator[GateResult]:
    """What moved on a website before its count did, in the faults that were seen."""
    if abs(new.new_share - active.new_share) * 100 > limits.new_share_move:
        message = f"New vehicles were {active.new_share:.0%} and are {new.new_share:.0%}; a list may be missing."
        yield GateResult("G_SPLIT", Severity.HOLD_STAFF, message)
    rise = (new.blank_price_share - active.blank_price_share) * 100
    if rise > limits.blank_prices_rise:
        severity = Severity.HOLD_MANAGER if rise > limits.blank_prices_collapse else Severity.HOLD_STAFF
        message = f"Vehicles without a price were {active.blank_price_share:.0%} and are {new.blank_price_share:.0%}."
        yield GateResult("G_NO_PRICE", severity, message)
    if active.foreign_share is None or new.foreign_share is None:
        return
    if abs(new.foreign_share - active.foreign_share) * 100 > limits.foreign_move:
        message = (
            f"Vehicles of other rooftops were {active.foreign_share:.0%} of the website's list and are "
            f"{new.foreign_share:.0%}; its filter may have changed."
        )
        yield GateResult("G_FOREIGN", Severity.HOLD_STAFF, message)


def _shift_warnings(new: DatasetStats, active: DatasetStats, limits: GateLimits) -> Iterator[GateResult]:
    if new.price_median and active.price_median:
        moved = abs(new.price_median - active.price_median) * 100
        if moved > limits.price_move * active.price_median:
            message = (
                f"The median price moved from {active.price_median:,.0f} to {new.price_median:,.0f} dollars, "
                f"more than {limits.price_move}%."
            )
            yield GateResult("G_PRICE", Severity.WARN, message)
    if (new.new_share - 0.5) * (active.new_share - 0.5) < 0:
        message = f"New vehicles were {active.new_share:.0%} and are {new.new_share:.0%}: the shares are reversed."
        yield GateResult("G_CONDITIONS", Severity.WARN, message)
