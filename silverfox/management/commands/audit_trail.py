from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from silverfox.audit import start_of
from silverfox.audit_trail import Event, Question, read_trail


class Command(JsonCommand):
    help = "Print who did what, when, and what it was before; newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", metavar="DAY", help="only from this day on, as in 2026-11-22")
        parser.add_argument("--who", default="", help="only what this user did")
        parser.add_argument("--limit", type=int, default=100, help="how many events at most (100)")

    def run(self, **options: Any) -> Outcome:
        if options["limit"] < 1:
            raise BadInput("--limit is the number of events: use 1 or more.")
        question = Question(since=start_of(_day(options["since"])), actor=options["who"])
        events = read_trail(question=question, count=options["limit"])
        text = "\n".join(_line(event) for event in events) or "Nothing is recorded for this question."
        return Outcome({"events": [event.document() for event in events]}, text)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"--since {text!r} is no day: write it as in 2026-11-22.") from error


def _line(event: Event) -> str:
    changes = "; ".join(f"{name}: {before} -> {after}" for name, before, after in event.changes)
    words = (event.actor or "the program", event.action, event.object_name or event.object_id, event.detail, changes)
    return "  ".join([timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M:%S"), *filter(None, words)])
