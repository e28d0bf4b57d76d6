"""Whether a website's inventory was read as a whole, by the website's own word."""

from collections.abc import Iterable
from dataclasses import dataclass

# Vehicles are sold and move between pages while they are read.
_TOLERATED_PERCENT = 2


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """One page of a list: what it held, and what the website said of the whole list."""

    list_name: str
    rows: int
    total_declared: int | None
    page_size: int | None
    gone: int = 0


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """How much was read of what the website says it has; `declared` is None when it says nothing.

    `is_short`: vehicles are missing. `is_over`: there are more than declared.
    """

    declared: int | None
    read: int
    is_short: bool
    is_over: bool = False

    @property
    def words(self) -> str:
        if self.declared is None:
            return f"{self.read:,} vehicles were read, and the last page was full, so there may be more."
        return f"The website says that it has {self.declared:,} vehicles, and {self.read:,} were read."


def judge_completeness(pages: Iterable[ListPage], *, vehicles: int) -> Completeness:
    """Compare `vehicles` (different VINs and rows without one, of all rooftops) with the totals of all lists.

    A shortfall of more than 2 % is one. A list without a total must end with a page that is not full.
    """
    last: dict[str, ListPage] = {}
    gone = 0
    for page in pages:
        gone += page.gone
        if page.total_declared is not None or page.page_size is not None:
            last[page.list_name] = page
    totals = [page.total_declared for page in last.values()]
    if not totals or None in totals:
        is_full = any(p.total_declared is None and p.page_size and p.rows >= p.page_size for p in last.values())
        return Completeness(declared=None, read=vehicles, is_short=is_full)
    declared = max(0, sum(total for total in totals if total is not None) - gone)
    difference = (declared - vehicles) * 100
    tolerated = _TOLERATED_PERCENT * declared
    return Completeness(
        declared=declared, read=vehicles, is_short=difference > tolerated, is_over=-difference > tolerated
    )
