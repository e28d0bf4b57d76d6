"""How a website could be configured, by what a few of its answers show: pure judgement, nothing is asked or kept."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scrapers.domain.adapters import detect_platform
from scrapers.domain.readings import html_of
from scrapers.domain.rooftops import is_own
from scrapers.domain.shapes import Detection, Match, Page, RooftopRule, ScrapedVehicle, Site, not_json
from scrapers.domain.site_addresses import own_url
from scrapers.domain.sites import COLUMNS, SiteRow
from scrapers.domain.texts import fold_label, without_tags

# Every website can be read by its vehicles' pages; that says nothing of its platform.
ANY_PLATFORM = "jsonld"
_CERTAIN_ENOUGH = 50
_LONGEST_LABEL = 200
# What detection finds and restricts lists to one store.
_SCOPE = {"dealereprocess": ("lc", "cy")}
_BLANKS = ("price", "status", "stock")
# The key of a block is the path of a template.
_SECRET = re.compile(r"(?<!block_)key|token|secret|password", re.IGNORECASE)
_LIST_LINK = re.compile(
    r"(?:new|all|used|pre-?owned)[\w-]*(?:vehicles|inventory|cars)|(?:vehicles|inventory|cars)[/-](?:new|all|used)"
    r"|search(?:new|all|used)\.aspx|[?&]tp=|/inventory/?$",
    re.IGNORECASE,
)


class Marks:
    """Which platforms the pages of one website have shown so far, with everything that was found of each."""

    def __init__(self) -> None:
        self._shown: dict[str, Detection] = {}

    def look(self, html: str) -> None:
        for seen in detect_platform(html):
            before = self._shown.get(seen.platform, seen)
            self._shown[seen.platform] = Detection(
                platform=seen.platform,
                confidence=max(seen.confidence, before.confidence),
                found={**before.found, **seen.found},
            )

    def __contains__(self, platform: str) -> bool:
        return platform in self._shown

    def found(self, platform: str) -> Mapping[str, str]:
        """The settings that the pages told for a platform."""
        return self._shown[platform].found if platform in self else {}

    def confidence(self, platform: str) -> int:
        return self._shown[platform].confidence if platform in self else 0

    @property
    def by_confidence(self) -> list[Detection]:
        """The platforms that were shown, the most certain first; of equals the one that was seen first."""
        return sorted(self._shown.values(), key=lambda seen: -seen.confidence)

    @property
    def likeliest(self) -> str:
        """The platform that the pages hint at most; empty when they hint at none."""
        return next((seen.platform for seen in self.by_confidence if seen.platform != ANY_PLATFORM), "")

    @property
    def platform(self) -> str:
        """The platform that the pages show; empty while none is certain enough."""
        return self.likeliest if self.confidence(self.likeliest) >= _CERTAIN_ENOUGH else ""


@dataclass(frozen=True, kw_only=True)
class ListReading:
    """One page of a website's list: `whole` vehicles, and `half_read` ones that further requests would complete."""

    platform: str
    page: Page
    whole: Sequence[ScrapedVehicle]
    half_read: Sequence[ScrapedVehicle] = ()
    learned: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def vehicles(self) -> list[ScrapedVehicle]:
        return [*self.whole, *self.half_read]

    @property
    def rows(self) -> int:
        return len(self.whole) + len(self.half_read)

    def rooftops(self) -> dict[str, int]:
        """How many vehicles carry each rooftop's label, as a person reads it; the most frequent first."""
        spelt = {fold_label(vehicle.rooftop): without_tags(vehicle.rooftop) for vehicle in reversed(self.vehicles)}
        counts = Counter(fold_label(vehicle.rooftop) for vehicle in self.vehicles)
        return {spelt[folded]: count for folded, count in counts.most_common()}

    def own(self, rule: RooftopRule) -> int:
        """How many of the vehicles a rule keeps."""
        return sum(is_own(vehicle.rooftop, rule) for vehicle in self.vehicles)

    def blank_shares(self) -> dict[str, float | None]:
        """The share of vehicles without price, status and stock number; None where no answer told.

        What no vehicle of the list has is told by its own page, so there only those count whose page was read.
        """
        return {name: self._blank_share(name) for name in _BLANKS}

    def _blank_share(self, name: str) -> float | None:
        told_by_list = any(getattr(vehicle, name) for vehicle in self.half_read)
        texts = [getattr(vehicle, name) for vehicle in (self.vehicles if told_by_list else self.whole)]
        return round(texts.count("") / len(texts), 3) if texts else None


def list_link(site: Site, html: str) -> str:
    """The address of the page on which a website lists its vehicles, by its own links; empty where none looks so."""
    links = (own_url(site, str(link["href"])) for link in html_of(html).select("a[href]"))
    return next((link for link in links if _LIST_LINK.search(link.removeprefix(site.base_url))), "")


def is_bot_check(html: str) -> bool:
    """Whether a page asks if a person looks, instead of showing anything."""
    return not_json(html).code == "E_CHALLENGE"


def as_platform(row: SiteRow, platform: str, found: Mapping[str, str]) -> SiteRow:
    """The configuration with a platform and its settings; those of another platform stay, marked as that one's."""
    if row.platform and row.platform != platform:
        row = replace(
            row,
            parameters=_marked(row.parameters, row.platform),
            scope=_marked(row.scope, row.platform),
            rooftop=replace(row.rooftop, source=""),
            page_size=None,
        )
    in_scope = _SCOPE.get(platform, ())
    return replace(
        row,
        platform=platform,
        parameters=_merged(row.parameters, platform, {k: v for k, v in found.items() if k not in in_scope}),
        scope=_merged(row.scope, platform, {k: v for k, v in found.items() if k in in_scope}),
    )


def _marked(settings: Mapping[str, str], platform: str) -> dict[str, str]:
    return {name if ":" in name else f"{platform}:{name}": value for name, value in settings.items()}


def _merged(settings: Mapping[str, str], platform: str, found: Mapping[str, str]) -> dict[str, str]:
    named = {f"{platform}:{name}" if f"{platform}:{name}" in settings else name: found[name] for name in found}
    return {**settings, **named}


def propose_rule(labels: Iterable[str], names: Sequence[str]) -> tuple[RooftopRule, bool]:
    """The rooftop rule that a website's labels suggest, and whether it is beyond doubt.

    `names` are the dealership's, its own one first. It is beyond doubt when there is one label only and it is that
    name. Of several labels the one counts that is a name, else the one that holds the own name; when none or more than
    one does, the rule keeps everything until a person chooses.
    """
    known = list(labels)
    usable = [label for label in known if label and len(label) <= _LONGEST_LABEL]
    folded = [fold_label(name) for name in names]
    same = [label for label in usable if fold_label(label) in folded]
    holding = [label for label in usable if folded and folded[0] in fold_label(label)]
    chosen = usable if len(usable) == 1 else same or holding
    if len(chosen) != 1:
        return RooftopRule(), False
    is_only = len(known) == 1 and folded[:1] == [fold_label(chosen[0])]
    return RooftopRule(match=Match.EQUALS, text=chosen[0]), is_only


def cells_of(row: SiteRow) -> dict[str, str]:
    """A configuration as a row of the table of websites, by column."""
    cells = {
        "dealership": row.dealership,
        "platform": row.platform,
        "base_url": row.base_url,
        "parameters": _settings_cell(row.parameters),
        "scope": _settings_cell(row.scope),
        "rooftop_match": row.rooftop.match.value,
        "rooftop_text": row.rooftop.text,
        "rooftop_source": row.rooftop.source,
        "status_keys": " | ".join(row.status_keys),
        "page_size": str(row.page_size or ""),
        "extra_hosts": " | ".join(row.extra_hosts),
        "in_starter_set": "yes" if row.in_starter_set else "no",
    }
    return {column: cells[column] if column in cells else getattr(row.address, column) for column in COLUMNS}


def _settings_cell(settings: Mapping[str, str]) -> str:
    return " | ".join(f"{name}={value}" for name, value in masked(settings).items())


def masked(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings that may be shown: of a key only its end, by which a person recognises it."""
    return {name: _end_of(value) if _SECRET.search(name) else value for name, value in settings.items()}


def _end_of(secret: str) -> str:
    return f"...{secret[-4:]}" if len(secret) >= 12 else "..."
