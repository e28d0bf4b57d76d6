"""Makes pictures of every page, to be looked at: `make screenshots`, `make screenshots PAGES=review`.

Each page is taken in both themes, on a desk and on a phone, in a shop without data, with the demonstration's and in a
large one. The database is the throw-away one of every test run.
"""

import os
import re
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from dealerships.models import Dealership
from orders.models import Order
from silverfox.demo.operations import load_demo
from tests.browser.conftest import SignIn
from tests.browser.every_page import MAY_ALL, documents
from tests.browser.looking import DESK, PHONE, THEMES
from tests.browser.scenes import large_scenes, make_large_shop, scenes
from tests.browser.watching import Watch
from tests.factories import ensure_mappings, make_order
from tests.programs import ROOT
from tests.silverfox.test_access import make_places

FOLDER = Path(os.environ.get("SCREENSHOTS") or ROOT / "var" / "screenshots").absolute()
WANTED = os.environ.get("PAGES", "")
MOST_HEIGHT = 2600
OF_THE_DEMO = "South County DCJR"
SIGNED_OUT = "/accounts/login/"


def empty() -> dict[str, str]:
    return documents({"": []})


def normal() -> dict[str, str]:
    """The demonstration, and what may be going on beside it."""
    ensure_mappings()
    load_demo(now=timezone.now(), with_users=False)
    dealership = Dealership.objects.get(name=OF_THE_DEMO)
    done = Order.objects.filter(dealership=dealership, state="done")[0]
    order = make_order(dealership=dealership, group=dealership.order_groups()[0], confirmed=True)
    own = {"dealership": [dealership.pk], "order": [order.pk], "line": [order.pk, 1], "done": [done.pk]}
    return documents(make_places() | own) | scenes() | {"order_detail-done": f"/orders/{done.pk}/"}


def large() -> dict[str, str]:
    return documents(make_places() | make_large_shop()) | large_scenes()


@pytest.mark.parametrize("pages_of", [empty, normal, large], ids=lambda pages_of: pages_of.__name__)
def test_take_pictures(pages_of: Callable[[], Mapping[str, str]], sign_in: SignIn, watch: Watch) -> None:
    # The demonstration goes into an installation that nobody has used.
    addresses, page = pages_of(), sign_in(MAY_ALL)
    folder = FOLDER / pages_of.__name__
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(addresses):
        if re.search(WANTED, name):
            page.goto(addresses[name])
            take(page, folder, name.replace(":", "-"))
    page.goto("/nothing/")
    take(page, folder, "missing")
    watch.forget(page, "status of 404")
    write_index()
    print(f"\n{FOLDER / 'index.html'}")  # noqa: T201 - what is asked for


def take(page: Page, folder: Path, name: str) -> None:
    """Pictures of the page that is open, as it is in each theme and width, down to a height that can be looked at."""
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        height = page.evaluate("document.documentElement.scrollHeight")
        # As high as the page, so that what stands at the foot of the window stands at the foot of the picture.
        page.set_viewport_size({"width": size["width"], "height": min(height, MOST_HEIGHT)})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            # The admin's links and buttons change their colours slowly.
            page.screenshot(path=folder / f"{name}-{size['width']}-{theme}.png", animations="disabled")


def write_index() -> None:
    """A page with all pictures, the four of a page beside each other."""
    parts = ["<!doctype html><meta charset=utf-8><title>Every page</title>"]
    for folder in sorted(path for path in FOLDER.iterdir() if path.is_dir()):
        parts.append(f"<h1>{folder.name}</h1>")
        parts += [_picture(path) for path in sorted(folder.glob("*.png"))]
    (FOLDER / "index.html").write_text("\n".join(parts), encoding="utf-8")


def _picture(path: Path) -> str:
    address = escape(f"{path.parent.name}/{path.name}")
    heading = f"<h2>{escape(path.stem.rsplit('-', 2)[0])}</h2>" if path.stem.endswith("-1440-dark") else ""
    return f'{heading}<a href="{address}"><img src="{address}" alt="{escape(path.stem)}" loading=lazy width=420></a>'
