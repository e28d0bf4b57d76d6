"""`manage.py run`: everything that a person needs at one address, until Ctrl-C."""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from foundation.errors import BadInput
from inventory.models import InventoryImport
from jobs.processes import STOP_SIGNALS, Programs
from silverfox import db_embedded
from silverfox.demo.users import kept_logins
from silverfox.demo.website_operations import (
    refuse_without_demo,
    switch_off_behind_fake_web,
    switch_on_for_fake_web,
    write_lots,
)
from silverfox.environment import LOOPBACK_HOSTS

WEB_THREADS = 8
# The worker lets running work end; whoever stops the worker waits a little longer.
_LONGER_THAN_THE_WORKER_SECONDS = 10
_DEMO_WEB_HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Prepare the database and the static files, then run the web server and the worker until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--demo-web", action="store_true", help="put a fake dealer web in the place of the demo's websites"
        )

    def handle(self, *args: Any, host: str, port: int, demo_web: bool, **options: Any) -> None:
        refuse_unusable_address(host, port)
        if demo_web:
            refuse_demo_web(host)
        for number in STOP_SIGNALS:
            signal.signal(number, signal.default_int_handler)
        exit_code = 0
        try:
            self._prepare(host, demo_web=demo_web)
            exit_code = self._serve(host, port, free_port() if demo_web else None)
        except KeyboardInterrupt:
            self.stdout.write("Stopped before the start was complete.")
        finally:
            connection.close()
            if settings.EMBEDDED_DATABASE:
                db_embedded.stop()
        if exit_code:
            sys.exit(exit_code)

    def _prepare(self, host: str, *, demo_web: bool) -> None:
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        call_command("load_dealerships", stdout=self.stdout)
        call_command("load_websites", stdout=self.stdout)
        self._welcome(host)
        switch_off_behind_fake_web()
        if demo_web:
            refuse_without_demo()
            self.stdout.write(f"{switch_on_for_fake_web()} websites are read from the fake dealer web until the end.")
            write_lots(demo_web_lots())
        call_command("collectstatic", interactive=False, verbosity=0, stdout=self.stdout)
        connection.close()

    def _welcome(self, host: str) -> None:
        if is_untouched() and is_loopback(host) and settings.EMBEDDED_DATABASE:
            call_command("load_demo", stdout=self.stdout)
        elif kept_logins():
            refuse_demo_users(host)
            call_command("load_demo", logins=True, stdout=self.stdout)
        elif not get_user_model().objects.exists():
            self.stdout.write("There are no users yet: make the first one with manage.py createsuperuser.")

    def _serve(self, host: str, port: int, demo_web_port: int | None) -> int:
        os.environ.setdefault("LOG_DIR", str(settings.VAR_DIR / "log"))
        addresses, commands = [(host, port)], programs(host, port)
        if demo_web_port:
            os.environ["SCRAPER_FAKE_WEB"] = f"{_DEMO_WEB_HOST}:{demo_web_port}"
            addresses.append((_DEMO_WEB_HOST, demo_web_port))
            commands |= demo_web_program(demo_web_port)
        with Programs(commands, grace_seconds=settings.DRAIN_SECONDS + _LONGER_THAN_THE_WORKER_SECONDS) as all_:
            while all_.exit_code() is None and not all(is_accepting(*address) for address in addresses):
                time.sleep(0.1)
            if all_.exit_code() is None:
                self.stdout.write(f"Silver Fox runs at http://{bracketed(host)}:{port}/ - Ctrl-C stops it.")
                self.stdout.flush()
            exit_code = all_.wait()
        if exit_code:
            self.stderr.write(f"The {all_.first_ended} ended by itself (exit code {exit_code}); the rest was stopped.")
        if demo_web_port:
            switch_off_behind_fake_web()
        return exit_code


def programs(host: str, port: int) -> dict[str, list[str]]:
    """The command lines of the web server and the worker."""
    web = f"-m gunicorn silverfox.wsgi --worker-class gthread --threads {WEB_THREADS} --no-control-socket"
    return {
        "web server": [
            *web.split(),
            "--chdir",
            str(settings.BASE_DIR),
            "--bind",
            f"{bracketed(host)}:{port}",
            "--log-level",
            "warning",
            "--graceful-timeout",
            "10",
        ],
        "worker": [str(settings.BASE_DIR / "manage.py"), "worker"],
    }


def demo_web_program(port: int) -> dict[str, list[str]]:
    """The command line of the fake dealer web, whose websites show the inventory in use as of today."""
    manage = str(settings.BASE_DIR / "manage.py")
    options = [f"--port={port}", f"--first-day={timezone.localdate()}", f"--lots={demo_web_lots()}"]
    return {"fake dealer web": [manage, "fake_dealers", *options]}


def demo_web_lots() -> Path:
    """Where the fake dealer web finds the vehicles that its websites show."""
    return Path(settings.VAR_DIR) / "demo_web_lots.json"


def refuse_demo_web(host: str) -> None:
    """Raise `BadInput` where the fake dealer web could take the place of websites that are read for work."""
    if not settings.EMBEDDED_DATABASE:
        raise BadInput("DATABASE_URL is set: the demo's fake dealer web is for the embedded database only.")
    if not is_loopback(host):
        raise BadInput(f"HOST={host} opens this installation to other machines: leave DEMO_WEB out.")


def refuse_unusable_address(host: str, port: int) -> None:
    """Raise `BadInput` when nobody could use this address, before anything is started."""
    if not is_loopback(host) and set(settings.ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS):
        raise BadInput(
            f"With HOST={host} other machines are served: set ALLOWED_HOSTS to the names or addresses that they type, "
            "separated by commas."
        )
    try:
        with socket.create_server((host, port), family=family(host)):
            pass
    except OverflowError:
        raise BadInput(f"There is no port {port}: choose one from 1024 to 65535, as in PORT=8001.") from None
    except OSError as error:
        raise BadInput(
            f"Port {port} of {host} cannot be used ({os.strerror(error.errno or 0)}): choose another one, "
            f"as in PORT={port + 1}."
        ) from error


def refuse_demo_users(host: str) -> None:
    """Raise `BadInput` when others would reach users whose passwords have been on a screen."""
    if not is_loopback(host):
        raise BadInput(
            f"HOST={host} opens this installation to other machines, and its demo users still have the passwords that "
            "were printed: start with an empty VAR_DIR, or change these passwords first."
        )


def is_untouched() -> bool:
    """Whether nobody has worked with this installation yet: no user, no inventory."""
    return not get_user_model().objects.exists() and not InventoryImport.objects.exists()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    return bracketed(host) in LOOPBACK_HOSTS


def is_accepting(host: str, port: int) -> bool:
    """Whether something listens there."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.create_server((_DEMO_WEB_HOST, 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def bracketed(host: str) -> str:
    """The host as it is written in a URL."""
    return f"[{host}]" if ":" in host else host


def family(host: str) -> socket.AddressFamily:
    """The kind of address that the host is."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET
