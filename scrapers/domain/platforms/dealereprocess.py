"""Dealer eProcess: lists as web pages with JSON-LD per vehicle, and a script with the facts on each vehicle's page.

Parameters: `slug` (the lists lie at `/search/{slug}/`; without it at `/new-inventory/` and `/used-inventory/`),
`types` (values of `tp` joined by commas, `new,used` without it), `availability` (values of `av` joined by commas, each
a list of its own that tells the lot status of new vehicles; without it a list is not divided), `details` (`yes` asks
for the page of every vehicle, which also tells body style and date in stock: one request per vehicle).

Scope: `lc` is the store, `cy` its ZIP. Rooftop: `vehicle_location_id` of the vehicle's page. Lists do not show it, so
the page of each list page's first vehicle is asked for and must name the store of `lc`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from bs4 import BeautifulSoup, Tag

from scrapers.domain.json_ld import is_decoy, read_documents, scripts_of, vehicle_of, vehicles_in
from scrapers.domain.readings import count_of, html_of, loaded, unknown_page
from scrapers.domain.shapes import Answer, CannotReadError, Detection, Kind, Page, Request, ScrapedVehicle, Site
from scrapers.domain.site_addresses import own_url, was_sent_elsewhere
from scrapers.domain.texts import first_amount, text_of

PLATFORM = "dealereprocess"
API_DOMAINS: tuple[str, ...] = ()

_STORE = "lc"
_MOST_PER_PAGE = 48
_TYPES = {"new": "New", "used": "Used", "pre_owned": "Pre-Owned", "certified": "Certified Pre-Owned"}
_STATUSES = {"in_stock": "On-Lot", "in_transit": "In Transit", "allocated": "Allocated"}
_SESSION = "shift_digital_session_id"
_MARKERS = ("dealereprocess", "vehicle_item__vehicle_link", "veh_pricing_container", "pagination_settings__page_count")
_FOUND = {"slug": r"/search/([\w-]+)/\?", "lc": r"[?&;]lc=(\d+)", "cy": r"[?&;]cy=(\d{5})"}
_FACT = re.compile(
    r"""["']?\b(vehicle_\w+)["']?\s*:\s*\[?\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w.$-]+)""", re.DOTALL | re.ASCII
)
_FACTS = {
    "vin": "vehicle_vin",
    "stock": "vehicle_stock",
    "v_type": "vehicle_type",
    "year": "vehicle_year",
    "make": "vehicle_make",
    "model": "vehicle_model",
    "trim": "vehicle_trim",
    "ext_color": "vehicle_color_ext",
    "body": "vehicle_body_style",
    "fuel_type": "vehicle_engine_fuel",
    "date_in_stock": "vehicle_date_instock",
    "rooftop": "vehicle_location_id",
}
_DEDUCTION = re.compile(r"discount|saving|rebate|incentive|cash|credit|down|month|payment|\boff\b|fee", re.IGNORECASE)


def detect(html: str) -> Detection | None:
    """Class names of lists and the platform's own name; store, ZIP and slug from the links."""
    shown = sum(marker in html for marker in _MARKERS)
    if not shown:
        return None
    found = {name: match[1] for name, pattern in _FOUND.items() if (match := re.search(pattern, html, re.ASCII))}
    return Detection(platform=PLATFORM, confidence=min(90, 30 + 20 * shown), found=found)


def first(site: Site) -> tuple[Request, ...]:
    """The first page of each list: of each type, and of each availability of new vehicles."""
    requests = []
    for kind in _several(site.setting("types", "new,used")):
        availabilities = _several(site.setting("availability")) if kind == "new" else []
        requests += [_list_request(site, kind, availability) for availability in availabilities or [""]]
    return tuple(requests)


def refresh(site: Site) -> tuple[Request, ...]:
    """Nothing that was learned could be wrong."""
    return ()


def kind_of(text: str) -> Kind:
    return Kind.DETAIL if _SESSION in text and "srp_results" not in text else Kind.LIST


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """A list gives its vehicles and the page of its first one; a vehicle's page completes or checks them."""
    if request.kind == Kind.LIST:
        return _read_list(site, request, answer)
    return _read_vehicle_page(request, answer)


def _several(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _list_request(site: Site, kind: str, availability: str) -> Request:
    slug = site.setting("slug")
    path = f"/search/{slug}/" if slug else f"/{'new' if kind == 'new' else 'used'}-inventory/"
    query = {"tp": kind, **({"av": availability} if availability else {}), **site.scope, "p": 1, "ct": _page_size(site)}
    return Request(kind=Kind.LIST, url=site.url(f"{path}?{urlencode(query)}"), note={"seen": 0})


def _next_page(request: Request, number: int, seen: int) -> Request:
    parts = urlsplit(request.url)
    query = {**dict(parse_qsl(parts.query)), "p": number}
    return replace(request, url=parts._replace(query=urlencode(query)).geturl(), note={"seen": seen})


def _read_list(site: Site, request: Request, answer: Answer) -> Page:
    tree = html_of(answer.text())
    cards, total, pages = _cards(tree), _total(tree), _pages(tree)
    if not cards and total is None and not tree.select_one("div.srp_results"):
        raise unknown_page(answer.text(), "The page has no list of vehicles (div.srp_results).")
    asked = dict(parse_qsl(urlsplit(request.url).query))
    kind, availability, number = asked.get("tp", ""), asked.get("av", ""), count_of(asked.get("p")) or 1
    seen = int(request.note.get("seen", 0)) + len(cards)
    name = " ".join(filter(None, (kind, availability)))
    vehicles = [_listed(site, card, asked) for card in cards]
    completed, details = _details(site, vehicles, name)
    more = bool(cards) and (number < pages if pages is not None else seen < (total or 0))
    following = [_next_page(request, number + 1, seen)] if more else []
    return Page(
        list_name=name,
        vehicles=tuple(vehicle for vehicle in vehicles if vehicle not in completed),
        rows=len(vehicles),
        total_declared=total,
        page_number=number,
        pages_declared=pages,
        page_size=_page_size(site),
        next_requests=(*details, *following),
    )


def _page_size(site: Site) -> int:
    return min(site.page_size or _MOST_PER_PAGE, _MOST_PER_PAGE)


def _details(site: Site, vehicles: list[ScrapedVehicle], list_name: str) -> tuple[list[ScrapedVehicle], list[Request]]:
    """The vehicles that their own pages complete, and the pages to ask for: theirs, or one that proves the store."""
    linked = [vehicle for vehicle in vehicles if vehicle.vehicle_url]
    if site.setting("details") == "yes":
        notes = [{"vehicle": list(vehicle), "list": list_name} for vehicle in linked]
        asked = zip(linked, notes, strict=True)
        return linked, [Request(kind=Kind.DETAIL, url=vehicle.vehicle_url, note=note) for vehicle, note in asked]
    store = site.scope.get(_STORE)
    checked = linked[:1] if store else []
    return [], [Request(kind=Kind.DETAIL, url=vehicle.vehicle_url, note={"store": store}) for vehicle in checked]


def _total(tree: BeautifulSoup) -> int | None:
    holder = tree.select_one("[data-vehicle_count]")
    return _number(str(holder["data-vehicle_count"])) if holder else None


def _pages(tree: BeautifulSoup) -> int | None:
    holder = tree.select_one("span.pagination_settings__page_count")
    return _number(holder.get_text()) if holder else None


def _number(text: str) -> int | None:
    return count_of(text.replace(",", ""))


class _Card(NamedTuple):
    """A vehicle of a list: what its JSON-LD tells, and the elements that belong to it alone."""

    told: ScrapedVehicle
    elements: list[Tag]

    def all(self, selector: str) -> list[Tag]:
        """The elements that a selector names, the outer ones included."""
        outer = [element for element in self.elements if element.css.match(selector)]
        return outer + [inner for element in self.elements for inner in element.select(selector)]


def _cards(tree: BeautifulSoup) -> list[_Card]:
    found = []
    for script in scripts_of(tree):
        told = [vehicle_of(offered) for offered in vehicles_in(read_documents([script]).documents)]
        found += [(script, vehicle) for vehicle in told[:1] if not is_decoy(vehicle.vin)]
    holders = Counter(id(element) for script, _ in found for element in (script, *script.parents))
    return [_Card(vehicle, _around(script, holders)) for script, vehicle in found]


def _around(script: Tag, holders: Mapping[int, int]) -> list[Tag]:
    """The outermost element that holds this vehicle alone; in a flat list the elements up to the next vehicle."""
    outermost = script
    while not _is_list(outermost) and outermost.parent is not None and holders[id(outermost.parent)] == 1:
        outermost = outermost.parent
    if outermost is not script:
        return [outermost]
    return list(takewhile(lambda element: holders.get(id(element), 0) == 0, script.find_next_siblings()))


def _is_list(element: Tag) -> bool:
    return element.name == "body" or "srp_results" in element.get_attribute_list("class")


def _listed(site: Site, card: _Card, asked: Mapping[str, str]) -> ScrapedVehicle:
    told, kind = card.told, asked.get("tp", "")
    link = next(iter(card.all("a.vehicle_item__vehicle_link[href]")), None)
    prices = _prices(card)
    status = _STATUSES.get(asked.get("av", ""), asked.get("av", ""))
    return told._replace(
        v_type=_TYPES["certified"] if kind == "certified" else told.v_type or _TYPES.get(kind, kind),
        status=status or ("In Transit" if card.all(".intransit") else ""),
        price=first_amount([told.price, *(text for label, text in prices if _is_price(label))]),
        msrp=first_amount(text for label, text in prices if "msrp" in label),
        vehicle_url=own_url(site, told.vehicle_url or (str(link["href"]) if link else "")),
        rooftop=asked.get(_STORE, "") or told.rooftop,
    )


def _prices(card: _Card) -> list[tuple[str, str]]:
    """The labels in lower case and the texts of a card's prices."""
    pairs = []
    for label in card.all(".veh_pricing_container dt"):
        text = label.find_next_sibling("dd")
        pairs.append((label.get_text(" ", strip=True).casefold(), text.get_text(" ", strip=True) if text else ""))
    return pairs


def _is_price(label: str) -> bool:
    return "msrp" not in label and not _DEDUCTION.search(label)


def _read_vehicle_page(request: Request, answer: Answer) -> Page:
    note = request.note
    facts = _facts(html_of(answer.text()))
    if not facts.get("vehicle_vin"):
        if was_sent_elsewhere(request, answer):
            # The list has counted a vehicle whose page only proves the store.
            return Page() if "store" in note else Page(list_name=str(note.get("list", "")), gone=1)
        raise unknown_page(answer.text(), f"The page has no vehicle_vin in the script {_SESSION}.")
    if "store" in note:
        _refuse_other_store(str(note["store"]), facts.get("vehicle_location_id", ""))
        return Page()
    half_read = ScrapedVehicle(*map(text_of, note.get("vehicle", ())))
    told = {field: facts[name] for field, name in _FACTS.items() if facts.get(name)}
    vehicle = half_read._replace(
        **told,
        price=first_amount([half_read.price, facts.get("vehicle_price", "")]),
        vehicle_url=half_read.vehicle_url or answer.url,
    )
    return Page(list_name=str(note.get("list", "")), vehicles=(vehicle,), rows=0 if note else 1)


def _refuse_other_store(asked: str, told: str) -> None:
    if told != asked:
        raise CannotReadError(
            "E_WRONG_PAGE",
            f"The list of store {asked} holds a vehicle of store {told or 'without a number'}: "
            f"the website does not restrict it to the dealership any more.",
        )


def _facts(tree: BeautifulSoup) -> dict[str, str]:
    """The facts of the script, which is program text: names without quotes, values as lists of one."""
    script = tree.find("script", id=_SESSION)
    found = _FACT.findall(script.get_text()) if script else []
    return {name: _unquoted(value) for name, value in reversed(found)}


def _unquoted(value: str) -> str:
    if value[0] == "'":
        value = '"' + value[1:-1].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"') + '"'
    if value[0] != '"':
        return "" if value in {"null", "undefined"} else value
    text = loaded(value)
    return (text if isinstance(text, str) else value[1:-1]).strip()
