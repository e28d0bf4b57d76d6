"""`manage.py fake_dealers`: 40 dealers' websites on one port, until Ctrl-C."""

import os
import signal
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from jobs.processes import STOP_SIGNALS
from scrapers.fake_web.given import GivenLots, load_given
from scrapers.fake_web.lots import load_lots
from scrapers.fake_web.server import Server, running
from scrapers.fake_web.web import FakeWeb
from scrapers.fake_web.world import FIRST_DAY


class Command(JsonCommand):
    help = "Serve the fake dealer web on one port until Ctrl-C. For tests and trials; it needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
        parser.add_argument("--seed", type=int, default=1, help="the same seed and day give the same vehicles")
        parser.add_argument("--day", type=int, default=0, help="how many days of sales and arrivals have passed")
        parser.add_argument("--scale", type=float, default=1.0, help="multiplies the sizes of the lots")
        parser.add_argument("--first-day", type=date.fromisoformat, default=FIRST_DAY, help="the date of day 0")
        parser.add_argument("--lots", type=Path, help="vehicles that stand there on day 0, as JSON by domain")
        parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")

    def handle(self, *args: Any, **options: Any) -> None:
        # Blocked before the first thread starts, so that they reach this one alone and only when it waits for them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            with ExitStack() as self._stack:
                super().handle(*args, **options)
                signal.sigwait(STOP_SIGNALS)
        finally:
            # Whatever this process starts later would be deaf to them too.
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def run(self, **options: Any) -> Outcome:
        host, port = options.pop("host"), options.pop("port")
        _refuse_impossible(**options)
        server = self._serve(host, port, **options)
        address = f"http://{f'[{host}]' if ':' in host else host}:{server.port}/"
        text = f"{len(load_lots())} fake dealers' websites answer at {address} - Ctrl-C stops them."
        return Outcome({"address": address, "port": server.port, "sites": len(load_lots())}, text)

    def _serve(self, host: str, port: int, *, delay: float, lots: Path | None, **options: Any) -> Server:
        world = {name: options[name] for name in ("seed", "day", "scale", "first_day")}
        web = FakeWeb(**world, given=_given(lots) if lots else None)
        try:
            return self._stack.enter_context(running(web, host=host, port=port, delay=delay))
        except OverflowError:
            raise BadInput(f"There is no port {port}: choose one from 1024 to 65535.") from None
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise BadInput(f"Port {port} of {host} cannot be used ({reason}): choose another --port.") from error


def _given(path: Path) -> GivenLots:
    try:
        return load_given(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}. Name a file with --lots.") from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise BadInput(f"{path} holds no lots ({error}). Leave --lots out for invented ones.") from error


def _refuse_impossible(*, day: int, scale: float, delay: float, **_: Any) -> None:
    if not 0 <= day <= 365:
        raise BadInput(f"--day {day} is not possible: choose 0 to 365.")
    if not 0 < scale <= 100:
        raise BadInput(f"--scale {scale:g} is not possible: choose more than 0, up to 100.")
    if not 0 <= delay <= 60:
        raise BadInput(f"--delay {delay:g} is not possible: choose 0 to 60 seconds.")
