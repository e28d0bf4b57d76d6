from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from silverfox.system.checks import run_checks
from silverfox.system.verdicts import Check, Verdict, document_of, worst


class Command(JsonCommand):
    help = "Check the whole installation: database, worker, imports, orders, disk, and that the data is whole."
    # They are one of the checks; as Django runs them an error would keep the others from being told.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--verify", action="store_true", help="also compare the SHA-256 of every released file")

    def run(self, **options: Any) -> Outcome:
        checks = run_checks(verify=options["verify"])
        return Outcome(document_of(checks), table_of(checks), exit_code=1 if worst(checks) == Verdict.PERSON else 0)


def table_of(checks: Sequence[Check]) -> str:
    """A line per check; below it what it found, and what to do unless all is well. The last line is the sum."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{check.name:<{width}}  {check.verdict.upper():<14}  {check.value}")
        lines += [f"{'':<{width}}  - {' '.join(detail.split())}" for detail in check.details]
        if check.remedy:
            lines.append(f"{'':<{width}}  > {check.remedy}")
    return "\n".join([*lines, "", _sum_of(checks)])


def _sum_of(checks: Sequence[Check]) -> str:
    counts = {verdict: sum(check.verdict == verdict for check in checks) for verdict in Verdict}
    return f"{len(checks)} checks: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + "."
