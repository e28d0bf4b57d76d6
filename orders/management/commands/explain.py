from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from dealerships.domain.rules import ConditionGroup
from dealerships.operations import find_dealership
from foundation.commands import JsonCommand, Outcome
from orders.operations.selecting import explain_vin, select_for_cao


class Command(JsonCommand):
    help = "Tell which vehicles a CAO would print now, and why; with a VIN, the verdict of every rule."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dealership")
        parser.add_argument("vin", nargs="?", help="a VIN, its last 6 characters or more, or a stock number")
        parser.add_argument("--conditions", choices=list(ConditionGroup), default=ConditionGroup.ALL)

    def run(self, **options: Any) -> Outcome:
        dealership = find_dealership(name=options["dealership"])
        group = ConditionGroup(options["conditions"])
        today = timezone.localdate()
        if options["vin"]:
            vin, verdicts = explain_vin(dealership=dealership, vin=options["vin"], group=group, today=today)
            rows = [{"rule": v.rule, "passed": v.passed, "detail": v.detail} for v in verdicts]
            selected = all(verdict.passed for verdict in verdicts)
            lines = [f"{'passes' if v.passed else 'FAILS '}  {v.rule}: {v.detail}" for v in verdicts]
            headline = f"{vin} is {'selected' if selected else 'not selected'} at {dealership}."
            return Outcome(
                {"dealership": dealership.name, "vin": vin, "selected": selected, "verdicts": rows},
                "\n".join([headline, *lines]),
            )
        selection = select_for_cao(dealership=dealership, group=group, today=today)
        vins = [candidate.facts.vin for candidate in selection.selected]
        funnel = selection.funnel()
        return Outcome(
            {
                "dealership": dealership.name,
                "funnel": [{"step": step, "left": left} for step, left in funnel],
                "selected": vins,
            },
            "\n".join([f"{left:6,}  {step}" for step, left in funnel] + vins),
        )
