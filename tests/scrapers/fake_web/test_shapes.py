"""The fake payloads have no key that the samples of the real platforms lack, and values of the same types."""

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from scrapers.fake_web.lots import find_lot
from scrapers.fake_web.web import FakeWeb
from tests.scrapers.fake_web.walking import algolia, ask, dealeron_list, load, posted, search, widget

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[4] / "shared")
SAMPLES = SHARED / "data" / "platform-samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the platforms' samples in ../shared/data")

# Known from the platforms' contract, and absent where the sample was recorded.
DEALERON_ALSO = {".DisplayCards[].VehicleCard.VehiclePriceLibrary"}
DEALERCOM_ALSO = {
    ".pageInfo.trackingData[].pricing.msrp",
    ".pageInfo.trackingData[].year",
    ".pageInfo.trackingData[].salePrice",
    ".pageInfo.trackingData[].msrp",
}
POST_ALSO = {f".inventory[].{name}" for name in ("year", "make", "trim", "bodyStyle", "trackingPricing")} | {
    ".inventory[].trackingPricing.msrp",
    ".inventory[].trackingPricing.salePrice",
}
# The codes of a status stand where the sample has numbers.
POST_TEXTS = {".inventory[].status"}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8-sig"))


def paths(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key path with the type of its value; names of accounts and sizes of pages are one key."""
    yield (
        path,
        {bool: "truth", int: "number", float: "number", type(None): "nothing"}.get(type(value), type(value).__name__),
    )
    if isinstance(value, dict):
        for name, item in value.items():
            is_any = path in {".accounts", ".Paging.NumberOfVehiclesToShowModel"}
            yield from paths(item, f"{path}.{'*' if is_any else name}")
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{path}[]")


def assert_same_shape(fake: Any, real: Any, *, also: Collection[str] = (), any_type: Collection[str] = ()) -> None:
    known: dict[str, set[str]] = {}
    for path, kind in paths(real):
        known.setdefault(path, set()).add(kind)
    unknown = {path for path, _ in paths(fake)}.difference(known, also)
    assert not unknown
    differing = {
        (path, kind)
        for path, kind in paths(fake)
        if path in known
        and path not in any_type
        and kind not in known[path] | {"nothing"}
        and known[path] != {"nothing"}
    }
    assert not differing


@pytest.mark.parametrize("domain", ["bommaritowestcounty.com", "thoroughbredford.com", "suntrupfordkirkwood.com"])
def test_dealeron(web: FakeWeb, domain: str) -> None:
    real = sample("dealeron_cosmos_srp_bommaritowestcounty_last_page.json")

    for number in range(1, 8):
        page = dealeron_list(web, find_lot(domain), number)
        page["DisplayCards"] = [card for card in page["DisplayCards"] if not card["IsAdCard"]]
        assert_same_shape(page, real, also=DEALERON_ALSO)


@pytest.mark.parametrize("domain", ["miniofstlouis.com", "glendalechryslerjeep.net", "rustydrewingcadillac.com"])
def test_dealercom_by_get(web: FakeWeb, domain: str) -> None:
    real = sample("dealercom_widget_getInventory_used_HBRoamy.json")

    for alias in ("NEW", "USED", "ALL", "CERTIFIED_USED"):
        assert_same_shape(widget(web, f"www.{domain}", alias, 0), real, also=DEALERCOM_ALSO)


def test_dealercom_by_post(web: FakeWeb) -> None:
    real = sample("dealercom_widget_getInventory_used_HBRoamy.json")

    page = posted(web, find_lot("auffenberghyundai.com"), 0)

    assert_same_shape(page, real, also=POST_ALSO, any_type=POST_TEXTS)


@pytest.mark.parametrize("domain", ["spiritlexus.com", "joemachenshyundai.com", "suntrupkiasouth.com"])
def test_carscommerce(web: FakeWeb, domain: str) -> None:
    assert_same_shape(search(web, find_lot(domain)), sample("constructed/carscommerce_search_response.json"))


def test_carscommerce_page(web: FakeWeb) -> None:
    fragment = (SAMPLES / "constructed/carscommerce_srp_fragment.html").read_text()
    html = ask(web, "www.pappastoyota.com", "/new-vehicles/").body.decode()

    for name in ("SEARCH_SERVICE", "SEARCH_SERVICE_FIELD_MAP"):
        fake, real = (json.loads(re.findall(rf"var {name} = (.*);\n", text)[0]) for text in (html, fragment))
        assert_same_shape(fake, real)


@pytest.mark.parametrize("domain", ["spiritlexus.com", "frankletahonda.com", "bmwofweststlouis.com"])
def test_algolia(web: FakeWeb, domain: str) -> None:
    result = algolia(web, find_lot(domain), facets=[])

    assert_same_shape({"results": [result]}, sample("constructed/algolia_queries_response.json"))


def test_teamvelocity(web: FakeWeb) -> None:
    real = sample("constructed/teamvelocity_inventory_new_page1.json")

    for kind in ("new", "used"):
        assert_same_shape(load(web, "www.kiaofcolumbia.com", f"/inventory-{kind}.json"), real)
    vin = load(web, "www.kiaofcolumbia.com", "/inventory-new.json")["vehicles"][0]["vin"]
    price = load(web, "www.kiaofcolumbia.com", f"/api/Inventory/getPaymentSettingDetails?accountId=41336&vin={vin}")
    assert_same_shape(price, sample("constructed/teamvelocity_getPaymentSettingDetails.json"))


def test_smartpath(web: FakeWeb) -> None:
    page = load(web, "smartpath.twincitytoyota.com", "/consumerapi/retail/inventory?includeInvPooling=true")

    assert_same_shape(page, sample("constructed/smartpath_inventory.json"))


def test_dealr(web: FakeWeb) -> None:
    path = "/functions/getInventorySubset?page=1&blockKey=blocks/inventory/srp/inventory-list.twig"
    page, real = load(web, "www.stehouwerauto.com", path), sample("constructed/dealr_inventory_subset.json")

    assert_same_shape(page, real)
    assert markers(page["list"]) <= markers(real["list"])


@pytest.mark.parametrize(("host", "path", "name"), [
    ("www.stehouwerauto.com", "VDP", "dealr_vdp.html"),
    ("www.joemachenstoyota.com", "/search/joe-machens-toyota/?ct=48", "dealereprocess_srp.html"),
    ("www.joemachenstoyota.com", "VDP", "dealereprocess_vdp.html"),
    ("www.hondafrontenac.com", "VDP", "teamvelocity_vdp.html"),
    ("www.porschestlouis.com", "/searchused.aspx?pt=1", "dealeron_porsche_srp_model_fragment.html"),
    ("www.porschestlouis.com", "VDP", "dealeron_porsche_vdp_fragment.html"),
    ("www.columbiahonda.com", "/searchall.aspx", "dealeron_searchall_fragment.html"),
])  # fmt: skip
def test_web_pages_have_every_marker_of_the_samples(web: FakeWeb, host: str, path: str, name: str) -> None:
    urls = [reading.vehicle_url.removeprefix(f"https://{host}") for reading in web.listed(host)[:40]]

    pages = [ask(web, host, target).body.decode() for target in (urls if path == "VDP" else [path])]

    assert markers((SAMPLES / "constructed" / name).read_text()) <= set().union(*map(markers, pages))


def markers(html: str) -> set[str]:
    """What a reader of a web page looks for: ids, classes, attribute names of data, and keys of scripts."""
    attributes = re.findall(r'(?:\bid|\bclass)="[\w -]+"|\bdata-[\w-]+|vehicle-inquiry', html)
    return {*attributes, *re.findall(r'\b\w+(?=: \[")|"@?\w+"(?=:)|\bvar \w+|&quot;\w+&quot;', html)}
