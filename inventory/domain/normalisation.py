"""From the texts of one row to a typed vehicle, with every doubt named and nothing guessed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import repeat

from dealerships.domain.rules import Condition, fold_text
from inventory.domain.facts import RAW_FIELD_NAMES, LotStatus, Problem, RawFields, VehicleFacts
from inventory.domain.headers import HEADER_NAMES
from inventory.domain.urls import split_safe_url
from inventory.domain.vin import has_valid_check_digit, model_years, normalise_vin

DEFAULT_CONDITIONS: Mapping[str, Condition] = {
    text: condition
    for condition, texts in {
        Condition.NEW: ("New", "Demo"),
        Condition.PRE_OWNED: ("Used", "Pre-Owned", "Preowned", "Pre Owned"),
        Condition.CERTIFIED: (
            "Certified Pre-Owned", "Certified-Pre-Owned", "Certified Used", "Certified", "CarBravo", "Refurbished",
        ),
    }.items()
    for text in texts
}  # fmt: skip
# The empty text stands for a blank cell: a site that shows no status shows what is on its lot.
DEFAULT_LOT_STATUSES: Mapping[str, LotStatus] = {
    text: lot_status
    for lot_status, texts in {
        LotStatus.ON_LOT: (
            "", "On-Lot", "In-Lot", "On Lot", "On the Lot", "InStock", "In Stock", "In-Stock", "Available",
            "Available at Retailer", "FCTP_ReadyForSale", "Dealer Retail Stock - Upfitted", "At Dealership",
        ),
        LotStatus.OFF_LOT: (
            "In Transit", "In-Transit", "In Transit to U.S.", "Allocated", "In-Build-Phase", "Build Phase",
            "Being Built", "In Production", "Arriving Soon", "Dealer Ordered", "Courtesy Vehicle",
            "In-Service Courtesy Vehicle", "Courtesy Transportation Unit", "In-Service", "In-Service FCTP", "Off Lot",
            "InTransit", "Pre-Sold",
        ),
    }.items()
    for text in texts
}  # fmt: skip
# Some dealerships show the amount -1000 when they publish no price.
DEFAULT_PRICE_PHRASES = (
    "*", "Call", "TBD", "Market", "Contact", "Please Call", "Please call for price", "Call for Price", "N/A",
    "-1000", "-1000.0", "-1000.00",
)  # fmt: skip

_FIRST_YEAR = 1981
_YEARS_AHEAD = 2
_HIGHEST_PRICE = 2_000_000
_NO_STOCK = frozenset({"", "*", "N/A", "NONE", "NULL", "NAN", "AUTO", "TBD", "TBA"})
# A QR code holds at most 500 characters, and its address ends with this.
_LONGEST_QR_TEXT = 500
_QR_SUFFIX = "?utm_source=SilverFox&utm_medium=VDP_ShortCut"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAG = re.compile(r"<[^<>]*>")
_AMOUNT = re.compile(r"\$?(\d{1,7}|\d{1,3}(?:,\d{3})*)(?:\.(\d{1,2}))?", re.ASCII)
_YEAR = re.compile(r"(\d{4})(?:\.0)?", re.ASCII)
_YEAR_IN_MAKE = re.compile(r"(?:19|20)\d\d", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})", re.ASCII)
_FACTORY_VIN = re.compile(r"[A-Z0-9]{17}", re.ASCII | re.IGNORECASE)

_CONDITIONS = {condition.value: condition for condition in Condition}
_LOT_STATUSES = {lot_status.value: lot_status for lot_status in LotStatus}
_CACHED_TEXTS = 4096
_fold = lru_cache(_CACHED_TEXTS)(fold_text)


@dataclass(frozen=True, kw_only=True)
class Mappings:
    """What staff have decided about the sites' wordings; every key and phrase is folded by `fold_text`.

    A blank type or status has the key of the empty text. What is not mapped is unknown: nothing is guessed.
    """

    conditions: Mapping[str, str]
    lot_statuses: Mapping[str, str]
    price_phrases: frozenset[str]

    @classmethod
    def default(cls) -> "Mappings":
        """The mappings with which Silver Fox starts."""
        return cls(
            conditions={fold_text(text): condition for text, condition in DEFAULT_CONDITIONS.items()},
            lot_statuses={fold_text(text): lot_status for text, lot_status in DEFAULT_LOT_STATUSES.items()},
            price_phrases=frozenset(map(fold_text, DEFAULT_PRICE_PHRASES)),
        )


@dataclass(slots=True)
class Normalised:
    """One row after normalisation: a vehicle with its warnings, or no vehicle and the errors that rejected it.

    unmapped            (column, text) of each wording of an accepted row that no mapping knows
    is_temporary_vin    the row was rejected only for the I, O or Q in the VIN of a vehicle still off the lot, as
                        factories give to vehicles not yet built; the real VIN arrives later
    """

    facts: VehicleFacts | None
    problems: list[Problem]
    unmapped: list[tuple[str, str]] = field(default_factory=list)
    is_temporary_vin: bool = False


class _Remarks:
    """What is found about one row on the way."""

    __slots__ = ("problems", "row_number", "unmapped")

    def __init__(self, row_number: int) -> None:
        self.row_number = row_number
        self.problems: list[Problem] = []
        self.unmapped: list[tuple[str, str]] = []

    def add(self, name: str, value: str, code: str, message: str) -> None:
        self.problems.append(Problem(self.row_number, HEADER_NAMES[name], value, code, message))

    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.code.startswith("E_")] if self.problems else []


def normalise(
    row_number: int, raw: RawFields, mappings: Mappings, *, year_now: int, approved_hosts: frozenset[str]
) -> Normalised:
    """Type the texts of one row. Gives either a vehicle and warnings, or errors alone; never raises for a bad text.

    A row is rejected for an unusable VIN or year, control characters, or columns that have shifted; a price, date or
    URL that cannot be used is left empty with a warning. `approved_hosts` are the dealership's web sites, with or
    without `www.`; without any, hosts are not judged.
    """
    remarks = _Remarks(row_number)
    texts = _clean_texts(raw, remarks)
    if remarks.errors() or _is_shifted(raw, texts, remarks):
        return Normalised(None, remarks.errors())
    (
        _, stock, raw_type, year_text, make, model, trim, ext_color, raw_status, raw_price, body_style, fuel_type,
        msrp, date_text, street_address, locality, postal_code, region, country, _, _,
    ) = texts  # fmt: skip
    vin = _vin(raw.vin, remarks)
    year = _year(year_text, vin, year_now, remarks)
    lot_status = _LOT_STATUSES[mappings.lot_statuses.get(_fold(raw_status), LotStatus.UNKNOWN)]
    if errors := remarks.errors():
        return Normalised(None, errors, is_temporary_vin=_is_temporary(raw.vin, errors, lot_status))
    condition = _CONDITIONS[mappings.conditions.get(_fold(raw_type), Condition.UNKNOWN)]
    if condition is Condition.UNKNOWN:
        remarks.unmapped.append((HEADER_NAMES["type"], raw_type))
    if lot_status is LotStatus.UNKNOWN:
        remarks.unmapped.append((HEADER_NAMES["status"], raw_status))
    stock = "" if stock.upper() in _NO_STOCK else stock
    price = _amount("price", raw_price, mappings.price_phrases, remarks)
    list_price = _amount("msrp", msrp, mappings.price_phrases, remarks)
    date_in_stock = _date(date_text, remarks)
    url = _url(raw.vehicle_url, approved_hosts, remarks)
    # In the order of the fields: with their names this call would take three times as long.
    facts = VehicleFacts(
        vin, stock, condition, raw_type, year, make, model, trim, ext_color, lot_status, raw_status, price, raw_price,
        body_style, fuel_type, list_price, date_in_stock, street_address, locality, postal_code, region, country, url,
    )  # fmt: skip
    return Normalised(facts, remarks.problems, remarks.unmapped)


def _clean_texts(raw: RawFields, remarks: _Remarks) -> Sequence[str]:
    """The texts with single blanks, `&` for its entity, and without marks that turn the direction of writing."""
    joined = "|".join(raw)
    # Nearly every row is clean already; these tests over the whole row spare one pass per text.
    has_odd_blanks = "  " in joined or "| " in joined or " |" in joined
    if joined.isprintable() and not has_odd_blanks and "&amp;" not in joined:
        return raw
    return tuple(map(_clean_text, RAW_FIELD_NAMES, raw, repeat(remarks)))


def _clean_text(name: str, text: str, remarks: _Remarks) -> str:
    if not text.isprintable():
        if _CONTROL.search(text):
            escaped = text.encode("unicode_escape").decode("ascii")
            remarks.add(name, escaped, "E_CONTROL", "The cell holds a control character. Type its text again.")
        elif _BIDI.search(text):
            remarks.add(name, text, "W_BIDI", "Marks that turn the direction of writing were removed.")
        text = _BIDI.sub("", text)
    return " ".join(text.replace("&amp;", "&").split())


def _is_shifted(raw: RawFields, texts: Sequence[str], remarks: _Remarks) -> bool:
    _, _, raw_type, year, make, *_ = texts
    if not _YEAR_IN_MAKE.fullmatch(make) and not (make and not raw_type and not year):
        return False
    message = "The columns of this row have shifted: the year is not in its place. Mend the row and import it again."
    remarks.add("make", raw.make, "E_SHIFT", message)
    return True


def _vin(text: str, remarks: _Remarks) -> str:
    reading = normalise_vin(text)
    if reading.code:
        remarks.add("vin", text, reading.code, reading.message)
    elif not has_valid_check_digit(reading.vin):
        remarks.add("vin", reading.vin, "W_CHECKDIGIT", "The check digit is wrong. Compare it with the vehicle.")
    return reading.vin


def _year(text: str, vin: str, year_now: int, remarks: _Remarks) -> int | None:
    if not text:
        remarks.add("year", text, "W_YEAR", "The year is missing.")
        return None
    year = _read_year(text)
    if not _FIRST_YEAR <= year <= year_now + _YEARS_AHEAD:
        message = f"The year must be a number from {_FIRST_YEAR} to {year_now + _YEARS_AHEAD}. Correct it."
        remarks.add("year", text, "E_YEAR", message)
        return None
    years = model_years(vin)
    if years and year not in years:
        remarks.add("year", text, "W_YEAR_VIN", f"The VIN says {years[0]} or {years[1]}. Check which one is right.")
    return year


@lru_cache(_CACHED_TEXTS)
def _read_year(text: str) -> int:
    match = _YEAR.fullmatch(text)
    return int(match[1]) if match else 0


def _is_temporary(vin: str, errors: list[Problem], lot_status: LotStatus) -> bool:
    codes = [problem.code for problem in errors]
    is_factory_form = _FACTORY_VIN.fullmatch(vin.strip()) is not None
    return codes == ["E_VIN_CHARS"] and is_factory_form and lot_status is LotStatus.OFF_LOT


def _amount(name: str, text: str, phrases: frozenset[str], remarks: _Remarks) -> Decimal | None:
    # Many sites publish no list price at all; only a missing price deserves a word.
    if not text and name == "msrp":
        return None
    amount = _read_amount(text)
    if amount:
        return amount
    words = without_tags(text)
    if amount is not None or not words or _fold(words) in phrases:
        if name == "price":
            remarks.add(name, text, "W_PRICE", "No price is published.")
        return None
    remarks.add(name, text, "W_PRICE_TEXT", "This is no price; it is taken as missing. Add it to the price phrases.")
    remarks.unmapped.append((HEADER_NAMES[name], text))
    return None


@lru_cache(_CACHED_TEXTS)
def _read_amount(text: str) -> Decimal | None:
    # The pattern comes first: number readers accept NaN, exponents, underscores and foreign digits.
    match = _AMOUNT.fullmatch(without_tags(text))
    if match is None:
        return None
    dollars, cents = match[1].replace(",", ""), (match[2] or "").ljust(2, "0")
    amount = Decimal(f"{dollars}.{cents}")
    return amount if amount <= _HIGHEST_PRICE else None


def without_tags(text: str) -> str:
    """What a price text says: some sites wrap it in markup."""
    return _TAG.sub("", text).strip() if "<" in text else text


def _date(text: str, remarks: _Remarks) -> date | None:
    if not text:
        return None
    day = _read_date(text)
    if day is None:
        remarks.add(
            "date_in_stock", text, "W_DATE", "This is no date such as 08/27/2025 or 2025-08-27; it stays empty."
        )
    return day


@lru_cache(_CACHED_TEXTS)
def _read_date(text: str) -> date | None:
    if match := _MONTH_FIRST.fullmatch(text):
        month, _, day, year = match.groups()
    elif match := _YEAR_FIRST.fullmatch(text):
        year, _, month, day = match.groups()
    else:
        return None
    try:
        read = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return read if read.year >= _FIRST_YEAR else None


def _url(text: str, approved_hosts: frozenset[str], remarks: _Remarks) -> str:
    text = text.strip()
    if not text:
        return ""
    url, host = split_safe_url(text)
    if not url:
        remarks.add("vehicle_url", text, "W_URL", "This is no public web address; the QR code will hold the VIN.")
        return ""
    if len(url) + len(_QR_SUFFIX) > _LONGEST_QR_TEXT:
        remarks.add("vehicle_url", url, "W_URL_LONG", "The address is too long for a QR code, which will hold the VIN.")
    bare_host = host.removeprefix("www.")
    if approved_hosts and approved_hosts.isdisjoint({host, bare_host, f"www.{bare_host}"}):
        remarks.add("vehicle_url", url, "W_HOST", f"{host} is not an approved web site of the dealership. Approve it.")
    return url
