import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from jobs.processes import STOP_SIGNALS
from jobs.supervisor import Supervisor


class Command(BaseCommand):
    help = "Do background work until it is stopped by Ctrl-C or SIGTERM; running work may end first."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: stop.set())
        Supervisor(stop=stop, say=self._say).run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
