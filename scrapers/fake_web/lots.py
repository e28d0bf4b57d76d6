"""The 40 websites: what each one has on its lot, how it labels its rooftops, and the habits of its page."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One dealership's website.

    vehicles   how many of its own stand there; `siblings` are listed beside them, from other rooftops of the group
    label      what names the own rooftop in the feed; `sibling_labels` name the others
    settings   ids and habits of the platform, by the names that its module reads
    """

    number: int
    name: str
    domain: str
    platform: str
    vehicles: int
    siblings: int
    label: str
    sibling_labels: tuple[str, ...]
    makes: tuple[str, ...]
    used_share: float
    street: str
    city: str
    region: str
    postal_code: str
    settings: Mapping[str, str]

    def __hash__(self) -> int:
        return self.number

    @property
    def host(self) -> str:
        return f"www.{self.domain}"

    @property
    def site(self) -> str:
        """The address of the website, without a slash at the end."""
        return f"https://{self.host}"

    def setting(self, name: str, default: str = "") -> str:
        return self.settings.get(name, default)

    def share(self, name: str, default: float = 0.0) -> float:
        """A setting that is a share of the vehicles; 1 means all."""
        return float(self.settings.get(name, default))


@cache
def load_lots() -> tuple[Lot, ...]:
    """All websites, in the order of their numbers."""
    with (Path(__file__).parent / "lots.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(_lot(row) for row in csv.DictReader(lines, strict=True))


def find_lot(name: str) -> Lot:
    """The website of a domain, with or without `www.`, or of a dealership. Raises `KeyError` when there is none."""
    wanted = name.casefold().removeprefix("www.")
    for lot in load_lots():
        if wanted in {lot.domain, lot.name.casefold()}:
            return lot
    raise KeyError(f"The fake dealer web has no site {name}.")


def _lot(row: Mapping[str, str]) -> Lot:
    settings = (item.partition("=") for item in row["settings"].split("; ") if item)
    return Lot(
        number=int(row["number"]),
        name=row["name"],
        domain=row["domain"],
        platform=row["platform"],
        vehicles=int(row["vehicles"]),
        siblings=int(row["siblings"]),
        label=row["label"],
        sibling_labels=tuple(filter(None, row["sibling_labels"].split("|"))),
        makes=tuple(filter(None, row["makes"].split("|"))),
        used_share=float(row["used_share"]),
        street=row["street"],
        city=row["city"],
        region=row["region"],
        postal_code=row["postal_code"],
        settings={name: value for name, _, value in settings},
    )
