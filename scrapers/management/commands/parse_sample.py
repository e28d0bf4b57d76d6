from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from inventory.domain.facts import RawFields
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.samples import Sample, read_sample
from scrapers.domain.shapes import Adapter, CannotReadError, Match, RooftopRule

_SHOWN = ("vin", "stock", "type", "year", "make", "model", "trim", "status", "price", "msrp", "date_in_stock")


class Command(JsonCommand):
    help = "Show the vehicles that an adapter reads in a saved answer of a website; nothing is asked for or written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", help=f"one of {', '.join(ADAPTERS)}")
        parser.add_argument("file", type=Path)
        parser.add_argument("--rooftop", default="", help="only vehicles whose rooftop's label contains this text")

    def run(self, **options: Any) -> Outcome:
        adapter, path = find_adapter(options["platform"]), options["file"]
        rule = RooftopRule(match=Match.CONTAINS, text=options["rooftop"]) if options["rooftop"] else RooftopRule()
        try:
            sample = read_sample(adapter, path.read_bytes(), rule)
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}. Name an existing file.") from error
        except CannotReadError as error:
            raise BadInput(
                f"{path} is no answer that {adapter.PLATFORM} knows. {error.message} Try another platform.",
                code=error.code,
            ) from error
        return Outcome(_document(sample), _table(sample))


def find_adapter(platform: str) -> Adapter:
    if platform not in ADAPTERS:
        raise BadInput(f"There is no platform {platform!r}. Choose one of {', '.join(ADAPTERS)}.")
    return ADAPTERS[platform]


def _document(sample: Sample) -> dict[str, Any]:
    following = [{"method": request.method, "url": request.url} for request in sample.page.next_requests]
    return {
        "vehicles": [dict(zip(RawFields._fields, row, strict=True)) for row in sample.rows],
        "reported_total": sample.page.total_declared,
        "next": following or None,
    }


def _table(sample: Sample) -> str:
    rows = [_SHOWN, *(tuple(getattr(row, name) for name in _SHOWN) for row in sample.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows] if sample.rows else []
    total = sample.page.total_declared
    count = f"{len(sample.rows):,} vehicle{'' if len(sample.rows) == 1 else 's'}"
    lines.append(f"{count} here, {sample.other_rooftops:,} of other rooftops.")
    lines.append("The website reports no total." if total is None else f"The website reports {total:,} in total.")
    lines += [f"Warning: {warning}" for warning in sample.page.warnings]
    lines += [f"Next: {request.method} {request.url}" for request in sample.page.next_requests]
    return "\n".join(lines)
