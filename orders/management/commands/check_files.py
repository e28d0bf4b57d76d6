from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from orders.operations.finding import find_order
from orders.operations.rechecking import check_files


class Command(JsonCommand):
    help = "Prove the released files of an order: SHA-256, headers, rows and QR codes, read back from the disk."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order_id", type=int)

    def run(self, **options: Any) -> Outcome:
        order = find_order(order_id=options["order_id"])
        artifacts, problems = check_files(order=order)
        files = [{"name": artifact.name, "sha256": artifact.sha256} for artifact in artifacts]
        if problems:
            count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
            text = f"Order {order.pk}: {len(artifacts)} files, {count}."
        else:
            text = f"Order {order.pk}: {len(artifacts)} files, all as released."
        document = {"order_id": order.pk, "files": files, "problems": problems}
        return Outcome(document, "\n".join([text, *problems]), exit_code=1 if problems else 0)
