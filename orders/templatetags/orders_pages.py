"""How the pages of an order tell its events and its billing."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import template

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import USED, Condition
from orders.domain.billing import Billing, count_condition
from orders.models import OrderEvent

register = template.Library()


class EventLook(NamedTuple):
    tone: str
    icon: str
    text: str


_LOOKS = {
    "create": ("", "draft", "Order opened"),
    "prepare": ("", "ready", "Prepared"),
    "edit line": ("", "edit", "Edited"),
    "leave out": ("", "minus", "Left out"),
    "put back": ("", "undo", "Put back"),
    "confirm reprint": ("", "check", "Reprint confirmed"),
    "undo": ("", "undo", "Undone"),
    "approve": ("", "ready", "Approved"),
    "queue": ("", "clock", "Handed to a worker"),
    "start": ("", "half", "Production started"),
    "queue again": ("warn", "clock", "Handed to another worker"),
    "give up": ("fail", "fail", "Given up"),
    "ask to cancel": ("", "minus", "Asked to cancel"),
    "complete": ("ok", "check", "Files released"),
    "fail": ("fail", "fail", "Failed"),
    "back to review": ("", "undo", "Back to review"),
    "cancel": ("", "minus", "Cancelled"),
    "void": ("", "slash", "Voided"),
    "void log entries": ("", "slash", "Log entries voided"),
    "correct": ("", "edit", "Corrected"),
    "re-issue": ("", "copy", "Issued again"),
}


@register.filter
def event_look(event: OrderEvent) -> EventLook:
    """Tone, icon and sentence of an event; one that has no words here speaks for itself."""
    tone, icon, words = _LOOKS.get(event.action, ("", "info", event.action.capitalize()))
    return EventLook(tone, icon, f"{words}: {event.detail}" if event.detail else words)


@register.filter
def at(values: Mapping[Any, Any], key: Any) -> Any:
    """The value of a mapping at a key that is not known before; None for none."""
    return values.get(key)


@register.filter
def totals(billing: Billing) -> list[tuple[str, int]]:
    """The counts of a billing sheet in its order."""
    rows = [
        ("Ordered", len(billing.ordered)),
        ("Produced", len(billing.lines)),
        ("New", count_condition(billing.lines, Condition.NEW)),
        ("Used", count_condition(billing.lines, *USED)),
        ("Certified among them", count_condition(billing.lines, Condition.CERTIFIED)),
        ("Duplicates", len(billing.duplicates)),
        ("Left out", len(billing.left_out)),
    ]
    return rows if billing.kind == OrderKind.CAO else [*rows, ("Not on the website", len(billing.not_on_website))]
