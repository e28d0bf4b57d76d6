import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.processes import Programs

# A job that is cut off is taken up again by its lease; a queue that locked up while stopping would hang for ever.
GRACE_SECONDS = 20


class Command(BaseCommand):
    help = "Do background work until it is stopped by Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        with Programs(
            {"queue": [str(settings.BASE_DIR / "manage.py"), "qcluster"]}, grace_seconds=GRACE_SECONDS
        ) as all_:
            self.stdout.write(f"The worker does background work with {settings.WORKERS} processes.")
            self.stdout.flush()
            exit_code = all_.wait()
        if exit_code:
            self.stderr.write(f"The queue ended by itself (exit code {exit_code}). Start the worker again.")
            sys.exit(exit_code)
