from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from foundation.commands import JsonCommand, Outcome, operator
from foundation.errors import BadInput
from orders.operations.retention import apply_retention
from scrapers.operations.retention import apply_scrape_retention


class Command(JsonCommand):
    help = "Remove what was kept long enough: datasets, uploads, remarks, websites' answers, records of work, sign-ins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what would be removed")
        parser.add_argument("--all", action="store_true", dest="everything", help="remove it")

    def run(self, **options: Any) -> Outcome:
        dry_run = options["dry_run"]
        if dry_run == options["everything"]:
            raise BadInput("Say --dry-run to count what would be removed, or --all to remove it.")
        chosen: dict[str, Any] = {"now": timezone.now(), "dry_run": dry_run, "actor_name": operator()}
        removed = [*apply_retention(**chosen), *apply_scrape_retention(**chosen)]
        document = {"dry_run": dry_run, "classes": [item.document() for item in removed]}
        verb = "would be removed" if dry_run else "removed"
        lines = [f"{item.name}: {item.count:,} {verb}, {item.bytes:,} bytes" for item in removed]
        return Outcome(document, "\n".join(lines))
