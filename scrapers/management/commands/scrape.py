import time
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput, Refused
from scrapers.models import ScrapeRun, ScrapeSession, Website
from scrapers.operations.running import work_on_runs
from scrapers.operations.sessions import next_due_at, session_document, start_session
from scrapers.operations.websites import due_websites, find_websites

_LONGEST_LOOK_SECONDS = 5
_GOOD = {ScrapeRun.State.DONE.value}


class Command(JsonCommand):
    help = "Read the websites of dealerships into their inventory: named ones, --all that are switched on, or --due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealerships", nargs="*", metavar="DEALERSHIP")
        many = parser.add_mutually_exclusive_group()
        many.add_argument("--all", action="store_true", dest="every", help="every website that is switched on")
        many.add_argument("--due", action="store_true", help="those whose time of day has come")
        parser.add_argument("--dry-run", action="store_true", help="read and judge, and import nothing")

    def run(self, **options: Any) -> Outcome:
        due = options["due"]
        websites = _wanted(options["dealerships"], every=options["every"], due=due)
        if not websites and due:
            return Outcome({"session_id": None, "runs": []}, "No website is due.")
        if not websites:
            raise Refused("No website is switched on. Probe them, then switch them on.", code="none_enabled")
        trigger = ScrapeSession.Trigger.SCHEDULE if due else ScrapeSession.Trigger.COMMAND
        session = start_session(websites=websites, trigger=trigger, is_dry_run=options["dry_run"])
        self._read(session)
        return _outcome(session_document(session))

    def _read(self, session: ScrapeSession) -> None:
        """Read until every run has ended; a worker that runs beside takes its share."""
        self.stderr.write(f"Session {session.pk}: {session.runs.count()} websites.")
        while (due_at := next_due_at(session=session)) is not None:
            if not work_on_runs(session_id=session.pk):
                left = (due_at - timezone.now()).total_seconds()
                time.sleep(min(max(left, 0.2), _LONGEST_LOOK_SECONDS))


def _wanted(names: list[str], *, every: bool, due: bool) -> list[Website]:
    if names and (every or due):
        raise BadInput("Name dealerships, or say --all or --due; not both.")
    if every:
        return list(Website.objects.enabled().select_related("dealership"))
    if due:
        return due_websites(now=timezone.now())
    if not names:
        raise BadInput("Name the dealerships whose websites are to be read, or say --all or --due.")
    return find_websites(dealerships=[find_dealership(name=name) for name in names])


def _outcome(document: dict[str, Any]) -> Outcome:
    runs = document["runs"]
    lines = [f"{'dealership':34} {'platform':14} {'status':9} {'requests':>8} {'vehicles':>8} {'reported':>8} {'s':>6}"]
    for run in runs:
        seconds = "" if run["seconds"] is None else f"{run['seconds']:.1f}"
        total = "" if run["reported_total"] is None else run["reported_total"]
        lines.append(
            f"{run['dealership'][:34]:34} {run['platform']:14} {run['status']:9} {run['requests']:8} "
            f"{run['vehicles']:8} {total:>8} {seconds:>6}"
        )
        if run["reason"]:
            lines.append(f"    {run['reason']}")
    is_good = all(run["status"] in _GOOD for run in runs)
    return Outcome(document, "\n".join(lines), 0 if is_good else 1)
