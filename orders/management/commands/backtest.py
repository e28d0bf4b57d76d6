from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.backtesting import backtest, summarise


class Command(JsonCommand):
    help = "Replay real orders through import, log and selection; every one must come out VIN for VIN."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)

    def run(self, **options: Any) -> Outcome:
        results = backtest(directory=options["directory"])
        document = summarise(results)
        lines = [
            f"{'exact ' if r.is_exact else 'WRONG '} {r.case}: {r.selected} selected, {r.expected} expected"
            + (f", missing {' '.join(r.missing)}" if r.missing else "")
            + (f", extra {' '.join(r.extra)}" if r.extra else "")
            for r in results
        ]
        lines.append(f"{document['exact']} of {document['total']} exact")
        return Outcome(document, "\n".join(lines), exit_code=0 if document["exact"] == document["total"] else 1)
