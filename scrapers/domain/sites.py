"""The table of websites as a CSV file: one row per dealership, `|` between several values of one cell.

A parameter or a part of the scope is written `name=value`. One that is written `PLATFORM:name=value` counts only while
the website is read as that platform, so that what a second platform needs can stand beside the first one's.
"""

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from scrapers.domain.hand_over import DealershipAddress
from scrapers.domain.shapes import Match, RooftopRule, Site

COLUMNS = (
    "dealership", "platform", "base_url", "parameters", "scope", "rooftop_match", "rooftop_text", "rooftop_source",
    "status_keys", "page_size", "extra_hosts", "street_address", "locality", "postal_code", "region", "country",
    "in_starter_set",
)  # fmt: skip
_BASE_URL = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_REGION = re.compile(r"[A-Z]{2}")
_POSTAL_CODE = re.compile(r"\d{5}(-\d{4})?", re.ASCII)
_SETTING = re.compile(r"(?:([a-z_]+):)?([^=]+)=(.+)")
_LARGEST_PAGE = 1_000


class SiteTableError(ValueError):
    """A cell of the table that cannot be used; the message names row, column and remedy."""


@dataclass(frozen=True, kw_only=True)
class SiteRow:
    """How one dealership's website is read. `parameters` and `scope` are those of all platforms, as `for_platform`
    takes them; `extra_hosts` are asked beside the dealership's approved hosts."""

    number: int
    dealership: str
    platform: str
    base_url: str
    parameters: Mapping[str, str]
    scope: Mapping[str, str]
    rooftop: RooftopRule
    status_keys: tuple[str, ...]
    page_size: int | None
    extra_hosts: tuple[str, ...]
    address: DealershipAddress
    in_starter_set: bool

    def site(self, platform: str = "") -> Site:
        """The website as an adapter needs it: of the row's platform, or of another one that is tried instead."""
        platform = platform or self.platform
        return Site(
            platform=platform,
            base_url=self.base_url,
            parameters=for_platform(platform, self.parameters),
            scope=for_platform(platform, self.scope),
            rooftop=self.rooftop,
            status_keys=self.status_keys,
            page_size=self.page_size,
        )


def for_platform(platform: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings that count on a platform: those without a prefix, over them its own."""
    prefix = f"{platform}:"
    common = {name: value for name, value in settings.items() if ":" not in name}
    own = {name.removeprefix(prefix): value for name, value in settings.items() if name.startswith(prefix)}
    return {**common, **own}


def read_sites(lines: Iterable[str], *, platforms: Collection[str]) -> list[SiteRow]:
    """The websites of a CSV text in its order; `platforms` are the known keys.

    Raises `SiteTableError` for a missing column, a bad cell, or a dealership that stands in two rows.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise SiteTableError(f"Row 1: the table has no column {', '.join(missing)}. Add it to the header.")
        rows = [_read_row(number, row, platforms) for number, row in enumerate(reader, start=2)]
    except csv.Error as error:
        raise SiteTableError(f"Row {reader.line_num + 1}: {error}. Mend the quotes of the file.") from error
    _refuse_repeated(rows)
    return rows


def _refuse_repeated(rows: Iterable[SiteRow]) -> None:
    holders: dict[str, SiteRow] = {}
    for row in rows:
        holder = holders.setdefault(row.dealership, row)
        if holder is not row:
            raise SiteTableError(
                f"Row {row.number}, column dealership: {row.dealership!r} stands in row {holder.number} already. "
                f"Keep one of the rows."
            )


def _read_row(number: int, row: dict[str, str], platforms: Collection[str]) -> SiteRow:
    if None in row or None in row.values():
        raise SiteTableError(f"Row {number}: the number of cells differs from the header's. Mend the commas or quotes.")
    cells = {column: cell.strip() for column, cell in row.items()}
    if not cells["dealership"]:
        raise SiteTableError(f"Row {number}, column dealership: the cell is empty. Type the dealership's name.")
    try:
        return _site_row(number, cells, platforms)
    except SiteTableError as error:
        raise SiteTableError(f"Row {number} ({cells['dealership']}), column {error}") from error


def _site_row(number: int, cells: Mapping[str, str], platforms: Collection[str]) -> SiteRow:
    return SiteRow(
        number=number,
        dealership=cells["dealership"],
        platform=_one_of("platform", cells["platform"], platforms),
        base_url=_matched("base_url", cells["base_url"], _BASE_URL, "an address such as https://www.example.com"),
        parameters=_settings("parameters", cells["parameters"], platforms),
        scope=_settings("scope", cells["scope"], platforms),
        rooftop=_rooftop(cells),
        status_keys=tuple(_several(cells["status_keys"])),
        page_size=_page_size(cells["page_size"]),
        extra_hosts=tuple(_hosts(cells["extra_hosts"])),
        address=_address(cells),
        in_starter_set=_one_of("in_starter_set", cells["in_starter_set"], ("yes", "no")) == "yes",
    )


def _hosts(cell: str) -> list[str]:
    return [_matched("extra_hosts", host, _HOST, "a host such as example.com") for host in _several(cell)]


def _rooftop(cells: Mapping[str, str]) -> RooftopRule:
    match = Match(_one_of("rooftop_match", cells["rooftop_match"], list(Match)))
    text = cells["rooftop_text"]
    if match == Match.ANY and text:
        raise SiteTableError(f"rooftop_text: {text!r} is compared with nothing. Clear it, or choose another match.")
    if match != Match.ANY and not text:
        raise SiteTableError(f"rooftop_text: the match {match} needs the text of the rooftop. Type it.")
    return RooftopRule(match=match, text=text, source=cells["rooftop_source"])


def _address(cells: Mapping[str, str]) -> DealershipAddress:
    for column in ("street_address", "locality"):
        if not cells[column]:
            raise SiteTableError(f"{column}: the cell is empty. Type what stands in the dealership's inventory files.")
    return DealershipAddress(
        location=cells["dealership"],
        street_address=cells["street_address"],
        locality=cells["locality"],
        postal_code=_matched("postal_code", cells["postal_code"], _POSTAL_CODE, "a ZIP code such as 63011"),
        region=_matched("region", cells["region"], _REGION, "the two letters of a state"),
        country=_matched("country", cells["country"], _REGION, "the two letters of a country"),
    )


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _settings(column: str, cell: str, platforms: Collection[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for part in _several(cell):
        match = _SETTING.fullmatch(part)
        if not match or (match[1] and match[1] not in platforms):
            raise SiteTableError(f"{column}: {part!r} is not written name=value or PLATFORM:name=value.")
        name = f"{match[1]}:{match[2].strip()}" if match[1] else match[2].strip()
        if name in settings:
            raise SiteTableError(f"{column}: {name!r} is given twice. Keep one of its values.")
        settings[name] = match[3].strip()
    return settings


def _matched(column: str, cell: str, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.fullmatch(cell):
        raise SiteTableError(f"{column}: {cell!r} is not {what}.")
    return cell


def _one_of(column: str, cell: str, known: Collection[str]) -> str:
    if cell not in known:
        raise SiteTableError(f"{column}: {cell!r} is none of {', '.join(known)}.")
    return cell


def _page_size(cell: str) -> int | None:
    if cell and not (re.fullmatch(r"[0-9]{1,4}", cell) and 1 <= int(cell) <= _LARGEST_PAGE):
        raise SiteTableError(f"page_size: {cell!r} is not a whole number from 1 to {_LARGEST_PAGE:,}.")
    return int(cell) if cell else None
