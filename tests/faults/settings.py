"""The product's settings for programs that are to meet a fault."""

import os

from silverfox.settings import *  # noqa: F403 - all of them, and one app more

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.sabotage.SabotageConfig"]  # noqa: F405
SILENCED_SYSTEM_CHECKS = os.environ.get("SABOTAGE_SILENCED_CHECKS", "").split(",")
