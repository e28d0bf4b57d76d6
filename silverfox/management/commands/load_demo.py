from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from foundation.commands import JsonCommand, Outcome
from silverfox.demo.operations import load_demo
from silverfox.demo.users import Login, kept_logins


class Command(JsonCommand):
    help = "Fill an unused installation with an invented inventory, VIN logs, finished orders and users."

    def add_arguments(self, parser: CommandParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--no-users", action="store_true", help="make no users, for an address that others reach")
        only.add_argument("--logins", action="store_true", help="load nothing; print the logins made before")

    def run(self, **options: Any) -> Outcome:
        if options["logins"]:
            kept = kept_logins()
            return Outcome({"users": documents(kept)}, describe_logins(kept))
        result = load_demo(now=timezone.now(), with_users=not options["no_users"])
        counts = {
            "dealerships": result.dealerships,
            "vehicles": result.vehicles,
            "log_entries": result.log_entries,
            "orders": result.orders,
        }
        text = (
            f"Demo loaded: {result.dealerships} dealerships, {result.vehicles:,} vehicles, {result.log_entries:,} VIN "
            f"log entries, {result.orders} finished orders."
        )
        if result.users:
            text = f"{text}\n{describe_logins(result.users)}"
        return Outcome({**counts, "users": documents(result.users)}, text)


def documents(logins: Iterable[Login]) -> list[dict[str, str]]:
    return [login.document() for login in logins]


def describe_logins(logins: Sequence[Login]) -> str:
    """A line per user, ready to copy."""
    if not logins:
        return "There are no demo users."
    lines = [f"  {login.username:<8} {login.password}" for login in logins]
    return "\n".join(["Users of the demo and their passwords:", *lines])
