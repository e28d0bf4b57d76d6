"""DealerOn where the listing is a plain page: its model tells the ids of the JSON list, which is read first.

The page names about 12 vehicle pages; reading these costs ten times the requests. So `route` is `json` unless the
configuration says `html`, and every run tries the list again: when it is refused, the run begins again with the pages
(`refresh`); when its first page is no list, or the model names none, that list alone is read from the pages.

Parameters
    route            `json` (default) or `html`
    lists            names of the lists, with commas between them: `new,used` (default), `all`
    store_code       the store's code in the path of the JSON list; otherwise as the page's resources tell it
    base_filter      the filter of the JSON list in base64, for pages whose model names none
Elsewhere in the `Site`
    scope, page_size as for DealerOn
    rooftop.source   a key of the card (`json`) or an attribute of the vehicle page (`html`, by default no label)
"""

import base64
from collections.abc import Mapping
from typing import Any

from bs4 import BeautifulSoup, Tag

from scrapers.domain.platforms import dealeron
from scrapers.domain.platforms.dealeron import MODEL, PAGE_SIZE, TAGGING, ListIds
from scrapers.domain.readings import count_of, html_of, is_true, link_of, loaded, script_of, unknown_page
from scrapers.domain.shapes import Answer, CannotReadError, Detection, Kind, Page, Request, ScrapedVehicle, Site
from scrapers.domain.texts import first_amount, first_text, pick, text_of

PLATFORM = "dealeron_html"
API_DOMAINS: tuple[str, ...] = ()

_STORE_CODE = "vhcliaa"


def detect(html: str) -> Detection | None:
    """The HTML variant by the model of its listing pages; with tagging data beside it DealerOn itself is likelier."""
    if MODEL not in html:
        return None
    code = dealeron.store_code(html)
    return Detection(platform=PLATFORM, confidence=90, found={"store_code": code} if code else {})


def first(site: Site) -> tuple[Request, ...]:
    """The first page of every listing: for its ids, or for its vehicle pages."""
    return _pages(site, site.setting("route", "json"))


def refresh(site: Site) -> tuple[Request, ...]:
    """Everything from the pages, where the JSON list is refused."""
    return _pages(site, "html") if site.setting("route", "json") == "json" else ()


def parse(site: Site, request: Request, answer: Answer) -> Page:
    """What a listing page, an answer of the JSON list or a vehicle page tells."""
    if request.kind == Kind.DETAIL:
        return _parse_vehicle_page(site, request, answer)
    if request.kind == Kind.CONFIG:
        return _parse_first_page(site, request, answer)
    if request.note.get("page_id") or (kind_of(answer.text()) == Kind.LIST and MODEL not in answer.text()):
        return _parse_json_list(site, request, answer)
    return _parse_listing(site, request, answer)


def kind_of(text: str) -> Kind:
    """JSON and listing pages are lists, other pages show a vehicle."""
    return Kind.LIST if MODEL in text or dealeron.kind_of(text) == Kind.LIST else Kind.DETAIL


def _pages(site: Site, route: str) -> tuple[Request, ...]:
    kind = Kind.LIST if route == "html" else Kind.CONFIG
    return tuple(dealeron.page_request(site, name, kind=kind) for name in dict.fromkeys(site.lists("new,used")))


def _parse_first_page(site: Site, request: Request, answer: Answer) -> Page:
    """The JSON list that the page's model names; if it names none, the page is the first of its listing."""
    text = answer.text()
    name = text_of(request.note.get("name"))
    model = _model(name, text)
    dealer_id, page_id = text_of(model.get("DealerId")), text_of(model.get("PageId"))
    if not dealer_id or not page_id:
        return _parse_listing(site, request, answer)
    own_filter = text_of(model.get("BaseFilter"))
    encoded = base64.b64encode(own_filter.encode()).decode() if own_filter else site.setting("base_filter")
    code = site.setting("store_code") or dealeron.store_code(text) or _STORE_CODE
    ids = ListIds(name, code, dealer_id, page_id, encoded)
    return Page(list_name=name, next_requests=(dealeron.list_request(site, ids),))


def _parse_json_list(site: Site, request: Request, answer: Answer) -> Page:
    try:
        return dealeron.parse_list(site, request, answer)
    except CannotReadError as error:
        if request.note.get("page") != 1 or error.code not in {"E_NOT_JSON", "E_STRUCTURE"}:
            raise
        name = text_of(request.note.get("name"))
        warning = f"The JSON list '{name}' cannot be read, so its vehicles are read from their pages. {error.message}"
        pages = dealeron.page_request(site, name, kind=Kind.LIST)
        return Page(list_name=name, next_requests=(pages,), warnings=(warning,))


def _parse_listing(site: Site, request: Request, answer: Answer) -> Page:
    """The vehicle pages that one page of a listing names, and the next page until the declared total is reached.

    Raises `CannotReadError` E_PAGE_REPEAT when it names the same vehicles as the page before.
    """
    name, number = text_of(request.note.get("name")), count_of(request.note.get("page")) or 1
    model = _model(name, answer.text())
    links = _links(site, model)
    if links and links == request.note.get("links"):
        message = f"Page {number} of the listing '{name}' names the same vehicles as the page before."
        raise CannotReadError("E_PAGE_REPEAT", message)
    total = count_of(pick(model, "SearchResultsListModel.ResultsCount"))
    seen = (count_of(request.note.get("seen")) or 0) + len(links)
    size = site.page_size or PAGE_SIZE
    is_last = not links or (seen >= total if total is not None else len(links) < size)
    note = {"seen": seen, "links": links}
    following = () if is_last else (dealeron.page_request(site, name, kind=Kind.LIST, page=number + 1, note=note),)
    details = tuple(Request(kind=Kind.DETAIL, url=link, note={"name": name}) for link in links)
    return Page(
        list_name=name,
        rows=len(links),
        total_declared=total,
        page_number=number,
        page_size=size,
        next_requests=following + details,
    )


def _model(name: str, text: str) -> Mapping[str, Any]:
    """The model of a listing page; raises `CannotReadError` when it is missing or the page is of another listing."""
    page = html_of(text)
    dealeron.refuse_wrong_page(page)
    model = script_of(page, MODEL)
    if not isinstance(model, Mapping):
        raise unknown_page(text, f"The listing page has no script {MODEL}: DealerOn has changed its pages.")
    shown = text_of(model.get("PageVehicleType")).casefold()
    if {name, shown} == {"new", "used"}:
        message = f"The list '{name}' was asked for and the website answered with its list '{shown}'."
        raise CannotReadError("E_WRONG_PAGE", message)
    return model


def _links(site: Site, model: Mapping[str, Any]) -> list[str]:
    """The vehicle pages in the model's list, which is JSON inside the JSON; without repetitions."""
    elements = pick(loaded(text_of(model.get("ItemListJson"))), "itemListElement")
    if not isinstance(elements, list):
        message = f"The {MODEL} of the listing page has no ItemListJson with an itemListElement."
        raise CannotReadError("E_STRUCTURE", message)
    links = (link_of(site, first_text(element, ("url", "item.url"))) for element in elements)
    return list(dict.fromkeys(filter(None, links)))


def _parse_vehicle_page(site: Site, request: Request, answer: Answer) -> Page:
    """The vehicle of its page; gone where DealerOn shows another of its pages instead."""
    text = answer.text()
    name = text_of(request.note.get("name"))
    page = html_of(text)
    element = page.select_one("div.vdp[data-vin]")
    if element is not None:
        return Page(list_name=name, vehicles=(_vehicle(site, request.url, element),))
    if _is_other_page(page):
        warning = f"A vehicle of the list '{name}' is gone: its address leads to another page."
        return Page(list_name=name, gone=1, warnings=(warning,))
    raise unknown_page(text, "The vehicle page has no div.vdp with a data-vin: DealerOn has changed its pages.")


def _is_other_page(page: BeautifulSoup) -> bool:
    shown = text_of(pick(script_of(page, TAGGING), "pageType")).casefold()
    return page.find("script", id=MODEL) is not None or shown not in {"", "item"}


def _vehicle(site: Site, url: str, element: Tag) -> ScrapedVehicle:
    def attribute(name: str) -> str:
        return text_of(element.get(f"data-{name}"))

    shown_type, is_certified = attribute("vehicletype"), is_true(attribute("cpo"))
    return ScrapedVehicle(
        vin=attribute("vin"),
        stock=attribute("dotagging-item-number") or attribute("stocknum"),
        v_type=dealeron.type_word(shown_type, is_certified=is_certified),
        year=attribute("year"),
        make=attribute("make"),
        model=attribute("model"),
        trim=attribute("trim"),
        ext_color=attribute("extcolor"),
        status=dealeron.status_word(
            in_production=attribute("inproduction"),
            in_transit=attribute("intransit"),
            in_stock=attribute("instock"),
        ),
        price=first_amount((attribute("price"),)),
        msrp=first_amount((attribute("msrp"),)) if shown_type.casefold() == "new" and not is_certified else "",
        body=attribute("bodystyle"),
        fuel_type=attribute("dotagging-item-fuel-type"),
        date_in_stock=attribute("dotagging-item-inventory-date"),
        vehicle_url=link_of(site, url),
        rooftop=text_of(element.get(site.rooftop.source)) if site.rooftop.source else "",
        mileage=attribute("odometer"),
        model_code=attribute("modelcode"),
    )
