"""The shapes of a website's inventory on its way from a page to the import: request, answer, page, vehicle as seen."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from urllib.parse import urljoin

_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)


class CannotReadError(Exception):
    """An answer has a structure that its adapter does not know; a value never raises this.

    `code` is one of E_NOT_JSON, E_CHALLENGE (a page that asks whether a person looks), E_WRONG_PAGE, E_PAGE_REPEAT
    (another page of the list than the one asked for), E_STRUCTURE.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class ScrapedVehicle(NamedTuple):
    """One vehicle as the website tells it: texts as seen, empty where the page says nothing.

    `rooftop` is the label of the store that has it.
    """

    vin: str = ""
    stock: str = ""
    v_type: str = ""
    year: str = ""
    make: str = ""
    model: str = ""
    trim: str = ""
    ext_color: str = ""
    status: str = ""
    price: str = ""
    msrp: str = ""
    body: str = ""
    fuel_type: str = ""
    date_in_stock: str = ""
    vehicle_url: str = ""
    rooftop: str = ""
    mileage: str = ""
    model_code: str = ""
    photo_count: str = ""


class Match(StrEnum):
    """How a rooftop's label is compared; case, tags and blanks do not count."""

    ANY = "any"
    EQUALS = "equals"
    CONTAINS = "contains"


@dataclass(frozen=True, kw_only=True)
class RooftopRule:
    """Which vehicles of a feed belong to the dealership. `source` names the field that holds the label, in the words of
    the platform's adapter; empty means the adapter's own order."""

    match: Match = Match.ANY
    text: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A dealership's website as its adapter needs to know it.

    base_url     `https://www.example.com`, without a slash at the end
    parameters   the platform's ids, by the names that the adapter documents
    scope        query parameters that restrict lists to the rooftop; repeated on every list request
    status_keys  where the lot status stands, in order of priority (platforms that differ by site)
    learned      what earlier pages told: keys and ids that are read at run time
    known        raw status of vehicles that are on the lot in the active dataset, by VIN
    known_dates  their dates in stock, for sites that tell the date only together with the status
    """

    platform: str
    base_url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)
    rooftop: RooftopRule = field(default_factory=RooftopRule)
    status_keys: tuple[str, ...] = ()
    page_size: int | None = None
    learned: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    known_dates: Mapping[str, str] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """The absolute address of a path, or of an address that is absolute already."""
        return urljoin(f"{self.base_url}/", path)

    def setting(self, name: str, default: str = "") -> str:
        """A parameter of the configuration, else what was learned, else `default`."""
        return self.parameters.get(name) or self.learned.get(name) or default

    def lists(self, default: str) -> list[str]:
        """The names of the lists that are read: the setting `lists`, with commas between."""
        names = self.setting("lists", default).split(",")
        return [name.strip() for name in names if name.strip()] or default.split(",")

    def taught(self, learned: Mapping[str, str], *, outdated: Iterable[str] = ()) -> "Site":
        """The site with what a page has just told; configured settings that are `outdated` give way to it."""
        gone = set(outdated)
        parameters = {name: value for name, value in self.parameters.items() if name not in gone}
        return replace(self, parameters=parameters, learned={**self.learned, **learned})


class Kind(StrEnum):
    """What a request is for."""

    CONFIG = "config"
    LIST = "list"
    DETAIL = "detail"
    PRICE = "price"
    SITEMAP = "sitemap"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of an adapter; `note` is what the parser must know again (page number, list, half-read vehicle)."""

    kind: Kind
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    note: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The request as JSON-serialisable values, for the cursor of a run."""
        return {
            "kind": self.kind.value,
            "url": self.url,
            "method": self.method,
            "headers": dict(self.headers),
            "body": self.body,
            "note": dict(self.note),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Request":
        return cls(**{**document, "kind": Kind(document["kind"])})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a website answered: status 200 unless an adapter asked for another; header names in lower case."""

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def text(self) -> str:
        """The body as text: UTF-8 with or without byte order mark, or what the header declares."""
        declared = _CHARSET.search(self.headers.get("content-type", ""))
        if declared and declared[1].lower() in {"iso-8859-1", "latin-1", "windows-1252"}:
            return self.body.decode("cp1252", errors="replace")
        return self.body.decode("utf-8-sig", errors="replace")

    def json(self) -> Any:
        """The body as JSON. Raises `CannotReadError` E_NOT_JSON, or E_CHALLENGE for a page of a bot check."""
        try:
            return json.loads(self.text())
        except (ValueError, RecursionError) as error:
            raise not_json(self.text()) from error


_CHALLENGES = ("just a moment", "attention required", "access denied", "are you a human", "cf-challenge", "captcha")


def not_json(text: str) -> CannotReadError:
    """Why a text that should be JSON is not."""
    head = " ".join(text[:2000].lower().split())
    if any(words in head for words in _CHALLENGES):
        words = (
            "The website answered with a check for robots instead of its inventory. Run it again tomorrow; if it stays,"
        )
        return CannotReadError("E_CHALLENGE", f"{words} upload the inventory as a file.")
    kind = "a web page" if "<html" in head or "<!doctype" in head else "something else"
    return CannotReadError(
        "E_NOT_JSON", f"The website answered with {kind} instead of JSON. Probe it: it may have changed."
    )


def wrong_page(html: str, message: str) -> CannotReadError:
    """Why a web page does not tell what it should: another page, which `message` describes, or a bot check."""
    reason = not_json(html)
    return reason if reason.code == "E_CHALLENGE" else CannotReadError("E_WRONG_PAGE", message)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one answer told.

    list_name        which list of the site it belongs to (`new`, `used`, `all`, ...); totals are added up over lists
    rows             vehicles that the answer holds before anything is left out, ads apart; vehicles that a list names
                     and details complete count in the list alone
    total_declared   what the site says the list holds in total, sibling rooftops included; None when it says nothing
    pages_declared   how many pages the site says the list has
    page_size        how many rows a full page has, where the site does not declare a total
    gone             vehicles of the list that turned out to be sold meanwhile
    next_requests    what to ask next, in order; pages of one list follow one another
    learned          settings to keep for later runs
    """

    list_name: str = ""
    vehicles: tuple[ScrapedVehicle, ...] = ()
    rows: int = 0
    total_declared: int | None = None
    page_number: int | None = None
    pages_declared: int | None = None
    page_size: int | None = None
    gone: int = 0
    next_requests: tuple[Request, ...] = ()
    learned: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What a web page shows of its platform; `found` are proposed parameters, `confidence` a percentage."""

    platform: str
    confidence: int
    found: Mapping[str, str] = field(default_factory=dict)


class Adapter(Protocol):
    """One website platform: pure functions of a module in `scrapers.domain.platforms`.

    `PLATFORM` is its key. `API_DOMAINS` are registrable domains of the platform's own services, which every site of it
    may be asked through; what a page names as its service must lie on one of them.
    """

    PLATFORM: str
    API_DOMAINS: tuple[str, ...]

    def detect(self, html: str, /) -> Detection | None:
        """What the HTML of a page shows of this platform; None when it is another."""

    def first(self, site: Site, /) -> tuple[Request, ...]:
        """The first requests of a run: the lists, or the page that tells where the lists are."""

    def refresh(self, site: Site, /) -> tuple[Request, ...]:
        """What to begin the run again with when a service refuses (401, 403, 404, 422); empty when nothing helps."""

    def parse(self, site: Site, request: Request, answer: Answer, /) -> Page:
        """What an answer tells. Raises `CannotReadError` for a structure that it does not know."""

    def kind_of(self, text: str, /) -> Kind:
        """Which kind of answer a saved payload is."""
