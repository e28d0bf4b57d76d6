import csv
import io
import re
from typing import Any

from django.core.management.base import CommandParser

from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput, Refused
from scrapers.domain.sites import COLUMNS
from scrapers.models import Website
from scrapers.operations.probe_outcomes import probe_document, save_probe, switch_on
from scrapers.operations.probing import Probe, probe_address, probe_website
from scrapers.operations.websites import find_websites

_ADDRESS = re.compile(r"\S*://.*|[\w-]+(?:\.[\w-]+)+(?:[:/?]\S*)?", re.DOTALL)


class Command(JsonCommand):
    help = (
        "Look at a dealership's website with three requests at most: its platform, its ids, its rooftops, and how to"
        " configure it. Nothing is saved without --save."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "wanted",
            nargs="*",
            metavar="URL_OR_DEALERSHIP",
            help="an address (it has :// or is one word with a dot, such as www.example.com), else the name of a"
            " dealership whose website is configured",
        )
        parser.add_argument("--all", action="store_true", dest="every", help="every website that is configured")
        parser.add_argument("--dealership", metavar="NAME", help="whose website the address is")
        parser.add_argument("--save", action="store_true", help="keep what was found as the dealership's website")
        parser.add_argument(
            "--confirm-rooftop",
            action="store_true",
            help="with --save: the rooftop rule keeps the dealership's vehicles and no others, as you have seen",
        )
        parser.add_argument(
            "--enable",
            action="store_true",
            help="have it read on schedule, when the probe is good and the rooftop rule confirmed",
        )

    def run(self, **options: Any) -> Outcome:
        if options["confirm_rooftop"] and not options["save"]:
            raise BadInput("--confirm-rooftop is kept with --save only. Say both.")
        wanted = _wanted(options["wanted"], every=options["every"], dealership=options["dealership"])
        documents = []
        for subject in wanted:
            self.stderr.write(f"{subject}: being probed.")
            documents.append(_probe(subject, options))
        text = "\n\n".join(map(_text, documents))
        is_single = len(documents) == 1 and not options["every"]
        exit_code = int(any("error" in document for document in documents))
        return Outcome(documents[0] if is_single else {"probes": documents}, text, exit_code)


class _Address:
    """An address that was typed, with the name of the dealership that it is to be of."""

    def __init__(self, url: str, dealership: str | None) -> None:
        self.url, self.dealership = url, dealership

    def __str__(self) -> str:
        return self.url


def _wanted(words: list[str], *, every: bool, dealership: str | None) -> list[Website | _Address]:
    addresses = [word for word in words if _ADDRESS.fullmatch(word)]
    if every == bool(words):
        raise BadInput("Give addresses or names of dealerships, or say --all; not both.")
    if dealership and (len(words), len(addresses)) != (1, 1):
        raise BadInput("--dealership goes with one address, whose website it is.")
    if every:
        return list(Website.objects.select_related("dealership"))
    names = [word for word in words if word not in addresses]
    websites = find_websites(dealerships=[find_dealership(name=name) for name in names])
    return [*(_Address(url, dealership) for url in addresses), *websites]


def _probe(subject: Website | _Address, options: dict[str, Any]) -> dict[str, Any]:
    probe = _probed(subject)
    document = probe_document(probe) | {"saved": False, "enabled": False}
    try:
        if options["save"]:
            save_probe(probe=probe, confirm_rooftop=options["confirm_rooftop"])
            document["saved"] = True
        if options["enable"]:
            switch_on(probe=probe)
            document["enabled"] = True
    except Refused as refusal:
        document.setdefault("error", {"code": refusal.code, "message": refusal.message})
    return document


def _probed(subject: Website | _Address) -> Probe:
    if isinstance(subject, Website):
        return probe_website(website=subject)
    dealership = find_dealership(name=subject.dealership) if subject.dealership else None
    return probe_address(url=subject.url, dealership=dealership)


def _text(document: dict[str, Any]) -> str:
    lines = [f"{document['dealership'] or 'No dealership'}: {document['url']} (host {document['host']})"]
    lines += [f"  {name:11}{words}" for name, words in _facts(document)]
    lines += [f"  Warning: {warning}" for warning in document["warnings"]]
    if document["platform"]:
        lines += ["  As a row of the table of websites:", _csv(COLUMNS), _csv(document["proposed"].values())]
    lines += [word for name, word in (("saved", "  Saved."), ("enabled", "  Switched on.")) if document[name]]
    if "error" in document:
        lines.append(f"  Not done ({document['error']['code']}): {document['error']['message']}")
    return "\n".join(lines)


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    total, rows = document["reported_total"], document["rows"]
    seconds = " ".join(f"{second:.1f}" for second in document["seconds"])
    facts = [
        ("Platform", f"{document['platform'] or 'none known'}, {document['confidence']} %{_others(document)}"),
        ("Found", ", ".join(f"{name}={value}" for name, value in document["found"].items()) or "nothing"),
        ("Requests", f"{document['requests']} ({seconds} s)"),
    ]
    if not rows and total is None:
        return facts
    size = f", {document['page_size']} to a page" if document["page_size"] else ""
    declared = "no total" if total is None else f"a total of {total:,}"
    return [
        *facts,
        ("List", f"{document['list'] or 'all'}: {rows:,} rows on a page{size}; the website declares {declared}"),
        ("Rooftops", ", ".join(f"{label or '(none)'} {count}" for label, count in document["rooftops"].items())),
        ("Rule", f"{_rule(document['proposed'])}: {document['own']:,} of {rows:,} rows are its own"),
        ("Blank", ", ".join(f"{name} {_percent(share)}" for name, share in document["blank"].items())),
    ]


def _others(document: dict[str, Any]) -> str:
    shown = [f"{name} {share} %" for name, share in document["shown"].items() if name != document["platform"]]
    return f" (also shows {', '.join(shown)})" if shown else ""


def _rule(cells: dict[str, str]) -> str:
    return f"{cells['rooftop_match']} {cells['rooftop_text']!r}" if cells["rooftop_text"] else "every vehicle"


def _percent(share: float | None) -> str:
    return "not told" if share is None else f"{share:.0%}"


def _csv(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
