"""A page without a pointer: what the Tab key reaches, and whether a person sees where he is."""

from playwright.sync_api import Locator, Page

MOST_STOPS = 200
# The ring is drawn, and nothing lies over the middle of what has the focus.
_FAULT = """() => {
  const node = document.activeElement;
  const words = (node.ariaLabel ?? node.innerText ?? node.value ?? "").trim().slice(0, 40);
  const name = `${node.tagName.toLowerCase()}${node.id && "#" + node.id} "${words}"`;
  if (node === document.body) return "";
  const style = getComputedStyle(node);
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `${name} shows no focus`;
  const box = node.getClientRects()[0];
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  if (!top) return `${name} has the focus outside of the window`;
  return node.contains(top) || top.contains(node) || node.labels?.[0]?.contains(top) ? "" : `${name} is covered`;
}"""
_REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
  .filter((node) => node.tabIndex >= 0 && !node.disabled && node.checkVisibility({visibilityProperty: true}))
  .filter((node) => node.type !== "radio" || node.checked || !document.querySelector(`[name="${node.name}"]:checked`))
  .length"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus; each stop on the way is seen."""
    for _ in range(MOST_STOPS):
        if target.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert not (fault := page.evaluate(_FAULT)), fault
    raise AssertionError(f"{MOST_STOPS} times Tab do not come to {target}")


def walk(page: Page) -> tuple[int, int, list[str]]:
    """Go through the whole page with Tab: how many stops there are and how many there should be, and what is wrong."""
    wanted: int = page.evaluate(_REACHABLE)
    # A field may have the focus from the first; the way begins at the top all the same.
    page.locator(".skip-link").focus()
    stops, faults = 1, []
    while stops < MOST_STOPS:
        page.keyboard.press("Tab")
        # Behind the last stop the browser's own buttons come, or the first stop again.
        if page.evaluate("document.activeElement.matches('body, .skip-link')"):
            break
        stops += 1
        if fault := page.evaluate(_FAULT):
            faults.append(fault)
    return stops, wanted, faults


def press(page: Page, keys: str) -> None:
    """Press one key after the other; several in one press are joined by a plus."""
    for key in keys.split():
        page.keyboard.press(key)
