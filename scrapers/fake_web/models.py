"""The car makers' models that invented vehicles are made from."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FIRST_YEAR = 2012


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model: `wmi` opens its VINs, `number` tells it from the others there; `last` is None while it is made."""

    number: int
    make: str
    name: str
    wmi: str
    trims: tuple[str, ...]
    body: str
    fuel: str
    msrp: int
    first: int
    last: int | None


@cache
def load_models() -> tuple[Model, ...]:
    """All models of the catalogue."""
    with (Path(__file__).parent / "models.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Model(
                number=number,
                make=row["make"],
                name=row["model"],
                wmi=row["wmi"],
                trims=tuple(row["trims"].split("|")),
                body=row["body"],
                fuel=row["fuel"],
                msrp=int(row["msrp"]),
                first=int(row["first"] or _FIRST_YEAR),
                last=int(row["last"]) if row["last"] else None,
            )
            for number, row in enumerate(csv.DictReader(lines, strict=True))
        )
