"""What every website has, whatever its platform: a vehicle's address in words, structured data, sitemap, robots."""

from typing import Any
from xml.sax.saxutils import escape

from scrapers.fake_web.answers import Answer, as_html, as_text, as_xml, page, script_json
from scrapers.fake_web.lots import Lot
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.view import CHANGED_STATE, CHANGED_WORD

_SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_ITEM_CONDITIONS = {"used": "UsedCondition", "certified": "RefurbishedCondition"}
CODED_STATUSES = {
    "on_lot": "On-Lot",
    "courtesy": "On-Lot",
    "in_transit": "In Transit",
    "in_production": "In Production",
    "allocated": "Allocated",
    CHANGED_STATE: "",
}
WORDS = {
    "on_lot": "In Stock",
    "courtesy": "Courtesy Vehicle",
    "in_transit": "In Transit",
    "in_production": "Being Built",
    "allocated": "Allocated",
    CHANGED_STATE: CHANGED_WORD,
}
TYPE_WORDS = {"new": "New", "demo": "Demo", "used": "Used", "certified": "Certified Pre-Owned"}


def slug(*words: object) -> str:
    """Words as they stand in an address."""
    text = " ".join(map(str, words)).lower().replace("&", " and ")
    return "-".join("".join(char if char.isalnum() else " " for char in text).split())


def status_word(lot: Lot, vehicle: Vehicle) -> str:
    """The site's own words for where the vehicle is."""
    return WORDS[CHANGED_STATE] if vehicle.state == CHANGED_STATE else lot.setting(vehicle.state, WORDS[vehicle.state])


def type_word(lot: Lot, vehicle: Vehicle) -> str:
    """The site's own word for new, used and certified."""
    return lot.setting(f"{vehicle.condition}_word", TYPE_WORDS[vehicle.condition])


def dollars(amount: int) -> str:
    return f"${amount:,}"


def structured_data(vehicle: Vehicle, url: str) -> dict[str, Any]:
    """The vehicle as schema.org describes one, as most websites put it into its page."""
    offer: dict[str, Any] = {
        "@type": "Offer",
        "priceCurrency": "USD",
        "availability": "https://schema.org/InStock",
        "itemCondition": f"https://schema.org/{_ITEM_CONDITIONS.get(vehicle.condition, 'NewCondition')}",
        "url": url,
        "seller": {"@type": "AutoDealer", "name": vehicle.rooftop.partition("<")[0]},
    }
    if not vehicle.odd:
        offer["price"] = str(vehicle.price)
    return {
        "@context": "https://schema.org",
        "@type": "Car",
        "name": f"{vehicle.name} {vehicle.trim}",
        "vehicleIdentificationNumber": vehicle.vin,
        "sku": vehicle.stock,
        "vehicleModelDate": str(vehicle.year),
        "brand": {"@type": "Brand", "name": vehicle.make},
        "model": vehicle.model,
        "vehicleConfiguration": vehicle.trim,
        "bodyType": vehicle.body,
        "color": vehicle.color,
        "fuelType": vehicle.fuel,
        "mileageFromOdometer": {"@type": "QuantitativeValue", "value": f"{vehicle.miles:,}", "unitCode": "SMI"},
        "url": url,
        "offers": offer,
    }


def json_ld(document: Any) -> str:
    return f'<script type="application/ld+json">{script_json(document)}</script>\n'


def vehicle_page(vehicle: Vehicle, url: str, *, head: str = "", body: str = "", ld: Any = None) -> Answer:
    """The page of one vehicle with its structured data and what the platform adds."""
    title = escape(f"{vehicle.name} {vehicle.trim}")
    head = json_ld(structured_data(vehicle, url) if ld is None else ld) + head
    return as_html(page(title, f"<h1>{title}</h1>\n{body}", head=head))


def sitemap(urls: list[str]) -> Answer:
    entries = "\n".join(f"<url><loc>{escape(url)}</loc></url>" for url in urls)
    return as_xml(f"<urlset {_SITEMAP}>\n{entries}\n</urlset>\n")


def sitemap_index(urls: list[str]) -> Answer:
    entries = "".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>" for url in urls)
    return as_xml(f"<sitemapindex {_SITEMAP}>{entries}</sitemapindex>\n")


def robots(lot: Lot) -> Answer:
    return as_text(f"User-agent: *\nDisallow: /admin/\n\nSitemap: {lot.site}/sitemap.xml\n")
