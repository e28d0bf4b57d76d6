import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.executor import work


class Command(BaseCommand):
    help = "Do background work until it is stopped by Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"The worker waits for work with {settings.WORKERS} processes.")
        self.stdout.flush()
        exit_code = work()
        if exit_code:
            sys.exit(abs(exit_code))
