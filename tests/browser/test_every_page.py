"""Every page in a real browser: nothing that keeps a person out, nothing sideways, nothing heavy, no complaint."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.browser.every_page import MAY_ALL, documents
from tests.browser.looking import loaded, sideways, violations
from tests.browser.scenes import make_large_shop, scenes
from tests.silverfox.test_access import make_places

MOST_BYTES = 300_000
MOST_SCRIPT_BYTES = 10_000
SCRIPTS = {"htmx-2", "app"}
BUILDERS = {"output_template_new", "output_template_detail"}
PARTS = 2


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_open_to_everybody_fits_every_width_and_is_light(part: int, sign_in: SignIn) -> None:
    page, pages = sign_in(MAY_ALL), documents(make_places()) | scenes()
    assert len(pages) > 40
    found = [f"{name}: {fault}" for name in sorted(pages)[part::PARTS] for fault in faults(page, name, pages[name])]
    assert not found, "\n".join(found)


def faults(page: Page, name: str, address: str) -> Iterator[str]:
    page.goto(address)
    parts = loaded(page)
    if parts.bytes_without_pictures >= MOST_BYTES:
        yield f"weighs {parts.bytes_without_pictures:,} bytes"
    if not name.startswith("admin:") and (
        more := parts.scripts - SCRIPTS - ({"builder"} if name in BUILDERS else set())
    ):
        yield f"loads {', '.join(sorted(more))}"
    yield from violations(page)
    yield from sideways(page)


def test_the_one_script_stays_small() -> None:
    path = find("silverfox/app.js")
    assert isinstance(path, str)
    assert Path(path).stat().st_size < MOST_SCRIPT_BYTES


def test_pages_of_a_large_shop_are_light_too(sign_in: SignIn) -> None:
    page, large = sign_in("staff"), make_large_shop()
    [order], [dealership], [batch] = large["order"], large["dealership"], large["batch"]
    pages = ["/", f"/orders/{order}/", f"/orders/{order}/review/", f"/dealerships/{dealership}/", "/orders/"]
    pages += [f"/batches/{batch}/", "/batches/new/?choose=due", "/orders/new/", "/websites/", "/vin-log/", "/imports/"]
    weights = {}
    for address in pages:
        page.goto(address)
        weights[address] = loaded(page).bytes_without_pictures
    assert {address: weight for address, weight in weights.items() if weight >= MOST_BYTES} == {}
