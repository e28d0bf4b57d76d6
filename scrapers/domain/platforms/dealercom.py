"""Dealer.com websites, whose lists come from a widget of the website itself.

Settings, all optional; NAME is a list, such as new, used, all or certified:

variant            `get` asks the widget by its address, `post` by a document; `get`
lists              names of the lists, with commas between; `new,used` for `get`, `all` for `post`
NAME_host          the host of another website that serves one list
NAME_alias         the alias of one list's page; `INVENTORY_LISTING_DEFAULT_AUTO_NEW` and so on
account_id         the account that every list is restricted to; `NAME_account_id` for one list
window_id          `inventory-data-bus1`

Only for `post`:

site_id            learned from the listing page, with alias and page id of the first list
NAME_page_id       `v9_INVENTORY_SEARCH_RESULTS_AUTO_NEW_V1_1` and so on
listing_path       the page that tells the site id; `/new-inventory/index.htm` and so on, by the first list
widget_name, locale, device, listing_config    `ws-inv-data`, `en_US`, `DESKTOP`, none

`scope` restricts every list in the widget's own parameters. The page size belongs to `post`; `get` takes what comes. A
rooftop's label is named by `address.accountName`, `accountId` or another field of the tracked vehicle; without a name
by the account's name, else its id.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from scrapers.domain.readings import count_of, is_json, link_of
from scrapers.domain.shapes import (
    Answer,
    CannotReadError,
    Detection,
    Kind,
    Page,
    Request,
    ScrapedVehicle,
    Site,
    wrong_page,
)
from scrapers.domain.texts import first_amount, first_text, pick, text_of

PLATFORM = "dealercom"
# The widget belongs to the dealer's own website.
API_DOMAINS: tuple[str, ...] = ()

_MARKS = ("DDC.WidgetData", "DDC.WS.state", "/apis/widget/", "INVENTORY_LISTING_DEFAULT_AUTO")
_SITE_ID = re.compile(r"\bsiteId\b[\"']?\s*[:=]\s*[\"']([\w-]+)[\"']", re.ASCII)
_PAGE_NAMES = {
    "alias": re.compile(r"\bpageAlias\b[\"']?\s*[:=]\s*[\"'](INVENTORY_LISTING[\w-]*)[\"']", re.ASCII),
    "page_id": re.compile(r"\bpageId\b[\"']?\s*[:=]\s*[\"']([\w-]*INVENTORY_SEARCH_RESULTS[\w-]*)[\"']", re.ASCII),
}
_PAGES = {"new": "NEW", "used": "USED", "all": "ALL", "certified": "CERTIFIED_USED"}
# The widget turns other programs away.
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
_POST_PATH = "/api/widget/ws-inv-data/getInventory"
_PAGE_SIZE = 100
_TYPES = {"new": "New", "used": "Used", "certified": "Certified Pre-Owned"}
_STATUSES = {"live": "On-Lot", "in_transit": "In Transit", "in_transit_at_factory": "Being Built"}
_PRICES = ("pricing.finalPrice", "pricing.internetPrice", "askingPrice", "salePrice", "internetPrice")


def detect(html: str) -> Detection | None:
    marks = sum(mark in html for mark in _MARKS)
    if not marks:
        return None
    site_id = _SITE_ID.search(html)
    found = {"variant": "post", "site_id": site_id[1]} if site_id and "ws-inv-data" in html else {"variant": "get"}
    return Detection(platform=PLATFORM, confidence=min(60 + 15 * marks, 95), found=found)


def first(site: Site) -> tuple[Request, ...]:
    return _lists(site) if not _is_post(site) or site.setting("site_id") else (_config(site, refused=False),)


def refresh(site: Site) -> tuple[Request, ...]:
    """The listing page tells the ids of `post` again; nothing tells what the addresses of `get` are made of."""
    return (_config(site, refused=True),) if _is_post(site) else ()


def kind_of(text: str) -> Kind:
    return Kind.LIST if is_json(text) else Kind.CONFIG


def parse(site: Site, request: Request, answer: Answer) -> Page:
    if request.kind == Kind.CONFIG:
        return _page_told(site, answer.text(), refused=request.note.get("refused", False))
    return _read(site, request, answer.json())


def _config(site: Site, *, refused: bool) -> Request:
    url = site.url(site.setting("listing_path", f"/{_list_names(site)[0]}-inventory/index.htm"))
    return Request(kind=Kind.CONFIG, url=url, note={"refused": refused})


def _page_told(site: Site, html: str, *, refused: bool) -> Page:
    site_id = _SITE_ID.search(html)
    if site_id is None:
        raise wrong_page(
            html,
            "The listing page tells no siteId of its inventory widget. Probe the website: its platform may be another.",
        )
    learned = {"site_id": site_id[1]}
    for name, pattern in _PAGE_NAMES.items():
        if match := pattern.search(html):
            learned[f"{_list_names(site)[0]}_{name}"] = match[1]
    # What the widget refused as configured gives way to what the page says today.
    now = site.taught(learned, outdated=learned if refused else ())
    return Page(next_requests=_lists(now), learned=learned)


def _is_post(site: Site) -> bool:
    return site.setting("variant") == "post"


def _list_names(site: Site) -> list[str]:
    return site.lists("all" if _is_post(site) else "new,used")


def _page_of(name: str) -> str:
    """The part of page names that stands for a list."""
    return _PAGES.get(name, name.upper())


def _lists(site: Site) -> tuple[Request, ...]:
    return tuple(_asking(site, name, 0) for name in _list_names(site))


def _asking(site: Site, name: str, start: int) -> Request:
    host = site.setting(f"{name}_host")
    base_url = f"https://{host}" if host else site.base_url
    account = site.setting(f"{name}_account_id") or site.setting("account_id")
    scope = {**site.scope, **({"accountId": account} if account else {})}
    note = {"list": name, "start": start}
    if _is_post(site):
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        body = json.dumps(_document(site, name, start, scope))
        return Request(kind=Kind.LIST, url=base_url + _POST_PATH, method="POST", headers=headers, body=body, note=note)
    widget = f"{_alias(site, name)}:{site.setting('window_id', 'inventory-data-bus1')}"
    query = urlencode({**scope, "start": start}, quote_via=quote)
    headers = {"Accept": "application/json", "User-Agent": _BROWSER}
    return Request(
        kind=Kind.LIST, url=f"{base_url}/apis/widget/{widget}/getInventory?{query}", headers=headers, note=note
    )


def _following(site: Site, request: Request, name: str, start: int) -> Request:
    following = _asking(site, name, start)
    if not request.body:
        return following
    # The ids of the page before were accepted, be they configured or told by the listing page meanwhile.
    document = json.loads(request.body)
    document["inventoryParameters"]["start"] = [str(start)]
    return replace(following, url=request.url, body=json.dumps(document))


def _alias(site: Site, name: str) -> str:
    return site.setting(f"{name}_alias", f"INVENTORY_LISTING_DEFAULT_AUTO_{_page_of(name)}")


def _document(site: Site, name: str, start: int, scope: Mapping[str, str]) -> dict[str, Any]:
    """What the widget of the `post` variant is asked; its numbers are texts."""
    config = site.setting("listing_config")
    return {
        "siteId": site.setting("site_id"),
        "locale": site.setting("locale", "en_US"),
        "device": site.setting("device", "DESKTOP"),
        "pageAlias": _alias(site, name),
        "pageId": site.setting(f"{name}_page_id", f"v9_INVENTORY_SEARCH_RESULTS_AUTO_{_page_of(name)}_V1_1"),
        "windowId": site.setting("window_id", "inventory-data-bus1"),
        "widgetName": site.setting("widget_name", "ws-inv-data"),
        "inventoryParameters": {**{key: [value] for key, value in scope.items()}, "start": [str(start)]},
        "preferences": {
            "pageSize": str(site.page_size or _PAGE_SIZE),
            **({"listing.config.id": config} if config else {}),
        },
        "includePricing": True,
    }


def _read(site: Site, request: Request, document: Any) -> Page:
    rows = _rows(document)
    name, start = request.note.get("list", "all"), request.note.get("start", 0)
    total, size = count_of(pick(document, "pageInfo.totalCount")), count_of(pick(document, "pageInfo.pageSize"))
    read = start + len(rows)
    # A page may be shorter than the declared size before the end: only the total says where that is.
    more = bool(rows) and (read < total if total is not None else len(rows) >= (size or 1))
    parts = urlsplit(request.url)
    # Vehicles have their pages where the list is served.
    host = replace(site, base_url=f"{parts.scheme}://{parts.netloc}") if parts.netloc else site
    accounts = pick(document, "accounts")
    return Page(
        list_name=name,
        vehicles=tuple(_vehicle(host, accounts, tracked, item) for tracked, item in rows),
        rows=len(rows),
        total_declared=total,
        page_size=size,
        next_requests=(_following(site, request, name, read),) if more else (),
    )


def _rows(document: Any) -> list[tuple[Any, Any]]:
    """The vehicles as the page tracks them, each with what the list shows of it: either may be missing."""
    tracked, items = pick(document, "pageInfo.trackingData"), pick(document, "inventory")
    if not isinstance(tracked, list) and not isinstance(items, list):
        if count_of(pick(document, "pageInfo.totalCount")) == 0:
            return []
        raise CannotReadError("E_STRUCTURE", "The answer has neither pageInfo.trackingData nor inventory.")
    shown = items if isinstance(items, list) else []
    by_uuid = {uuid: item for item in shown if (uuid := text_of(pick(item, "uuid")))}
    if isinstance(tracked, list) and tracked:
        return [(row, by_uuid.get(text_of(pick(row, "uuid")))) for row in tracked]
    return [(None, item) for item in shown]


def _vehicle(site: Site, accounts: Any, tracked: Any, item: Any) -> ScrapedVehicle:
    attributes = _named(pick(item, "trackingAttributes")) | _named(pick(item, "attributes"))

    def say(*paths: str) -> str:
        return first_text(tracked, paths) or first_text(item, paths) or first_text(attributes, paths)

    images = pick(tracked, "images") or pick(item, "images")
    return ScrapedVehicle(
        vin=say("vin"),
        stock=say("stockNumber"),
        v_type=_type(tracked, item),
        year=say("year", "modelYear"),
        make=say("make"),
        model=say("model"),
        trim=say("trim") or _second_title(item),
        ext_color=say("exteriorColor"),
        status=_status(tracked, item),
        price=_price(site, tracked, item),
        msrp=_msrp(tracked, item),
        body=say("bodyStyle"),
        fuel_type=say("fuelType"),
        date_in_stock=say("inventoryDate"),
        vehicle_url=link_of(site, say("link")),
        rooftop=_rooftop(site, accounts, tracked, item),
        mileage=say("odometer"),
        model_code=say("modelCode"),
        photo_count=str(len(images)) if isinstance(images, list) else "",
    )


def _named(attributes: Any) -> dict[str, str]:
    entries = attributes if isinstance(attributes, list) else []
    return {text_of(pick(entry, "name")): text_of(pick(entry, "value")) for entry in entries}


def _second_title(item: Any) -> str:
    titles = pick(item, "title")
    return text_of(titles[1]) if isinstance(titles, list) and len(titles) > 1 else ""


def _type(tracked: Any, item: Any) -> str:
    word = (
        first_text(tracked, ["inventoryType"]) or first_text(item, ["condition"]) or first_text(tracked, ["newOrUsed"])
    )
    is_certified = pick(tracked, "certified") is True and word.casefold() in {"", "used"}
    return _TYPES["certified"] if is_certified else _TYPES.get(word.casefold(), word)


def _status(tracked: Any, item: Any) -> str:
    # The list's own status is a number, which says nothing of the lot.
    word = next((word for word in _texts(tracked, item, ["status"]) if not word.isdigit()), "")
    return _STATUSES.get(word.casefold(), word)


def _price(site: Site, tracked: Any, item: Any) -> str:
    tracked_prices = _texts(tracked, item, _PRICES)
    shown = [first_text(item, ["trackingPricing.salePrice"]), *_shown_prices(item, is_final=True)]
    prices = [*shown, *tracked_prices] if _is_post(site) else [*tracked_prices, *shown]
    price = first_amount(prices)
    return "Please Call" if price == "PLEASE_CALL" else price


def _msrp(tracked: Any, item: Any) -> str:
    # Of a used vehicle the retail value is a book value.
    for_new = ["retailValue"] if _type(tracked, item) == "New" else []
    paths = ("pricing.msrp", "msrp", "trackingPricing.msrp", *for_new)
    return first_amount([*_texts(tracked, item, paths), *_shown_prices(item, kind="msrp")])


def _shown_prices(item: Any, *, is_final: bool = False, kind: str = "") -> list[str]:
    entries = pick(item, "pricing.dPrice") or pick(item, "pricing.dprice")
    return [
        text_of(pick(entry, "value"))
        for entry in (entries if isinstance(entries, list) else [])
        if (pick(entry, "isFinalPrice") is True if is_final else pick(entry, "typeClass") == kind)
    ]


def _texts(tracked: Any, item: Any, paths: Iterable[str]) -> list[str]:
    return [text for document in (tracked, item) for path in paths if (text := text_of(pick(document, path)))]


def _rooftop(site: Site, accounts: Any, tracked: Any, item: Any) -> str:
    account_id = first_text(tracked, ["accountId"]) or first_text(item, ["accountId"])
    account = accounts.get(account_id) if isinstance(accounts, Mapping) else None
    name = first_text(tracked, ["address.accountName"]) or first_text(account, ["address.accountName", "name"])
    if site.rooftop.source in {"", "address.accountName"}:
        return name or ("" if site.rooftop.source else account_id)
    return account_id if site.rooftop.source == "accountId" else first_text(tracked, [site.rooftop.source])
