"""What `manage.py check --deploy` looks at beyond Django's own list."""

import os
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def check_folders(**_: Any) -> list[CheckMessage]:
    """Private folders are closed to other users, and a released order is moved into place within one file system."""
    orders, drafts = Path(settings.ORDERS_DIR), Path(settings.ORDERS_DIR) / ".tmp"
    found: list[CheckMessage] = [
        Error(f"{folder} is open to other users.", hint=f"chmod 700 {folder}", id="silverfox.E001")
        for folder in (orders, *map(Path, (settings.UPLOADS_DIR, settings.SCRAPES_DIR, settings.DATABASE_DIR)))
        if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077
    ]
    if not os.access(orders, os.W_OK | os.X_OK):
        found.append(Error(f"{orders} cannot be written.", hint="Mend its owner and mode.", id="silverfox.E002"))
    if drafts.exists() and drafts.stat().st_dev != orders.stat().st_dev:
        hint = "Orders are released by renaming a folder, which one file system does in one step: unmount it."
        found.append(Error(f"{drafts} lies on another file system than {orders}.", hint=hint, id="silverfox.E003"))
    return found


@register(Tags.security, deploy=True)
def check_network(**_: Any) -> list[CheckMessage]:
    """What a proxy says is believed only where there is one, and requests are answered for known names only."""
    found: list[CheckMessage] = []
    if settings.TLS_PROXY and not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to the number of proxies in front, or all clients share one address."
        found.append(Error("TLS_PROXY is set and TRUSTED_PROXIES is 0.", hint=hint, id="silverfox.E004"))
    if "*" in settings.ALLOWED_HOSTS:
        hint = "List the names and addresses that people type."
        found.append(Error("ALLOWED_HOSTS allows every name.", hint=hint, id="silverfox.E005"))
    if settings.EMBEDDED_DATABASE and os.geteuid() == 0:
        hint = "Give the installation a user of its own."
        found.append(checks.Warning("The embedded database runs as root.", hint=hint, id="silverfox.W001"))
    return found


@register(Tags.security, deploy=True)
def check_fake_web(**_: Any) -> list[CheckMessage]:
    """No trial setting takes the place of the dealerships' websites."""
    if not settings.SCRAPER_FAKE_WEB:
        return []
    message = f"SCRAPER_FAKE_WEB leads every website to {settings.SCRAPER_FAKE_WEB}."
    return [Error(message, hint="Remove the variable: it is for trials on one machine.", id="silverfox.E006")]
