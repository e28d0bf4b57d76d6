"""What is looked at on a page that is open in a browser: access, width, weight and scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=740)
# Each side of the widths at which the shell changes, the narrowest and the widest.
WIDTHS = (320, 360, 720, 721, 1240, 1241, 1440, 1920)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """async (rules) => {
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  const found = await axe.run(document, {preload: false, resultTypes: ["violations"], runOnly: rules});
  return found.violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target.join(" ")}`));
}"""
_LOADED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map(({name, encodedBodySize}) => [new URL(name).pathname, encodedBodySize])"""
_PICTURES = (".png", ".svg")


@dataclass(frozen=True)
class Loaded:
    """What a page consists of; bytes are those that were sent, so that the files beside it count compressed."""

    bytes_without_pictures: int
    scripts: frozenset[str]


def violations(page: Page) -> Iterator[str]:
    """Everything that axe finds, in both themes, on a desk and on a phone. The page stands on a phone afterwards.

    The theme changes colours and nothing else, so that only contrast is looked at again in the second one.
    """
    # Evaluated, it is no script of the page; it must not load style sheets anew, which the policy would refuse.
    page.evaluate(f"{AXE_SCRIPT}; 0")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            rules = (
                {"type": "tag", "values": RULES}
                if theme == THEMES[0]
                else {"type": "rule", "values": ["color-contrast"]}
            )
            for found in page.evaluate(_RUN, rules):
                yield f"{size['width']} {theme} {found}"


def sideways(page: Page) -> Iterator[str]:
    """The widths at which the page itself would have to be scrolled sideways."""
    for width in WIDTHS:
        page.set_viewport_size(ViewportSize(width=width, height=800))
        if (needed := page.evaluate("document.scrollingElement.scrollWidth")) > width:
            yield f"{width} px are too narrow, it takes {needed}"


def loaded(page: Page) -> Loaded:
    files: list[tuple[str, int]] = page.evaluate(_LOADED)
    return Loaded(
        bytes_without_pictures=sum(size for name, size in files if not name.endswith(_PICTURES)),
        scripts=frozenset(name.rpartition("/")[2].partition(".")[0] for name, _ in files if name.endswith(".js")),
    )
