"""JSON-LD in web pages: reading it though it is broken, and finding the vehicles in it with their offers."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bs4 import BeautifulSoup, Tag

from scrapers.domain.shapes import ScrapedVehicle
from scrapers.domain.texts import first_amount, pick, text_of

Node = Mapping[str, Any]

_VEHICLE_TYPES = frozenset({"vehicle", "car", "motorvehicle", "motorcycle"})
_LEADS_ON = ("@graph", "itemListElement", "item", "mainEntity", "itemOffered", "makesOffer", "offers")
_WRAPPERS = re.compile(r"(?:/\*|//)?\s*(?:<!\[CDATA\[|\]\]>|<!--|-->)\s*(?:\*/)?")
# Strings match as wholes and stay, so that only commas between values are dropped.
_STRING_OR_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,\s*(?=[}\]])', re.DOTALL)
_VIN_FORM = re.compile(r"[A-Z0-9]{17}", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"(\d{4})-\d\d(?:-\d\d.*)?", re.ASCII | re.DOTALL)
_CONDITIONS = {"newcondition": "New", "usedcondition": "Used", "refurbishedcondition": "Refurbished"}


class Documents(NamedTuple):
    """The JSON-LD documents of a page, and how many of its scripts could not be read."""

    documents: tuple[Any, ...] = ()
    unreadable: int = 0


class OfferedVehicle(NamedTuple):
    """A vehicle's node with the node of its offer; the offer is empty where the page names none."""

    node: Node
    offer: Node


def scripts_of(tree: BeautifulSoup | Tag) -> list[Tag]:
    """The elements of a page that hold JSON-LD."""
    return tree.find_all("script", type=re.compile(r"^\s*application/ld\+json", re.IGNORECASE))


def read_documents(scripts: Iterable[Tag]) -> Documents:
    """The documents that elements hold: read strictly, else tolerantly, else counted as unreadable."""
    found, unreadable = [], 0
    for script in scripts:
        text = script.get_text()
        try:
            found.append(read_tolerantly(text))
        except ValueError:
            unreadable += bool(text.strip())
    return Documents(tuple(found), unreadable)


def read_tolerantly(text: str) -> Any:
    """The JSON of a text that may have raw line breaks, a CDATA or comment wrapper, HTML entities or commas too many.

    Raises `ValueError` when nothing helps.
    """
    unwrapped = _WRAPPERS.sub("", text).strip().rstrip(";")
    for attempt in (text, unwrapped, _without_last_commas(unwrapped), _without_last_commas(html.unescape(unwrapped))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    raise ValueError("no JSON")


def vehicles_in(documents: Iterable[Any]) -> list[OfferedVehicle]:
    """The vehicles of the documents in their order, each once, with an offer that it has or that it stands in.

    Only what leads to a page's own subject is followed, so similar vehicles that a page recommends do not count.
    """
    known = list(documents)
    by_id = _index(known)
    found: dict[int, OfferedVehicle] = {}
    passed: set[int] = set()
    waiting: list[tuple[Any, Node]] = [(document, {}) for document in reversed(known)]
    while waiting:
        value, offer = waiting.pop()
        if isinstance(value, list):
            waiting += [(item, offer) for item in reversed(value)]
        elif isinstance(value, dict):
            node = _resolved(value, by_id)
            if _is_vehicle(node):
                _keep(found, node, _offer_of(node, by_id) or offer)
            elif id(node) not in passed:
                passed.add(id(node))
                inner = node if "offer" in _types(node) else offer
                waiting += [(node[name], inner) for name in reversed(_LEADS_ON) if name in node]
    return list(found.values())


def _keep(found: dict[int, OfferedVehicle], node: Node, offer: Node) -> None:
    if id(node) not in found or not found[id(node)].offer:
        found[id(node)] = OfferedVehicle(node, offer)


def vehicle_of(offered: OfferedVehicle) -> ScrapedVehicle:
    """The texts of a vehicle's node and its offer; what JSON-LD does not tell, such as the list price, stays empty."""
    node, offer = offered
    return ScrapedVehicle(
        vin=vin_of(node),
        stock=_name(node, "sku") or _name(offer, "sku"),
        v_type=_condition(_name(offer, "itemCondition") or _name(node, "itemCondition")),
        year=_year(node),
        make=_name(node, "brand", "manufacturer"),
        model=_name(node, "model"),
        trim=_name(node, "vehicleConfiguration", "trim"),
        ext_color=_name(node, "color"),
        status=_availability(_name(offer, "availability")),
        price=_price(offer),
        body=_name(node, "bodyType"),
        fuel_type=_name(node, "fuelType") or _name(pick(node, "vehicleEngine"), "fuelType"),
        vehicle_url=_name(node, "url") or _name(offer, "url"),
        rooftop=_name(offer, "seller", "offeredBy"),
        mileage=_name(node, "mileageFromOdometer"),
        photo_count=_count(node.get("image")),
    )


def vin_of(node: Node) -> str:
    """The VIN of a node; a part number counts only when it has the form of a VIN."""
    part = _name(node, "mpn")
    return _name(node, "vehicleIdentificationNumber", "vin") or (part if _VIN_FORM.fullmatch(part) else "")


def is_decoy(vin: str) -> bool:
    """Whether a VIN is one character repeated, as pages show that hide the true one."""
    return len(vin) > 1 and len(set(vin)) == 1


def _without_last_commas(text: str) -> str:
    return _STRING_OR_LAST_COMMA.sub(lambda match: match[1] or "", text)


def _index(documents: list[Any]) -> dict[str, Node]:
    """The nodes that other nodes refer to by `@id`; a node that is only a reference does not count."""
    by_id: dict[str, Node] = {}
    waiting = list(documents)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if not _is_reference(value) and isinstance(value.get("@id"), str):
                by_id.setdefault(value["@id"], value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return by_id


def _resolved(node: Node, by_id: Mapping[str, Node]) -> Node:
    name = node.get("@id")
    return by_id.get(name, node) if isinstance(name, str) and _is_reference(node) else node


def _is_reference(node: Node) -> bool:
    return node.keys() <= {"@id", "@type"}


def _types(node: Node) -> set[str]:
    named = node.get("@type")
    return {_last_word(text_of(name)) for name in (named if isinstance(named, list) else [named])}


def _last_word(text: str) -> str:
    return re.split(r"[/:#]", text)[-1].casefold()


def _is_vehicle(node: Node) -> bool:
    types = _types(node)
    return bool(types & _VEHICLE_TYPES) or ("product" in types and vin_of(node) != "")


def _offer_of(node: Node, by_id: Mapping[str, Node]) -> Node:
    offers = node.get("offers")
    for offer in offers if isinstance(offers, list) else [offers]:
        if isinstance(offer, dict):
            return _resolved(offer, by_id)
    return {}


def _name(node: Any, *keys: str) -> str:
    """The first text of several keys; of an object its name or value, of a list its first item."""
    return next(filter(None, (_plain(node.get(key)) for key in keys)), "") if isinstance(node, Mapping) else ""


def _plain(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("value")
    return text_of(value)


def _year(node: Node) -> str:
    text = _name(node, "vehicleModelDate", "modelDate", "releaseDate", "productionDate")
    date = _DATE.fullmatch(text)
    return date[1] if date else text


def _condition(text: str) -> str:
    return _CONDITIONS.get(_last_word(text), text)


def _availability(text: str) -> str:
    """In what way a vehicle is not simply for sale; `InStock` does not tell whether it stands on the lot."""
    return "" if _last_word(text) == "instock" else re.split(r"[/:#]", text)[-1]


def _price(offer: Node) -> str:
    return first_amount(_prices(offer))


def _prices(offer: Node) -> Iterator[str]:
    specified = offer.get("priceSpecification")
    for node in (offer, *(specified if isinstance(specified, list) else [specified])):
        yield _name(node, "price")
    yield _name(offer, "lowPrice")


def _count(images: Any) -> str:
    return str(len(images)) if isinstance(images, list) else "1" if images else ""
