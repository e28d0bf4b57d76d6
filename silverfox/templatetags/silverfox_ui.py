"""How pages show what the domain knows: icons, states, VINs, money, bars and the navigation."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django import template
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser, User
from django.db.models import prefetch_related_objects
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from foundation.models import Theme
from foundation.preferences import preferences_of

register = template.Library()

VIN_LENGTH = 17
VIN_HEAD = 9


class Look(NamedTuple):
    """A state is told by its shape and its word; the tone (a class) only repeats it in colour."""

    shape: str
    tone: str
    word: str


ORDER_LOOKS = {
    "draft": Look("draft", "", "Draft"),
    "review": Look("ready", "", "Review"),
    "approved": Look("ready", "", "Numbered"),
    "queued": Look("clock", "", "Waits"),
    "processing": Look("half", "info", "In production"),
    "done": Look("check", "ok", "Done"),
    "failed": Look("fail", "fail", "Failed"),
    "cancelled": Look("minus", "", "Cancelled"),
    "voided": Look("slash", "", "Voided"),
}
DATASET_LOOKS = {
    "staged": Look("draft", "", "Staged"),
    "active": Look("check", "ok", "In use"),
    "held": Look("pause", "hold", "Held"),
    "stale": Look("warn", "warn", "Stale"),
    "rejected": Look("fail", "fail", "Rejected"),
    "archived": Look("minus", "", "Archived"),
    "removed": Look("minus", "", "Rows removed"),
}
IMPORT_LOOKS = {
    "queued": Look("clock", "", "Waits"),
    "running": Look("half", "info", "Reading"),
    "done": Look("check", "ok", "Done"),
    "failed": Look("fail", "fail", "Failed"),
}
RUN_LOOKS = {
    "queued": Look("clock", "", "Waits"),
    "running": Look("half", "info", "Reading"),
    "done": Look("check", "ok", "Done"),
    "held": Look("pause", "hold", "Held"),
    "partial": Look("warn", "warn", "Partial"),
    "failed": Look("fail", "fail", "Failed"),
    "cancelled": Look("minus", "", "Cancelled"),
}
JOB_LOOKS = {
    "queued": Look("clock", "", "Waits"),
    "running": Look("half", "info", "Running"),
    "done": Look("check", "ok", "Done"),
    "failed": Look("fail", "fail", "Failed"),
    "cancelled": Look("minus", "", "Cancelled"),
}
CHECK_LOOKS = {
    "ok": Look("check", "ok", "OK"),
    "warning": Look("warn", "warn", "Warning"),
    "needs a person": Look("fail", "fail", "Needs a person"),
}
ENTRY_LOOKS = {
    "produced": Look("check", "ok", "Produced"),
    "placeholder": Look("check", "ok", "VIN only"),
    "duplicate_entry": Look("link", "", "Duplicate entry"),
    "not_on_website": Look("minus", "", "Not on website"),
    "ambiguous": Look("warn", "warn", "Ambiguous"),
    "invalid": Look("fail", "fail", "Invalid"),
    "in_another_order": Look("link", "", "In another order"),
}
DAY_LOOKS = {
    "failed": Look("fail", "fail", "Failed"),
    "held": Look("pause", "hold", "Held"),
    "in_production": Look("half", "info", "In production"),
    "in_review": Look("edit", "", "In review"),
    "ready": Look("ready", "", "Ready"),
    "no_inventory": Look("warn", "warn", "No inventory"),
    "not_set_up": Look("draft", "", "CAO not set up"),
    "nothing_new": Look("minus", "", "Nothing new"),
    "done": Look("check", "ok", "Done"),
}
BATCH_LOOKS = {
    "building": Look("draft", "", "Being prepared"),
    "review": Look("ready", "", "Review"),
    "processing": Look("half", "info", "In production"),
    "completed": Look("check", "ok", "Done"),
    "completed_with_errors": Look("warn", "warn", "Done, not all"),
    "failed": Look("fail", "fail", "Failed"),
    "cancelled": Look("minus", "", "Cancelled"),
}
BATCH_ENTRY_LOOKS = {
    **ORDER_LOOKS,
    "waiting": Look("clock", "", "Waits"),
    "refused": Look("minus", "", "No order"),
    "needs_entries": Look("edit", "", "Type its vehicles"),
}
LOOKS: Mapping[str, Mapping[str, Look]] = {
    "order": ORDER_LOOKS,
    "batch": BATCH_LOOKS,
    "batch_entry": BATCH_ENTRY_LOOKS,
    "dataset": DATASET_LOOKS,
    "import": IMPORT_LOOKS,
    "run": RUN_LOOKS,
    "job": JOB_LOOKS,
    "check": CHECK_LOOKS,
    "entry": ENTRY_LOOKS,
    "day": DAY_LOOKS,
}


class Place(NamedTuple):
    """One entry of the navigation; it is current on every page whose URL name starts with `section`.

    `key` presses it, `go` does after a `g`; `help` is the part of a guide that tells of its pages.
    """

    url_name: str
    section: str
    icon: str
    word: str
    groups: str = ""
    key: str = ""
    go: str = ""
    help: str = "staff"


PLACES = (
    Place("dealership_list", "dealership_", "shop", "Today", go="t", help="staff#today"),
    Place("order_create", "order_create", "plus", "New order", "staff,manager", key="n", help="staff#new-order"),
    Place("order_list", "order_", "order", "Orders", go="o", help="staff#orders"),
    Place("batch_list", "batch_", "copy", "Batches", go="b", help="staff#batches"),
    Place("import_list", "import_", "import", "Imports", go="i", help="staff#imports"),
    Place("website_list", "website_", "globe", "Websites", go="w", help="staff#websites"),
    Place("vin_log_list", "vin_log_", "log", "VIN log", go="l", help="staff#vin-log"),
    Place("billing_month", "billing_", "chart", "Billing", "staff,manager", go="m", help="staff#billing"),
    Place("job_list", "job_", "half", "Jobs", "staff,manager", go="j", help="staff#jobs"),
    Place(
        "output_template_list",
        "output_template_",
        "columns",
        "Output templates",
        "manager",
        help="managers#output-templates",
    ),
    Place("audit_list", "audit_", "clock", "Audit trail", "manager", help="managers#audit-trail"),
)
# The bar at the bottom of a phone holds five places; where there are more, the fifth is the menu of the rest.
PHONE_PLACES = 5


@register.filter
def in_group(user: AbstractBaseUser | AnonymousUser, names: str) -> bool:
    """Whether the user belongs to one of the comma-separated groups; a superuser belongs to all."""
    if not isinstance(user, AbstractUser) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    # The groups stay with the user for the rest of the request, however often a page asks.
    prefetch_related_objects([user], "groups")
    return any(group.name in names.split(",") for group in user.groups.all())


@register.filter
def money(amount: Decimal | int | None) -> str:
    """Dollars with separators, cents only where there are some; nothing for a missing amount."""
    if amount is None:
        return ""
    return f"${amount:,.2f}".removesuffix(".00")


@register.filter
def age(moment: datetime) -> SafeString:
    """How long ago, in the one unit that people would use: `25 min`, `6 h`, `4 days`; exact on hover."""
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    if minutes < 60:
        return _time(moment, f"{max(minutes, 0)} min")
    if minutes < 72 * 60:
        return _time(moment, f"{minutes // 60} h")
    return _time(moment, f"{minutes // (24 * 60)} days")


@register.filter
def when(moment: datetime | None) -> str | SafeString:
    """The moment as people say it (today only the time), exact on hover; nothing for none."""
    if moment is None:
        return ""
    local, now = timezone.localtime(moment), timezone.localtime()
    pattern = "H:i" if local.date() == now.date() else "M j, H:i" if local.year == now.year else "M j, Y"
    return _time(moment, date_format(local, pattern))


def _time(moment: datetime, words: str) -> SafeString:
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%b} {local.day}, {local:%Y, %H:%M:%S}",
        words,
    )


@register.filter
def condition_words(conditions: Collection[str] | None) -> str:
    """Which vehicles a dealership orders: `New + used`, `Used`, `New + PO`."""
    chosen = set(conditions or ())
    words = ["New"] if "new" in chosen else []
    if {"po", "cpo"} <= chosen:
        words.append("used" if words else "Used")
    else:
        words += [word for key, word in (("po", "PO"), ("cpo", "CPO")) if key in chosen]
    return " + ".join(words)


@register.filter(name="vin")
def vin_text(vin: str) -> SafeString:
    """A VIN with its last eight characters emphasised: people compare those with the windshield."""
    return format_html('<span class="vin">{}</span>', _vin_parts(vin))


@register.simple_tag(name="vin")
def vin_button(vin: str) -> SafeString:
    """The same, as a button that copies the VIN."""
    return format_html(
        '<button type="button" class="vin" data-copy="{}" title="Copy">{}</button>', vin, _vin_parts(vin)
    )


def _vin_parts(vin: str) -> SafeString:
    head = vin[:VIN_HEAD] if len(vin) == VIN_LENGTH else ""
    return format_html("{}<b>{}</b>", head, vin[len(head) :])


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of the sprite, hidden from assistive technology: a word always stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("silverfox/icons.svg"), name
    )


@register.simple_tag
@lru_cache(maxsize=500)
def state(of: str, value: str, *, text: str = "", pill: bool = False) -> SafeString:
    """The state of an order, dataset, import or (LIST) entry; `text` replaces its word, a pill is for page headers."""
    look = LOOKS[of][value]
    tone = look.tone or ("info" if pill and look.shape == "ready" else "")
    classes = " ".join(filter(None, ["state", tone, "pill" if pill else ""]))
    return format_html('<span class="{}">{}{}</span>', classes, icon(look.shape), text or look.word)


@register.simple_tag
def state_word(of: str, value: str) -> str:
    """The word of a state alone, within a sentence."""
    word = LOOKS[of][value].word if value in LOOKS[of] else ""
    return word if word[:2].isupper() else word.lower()


@register.simple_tag
def state_tone(of: str, value: str) -> str:
    """The class that colours a state; empty for one without a colour of its own."""
    return LOOKS[of][value].tone


@register.simple_tag
def bar(total: int, *parts: str | int) -> SafeString:
    """A bar of `total` units filled by pairs of class and number; every number also stands beside it as text."""
    rectangles = format_html_join("", '<rect class="{}" x="{}" width="{}" height="1"/>', _segments(parts))
    return format_html(
        '<svg class="bar" viewBox="0 0 {} 1" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        str(max(total, 1)),
        rectangles,
    )


def _segments(parts: tuple[str | int, ...]) -> Iterator[tuple[str, str, str]]:
    start = 0
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        width = int(value)
        if width:
            # As text, because numbers in markup would get thousands separators.
            yield str(name), str(start), str(width)
        start += width


@register.simple_tag(takes_context=True)
def page_preferences(context: template.Context) -> str:
    """What the person likes, as attributes of the page; nothing for what everybody has."""
    user = context.get("user")
    if not isinstance(user, User):
        return ""
    likes = preferences_of(user)
    theme = likes.theme if likes.theme != Theme.SYSTEM else ""
    chosen = {"theme": theme, "keys": "" if likes.single_keys else "off", "rows": "comfortable" * likes.comfortable}
    return format_html_join("", ' data-{}="{}"', [pair for pair in chosen.items() if pair[1]])


class Choice(NamedTuple):
    """One thing that a person may choose about the pages: the name in the form, its word, the values with theirs."""

    name: str
    word: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@register.simple_tag(takes_context=True)
def preference_choices(context: template.Context) -> list[Choice]:
    """What may be chosen, and what is."""
    likes = preferences_of(context["user"])
    rows, keys = (("no", "Dense"), ("yes", "Comfortable")), (("yes", "On"), ("no", "Off"))
    words = {True: "yes", False: "no"}
    return [
        Choice("theme", "Theme", (("system", "System"), ("dark", "Dark"), ("light", "Light")), likes.theme),
        Choice("comfortable", "Rows", rows, words[likes.comfortable]),
        Choice("single_keys", "Single keys", keys, words[likes.single_keys]),
    ]


@register.inclusion_tag("components/nav.html", takes_context=True)
def nav(context: template.Context) -> dict[str, Any]:
    """The places that this user may visit, with the current one marked; on a phone the last ones are in a menu."""
    match = context["request"].resolver_match
    current = _section_of(match.url_name or "" if match else "")
    places = [place for place in PLACES if not place.groups or in_group(context["user"], place.groups)]
    in_menu = places[PHONE_PLACES - 1 :] if len(places) > PHONE_PLACES else []
    guide, _, part = next((place.help for place in PLACES if place.section == current), "start").partition("#")
    return {
        "help": f"{reverse('help', args=[guide])}#{part}" if part else reverse("help_start"),
        "places": places,
        "in_menu": in_menu,
        "current": current,
        "is_in_menu": any(place.section == current for place in in_menu),
        "is_manager": in_group(context["user"], "manager"),
    }


def _section_of(url_name: str) -> str:
    sections = [place.section for place in PLACES if url_name.startswith(place.section)]
    return max(sections, key=len, default="")
